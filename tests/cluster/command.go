package main

// Running other programs to their end, and telling the user what goes on.

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// logTailLines is how much of a failed program's output an error shows.
const logTailLines = 20

// say tells the story on stderr: stdout is the result.
func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "cluster: "+format+"\n", args...)
}

// execute runs a program and returns what it printed; the error of a failed
// one ends with its last lines.
func execute(command *exec.Cmd) (string, error) {
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	err := command.Run()
	if err == nil {
		return output.String(), nil
	}
	if errors.Is(err, exec.ErrNotFound) {
		return "", err
	}
	return output.String(), fmt.Errorf("%s: %w\n%s", strings.Join(command.Args, " "), err, tail(output.String()))
}

func goCommand(dir string, environment []string, args ...string) error {
	command := exec.Command("go", args...)
	command.Dir = dir
	command.Env = append(append(os.Environ(), "CGO_ENABLED=0"), environment...)
	_, err := execute(command)
	if errors.Is(err, exec.ErrNotFound) {
		return errors.New("there is no `go` on the PATH: install Go 1.26 or newer")
	}
	return err
}

// tail is the last lines of a text, indented for an error message.
func tail(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) > logTailLines {
		lines = lines[len(lines)-logTailLines:]
	}
	return "    " + strings.Join(lines, "\n    ")
}

func tailFile(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "    (" + err.Error() + ")"
	}
	return tail(string(text))
}
