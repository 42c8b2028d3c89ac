#!/usr/bin/env bash
# Every figure that README and CHANGELOG quote, as ratios against the peers in this same run. Not a test: nothing fails here.
set -euo pipefail
cd "$(dirname "$0")/.."
ours=$PWD/target/release/kubectl-gitops
kustomize=$PWD/.cache/bin/kustomize
kubectl=$PWD/.cache/bin/kubectl
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cargo build --locked --quiet -p testkit --bin pair
pair=$PWD/target/debug/pair

say() { printf '\n== %s\n' "$*"; }

say "YAML throughput (one core, 10 MB)"
cargo bench --locked --quiet -p krm --bench yaml

say "size of the binary"
printf '  %s bytes\n' "$(stat -c %s "$ours")"

say "start-up: --help"
"$pair" 50 "$ours --help"

# objects N DIR: a kustomization of N objects, one tenth Deployments, three tenths Services, the rest ConfigMaps
objects() {
  local n=$1 dir=$2
  mkdir -p "$dir"
  printf 'resources: [all.yaml]\n' >"$dir/kustomization.yaml"
  for ((i = 0; i < n; i++)); do
    case $((i % 10)) in
      0) printf -- '---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web-%d}\nspec:\n  replicas: 0\n  selector: {matchLabels: {app: web-%d}}\n  template:\n    metadata: {labels: {app: web-%d}}\n    spec: {containers: [{name: web, image: "example.com/web:1", ports: [{containerPort: 80}]}]}\n' "$i" "$i" "$i" ;;
      [1-3]) printf -- '---\napiVersion: v1\nkind: Service\nmetadata: {name: web-%d}\nspec: {selector: {app: web-%d}, ports: [{port: 80}]}\n' "$i" "$i" ;;
      *) printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web-%d}\ndata: {key: value-%d, other: "%d"}\n' "$i" "$i" "$i" ;;
    esac
  done >"$dir/all.yaml"
}

say "build: ours against kustomize 5.8.1, ratio = theirs/ours"
ratios=()
while read -r dir; do
  printf '%s\n' "${dir#"$PWD"/}"
  out=$("$pair" 7 "$ours build $dir" "$kustomize build $dir")
  printf '%s\n' "$out"
  ratios+=("$(printf '%s\n' "$out" | sed -n 's/^  ratio //p')")
done < <(
  for case in fixtures/build/real/*/; do
    entry=$(sed -n 's/^entry = "\(.*\)"/\1/p' "$case/case.toml" 2>/dev/null || true)
    printf '%sin/%s\n' "$case" "$entry"
  done
  echo fixtures/demo/overlays/production
)
objects 1000 "$work/thousand"
printf '1000 objects\n'
"$pair" 7 "$ours build $work/thousand" "$kustomize build $work/thousand"
printf '%s\n' "${ratios[@]}" | awk '{ s += log($1); n++ } END { printf "  geometric mean of %d overlays: %.1f\n", n, exp(s / n) }'

say "apply: 1000 objects, against kubectl apply --server-side --prune --applyset, on an API server without nodes"
name=bench-$$
trap 'rm -rf "$work"; make --no-print-directory cluster-down CLUSTER_FLAGS="--name=$name" >/dev/null' EXIT
KUBECONFIG=$(make --no-print-directory cluster-up CLUSTER_FLAGS="--name=$name --node=none" | tail -n 1)
export KUBECONFIG
"$kubectl" create namespace ours >/dev/null
"$kubectl" create namespace theirs >/dev/null
timed() {
  local start end
  start=$(date +%s%N)
  "$@" >"$work/out" 2>&1 || { cat "$work/out" >&2; return 1; }
  end=$(date +%s%N)
  printf '%d' $(((end - start) / 1000000))
}
peer=(env KUBECTL_APPLYSET=true "$kubectl" apply --server-side --prune --applyset=configmaps/set -n theirs -f "$work/thousand/all.yaml")
mine=("$ours" apply "$work/thousand" --name thousand -n ours -v=1)
for round in first no-op no-op; do
  a=$(timed "${mine[@]}")
  tail -n 1 "$work/out" | sed 's/^/  ours: /'
  b=$(timed "${peer[@]}")
  printf '  %-6s ours %6d ms   kubectl %6d ms   ratio %s\n' "$round" "$a" "$b" "$(awk -v a="$a" -v b="$b" 'BEGIN { printf "%.1f", b / a }')"
done
say "memory of a no-op apply of 1000 objects"
"$pair" 3 "${mine[*]}"
