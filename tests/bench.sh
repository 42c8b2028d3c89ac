#!/usr/bin/env bash
# Every figure that README and CHANGELOG quote, as ratios against the peers in this same run. Fails only where a build is not
# what kustomize prints, or is slower than kustomize.
set -euo pipefail
cd "$(dirname "$0")/.."
ours=$PWD/target/release/kubectl-gitops
kustomize=$PWD/.cache/bin/kustomize
kubectl=$PWD/.cache/bin/kubectl
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cargo build --locked --quiet -p testkit --bin pair --bin bench-build --bin bench-corpus --bin bench-fetch
testkit=$PWD/target/debug
pair=$testkit/pair
failed=0

say() { printf '\n== %s\n' "$*"; }

say "YAML throughput (one core, 10 MB)"
cargo bench --locked --quiet -p krm --bench yaml

say "size of the binary"
printf '  %s bytes\n' "$(stat -c %s "$ours")"

say "start-up: --help"
"$pair" 50 "$ours --help"

# Everything that is built below: NAME<TAB>DIRECTORY.
{
  for case in fixtures/build/real/*/; do
    entry=$(sed -n 's/^entry = "\(.*\)"/\1/p' "$case/case.toml" 2>/dev/null || true)
    printf 'fixture: %s\t%s\n' "$(basename "$case")" "${case}in/$entry"
  done
  printf 'fixture: demo\tfixtures/demo/overlays/production\n'
  "$testkit/bench-corpus" "$work/corpus"
} >"$work/items"

say "build: ours against kustomize 5.8.1, the same bytes, ratio = theirs/ours"
"$testkit/bench-build" "$ours" "$kustomize" "$work" <"$work/items" || failed=1

say "build: how it grows"
for count in 100 1000 10000 50000; do
  printf '%s\t%s\n' "$count" "$("$testkit/bench-corpus" "$work" objects "$count")"
done >"$work/curve"
"$testkit/bench-build" "$ours" "$kustomize" "$work" curve <"$work/curve" || failed=1
thousand=$work/objects-1000/all

say "functions: 10 000 objects each, the whole process"
tests/bench_functions.sh "$pair" "$(dirname "$ours")/krm-functions" || failed=1

say "fetch: ours against git, from the same server"
"$testkit/bench-fetch" "$ours" "$work/fetch" || failed=1

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
peer=(env KUBECTL_APPLYSET=true "$kubectl" apply --server-side --prune --applyset=configmaps/set -n theirs -f "$thousand/all.yaml")
mine=("$ours" apply "$thousand" --name thousand -n ours -v=1)
for round in first no-op no-op; do
  a=$(timed "${mine[@]}")
  tail -n 1 "$work/out" | sed 's/^/  ours: /'
  b=$(timed "${peer[@]}")
  printf '  %-6s ours %6d ms   kubectl %6d ms   ratio %s\n' "$round" "$a" "$b" "$(awk -v a="$a" -v b="$b" 'BEGIN { printf "%.1f", b / a }')"
done
say "memory of a no-op apply of 1000 objects"
"$pair" 3 "${mine[*]}"
exit "$failed"
