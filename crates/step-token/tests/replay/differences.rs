//! How the answer to a recorded run differs, where it does.
//!
//! The classes are those of `testdata/vectors/README.md`.

use crate::recording::Run;

/// What a replayed run must do.
pub(crate) enum Expected {
    /// The same bytes, or a refusal where the real program refused.
    Same,
    /// The recorded header and claims with a change.
    Changed { header: fn(&str) -> String, claims: fn(&str) -> String },
    /// This line, which is not a token of ours.
    Line(&'static str),
    /// A refusal where the real program wrote a token.
    Refused,
    /// A token where the real program failed.
    Succeeds,
}

impl Expected {
    pub(crate) fn class(&self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Changed { .. } | Self::Line(_) => "changed",
            Self::Refused => "refused here",
            Self::Succeeds => "succeeds here",
        }
    }
}

/// The runs that the ca.json forbids: step mints the token, and no CA takes it. They are also replayed
/// with a ca.json that allows them.
pub(crate) const FORBIDDEN: [&str; 4] =
    ["nebula ssh host", "ssh user, small units", "sshpop rekey", "sshpop rsa host cert"];

pub(crate) fn of(run: &Run) -> Expected {
    let marks: Vec<&str> = run.differs_by_design.iter().map(String::as_str).collect();
    match (run.name.as_str(), marks.as_slice()) {
        (name, []) if FORBIDDEN.contains(&name) => Expected::Refused,
        // The leaf alone does not lead to a root of the ca.json, so the CA does not renew it.
        ("renew, der leaf" | "renew, cert from stdin", _) => Expected::Refused,
        // The subject is the only name, and no certificate can carry it: the CA answers 500.
        ("sign unicode subject", []) => Expected::Refused,
        (_, []) => Expected::Same,
        // A `--ca-url` on the command line that is not one of the CA's names is refused.
        ("sealed CA key, two passwords", ["Q8"]) => Expected::Refused,
        // One of the five numbers, 1e400, is too large for a CA.
        ("online set numbers", ["Q26"]) => Expected::Refused,
        ("online cnf text", ["Q2", "Q64"]) => Expected::Refused,
        ("online cnf with ssh is dropped", ["Q2", "Q3"]) => {
            changed(|claims| add_cnf(&without_user(claims), SSH_KEY_FINGERPRINT))
        }
        ("cnf ignored offline", ["Q4"]) => {
            changed(|claims| add_cnf(claims, CSR_FINGERPRINT.trim_end()))
        }
        ("offline and set", ["Q4"]) => Expected::Succeeds,
        ("sign empty san" | "empty list variable", ["Q28"]) => {
            changed(|claims| claims.replace(r#""sans":[""]"#, &default_san(claims)))
        }
        ("port of address is not in the audience", ["Q50"]) => changed(|claims| {
            claims.replace("https://ca.example.test/sign", "https://ca.example.test:9000/sign")
        }),
        ("ca-url [fe80::1:2]", ["Q20"]) => {
            changed(|claims| claims.replace("https://[fe80::1]:2/", "https://[fe80::1:2]/"))
        }
        (_, ["Q1" | "Q10" | "Q14" | "Q15" | "Q30" | "Q46" | "2.6" | "3.2"]) => Expected::Refused,
        // The `--root` is the second of the CA's roots, and gives `sha`.
        ("root array", ["Q8"]) => changed(|claims| {
            claims.replace(
                "e58a13f772728680831204b6d29e08e22374f8c61e0d28e45b6b004e5c58edc4",
                "c9915cccb85ef1ff283f8cc74618b7271114fc2f9eb653f7e1c42159d10eceb4",
            )
        }),
        (_, ["Q7"] | ["Q9"] | ["Q9", "Q11"] | ["Q12"] | ["Q13"] | ["Q36"] | ["3.3"]) => {
            Expected::Succeeds
        }
        (_, ["DESIGN sealed keys"]) => Expected::Succeeds,
        // Both refuse, with different words.
        (_, ["Q19" | "Q40"]) => Expected::Same,
        ("output file exists, no terminal", ["Q42"]) => Expected::Same,
        // The same token.
        (_, ["Q21" | "Q42" | "Q29"]) => Expected::Same,
        (_, ["Q2"] | ["Q2", "Q29"]) => changed(without_user),
        // The header's `kid` is the thumbprint of the key, and not the path of its file.
        ("x5c expired leaf" | "x5c der leaf", ["Q5", "Prove: expiry" | "Prove: chain"]) => {
            Expected::Refused
        }
        ("online x5c sign", ["Q2", "Q5"]) => {
            Expected::Changed { header: kid_is_the_thumbprint, claims: without_user }
        }
        ("x5c provisioner name needing escapes", ["Q5", "Q22"]) => {
            Expected::Changed { header: kid_is_the_thumbprint, claims: fragment_is_encoded }
        }
        (_, ["Q5"] | ["Q5", "Q16"]) => {
            Expected::Changed { header: kid_is_the_thumbprint, claims: |claims| claims.to_owned() }
        }
        (_, ["Prove: chain order" | "Prove: key encodings" | "Q49" | "Q17"]) => Expected::Succeeds,
        ("renew, key of another certificate", ["Q18"]) => Expected::Refused,
        ("renew, sealed key", ["Q18"]) => Expected::Succeeds,
        (_, ["Q18"]) => changed(with_token_id),
        ("k8ssa", ["Q34"]) => Expected::Line("header.payload.signature\n"),
        ("no ca.json: x5c panics", ["Q6"]) => Expected::Same,
        (name, marks) => panic!("no row for `{name}` with {marks:?}"),
    }
}

fn changed(claims: fn(&str) -> String) -> Expected {
    Expected::Changed { header: |header| header.to_owned(), claims }
}

/// Q5: the thumbprint of the key, whose file the recorded `kid` names.
fn kid_is_the_thumbprint(header: &str) -> String {
    let thumbprints: serde_json::Value =
        serde_json::from_slice(&std::fs::read("test-keys/thumbprints.json").expect("thumbprints"))
            .expect("they are JSON");
    let value: serde_json::Value = serde_json::from_str(header).expect("a header is JSON");
    let path = value["kid"].as_str().expect("a `kid`");
    let kind = path.strip_prefix("test-keys/").and_then(|name| name.split('.').next());
    let thumbprint = thumbprints[kind.expect("a test key")].as_str().expect("a thumbprint");
    header.replace(&format!(r#""kid":"{path}""#), &format!(r#""kid":"{thumbprint}""#))
}

/// Q22: the name is percent-encoded as the CA spells it.
fn fragment_is_encoded(claims: &str) -> String {
    claims.replace("#x5c/My Prov/é%1", "#x5c/My%20Prov/%C3%A9%251")
}

/// Q18: the ID that a replay draws where none was recorded.
fn with_token_id(claims: &str) -> String {
    claims.replace(r#","nbf":"#, &format!(r#","jti":"{}","nbf":"#, "0".repeat(64)))
}

/// Q2: `user` is written only if it is not empty; it comes last.
fn without_user(claims: &str) -> String {
    claims.replace(r#","user":{}"#, "")
}

/// Members are in alphabetical order: `cnf` comes after `aud`.
fn add_cnf(claims: &str, fingerprint: &str) -> String {
    claims.replace(r#"","exp":"#, &format!(r#"","cnf":{{"x5rt#S256":"{fingerprint}"}},"exp":"#))
}

/// Q28: an empty SAN is ignored, and the subject is the default.
fn default_san(claims: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(claims).expect("claims are JSON");
    format!(r#""sans":[{}]"#, value["sub"])
}

/// `csr/p256.csr.sha256`.
const CSR_FINGERPRINT: &str = include_str!("../../../../testdata/vectors/csr/p256.csr.sha256");

/// Of `ssh/p256.pub`, as `ssh-keygen -l` prints it: the wire encoding of the key, unpadded.
const SSH_KEY_FINGERPRINT: &str = "zOdXseJB1c2tefODzL3dyQuw7BFUyeVwu0eX_vxQbwU";
