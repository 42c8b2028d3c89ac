# Static binaries and container images for x86_64 and aarch64, without Docker. Included by the top Makefile.
DIST := $(CURDIR)/dist
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
# What `kubectl gitops install` names unless it is told otherwise; the program learns it here.
IMAGE ?= ghcr.io/kubectl-gitops/kubectl-gitops
# The same bytes wherever the sources and the registry lie.
REMAP := --remap-path-prefix=$(CURDIR)=. --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=cargo --remap-path-prefix=$(HOME)=home
# At a fixed address, as Go's tools are: kubectl-gitops/build.rs says why.
STATIC := -C target-feature=+crt-static -C relocation-model=static -C linker=rust-lld $(REMAP)
# ring's C and assembly for aarch64 need a cross compiler; the link does not.
CROSS := aarch64-linux-gnu-gcc

.PHONY: dist dist-prerequisites dist-reproducible dist-x86_64 dist-aarch64

dist: dist-x86_64 dist-aarch64 ## static binaries and OCI image archives for x86_64 and aarch64, in dist/
	@cd $(DIST) && sha256sum * > SHA256SUMS.new && mv SHA256SUMS.new SHA256SUMS && cat SHA256SUMS

dist-prerequisites:
	@mkdir -p $(DIST)
	@command -v $(CROSS) >/dev/null && command -v qemu-aarch64-static >/dev/null \
	  || { apt-get update -q && apt-get install -qy --no-install-recommends gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static; }
	rustup target add x86_64-unknown-linux-musl aarch64-unknown-linux-musl

# package ARCH OCI-ARCH TARGET
define package
	CC_x86_64_unknown_linux_musl=gcc CC_aarch64_unknown_linux_musl=$(CROSS) RUSTFLAGS='$(STATIC)' \
	  KUBECTL_GITOPS_IMAGE=$(IMAGE):v$(VERSION) $(CARGO) build --locked --profile dist --target $(3) --bin kubectl-gitops --bin krm-functions
	install -m 755 target/$(3)/dist/kubectl-gitops $(DIST)/kubectl-gitops-$(1)
	install -m 755 target/$(3)/dist/krm-functions $(DIST)/krm-functions-$(1)
	$(CARGO) run --locked -q -p testkit --bin oci-image -- --binary $(DIST)/kubectl-gitops-$(1) --entrypoint /kubectl-gitops \
	  --arch $(2) --name $(IMAGE):v$(VERSION) --out $(DIST)/kubectl-gitops-$(1).oci.tar
	$(CARGO) run --locked -q -p testkit --bin oci-image -- --binary $(DIST)/krm-functions-$(1) --entrypoint /krm-functions \
	  --arch $(2) --name $(IMAGE)-functions:v$(VERSION) --out $(DIST)/krm-functions-$(1).oci.tar
endef

dist-x86_64: dist-prerequisites
	$(call package,x86_64,amd64,x86_64-unknown-linux-musl)
	$(DIST)/kubectl-gitops-x86_64 version

dist-aarch64: dist-prerequisites
	$(call package,aarch64,arm64,aarch64-unknown-linux-musl)
	qemu-aarch64-static $(DIST)/kubectl-gitops-aarch64 version

dist-reproducible: ## make dist twice, from scratch each time, and compare the digests
	rm -rf $(DIST) target/*-linux-musl
	$(MAKE) --no-print-directory dist
	mv $(DIST)/SHA256SUMS $(CACHE)/SHA256SUMS.first
	rm -rf $(DIST) target/*-linux-musl
	$(MAKE) --no-print-directory dist
	cmp $(CACHE)/SHA256SUMS.first $(DIST)/SHA256SUMS
