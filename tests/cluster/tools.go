package main

// The programs a cluster is made of: which versions, how each is built, and
// where it is cached. A cached program's folder carries a digest of everything
// it was made from, so it is built again exactly when one of those changes.

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

const (
	kubernetesVersion = "v1.36.3" // as in controlplane/go.mod
	kineVersion       = "v0.16.4"
	containerdVersion = "v2.4.2"
	kwokVersion       = "v0.8.0"
)

const (
	containerdModule = "github.com/containerd/containerd/v2"
	kwokModule       = "sigs.k8s.io/kwok"
)

// toolPaths are the built programs; those a mode does not need stay empty.
type toolPaths struct {
	ControlPlane, Kine string
	Kwok               string // the folder with kwok and its stages
	Containerd         string // the folder with containerd, its shim and ctr
	Images             string
}

// tool is one cached build: a folder filled by build.
type tool struct {
	name string
	from []string // what it is made from
	// build fills dir; sources is tests/cluster of the repository.
	build func(sources, dir string) error
}

func architecture() string { return runtime.GOARCH }

// stamp sets the version the parts report: without it clients cannot parse
// what /version answers.
func stamp() string {
	numbers := strings.Split(strings.TrimPrefix(kubernetesVersion, "v"), ".")
	flags := "-s -w"
	for _, at := range []string{" -X k8s.io/component-base/version.", " -X k8s.io/client-go/pkg/version."} {
		flags += at + "gitVersion=" + kubernetesVersion + at + "gitMajor=" + numbers[0] + at + "gitMinor=" + numbers[1]
	}
	return flags
}

func controlPlaneTool(sources string) (tool, error) {
	dir := filepath.Join(sources, "controlplane")
	from, err := readSources(dir, "main.go", "go.mod", "go.sum")
	return tool{name: "controlplane", from: append(from, stamp()), build: func(_, into string) error {
		return goCommand(dir, nil, "build", "-p", "2", "-buildvcs=false", "-trimpath", "-ldflags", stamp(),
			"-o", filepath.Join(into, "controlplane"), ".")
	}}, err
}

// installTool is a published program, taken as its authors released it.
func installTool(name, version, cgo string, packages ...string) tool {
	for i := range packages {
		packages[i] += "@" + version
	}
	return tool{name: name, from: append(packages, cgo), build: func(_, into string) error {
		args := append([]string{"install", "-p", "2", "-trimpath", "-ldflags", "-s -w"}, packages...)
		return goCommand(into, []string{"GOBIN=" + into, "CGO_ENABLED=" + cgo}, args...)
	}}
}

// kwokTool is kwok with the stages (what happens to nodes and pods, and when)
// of the same release: the program alone would do nothing.
func kwokTool() tool {
	made := installTool("kwok", kwokVersion, "0", kwokModule+"/cmd/kwok")
	install := made.build
	made.build = func(sources, into string) error {
		if err := install(sources, into); err != nil {
			return err
		}
		command := exec.Command("go", "mod", "download", "-json", kwokModule+"@"+kwokVersion)
		command.Dir = into
		answer, err := command.Output()
		if err != nil {
			return fmt.Errorf("finding kwok's stages: %w", err)
		}
		var module struct{ Dir string }
		if err := json.Unmarshal(answer, &module); err != nil {
			return err
		}
		stages := filepath.Join(module.Dir, "kustomize", "stage")
		texts, err := readSources(stages, "node/fast/node-initialize.yaml",
			"node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
			"pod/fast/pod-ready.yaml", "pod/fast/pod-complete.yaml", "pod/fast/pod-delete.yaml")
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(into, "stages.yaml"), []byte(strings.Join(texts, "\n---\n")), 0o644)
	}
	return made
}

func imagesTool(sources string) (tool, error) {
	from, err := readSources(sources, "images.go", "app/main.go", "pause/main.go")
	return tool{name: "images", from: from, build: func(sources, into string) error {
		for _, name := range []string{"app", "pause"} {
			err := goCommand(sources, nil, "build", "-buildvcs=false", "-trimpath", "-ldflags", "-s -w",
				"-o", filepath.Join(into, name), "./"+name)
			if err != nil {
				return err
			}
		}
		app := filepath.Join(into, "app")
		serve := []string{"/app", "serve"}
		return writeImages(filepath.Join(into, "images.tar"), []image{
			{name: imagePause, program: filepath.Join(into, "pause"), command: []string{"/pause"}},
			{name: imageApp + ":1", program: app, command: serve, env: []string{"APP_VERSION=1"}},
			{name: imageApp + ":2", program: app, command: serve, env: []string{"APP_VERSION=2"}},
		})
	}}, err
}

func readSources(dir string, names ...string) ([]string, error) {
	var texts []string
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		texts = append(texts, string(text))
	}
	return texts, nil
}

// buildTools makes what a cluster with this node and datastore needs, and
// leaves a kubectl of the same version in the cache's bin folder.
func buildTools(cache, node, datastore string) (toolPaths, error) {
	var paths toolPaths
	root, err := repositoryRoot()
	if err != nil {
		return paths, err
	}
	sources := filepath.Join(root, "tests", "cluster")
	unlock, err := lock(filepath.Join(cache, "cluster-tools"), "build")
	if err != nil {
		return paths, err
	}
	defer unlock()
	controlPlane, err := controlPlaneTool(sources)
	if err != nil {
		return paths, err
	}
	images, err := imagesTool(sources)
	if err != nil {
		return paths, err
	}
	const main = containerdModule + "/cmd/"
	for _, step := range []struct {
		needed bool
		into   *string
		file   string
		tool   tool
	}{
		{true, &paths.ControlPlane, "controlplane", controlPlane},
		{node == nodeReal, &paths.Images, "images.tar", images},
		{node == nodeReal, &paths.Containerd, "", installTool("containerd", containerdVersion, "0",
			main+"containerd", main+"containerd-shim-runc-v2", main+"ctr")},
		// SQLite is C, so kine is the one program that needs a C compiler.
		{datastore == datastoreKine, &paths.Kine, "kine", installTool("kine", kineVersion, "1", "github.com/k3s-io/kine")},
		{node == nodeKwok, &paths.Kwok, "", kwokTool()},
	} {
		if !step.needed {
			continue
		}
		dir, err := ensureTool(cache, sources, step.tool)
		if err != nil {
			return paths, err
		}
		*step.into = filepath.Join(dir, step.file)
	}
	return paths, linkKubectl(cache, paths.ControlPlane)
}

// linkKubectl lets tests have the peer they compare with on their PATH.
func linkKubectl(cache, controlPlane string) error {
	bin := filepath.Join(cache, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	target, err := filepath.Rel(bin, controlPlane)
	if err != nil {
		return err
	}
	link := filepath.Join(bin, "kubectl")
	if current, err := os.Readlink(link); err == nil && current == target {
		return nil
	}
	fresh := link + ".new"
	_ = os.Remove(fresh)
	if err := os.Symlink(target, fresh); err != nil {
		return err
	}
	return os.Rename(fresh, link)
}

func ensureTool(cache, sources string, wanted tool) (string, error) {
	digest := sha256.New()
	for _, text := range append(wanted.from, runtime.Version(), runtime.GOARCH) {
		fmt.Fprintf(digest, "%d\n%s\n", len(text), text)
	}
	dir := filepath.Join(cache, "cluster-tools", fmt.Sprintf("%s-%.12x", wanted.name, digest.Sum(nil)))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	say("building %s", wanted.name)
	start := time.Now()
	partial := dir + ".partial"
	if err := os.RemoveAll(partial); err != nil {
		return "", err
	}
	if err := os.MkdirAll(partial, 0o755); err != nil {
		return "", err
	}
	if err := wanted.build(sources, partial); err != nil {
		return "", fmt.Errorf("building %s: %w", wanted.name, err)
	}
	say("built %s in %.0f s", wanted.name, time.Since(start).Seconds())
	return dir, os.Rename(partial, dir)
}
