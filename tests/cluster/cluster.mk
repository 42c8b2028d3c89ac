# The throwaway Kubernetes of the tests and the demo. See main.go beside this file.
# More flags, e.g.: make cluster-up CLUSTER_FLAGS='--name=other --node=none'

CLUSTER       := .cache/bin/gitops-cluster
CLUSTER_FLAGS ?=

.PHONY: cluster-bin cluster-tools cluster-up cluster-down

cluster-bin:
	@CGO_ENABLED=0 go build -C tests/cluster -buildvcs=false -trimpath -o $(CURDIR)/$(CLUSTER) .

cluster-tools: cluster-bin ## build the test cluster's programs into .cache
	@$(CLUSTER) tools $(CLUSTER_FLAGS)

cluster-up: cluster-bin ## start a throwaway Kubernetes; prints its kubeconfig
	@$(CLUSTER) up $(CLUSTER_FLAGS)

cluster-down: cluster-bin ## end the throwaway Kubernetes and all it left
	@$(CLUSTER) down $(CLUSTER_FLAGS)
