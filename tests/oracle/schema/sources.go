package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// Two tables are private to kustomize. Their values are read from the syntax
// trees of the module's own files; a change of shape there stops the program.

// moduleDir is where the Go tool keeps a required module.
func moduleDir(module string) (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return "", fmt.Errorf("go list %s: %w", module, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// scopedKinds lists the kinds whose scope kyaml has computed beforehand.
func scopedKinds() []yaml.TypeMeta {
	dir, err := moduleDir("sigs.k8s.io/kustomize/kyaml")
	if err != nil {
		panic(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, "openapi/openapi.go"), nil, 0)
	if err != nil {
		panic(err)
	}
	var kinds []yaml.TypeMeta
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Names[0].Name != "precomputedIsNamespaceScoped" {
			return true
		}
		for _, element := range spec.Values[0].(*ast.CompositeLit).Elts {
			key := element.(*ast.KeyValueExpr).Key.(*ast.CompositeLit)
			kinds = append(kinds, yaml.TypeMeta{
				APIVersion: literal(key.Elts[0].(*ast.KeyValueExpr).Value),
				Kind:       literal(key.Elts[1].(*ast.KeyValueExpr).Value),
			})
		}
		return false
	})
	if len(kinds) < 50 {
		panic("the table of scopes was not found in kyaml")
	}
	return kinds
}

// defaultConfig returns the text constants of kustomize's built-in transformer
// configuration, by name.
func defaultConfig() (map[string]string, error) {
	dir, err := moduleDir("sigs.k8s.io/kustomize/api")
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "internal/konfig/builtinpluginconsts/*.go"))
	if err != nil {
		return nil, err
	}
	constants := map[string]ast.Expr{}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return nil, err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
				constants[spec.Names[0].Name] = spec.Values[0]
			}
			return true
		})
	}
	texts := map[string]string{}
	for name, expr := range constants {
		texts[name] = evaluate(expr, constants)
	}
	return texts, nil
}

// evaluate computes a constant text: literals, names and their concatenation.
func evaluate(expr ast.Expr, constants map[string]ast.Expr) string {
	switch e := expr.(type) {
	case *ast.BasicLit:
		return literal(e)
	case *ast.Ident:
		return evaluate(constants[e.Name], constants)
	case *ast.BinaryExpr:
		return evaluate(e.X, constants) + evaluate(e.Y, constants)
	}
	panic(fmt.Sprintf("not a constant text: %T", expr))
}

func literal(expr ast.Expr) string {
	text, err := strconv.Unquote(expr.(*ast.BasicLit).Value)
	if err != nil {
		panic(err)
	}
	return text
}
