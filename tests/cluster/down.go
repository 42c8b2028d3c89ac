package main

// From a cluster in any state to nothing.

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const endDeadline = 30 * time.Second

func down(opts options) error {
	addSystemPath()
	names := []string{opts.name}
	if opts.all {
		entries, err := os.ReadDir(clustersDir(opts.cache))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		names = nil
		for _, entry := range entries {
			if entry.IsDir() {
				names = append(names, entry.Name())
			}
		}
	}
	var failures []error
	for _, name := range names {
		if err := downOne(opts.cache, name); err != nil {
			failures = append(failures, fmt.Errorf("ending %s: %w", name, err))
		}
	}
	// The folder of clusters itself goes when it is empty.
	_ = os.Remove(clustersDir(opts.cache))
	return errors.Join(failures...)
}

func downOne(cache, name string) error {
	unlock, err := lock(clustersDir(cache), name)
	if err != nil {
		return err
	}
	defer unlock()
	return remove(clusterDir(cache, name))
}

// remove ends the cluster in dir and removes its files.
func remove(dir string) error {
	if _, err := os.Lstat(dir); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err := stop(dir); err != nil {
		return err
	}
	return os.RemoveAll(dir)
}

// stop ends every process of the cluster and what the kernel holds for it; its
// files stay.
func stop(dir string) error {
	// Without a readable record the first process is found by its program.
	var first record
	if err := readJSON(filepath.Join(dir, fileRecord), &first); err != nil {
		first = record{}
	}
	if first.running() {
		// No need to ask nicely: nothing of a throwaway cluster is kept.
		if err := syscall.Kill(first.PID, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	deadline := time.Now().Add(endDeadline)
	for first.running() || len(processesOf(dir)) > 0 {
		for _, pid := range processesOf(dir) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("processes %v do not end", append(processesOf(dir), first.PID))
		}
		time.Sleep(pollEvery / 5)
	}
	return errors.Join(unlinkNode(first.Link), removeGroup(groupOf(dir)))
}

// processesOf finds the cluster's processes without a record of them, in case
// that is lost or a part outlived its supervisor: the supervisor's program is
// the cluster's own copy; a part works in the cluster's folder and runs one of
// the cached programs.
func processesOf(dir string) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var found []int
	tools := filepath.Join(filepath.Dir(filepath.Dir(dir)), "cluster-tools") + "/"
	for _, entry := range entries {
		var pid int
		if _, err := fmt.Sscanf(entry.Name(), "%d", &pid); err != nil {
			continue
		}
		program, err := os.Readlink(filepath.Join("/proc", entry.Name(), "exe"))
		if err != nil {
			continue
		}
		folder, err := os.Readlink(filepath.Join("/proc", entry.Name(), "cwd"))
		part := err == nil && folder == dir && strings.HasPrefix(program, tools)
		if part || program == filepath.Join(dir, fileSupervisor) {
			found = append(found, pid)
		}
	}
	return found
}
