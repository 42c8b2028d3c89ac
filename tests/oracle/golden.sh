#!/usr/bin/env bash
# golden.sh [--check] [CASE...]: lets the real kustomize 5.8.1 write what the build cases
# expect. A case is a directory fixtures/build/TOPIC/NAME with the tree in/ and, where the
# entry is deeper or flags differ, a case.toml:
#   entry = "overlays/prod"                                  # below in/; default in/ itself
#   args = ["--load-restrictor", "LoadRestrictionsNone"]     # words without blanks
# Programs in bin/ stand for those of the machine (docker), plugins/ is the plugin home.
# It gets expected.yaml, or expected-error.txt with the real tool's message (the case's own
# path written as /case) when the build fails. --check compares and changes nothing.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
export KUSTOMIZE=${KUSTOMIZE:-$root/.cache/bin/kustomize}
export PATH=$PATH:$root/.cache/bin

check=
[ "${1:-}" = --check ] && { check=1; shift; }
export check

# value KEY FILE: the strings of `KEY = "..."` or `KEY = ["...", "..."]`, separated by blanks
value() { sed -n "s/^$1 = //p" "$2" | tr -d '[]",'; }

# prefixed TEXT...: prints what the build of the case in $1 says, into $2 (a directory)
build() {
  local case=$1 out=$2 entry=in args=
  if [ -f "$case/case.toml" ]; then
    entry=in/$(value entry "$case/case.toml")
    args=$(value args "$case/case.toml")
  fi
  # shellcheck disable=SC2086 # the arguments are words
  # the real tool knows no limits: copies of aliases have taken all memory of a machine
  if (ulimit -v 8000000 && cd "$case" && PATH="$PWD/bin:$PATH" HOME=/nowhere XDG_CONFIG_HOME= KUSTOMIZE_PLUGIN_HOME="$PWD/plugins" "$KUSTOMIZE" build "${entry%/}" $args) >"$out/expected.yaml" 2>"$out/stderr"; then
    return
  fi
  rm "$out/expected.yaml"
  # of a crash only the first line, and no addresses of Go objects, no temporary names, one of Go's two ways to say that
  # JSON does not fit: they differ from run to run
  sed -n -e "/^Error: /,\$p" -e "/^panic: /p" -e "/^fatal error: /p" "$out/stderr" |
    sed -E "s#$(cd "$case" && pwd -P)#/case#g; s/0x[0-9a-f]{6,}/0xADDRESS/g; s/json: unable to ((un)?marshal)/json: cannot \1/g; s#(/[^ ]*)?/kust(-plugin-config|omize-helm)-[0-9]+#/TEMPORARY#g" >"$out/expected-error.txt"
  [ -s "$out/expected-error.txt" ] || { cp "$out/stderr" "$out/expected-error.txt"; }
}

# one CASE: writes or compares one case; prints the case and fails when they differ
one() {
  local case=$1 out name bad=0
  out=$(mktemp -d)
  build "$case" "$out"
  for name in expected.yaml expected-error.txt; do
    cmp -s "$out/$name" "$case/$name" && continue
    [ ! -e "$out/$name" ] && [ ! -e "$case/$name" ] && continue
    if [ -n "$check" ]; then
      bad=1
      echo "differs: $case/$name"
    elif [ -e "$out/$name" ]; then
      cp "$out/$name" "$case/$name"
    else
      rm -f "$case/$name"
    fi
  done
  rm -r "$out"
  return $bad
}
export -f value build one

version=$("$KUSTOMIZE" version)
[ "$version" = v5.8.1 ] || { echo "golden.sh: $KUSTOMIZE is $version, not v5.8.1" >&2; exit 2; }
cd "$root"
if [ $# -eq 0 ]; then
  mapfile -t cases < <(find fixtures/build -mindepth 2 -type d -name in -prune | sed 's#/in$##' | LC_ALL=C sort)
else
  cases=("$@")
fi
printf '%s\0' "${cases[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -euo pipefail -c 'one "$1"' _
[ -n "$check" ] || echo "kustomize $version" >fixtures/ORACLE
grep -qx "kustomize $version" fixtures/ORACLE
echo "${#cases[@]} cases agree with kustomize $version"
