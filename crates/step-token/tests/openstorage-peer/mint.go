package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	jwt "github.com/dgrijalva/jwt-go"
	"github.com/libopenstorage/openstorage/pkg/auth"
	"gopkg.in/yaml.v2"
)

type mintQuestion struct {
	YAML            []byte `json:"yaml"`
	Issuer          string `json:"issuer"`
	Duration        string `json:"duration"`
	At              int64  `json:"at"`
	SharedSecret    []byte `json:"sharedSecret"`
	RSAPrivateKey   string `json:"rsaPrivateKey"`
	ECDSAPrivateKey string `json:"ecdsaPrivateKey"`
}

type mintAnswer struct {
	Token  string      `json:"token,omitempty"`
	Error  string      `json:"error,omitempty"`
	Stage  string      `json:"stage,omitempty"`
	Claims *mintClaims `json:"claims,omitempty"`
}

type mintClaims struct {
	Name   string   `json:"name"`
	Sub    string   `json:"sub"`
	Email  string   `json:"email"`
	Roles  []string `json:"roles"`
	Groups []string `json:"groups"`
}

// mint takes the steps of openstorage-sdk-auth, in its order, with the code
// that the server's module has of them. auth.Claims has the same fields and tags
// as the type of that program, of which Issuer has none for YAML: it is read
// from a key "issuer" and then overwritten.
func mint(q mintQuestion) mintAnswer {
	claims, err := readClaims(q.YAML)
	if err != nil {
		return mintAnswer{Stage: "yaml", Error: err.Error()}
	}
	answer := mintAnswer{Claims: &mintClaims{
		Name:   claims.Name,
		Sub:    claims.Subject,
		Email:  claims.Email,
		Roles:  claims.Roles,
		Groups: claims.Groups,
	}}
	if len(claims.Subject) == 0 {
		claims.Subject = base64.StdEncoding.EncodeToString(
			[]byte("openstorage.io/" + claims.Name + "/" + claims.Email))
	}
	claims.Issuer = q.Issuer

	fail := func(stage string, err error) mintAnswer {
		answer.Stage, answer.Error = stage, err.Error()
		return answer
	}
	duration, err := auth.ParseToDuration(q.Duration)
	if err != nil {
		return fail("duration", err)
	}
	signature, err := signer(q)
	if err != nil {
		return fail("key", err)
	}
	expiration := time.Unix(q.At, 0).Add(duration).Unix()
	answer.Token, err = signed(claims, signature, expiration, q.At)
	if err != nil {
		return fail("sign", err)
	}
	return answer
}

// readClaims reads the first document. A panic of the YAML reader that the
// reader itself does not turn into an error is one here.
func readClaims(text []byte) (claims *auth.Claims, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("panic: %v", reason)
		}
	}()
	claims = &auth.Claims{}
	return claims, yaml.Unmarshal(text, claims)
}

func signer(q mintQuestion) (*auth.Signature, error) {
	switch {
	case len(q.SharedSecret) != 0:
		return auth.NewSignatureSharedSecret(string(q.SharedSecret))
	case len(q.RSAPrivateKey) != 0:
		return auth.NewSignatureRSA([]byte(q.RSAPrivateKey))
	case len(q.ECDSAPrivateKey) != 0:
		return auth.NewSignatureECDSA([]byte(q.ECDSAPrivateKey))
	}
	return nil, errors.New("Must provide a secret key to sign token")
}

// signed is auth.Token at a given time. That function reads the clock, but
// takes a span to subtract from it: the span that leads to the middle of the
// wanted second leaves half a second to make the token in.
func signed(claims *auth.Claims, signature *auth.Signature, exp, iat int64) (string, error) {
	middle := time.Unix(iat, int64(time.Second/2))
	for range 10 {
		back := time.Since(middle)
		if !time.Now().Add(-back).Round(time.Second / 4).Equal(middle) {
			break // centuries away, where a span saturates
		}
		token, err := auth.Token(claims, signature, &auth.Options{Expiration: exp, IATSubtract: back})
		if err != nil || issuedAt(token) == iat {
			return token, err
		}
	}

	mapclaims := jwt.MapClaims{
		"sub":   claims.Subject,
		"iss":   claims.Issuer,
		"email": claims.Email,
		"name":  claims.Name,
		"roles": claims.Roles,
		"iat":   iat,
		"exp":   exp,
	}
	if claims.Groups != nil {
		mapclaims["groups"] = claims.Groups
	}
	return jwt.NewWithClaims(signature.Type, mapclaims).SignedString(signature.Key)
}

func issuedAt(token string) int64 {
	var payload struct {
		Iat int64 `json:"iat"`
	}
	parts := strings.Split(token, ".")
	if text, err := jwt.DecodeSegment(parts[1]); err != nil || json.Unmarshal(text, &payload) != nil {
		return -1
	}
	return payload.Iat
}
