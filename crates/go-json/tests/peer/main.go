// Decodes JSON documents with Go's own decoders and prints what they hold.
//
// Usage: go-json-peer unmarshal|decoder|go-jose
//
// One document a line on standard input, in base64; one line for each on standard output, which
// is `refused`, or the text that go.rs makes of the same document.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"sort"
	"strings"

	jose "github.com/go-jose/go-jose/v3/json"
)

// The fields are the kinds that the Go programs use: go.rs lists the same.
type inner struct {
	Name   string       `json:"name"`
	Text   *string      `json:"text"`
	Flag   bool         `json:"flag"`
	Maybe  *bool        `json:"maybe"`
	List   []string     `json:"dnsNames"`
	Bytes  []byte       `json:"bytes"`
	Items  []rawMessage `json:"items"`
	Any    interface{}  `json:"any"`
	Struct *inner       `json:"key"`
	Value  leaf         `json:"value"`
}

type leaf struct {
	Name  string `json:"name"`
	Maybe *bool  `json:"maybe"`
}

// rawMessage keeps the text of a value for both decoders.
type rawMessage string

func (r *rawMessage) UnmarshalJSON(data []byte) error {
	*r = rawMessage(data)
	return nil
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<30)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		document, err := base64.StdEncoding.DecodeString(lines.Text())
		if err != nil {
			panic(err)
		}
		var read inner
		switch os.Args[1] {
		case "unmarshal":
			err = json.Unmarshal(document, &read)
		case "decoder":
			err = json.NewDecoder(bytes.NewReader(document)).Decode(&read)
		case "go-jose":
			err = jose.Unmarshal(document, &read)
		default:
			panic("unknown decoder")
		}
		if err != nil {
			fmt.Fprintln(out, "refused")
			continue
		}
		fmt.Fprintln(out, show(&read))
	}
	if err := lines.Err(); err != nil {
		panic(err)
	}
}

func show(read *inner) string {
	if read == nil {
		return "nil"
	}
	items := []string{}
	for _, item := range read.Items {
		var value interface{}
		if err := json.Unmarshal([]byte(item), &value); err != nil {
			items = append(items, "unreadable")
			continue
		}
		items = append(items, any(value))
	}
	return fmt.Sprintf("{%s %s %t %s %s %s %s %s %s {%s %s}}",
		hexOf(read.Name), pointer(read.Text, hexOf), read.Flag, pointer(read.Maybe, boolean),
		list(read.List == nil, hexes(read.List)), list(read.Bytes == nil, []string{hexOf(string(read.Bytes))}),
		list(read.Items == nil, items), any(read.Any), show(read.Struct),
		hexOf(read.Value.Name), pointer(read.Value.Maybe, boolean))
}

func any(value interface{}) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case bool:
		return boolean(value)
	case float64:
		return fmt.Sprintf("#%x", math.Float64bits(value))
	case string:
		return hexOf(value)
	case []interface{}:
		items := []string{}
		for _, item := range value {
			items = append(items, any(item))
		}
		return list(false, items)
	case map[string]interface{}:
		members := []string{}
		for name, item := range value {
			members = append(members, hexOf(name)+":"+any(item))
		}
		sort.Strings(members)
		return "{" + strings.Join(members, " ") + "}"
	}
	panic("no such type")
}

func pointer[T interface{}](value *T, show func(T) string) string {
	if value == nil {
		return "nil"
	}
	return show(*value)
}

func boolean(value bool) string { return fmt.Sprint(value) }

func hexOf(text string) string { return fmt.Sprintf("'%x'", text) }

func hexes(texts []string) []string {
	shown := []string{}
	for _, text := range texts {
		shown = append(shown, hexOf(text))
	}
	return shown
}

func list(isNil bool, items []string) string {
	if isNil {
		return "nil"
	}
	return "[" + strings.Join(items, " ") + "]"
}
