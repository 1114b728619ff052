//! Which servers the client trusts.

use rcgen::date_time_ymd;
use step_ca_client::{Client, Error, Options, RequestFault, Roots, SignRequest, fetch_root};

use crate::server::{Authority, Leaf, Server, answer, redirect};
use crate::{client, fault, run};

fn serving(leaf: Leaf) -> Server {
    Server::with(leaf, None, |_, out| answer(out, 200, r#"{"status":"ok"}"#))
}

fn refusal(authority: &Authority, server: &Server) -> Error {
    run(client(authority, server).health()).unwrap_err()
}

#[test]
fn a_server_of_another_root_is_not_believed() {
    // Also the same name with another key, as after a CA was set up again.
    let (authority, other) = (Authority::new(), Authority::new());
    let server = Server::fixed(&other, 200, r#"{"status":"ok"}"#);
    let error = refusal(&authority, &server);
    assert_eq!(
        fault(&error).to_string(),
        format!(
            "the server's certificate is not signed by the given root, {}",
            authority.roots().fingerprint()
        )
    );
    assert!(server.requests().is_empty());
}

#[test]
fn every_certificate_of_a_bundle_is_a_trust_anchor() {
    let (authority, other) = (Authority::new(), Authority::new());
    let server = Server::fixed(&other, 200, r#"{"status":"ok"}"#);
    let bundle = Roots::parse([authority.pem(), other.pem()].concat().as_bytes()).unwrap();
    let client = Client::new(&server.url(), &bundle, &Options::default()).unwrap();
    assert_eq!(run(client.health()).unwrap(), "ok");
}

#[test]
fn an_expired_certificate_is_called_that() {
    let authority = Authority::new();
    let server = serving(authority.leaf(&["127.0.0.1"], |params| {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    }));
    let error = refusal(&authority, &server);
    assert_eq!(
        fault(&error).to_string(),
        "the server's certificate expired at 2021-01-01T00:00:00Z"
    );
}

#[test]
fn a_certificate_of_the_future_is_called_that() {
    let authority = Authority::new();
    let server = serving(authority.leaf(&["127.0.0.1"], |params| {
        params.not_before = date_time_ymd(3000, 1, 1);
        params.not_after = date_time_ymd(3001, 1, 1);
    }));
    let error = refusal(&authority, &server);
    assert_eq!(
        fault(&error).to_string(),
        "the server's certificate is not valid before 3000-01-01T00:00:00Z"
    );
}

#[test]
fn a_certificate_for_other_names_is_called_that_with_its_names() {
    let authority = Authority::new();
    let server = serving(authority.leaf(&["ca.example.test", "10.0.0.1"], |_| {}));
    let error = refusal(&authority, &server);
    assert_eq!(
        fault(&error).to_string(),
        "the server's certificate is not for `127.0.0.1`, but for `ca.example.test`, `10.0.0.1`"
    );
}

#[test]
fn a_certificate_for_another_purpose_is_refused_with_the_reason() {
    let authority = Authority::new();
    let server = serving(authority.leaf(&["127.0.0.1"], |params| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    }));
    let error = refusal(&authority, &server);
    assert!(matches!(fault(&error), RequestFault::Certificate { .. }), "{error:?}");
}

#[test]
fn a_ca_that_demands_a_client_certificate_gets_the_identity() {
    let (authority, other) = (Authority::new(), Authority::new());
    let leaf = authority.leaf(&["127.0.0.1"], |_| {});
    let server =
        Server::with(leaf, Some(&authority), |_, out| answer(out, 200, r#"{"status":"ok"}"#));
    let health = |identity| {
        let options = Options { identity, ..Options::default() };
        let client = Client::new(&server.url(), &authority.roots(), &options).unwrap();
        run(client.health())
    };
    assert_eq!(health(Some(authority.leaf(&["me"], |_| {}).identity())).unwrap(), "ok");
    assert!(server.request().has_client_certificate);

    let error = health(None).unwrap_err();
    assert_eq!(
        fault(&error).to_string(),
        "the CA requires a client certificate (CertificateRequired)"
    );
    let error = health(Some(other.leaf(&["me"], |_| {}).identity())).unwrap_err();
    assert!(
        matches!(fault(&error), RequestFault::ClientCertificate { shown: true, .. }),
        "{error:?}"
    );
}

#[test]
fn a_redirect_to_https_is_followed_and_held_to_the_same_root() {
    let (authority, other) = (Authority::new(), Authority::new());
    for (target_authority, believed) in [(&authority, true), (&other, false)] {
        let target = Server::fixed(target_authority, 200, r#"{"status":"ok"}"#);
        let to = format!("{}/elsewhere", target.url());
        let server = Server::start(&authority, move |_, out| redirect(out, 302, &to));
        let result = run(client(&authority, &server).health());
        if believed {
            assert_eq!(result.unwrap(), "ok");
            assert_eq!(target.request().path, "/elsewhere");
        } else {
            let error = result.unwrap_err();
            assert!(matches!(fault(&error), RequestFault::Untrusted { .. }), "{error:?}");
            assert!(error.to_string().contains(&target.url().to_string()), "{error}");
        }
    }
}

#[test]
fn a_redirect_to_http_is_refused() {
    let authority = Authority::new();
    let server = Server::start(&authority, |_, out| redirect(out, 301, "http://127.0.0.1/health"));
    let error = refusal(&authority, &server);
    assert_eq!(
        fault(&error).to_string(),
        "redirected to http://127.0.0.1/health, which is not https"
    );
}

#[test]
fn a_token_stays_with_its_server_when_that_redirects() {
    let authority = Authority::new();
    let target = Server::fixed(&authority, 201, r#"{"crt":"a"}"#);
    let elsewhere = target.url().to_string();
    for status in [301, 302, 303, 307, 308] {
        let to = format!("{elsewhere}/target");
        let server = Server::start(&authority, move |request, out| match request.path.as_str() {
            "/renew" | "/sign" => redirect(out, 307, "/again"),
            _ => redirect(out, status, &to),
        });
        let client = client(&authority, &server);
        let request = SignRequest {
            csr: "csr",
            ott: "s3cret",
            not_before: "",
            not_after: "",
            template_data: None,
        };
        let errors =
            [run(client.renew("s3cret")).map(|_| ()), run(client.sign(&request)).map(|_| ())];
        // The server itself gets the token again.
        for request in server.requests() {
            let header = request.header("authorization").is_some_and(|it| it.contains("s3cret"));
            assert!(header || request.body.contains("s3cret"), "{status} {request:?}");
        }
        for error in errors {
            // A POST becomes a GET without a token, or ends.
            match status {
                307 | 308 => assert_eq!(
                    fault(&error.unwrap_err()).to_string(),
                    format!(
                        "redirected to {elsewhere}/target, another server, which must not get the \
                         token"
                    )
                ),
                _ => error.unwrap(),
            }
        }
    }
    assert_eq!(target.requests().len(), 6);
    for request in target.requests() {
        assert_eq!((request.method.as_str(), request.body.as_str()), ("GET", ""));
        assert_eq!(request.header("authorization"), None);
    }
}

#[test]
fn redirects_end_after_ten() {
    let authority = Authority::new();
    let server = Server::start(&authority, |_, out| redirect(out, 302, "/health"));
    let error = refusal(&authority, &server);
    assert_eq!(fault(&error).to_string(), "redirected more than 10 times");
    assert_eq!(server.requests().len(), 11);
}

#[test]
fn a_root_is_fetched_from_a_server_nobody_vouches_for_yet() {
    let (authority, other) = (Authority::new(), Authority::new());
    let asked = authority.roots().fingerprint();
    let body = format!(r#"{{"ca":{:?}}}"#, authority.pem());
    let options =
        Options { identity: Some(other.leaf(&["me"], |_| {}).identity()), ..Options::default() };
    let server = serving_root(&other, &body);
    assert_eq!(run(fetch_root(&server.url(), asked, &options)).unwrap(), authority.roots());
    assert_eq!(server.request().path, format!("/root/{asked}"));
    assert!(!server.request().has_client_certificate);
}

fn serving_root(authority: &Authority, body: &str) -> Server {
    Server::fixed(authority, 200, body)
}

#[test]
fn a_fetched_root_must_have_the_fingerprint() {
    let (authority, other) = (Authority::new(), Authority::new());
    let asked = authority.roots().fingerprint();
    let server = serving_root(&authority, &format!(r#"{{"ca":{:?}}}"#, other.pem()));
    let error = run(fetch_root(&server.url(), asked, &Options::default())).unwrap_err();
    let answered = other.roots().fingerprint();
    assert_eq!(
        fault(&error).to_string(),
        format!("asked for root {asked}, but the CA answered with {answered}")
    );
}

#[test]
fn a_certificate_that_comes_along_with_a_fetched_root_is_dropped() {
    let (authority, other) = (Authority::new(), Authority::new());
    let both = [other.pem(), authority.pem()].concat();
    let server = serving_root(&authority, &format!(r#"{{"ca":{both:?}}}"#));
    let asked = authority.roots().fingerprint();
    let roots = run(fetch_root(&server.url(), asked, &Options::default())).unwrap();
    assert_eq!(roots, authority.roots());
}

#[test]
fn a_fetch_of_a_root_follows_no_redirect_and_needs_a_root_in_the_answer() {
    let authority = Authority::new();
    let asked = authority.roots().fingerprint();
    let fetch =
        |server: &Server| run(fetch_root(&server.url(), asked, &Options::default())).unwrap_err();
    let server = Server::start(&authority, |_, out| redirect(out, 302, "/elsewhere"));
    assert_eq!(fetch(&server).status(), Some(302));
    assert_eq!(server.requests().len(), 1);

    let server = serving_root(&authority, r#"{"ca":"no certificate"}"#);
    assert!(matches!(fault(&fetch(&server)), RequestFault::Roots { .. }));
}

#[test]
fn the_certificate_of_a_ca_says_how_its_name_is_spelled() {
    let authority = Authority::new();
    let leaf = authority.leaf(&["ca.Example.test", "localhost", "127.0.0.1", "::1"], |_| {});
    let server = serving(leaf);
    let client = client(&authority, &server);
    let spelled = |url: &str| client.own_spelling(&url.parse().unwrap()).to_string();
    assert_eq!(spelled("LOCALHOST:9000"), "https://LOCALHOST:9000");
    run(client.health()).unwrap();
    for (given, own) in [
        ("LOCALHOST:9000", "https://localhost:9000"),
        ("localhost.", "https://localhost"),
        ("127.1:1", "https://127.0.0.1:1"),
        ("[0:0:0:0:0:0:0:1]:1", "https://[::1]:1"),
        ("CA.example.test", "https://ca.Example.test"),
        ("other.test", "https://other.test"),
    ] {
        assert_eq!(spelled(given), own);
    }
}

#[test]
fn a_name_with_a_dot_at_its_end_is_compared_letter_for_letter() {
    let authority = Authority::new();
    let dotted = |names: &[&str], change: fn(&mut rcgen::CertificateParams)| {
        let server = serving(authority.leaf(names, change));
        let url = server.url().to_string().replace("127.0.0.1", "localhost.");
        (server, url)
    };
    let health = |url: &str, roots: &Roots, options: &Options| {
        run(Client::new(&url.parse().unwrap(), roots, options).unwrap().health())
    };
    let (roots, options) = (authority.roots(), Options::default());
    for names in [&["localhost."][..], &["Localhost.", "other.test"], &["localhost"]] {
        let (_server, url) = dotted(names, |_| {});
        assert_eq!(health(&url, &roots, &options).unwrap(), "ok", "{names:?}");
        let error = health(&url, &Authority::new().roots(), &options).unwrap_err();
        assert!(matches!(fault(&error), RequestFault::Untrusted { .. }), "{error:?}");
    }
    for names in [&["localhost.."][..], &["other.test."], &["xlocalhost."]] {
        let (_server, url) = dotted(names, |_| {});
        let error = health(&url, &roots, &options).unwrap_err();
        assert!(matches!(fault(&error), RequestFault::WrongName { .. }), "{error:?}");
    }
    // Without the dot, it is another name.
    let (_server, url) = dotted(&["localhost."], |_| {});
    let error = health(&url.replace("localhost.", "localhost"), &roots, &options).unwrap_err();
    assert!(matches!(fault(&error), RequestFault::WrongName { .. }), "{error:?}");

    let (_server, url) = dotted(&["localhost."], |params| {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2020, 1, 2);
    });
    let error = health(&url, &roots, &options).unwrap_err();
    assert!(matches!(fault(&error), RequestFault::Expired { .. }), "{error:?}");

    let clients = Authority::new();
    let identity = Some(clients.leaf(&["client.test"], |_| {}).identity());
    let server = Server::with(authority.leaf(&["localhost."], |_| {}), Some(&clients), |_, out| {
        answer(out, 200, r#"{"status":"ok"}"#)
    });
    let url = server.url().to_string().replace("127.0.0.1", "localhost.");
    let options = Options { identity, ..Options::default() };
    assert_eq!(health(&url, &roots, &options).unwrap(), "ok");
    assert!(server.request().has_client_certificate);
}
