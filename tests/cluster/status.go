package main

// What runs, where its files are, and how an image gets into it.

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// report is what `status` tells, in its order.
type report struct {
	Name              string         `json:"name"`
	State             string         `json:"state"` // running, unhealthy or stopped
	Reason            string         `json:"reason,omitempty"`
	NodeMode          string         `json:"nodeMode,omitempty"`
	Datastore         string         `json:"datastore,omitempty"`
	Server            string         `json:"server,omitempty"`
	Kubeconfig        string         `json:"kubeconfig,omitempty"`
	KubeconfigLimited string         `json:"kubeconfigLimited,omitempty"`
	AuditLog          string         `json:"auditLog,omitempty"`
	HostAddress       string         `json:"hostAddress,omitempty"`
	Logs              string         `json:"logs,omitempty"`
	Processes         map[string]int `json:"processes,omitempty"`
	order             []string
}

// status prints the report; a cluster that is not running is an error, so that
// scripts need not read it.
func status(opts options) error {
	told := describe(clusterDir(opts.cache, opts.name), opts.name)
	if opts.json {
		text, err := json.MarshalIndent(told, "", "  ")
		if err != nil {
			return err
		}
		fmt.Println(string(text))
	} else {
		told.print()
	}
	if told.State != "running" {
		return fmt.Errorf("%s is %s", opts.name, told.State)
	}
	return nil
}

func describe(dir, name string) report {
	told := report{Name: name, State: "stopped"}
	var first record
	if err := readJSON(filepath.Join(dir, fileRecord), &first); err != nil || !first.running() {
		return told
	}
	own := new(spec)
	if err := readJSON(filepath.Join(dir, fileSpec), own); err != nil {
		told.State, told.Reason = "unhealthy", err.Error()
		return told
	}
	told.State = "running"
	if err := own.healthy(); err != nil {
		told.State, told.Reason = "unhealthy", err.Error()
	}
	told.NodeMode, told.Datastore, told.Server = own.Node, own.Datastore, own.server()
	told.Kubeconfig, told.KubeconfigLimited = own.path(fileKubeconfig), own.path(fileKubeconfigLimited)
	told.HostAddress, told.Logs = own.Addresses.HostAddress, own.path("log")
	if own.Audit {
		told.AuditLog = own.path(fileAuditLog)
	}
	told.addProcesses(own, first.PID)
	return told
}

// addProcesses finds the parts' numbers as this machine sees them.
func (r *report) addProcesses(own *spec, first int) {
	var parts []part
	if readJSON(own.path(fileParts), &parts) != nil {
		return
	}
	r.Processes = map[string]int{}
	outside := outsideNumbers(first)
	for _, part := range parts {
		if part.Exit != "" {
			continue
		}
		pid := part.PID
		if own.Node == nodeReal {
			pid = outside[part.PID]
		}
		r.Processes[part.Name] = pid
		r.order = append(r.order, part.Name)
	}
}

// outsideNumbers maps process numbers inside the first process's namespace to
// those outside.
func outsideNumbers(first int) map[int]int {
	numbers := map[int]int{}
	namespace, err := os.Readlink("/proc/" + strconv.Itoa(first) + "/ns/pid")
	if err != nil {
		return numbers
	}
	files, err := filepath.Glob("/proc/[0-9]*/ns/pid")
	if err != nil {
		return numbers
	}
	for _, file := range files {
		if own, err := os.Readlink(file); err != nil || own != namespace {
			continue
		}
		status, err := os.ReadFile(filepath.Join(filepath.Dir(filepath.Dir(file)), "status"))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(status)) {
			if numbersOf, is := strings.CutPrefix(line, "NSpid:"); is {
				fields := strings.Fields(numbersOf)
				outer, _ := strconv.Atoi(fields[0])
				inner, _ := strconv.Atoi(fields[len(fields)-1])
				numbers[inner] = outer
			}
		}
	}
	return numbers
}

func (r *report) print() {
	for _, line := range []struct{ name, value string }{
		{"name", r.Name}, {"state", r.State}, {"reason", r.Reason}, {"node-mode", r.NodeMode},
		{"datastore", r.Datastore}, {"server", r.Server}, {"kubeconfig", r.Kubeconfig},
		{"kubeconfig-limited", r.KubeconfigLimited}, {"audit-log", r.AuditLog},
		{"host-address", r.HostAddress}, {"logs", r.Logs},
	} {
		if line.value != "" {
			fmt.Printf("%-20s %s\n", line.name+":", line.value)
		}
	}
	for _, name := range r.order {
		fmt.Printf("%-20s %s %d\n", "process:", name, r.Processes[name])
	}
}

// importArchive loads images into the node of a running cluster.
func importArchive(opts options) error {
	if len(opts.arguments) != 1 {
		return errors.New("import takes one image archive")
	}
	dir := clusterDir(opts.cache, opts.name)
	var first record
	var own spec
	if err := readJSON(filepath.Join(dir, fileRecord), &first); err != nil || !first.running() {
		return fmt.Errorf("%s is not running: start it with up", opts.name)
	}
	if err := readJSON(filepath.Join(dir, fileSpec), &own); err != nil {
		return err
	}
	if own.Node != nodeReal {
		return fmt.Errorf("the node of %s is %q: it runs no containers, so it takes no images", opts.name, own.Node)
	}
	// The socket lies in the node's own root folder.
	socket := filepath.Join("/proc", strconv.Itoa(first.PID), "root", containerdSocket)
	return loadArchive(own.Tools.Containerd, socket, opts.arguments[0])
}

// loadArchive puts the images of an archive where the kubelet looks for them.
func loadArchive(containerd, socket, archive string) error {
	command := exec.Command(filepath.Join(containerd, "ctr"), "--address", socket, "--connect-timeout", "60s",
		"--namespace", "k8s.io", "images", "import", archive)
	_, err := execute(command)
	return err
}
