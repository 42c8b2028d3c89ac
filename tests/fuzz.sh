#!/usr/bin/env bash
# fuzz.sh [TARGET...]: runs each fuzz target of tests/fuzz for FUZZ_SECONDS (default 60), one after the other, and fails on
# the first finding, which stays in .cache/fuzz/TARGET/. Memory, time and size of one input are bounded by FUZZ_MEMORY_MB,
# FUZZ_TIMEOUT (seconds) and FUZZ_LENGTH (bytes). What a run learned is kept in .cache/fuzz/TARGET/corpus for the next one.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
# Not below tests/, where every file is one of ours.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/.cache/fuzz/target}
seconds=${FUZZ_SECONDS:-60}
targets=("$@")
[ $# -gt 0 ] || mapfile -t targets < <(find tests/fuzz/fuzz_targets -name '*.rs' -printf '%f\n' | sed 's/\.rs$//' | LC_ALL=C sort)

# No sanitizer: the code has no `unsafe` of its own, and without one the pinned stable toolchain will do.
fuzz() { cargo fuzz "$1" --fuzz-dir tests/fuzz --sanitizer none "${@:2}"; }

for target in "${targets[@]}"; do
  work=$root/.cache/fuzz/$target
  mkdir -p "$work/corpus"
  tests/fuzz/seeds.sh "$target" "$work/seeds"
  echo "==> $target for $seconds s"
  fuzz build "$target" >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
  (
    fuzz run "$target" "$work/corpus" "$work/seeds" -- \
      -max_total_time="$seconds" -timeout="${FUZZ_TIMEOUT:-10}" -rss_limit_mb="${FUZZ_MEMORY_MB:-1024}" \
      -max_len="${FUZZ_LENGTH:-8192}" -dict=tests/fuzz/yaml.dict -artifact_prefix="$work/" -print_final_stats=1
  ) >"$work/run.log" 2>&1 || {
    tail -n 60 "$work/run.log"
    echo "fuzz.sh: a finding, see $work" >&2
    exit 1
  }
  sed -n 's/^stat::number_of_executed_units: */inputs: /p; s/^stat::peak_rss_mb: */peak MB: /p' "$work/run.log"
  grep -o 'cov: [0-9]* ft: [0-9]*' "$work/run.log" | tail -n 1
done
