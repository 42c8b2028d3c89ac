#!/usr/bin/env bash
# Self test of the throwaway cluster: two clusters side by side, pods that really run, and nothing left afterwards,
# also when parts were killed. Run by `make cluster-selftest`, from the repository's root.
set -euo pipefail

cluster=.cache/bin/gitops-cluster
kubectl=$PWD/.cache/bin/kubectl
names=(selftest-a selftest-b selftest-c)

fail() { echo "FAIL: $*" >&2; exit 1; }
ok() { echo "ok   $1 (${SECONDS} s)"; }

end_all() { for name in "${names[@]}"; do "$cluster" down --name "$name" || true; done; }
trap end_all EXIT

# What this machine holds that a cluster could have left. Compared before and after, so other clusters do not disturb.
traces() {
    ls -d .cache/clusters/selftest-* .cache/clusters/.selftest-* .cache/probe-* 2>/dev/null || true
    find /sys/fs/cgroup -type d -name 'gitops-test-*' 2>/dev/null | sort
    ls /sys/class/net
    ip route
    command -v nft >/dev/null && nft list tables
    grep -c . /proc/mounts
    ls -d /var/lib/cni /var/lib/kubelet /var/log/pods /var/log/containers /run/containerd /run/netns 2>/dev/null || true
    for exe in /proc/[0-9]*/exe; do readlink "$exe" || true; done | grep -E "$PWD/.cache/(cluster-tools|clusters/selftest)" || true
    cat /proc/sys/vm/overcommit_memory /proc/sys/kernel/panic /proc/sys/net/ipv4/ip_forward
}

up() { # name flags... -> kubeconfig
    local path
    path=$("$cluster" up --name "$@" | tail -n 1)
    [ -s "$path" ] || fail "up $1 printed no kubeconfig: $path"
    echo "$path"
}

process() { "$cluster" status --name "$1" | awk -v part="$2" '$2 == part { print $3 }'; }

run_workloads() { # kubeconfig
    local k="$kubectl --kubeconfig=$1"
    $k apply -f - >/dev/null <<'Y'
apiVersion: v1
kind: Secret
metadata: {name: settings}
stringData: {password: not-for-logs}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: app
        image: docker.io/local/demo-app:1
        imagePullPolicy: IfNotPresent
        env: [{name: CONFIG_DIR, value: /config}]
        readinessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 1}
        volumeMounts: [{name: settings, mountPath: /config}]
      volumes: [{name: settings, secret: {secretName: settings}}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: ask-api}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{name: app, image: "docker.io/local/demo-app:2", args: [api, /version]}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: minutely}
spec:
  schedule: "* * * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: app, image: "docker.io/local/demo-app:1", args: [sleep, "0.1"]}]
Y
    $k rollout status deployment/web --timeout=60s >/dev/null
    $k wait --for=condition=complete job/ask-api --timeout=60s >/dev/null
    $k logs job/ask-api | grep -q '/version 200 OK' || fail "the pod did not reach the API by its service address"
    # sha256 of the secret, never the secret itself.
    $k logs deployment/web 2>/dev/null | grep -q "^$(printf not-for-logs | sha256sum | cut -d' ' -f1)  password$" ||
        fail "the application did not see its secret"
    curl -sS -m 10 "http://$($k get service web -o jsonpath='{.spec.clusterIP}')/healthz" | grep -q '^ok 1' ||
        fail "the service does not answer"
}

before=$(traces)
a=$(up selftest-a --node=auto)
mode=$(cat "$(dirname "$a")/node-mode")
ok "first cluster up, node: $mode"
b=$(up selftest-b --node=auto --datastore=etcd --audit)
c=$(up selftest-c --node=none)
ok "two more beside it"
[ "$(up selftest-a)" = "$a" ] || fail "up is not idempotent"
"$cluster" up --name selftest-a --datastore=etcd 2>/dev/null && fail "up handed out a cluster with another datastore"

for kubeconfig in "$a" "$b" "$c"; do
    "$kubectl" --kubeconfig="$kubeconfig" get --raw /readyz >/dev/null
    [ "$("$kubectl" --kubeconfig="$kubeconfig-limited" auth can-i list pods 2>/dev/null)" = no ] || fail "limited user has rights"
done
"$kubectl" --kubeconfig="$a" create configmap only-in-a >/dev/null
"$kubectl" --kubeconfig="$b" get configmap only-in-a 2>/dev/null && fail "two clusters share their state"
grep -q '"stage":"ResponseComplete"' "$(dirname "$b")/audit.log" || fail "no audit log"
ok "states are apart, the limited user has no rights, requests are logged"

if [ "$mode" = real ]; then
    run_workloads "$a"
    run_workloads "$b"
    ok "Deployments ready, pods reach the API and each other's services, in both"
    for _ in $(seq 80); do
        done_jobs=$("$kubectl" --kubeconfig="$a" get jobs -o jsonpath='{range .items[?(@.status.succeeded==1)]}{.metadata.name}{"\n"}{end}')
        grep -q '^minutely-' <<<"$done_jobs" && break
        sleep 1
    done
    grep -q '^minutely-' <<<"$done_jobs" || fail "no Job of the CronJob completed"
    ok "a CronJob's Job completed"
    kill -9 "$(process selftest-b kubelet)" "$(process selftest-b containerd)"
else
    echo "skip pods that really run: the node is $mode"
    kill -9 "$(process selftest-b kube-scheduler)"
fi
"$cluster" down --name selftest-b
kill -9 "$(process selftest-c kube-apiserver)"
for _ in $(seq 50); do "$cluster" status --name selftest-c >/dev/null 2>&1 || break; sleep 0.1; done
[ "$(up selftest-c --node=none)" = "$c" ] || fail "a broken cluster was not started anew"
"$kubectl" --kubeconfig="$c" get --raw /readyz >/dev/null || fail "the new cluster does not answer"
supervisor=$(sed -n 's/.*"PID": \([0-9]*\).*/\1/p' "$(dirname "$c")/record.json")
kill -9 "$supervisor"
ok "parts and a supervisor killed with -9"
end_all
trap - EXIT
for _ in $(seq 20); do
    after=$(traces)
    [ "$before" = "$after" ] && break
    sleep 0.2
done
diff <(echo "$before") <(echo "$after") || fail "something is left (see above)"
ok "nothing left"
