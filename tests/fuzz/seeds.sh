#!/usr/bin/env bash
# seeds.sh TARGET DIRECTORY: fills the directory with what the fuzzer starts from: the committed seeds and regressions of the
# target, and for those that take files or trees the golden cases.
set -euo pipefail
target=$1 out=$2
here=$(cd "$(dirname "$0")" && pwd)
fixtures=$here/../../fixtures
mkdir -p "$out"
for kind in seeds regressions; do
  [ ! -d "$here/$kind/$target" ] || cp -r "$here/$kind/$target/." "$out/"
done
# bigger files only slow a fuzzer down
files() { find "$fixtures" -type f -size -8k "$@" -print0 | LC_ALL=C sort -z; }
case $target in
yaml | round_trip)
  files -name '*.yaml' -path '*/in/*' | while IFS= read -rd '' file; do
    cp "$file" "$out/$(sha256sum <"$file" | cut -c1-16)"
  done
  ;;
kustomization)
  files -name kustomization.yaml | while IFS= read -rd '' file; do
    cp "$file" "$out/$(sha256sum <"$file" | cut -c1-16)"
  done
  ;;
sops)
  # the first byte is the format
  for file in "$fixtures"/sops/*/*.*; do
    case $file in *.yaml) format=0 ;; *.json) format=1 ;; *.env) format=2 ;; *.ini) format=3 ;; *) format=4 ;; esac
    { printf "\\x0$format" && cat "$file"; } >"$out/$(sha256sum <"$file" | cut -c1-16)"
  done
  ;;
whole_build)
  # the build starts where the first file is
  for case in "$fixtures"/build/*/*/in; do
    entry=$(sed -n 's/^entry = "\(.*\)"/\1/p' "$case/../case.toml" 2>/dev/null || true)
    (
      cd "$case"
      find . -type f -size -8k -printf '%P\n' | LC_ALL=C sort | awk -v first="${entry:+$entry/}" '
        substr($0, 1, length(first)) == first && substr($0, length(first) + 1) ~ /^[Kk]ustomization(\.ya?ml)?$/ { print "0 " $0; next }
        { print "1 " $0 }' | LC_ALL=C sort | cut -c3- | while IFS= read -r file; do
        printf '=== %s\n' "$file"
        cat "$file"
        printf '\n'
      done
    ) | head -c 16384 >"$out/case-$(printf '%s' "$case" | sha256sum | cut -c1-16)"
  done
  ;;
git_wire)
  # the first byte says what the rest is; what git itself says about a small repository
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  export GIT_CONFIG_NOSYSTEM=1 HOME=$work GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
  (
    git init -q -b main "$work/r"
    cd "$work/r"
    for n in 1 2 3 4; do
      { seq 1 120 && echo "$n"; } >list
      git add list && git commit -qm "commit $n"
    done
    git tag -am one v1
    git repack -adfq
  )
  {
    printf '\000'
    git upload-pack --advertise-refs "$work/r"
  } >"$out/git-advertisement"
  {
    printf '\001'
    printf '0014command=ls-refs\n00010009peel\n000csymrefs\n0000' | GIT_PROTOCOL=version=2 git upload-pack --stateless-rpc "$work/r"
  } >"$out/git-refs"
  {
    printf '\0020000'
    printf '0012command=fetch\n0001000eofs-delta\n0032want %s\n000cdeepen 10009done\n0000' "$(git -C "$work/r" rev-parse HEAD)" |
      GIT_PROTOCOL=version=2 git upload-pack --stateless-rpc "$work/r" || true
  } >"$out/git-reply"
  {
    printf '\005'
    head -c -20 "$work"/r/.git/objects/pack/*.pack
  } >"$out/git-pack"
  {
    printf '\006'
    cat "$work"/r/.git/objects/pack/*.idx
  } >"$out/git-index"
  for object in HEAD v1 'HEAD^{tree}'; do
    { printf '\007' && git -C "$work/r" cat-file "$(git -C "$work/r" cat-file -t "$object")" "$object"; } >"$out/git-$(printf '%s' "$object" | sha256sum | cut -c1-8)"
  done
  printf '\0040000000eunpack ok\n0019ok refs/heads/main\n0000' >"$out/git-report"
  ;;
functions)
  # configuration and input as one list; comments are left out, so that each document begins with a field
  for case in "$fixtures"/function/*/*; do
    [ -f "$case/config.yaml" ] && [ -f "$case/input.yaml" ] || continue
    {
      printf 'apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nfunctionConfig:\n'
      grep -v '^#' "$case/config.yaml" | sed '/^---/,$d; s/^/  /'
      printf 'items:\n'
      awk '/^---/ { first = 1; next } /^#/ { next } first && NF { print "- " $0; first = 0; next } { print "  " $0 }' first=1 "$case/input.yaml"
    } >"$out/case-$(printf '%s' "$case" | sha256sum | cut -c1-16)"
  done
  ;;
esac
