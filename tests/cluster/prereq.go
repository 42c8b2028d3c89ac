package main

// What the machine must bring along for a real node: programs, which Debian
// installs, and a kernel that lets us make namespaces and control groups.

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const commandProbe = "probe"

// prerequisites are the programs of a real node and the packages they come in.
// CNI plugins are no commands: they are looked for in pluginDir.
var prerequisites = []struct{ program, debian string }{
	{"runc", "runc"},
	{"nft", "nftables"},
	{"ip", "iproute2"},
	{"mount", "mount"},
}

const debianPlugins = "containernetworking-plugins"

// pluginDir is where the CNI plugins we use are installed, or "".
func pluginDir() string {
	for _, dir := range []string{"/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"} {
		complete := true
		for _, plugin := range []string{"ptp", "host-local", "loopback"} {
			if _, err := os.Stat(filepath.Join(dir, plugin)); err != nil {
				complete = false
			}
		}
		if complete {
			return dir
		}
	}
	return ""
}

// addSystemPath makes programs for root visible to those who became root
// without root's PATH.
func addSystemPath() {
	_ = os.Setenv("PATH", os.Getenv("PATH")+":/usr/local/sbin:/usr/sbin:/sbin")
}

func missingPackages() []string {
	var missing []string
	for _, wanted := range prerequisites {
		if _, err := exec.LookPath(wanted.program); err != nil {
			missing = append(missing, wanted.debian)
		}
	}
	if pluginDir() == "" {
		missing = append(missing, debianPlugins)
	}
	return missing
}

// installPrerequisites installs what is missing and touches nothing when
// nothing is.
func installPrerequisites() error {
	missing := missingPackages()
	if len(missing) == 0 {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("install these and try again: %s", strings.Join(missing, " "))
	}
	say("installing %s", strings.Join(missing, " "))
	wait := []string{"-o", "DPkg::Lock::Timeout=300"}
	update := append([]string{"update"}, wait...)
	install := append(append([]string{"install", "-y", "--no-install-recommends"}, wait...), missing...)
	for _, args := range [][]string{update, install} {
		command := exec.Command("apt-get", args...)
		command.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if _, err := execute(command); err != nil {
			return err
		}
	}
	if missing := missingPackages(); len(missing) > 0 {
		return fmt.Errorf("still missing after installing: %s", strings.Join(missing, " "))
	}
	return nil
}

// realNodePossible makes this machine ready for a real node, or says why it
// cannot have one.
func realNodePossible(cache string) error {
	if os.Geteuid() != 0 {
		return errors.New("not root")
	}
	if err := installPrerequisites(); err != nil {
		return err
	}
	return probeIsolation(cache)
}

// chooseNode turns "auto" into what this machine can do.
func chooseNode(asked, cache string) (string, error) {
	if asked != nodeAuto && asked != nodeReal {
		return asked, nil
	}
	err := realNodePossible(cache)
	if err == nil {
		return nodeReal, nil
	}
	if asked == nodeReal {
		return "", fmt.Errorf("no real node on this machine: %w\nnext: make that possible, or use --node=kwok, whose pods do not run", err)
	}
	say("no real node on this machine, so pods will not run (kwok): %v", err)
	return nodeKwok, nil
}

func prepareTools(opts options) error {
	addSystemPath()
	node, err := chooseNode(opts.node, opts.cache)
	if err != nil {
		return err
	}
	_, err = buildTools(opts.cache, node, opts.datastore)
	return err
}
