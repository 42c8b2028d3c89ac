#!/usr/bin/env bash
# bench_functions.sh PAIR KRM_FUNCTIONS: each function over a stream of 10 000 objects, whole process, reading and writing included.
set -euo pipefail
cd "$(dirname "$0")/.."
pair=$1 functions=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
objects=10000

# Half of them workloads that use the other half.
awk -v n=$((objects / 2)) 'BEGIN {
  for (i = 0; i < n; i++) {
    printf "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings-%d\n  namespace: ns-%d\ndata:\n  host: web-%d.${DOMAIN}\n  mode: \"fast\" # as ever\n---\n", i, i % 50, i
    printf "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web-%d\n  namespace: ns-%d\n  annotations:\n    reloader.stakater.com/auto: \"true\"\nspec:\n  replicas: ${REPLICAS}\n  selector:\n    matchLabels:\n      app: web-%d\n  template:\n    metadata:\n      labels:\n        app: web-%d\n    spec:\n      containers:\n      - name: web\n        image: web:${TAG}\n        envFrom:\n        - configMapRef:\n            name: settings-%d\n---\n", i, i % 50, i, i, i
  }
}' >"$work/plain.yaml"
# Every tenth is encrypted.
{
  for i in $(seq $((objects / 10))); do sed "s/^    name: db .*/    name: db-$i/" fixtures/sops/encrypted-regex/encrypted.yaml; echo ---; done
  awk -v RS='---\n' -v ORS='---\n' -v n=$((objects - objects / 10)) 'NR <= n' "$work/plain.yaml"
} >"$work/encrypted.yaml"
printf 'apiVersion: v1\nkind: ConfigMap\ndata: {DOMAIN: example.com, REPLICAS: "3", TAG: "1.29"}\n' >"$work/vars.yaml"
printf 'apiVersion: v1\nkind: ConfigMap\ndata: {name: login, literals: "[user=web]", derive: "{password: {length: 24}}"}\n' >"$work/login.yaml"

measure() {
  local name=$1 input=$2
  shift 2
  printf '#!/bin/sh\nexec %s %s %s <%s >/dev/null\n' "$functions" "$name" "$*" "$input" >"$work/$name"
  chmod +x "$work/$name"
  printf '%s, %s:\n' "$name" "$(du -h --apparent-size "$input" | cut -f1)"
  "$pair" 5 "$work/$name"
}
export KUBECTL_GITOPS_SEED=0123456789abcdef0123456789abcdef SOPS_AGE_KEY_FILE=$PWD/fixtures/sops/key.txt
measure content-hash "$work/plain.yaml"
measure substitution "$work/plain.yaml" "$work/vars.yaml"
measure secret-generator "$work/plain.yaml" "$work/login.yaml"
measure decryption "$work/encrypted.yaml"
