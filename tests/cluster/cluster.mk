# The throwaway Kubernetes of the tests and the demo. See main.go beside this file.
# More flags, e.g.: make cluster-up CLUSTER_FLAGS='--name=other --node=none'

CLUSTER       := .cache/bin/gitops-cluster
CLUSTER_FLAGS ?=

.PHONY: cluster-bin cluster-tools cluster-up cluster-down cluster-check cluster-selftest

cluster-bin:
	@CGO_ENABLED=0 go build -C tests/cluster -buildvcs=false -trimpath -o $(CURDIR)/$(CLUSTER) .

cluster-tools: cluster-bin ## build the test cluster's programs into .cache
	@$(CLUSTER) tools $(CLUSTER_FLAGS)

cluster-up: cluster-bin ## start a throwaway Kubernetes; prints its kubeconfig
	@$(CLUSTER) up $(CLUSTER_FLAGS)

cluster-down: cluster-bin ## end the throwaway Kubernetes and all it left
	@$(CLUSTER) down $(CLUSTER_FLAGS)

cluster-check: ## vet and unit-test the test cluster's own program
	@cd tests/cluster && go vet ./... && go test ./...

cluster-selftest: cluster-bin ## prove the test cluster: side by side, real pods, nothing left
	@tests/cluster/selftest.sh
