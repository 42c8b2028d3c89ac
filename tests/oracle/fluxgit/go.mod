module kubectl-gitops.dev/tests/oracle/fluxgit

go 1.26.0

require (
	github.com/Masterminds/semver/v3 v3.5.0
	github.com/fluxcd/pkg/sourceignore v0.19.0
	github.com/fluxcd/pkg/version v0.16.0
)
