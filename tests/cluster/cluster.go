package main

// What a cluster is: the spec it was started from, its folder, and the record
// by which a later command finds its first process again.

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

const (
	nodeAuto = "auto"
	nodeReal = "real"
	nodeKwok = "kwok"
	nodeNone = "none"

	datastoreKine = "kine"
	datastoreEtcd = "etcd"
)

// Files of a cluster's folder that other programs may rely on.
const (
	fileKubeconfig        = "kubeconfig"
	fileKubeconfigLimited = "kubeconfig-limited"
	fileNodeMode          = "node-mode"
	fileAuditLog          = "audit.log"
)

// Files of a cluster's folder that are ours alone.
const (
	fileSpec       = "spec.json"
	fileRecord     = "record.json"
	fileParts      = "parts.json"
	fileSupervisor = "supervisor"
)

var validName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,29}$`)

// spec is everything the parts are started from. It is written once, before
// the first part starts, and never changes.
type spec struct {
	Name, Dir, Cache string
	Node, Datastore  string
	Audit            bool
	Tools            toolPaths
	Addresses        addresses
	AdminToken       string
	LimitedToken     string
}

func (s *spec) path(name string) string { return filepath.Join(s.Dir, name) }

func (s *spec) log(part string) string { return filepath.Join(s.Dir, "log", part+".log") }

// group is the name of the cluster's control group: the folder makes it
// unique, as two checkouts may both have a cluster "test".
func (s *spec) group() string { return groupOf(s.Dir) }

func groupOf(dir string) string {
	return fmt.Sprintf("gitops-test-%x", sha256.Sum256([]byte(dir)))[:len("gitops-test-")+8]
}

// record names the cluster's first process. The start time tells it from a
// later process with the same number, the boot from one before a restart.
type record struct {
	PID       int
	StartTime string
	Boot      string
	Link      string // the host's end of the link to the node, if it has one
}

func clustersDir(cache string) string { return filepath.Join(cache, "clusters") }

func clusterDir(cache, name string) string { return filepath.Join(clustersDir(cache), name) }

func repositoryRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "tests", "cluster", "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("not inside the repository: run make, or give --cache=DIR and a working folder inside it")
		}
		dir = filepath.Dir(dir)
	}
}

func newRecord(pid int, link string) (record, error) {
	start, _, err := processIdentity(pid)
	if err != nil {
		return record{}, err
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return record{PID: pid, StartTime: start, Boot: strings.TrimSpace(string(boot)), Link: link}, err
}

// running says whether the recorded process still exists and still does
// something: a zombie whose parent never asks for it counts as gone.
func (r record) running() bool {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil || r.PID <= 0 || strings.TrimSpace(string(boot)) != r.Boot {
		return false
	}
	start, state, err := processIdentity(r.PID)
	return err == nil && start == r.StartTime && state != "Z" && state != "X"
}

// processIdentity reads a process's start time and state.
func processIdentity(pid int) (start, state string, err error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", "", err
	}
	// The name in brackets may itself hold blanks and brackets.
	_, rest, found := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')'):]), " ")
	fields := strings.Fields(rest)
	if !found || len(fields) < 20 {
		return "", "", fmt.Errorf("process %d: unexpected stat", pid)
	}
	return fields[19], fields[0], nil
}

// part is one process of a cluster as its supervisor sees it. The number is
// the one inside the cluster's own process namespace.
type part struct {
	Name string
	PID  int
	Exit string // empty while it runs
}

func readJSON(file string, into any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// writeJSON replaces the file at once, so that a reader never sees half of it.
func writeJSON(file string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	fresh := file + ".new"
	if err := os.WriteFile(fresh, text, 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, file)
}

// lock holds name against other processes until the returned function is
// called, which also removes the lock's file.
func lock(dir, name string) (func(), error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "."+name+".lock")
	for {
		handle, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o644)
		if err != nil {
			return nil, err
		}
		if err := syscall.Flock(int(handle.Fd()), syscall.LOCK_EX); err != nil {
			return nil, err
		}
		held, err := handle.Stat()
		if err != nil {
			return nil, err
		}
		// While we waited, the last holder may have removed the file: a
		// lock on a file nobody else can find protects nothing.
		if current, err := os.Stat(file); err == nil && os.SameFile(held, current) {
			return func() { _ = os.Remove(file); _ = handle.Close() }, nil
		}
		_ = handle.Close()
	}
}
