// Command gitops-cluster starts and ends throwaway Kubernetes clusters for the
// tests and the demo.
//
// The room's map:
//
//	main        the command line, nothing else
//	cluster     what a cluster is: its spec, its folder, its record on disk
//	tools       pinned versions and how the programs are built and cached
//	prereq      what Debian has to install, and whether this machine can run pods
//	up, down    from nothing to a ready cluster, and back to nothing
//	status      what runs; import
//	supervise   the process that starts a cluster's parts and outlives `up`
//	parts, node the command line and configuration of every part
//	isolate     the node's own root, mounts, processes and network
//	network     addresses, and the link between the host and the node
//	cgroups     the one control group a cluster's pods live below
//	pki, images, kubeapi   certificates, image archives, a tiny API client
//
// A cluster with a real node lives in namespaces of its own: its first process
// holds every mount, interface, nftables rule and process of it, so that ending
// that process ends them all, whatever state the parts are in.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

const usage = `usage: gitops-cluster COMMAND [flag...]

  up      start a cluster, or find it running; the last line on stdout is its kubeconfig
            --name=test  --node=auto|real|kwok|none  --datastore=kine|etcd  --audit
  down    end a cluster and remove everything of it
            --name=test | --all
  status  tell what runs, where its files are and which processes it has
            --name=test  --json
  import  load an image archive (OCI or docker-archive) into a cluster's node
            --name=test  ARCHIVE
  tools   build what a cluster needs, without starting one
            --node=auto|real|kwok|none  --datastore=kine|etcd

Every command takes --cache=DIR (default: .cache beside the Makefile).
`

func init() {
	if len(os.Args) > 1 && os.Args[1] == commandSupervise {
		// A part is to die with its supervisor, and the kernel ties that
		// to the thread which started it: the main one, which never ends.
		runtime.LockOSThread()
	}
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return
		}
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// options are the flags of every command; each command reads its own.
type options struct {
	name, node, datastore, cache string
	audit, all, json             bool
	arguments                    []string
}

func run(args []string) error {
	if len(args) == 0 {
		fmt.Fprint(os.Stderr, usage)
		return errors.New("a command is missing")
	}
	command, args := args[0], args[1:]
	switch command {
	case commandInit:
		return runInit(args[0])
	case commandSupervise:
		return runSupervise(args[0])
	case commandProbe:
		return runProbe(args[0])
	}
	opts, err := parse(command, args)
	if err != nil {
		return err
	}
	switch command {
	case "up":
		return up(opts)
	case "down":
		return down(opts)
	case "status":
		return status(opts)
	case "import":
		return importArchive(opts)
	case "tools":
		return prepareTools(opts)
	}
	fmt.Fprint(os.Stderr, usage)
	return fmt.Errorf("no command %q", command)
}

func parse(command string, args []string) (options, error) {
	var opts options
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprint(os.Stderr, usage) }
	flags.StringVar(&opts.cache, "cache", "", "")
	flags.StringVar(&opts.name, "name", "test", "")
	switch command {
	case "up", "tools":
		flags.StringVar(&opts.node, "node", nodeAuto, "")
		flags.StringVar(&opts.datastore, "datastore", datastoreKine, "")
		flags.BoolVar(&opts.audit, "audit", false, "")
	case "down":
		flags.BoolVar(&opts.all, "all", false, "")
	case "status":
		flags.BoolVar(&opts.json, "json", false, "")
	}
	if err := flags.Parse(args); err != nil {
		return opts, err
	}
	opts.arguments = flags.Args()
	if len(opts.arguments) > 0 && command != "import" {
		return opts, fmt.Errorf("%s takes no argument %q", command, opts.arguments[0])
	}
	if err := checkChoices(command, opts); err != nil {
		return opts, err
	}
	if opts.cache == "" {
		root, err := repositoryRoot()
		if err != nil {
			return opts, err
		}
		opts.cache = filepath.Join(root, ".cache")
	}
	var err error
	// Inside the node's namespaces the same path must name the same folder.
	if err = os.MkdirAll(opts.cache, 0o755); err == nil {
		if opts.cache, err = filepath.Abs(opts.cache); err == nil {
			opts.cache, err = filepath.EvalSymlinks(opts.cache)
		}
	}
	return opts, err
}

func checkChoices(command string, opts options) error {
	if !validName.MatchString(opts.name) {
		return fmt.Errorf("--name=%s: use 1 to 30 of a-z, 0-9 and -", opts.name)
	}
	if command != "up" && command != "tools" {
		return nil
	}
	switch opts.node {
	case nodeAuto, nodeReal, nodeKwok, nodeNone:
	default:
		return fmt.Errorf("--node=%s: use auto, real, kwok or none", opts.node)
	}
	switch opts.datastore {
	case datastoreKine, datastoreEtcd:
	default:
		return fmt.Errorf("--datastore=%s: use kine or etcd", opts.datastore)
	}
	return nil
}
