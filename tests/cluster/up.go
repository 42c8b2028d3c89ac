package main

// From nothing to a ready cluster.

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// portAttempts is how often a start is tried again when somebody else took a
// free port in the moment between choosing and using it.
const portAttempts = 3

// startDeadline is above the sum of the supervisor's own deadlines: it ends
// the wait for a first process that hangs before it can supervise.
const startDeadline = 15 * time.Minute

var errPortTaken = errors.New("a port was taken by another program")

func up(opts options) error {
	addSystemPath()
	unlock, err := lock(clustersDir(opts.cache), opts.name)
	if err != nil {
		return err
	}
	defer unlock()
	dir := clusterDir(opts.cache, opts.name)
	found, err := findRunning(dir)
	if err != nil {
		return err
	}
	if found != nil {
		if err := sameWishes(found, opts); err != nil {
			return err
		}
		say("%s is up already (node: %s)", opts.name, found.Node)
		fmt.Println(found.path(fileKubeconfig))
		return nil
	}
	node, err := chooseNode(opts.node, opts.cache)
	if err != nil {
		return err
	}
	tools, err := buildTools(opts.cache, node, opts.datastore)
	if err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		if err := remove(dir); err != nil {
			return err
		}
		own := &spec{Name: opts.name, Dir: dir, Cache: opts.cache, Node: node, Datastore: opts.datastore,
			Audit: opts.audit, Tools: tools, AdminToken: newToken(), LimitedToken: newToken()}
		err := start(own)
		if err == nil {
			fmt.Println(own.path(fileKubeconfig))
			return nil
		}
		if stopErr := stop(dir); stopErr != nil {
			err = fmt.Errorf("%w\nand what had started could not be ended: %w", err, stopErr)
		}
		if !errors.Is(err, errPortTaken) || attempt == portAttempts {
			return err
		}
		say("trying other ports: %v", err)
	}
}

// findRunning returns the cluster in dir if it is healthy, nil if it has to be
// started anew.
func findRunning(dir string) (*spec, error) {
	var first record
	if err := readJSON(filepath.Join(dir, fileRecord), &first); err != nil || !first.running() {
		return nil, nil
	}
	own := new(spec)
	if err := readJSON(filepath.Join(dir, fileSpec), own); err != nil {
		return nil, nil
	}
	if err := own.healthy(); err != nil {
		say("%s is running but not healthy, so it is started anew: %v", own.Name, err)
		return nil, nil
	}
	return own, nil
}

// healthy says why a running cluster cannot be used.
func (s *spec) healthy() error {
	var parts []part
	if err := readJSON(s.path(fileParts), &parts); err != nil {
		return err
	}
	for _, part := range parts {
		if part.Exit != "" {
			return fmt.Errorf("%s ended (%s)", part.Name, part.Exit)
		}
	}
	client, err := s.client()
	if err != nil {
		return err
	}
	if err := client.ready(); err != nil {
		return err
	}
	if s.Node == nodeNone {
		return nil
	}
	return client.nodeReady()
}

// sameWishes refuses to hand out a cluster that is not what was asked for.
func sameWishes(found *spec, opts options) error {
	differs := found.Datastore != opts.datastore || opts.audit && !found.Audit ||
		opts.node != nodeAuto && opts.node != found.Node
	if !differs {
		return nil
	}
	return fmt.Errorf("%s is up with --node=%s --datastore=%s --audit=%t, which is not what you ask for\n"+
		"next: end it first (down --name=%s), or start another with --name", found.Name, found.Node,
		found.Datastore, found.Audit, found.Name)
}

// start starts the cluster and waits until it is ready.
func start(own *spec) error {
	began := time.Now()
	if err := os.MkdirAll(own.path("log"), 0o755); err != nil {
		return err
	}
	if err := copySelf(own.path(fileSupervisor)); err != nil {
		return err
	}
	events, err := launch(own)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, tailFile(own.log(fileSupervisor)))
	}
	defer events.Close()
	if err := events.SetReadDeadline(began.Add(startDeadline)); err != nil {
		return err
	}
	lines := bufio.NewScanner(events)
	for lines.Scan() {
		var now event
		if err := json.Unmarshal(lines.Bytes(), &now); err != nil {
			return err
		}
		switch now.Step {
		case stepAPIReady:
			say("API ready after %.1f s", time.Since(began).Seconds())
		case stepFailed:
			return own.startFailure(now)
		case stepReady:
			say("%s is up after %.1f s (node: %s, datastore: %s)", own.Name, time.Since(began).Seconds(), own.Node, own.Datastore)
			return own.reachable()
		}
	}
	if errors.Is(lines.Err(), os.ErrDeadlineExceeded) {
		return own.startFailure(event{Text: fmt.Sprintf("the cluster was not up after %s", startDeadline)})
	}
	return own.startFailure(event{Text: "the cluster's first process ended while it was starting"})
}

// reachable checks from where the user is what the supervisor saw from inside.
func (s *spec) reachable() error {
	client, err := s.client()
	if err != nil {
		return err
	}
	if err := client.ready(); err != nil {
		return fmt.Errorf("the cluster is ready, but this machine cannot reach it: %w\nnext: see whether a firewall drops 198.18.0.0/15", err)
	}
	return nil
}

// startFailure says which process failed, shows its last lines, and what to do.
func (s *spec) startFailure(failed event) error {
	part := failed.Part
	if part == "" {
		part = fileSupervisor
	}
	log := s.log(part)
	output := tailFile(log)
	cause := errors.New(failed.Text)
	if strings.Contains(output, "address already in use") && s.Node != nodeReal {
		cause = fmt.Errorf("%w: %w", errPortTaken, cause)
	}
	return fmt.Errorf("%w\nlast lines of %s:\n%s\nnext: %s; the logs of all parts stay in %s until the next up or down",
		cause, log, output, advice(part), filepath.Dir(log))
}

func advice(part string) string {
	switch part {
	case "kubelet", "containerd", "kube-proxy":
		return "if this machine cannot run pods, use --node=kwok"
	case "kine", "etcd":
		return "see whether the disk is full"
	case fileSupervisor:
		return "if namespaces are not allowed here, use --node=kwok"
	}
	return "see whether memory is short (a cluster takes about 1 GB), then try again"
}

// launch starts the cluster's first process, with its network if it has one of
// its own, and returns what the supervisor tells.
func launch(own *spec) (*os.File, error) {
	events, tell, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer tell.Close()
	output, err := os.Create(own.log(fileSupervisor))
	if err != nil {
		return nil, err
	}
	defer output.Close()
	command := exec.Command(own.path(fileSupervisor))
	command.Stdout, command.Stderr = output, output
	if own.Node == nodeReal {
		err = launchIsolated(own, command, tell)
	} else {
		err = launchLocal(own, command, tell)
	}
	if err != nil {
		_ = events.Close()
		return nil, err
	}
	return events, nil
}

func launchLocal(own *spec, command *exec.Cmd, tell *os.File) error {
	var err error
	if own.Addresses, err = localAddresses(); err != nil {
		return err
	}
	if err := prepareFiles(own); err != nil {
		return err
	}
	command.Args = append(command.Args, commandSupervise, own.Dir)
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	command.ExtraFiles = []*os.File{tell}
	if err := command.Start(); err != nil {
		return err
	}
	return writeRecord(own, command.Process.Pid)
}

// launchIsolated starts the first process, which waits: only when it exists can
// its network be linked, and only then are the addresses known. Should we die
// before that, it ends by itself and takes the link along.
func launchIsolated(own *spec, command *exec.Cmd, tell *os.File) error {
	if err := makeGroup(own.group()); err != nil {
		return err
	}
	wait, begin, err := os.Pipe()
	if err != nil {
		return err
	}
	defer begin.Close()
	command.Args = append(command.Args, commandInit, own.Dir)
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Cloneflags: isolation}
	command.ExtraFiles = []*os.File{wait, tell}
	err = command.Start()
	_ = wait.Close()
	if err != nil {
		return fmt.Errorf("making the node's namespaces: %w", err)
	}
	if err := writeRecord(own, command.Process.Pid); err != nil {
		return err
	}
	if own.Addresses, err = linkNode(command.Process.Pid); err != nil {
		return fmt.Errorf("linking the node's network: %w", err)
	}
	if err := writeRecord(own, command.Process.Pid); err != nil {
		return err
	}
	if err := prepareFiles(own); err != nil {
		return err
	}
	_, err = begin.Write([]byte{1})
	return err
}

func writeRecord(own *spec, pid int) error {
	first, err := newRecord(pid, own.Addresses.Link)
	if err != nil {
		return err
	}
	return writeJSON(own.path(fileRecord), first)
}

func prepareFiles(own *spec) error {
	addresses := []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback,
		net.ParseIP(own.Addresses.APIAddress), net.ParseIP(own.Addresses.ServiceIP)}
	if err := writeKeys(own.Dir, addresses); err != nil {
		return err
	}
	if err := own.writeFiles(); err != nil {
		return err
	}
	return writeJSON(own.path(fileSpec), own)
}

// copySelf gives the cluster its own copy of this program: the original may be
// rebuilt while the cluster runs.
func copySelf(to string) error {
	from, err := os.Executable()
	if err != nil {
		return err
	}
	program, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, program, 0o755)
}
