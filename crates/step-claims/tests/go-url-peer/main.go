// Reads URLs as Go does and prints their parts.
//
// One text a line on standard input, in base64; one line for each on standard output: `refused`, or
// the parts that go_url.rs makes of the same text.
package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<30)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		text, err := base64.StdEncoding.DecodeString(lines.Text())
		if err != nil {
			panic(err)
		}
		u, err := url.Parse(string(text))
		if err != nil {
			fmt.Fprintln(out, "refused")
			continue
		}
		whole, host := u.String(), u.Host
		u.Host = u.Hostname()
		stripped := u.String()
		u.Fragment, u.RawFragment = "x5c/a b'é%2F", ""
		fmt.Fprintf(out, "%s %x %x %s %s %s\n", u.Scheme, host, fragment(text), whole, stripped, u)
	}
}

func fragment(text []byte) string {
	u, _ := url.Parse(string(text))
	return u.Fragment
}
