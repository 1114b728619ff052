module step-token.test/jwt-go

go 1.24

require github.com/dgrijalva/jwt-go v3.2.0+incompatible
