package main

// The control group all pods of a cluster live below, under cgroup v1 (one
// tree per controller) and v2 (one tree).

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const cgroupRoot = "/sys/fs/cgroup"

// A kubelet wants every controller of these that the kernel has, and cannot do
// without those marked.
var controllersWanted = []struct {
	name      string
	essential bool
}{{"cpu", true}, {"cpuset", true}, {"memory", true}, {"pids", true}, {"hugetlb", false}, {"io", false}}

func cgroupUnified() bool {
	_, err := os.Stat(filepath.Join(cgroupRoot, "cgroup.controllers"))
	return err == nil
}

// cgroupTrees are the roots a group has to exist below.
func cgroupTrees() ([]string, error) {
	if cgroupUnified() {
		return []string{cgroupRoot}, nil
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	var trees []string
	for line := range strings.Lines(string(mounts)) {
		fields := strings.Fields(line)
		// Beside v1 there may be a v2 tree without controllers ("hybrid"),
		// where runc makes groups as well.
		known := len(fields) > 2 && (fields[2] == "cgroup" || fields[2] == "cgroup2")
		if known && strings.HasPrefix(fields[1], cgroupRoot+"/") {
			trees = append(trees, fields[1])
		}
	}
	if len(trees) == 0 {
		return nil, errors.New("no control groups are mounted below " + cgroupRoot)
	}
	return trees, nil
}

// makeGroup makes the group with every controller a kubelet needs.
func makeGroup(name string) error {
	trees, err := cgroupTrees()
	if err != nil {
		return err
	}
	for _, tree := range trees {
		group := filepath.Join(tree, name)
		if cgroupUnified() {
			if err := delegate(tree); err != nil {
				return err
			}
		}
		if err := os.Mkdir(group, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := inheritCpuset(tree, group); err != nil {
			return err
		}
	}
	return nil
}

// delegate gives the children of a v2 tree the controllers a kubelet wants.
// What is already given is left alone: that is so wherever systemd runs.
func delegate(tree string) error {
	offered, err := os.ReadFile(filepath.Join(tree, "cgroup.controllers"))
	if err != nil {
		return err
	}
	file := filepath.Join(tree, "cgroup.subtree_control")
	given, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for _, wanted := range controllersWanted {
		if !containsWord(string(offered), wanted.name) {
			if wanted.essential {
				return fmt.Errorf("%s offers no controller %q", tree, wanted.name)
			}
			continue
		}
		if containsWord(string(given), wanted.name) {
			continue
		}
		if err := os.WriteFile(file, []byte("+"+wanted.name), 0); err != nil {
			return err
		}
	}
	return nil
}

func containsWord(text, word string) bool {
	return slices.Contains(strings.Fields(text), word)
}

// inheritCpuset fills what v1 leaves empty in a new cpuset: no process can
// enter one without processors and memory.
func inheritCpuset(parent, group string) error {
	for _, name := range []string{"cpuset.cpus", "cpuset.mems"} {
		own, err := os.ReadFile(filepath.Join(group, name))
		if errors.Is(err, fs.ErrNotExist) || cgroupUnified() {
			return nil
		}
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(own)) > 0 {
			continue
		}
		inherited, err := os.ReadFile(filepath.Join(parent, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(group, name), inherited, 0); err != nil {
			return err
		}
	}
	return nil
}

// removeGroup removes the group everywhere. Its processes are dead by now, but
// the kernel may need a moment to forget them.
func removeGroup(name string) error {
	trees, err := cgroupTrees()
	if err != nil {
		// No control groups, so none of ours.
		return nil
	}
	deadline := time.Now().Add(10 * time.Second)
	for _, tree := range trees {
		for {
			err := removeTree(filepath.Join(tree, name))
			if err == nil {
				break
			}
			if time.Now().After(deadline) {
				return err
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	return nil
}

// removeTree removes the folders of a group, deepest first; its files are the
// kernel's and go with them.
func removeTree(group string) error {
	var dirs []string
	err := filepath.WalkDir(group, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			dirs = append(dirs, path)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	// Walking names a folder before what it holds.
	for _, dir := range slices.Backward(dirs) {
		if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
