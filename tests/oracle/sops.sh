#!/usr/bin/env bash
# Lets real sops encrypt and decrypt what fixtures/sops holds in the clear: `*/plain.*` becomes `encrypted.*` and `decrypted.*` beside it.
# The cases pgp-* and ssh-* have no plain file: real sops wrote them (and gpg) for the keys of pgp.asc, with --pgp, and of `id` beside them, with --age. `*/.sops.yaml` has the rules; recipients are those of key.txt. Run it after changing or adding a case.
set -euo pipefail
cd "$(dirname "$0")/../../fixtures/sops"
export SOPS_AGE_KEY_FILE=$PWD/key.txt
sops=${SOPS:-sops}
for plain in */plain.*; do
  case=${plain%/*} extension=${plain##*/plain.}
  (
    cd "$case"
    "$sops" encrypt --filename-override "file.$extension" "plain.$extension" >"encrypted.$extension"
    "$sops" decrypt --filename-override "file.$extension" "encrypted.$extension" >"decrypted.$extension"
  )
done
"$sops" --version | sed -n 's/^sops \([0-9.]*\).*/\1/p' >VERSION
