#!/usr/bin/env bash
# layers.sh LAYER...: runs each make target, whatever the others did, and ends with what ran, what failed and what was
# skipped and why. Logs stay in .cache/logs.
set -uo pipefail
cd "$(dirname "$0")/.."
logs=.cache/logs
mkdir -p "$logs"
failed=0
declare -a table

# count WORD FILE...: adds up the closing lines of test runners, `test result: ok. 3 passed; 0 failed; 1 ignored; …`
count() {
  local word=$1
  shift
  sed 's/\x1b\[[0-9;]*m//g' "$@" | awk -v w="$word" '/^test result:/ { for (i = 2; i <= NF; i++) if ($i ~ "^" w) n += $(i-1) } END { print n + 0 }'
}

for layer in "$@"; do
  printf '\n==> make %s\n' "$layer"
  start=$SECONDS
  make --no-print-directory "$layer" 2>&1 | tee "$logs/$layer.log"
  code=${PIPESTATUS[0]}
  result=ok
  [ "$code" -eq 0 ] || { result="FAILED (exit $code)"; failed=1; }
  table+=("$(printf '%-18s %-16s %6s passed %4s failed %4s skipped %5ss' "$layer" "$result" \
    "$(count passed "$logs/$layer.log")" "$(count failed "$logs/$layer.log")" "$(count ignored "$logs/$layer.log")" $((SECONDS - start)))")
done

printf '\n==> what ran\n'
printf '%s\n' "${table[@]}"
files=("${@/#/$logs/}")
files=("${files[@]/%/.log}")
skips=$(sed -n 's/^skipped: //p' "${files[@]}" | sort -u)
if [ -n "$skips" ]; then printf '\n==> skipped, and why\n%s\n' "$skips"; else printf '\nnothing was skipped\n'; fi
broken=$(count failed "${files[@]}")
[ "$failed" -eq 0 ] || [ "$broken" -gt 0 ] || broken=1
printf '\n%s passed, %s failed, %s skipped\n' "$(count passed "${files[@]}")" "$broken" "$(count ignored "${files[@]}")"
exit "$failed"
