// X509-peer verifies certificate chains with Go's crypto/x509, as step-ca does,
// so that the tests of step-header need not trust their own reading of it.
//
// It reads questions from standard input, one JSON value per line, and writes
// one line of JSON for each, in order. It ends with status 2, and a line on
// standard error, if the input is not a question.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"time"
)

// question is a chain as a token's header carries it, and whom to trust.
type question struct {
	// Certificates are the DER of the leaf and of what stands after it.
	Certificates [][]byte `json:"certificates"`
	Roots        [][]byte `json:"roots"`
	// At is the time, in seconds since 1970.
	At int64 `json:"at"`
}

type answer struct {
	OK bool `json:"ok"`
	// Parsed says whether every certificate could be read.
	Parsed bool   `json:"parsed"`
	Error  string `json:"error,omitempty"`
	Go     string `json:"go"`
}

func main() {
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	decoder := json.NewDecoder(lines)
	decoder.DisallowUnknownFields()
	encoder := json.NewEncoder(os.Stdout)
	for decoder.More() {
		var asked question
		if err := decoder.Decode(&asked); err != nil {
			fmt.Fprintln(os.Stderr, "x509-peer:", err)
			os.Exit(2)
		}
		if err := encoder.Encode(verify(asked)); err != nil {
			fmt.Fprintln(os.Stderr, "x509-peer:", err)
			os.Exit(2)
		}
	}
}

func verify(asked question) answer {
	given := answer{Go: runtime.Version()}
	certificates, err := parsed(asked.Certificates)
	if err != nil {
		given.Error = err.Error()
		return given
	}
	roots, err := parsed(asked.Roots)
	if err != nil {
		given.Error = err.Error()
		return given
	}
	given.Parsed = true
	options := x509.VerifyOptions{
		Intermediates: x509.NewCertPool(),
		Roots:         x509.NewCertPool(),
		CurrentTime:   time.Unix(asked.At, 0),
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	for _, certificate := range certificates[1:] {
		options.Intermediates.AddCert(certificate)
	}
	for _, root := range roots {
		options.Roots.AddCert(root)
	}
	if _, err := certificates[0].Verify(options); err != nil {
		given.Error = err.Error()
		return given
	}
	given.OK = true
	return given
}

func parsed(ders [][]byte) ([]*x509.Certificate, error) {
	certificates := make([]*x509.Certificate, 0, len(ders))
	for _, der := range ders {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		certificates = append(certificates, certificate)
	}
	return certificates, nil
}
