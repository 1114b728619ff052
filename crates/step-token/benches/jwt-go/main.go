// Jwt-go mints one token: jwt-go SECRET_FILE ISSUER.
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/dgrijalva/jwt-go"
)

func main() {
	secret, err := os.ReadFile(os.Args[1])
	now := time.Now().Unix()
	claims := jwt.MapClaims{
		"email": "jstevens@portworx.com", "exp": now + 86400, "groups": []string{"*"}, "iat": now, "iss": os.Args[2],
		"name": "Jim Stevens", "roles": []string{"system.user"}, "sub": "jstevens@portworx.com/jstevens",
	}
	token, signing := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(secret)
	if err != nil || signing != nil {
		panic(fmt.Sprint(err, signing))
	}
	fmt.Println(token)
}
