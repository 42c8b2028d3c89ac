#!/usr/bin/env bash
# The main job on real input, step by step; each step is checked against the live cluster and ends the demo when it is not so.
# `make demo` builds what it needs. GITOPS_TEST_KUBECONFIG=… shows it on a cluster of yours (namespace relay-production).
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$(mktemp -d)
checks=0
began=$SECONDS

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
fail() {
  printf '\nNOT SO: %s\n' "$*" >&2
  kubectl -n relay-production get all,secrets,configmaps -o wide >&2 || true
  kubectl -n relay-production get events --sort-by=.lastTimestamp >&2 | tail -n 15 || true
  exit 1
}
# gitops EXIT ARGS...: runs the plugin as kubectl does, shows command and output, and demands the exit code
gitops() {
  local want=$1 code=0
  shift
  printf '$ kubectl gitops %s\n' "$*"
  kubectl gitops "$@" >"$work/output" 2>&1 || code=$?
  sed 's/^/  /' "$work/output"
  [ "$code" -eq "$want" ] || fail "exit code $code, expected $want"
}
# holds WHAT COMMAND...: a fact about the live cluster
holds() {
  local what=$1
  shift
  "$@" || fail "$what"
  checks=$((checks + 1))
  printf '  \033[32m✔\033[0m %s\n' "$what"
}
is() { [ "$("${@:2}")" = "$1" ]; }
live() { kubectl -n relay-production get "$1" -o "jsonpath=$2"; }
absent() { ! kubectl get "$@" >/dev/null 2>&1; }
# Everything that is ours, with its version: equal before and after a run that wrote nothing.
versions() {
  kubectl get namespaces,crd,deployments,services,ingresses,cronjobs,secrets,configmaps,routes.relay.example.com -A \
    -l kubectl-gitops.dev/inventory --show-managed-fields -o "jsonpath={range .items[*]}{.kind}/{.metadata.name} \
{.metadata.uid} {.metadata.generation} {.metadata.managedFields[?(@.manager=='kubectl-gitops')].time}{'\n'}{end}"
  kubectl -n "$inventory" get configmap gitops-relay-production -o 'jsonpath={.metadata.resourceVersion}'
}
generation() { live deployment/relay '{.metadata.generation}'; }
# A cluster where nothing really runs (kwok) pulls no image: the pods' facts are true there too, their logs are not.
ready() { live deployment/relay '{.status.readyReplicas}'; }

say "A throwaway Kubernetes"
if [ -n "${GITOPS_TEST_KUBECONFIG:-}" ]; then
  export KUBECONFIG=$GITOPS_TEST_KUBECONFIG
  echo "  yours: $KUBECONFIG; its nodes need the image in" "$PWD"/.cache/cluster-tools/images-*/images.tar "(K3s: k3s ctr images import FILE)"
  trap 'rm -rf "$work"' EXIT
else
  name=demo-$$
  trap 'cd "$root"; [ -z "${gitea:-}" ] || exec {gitea}>&-; rm -rf "$work"; make --no-print-directory cluster-down CLUSTER_FLAGS="--name=$name" >/dev/null' EXIT
  started=$SECONDS
  KUBECONFIG=$(make --no-print-directory cluster-up CLUSTER_FLAGS="--name=$name" | tail -n 1)
  export KUBECONFIG
  printf '  up after %s s: %s\n' $((SECONDS - started)) "$(kubectl get nodes --no-headers 2>/dev/null | tr -s ' ')"
fi
mkdir "$work/bin"
ln -s "$root/dist/kubectl-gitops-$(uname -m)" "$work/bin/kubectl-gitops"
export PATH=$work/bin:$root/.cache/bin:$PATH
cp -r fixtures/demo "$work/demo"
cd "$work/demo"
overlay=overlays/production
# Where the inventory lands: the context's namespace.
inventory=$(kubectl config view --minify -o 'jsonpath={..namespace}')
inventory=${inventory:-default}

say "1  First apply: everything is created, and the pods really run"
gitops 1 diff $overlay
gitops 0 apply $overlay --wait --timeout 90s -v=1
holds "2 pods of the Deployment are ready" is 2 ready
holds "the custom resource stands beside its CRD" is backend:9000 live route/public '{.spec.to}'
holds "the Deployment uses the hashed ConfigMap" \
  grep -q '^relay-settings-' <(live deployment/relay '{.spec.template.spec.containers[0].envFrom[0].configMapRef.name}')

say "2  Second apply: nothing to do, nothing written"
versions >"$work/before"
gitops 0 diff $overlay
gitops 0 apply $overlay -v=1
versions >"$work/after"
holds "no object and no inventory was written" cmp -s "$work/before" "$work/after"

say "3  A changed secret file rolls the Deployment"
hash() { live deployment/relay '{.spec.template.metadata.annotations}' | sha256sum; }
before=$(hash)
sed -i 's/changed-by-the-demo/hunter2-of-the-demo/' $overlay/relay.toml
gitops 1 diff $overlay
holds "the secret value was not printed" bash -c "! grep -q hunter2 '$work/output'"
gitops 0 apply $overlay --wait --timeout 90s -v=1
holds "the secret value was not printed" bash -c "! grep -q hunter2 '$work/output'"
holds "the pod template carries another hash" test "$before" != "$(hash)"
holds "2 new pods are ready" is 2 ready

say "4  Drift made by hand is shown and corrected"
kubectl -n relay-production scale deployment/relay --replicas=5 >/dev/null
gitops 1 diff $overlay
gitops 0 apply $overlay --wait --timeout 90s -v=1
holds "2 replicas again" is 2 live deployment/relay '{.spec.replicas}'

say "5  What leaves the directory is pruned"
sed -i '/ingress.yaml/d' base/kustomization.yaml
sed -i '/^  - target:/,/value: relay.example.org/d' $overlay/kustomization.yaml
gitops 1 diff $overlay
gitops 0 apply $overlay -v=1
holds "the Ingress is gone" absent -n relay-production ingress relay

say "6  Delete leaves nothing"
gitops 0 delete relay-production --wait --timeout 90s
holds "the namespace is gone" absent namespace relay-production
holds "the CRD is gone" absent crd routes.relay.example.com
holds "the inventory is gone" absent -n "$inventory" configmap gitops-relay-production

# The rest needs pods that really run, on a node of ours.
if [ -n "${GITOPS_TEST_KUBECONFIG:-}" ] || [ "$(cat "$(dirname "$KUBECONFIG")/node-mode")" != real ]; then
  echo "skipped: demo of the CronJob: it needs a real node of a test cluster"
  printf '\ndemo: 6 steps, %s facts checked, %s s\n' "$checks" $((SECONDS - began))
  printf 'test result: ok. %s passed; 0 failed; 1 ignored\n' "$checks"
  exit 0
fi
cd "$root"
archive=dist/kubectl-gitops-$(uname -m).oci.tar
.cache/bin/gitops-cluster import --name="$name" "$archive"
cargo build --locked --quiet -p testkit --bin gitea
host=$(sed -n 's/.*"HostAddress": *"\([^"]*\)".*/\1/p' "$(dirname "$KUBECONFIG")/spec.json")
cd "$work"

# within SECONDS COMMAND...: until it succeeds
within() {
  local until=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$until" ] || return 1
    sleep 0.3
  done
}
# push ARGS...: what a user lets Git do, and the push
push() {
  local word
  git -C home "$@" >"$work/said" 2>&1 && git -C home push "$push_url" HEAD:main >"$work/said" 2>&1 || fail "$(cat "$work/said")"
  printf '$ git'
  for word; do case $word in *' '*) printf ' "%s"' "$word" ;; *) printf ' %s' "$word" ;; esac done
  printf ' && git push\n'
}
secret_file() { printf "password = '%s'\n" "$1" >"$2"; }
# the one pod of the application, and whether it found the secret file of this password when it started
pod() {
  kubectl -n relay get pods -l app=relay --field-selector=status.phase=Running --sort-by=.metadata.creationTimestamp \
    -o name 2>/dev/null | tail -n 1
}
has() { kubectl -n relay logs "$(pod)" 2>/dev/null | grep -q "$(printf "password = '%s'\n" "$1" | sha256sum | cut -d' ' -f1)"; }
jobs() { kubectl -n gitops-system get jobs --sort-by=.metadata.creationTimestamp -o "jsonpath={range .items[*]}{.metadata.name}{'\n'}{end}"; }
ended() { kubectl -n gitops-system get job "$1" -o 'jsonpath={.status.conditions[*].type}' | grep -q -e Complete -e Failed; }
# follow JOB EXIT: its pod to the end; the log, and the highest memory that the kernel counted for the whole pod ($peak_kib)
follow() {
  local job=$1 uid='' code='' now peak=0 file='' until=$((SECONDS + 180))
  while [ -z "$code" ]; do
    [ "$SECONDS" -lt "$until" ] || fail "the pod of $job has not ended: $(kubectl -n gitops-system get pods,events -o wide)"
    read -r uid code < <(kubectl -n gitops-system get pods -l "job-name=$job" \
      -o 'jsonpath={.items[0].metadata.uid} {.items[0].status.containerStatuses[0].state.terminated.exitCode}' 2>/dev/null) || true
    [ -n "$uid" ] || continue
    [ -n "$file" ] || file=$(find /sys/fs/cgroup -path "*pod$uid/memory.*" \( -name memory.peak -o -name memory.max_usage_in_bytes \) 2>/dev/null || true)
    [ -z "$file" ] || for _ in 1 2 3 4 5 6 7 8 9 10; do
      now=$(cat "$file" 2>/dev/null || echo 0)
      [ "$now" -le "$peak" ] || peak=$now
      sleep 0.01
    done
  done
  kubectl -n gitops-system logs "job/$job" >"$work/output"
  sed 's/^/  /' "$work/output"
  peak_kib=$((peak / 1024))
  [ "$peak_kib" -le "$highest_kib" ] || highest_kib=$peak_kib
  [ "$code" -eq "$2" ] || fail "the pod ended with $code, expected $2"
}
highest_kib=0
# now NAME EXIT: a Job of the installation at once
now() {
  printf '$ kubectl -n gitops-system create job %s --from=cronjob/gitops-relay\n' "$1"
  kubectl -n gitops-system create job "$1" --from=cronjob/gitops-relay >/dev/null
  follow "$1" "$2"
}
# What the datastore counts, and how many writes of a kind it had since then: each event of a watch is one.
revision() { kubectl get --raw '/api/v1/configmaps?fieldSelector=metadata.name%3Dnone' | sed -n 's/.*"resourceVersion":"\([0-9]*\)".*/\1/p'; }
written() { kubectl get --raw "$1?watch=1&resourceVersion=$2&timeoutSeconds=1" | wc -l; }

say "7  A private Git repository, a CronJob, and an application that was deployed by hand"
coproc GITEA { exec "${CARGO_TARGET_DIR:-$root/target}/debug/gitea" "$host" ann letmein-hunter2 home; }
gitea=${GITEA[1]} # it ends when this is closed
read -r url <&"${GITEA[0]}"
read -r push_url <&"${GITEA[0]}"
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_TERMINAL_PROMPT=0
export GIT_AUTHOR_NAME=Ann GIT_AUTHOR_EMAIL=ann@example.com GIT_COMMITTER_NAME=Ann GIT_COMMITTER_EMAIL=ann@example.com
git init --quiet --initial-branch=main home
cat >home/kustomization.yaml <<'END'
namespace: relay
secretGenerator:
- name: relay-config
  files: [relay.toml]
  options: {disableNameSuffixHash: true}
END
secret_file first-hunter2 home/relay.toml
git -C home add --all
push commit -m "the first password"
cat >relay.yaml <<'END'
apiVersion: apps/v1
kind: Deployment
metadata:
  name: relay
  annotations: {reloader.stakater.com/auto: "true"}
spec:
  selector: {matchLabels: {app: relay}}
  template:
    metadata: {labels: {app: relay}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: relay
        image: docker.io/local/demo-app:1
        imagePullPolicy: IfNotPresent
        args: [serve]
        env: [{name: CONFIG_DIR, value: /config}]
        volumeMounts: [{name: config, mountPath: /config}]
      volumes: [{name: config, secret: {secretName: relay-config}}]
END
secret_file hand-hunter2 by-hand.toml
kubectl create namespace relay >/dev/null
echo '$ kubectl -n relay create secret generic relay-config --from-file=relay.toml=by-hand.toml && kubectl -n relay apply -f relay.yaml'
kubectl -n relay create secret generic relay-config --from-file=relay.toml=by-hand.toml >/dev/null
kubectl -n relay apply -f relay.yaml >/dev/null
holds "the application runs with the password that was made by hand" within 60 has hand-hunter2
printf 'letmein-hunter2\n' >password
gitops 0 install --url "$url" --name relay --username ann --password-file password --every 1m
holds "the password was not printed" bash -c "! grep -q hunter2 '$work/output'"
echo "  … until the minute is full"
started() { [ "$(jobs | tail -n 1)" != "$1" ] && [ -n "$(jobs)" ]; }
holds "the CronJob started a run by its schedule" within 90 started ''
first=$(jobs | tail -n 1)
follow "$first" 0
holds "the application rolled, and has the password of the repository" within 60 has first-hunter2

say "8  The next run has no news"
same=$(pod)
generation=$(kubectl -n relay get deployment relay -o 'jsonpath={.metadata.generation}')
within 30 ended "$first"
sleep 3 # for what Kubernetes still has to write about that run
before=$(revision)
echo "  … until the minute is full"
within 90 started "$first"
second=$(jobs | tail -n 1)
follow "$second" 0
quiet_kib=$peak_kib
took=$(sed -n 's/.* \([0-9.]*s\)\.$/\1/p' "$work/output" | tail -n 1)
within 30 ended "$second"
gone() { ! jobs | grep -qx "$first"; }
within 30 gone
sleep 3
after=$(revision)
system=/api/v1/namespaces/gitops-system
batch=/apis/batch/v1/namespaces/gitops-system
around=0
for path in $system/pods $batch/jobs $batch/cronjobs $system/events; do
  count=$(written "$path" "$before")
  around=$((around + count))
  counted="${counted:+$counted, }${path##*/} $count"
done
ours=0
for path in $system/configmaps $system/secrets /apis/coordination.k8s.io/v1/namespaces/gitops-system/leases /api/v1/namespaces/relay/secrets; do
  count=$(written "$path" "$before")
  [ "$count" -eq 0 ] || echo "  $path: $count"
  ours=$((ours + count))
done
holds "it wrote nothing" is 0 echo "$ours"
holds "the application was not touched" is "$generation" kubectl -n relay get deployment relay -o 'jsonpath={.metadata.generation}'
holds "the same pod runs" is "$same" pod
gitops 0 install --url "$url" --name relay --every 1m --suspend

say "9  A push changes the secret file"
secret_file second-hunter2 home/relay.toml
push commit -am "a new password"
now news 0
news_kib=$peak_kib
holds "the password was not printed" bash -c "! grep -q hunter2 '$work/output'"
holds "the application has the new password" within 60 has second-hunter2
holds "in another pod" test "$same" != "$(pod)"

say "10 A broken commit, and its revert"
sed -i 's/relay.toml/realy.toml/' home/kustomization.yaml
push commit -am "a typo"
now broken 2
holds "the application still runs" has second-hunter2
gitops 1 status relay --fail
push revert --no-edit HEAD
now reverted 0
holds "the set is as the repository says" is true kubectl -n gitops-system get configmap gitops-default.relay \
  -o 'jsonpath={.metadata.labels.kubectl-gitops\.dev/ready}'
gitops 0 uninstall --name relay --delete-objects --yes
holds "the application that nobody synced is still there" has second-hunter2
exec {gitea}>&-
gitea=

say "What it took"
# A pod may be gone before its control group was found.
mib() { awk -v kib="$1" 'BEGIN { if (kib > 0) printf "%.1f MiB", kib / 1024; else printf "not seen" }'; }
printf '  %-52s %s\n' \
  "image archive, compressed" "$(mib $(($(stat -c %s "$root/$archive") / 1024)))" \
  "a run without news, in the pod" "${took:-?}" \
  "highest memory of its pod, as the kernel counted it" "$(mib "$quiet_kib")" \
  "the same of a run with news" "$(mib "$news_kib")" \
  "writes at the datastore of a run without news: ours" "$ours" \
  "around it, of Kubernetes for the Job" "$around ($counted)" \
  "revisions of the datastore in that time, all in all" "$((after - before))"
holds "no pod took more than 48 MiB" test "$highest_kib" -gt 0 -a "$highest_kib" -le 49152

printf '\ndemo: 10 steps, %s facts checked, %s s\n' "$checks" $((SECONDS - began))
printf 'test result: ok. %s passed; 0 failed; 0 ignored\n' "$checks"
