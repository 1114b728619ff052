module step-token.test/go-json-peer

go 1.24.0

require github.com/go-jose/go-jose/v3 v3.0.4
