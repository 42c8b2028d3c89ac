package main

// The namespaces of a cluster with a real node: its first process builds a
// root folder of its own, then starts the supervisor in it. The host's files
// are visible where the node needs them and nowhere else, so that nothing a
// node writes can stay behind.

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

const commandInit = "init"

// isolation are the namespaces a node gets.
const isolation = syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET |
	syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS

// hostDirs are the host's folders a node reads its programs from.
var hostDirs = []string{"bin", "sbin", "lib", "lib32", "lib64", "libx32", "usr", "etc", "opt"}

// tunables are what a kubelet writes into the kernel for the whole machine.
// Showing it files that already have these values keeps the machine as it is.
var tunables = []struct{ file, value string }{
	{"vm/overcommit_memory", "1"},
	{"vm/panic_on_oom", "0"},
	{"kernel/panic", "10"},
	{"kernel/panic_on_oops", "1"},
	{"kernel/keys/root_maxkeys", "1000000"},
	{"kernel/keys/root_maxbytes", "25000000"},
}

// Open files handed to the first process: one tells it to begin (its link has
// been made), over the other the supervisor tells `up` how far it is.
const (
	fdBegin  = 3
	fdEvents = 4
)

// runInit is the first process of a cluster's namespaces. It ends when the
// supervisor does, and the kernel then ends everything else.
func runInit(dir string) error {
	begin := os.NewFile(fdBegin, "begin")
	if n, _ := begin.Read(make([]byte, 1)); n != 1 {
		return errors.New("whoever started this cluster ended before it was set up")
	}
	var own spec
	if err := readJSON(filepath.Join(dir, fileSpec), &own); err != nil {
		return err
	}
	if err := enterRoot(filepath.Join(dir, "root"), own.Cache); err != nil {
		return fmt.Errorf("making the node's root folder: %w", err)
	}
	if err := placeDirs(dir); err != nil {
		return fmt.Errorf("placing the node's folders: %w", err)
	}
	if err := hideTunables(); err != nil {
		return fmt.Errorf("hiding the machine's settings: %w", err)
	}
	if err := configureNode(own.Addresses); err != nil {
		return fmt.Errorf("setting up the node's network: %w", err)
	}
	supervisor := exec.Command(filepath.Join(dir, fileSupervisor), commandSupervise, dir)
	supervisor.Stdout, supervisor.Stderr = os.Stdout, os.Stderr
	supervisor.ExtraFiles = []*os.File{os.NewFile(fdEvents, "events")}
	if err := supervisor.Start(); err != nil {
		return err
	}
	_ = os.NewFile(fdEvents, "events").Close()
	return reap(supervisor.Process.Pid)
}

// reap collects every process that ends without a parent of its own, as the
// first process must, until the supervisor is among them.
func reap(supervisor int) error {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("waiting for processes: %w", err)
		}
		if pid == supervisor {
			return fmt.Errorf("the supervisor ended (status %#x)", uint32(status))
		}
	}
}

// enterRoot makes root the root folder of this process and of all it starts.
func enterRoot(root, cache string) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keeping mounts from the host: %w", err)
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	if err := syscall.Mount("tmpfs", root, "tmpfs", 0, "mode=755"); err != nil {
		return err
	}
	for _, dir := range []string{"proc", "sys", "dev", "run", "tmp", "root", "var/log", "var/tmp", ".old"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return err
		}
	}
	if err := os.Symlink("../run", filepath.Join(root, "var/run")); err != nil {
		return err
	}
	for _, dir := range hostDirs {
		if err := showHostDir(root, dir); err != nil {
			return err
		}
	}
	if err := showKernel(root); err != nil {
		return err
	}
	if err := os.MkdirAll(root+cache, 0o755); err != nil {
		return err
	}
	if err := syscall.Mount(cache, root+cache, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
		return err
	}
	if err := syscall.PivotRoot(root, filepath.Join(root, ".old")); err != nil {
		return fmt.Errorf("pivot_root: %w", err)
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	if err := syscall.Unmount("/.old", syscall.MNT_DETACH); err != nil {
		return err
	}
	return os.Remove("/.old")
}

// showHostDir shows one of the host's folders, read-only.
func showHostDir(root, dir string) error {
	from, to := "/"+dir, filepath.Join(root, dir)
	state, err := os.Lstat(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if state.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	}
	if err := os.Mkdir(to, 0o755); err != nil {
		return err
	}
	if err := syscall.Mount(from, to, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
		return fmt.Errorf("showing %s: %w", from, err)
	}
	if err := syscall.Mount("", to, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		return fmt.Errorf("showing %s read-only: %w", from, err)
	}
	return nil
}

// showKernel mounts the kernel's own file systems: /proc and /sys as the
// node's namespaces see them, devices and control groups as the host does.
func showKernel(root string) error {
	for _, mount := range []struct {
		from, to, kind string
		flags          uintptr
	}{
		{"proc", "proc", "proc", 0},
		{"sysfs", "sys", "sysfs", 0},
		{cgroupRoot, "sys/fs/cgroup", "", syscall.MS_BIND | syscall.MS_REC},
		{"/dev", "dev", "", syscall.MS_BIND | syscall.MS_REC},
	} {
		err := syscall.Mount(mount.from, filepath.Join(root, mount.to), mount.kind, mount.flags, "")
		if err != nil {
			return fmt.Errorf("mounting %s: %w", mount.to, err)
		}
	}
	return nil
}

// nodeDirs are folders of the cluster, on disk, and where the node has them:
// the usual places, and short enough for the sockets a kubelet makes there,
// however deep the checkout lies.
var nodeDirs = []struct{ own, usual string }{
	{"kubelet", dirKubelet},
	{"containerd", dirContainerd},
	{"log/pods", "/var/log/pods"},
}

const (
	dirKubelet    = "/var/lib/kubelet"
	dirContainerd = "/var/lib/containerd"
)

func placeDirs(dir string) error {
	for _, place := range nodeDirs {
		own := filepath.Join(dir, place.own)
		if err := errors.Join(os.MkdirAll(own, 0o755), os.MkdirAll(place.usual, 0o755)); err != nil {
			return err
		}
		if err := syscall.Mount(own, place.usual, "", syscall.MS_BIND, ""); err != nil {
			return err
		}
	}
	// Containers may ask for mounts to be passed on, within the node.
	return syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_SHARED, "")
}

func hideTunables() error {
	for _, tunable := range tunables {
		real := filepath.Join("/proc/sys", tunable.file)
		if _, err := os.Stat(real); err != nil {
			continue
		}
		mask := filepath.Join("/run", strings.ReplaceAll(tunable.file, "/", "."))
		if err := os.WriteFile(mask, []byte(tunable.value+"\n"), 0o644); err != nil {
			return err
		}
		if err := syscall.Mount(mask, real, "", syscall.MS_BIND, ""); err != nil {
			return err
		}
	}
	return nil
}

// probeIsolation tries everything a node needs of the kernel, in namespaces
// that end with the try.
func probeIsolation(cache string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(cache, "probe-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	group := groupOf(dir)
	if err := errors.Join(makeGroup(group), removeGroup(group)); err != nil {
		return fmt.Errorf("control groups cannot be made: %w", err)
	}
	probe := exec.Command(self, commandProbe, dir)
	probe.SysProcAttr = &syscall.SysProcAttr{Cloneflags: isolation}
	if _, err := execute(probe); err != nil {
		return fmt.Errorf("namespaces for a node cannot be set up: %w", err)
	}
	return nil
}

func runProbe(dir string) error {
	if err := enterRoot(filepath.Join(dir, "root"), dir); err != nil {
		return err
	}
	if err := ip("link set lo up", "link add probe0 type veth peer name probe1"); err != nil {
		return err
	}
	rules := exec.Command("nft", "-f", "-")
	rules.Stdin = strings.NewReader("table ip probe { chain nat { type nat hook postrouting priority 100; }; }\n")
	_, err := execute(rules)
	return err
}
