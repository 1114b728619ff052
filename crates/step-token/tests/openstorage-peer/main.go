// The servers were built with a Go that knew no lower bound of RSA keys.
//go:debug rsa1024min=0

// Openstorage-peer answers questions with the code that a Portworx server runs,
// so that the tests of step-token need not trust their own reading of it.
//
//	openstorage-peer verify|mint|role|owner|manifest|name|methods|about
//
// It reads JSON values from standard input, one per line, and writes one line
// of JSON for each, in order. A failing item has a member "error"; the program
// still ends with status 0. It ends with status 2, and a line on standard
// error, if the mode is unknown or the input is not JSON.
//
// The program is built in two ways from the same source:
//
//	go build -ldflags=-checklinkname=0 -o peer .
//	go build -ldflags=-checklinkname=0 -modfile=current.mod -o peer .
//
// The first has jwt-go 3.2.0, which pkg/auth of openstorage 9.4.47 imports and
// openstorage-sdk-auth as well, the second golang-jwt 4.3.0.
//
// The server of today has the same pkg/auth but for the import of the JWT
// library, and no module version of it can be fetched; current.mod makes that
// change with a replace line. Mode "about" says which of the two is running.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
)

// failure is the answer to an item that no mode got to look at.
type failure struct {
	Stage string `json:"stage"`
	Error string `json:"error"`
}

var modes = map[string]func(json.RawMessage) (any, error){
	"verify":   item(verify),
	"mint":     item(mint),
	"role":     item(role),
	"owner":    item(owner),
	"manifest": item(manifest),
	"name":     item(name),
	"methods":  item(methods),
	"about":    item(about),
}

// item makes a mode of a function: it refuses members that the question does
// not have, since a misspelt one would make a test that tests nothing.
func item[Q, A any](answer func(Q) A) func(json.RawMessage) (any, error) {
	return func(line json.RawMessage) (any, error) {
		var question Q
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&question); err != nil {
			return nil, err
		}
		return answer(question), nil
	}
}

// guarded answers one line. A panic of the code under test is an answer too.
func guarded(mode func(json.RawMessage) (any, error), line json.RawMessage) (answer any) {
	defer func() {
		if reason := recover(); reason != nil {
			answer = failure{Stage: "panic", Error: fmt.Sprintf("panic: %v", reason)}
		}
	}()
	answer, err := mode(line)
	if err != nil {
		return failure{Stage: "input", Error: err.Error()}
	}
	return answer
}

func main() {
	if len(os.Args) != 2 || modes[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: openstorage-peer verify|mint|role|owner|manifest|name|methods|about")
		os.Exit(2)
	}
	mode := modes[os.Args[1]]

	input := json.NewDecoder(os.Stdin)
	output := json.NewEncoder(os.Stdout)
	output.SetEscapeHTML(false)
	for {
		var line json.RawMessage
		err := input.Decode(&line)
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil {
			err = output.Encode(guarded(mode, line))
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "openstorage-peer: %v\n", err)
			os.Exit(2)
		}
	}
}

type aboutAnswer struct {
	Go      string            `json:"go"`
	Modules map[string]string `json:"modules"`
}

// about names what was compiled in. A replaced module has the path and the
// version of what stands in for it.
func about(struct{}) aboutAnswer {
	answer := aboutAnswer{Go: runtime.Version(), Modules: map[string]string{}}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			version := module.Version
			if module.Replace != nil {
				version = module.Replace.Path + "@" + module.Replace.Version
			}
			answer.Modules[module.Path] = version
		}
	}
	return answer
}
