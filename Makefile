# kubectl-gitops. `make help` lists what there is; every target installs what it needs.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
PREFIX ?= /usr/local
# Static, as what `make dist` ships: what is installed, shown and measured here is the same program, but for the last
# optimisation at link time. It starts in half the time of one that is linked dynamically.
NATIVE := $(shell uname -m)-unknown-linux-musl
TARGET := $(or $(CARGO_TARGET_DIR),target)
CACHE := $(CURDIR)/.cache
BIN := $(CACHE)/bin
KUSTOMIZE_VERSION := v5.8.1
HELM_VERSION := v3.22.0
SOPS_VERSION := v3.13.3
AGE_VERSION := v1.3.2
export PATH := $(BIN):$(PATH)

include tests/cluster/cluster.mk
include tests/dist.mk
include tests/gitea/gitea.mk

.PHONY: help build install demo check test test-full e2e faults readme-session golden oracle fuzz bench dist clean

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

build: ## the plugin and the functions, optimised, in target/release
	CC_$(subst -,_,$(NATIVE))=gcc RUSTFLAGS='$(STATIC)' \
	  $(CARGO) build --locked --release --target $(NATIVE) --bin kubectl-gitops --bin krm-functions
	install -D -m 755 -t $(TARGET)/release $(TARGET)/$(NATIVE)/release/kubectl-gitops $(TARGET)/$(NATIVE)/release/krm-functions

install: build ## the plugin, its completion and the functions into $(PREFIX)/bin
	install -D -m 755 $(TARGET)/release/kubectl-gitops $(DESTDIR)$(PREFIX)/bin/kubectl-gitops
	install -D -m 755 $(TARGET)/release/krm-functions $(DESTDIR)$(PREFIX)/bin/krm-functions
	ln -sf kubectl-gitops $(DESTDIR)$(PREFIX)/bin/kubectl_complete-gitops

demo: dist-node cluster-tools $(BIN)/gitea git-servers ## the main job, shown on a throwaway Kubernetes
	@tests/demo.sh

check: git-servers ## what a change must pass: format, lints, units, golden builds, tidy
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(CARGO) test --locked --workspace --lib --bins --quiet
	$(CARGO) test --locked --quiet -p krm --test yaml_fixtures --test yaml_laws
	@command -v helm >/dev/null || echo "skipped: charts in make check: there is no helm yet (make oracle installs one and runs them)"
	@command -v systemd-analyze >/dev/null || echo "skipped: systemd's judgement of units in make check: there is no systemd-analyze (make oracle installs one)"
	$(CARGO) test --locked --quiet -p kustomize --test golden --test error_snapshots --test fuzz_regressions --test hostile --test secret_errors
	$(CARGO) test --locked --quiet -p krm-functions --test functions --test fuzz_functions --test sops_fixtures
	$(CARGO) test --locked --quiet -p kubectl-gitops --test health --test plugin --test against --test stages --test edit --test install --test secrets --test web --test git --test tidy

test: ## every test layer, then what ran and what was skipped
	@tests/layers.sh check oracle e2e demo

test-full: ## test, then what takes longer: more seeds, large sets, distribution twice, benches
	@ORACLE_CASES=20000 ORACLE_YAML_COUNT=20000 ORACLE_SOPS_COUNT=2000 GITOPS_E2E_SCALE=1 tests/layers.sh check oracle e2e demo dist-reproducible bench

e2e: dist-node cluster-tools $(BIN)/gitea git-servers ## one behaviour per test against a real Kubernetes, and a sample of faults
	@tests/e2e.sh

faults: cluster-tools ## a fault at every request to a real Kubernetes: hours, goes on where it stopped; CELL=NAME for one
	@tests/e2e.sh faults

readme-session: build cluster-tools ## write the README's terminal session from what really happens
	@tests/session.sh

golden: $(BIN)/kustomize $(BIN)/helm ## let the real kustomize write what fixtures/build expects
	tests/oracle/golden.sh

oracle: python systemd $(BIN)/kustomize $(BIN)/helm $(BIN)/oracle-dump $(BIN)/oracle-envsubst $(BIN)/oracle-fluxgit $(BIN)/sops $(BIN)/age-keygen $(BIN)/gitea git-servers ## generated inputs through the real tools and ours
	tests/oracle/golden.sh --check
	GOLDEN_HELM=1 $(CARGO) test --locked --quiet -p kustomize --test golden -- helmCharts
	tests/oracle/remote.sh --check
	GITEA=1 $(CARGO) test --locked --quiet -p testkit --lib -- git::
	KUSTOMIZE=$(BIN)/kustomize $(CARGO) test --locked --quiet -p kubectl-gitops --test web --test bases
	SYSTEMD_REQUIRE=1 $(CARGO) test --locked --quiet -p kubectl-gitops --test install
	GITEA=1 $(CARGO) test --locked --quiet -p kubectl-gitops --test git
	$(CARGO) test --locked --quiet -p kubectl-gitops --lib -- --ignored git::oracle
	cd tests/oracle/schema && go run . -check
	tests/oracle/derive.py --check
	tests/oracle/reloader.py --check
	$(CARGO) build --locked --quiet -p krm-functions
	KUSTOMIZE=$(BIN)/kustomize KRM_FUNCTIONS=$(abspath $(TARGET))/debug/krm-functions tests/oracle/secret_generator.py
	KUSTOMIZE=$(BIN)/kustomize $(CARGO) test --locked -p kubectl-gitops --test oracle_functions
	README_REQUIRE='kustomize sops age-keygen git ssh-keygen' $(CARGO) test --locked -p kubectl-gitops --test readme
	$(CARGO) test --locked -p krm --test oracle_yaml
	SOPS=$(BIN)/sops AGE_KEYGEN=$(BIN)/age-keygen $(CARGO) test --locked -p krm-functions --test oracle_sops -- --nocapture
	SOPS=$(BIN)/sops $(CARGO) test --locked --quiet -p kubectl-gitops --test secrets
	$(CARGO) test --locked -p kustomize --test oracle_build -- --ignored --nocapture
	$(CARGO) test --locked -p krm-functions --test oracle_envsubst -- --ignored --nocapture

fuzz: $(BIN)/cargo-fuzz ## each fuzz target for FUZZ_SECONDS (60); findings stay in .cache/fuzz
	@tests/fuzz.sh $(FUZZ_TARGETS)

bench: build $(BIN)/kustomize ## ratios against the peers, throughput, start-up, memory, size
	@tests/bench.sh

clean: cluster-down ## everything that was built or downloaded here
	$(CARGO) clean
	rm -rf $(CACHE) dist

.PHONY: systemd
systemd:
	@command -v systemd-analyze >/dev/null || { apt-get update -q && apt-get install -qy --no-install-recommends systemd; }

.PHONY: python
python:
	@command -v python3 >/dev/null || { apt-get update -q && apt-get install -qy --no-install-recommends python3; }

$(BIN)/kustomize:
	GOBIN=$(BIN) CGO_ENABLED=0 go install -ldflags '-s -w' sigs.k8s.io/kustomize/kustomize/v5@$(KUSTOMIZE_VERSION)

$(BIN)/cargo-fuzz:
	$(CARGO) install --locked --quiet --root $(CACHE) cargo-fuzz@0.13.2

$(BIN)/helm:
	GOBIN=$(BIN) CGO_ENABLED=0 go install -ldflags '-s -w' helm.sh/helm/v3/cmd/helm@$(HELM_VERSION)

$(BIN)/sops:
	GOBIN=$(BIN) CGO_ENABLED=0 go install -ldflags '-s -w' github.com/getsops/sops/v3/cmd/sops@$(SOPS_VERSION)

$(BIN)/age-keygen:
	GOBIN=$(BIN) CGO_ENABLED=0 go install -ldflags '-s -w' filippo.io/age/cmd/age@$(AGE_VERSION) filippo.io/age/cmd/age-keygen@$(AGE_VERSION)

$(BIN)/oracle-dump: $(wildcard tests/oracle/dump/*.go) tests/oracle/dump/go.mod
	cd tests/oracle/dump && CGO_ENABLED=0 go build -ldflags '-s -w -X sigs.k8s.io/kustomize/api/provenance.version=$(KUSTOMIZE_VERSION)' -o $@ .

$(BIN)/oracle-fluxgit: $(wildcard tests/oracle/fluxgit/*.go) tests/oracle/fluxgit/go.mod
	cd tests/oracle/fluxgit && CGO_ENABLED=0 go build -ldflags '-s -w' -o $@ .

$(BIN)/oracle-envsubst: $(wildcard tests/oracle/envsubst/*.go) tests/oracle/envsubst/go.mod
	cd tests/oracle/envsubst && CGO_ENABLED=0 go build -ldflags '-s -w' -o $@ .
