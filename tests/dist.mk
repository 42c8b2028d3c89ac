# Static binaries and container images for x86_64 and aarch64, without Docker. Included by the top Makefile.
DIST := $(CURDIR)/dist
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
# What `kubectl gitops install` names unless it is told otherwise; the program learns it here.
IMAGE ?= ghcr.io/kubectl-gitops/kubectl-gitops
# The same bytes wherever the sources and the registry lie.
REMAP := --remap-path-prefix=$(CURDIR)=. --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=cargo --remap-path-prefix=$(HOME)=home
# At a fixed address, as Go's tools are: kubectl-gitops/build.rs says why.
# No tables for unwinding: a panic ends the program at once, and they would be a twentieth of it.
STATIC := -C target-feature=+crt-static -C relocation-model=static -C force-unwind-tables=no -C linker=rust-lld $(REMAP)
# ring's C and assembly for aarch64 need a cross compiler; the link does not.
CROSS := aarch64-linux-gnu-gcc

NODE_ARCH := $(shell uname -m)
OCI_ARCH_x86_64 := amd64
OCI_ARCH_aarch64 := arm64

.PHONY: dist dist-node dist-prerequisites dist-reproducible dist-x86_64 dist-aarch64

dist: dist-x86_64 dist-aarch64 ## static binaries and OCI image archives for x86_64 and aarch64, in dist/
	@cd $(DIST) && sha256sum * > SHA256SUMS.new && mv SHA256SUMS.new SHA256SUMS && cat SHA256SUMS

dist-prerequisites:
	@mkdir -p $(DIST)
	@command -v $(CROSS) >/dev/null && command -v qemu-aarch64-static >/dev/null \
	  || { apt-get update -q && apt-get install -qy --no-install-recommends gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static; }
	rustup target add x86_64-unknown-linux-musl aarch64-unknown-linux-musl

# programs ARCH TARGET NAME...: static programs into dist/
define programs
	mkdir -p $(DIST)
	CC_x86_64_unknown_linux_musl=gcc CC_aarch64_unknown_linux_musl=$(if $(filter aarch64,$(shell uname -m)),gcc,$(CROSS)) RUSTFLAGS='$(STATIC)' \
	  KUBECTL_GITOPS_IMAGE=$(IMAGE):v$(VERSION) $(CARGO) build --locked --profile dist --target $(2) $(addprefix --bin ,$(3))
	for name in $(3); do install -m 755 $(TARGET)/$(2)/dist/$$name $(DIST)/$$name-$(1); done
endef

# archive ARCH OCI-ARCH PROGRAM IMAGE: an image archive around one of them
define archive
	$(CARGO) run --locked -q -p testkit --bin oci-image -- --binary $(DIST)/$(3)-$(1) --entrypoint /$(3) \
	  --arch $(2) --name $(4):v$(VERSION) --out $(DIST)/$(3)-$(1).oci.tar
endef

# package ARCH OCI-ARCH TARGET: all that is shipped for an architecture
define package
	$(call programs,$(1),$(3),kubectl-gitops krm-functions)
	$(call archive,$(1),$(2),kubectl-gitops,$(IMAGE))
	$(call archive,$(1),$(2),krm-functions,$(IMAGE)-functions)
endef

dist-x86_64: dist-prerequisites
	$(call package,x86_64,amd64,x86_64-unknown-linux-musl)
	$(DIST)/kubectl-gitops-x86_64 version

dist-aarch64: dist-prerequisites
	$(call package,aarch64,arm64,aarch64-unknown-linux-musl)
	qemu-aarch64-static $(DIST)/kubectl-gitops-aarch64 version

# Of the same recipe, what runs a sync on this machine: its plugin and the image of that. `make demo` and `make e2e` put it on a
# node, and the demo's own plugin is that program as well, so that neither needs `make build`: one optimised compile, of what is
# shipped.
dist-node: ## the plugin and its OCI image archive for this machine's architecture, in dist/
	$(call programs,$(NODE_ARCH),$(NATIVE),kubectl-gitops)
	$(call archive,$(NODE_ARCH),$(or $(OCI_ARCH_$(NODE_ARCH)),$(NODE_ARCH)),kubectl-gitops,$(IMAGE))

dist-reproducible: ## make dist twice, from scratch each time, and compare the digests
	rm -rf $(DIST) $(TARGET)/*-linux-musl
	$(MAKE) --no-print-directory dist
	mv $(DIST)/SHA256SUMS $(CACHE)/SHA256SUMS.first
	rm -rf $(DIST) $(TARGET)/*-linux-musl
	$(MAKE) --no-print-directory dist
	cmp $(CACHE)/SHA256SUMS.first $(DIST)/SHA256SUMS
