#!/usr/bin/env bash
# The main job on real input, step by step; each step is checked against the live cluster and ends the demo when it is not so.
# `make demo` builds what it needs. GITOPS_TEST_KUBECONFIG=… shows it on a cluster of yours (namespace relay-production).
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$(mktemp -d)
checks=0
began=$SECONDS

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
fail() {
  printf '\nNOT SO: %s\n' "$*" >&2
  kubectl -n relay-production get all,secrets,configmaps -o wide >&2 || true
  kubectl -n relay-production get events --sort-by=.lastTimestamp >&2 | tail -n 15 || true
  exit 1
}
# gitops EXIT ARGS...: runs the plugin as kubectl does, shows command and output, and demands the exit code
gitops() {
  local want=$1 code=0
  shift
  printf '$ kubectl gitops %s\n' "$*"
  kubectl gitops "$@" >"$work/output" 2>&1 || code=$?
  sed 's/^/  /' "$work/output"
  [ "$code" -eq "$want" ] || fail "exit code $code, expected $want"
}
# holds WHAT COMMAND...: a fact about the live cluster
holds() {
  local what=$1
  shift
  "$@" || fail "$what"
  checks=$((checks + 1))
  printf '  \033[32m✔\033[0m %s\n' "$what"
}
is() { [ "$("${@:2}")" = "$1" ]; }
live() { kubectl -n relay-production get "$1" -o "jsonpath=$2"; }
absent() { ! kubectl get "$@" >/dev/null 2>&1; }
# Everything that is ours, with its version: equal before and after a run that wrote nothing.
versions() {
  kubectl get namespaces,crd,deployments,services,ingresses,cronjobs,secrets,configmaps,routes.relay.example.com -A \
    -l kubectl-gitops.dev/inventory --show-managed-fields -o "jsonpath={range .items[*]}{.kind}/{.metadata.name} \
{.metadata.uid} {.metadata.generation} {.metadata.managedFields[?(@.manager=='kubectl-gitops')].time}{'\n'}{end}"
  kubectl -n "$inventory" get configmap gitops-relay-production -o 'jsonpath={.metadata.resourceVersion}'
}
generation() { live deployment/relay '{.metadata.generation}'; }
# A cluster where nothing really runs (kwok) pulls no image: the pods' facts are true there too, their logs are not.
ready() { live deployment/relay '{.status.readyReplicas}'; }

say "A throwaway Kubernetes"
if [ -n "${GITOPS_TEST_KUBECONFIG:-}" ]; then
  export KUBECONFIG=$GITOPS_TEST_KUBECONFIG
  echo "  yours: $KUBECONFIG; its nodes need the image in" "$PWD"/.cache/cluster-tools/images-*/images.tar "(K3s: k3s ctr images import FILE)"
  trap 'rm -rf "$work"' EXIT
else
  name=demo-$$
  trap 'cd "$root"; rm -rf "$work"; make --no-print-directory cluster-down CLUSTER_FLAGS="--name=$name" >/dev/null' EXIT
  started=$SECONDS
  KUBECONFIG=$(make --no-print-directory cluster-up CLUSTER_FLAGS="--name=$name" | tail -n 1)
  export KUBECONFIG
  printf '  up after %s s: %s\n' $((SECONDS - started)) "$(kubectl get nodes --no-headers 2>/dev/null | tr -s ' ')"
fi
mkdir "$work/bin"
ln -s "$root/target/release/kubectl-gitops" "$work/bin/kubectl-gitops"
export PATH=$work/bin:$root/.cache/bin:$PATH
cp -r fixtures/demo "$work/demo"
cd "$work/demo"
overlay=overlays/production
# Where the inventory lands: the context's namespace.
inventory=$(kubectl config view --minify -o 'jsonpath={..namespace}')
inventory=${inventory:-default}

say "1  First apply: everything is created, and the pods really run"
gitops 1 diff $overlay
gitops 0 apply $overlay --wait --timeout 90s -v=1
holds "2 pods of the Deployment are ready" is 2 ready
holds "the custom resource stands beside its CRD" is backend:9000 live route/public '{.spec.to}'
holds "the Deployment uses the hashed ConfigMap" \
  grep -q '^relay-settings-' <(live deployment/relay '{.spec.template.spec.containers[0].envFrom[0].configMapRef.name}')

say "2  Second apply: nothing to do, nothing written"
versions >"$work/before"
gitops 0 diff $overlay
gitops 0 apply $overlay -v=1
versions >"$work/after"
holds "no object and no inventory was written" cmp -s "$work/before" "$work/after"

say "3  A changed secret file rolls the Deployment"
hash() { live deployment/relay '{.spec.template.metadata.annotations}' | sha256sum; }
before=$(hash)
sed -i 's/changed-by-the-demo/hunter2-of-the-demo/' $overlay/relay.toml
gitops 1 diff $overlay
holds "the secret value was not printed" bash -c "! grep -q hunter2 '$work/output'"
gitops 0 apply $overlay --wait --timeout 90s -v=1
holds "the secret value was not printed" bash -c "! grep -q hunter2 '$work/output'"
holds "the pod template carries another hash" test "$before" != "$(hash)"
holds "2 new pods are ready" is 2 ready

say "4  Drift made by hand is shown and corrected"
kubectl -n relay-production scale deployment/relay --replicas=5 >/dev/null
gitops 1 diff $overlay
gitops 0 apply $overlay --wait --timeout 90s -v=1
holds "2 replicas again" is 2 live deployment/relay '{.spec.replicas}'

say "5  What leaves the directory is pruned"
sed -i '/ingress.yaml/d' base/kustomization.yaml
sed -i '/^  - target:/,/value: relay.example.org/d' $overlay/kustomization.yaml
gitops 1 diff $overlay
gitops 0 apply $overlay -v=1
holds "the Ingress is gone" absent -n relay-production ingress relay

say "6  Delete leaves nothing"
gitops 0 delete relay-production --wait --timeout 90s
holds "the namespace is gone" absent namespace relay-production
holds "the CRD is gone" absent crd routes.relay.example.com
holds "the inventory is gone" absent -n "$inventory" configmap gitops-relay-production

printf '\ndemo: 6 steps, %s facts checked, %s s\n' "$checks" $((SECONDS - began))
printf 'test result: ok. %s passed; 0 failed; 0 ignored\n' "$checks"
