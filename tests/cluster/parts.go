package main

// The command line of every part that runs with any kind of node.

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// program is one process to start.
type program struct {
	name        string
	file        string
	args        []string
	environment []string
}

func (s *spec) controlPlane(name string, args ...string) program {
	return program{name: name, file: s.Tools.ControlPlane, args: append([]string{name}, args...)}
}

// kineSocket is relative to the cluster's folder, in which all parts start: a
// socket's path may have 108 bytes, a checkout's has any number.
const kineSocket = "kine.sock"

// datastore keeps the API server's objects. kine listens on a socket in the
// cluster's own folder: on a port, a kine left by an earlier run would hand
// its old state to the new cluster without a word.
func (s *spec) datastore() program {
	if s.Datastore == datastoreEtcd {
		client := "http://127.0.0.1:" + strconv.Itoa(s.Addresses.EtcdPort)
		peer := "http://127.0.0.1:" + strconv.Itoa(s.Addresses.EtcdPeerPort)
		return s.controlPlane("etcd", "--name=test", "--data-dir="+s.path("etcd"),
			"--listen-client-urls="+client, "--advertise-client-urls="+client,
			"--listen-peer-urls="+peer, "--initial-advertise-peer-urls="+peer, "--initial-cluster=test="+peer,
			"--initial-cluster-token="+s.group(),
			// What a throwaway cluster stores need not survive the machine.
			"--unsafe-no-fsync")
	}
	return program{name: "kine", file: s.Tools.Kine, args: []string{
		"--endpoint", "sqlite://./state.db?_journal=WAL&cache=shared&_busy_timeout=30000&_txlock=immediate&_synchronous=OFF",
		"--listen-address", "unix://" + kineSocket,
		"--metrics-bind-address", "0",
	}}
}

func (s *spec) datastoreURL() string {
	if s.Datastore == datastoreEtcd {
		return "http://127.0.0.1:" + strconv.Itoa(s.Addresses.EtcdPort)
	}
	return "unix://" + kineSocket
}

func (s *spec) apiServer() program {
	args := []string{
		"--etcd-servers=" + s.datastoreURL(),
		"--secure-port=" + strconv.Itoa(s.Addresses.APIPort),
		"--tls-cert-file=" + s.path(fileServingCert),
		"--tls-private-key-file=" + s.path(fileServingKey),
		"--cert-dir=" + s.path("certs"),
		"--service-account-key-file=" + s.path(fileServiceAccount),
		"--service-account-signing-key-file=" + s.path(fileServiceAccount),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-cluster-ip-range=" + s.Addresses.ServiceRange,
		"--authorization-mode=RBAC",
		"--token-auth-file=" + s.path(fileTokens),
		"--allow-privileged=true",
		"--profiling=false",
	}
	if s.Node == nodeReal {
		args = append(args, "--bind-address=0.0.0.0", "--advertise-address="+s.Addresses.NodeAddress)
	} else {
		// Nothing behind the service's address, as no pod can use it.
		args = append(args, "--bind-address=127.0.0.1", "--endpoint-reconciler-type=none")
	}
	if s.Audit {
		args = append(args, "--audit-policy-file="+s.path("audit-policy.yaml"),
			"--audit-log-path="+s.path(fileAuditLog))
	}
	return s.controlPlane("kube-apiserver", args...)
}

// auditPolicy logs one line per request, when it is answered.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
`

func (s *spec) controllers() program {
	return s.controlPlane("kube-controller-manager", append(s.clientFlags(),
		"--service-account-private-key-file="+s.path(fileServiceAccount),
		"--root-ca-file="+s.path(fileCA))...)
}

func (s *spec) scheduler() program {
	return s.controlPlane("kube-scheduler", s.clientFlags()...)
}

// clientFlags are common to the parts that only talk to the API server. They
// serve nothing themselves: no port, no collision.
func (s *spec) clientFlags() []string {
	kubeconfig := s.path(fileKubeconfig)
	return []string{"--kubeconfig=" + kubeconfig, "--authentication-kubeconfig=" + kubeconfig,
		"--authorization-kubeconfig=" + kubeconfig, "--leader-elect=false", "--secure-port=0", "--profiling=false"}
}

func (s *spec) kwok() program {
	return program{name: "kwok", file: filepath.Join(s.Tools.Kwok, "kwok"), args: []string{
		"--kubeconfig=" + s.path(fileKubeconfig), "--config=" + filepath.Join(s.Tools.Kwok, "stages.yaml"),
		"--manage-all-nodes=true", "--node-ip=127.0.0.1", "--cidr=" + sliceOf(0).PodRange,
		// It would serve logs and the like, on a port of all addresses.
		"--server-address=", "--node-port=0",
	}}
}

// writeFiles writes what every kind of cluster reads.
func (s *spec) writeFiles() error {
	if err := s.writeKubeconfigs(); err != nil {
		return err
	}
	if s.Audit {
		if err := os.WriteFile(s.path("audit-policy.yaml"), []byte(auditPolicy), 0o644); err != nil {
			return err
		}
	}
	if s.Node == nodeReal {
		if err := s.writeNodeFiles(); err != nil {
			return fmt.Errorf("writing the node's configuration: %w", err)
		}
	}
	return os.WriteFile(s.path(fileNodeMode), []byte(s.Node+"\n"), 0o644)
}
