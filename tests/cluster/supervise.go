package main

// The supervisor: the process that starts a cluster's parts in order, tells
// `up` how far it is, and stays as their parent. It decides nothing about the
// cluster: its spec says it all.

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

const commandSupervise = "supervise"

// Waits are generous: on two busy cores a start takes several times as long as
// on idle ones. They end a wait that would otherwise never end.
const (
	socketDeadline = 60 * time.Second
	apiDeadline    = 3 * time.Minute
	nodeDeadline   = 4 * time.Minute
	pollEvery      = 50 * time.Millisecond
)

// event is one line the supervisor writes to `up`.
type event struct {
	Step string // see the steps below
	Part string // of a failure
	Text string // of a failure
}

const (
	stepAPIReady = "api-ready"
	stepReady    = "ready"
	stepFailed   = "failed"
)

// partError is a failure that one part is to blame for.
type partError struct {
	part string
	err  error
}

func (e *partError) Error() string { return e.err.Error() }

func blame(part string, err error) error {
	if err == nil {
		return nil
	}
	return &partError{part, err}
}

type supervisor struct {
	*spec
	api   *apiClient
	ended chan struct{} // closed when the first part ends

	mutex sync.Mutex // guards parts and the file they are written to
	parts []part
	first *part // the part that ended first
}

func runSupervise(dir string) error {
	events := os.NewFile(fdBegin, "events")
	if _, err := events.Stat(); err != nil {
		return errors.New("supervise is started by up")
	}
	syscall.CloseOnExec(int(events.Fd()))
	tell := json.NewEncoder(events)
	var own spec
	if err := readJSON(filepath.Join(dir, fileSpec), &own); err != nil {
		return err
	}
	// The parts' sockets are named relative to this folder.
	if err := os.Chdir(dir); err != nil {
		return err
	}
	client, err := own.client()
	if err != nil {
		return err
	}
	all := &supervisor{spec: &own, api: client, ended: make(chan struct{})}
	if err := all.startAll(tell); err != nil {
		failure := event{Step: stepFailed, Text: err.Error()}
		var blamed *partError
		if errors.As(err, &blamed) {
			failure.Part = blamed.part
		}
		return errors.Join(err, tell.Encode(failure))
	}
	if err := errors.Join(tell.Encode(event{Step: stepReady}), events.Close()); err != nil {
		return err
	}
	select {}
}

func (s *supervisor) startAll(tell *json.Encoder) error {
	if err := s.start(s.spec.datastore()); err != nil {
		return err
	}
	images := make(chan error, 1)
	if s.Node == nodeReal {
		if err := s.start(s.containerd()); err != nil {
			return err
		}
		go func() { images <- s.fillNode() }()
	}
	if s.Datastore == datastoreKine {
		err := s.await("kine", socketDeadline, func() error { _, err := os.Stat(kineSocket); return err })
		if err != nil {
			return err
		}
	}
	if err := s.start(s.apiServer()); err != nil {
		return err
	}
	if err := s.await("kube-apiserver", apiDeadline, s.api.ready); err != nil {
		return err
	}
	if err := tell.Encode(event{Step: stepAPIReady}); err != nil {
		return err
	}
	// Even without a node: namespaces vanish by the controllers' hand only.
	if err := s.start(s.controllers()); err != nil {
		return err
	}
	if s.Node == nodeNone {
		return nil
	}
	if err := s.start(s.scheduler()); err != nil {
		return err
	}
	return s.startNode(images)
}

// fillNode loads the node's images as soon as containerd listens.
func (s *supervisor) fillNode() error {
	err := s.await("containerd", socketDeadline, func() error { _, err := os.Stat(containerdSocket); return err })
	if err != nil {
		return err
	}
	return blame("containerd", s.loadImages())
}

func (s *supervisor) startNode(images <-chan error) error {
	culprit := "kubelet"
	if s.Node == nodeKwok {
		culprit = "kwok"
		if err := s.start(s.kwok()); err != nil {
			return err
		}
		if err := blame("kwok", s.api.addKwokNode()); err != nil {
			return err
		}
	} else {
		if err := <-images; err != nil {
			return err
		}
		for _, program := range []program{s.kubelet(), s.proxy()} {
			if err := s.start(program); err != nil {
				return err
			}
		}
	}
	if err := s.await(culprit, nodeDeadline, s.api.nodeReady); err != nil {
		return err
	}
	if s.Node == nodeReal {
		// The way a pod takes: until kube-proxy has set up the service's
		// address, the first pods could not reach the API.
		inside := *s.api
		inside.server = "https://" + s.Addresses.ServiceIP
		if err := s.await("kube-proxy", nodeDeadline, inside.ready); err != nil {
			return err
		}
	}
	// Pods are refused until their namespace's account exists, which the
	// controllers make: before that a first test would fail at random.
	return s.await("kube-controller-manager", nodeDeadline, func() error {
		_, err := s.api.do("GET", "/api/v1/namespaces/default/serviceaccounts/default", nil)
		return err
	})
}

// start starts one part; its output goes to its own log file.
func (s *supervisor) start(program program) error {
	log, err := os.Create(s.log(program.name))
	if err != nil {
		return err
	}
	defer log.Close()
	command := exec.Command(program.file, program.args...)
	command.Dir = s.Dir
	command.Env = append(os.Environ(), program.environment...)
	command.Stdout, command.Stderr = log, log
	// Without namespaces this is what lets no part outlive the supervisor.
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		return blame(program.name, err)
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.parts = append(s.parts, part{Name: program.name, PID: command.Process.Pid})
	go s.watch(len(s.parts)-1, command)
	return writeJSON(fileParts, s.parts)
}

// watch records how a part ended.
func (s *supervisor) watch(index int, command *exec.Cmd) {
	err := command.Wait()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	exit := "exit status 0"
	if err != nil {
		exit = err.Error()
	}
	s.parts[index].Exit = exit
	if s.first == nil {
		ended := s.parts[index]
		s.first = &ended
		close(s.ended)
	}
	if err := writeJSON(fileParts, s.parts); err != nil {
		fmt.Fprintln(os.Stderr, "recording that", s.parts[index].Name, "ended:", err)
	}
}

// await polls until ask succeeds, some part ends, or the deadline passes, for
// which the culprit is blamed.
func (s *supervisor) await(culprit string, limit time.Duration, ask func() error) error {
	deadline := time.Now().Add(limit)
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-s.ended:
			s.mutex.Lock()
			defer s.mutex.Unlock()
			return blame(s.first.Name, fmt.Errorf("%s ended while the cluster was starting (%s)", s.first.Name, s.first.Exit))
		case <-time.After(pollEvery):
		}
		if time.Now().After(deadline) {
			return blame(culprit, fmt.Errorf("%s was not ready after %s: %w", culprit, limit, err))
		}
	}
}
