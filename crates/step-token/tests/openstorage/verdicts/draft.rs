//! A token under construction, and the server that will verify it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::keys::{self, Keyring, SECRET};
use crate::peers::Flavour;
use crate::program::{NOW, Px};
use crate::random::Random;

/// Everything in a token that can be changed before it is signed.
#[derive(Debug)]
pub(super) struct Draft {
    /// The header as JSON.
    pub(super) header: Vec<u8>,
    /// Names and values of the claims in JSON, including quotation marks.
    pub(super) members: Vec<(Vec<u8>, Vec<u8>)>,
    /// What comes before and after the payload.
    pub(super) around: (&'static str, &'static str),
    /// A payload that replaces all of that.
    pub(super) payload: Option<Vec<u8>>,
    /// What the token is signed with.
    pub(super) alg: &'static str,
    pub(super) signer: Signer,
    pub(super) server: Server,
    pub(super) at: i64,
}

/// Whose key is used to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signer {
    /// The server's.
    Own,
    /// Another key of the same type.
    Other,
    /// An attacker's: the public key's text used as a shared secret.
    PublicText,
}

/// How the server is set up.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) issuer: &'static str,
    pub(super) username: Option<&'static str>,
    pub(super) secret: bool,
    pub(super) rsa: bool,
    /// The algorithm of the curve of its EC key.
    pub(super) ec: Option<&'static str>,
}

/// A finished token, and how it is verified.
#[derive(Debug)]
pub(super) struct Case {
    /// What was done to it.
    pub(super) made: String,
    pub(super) token: String,
    pub(super) server: Server,
    pub(super) at: i64,
}

impl Draft {
    /// Draws an ordinary token of any algorithm for a server that accepts it.
    pub(super) fn draw(random: &mut Random) -> Self {
        let alg = random.pick(&ALGORITHMS);
        Self::of(alg, random)
    }

    pub(super) fn of(alg: &'static str, random: &mut Random) -> Self {
        let curves = ["ES256", "ES384", "ES512"];
        let (hmac, rsa) = (alg.starts_with("HS"), alg.starts_with("RS"));
        let ec = if hmac || rsa { random.pick(&curves) } else { alg };
        let has_ec = !(hmac || rsa) || random.percent(30);
        let (issued, lives) = (random.pick(&[0, 1, 3600]), random.pick(&[1, 2, 3600, 86_400]));
        let groups = random.pick(&["[]", r#"["*"]"#, r#"["g1","g2"]"#]);
        let roles = random.pick(&["null", "[]", r#"["system.user"]"#, r#"["a","b"]"#]);
        let mut draft = Self {
            header: format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#).into_bytes(),
            members: Vec::new(),
            around: ("", ""),
            payload: None,
            alg,
            signer: Signer::Own,
            server: Server {
                issuer: "openstorage.io",
                username: random.pick(&[None, None, Some("sub"), Some("email"), Some("name")]),
                secret: hmac || random.percent(30),
                rsa: rsa || random.percent(30),
                ec: has_ec.then_some(ec),
            },
            at: NOW,
        };
        draft.claim("email", r#""e@x""#);
        draft.claim("exp", &(NOW + lives).to_string());
        if random.percent(80) {
            draft.claim("groups", groups);
        }
        draft.claim("iat", &(NOW - issued).to_string());
        draft.claim("iss", r#""openstorage.io""#);
        draft.claim("name", r#""N""#);
        draft.claim("roles", roles);
        draft.claim("sub", r#""s/1""#);
        draft
    }

    /// Adds a claim after the others.
    pub(super) fn claim(&mut self, name: &str, value: &str) {
        self.raw_claim(format!("\"{name}\"").as_bytes(), value.as_bytes());
    }

    pub(super) fn raw_claim(&mut self, name: &[u8], value: &[u8]) {
        self.members.push((name.to_vec(), value.to_vec()));
    }

    /// Replaces the value of a claim, or adds it.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let quoted = format!("\"{name}\"");
        match self.members.iter_mut().find(|(there, _)| there == quoted.as_bytes()) {
            Some((_, old)) => *old = value.as_bytes().to_vec(),
            None => self.claim(name, value),
        }
    }

    pub(super) fn remove(&mut self, name: &str) {
        let quoted = format!("\"{name}\"");
        self.members.retain(|(there, _)| there != quoted.as_bytes());
    }

    /// Gives a server without keys another one: it would not start otherwise.
    pub(super) fn settle(&mut self) {
        let server = &mut self.server;
        server.rsa |= !server.secret && server.ec.is_none();
    }

    /// Returns header and payload, encoded.
    pub(super) fn encode(&self) -> [String; 2] {
        let payload = self.payload.clone().unwrap_or_else(|| {
            let members: Vec<Vec<u8>> = self
                .members
                .iter()
                .map(|(name, value)| [&name[..], b":", value].concat())
                .collect();
            let (before, behind) = self.around;
            let members = members.join(&b',');
            [before.as_bytes(), b"{", &members, b"}", behind.as_bytes()].concat()
        });
        [&self.header, &payload].map(|part| URL_SAFE_NO_PAD.encode(part))
    }

    pub(super) fn sign(&self, own: &Keyring, others: &Keyring, message: &[u8]) -> Vec<u8> {
        match self.signer {
            Signer::Own => own.sign(self.alg, message),
            Signer::Other => others.sign(self.alg, message),
            Signer::PublicText => {
                let public = keys::public_of(if self.server.rsa { "RS256" } else { "ES256" });
                keys::mac("HS256", public.unwrap().as_bytes(), message)
            }
        }
    }
}

impl Case {
    fn public_keys(&self) -> (Option<String>, Option<String>) {
        let rsa = self.server.rsa.then(|| keys::public_of("RS256").unwrap());
        (rsa, self.server.ec.map(|alg| keys::public_of(alg).unwrap()))
    }

    /// Returns the question that the peer is asked.
    pub(super) fn question(&self) -> Value {
        let (rsa, ec) = self.public_keys();
        json!({
            "issuer": self.server.issuer,
            "sharedSecret": STANDARD.encode(if self.server.secret { SECRET } else { "" }),
            "rsaPublicKey": rsa.unwrap_or_default(),
            "ecdsPublicKey": ec.unwrap_or_default(),
            "usernameClaim": self.server.username.unwrap_or_default(),
            "token": STANDARD.encode(&self.token),
            "at": self.at,
        })
    }

    /// Returns the command line that asks the same of the program.
    ///
    /// The program drops one line end, so one is added here: a carriage return at the end of
    /// the token stays.
    pub(super) fn px(&self, flavour: Flavour) -> Px {
        let (rsa, ec) = self.public_keys();
        let mut px = Px::new("verify -").flag("issuer", self.server.issuer).at(self.at);
        px = px.stdin(format!("{}\r\n", self.token));
        if self.server.secret {
            px = px.source("shared-secret-file", "SECRET", SECRET);
        }
        if let Some(rsa) = rsa {
            px = px.source("rsa-public-keyfile", "RSA", &rsa);
        }
        if let Some(ec) = ec {
            px = px.source("ecdsa-public-keyfile", "EC", &ec);
        }
        if let Some(claim) = self.server.username {
            px = px.flag("username-claim", claim);
        }
        if flavour == Flavour::Older { px.arg("--older-server") } else { px }
    }
}

pub(super) const ALGORITHMS: [&str; 9] =
    ["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"];
