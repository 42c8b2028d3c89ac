#!/usr/bin/env bash
# Runs tests/e2e and a sample of tests/faults against a throwaway Kubernetes of its own, or against the one that
# GITOPS_TEST_KUBECONFIG names, and ends the throwaway whatever happens. Nothing may be left of a run in which every test
# passed. `e2e.sh faults` runs the whole matrix of faults instead, or the one cell that CELL names.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -n "${GITOPS_TEST_KUBECONFIG:-}" ]; then
  export GITOPS_E2E_KUBECONFIG=$GITOPS_TEST_KUBECONFIG
else
  name=e2e-$$
  flags=
  # Hours of requests and nothing else: etcd without a disk behind it, and fewer collections of garbage.
  [ "${1:-}" != faults ] || { flags='--node=none --datastore=etcd'; export GOGC=400; }
  trap 'make --no-print-directory cluster-down CLUSTER_FLAGS="--name=$name" >/dev/null' EXIT
  GITOPS_E2E_KUBECONFIG=$(make --no-print-directory cluster-up CLUSTER_FLAGS="--name=$name $flags" | tail -n 1)
  export GITOPS_E2E_KUBECONFIG
  # Pods of ours: the image of `make dist-node`, where pods really run.
  archive=dist/kubectl-gitops-$(uname -m).oci.tar
  if [ "$(cat "$(dirname "$GITOPS_E2E_KUBECONFIG")/node-mode")" = real ] && [ "${1:-}" != faults ]; then
    [ -f "$archive" ] || { echo "there is no $archive: run \`make dist-node\`" >&2; exit 1; }
    .cache/bin/gitops-cluster import --name="$name" "$archive"
    GITOPS_E2E_IMAGE=$(tar -xOf "$archive" index.json | sed -n 's/.*"io.containerd.image.name": *"\([^"]*\)".*/\1/p')
    export GITOPS_E2E_IMAGE
  fi
fi
export GITOPS_E2E_KUBECTL=$PWD/.cache/bin/kubectl
# Installations of several tests share it, and one of them must not delete it from under the others.
kubectl() { "$GITOPS_E2E_KUBECTL" --kubeconfig "$GITOPS_E2E_KUBECONFIG" "$@"; }
kubectl get namespace gitops-system >/dev/null 2>&1 || kubectl create namespace gitops-system >/dev/null
# What is measured is what is shipped.
shipped=$PWD/dist/kubectl-gitops-$(uname -m)
if [ -f "$shipped" ]; then export GITOPS_E2E_SHIPPED=${GITOPS_E2E_SHIPPED:-$shipped}; fi
# Part of every name that the tests make up.
GITOPS_E2E_RUN=$(printf '%08x' $(((($(date +%s) << 16) ^ $$) & 0xffffffff)))
export GITOPS_E2E_RUN
if [ "${1:-}" = faults ]; then
  # The matrix goes on where it stopped, as long as the engine and the matrix are the same.
  mkdir -p .cache/faults
  rooms=(kubectl-gitops/src/{cluster,execute,inventory,pipeline,plan} tests/faults)
  engine=$(git rev-parse "${rooms[@]/#/HEAD:}" | sha256sum | cut -c1-12)
  export FAULTS_PASSED=${FAULTS_PASSED:-$PWD/.cache/faults/passed-$engine}
  # Each run is short: what counts is how fast the program starts, and that its files need no disk.
  export CARGO_PROFILE_DEV_OPT_LEVEL=2
  [ ! -w /dev/shm ] || export TMPDIR=/dev/shm
  cargo test --locked -p kubectl-gitops --test faults
else
  cargo test --locked -p kubectl-gitops --test e2e -- "$@"
  # A slow machine tries fewer, and says how many it left out.
  [ $# -gt 0 ] || FAULTS_CELLS=${FAULTS_CELLS:-220} FAULTS_SECONDS=${FAULTS_SECONDS:-420} cargo test --locked -p kubectl-gitops --test faults
fi
left() {
  kubectl get namespaces,customresourcedefinitions,clusterroles,clusterrolebindings \
    -o name | { grep -F -- "$GITOPS_E2E_RUN" || true; }
}
for _ in {1..60}; do
  [ -n "$(left)" ] || exit 0
  sleep 1
done
echo "the tests left behind:" >&2
left >&2
exit 1
