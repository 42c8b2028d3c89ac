// Command fluxgit is what Flux decides about a repository, as a batch service:
// which tags are in a range of versions, which comes first, and which files of
// a tree are left out. The differential tests talk to it over its standard
// input and output.
//
// One JSON object per line in, one per line out, in order:
//
//	{"range": "<text>", "tags": ["<name>", …]}
//	    {"valid": true, "tags": ["no version" | "in" | "out", …]}
//	{"tags": ["<name>", …]}
//	    {"order": [[-1, 0, 1, …], …]}: how each compares with each, where both are versions
//	{"ignore": "<text>" or absent, "files": {"<path>": "<text>", …}}
//	    {"left_out": ["<path>", …]}: of a tree with these files
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"log"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/Masterminds/semver/v3"
	"github.com/fluxcd/pkg/sourceignore"
	"github.com/fluxcd/pkg/version"
)

type request struct {
	Range  *string           `json:"range"`
	Tags   []string          `json:"tags"`
	Ignore *string           `json:"ignore"`
	Files  map[string]string `json:"files"`
}

type answer struct {
	Valid   bool     `json:"valid"`
	Tags    []string `json:"tags,omitempty"`
	Order   [][]int  `json:"order,omitempty"`
	LeftOut []string `json:"left_out,omitempty"`
}

func main() {
	log.SetFlags(0)
	if err := loop(os.Stdin, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func loop(in io.Reader, out io.Writer) error {
	reader := bufio.NewReaderSize(in, 1<<20)
	writer := bufio.NewWriterSize(out, 1<<20)
	encoder := json.NewEncoder(writer)
	for {
		line, err := reader.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var r request
			if err := json.Unmarshal(line, &r); err != nil {
				return err
			}
			a, err := respond(r)
			if err != nil {
				return err
			}
			if err := encoder.Encode(a); err != nil {
				return err
			}
		}
		if reader.Buffered() == 0 {
			if err := writer.Flush(); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return writer.Flush()
		}
		if err != nil {
			return err
		}
	}
}

func respond(r request) (answer, error) {
	switch {
	case r.Files != nil:
		left, err := leftOut(r)
		return answer{LeftOut: left}, err
	case r.Range != nil:
		return inRange(*r.Range, r.Tags), nil
	default:
		return answer{Order: order(r.Tags)}, nil
	}
}

func inRange(text string, tags []string) answer {
	constraint, err := semver.NewConstraint(text)
	if err != nil {
		return answer{}
	}
	a := answer{Valid: true}
	for _, tag := range tags {
		v, err := version.ParseVersion(tag)
		switch {
		case err != nil:
			a.Tags = append(a.Tags, "no version")
		case constraint.Check(v):
			a.Tags = append(a.Tags, "in")
		default:
			a.Tags = append(a.Tags, "out")
		}
	}
	return a
}

// 9 where one of the two is no version.
func order(tags []string) [][]int {
	var rows [][]int
	for _, left := range tags {
		var row []int
		for _, right := range tags {
			a, errA := version.ParseVersion(left)
			b, errB := version.ParseVersion(right)
			if errA != nil || errB != nil {
				row = append(row, 9)
				continue
			}
			row = append(row, a.Compare(b))
		}
		rows = append(rows, row)
	}
	return rows
}

// As the source-controller archives a tree: the rules of the files and of the
// object, before them what is Git's, and the default list if there are none.
func leftOut(r request) ([]string, error) {
	top, err := os.MkdirTemp("", "fluxgit-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(top)
	for path, content := range r.Files {
		file := filepath.Join(top, path)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			return nil, err
		}
	}
	domain := strings.Split(top, string(filepath.Separator))
	patterns, err := sourceignore.LoadIgnorePatterns(top, domain)
	if err != nil {
		return nil, err
	}
	if r.Ignore != nil {
		patterns = append(patterns, sourceignore.ReadPatterns(strings.NewReader(*r.Ignore), domain)...)
	}
	matcher := sourceignore.NewDefaultMatcher(patterns, domain)
	if len(patterns) > 0 {
		matcher = sourceignore.NewMatcher(append(sourceignore.VCSPatterns(domain), patterns...))
	}
	var left []string
	for path := range r.Files {
		file := filepath.Join(top, path)
		if matcher.Match(strings.Split(file, string(filepath.Separator)), false) {
			left = append(left, path)
		}
	}
	sort.Strings(left)
	return left, nil
}
