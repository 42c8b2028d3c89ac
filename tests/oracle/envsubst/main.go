// Command envsubst is Flux's variable substitution as a batch service: the
// differential tests talk to it over its standard input and output.
//
// One JSON object per line in, one per line out, in order:
//
//	{"template": "<text>", "vars": {"<name>": "<value>"}, "strict": true}
//	    the template language alone
//	{"object": "<YAML>", "vars": {…}, "strict": true, "always": true}
//	    one object as the kustomize-controller substitutes in it, and as
//	    kustomize prints it then
//
// The answer is {"out": "<text>"}, or {"bytes": "<base64>"} where that is no
// UTF-8, or {"err": "<message>"}; a panic of the library is {"panic": "<message>"}.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"unicode/utf8"

	"github.com/fluxcd/pkg/envsubst"
	"github.com/fluxcd/pkg/kustomize"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/provider"
)

type request struct {
	Template *string           `json:"template"`
	Object   *string           `json:"object"`
	Vars     map[string]string `json:"vars"`
	Strict   bool              `json:"strict"`
	Always   bool              `json:"always"`
}

type answer struct {
	Out   *string `json:"out,omitempty"`
	Bytes []byte  `json:"bytes,omitempty"`
	Err   *string `json:"err,omitempty"`
	Panic *string `json:"panic,omitempty"`
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
	encoder.SetEscapeHTML(false)
	for {
		line, err := reader.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			if err := encoder.Encode(respond(line)); err != nil {
				return err
			}
		}
		// Nobody waits for an answer while there are more questions.
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

func respond(line []byte) (a answer) {
	defer func() {
		if cause := recover(); cause != nil {
			text := fmt.Sprint(cause)
			a = answer{Panic: &text}
		}
	}()
	var r request
	if err := json.Unmarshal(line, &r); err != nil {
		return failure(fmt.Errorf("bad request: %w", err))
	}
	var out string
	var err error
	switch {
	case r.Template != nil:
		out, err = template(*r.Template, r)
	case r.Object != nil:
		out, err = object(*r.Object, r)
	default:
		err = fmt.Errorf("bad request: neither a template nor an object")
	}
	if err != nil {
		return failure(err)
	}
	if !utf8.ValidString(out) {
		return answer{Bytes: []byte(out)}
	}
	return answer{Out: &out}
}

func failure(err error) answer {
	text := err.Error()
	return answer{Err: &text}
}

func template(text string, r request) (string, error) {
	return envsubst.Eval(text, func(name string) (string, bool) {
		value, known := r.Vars[name]
		return value, known || !r.Strict
	})
}

func object(text string, r request) (string, error) {
	resource, err := provider.NewDefaultDepProvider().GetResourceFactory().FromBytes([]byte(text))
	if err != nil {
		return "", err
	}
	vars := map[string]interface{}{}
	for name, value := range r.Vars {
		vars[name] = value
	}
	kustomization := unstructured.Unstructured{Object: map[string]interface{}{
		"spec": map[string]interface{}{"postBuild": map[string]interface{}{"substitute": vars}},
	}}
	// Nil where substitution is switched off for the object: then Flux takes it as it is.
	changed, err := kustomize.SubstituteVariables(context.Background(), nil, kustomization, resource,
		kustomize.SubstituteWithDryRun(true), kustomize.SubstituteWithStrict(r.Strict), kustomize.SubstituteWithAlways(r.Always))
	if err != nil {
		return "", err
	}
	if changed != nil {
		resource = changed
	}
	out, err := resource.AsYAML()
	return string(out), err
}
