module gitops.test/cluster

go 1.26.0
