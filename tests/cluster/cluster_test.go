package main

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

func TestSlicesOfClustersNeverOverlap(t *testing.T) {
	type owned struct {
		slot int
		name string
		*net.IPNet
	}
	_, whole, _ := net.ParseCIDR("198.18.0.0/15")
	var all []owned
	for slot := range slots {
		slice := sliceOf(slot)
		for name, text := range map[string]string{
			"pods": slice.PodRange, "services": slice.ServiceRange, "link": slice.HostAddress + "/30",
		} {
			_, network, err := net.ParseCIDR(text)
			if err != nil {
				t.Fatal(err)
			}
			if !whole.Contains(network.IP) {
				t.Errorf("slot %d: %s %s lies outside %s", slot, name, network, whole)
			}
			all = append(all, owned{slot, name, network})
		}
		_, link, _ := net.ParseCIDR(slice.HostAddress + "/30")
		if !link.Contains(net.ParseIP(slice.NodeAddress)) {
			t.Errorf("slot %d: the node is not on its link", slot)
		}
	}
	for i, a := range all {
		for _, b := range all[i+1:] {
			if a.Contains(b.IP) || b.Contains(a.IP) {
				t.Errorf("%s of slot %d and %s of slot %d overlap: %s, %s", a.name, a.slot, b.name, b.slot, a.IPNet, b.IPNet)
			}
		}
	}
}

func TestRecordKnowsItsProcessOnly(t *testing.T) {
	own, err := newRecord(os.Getpid(), "")
	if err != nil {
		t.Fatal(err)
	}
	if !own.running() {
		t.Error("our own process is not found running")
	}
	reused, rebooted := own, own
	reused.StartTime = "1"
	rebooted.Boot = "another"
	for name, other := range map[string]record{"reused number": reused, "after a reboot": rebooted, "empty": {}} {
		if other.running() {
			t.Errorf("%s: taken for our process", name)
		}
	}
}

func TestLockWaitsAndLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	unlock, err := lock(dir, "a")
	if err != nil {
		t.Fatal(err)
	}
	taken := make(chan func())
	go func() {
		second, err := lock(dir, "a")
		if err != nil {
			t.Error(err)
		}
		taken <- second
	}()
	select {
	case <-taken:
		t.Fatal("two hold the same lock")
	case <-time.After(100 * time.Millisecond):
	}
	unlock()
	(<-taken)()
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v %v", entries, err)
	}
}

func TestSameProgramGivesSameArchive(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "program")
	if err := os.WriteFile(program, []byte("x"), 0o755); err != nil {
		t.Fatal(err)
	}
	images := []image{
		{name: "docker.io/local/a:1", program: program, command: []string{"/a"}},
		{name: "docker.io/local/a:2", program: program, command: []string{"/a"}, env: []string{"V=2"}},
	}
	var archives [2][]byte
	for i := range archives {
		file := filepath.Join(dir, "images.tar")
		if err := writeImages(file, images); err != nil {
			t.Fatal(err)
		}
		archives[i], _ = os.ReadFile(file)
	}
	if !bytes.Equal(archives[0], archives[1]) {
		t.Error("the same images give different archives")
	}
	// One layer, two configurations, two manifests.
	if blobs := bytes.Count(archives[0], []byte("blobs/sha256/")); blobs != 5 {
		t.Errorf("%d blobs, want 5: equal layers are stored once", blobs)
	}
}

func TestDownFindsProcessesWithoutARecord(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "clusters", "broken")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip("no sleep(1) here")
	}
	program, err := os.ReadFile(sleep)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, fileSupervisor), program, 0o755); err != nil {
		t.Fatal(err)
	}
	orphan := exec.Command(filepath.Join(dir, fileSupervisor), "600")
	if err := orphan.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = orphan.Wait(); close(ended) }()
	if err := os.WriteFile(filepath.Join(dir, fileRecord), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := remove(dir); err != nil {
		t.Fatal(err)
	}
	<-ended
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Error("the folder is still there")
	}
}
