#!/usr/bin/env bash
# remote.sh [--check]: asks the real kustomize 5.8.1 what it makes of every URL form that this script generates. A program
# called git that only writes down its arguments stands in for the real one, so nothing is fetched. Writes
# fixtures/remote/urls.tsv: the text, then what git is asked for (URL, revision, submodules, directory), or `-` for a text
# that names no repository. --check compares and changes nothing.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
export KUSTOMIZE=${KUSTOMIZE:-$root/.cache/bin/kustomize}
table=$root/fixtures/remote/urls.tsv
scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT
mkdir "$scratch/bin" "$scratch/empty" "$scratch/tmp"
# shellcheck disable=SC2016 # for the program, not for us
printf '%s\n' '#!/bin/sh' 'for word in "$@"; do printf "%s\037" "$word"; done >>"$GIT_LOG"; echo >>"$GIT_LOG"' \
  >"$scratch/bin/git"
chmod +x "$scratch/bin/git"
export PATH=$scratch/bin:$PATH TMPDIR=$scratch/tmp

# ask TEXT: one line of the table
ask() {
  local text=$1 log said
  log=$(mktemp)
  said=$(cd "$scratch/empty" && GIT_LOG=$log "$KUSTOMIZE" build "$text" 2>&1 >/dev/null | grep "^Error") || true
  if ! grep -q '^fetch' "$log"; then
    printf '%s\t-\n' "$text"
  else
    local url reference submodules=no directory=
    url=$(sed -n 's/^fetch\x1f--depth=1\x1f\(.*\)\x1f\(.*\)\x1f$/\1/p' "$log")
    reference=$(sed -n 's/^fetch\x1f--depth=1\x1f\(.*\)\x1f\(.*\)\x1f$/\2/p' "$log")
    if grep -q '^submodule' "$log"; then submodules=yes; fi
    # an absent directory is named; the top is there, and has no kustomization
    case $said in
    *"evalsymlink failure on '"*/kustomize-*) directory=$(sed "s#.*evalsymlink failure on '[^ ]*/kustomize-[0-9]*/\(.*\)' : .*#\1#" <<<"$said") ;;
    *"evalsymlink failure on '"*) directory=outside ;;
    esac
    printf '%s\t%s\t%s\t%s\t%s\n' "$text" "$url" "$reference" "$submodules" "${directory:-.}"
  fi
  rm "$log"
}

# every form of host with every form of path
forms() {
  local host path query
  for host in https://github.com/ http://github.com/ HTTPS://GitHub.com/ github.com/ GITHUB.com/ github.com: \
    git@github.com: git@github.com/ git@GitHub.com: org-12@github.com: ssh://git@github.com/ ssh://github.com/ \
    SSH://git@github.com: https://git@github.com/ https://user:token@github.com/ git::https://github.com/ \
    GIT::git@github.com: git::github.com/ https://example.com/ http://example.com:8080/ https://ann@example.com/ \
    https://ann:secret@example.com/ git@example.com: git@example.com/ ssh://git@example.com/ ssh://git@example.com:22/ \
    ssh://example.com/ git::ssh://git@example.com/ example.com/ example.com: user_1@example.com: 1a@example.com: \
    file:///srv/ file://srv/ FILE:///srv/ file://git@srv/ git::file:///srv/ gh: https:// ssh:// http:/// \
    https://dev.azure.com/ git@ssh.dev.azure.com: https://ann@dev.azure.com/ s3::https://example.com/ \
    git://example.com/ git+ssh://git@example.com/ ./ ../ / '' '-u@example.com:' 'a-@example.com:' @example.com: \
    https://[::1]:8443/ git@[::1]:; do
    for path in '' org org/ org/repo org/repo/ org/repo/dir org/repo/dir/deep/ org/repo//dir org/repo.git \
      org/repo.git/dir org/repo.git//dir org/repo.github/dir org/project/_git/repo org/project/_git/repo/dir \
      org/project/_git/; do
      printf '%s\n' "$host$path"
    done
  done
  for path in //dir repo//.. repo//a/../.. repo//a/../b repo//./a repo///a repo////../a repo/a//../../b \
    org/repo/.. org/repo/../x org/repo/a/../../x org/repo/a/.. org/repo.git/../x org/repo.git.git/a org/.git/a .git .git/a \
    a.gitb/c _git/ _git/a a/_git/b//c a/_git/b.git/c a//b//c a//b.git/c a//_git/b org/repo/a%20b org/repo/ü \
    org//repo/dir org/repo/a//b org/repo//a//b repo//a/ 'org/repo/a b' 'org/repo#frag' org/repo//.; do
    printf '%s\n' "https://github.com/$path" "git@example.com:$path" "file:///srv/$path"
  done
  for query in ref=v1 version=v2 'version=v2&ref=v1' 'ref=v1&version=v2' 'ref=&version=v2' 'ref=a&ref=b' ref= ref \
    'ref=feature/x' 'ref=a%2Fb' 'ref=a+b' 'ref=a%zz' 'ref=v1&x=%' 'ref=v1;x=y' 'ref=v1&&' '&ref=v1' REF=v1 'ref=v1?x' \
    'ref=v1#x' 'ref=v1=w' submodules=false submodules=true submodules=0 submodules=F submodules=no submodules= \
    'submodules=false&submodules=true' 'submodules=TRUE' 'submodules=f&ref=x' 'timeout=61&ref=v1' 'timeout=1m&ref=v1' \
    'timeout=x&ref=v1' 'r%65f=v1' 'sha=1' '' 'ref=%C3%BC' 'ref=refs/heads/main' 'ref=4f2c9a1d0b3e5f60718293a4b5c6d7e8f9012345'; do
    printf '%s\n' "https://github.com/org/repo//dir?$query" "github.com/org/repo?$query" \
      "git@example.com:org/repo.git?$query" "https://example.com/org/repo/?$query"
  done
  printf '%s\n' 'g\304\260thub.com/org/repo' 'file://' 'file:///' 'https://github.com' github.com 'git@github.com' \
    'git@example.com' 'a@b:c' 'a@:b/c' 'a@/b/c/d' 'ssh://git@github.com:org/repo' 'https://github.com:443/org/repo' \
    'github.com:org/repo//a?ref=x' 'git::' 'git::git::https://github.com/org/repo' 'https://https://github.com/a/b' \
    'git@example.com:22/org/repo' 'a@b/c:d/e/f' 'a@b:/c/d/e' | while IFS= read -r text; do printf '%b\n' "$text"; done
}

export -f ask
export scratch
LC_ALL=C.UTF-8 forms | grep -v '^-' | sort -u | tr '\n' '\0' |
  xargs -0 -P "$(nproc)" -I{} bash -c 'ask "$1"' _ {} | LC_ALL=C sort >"$scratch/table"

if [ "${1:-}" = --check ]; then
  diff -u "$table" "$scratch/table"
else
  mkdir -p "$(dirname "$table")"
  cp "$scratch/table" "$table"
fi
echo "$(wc -l <"$scratch/table") forms"
