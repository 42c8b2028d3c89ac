#!/usr/bin/env bash
# Runs tests/e2e against a throwaway Kubernetes of its own, or against the one that GITOPS_TEST_KUBECONFIG names, and ends
# the throwaway whatever happens.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -n "${GITOPS_TEST_KUBECONFIG:-}" ]; then
  export GITOPS_E2E_KUBECONFIG=$GITOPS_TEST_KUBECONFIG
else
  name=e2e-$$
  trap 'make --no-print-directory cluster-down CLUSTER_FLAGS="--name=$name" >/dev/null' EXIT
  GITOPS_E2E_KUBECONFIG=$(make --no-print-directory cluster-up CLUSTER_FLAGS="--name=$name" | tail -n 1)
  export GITOPS_E2E_KUBECONFIG
fi
export GITOPS_E2E_KUBECTL=$PWD/.cache/bin/kubectl
cargo test --locked -p kubectl-gitops --test e2e -- "$@"
