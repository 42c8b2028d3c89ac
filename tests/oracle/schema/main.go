// Command schema writes the tables of Kubernetes and kustomize knowledge that
// the Rust engine embeds. It asks kyaml itself (the very functions that a merge
// calls) instead of reading the OpenAPI document, so a table line states what
// kustomize sees, not what the document says.
//
//	go run . -root ../../..
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
)

// table is one generated file: where it goes and how it is made.
type table struct {
	path  string
	write func(*bytes.Buffer) error
}

var tables = []table{
	{"schema/definitions.tsv", writeDefinitions},
	{"schema/kinds.tsv", writeKinds},
	{"reference/rules.tsv", writeReferences},
	{"transform/fieldspecs.tsv", writeFieldSpecs},
}

func main() {
	log.SetFlags(0)
	root := flag.String("root", "../../..", "top of the repository")
	check := flag.Bool("check", false, "compare with the committed tables instead of writing them")
	flag.Parse()

	stale := 0
	for _, t := range tables {
		var out bytes.Buffer
		if err := t.write(&out); err != nil {
			log.Fatalf("%s: %v", t.path, err)
		}
		full := filepath.Join(*root, "kubectl-gitops/kustomize/src", t.path)
		if *check {
			if have, err := os.ReadFile(full); err != nil || !bytes.Equal(have, out.Bytes()) {
				log.Printf("stale: %s", full)
				stale++
			}
			continue
		}
		if err := save(full, out.Bytes()); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%7d bytes  %s\n", out.Len(), t.path)
	}
	if stale > 0 {
		os.Exit(1)
	}
}

func save(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}

// head writes the comment that documents a table's columns.
func head(out *bytes.Buffer, text string) {
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		out.WriteString(strings.TrimRight("# "+line, " ") + "\n")
	}
}
