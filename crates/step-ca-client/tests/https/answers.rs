//! Requests that need no token, and their answers.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use step_ca_client::{Client, Options, RequestFault};
use token_jose::KeyId;

use crate::server::{Authority, Server, answer, answer_with};
use crate::{client, fault, run};

fn vector(name: &str) -> String {
    fs::read_to_string(Path::new("../../testdata/vectors/server").join(name)).unwrap()
}

fn key_id(text: &str) -> KeyId {
    text.parse().unwrap()
}

#[test]
fn the_recorded_list_of_a_real_ca_is_read() {
    let authority = Authority::new();
    let server = Server::fixed(&authority, 200, vector("provisioners.json"));
    let list = run(client(&authority, &server).provisioner_list()).unwrap();
    assert_eq!(list.provisioners[0].name, "admin@example.com");
    assert_eq!(list.raw().count(), list.len());
    assert_eq!(server.request().path, "/provisioners?limit=100");
}

#[test]
fn pages_are_followed_and_every_request_has_its_own_id() {
    let authority = Authority::new();
    let server = Server::start(&authority, |request, out| {
        let (name, next) = match request.path.as_str() {
            "/provisioners?limit=100" => ("one", "1f/é"),
            "/provisioners?cursor=1f%2F%C3%A9&limit=100" => ("two", "20"),
            _ => ("three", ""),
        };
        let entry = format!(r#"{{"type":"ACME","name":"{name}"}}"#);
        answer(out, 200, &format!(r#"{{"provisioners":[{entry}],"nextCursor":"{next}"}}"#))
    });
    let options = Options { user_agent: "test/1".to_owned(), ..Options::default() };
    let client = Client::new(&server.url(), &authority.roots(), &options).unwrap();
    let names: Vec<_> = run(client.provisioners()).unwrap().into_iter().map(|p| p.name).collect();
    assert_eq!(names, ["one", "two", "three"]);

    let requests = server.requests();
    assert_eq!(requests[2].path, "/provisioners?cursor=20&limit=100");
    let mut ids: Vec<_> =
        requests.iter().map(|request| request.header("x-request-id").unwrap()).collect();
    for id in &ids {
        assert_eq!(id.parse::<uuid::Uuid>().unwrap().get_version_num(), 4, "{id}");
    }
    ids.dedup();
    assert_eq!(ids.len(), 3);
    assert!(requests.iter().all(|request| request.header("user-agent") == Some("test/1")));
    assert!(requests.iter().all(|request| request.method == "GET" && request.body.is_empty()));
}

#[test]
fn a_cursor_that_does_not_advance_ends_the_list() {
    let authority = Authority::new();
    let server = Server::fixed(&authority, 200, r#"{"provisioners":[],"nextCursor":"1f"}"#);
    let error = run(client(&authority, &server).provisioners()).unwrap_err();
    assert!(matches!(fault(&error), RequestFault::RepeatedCursor { page: 2, .. }), "{error:?}");
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn endless_pages_end_after_a_thousand() {
    let authority = Authority::new();
    let count = AtomicUsize::new(0);
    let server = Server::start(&authority, move |_, out| {
        let next = count.fetch_add(1, Ordering::Relaxed);
        answer(out, 200, &format!(r#"{{"provisioners":[],"nextCursor":"{next}"}}"#))
    });
    let error = run(client(&authority, &server).provisioners()).unwrap_err();
    assert!(matches!(fault(&error), RequestFault::TooManyPages { limit: 1_000 }), "{error:?}");
    assert_eq!((server.requests().len(), server.connections()), (1_000, 1));
}

#[test]
fn a_sealed_key_is_asked_for_by_a_single_segment() {
    let authority = Authority::new();
    let server = Server::fixed(&authority, 200, vector("encrypted-key.ps256-key.json"));
    let key = run(client(&authority, &server).encrypted_key(&key_id("a/b c?d%e"))).unwrap();
    assert!(key.unwrap().starts_with("eyJ"));
    assert_eq!(server.request().path, "/provisioners/a%2Fb%20c%3Fd%25e/encrypted-key");
}

#[test]
fn a_sealed_key_that_the_ca_does_not_have_is_none() {
    let authority = Authority::new();
    let message = r#"{"status":404,"message":"The requested resource could not be found."}"#;
    for body in [message, "404 page not found\n"] {
        let server = Server::fixed(&authority, 404, body);
        let client = client(&authority, &server);
        assert_eq!(run(client.encrypted_key(&key_id("x"))).unwrap(), None);
        for unspeakable in [".", ".."] {
            assert_eq!(run(client.encrypted_key(&key_id(unspeakable))).unwrap(), None);
        }
        assert_eq!(server.requests().len(), 1);
    }
    let server = Server::fixed(&authority, 404, "<html>no such page</html>");
    let error = run(client(&authority, &server).encrypted_key(&key_id("x"))).unwrap_err();
    assert!(matches!(fault(&error), RequestFault::Html { status: 404 }));
}

#[test]
fn health_and_version_are_told() {
    let authority = Authority::new();
    let server = Server::fixed(&authority, 200, r#"{"status":"ok"}"#);
    assert_eq!(run(client(&authority, &server).health()).unwrap(), "ok");
    assert_eq!(server.request().path, "/health");

    let body = r#"{"version":"0.30.2","requireClientAuthentication":true}"#;
    for (body, version, required) in
        [(body, "0.30.2", true), (r#"{"version":"N/A"}"#, "N/A", false)]
    {
        let server = Server::fixed(&authority, 200, body);
        let answer = run(client(&authority, &server).version()).unwrap();
        assert_eq!(answer.version, version);
        assert_eq!(answer.require_client_authentication, required);
    }
}

#[test]
fn roots_come_with_status_201() {
    let (authority, second) = (Authority::new(), Authority::new());
    let (first_pem, second_pem) = (authority.pem(), second.pem());
    let server =
        Server::fixed(&authority, 201, format!(r#"{{"crts":[{first_pem:?},{second_pem:?}]}}"#));
    let roots = run(client(&authority, &server).roots()).unwrap();
    assert_eq!(
        roots.fingerprints(),
        [authority.roots().fingerprint(), second.roots().fingerprint()]
    );

    for body in [r#"{"crts":[]}"#, r#"{"crts":["hello"]}"#] {
        let server = Server::fixed(&authority, 201, body);
        let error = run(client(&authority, &server).roots()).unwrap_err();
        assert!(matches!(fault(&error), RequestFault::Roots { .. }), "{error:?}");
    }
}

#[test]
fn a_root_is_believed_only_with_its_fingerprint() {
    let (authority, other) = (Authority::new(), Authority::new());
    let asked = other.roots().fingerprint();
    let server = Server::fixed(&authority, 200, format!(r#"{{"ca":{:?}}}"#, other.pem()));
    let roots = run(client(&authority, &server).root(asked)).unwrap();
    assert_eq!(roots.fingerprints(), [asked]);
    assert_eq!(server.request().path, format!("/root/{asked}"));

    let error = run(client(&authority, &server).root(authority.roots().fingerprint()));
    assert!(matches!(fault(&error.unwrap_err()), RequestFault::WrongRoot { .. }));
}

#[test]
fn an_answer_that_is_no_answer_of_a_ca_is_told_by_what_it_is() {
    let authority = Authority::new();
    for (status, body, message) in [
        (200, "<!DOCTYPE html><p>hi", "answered HTML instead of JSON, with status 200 OK"),
        (502, "  <html>", "answered HTML instead of JSON, with status 502 Bad Gateway"),
        (500, r#"{"status":500,"message":"boom"}"#, "answered 500 Internal Server Error: boom"),
        (500, "boom", "answered 500 Internal Server Error"),
        (204, "", "answered something that is not JSON: error at line 1, column 0"),
        (200, "OK", "answered something that is not JSON: error at line 1, column 1"),
        (200, "{}", "answered something unexpected: missing field `status` at line 1 column 2"),
    ] {
        let server = Server::fixed(&authority, status, body);
        let error = run(client(&authority, &server).health()).unwrap_err();
        assert_eq!(fault(&error).to_string(), message);
    }
    let server = Server::start(&authority, |_, out| {
        answer_with(out, 200, "Content-Type: TEXT/HTML; charset=utf-8", "{}")
    });
    let error = run(client(&authority, &server).health()).unwrap_err();
    assert!(matches!(fault(&error), RequestFault::Html { status: 200 }));
}
