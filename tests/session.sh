#!/usr/bin/env bash
# Writes the README's terminal session from what really happens: every line below that begins with `$ ` is shown and run, the others are
# run without a word. `make readme-session` builds what it needs; GITOPS_TEST_KUBECONFIG=… uses a cluster of yours (namespace shop).
# tests/readme.rs holds the README to the commands that stand here.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$(mktemp -d)
if [ -n "${GITOPS_TEST_KUBECONFIG:-}" ]; then
  export KUBECONFIG=$GITOPS_TEST_KUBECONFIG
  trap 'rm -rf "$work"' EXIT
else
  name=session-$$
  trap 'cd "$root"; rm -rf "$work"; make --no-print-directory cluster-down CLUSTER_FLAGS="--name=$name" >/dev/null' EXIT
  KUBECONFIG=$(make --no-print-directory cluster-up CLUSTER_FLAGS="--name=$name" | tail -n 1)
  export KUBECONFIG
fi
mkdir "$work/bin" "$work/home"
ln -s "$root/.cache/bin/kubectl" "$work/bin/kubectl"
ln -s "${GITOPS_PLUGIN:-$root/target/release/kubectl-gitops}" "$work/bin/kubectl-gitops"
export PATH=$work/bin:$PATH HOME=$work/home COLUMNS=100 NO_COLOR=1 KUBECTL_GITOPS_PROGRESS=none
export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=ann GIT_AUTHOR_EMAIL=ann@example.com GIT_COMMITTER_NAME=ann GIT_COMMITTER_EMAIL=ann@example.com
export GIT_AUTHOR_DATE='1750000000 +0000' GIT_COMMITTER_DATE='1750000000 +0000'
cd "$work/home"
mkdir prod
cat > prod/kustomization.yaml <<'EOF'
namespace: shop
resources: [namespace.yaml, web.yaml]
configMapGenerator:
- name: web-settings
  literals: [mode=calm]
secretGenerator:
- name: web-login
  literals: [password=correct-horse]
generatorOptions: {disableNameSuffixHash: true}
EOF
cat > prod/namespace.yaml <<'EOF'
apiVersion: v1
kind: Namespace
metadata: {name: shop}
EOF
cat > prod/web.yaml <<'EOF'
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations: {reloader.stakater.com/auto: "true"}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: web
        image: docker.io/local/demo-app:1
        imagePullPolicy: IfNotPresent
        args: [serve]
        env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: web-login, key: password}}}]
        readinessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 1}
EOF
git init --quiet --initial-branch=main && git add . && git commit --quiet --message 'the shop'

# play: runs the lines of standard input, and prints those with a `$ ` with what they print.
play() {
  local line
  while IFS= read -r line; do
    if [ "${line#\$ }" != "$line" ]; then
      printf '%s\n' "$line"
      # Exit code 1 says that there are differences.
      bash -c "${line#\$ }" </dev/null 2>&1 || [ $? -eq 1 ] || { echo "failed: $line" >&2; tail -n 20 "$work/session" >&2; exit 1; }
      echo
    elif [ -n "$line" ]; then
      bash -c "$line" </dev/null >&2
    fi
  done
}
play > "$work/session" <<'SESSION'
$ kubectl gitops diff prod --inventory-namespace default
$ kubectl gitops apply prod --inventory-namespace default --wait
$ kubectl gitops apply prod --inventory-namespace default
$ sed -i s/correct-horse/battery-staple/ prod/kustomization.yaml
$ kubectl gitops diff prod --against main
$ kubectl gitops apply prod --inventory-namespace default --plan-out plan.json
$ kubectl gitops apply prod --inventory-namespace default --plan plan.json --wait
kubectl --namespace shop patch configmap web-settings --type=merge --field-manager=kubectl-edit --patch '{"data":{"mode":"wild"}}'
$ kubectl gitops status prod --drift
$ kubectl gitops diff prod --inventory-namespace default
$ kubectl gitops delete prod --wait
SESSION
# Ann's home is wherever this ran.
sed -i "s#$work/home#/home/ann#g" "$work/session"
# The last empty line goes.
sed -i '$ { /^$/ d }' "$work/session"
if grep -v '^\$ sed' "$work/session" | grep -qE 'correct-horse|battery-staple'; then
  echo "a value of a Secret is in the session" >&2
  exit 1
fi
awk -v session="$work/session" '
  /^<!-- session: begin/ {
    print; print "```console"
    while ((getline line < session) > 0) print line
    print "```"; inside = 1
  }
  /^<!-- session: end/ { inside = 0 }
  !inside' "$root/README.md" > "$work/README.md"
cp "$work/README.md" "$root/README.md"
echo "the session stands in README.md"
