module step-token.test/go-url-peer

go 1.24.0
