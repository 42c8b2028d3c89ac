#!/usr/bin/env bash
# bench.sh [apply]: every figure that README and CHANGELOG quote, as ratios against the peers in this same run; or only those of
# applies. Fails only where a build is not what kustomize prints, or is slower than kustomize, or an apply goes wrong.
set -euo pipefail
cd "$(dirname "$0")/.."
target=$(realpath "${CARGO_TARGET_DIR:-target}")
ours=$target/release/kubectl-gitops
kustomize=$PWD/.cache/bin/kustomize
kubectl=$PWD/.cache/bin/kubectl
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cargo build --locked --quiet -p testkit --bin pair --bin bench-build --bin bench-corpus --bin bench-fetch --bin bench-apply
testkit=$target/debug
pair=$testkit/pair
failed=0

say() { printf '\n== %s\n' "$*"; }

apply() {
  say "apply and diff: ours against kubectl, on an API server without nodes whose controllers stand still"
  name=bench-$$
  trap 'rm -rf "$work"; make --no-print-directory cluster-down CLUSTER_FLAGS="--name=$name" >/dev/null' EXIT
  kubeconfig=$(make --no-print-directory cluster-up CLUSTER_FLAGS="--name=$name --node=none" | tail -n 1)
  "$testkit/bench-apply" "$ours" "$kubectl" "$kubeconfig" "$work/apply"
}

if [ "${1:-}" = apply ]; then
  apply
  exit
fi

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

say "functions: 10 000 objects each, the whole process"
tests/bench_functions.sh "$pair" "$(dirname "$ours")/krm-functions" || failed=1

say "fetch: ours against git, from the same server"
"$testkit/bench-fetch" "$ours" "$work/fetch" || failed=1

apply || failed=1
exit "$failed"
