//! The requests that spend a token, and that it appears nowhere else.

use serde_json::{Value, json};
use step_ca_client::{
    Client, Error, Options, RevokeRequest, SignRequest, SshCertificateType, SshSignRequest,
};

use crate::server::{Authority, Request, Server, redirect};
use crate::{client, fault, run, whole};

const TOKEN: &str = "eyJhbGciOiJFUzI1NiJ9.c2VjcmV0.c2lnbmF0dXJl";

const SIGNED: &str = r#"{"crt":"a","ca":"b","certChain":["a","b"]}"#;

const SIGN: SignRequest<'_> =
    SignRequest { csr: "CSR", ott: TOKEN, not_before: "", not_after: "5m", template_data: None };

const REVOKE: RevokeRequest<'_> =
    RevokeRequest { serial: "42", ott: Some(TOKEN), reason_code: 4, reason: "" };

fn ssh_sign<'a>(principals: &'a [String]) -> SshSignRequest<'a> {
    SshSignRequest {
        public_key: b"key",
        ott: TOKEN,
        cert_type: Some(SshCertificateType::User),
        key_id: "me",
        principals,
        valid_after: "",
        valid_before: "",
        add_user_public_key: None,
        identity_csr: None,
        template_data: None,
    }
}

/// The method, path and body of the only request.
fn spent(server: &Server) -> (Request, Value) {
    let request = server.request();
    assert_eq!(request.method, "POST");
    assert_eq!(request.header("content-type"), Some("application/json"));
    let body = if request.body.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&request.body).unwrap()
    };
    (request, body)
}

#[test]
fn a_token_is_spent_on_an_x509_certificate() {
    let authority = Authority::new();
    let server = Server::fixed(&authority, 201, SIGNED);
    let answer = run(client(&authority, &server).sign(&SIGN)).unwrap();
    assert_eq!(answer.cert_chain, ["a", "b"]);
    let (request, body) = spent(&server);
    assert_eq!(request.path, "/sign");
    assert_eq!(body, json!({"csr": "CSR", "ott": TOKEN, "notBefore": "", "notAfter": "5m"}));
}

#[test]
fn a_renew_token_goes_into_the_header() {
    let authority = Authority::new();
    let server = Server::fixed(&authority, 201, SIGNED);
    assert_eq!(run(client(&authority, &server).renew(TOKEN)).unwrap().crt, "a");
    let (request, body) = spent(&server);
    assert_eq!((request.path.as_str(), body), ("/renew", Value::Null));
    assert_eq!(request.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));

    let error = run(client(&authority, &server).renew("a\nb")).unwrap_err();
    assert!(matches!(error, Error::Token) && !error.is_network());
}

#[test]
fn a_token_is_spent_on_a_revocation() {
    let authority = Authority::new();
    for path in ["/revoke", "/ssh/revoke"] {
        let server = Server::fixed(&authority, 200, r#"{"status":"ok"}"#);
        let client = client(&authority, &server);
        match path {
            "/revoke" => run(client.revoke(&REVOKE)).unwrap(),
            _ => run(client.ssh_revoke(&REVOKE)).unwrap(),
        }
        let (request, body) = spent(&server);
        assert_eq!(request.path, path);
        let expected =
            json!({"serial": "42", "ott": TOKEN, "reasonCode": 4, "reason": "", "passive": true});
        assert_eq!(body, expected);
    }
}

#[test]
fn a_token_is_spent_on_an_ssh_certificate() {
    let authority = Authority::new();
    let server = Server::fixed(&authority, 201, r#"{"crt":"Y3J0"}"#);
    let answer = run(client(&authority, &server).ssh_sign(&ssh_sign(&["me".to_owned()]))).unwrap();
    assert_eq!(answer.crt, b"crt");
    let (request, body) = spent(&server);
    assert_eq!(request.path, "/ssh/sign");
    let expected = json!({
        "publicKey": "a2V5", "ott": TOKEN, "certType": "user", "keyID": "me", "principals": ["me"],
    });
    assert_eq!(body, expected);

    let server = Server::fixed(&authority, 201, r#"{"crt":"Y3J0"}"#);
    assert_eq!(run(client(&authority, &server).ssh_renew(TOKEN)).unwrap().crt, b"crt");
    let (request, body) = spent(&server);
    assert_eq!((request.path.as_str(), body), ("/ssh/renew", json!({"ott": TOKEN})));

    let server = Server::fixed(&authority, 201, r#"{"crt":"Y3J0"}"#);
    assert_eq!(run(client(&authority, &server).ssh_rekey(TOKEN, b"new")).unwrap().crt, b"crt");
    let (request, body) = spent(&server);
    let expected = json!({"ott": TOKEN, "publicKey": "bmV3"});
    assert_eq!((request.path.as_str(), body), ("/ssh/rekey", expected));
}

#[test]
fn a_certificate_that_is_shown_renews_and_rekeys_itself() {
    let authority = Authority::new();
    let leaf = authority.leaf(&["127.0.0.1"], |_| {});
    let server =
        Server::with(leaf, Some(&authority), |_, out| crate::server::answer(out, 201, SIGNED));
    let identity = Some(authority.leaf(&["me"], |_| {}).identity());
    let options = Options { identity, ..Options::default() };
    let client = Client::new(&server.url(), &authority.roots(), &options).unwrap();
    run(client.renew_identity()).unwrap();
    run(client.rekey_identity("CSR")).unwrap();

    let requests = server.requests();
    assert!(requests.iter().all(|request| request.has_client_certificate));
    assert_eq!((requests[0].path.as_str(), requests[0].body.as_str()), ("/renew", ""));
    assert_eq!(
        (requests[1].path.as_str(), requests[1].body.as_str()),
        ("/rekey", r#"{"csr":"CSR"}"#)
    );
}

#[test]
fn no_error_holds_a_token() {
    let authority = Authority::new();
    let refusal = r#"{"status":401,"message":"The request lacked authorization."}"#;
    let elsewhere = Server::start(&authority, |_, out| redirect(out, 307, "http://ca.test/sign"));
    for server in [
        Server::fixed(&authority, 401, refusal),
        Server::fixed(&authority, 201, "<html>"),
        Server::fixed(&authority, 201, "[]"),
        Server::start(&authority, |_, _| Err(std::io::ErrorKind::Other.into())),
        elsewhere,
    ] {
        let client = client(&authority, &server);
        for error in [
            run(client.sign(&SIGN)).unwrap_err(),
            run(client.renew(TOKEN)).unwrap_err(),
            run(client.revoke(&REVOKE)).unwrap_err(),
            run(client.ssh_sign(&ssh_sign(&[]))).unwrap_err(),
            run(client.ssh_renew(TOKEN)).unwrap_err(),
            run(client.ssh_rekey(TOKEN, b"new")).unwrap_err(),
            run(client.ssh_revoke(&REVOKE)).unwrap_err(),
        ] {
            fault(&error);
            let text = whole(&error);
            assert!(!text.contains("eyJ") && !text.contains("c2VjcmV0"), "{text}");
        }
        assert!(!format!("{client:?}").contains(TOKEN));
    }
}

#[test]
fn a_refusal_is_told_in_the_words_of_the_ca() {
    let authority = Authority::new();
    let refusal = r#"{"status":401,"message":"The request lacked authorization."}"#;
    let server = Server::fixed(&authority, 401, refusal);
    let error = run(client(&authority, &server).sign(&SIGN)).unwrap_err();
    assert_eq!(error.to_string(), format!("request to {}/sign failed", server.url()));
    assert_eq!(error.status(), Some(401));
    assert_eq!(
        fault(&error).to_string(),
        "answered 401 Unauthorized: The request lacked authorization."
    );
}
