package main

// The parts of a real node, and their configuration. They run in namespaces of
// their own (see isolate.go), so paths and ports below /run and on loopback
// are the same in every cluster.

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

const (
	containerdSocket = "/run/containerd/containerd.sock"
	pluginConfigDir  = "cni"
)

func (s *spec) containerd() program {
	return program{
		name: "containerd",
		file: filepath.Join(s.Tools.Containerd, "containerd"),
		args: []string{"--config", s.path("containerd.toml")},
		// containerd looks for its shim on the PATH.
		environment: []string{"PATH=" + s.Tools.Containerd + ":" + os.Getenv("PATH")},
	}
}

func (s *spec) kubelet() program {
	return s.controlPlane("kubelet",
		"--config="+s.path("kubelet.yaml"), "--kubeconfig="+s.path(fileKubeconfig),
		// A name that is an address needs no DNS: `kubectl logs` works.
		"--hostname-override="+s.Addresses.NodeAddress, "--node-ip="+s.Addresses.NodeAddress,
		"--root-dir="+dirKubelet, "--cert-dir="+s.path("kubelet-certs"))
}

func (s *spec) proxy() program {
	return s.controlPlane("kube-proxy",
		"--kubeconfig="+s.path(fileKubeconfig), "--hostname-override="+s.Addresses.NodeAddress,
		"--proxy-mode=nftables", "--cluster-cidr="+s.Addresses.PodRange,
		// These settings belong to the whole machine, not to this network.
		"--conntrack-max-per-core=0", "--conntrack-tcp-timeout-established=0", "--conntrack-tcp-timeout-close-wait=0",
		"--healthz-bind-address=127.0.0.1:10256", "--metrics-bind-address=127.0.0.1:10249")
}

func (s *spec) writeNodeFiles() error {
	for name, text := range map[string]string{
		"containerd.toml":                     s.containerdConfig(),
		"kubelet.yaml":                        s.kubeletConfig(),
		pluginConfigDir + "/10-pods.conflist": s.podNetwork(),
		// Pods have no DNS: an empty list makes look-ups fail at once.
		"resolv.conf": "",
	} {
		file := s.path(name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// podNetwork gives each pod a link of its own to the node. All traffic passes
// the node's routing, so service addresses work between pods without the
// bridge-netfilter module that a shared bridge would need.
func (s *spec) podNetwork() string {
	return fmt.Sprintf(`{"cniVersion": "1.0.0", "name": "pods", "plugins": [{
  "type": "ptp", "ipMasq": false,
  "ipam": {"type": "host-local", "dataDir": "/run/cni-addresses",
    "ranges": [[{"subnet": %q}]], "routes": [{"dst": "0.0.0.0/0"}]}
}]}
`, s.Addresses.PodRange)
}

func (s *spec) containerdConfig() string {
	return fmt.Sprintf(`version = 3
root = %q
state = "/run/containerd"
disabled_plugins = ["io.containerd.internal.v1.tracing", "io.containerd.nri.v1.nri"]
[grpc]
  address = %q
[plugins."io.containerd.cri.v1.images"]
  snapshotter = %q
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = %q
[plugins."io.containerd.cri.v1.runtime"]
  # A confined machine refuses scores below the current one.
  restrict_oom_score_adj = true
  # A loaded profile would stay in the host's kernel.
  disable_apparmor = true
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = [%q]
    conf_dir = %q
  [plugins."io.containerd.cri.v1.runtime".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
`, dirContainerd, containerdSocket, s.snapshotter(), imagePause, pluginDir(), s.path(pluginConfigDir))
}

// snapshotter is overlayfs unless the cluster's folder lies on a file system
// that cannot carry one, as inside another container.
func (s *spec) snapshotter() string {
	const magicOverlay = 0x794c7630
	var state syscall.Statfs_t
	if err := syscall.Statfs(s.Dir, &state); err == nil && state.Type == magicOverlay {
		return "native"
	}
	return "overlayfs"
}

func (s *spec) kubeletConfig() string {
	return fmt.Sprintf(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
containerRuntimeEndpoint: unix://%s
failCgroupV1: false
cgroupDriver: cgroupfs
cgroupRoot: /%s
enforceNodeAllocatable: []
failSwapOn: false
maxPods: 500
resolvConf: %s
# Nobody but this node's own API server reaches the kubelet.
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
# The images came from an archive and cannot be had again: never remove one,
# and evict nobody because the machine's disk is rather full.
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
evictionHard: {memory.available: 50Mi, nodefs.available: "1%%", imagefs.available: "1%%"}
# Half of the defaults: tests wait for what a kubelet notices.
syncFrequency: 10s
nodeStatusReportFrequency: 1m
serializeImagePulls: false
registerWithTaints: []
`, containerdSocket, s.group(), s.path("resolv.conf"))
}

// loadImages loads the images that every node has from the start.
func (s *spec) loadImages() error {
	return loadArchive(s.Tools.Containerd, containerdSocket, s.Tools.Images)
}
