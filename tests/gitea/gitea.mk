# Git servers for tests. Included by the top Makefile. Gitea is built from its module (go.mod beside this file): about 4 minutes
# once. Its templates lie beside the program, since a cache of modules may be cleaned.

.PHONY: gitea git-servers

gitea: $(BIN)/gitea ## a real Gitea for tests, in .cache

$(BIN)/gitea: tests/gitea/go.mod tests/gitea/go.sum
	cd tests/gitea && CGO_ENABLED=1 go build -p 2 -trimpath -tags 'sqlite sqlite_unlock_notify' -ldflags '-s -w -X main.Version=1.26.1' \
	  -o $(CACHE)/gitea.partial code.gitea.io/gitea
	rm -rf $(CACHE)/gitea && mkdir -p $(CACHE)/gitea $(BIN)
	cd tests/gitea && module=$$(go list -m -f '{{.Dir}}' code.gitea.io/gitea) && \
	  cp -r --no-preserve=mode "$$module/templates" "$$module/options" "$$module/public" $(CACHE)/gitea/
	mv $(CACHE)/gitea.partial $@

# git, and an sshd that no init system would start as a service: where one runs, installing it is left to the user.
git-servers:
	@command -v git >/dev/null && command -v ssh-keygen >/dev/null && command -v gpg >/dev/null || \
	  { apt-get update -q && apt-get install -qy --no-install-recommends git openssh-client gnupg; }
	@PATH=$$PATH:/usr/sbin command -v sshd >/dev/null || [ -d /run/systemd/system ] || ! command -v apt-get >/dev/null || \
	  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends openssh-server; } || true
