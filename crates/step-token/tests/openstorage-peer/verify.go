package main

import (
	"context"
	"fmt"
	"time"

	jwt "github.com/dgrijalva/jwt-go"
	"github.com/libopenstorage/openstorage/pkg/auth"
	"google.golang.org/grpc/codes"
)

type verifyQuestion struct {
	Issuer        string `json:"issuer"`
	SharedSecret  []byte `json:"sharedSecret"`
	RSAPublicKey  string `json:"rsaPublicKey"`
	ECDSPublicKey string `json:"ecdsPublicKey"`
	UsernameClaim string `json:"usernameClaim"`
	Token         []byte `json:"token"`
	At            int64  `json:"at"`
}

type verifyAnswer struct {
	Accepted bool     `json:"accepted"`
	Code     string   `json:"code"`
	Stage    string   `json:"stage"`
	Error    string   `json:"error,omitempty"`
	Username string   `json:"username"`
	Roles    []string `json:"roles"`
	Groups   []string `json:"groups"`
	Name     string   `json:"name"`
	Email    string   `json:"email"`
}

type configuration struct {
	sharedSecret, rsaPublicKey, ecdsPublicKey, usernameClaim string
}

type authenticator struct {
	auth.Authenticator
	err error
}

var authenticators = map[configuration]authenticator{}

// configured gives the authenticator of the question's keys, made once.
func configured(q verifyQuestion) authenticator {
	key := configuration{string(q.SharedSecret), q.RSAPublicKey, q.ECDSPublicKey, q.UsernameClaim}
	known, ok := authenticators[key]
	if !ok {
		known.Authenticator, known.err = auth.NewJwtAuth(&auth.JwtAuthConfig{
			SharedSecret:  q.SharedSecret,
			RsaPublicPem:  []byte(q.RSAPublicKey),
			ECDSPublicPem: []byte(q.ECDSPublicKey),
			UsernameClaim: auth.UsernameClaimType(q.UsernameClaim),
		})
		authenticators[key] = known
	}
	return known
}

// tokenIssuer is auth.TokenIssuer, which follows a nil pointer if the payload
// is the JSON value null.
func tokenIssuer(token string) (issuer string, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("panic: %v", reason)
		}
	}()
	return auth.TokenIssuer(token)
}

// verify takes the steps of sdkGrpcServer.auth (server_interceptors.go of
// api/server/sdk) from the point where that has the token in hand. The function
// itself is private to a package that needs the whole server.
func verify(q verifyQuestion) verifyAnswer {
	refuse := func(code codes.Code, stage string, err error) verifyAnswer {
		return verifyAnswer{Code: code.String(), Stage: stage, Error: err.Error()}
	}

	registered := configured(q)
	if registered.err != nil {
		return verifyAnswer{Stage: "configuration", Error: registered.err.Error()}
	}

	// The only clock that a verification reads: pkg/auth calls time.Now in
	// Token alone.
	jwt.TimeFunc = func() time.Time { return time.Unix(q.At, 0) }

	token := string(q.Token)
	issuer, err := tokenIssuer(token)
	if err != nil {
		return refuse(codes.Unauthenticated, "issuer", err)
	}
	if issuer != q.Issuer {
		return refuse(codes.Unauthenticated, "trust", fmt.Errorf("%s is not a trusted issuer", issuer))
	}
	claims, err := registered.AuthenticateToken(context.Background(), token)
	if err != nil {
		return refuse(codes.PermissionDenied, "authenticate", err)
	}
	return verifyAnswer{
		Accepted: true,
		Code:     codes.OK.String(),
		Stage:    "ok",
		Username: registered.Username(claims),
		Roles:    claims.Roles,
		Groups:   claims.Groups,
		Name:     claims.Name,
		Email:    claims.Email,
	}
}
