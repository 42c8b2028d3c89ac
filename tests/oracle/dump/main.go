// Command dump is kustomize 5.8.1 as a batch service: it answers many small
// requests in one process, where the released binary costs 80 ms each. The
// differential tests talk to it over its standard input and output.
//
// One JSON object per line in, one per line out, in order, flushed after each:
//
//	{"in": "<YAML>"}                     -profile=build: the documents as resources of a build
//	                                     in file order, as `kustomize build` prints them;
//	                                     -profile=function: each document read and written
//	                                     by kyaml with its comments and styles, joined by "---"
//	{"files": {"<path>": "<text>"},      -profile=build only: a build of the directory dir
//	 "dir": "overlays/prod",             (default ".") of this tree, held in memory
//	 "base64": ["<path>", ...],          paths whose text is base64, for binary files
//	 "args": ["--load-restrictor", "LoadRestrictionsNone"]}
//
// The answer is {"out": "<text>"} or {"err": "<message>"}; a crash of the library is
// {"err": "panic: ..."}. Symbolic links are outside its reach.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path"
	"strings"
	"syscall"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/openapi"
)

type request struct {
	In     *string           `json:"in"`
	Files  map[string]string `json:"files"`
	Base64 []string          `json:"base64"`
	Dir    string            `json:"dir"`
	Args   []string          `json:"args"`
}

type answer struct {
	Out *string `json:"out,omitempty"`
	Err *string `json:"err,omitempty"`
}

// memoryMax ends this program before a tree that the real tool cannot stop at takes the machine with it.
const memoryMax = 4 << 30

func main() {
	log.SetFlags(0)
	limit := syscall.Rlimit{Cur: memoryMax, Max: memoryMax}
	if err := syscall.Setrlimit(syscall.RLIMIT_AS, &limit); err != nil {
		log.Fatal(err)
	}
	profile := flag.String("profile", "build", "build or function")
	flag.Parse()
	var serve func(request) (string, error)
	switch *profile {
	case "build":
		serve = build
	case "function":
		serve = function
	default:
		log.Fatalf("unknown profile %q", *profile)
	}
	if err := loop(os.Stdin, os.Stdout, serve); err != nil {
		log.Fatal(err)
	}
}

func loop(in io.Reader, out io.Writer, serve func(request) (string, error)) error {
	reader := bufio.NewReaderSize(in, 1<<20)
	writer := bufio.NewWriter(out)
	encoder := json.NewEncoder(writer)
	encoder.SetEscapeHTML(false)
	for {
		line, err := reader.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			if err := encoder.Encode(respond(line, serve)); err != nil {
				return err
			}
			if err := writer.Flush(); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func respond(line []byte, serve func(request) (string, error)) (a answer) {
	defer func() {
		if cause := recover(); cause != nil {
			a = failure(fmt.Sprintf("panic: %v", cause))
		}
	}()
	var r request
	if err := json.Unmarshal(line, &r); err != nil {
		return failure(fmt.Sprintf("bad request: %v", err))
	}
	out, err := serve(r)
	if err != nil {
		return failure(err.Error())
	}
	return answer{Out: &out}
}

func failure(text string) answer {
	return answer{Err: &text}
}

// wrapper is the kustomization around a bare document: nothing but its name.
const wrapper = "resources: [document.yaml]\nsortOptions: {order: fifo}\n"

func build(r request) (string, error) {
	if r.In != nil {
		r.Files = map[string]string{"kustomization.yaml": wrapper, "document.yaml": *r.In}
	}
	fs, err := tree(r)
	if err != nil {
		return "", err
	}
	// The real tool builds once in its life; a schema of one tree must not reach the next.
	if strings.Contains(fmt.Sprint(r.Files), "openapi") {
		defer openapi.ResetOpenAPI()
	}
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionUnspecified
	if err := apply(r.Args, options); err != nil {
		return "", err
	}
	built, err := krusty.MakeKustomizer(options).Run(fs, path.Join("/tree", r.Dir))
	if err != nil {
		return "", err
	}
	text, err := built.AsYaml()
	return string(text), err
}

// apply honours the flags of `kustomize build` that a case may set.
func apply(args []string, options *krusty.Options) error {
	switch joined := strings.Join(args, " "); joined {
	case "":
	case "--load-restrictor LoadRestrictionsNone", "--load-restrictor=LoadRestrictionsNone":
		options.LoadRestrictions = types.LoadRestrictionsNone
	default:
		return fmt.Errorf("unsupported arguments: %s", joined)
	}
	return nil
}

func tree(r request) (filesys.FileSystem, error) {
	fs := filesys.MakeFsInMemory()
	if err := fs.MkdirAll("/tree"); err != nil {
		return nil, err
	}
	binary := map[string]bool{}
	for _, name := range r.Base64 {
		binary[name] = true
	}
	for name, text := range r.Files {
		content := []byte(text)
		if binary[name] {
			decoded, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				return nil, err
			}
			content = decoded
		}
		if err := fs.WriteFile(path.Join("/tree", name), content); err != nil {
			return nil, err
		}
	}
	return fs, nil
}

func function(r request) (string, error) {
	if r.In == nil {
		return "", fmt.Errorf("the function profile takes \"in\"")
	}
	reader := kio.ByteReader{
		Reader:                strings.NewReader(*r.In),
		OmitReaderAnnotations: true,
		DisableUnwrapping:     true,
	}
	nodes, err := reader.Read()
	if err != nil {
		return "", err
	}
	var texts []string
	for _, node := range nodes {
		text, err := node.String()
		if err != nil {
			return "", err
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "---\n"), nil
}
