module step-token.test/x509-peer

go 1.25.0
