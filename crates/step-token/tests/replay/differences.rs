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
    /// A refusal where the real program wrote a token.
    Refused,
    /// A token where the real program failed.
    Succeeds,
    /// Not built yet.
    Waiting { for_what: &'static str },
}

impl Expected {
    pub(crate) fn class(&self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Changed { .. } => "changed",
            Self::Refused => "refused here",
            Self::Succeeds => "succeeds here",
            Self::Waiting { .. } => "waiting",
        }
    }
}

pub(crate) fn of(run: &Run) -> Expected {
    if let Some(for_what) = waits_for(run) {
        return Expected::Waiting { for_what };
    }
    let marks: Vec<&str> = run.differs_by_design.iter().map(String::as_str).collect();
    match (run.name.as_str(), marks.as_slice()) {
        (_, []) => Expected::Same,
        // A `--ca-url` on the command line that is none of the CA's names is refused.
        ("sealed CA key, two passwords", ["Q8"]) => Expected::Refused,
        // One of the five numbers, 1e400, is outside of what a CA can hold.
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
        // Both refuse, in other words.
        (_, ["Q19" | "Q40"]) => Expected::Same,
        ("output file exists, no terminal", ["Q42"]) => Expected::Same,
        // The same token.
        (_, ["Q21" | "Q42" | "Q29"]) => Expected::Same,
        (_, ["Q2"] | ["Q2", "Q29"]) => changed(without_user),
        (name, marks) => panic!("no row for `{name}` with {marks:?}"),
    }
}

/// What is not built yet, by the flag that asks for it.
fn waits_for(run: &Run) -> Option<&'static str> {
    let has = |start: &str| run.argv.iter().any(|argument| argument.starts_with(start));
    let ssh = run.argv.iter().any(|argument| argument == "--ssh");
    let named = |name: &str| run.argv.windows(2).any(|pair| pair == ["--issuer", name]);
    if has("--x5c") {
        Some("X5C proofs")
    } else if has("--sshpop") {
        Some("SSHPOP proofs")
    } else if has("--nebula") {
        Some("Nebula proofs")
    } else if has("--k8ssa") || named("k8s") {
        Some("Kubernetes tokens")
    } else if has("--renew") && !ssh && !has("--revoke") {
        Some("renew tokens")
    } else {
        None
    }
}

fn changed(claims: fn(&str) -> String) -> Expected {
    Expected::Changed { header: |header| header.to_owned(), claims }
}

/// Q2: `user` is there only when it says something; it stands last.
fn without_user(claims: &str) -> String {
    claims.replace(r#","user":{}"#, "")
}

/// Members are in alphabetical order: `cnf` comes behind `aud`.
fn add_cnf(claims: &str, fingerprint: &str) -> String {
    claims.replace(r#"","exp":"#, &format!(r#"","cnf":{{"x5rt#S256":"{fingerprint}"}},"exp":"#))
}

/// Q28: an empty SAN is none, and then the subject is the default.
fn default_san(claims: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(claims).expect("claims are JSON");
    format!(r#""sans":[{}]"#, value["sub"])
}

/// `csr/p256.csr.sha256`.
const CSR_FINGERPRINT: &str = include_str!("../../../../testdata/vectors/csr/p256.csr.sha256");

/// Of `ssh/p256.pub`, as `ssh-keygen -l` prints it: the wire encoding of the key, unpadded.
const SSH_KEY_FINGERPRINT: &str = "zOdXseJB1c2tefODzL3dyQuw7BFUyeVwu0eX_vxQbwU";
