use serde::Serialize;
use token_jose::compact::{Secure, Signer};
use token_jose::{Error as JoseError, Token, json};

use crate::account::Account;
use crate::duration::Lifetime;

/// What a self-signed token says; the members are in the order they are written.
///
/// `roles` and `groups` differ: absent roles are `null`, absent groups are left out. There is no
/// `nbf`, `aud` or `jti`.
///
/// Source: OpenStorage, `pkg/auth/token.go`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Claims {
    /// E-mail address; may be empty.
    pub email: String,
    /// End, in seconds since the Unix epoch; the token is no longer valid in that second.
    #[serde(rename = "exp")]
    pub expires: i64,
    /// Groups; `*` is every group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// When the token was made, in seconds since the Unix epoch.
    #[serde(rename = "iat")]
    pub issued_at: i64,
    /// The issuer, by which the server finds the key.
    #[serde(rename = "iss")]
    pub issuer: String,
    /// Display name; may be empty.
    pub name: String,
    /// Roles on the server.
    pub roles: Option<Vec<String>>,
    /// Unique ID of the account; what it creates belongs to this.
    #[serde(rename = "sub")]
    pub subject: String,
}

impl Claims {
    /// Joins an account with an issuer and a time, in seconds since the Unix epoch. The token is
    /// issued `backdate` before `now`, for servers whose clocks are behind, and ends `lifetime`
    /// after `now`.
    ///
    /// An empty subject is derived ([`Account::derived_subject`]). Times that are out of range
    /// become the nearest possible one.
    #[must_use]
    pub fn new(
        account: Account,
        issuer: String,
        now: i64,
        lifetime: Lifetime,
        backdate: Lifetime,
    ) -> Self {
        let subject = match account.subject.as_str() {
            "" => account.derived_subject(),
            _ => account.subject,
        };
        Self {
            email: account.email,
            expires: now.saturating_add_unsigned(lifetime.as_seconds()),
            groups: account.groups,
            issued_at: now.saturating_sub_unsigned(backdate.as_seconds()),
            issuer,
            name: account.name,
            roles: account.roles,
            subject,
        }
    }

    /// Returns the claims as one line of JSON, byte for byte as a Go program writes them.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        json::to_vec(self).expect("strings and numbers serialise")
    }
}

/// Signs tokens with one key, any number of them.
///
/// The key is a [`MacKey`](token_jose::MacKey) of a shared secret, or a private key of RSA or a
/// NIST curve. Nothing is read or opened for a token.
///
/// ```
/// use openstorage_token::{Account, Claims, Lifetime, Mint};
/// use token_jose::{MacAlgorithm, MacKey, SharedSecret};
///
/// let secret = SharedSecret::new(b"mysecret".to_vec())?;
/// let mint = Mint::new(MacKey::new(MacAlgorithm::Hs256, &secret));
/// let account = Account { name: "N".into(), email: "e@x".into(), ..Account::default() };
/// let zero: Lifetime = "0s".parse()?;
/// let claims = Claims::new(account, "openstorage.io".into(), 1_700_000_000, Lifetime::DEFAULT, zero);
/// let token = mint.token(&claims)?;
/// assert!(token.expose().ends_with(".N0tw_tJ-oGBh0oPb2AXw6EDvoFFFXnOP_ZfScXkqbfc"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Mint<K> {
    signer: Signer<K>,
}

impl<K: Secure> Mint<K> {
    /// Takes the key; the header has `alg` and `typ`, but no key ID.
    #[must_use]
    pub fn new(key: K) -> Self {
        Self { signer: Signer::bare(key) }
    }

    /// Returns the `alg` of every token.
    #[must_use]
    pub fn alg(&self) -> &'static str {
        self.signer.key().alg()
    }

    /// Signs one token.
    ///
    /// # Errors
    ///
    /// [`JoseError::Sign`] if the key cannot sign.
    pub fn token(&self, claims: &Claims) -> Result<Token, JoseError> {
        self.signer.sign(&claims.to_json())
    }
}

#[cfg(test)]
mod tests {
    use token_jose::{MacAlgorithm, MacKey, SharedSecret};

    use super::*;

    const ZERO: &str = "0s";

    fn list(items: &[&str]) -> Option<Vec<String>> {
        Some(items.iter().map(|&item| item.to_owned()).collect())
    }

    fn minted(account: Account, issuer: &str, secret: &[u8], now: i64, lifetime: &str) -> String {
        let secret = SharedSecret::new(secret.to_vec()).unwrap();
        let mint = Mint::new(MacKey::new(MacAlgorithm::Hs256, &secret));
        let claims = Claims::new(
            account,
            issuer.to_owned(),
            now,
            lifetime.parse().unwrap(),
            ZERO.parse().unwrap(),
        );
        mint.token(&claims).unwrap().expose().to_owned()
    }

    fn from_yaml(text: &str) -> Account {
        Account::from_yaml(text).unwrap().0
    }

    #[test]
    fn published_tokens_come_out_byte_for_byte() {
        for (yaml, issuer, secret, now, lifetime, token) in [
            (
                "name: Jim Stevens\nemail: jstevens@portworx.com\nsub: jstevens@portworx.com/jstevens\nroles: [system.user]\ngroups: [\"*\"]\n",
                "my_issuer",
                &b"my_shared_secret"[..],
                1_567_443_622,
                "1d",
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJlbWFpbCI6ImpzdGV2ZW5zQHBvcnR3b3J4LmNvbSIsImV4cCI6MTU2NzUzMDAyMiwiZ3JvdXBzIjpbIioiXSwiaWF0IjoxNTY3NDQzNjIyLCJpc3MiOiJteV9pc3N1ZXIiLCJuYW1lIjoiSmltIFN0ZXZlbnMiLCJyb2xlcyI6WyJzeXN0ZW0udXNlciJdLCJzdWIiOiJqc3RldmVuc0Bwb3J0d29yeC5jb20vanN0ZXZlbnMifQ.tdhwsn780hpHU73DwGjBNAz6UUCHNboqtAPZFVTb3Cw",
            ),
            (
                "name: Jim Stevens\nemail: jstevens@portworx.com\nsub: jstevens@portworx.com/jstevens\nroles: [system.user]\ngroups: [px-engineering, kubernetes-csi]\n",
                "portworx.com",
                b"mysecret",
                1_553_638_921,
                "1d",
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJlbWFpbCI6ImpzdGV2ZW5zQHBvcnR3b3J4LmNvbSIsImV4cCI6MTU1MzcyNTMyMSwiZ3JvdXBzIjpbInB4LWVuZ2luZWVyaW5nIiwia3ViZXJuZXRlcy1jc2kiXSwiaWF0IjoxNTUzNjM4OTIxLCJpc3MiOiJwb3J0d29yeC5jb20iLCJuYW1lIjoiSmltIFN0ZXZlbnMiLCJyb2xlcyI6WyJzeXN0ZW0udXNlciJdLCJzdWIiOiJqc3RldmVuc0Bwb3J0d29yeC5jb20vanN0ZXZlbnMifQ.pZDbCIL7ldcImvIaNSjk18Ah3LqxX63MV378NiauRwk",
            ),
            (
                "name: jim\nemail: jimstevens@gmail.com\nsub: jimstevens@gmail.com\nroles: [system.admin]\ngroups: [\"*\"]\n",
                "openstorage.io",
                b"mysecret",
                1_563_998_528,
                "36500d",
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJlbWFpbCI6ImppbXN0ZXZlbnNAZ21haWwuY29tIiwiZXhwIjo0NzE3NTk4NTI4LCJncm91cHMiOlsiKiJdLCJpYXQiOjE1NjM5OTg1MjgsImlzcyI6Im9wZW5zdG9yYWdlLmlvIiwibmFtZSI6ImppbSIsInJvbGVzIjpbInN5c3RlbS5hZG1pbiJdLCJzdWIiOiJqaW1zdGV2ZW5zQGdtYWlsLmNvbSJ9.99zV2XyuY53_2Nf5qkpM7nGNFzu8M3Y0jQaxPWkSozA",
            ),
            (
                "name: jim\nemail: jimstevens@gmail.com\nsub: jimstevens@gmail.com\nroles: [system.admin]\ngroups: [\"*\"]\n",
                "openstorage.io",
                b"mysecret",
                1_563_998_483,
                "1s",
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJlbWFpbCI6ImppbXN0ZXZlbnNAZ21haWwuY29tIiwiZXhwIjoxNTYzOTk4NDg0LCJncm91cHMiOlsiKiJdLCJpYXQiOjE1NjM5OTg0ODMsImlzcyI6Im9wZW5zdG9yYWdlLmlvIiwibmFtZSI6ImppbSIsInJvbGVzIjpbInN5c3RlbS5hZG1pbiJdLCJzdWIiOiJqaW1zdGV2ZW5zQGdtYWlsLmNvbSJ9.rYvraLijzV-PdCfr1SJqHQ1T-ne-AK9032NK7mQ2srw",
            ),
            (
                "name: N\nemail: e@x\n",
                "openstorage.io",
                b"mysecret",
                1_700_000_000,
                "1d",
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJlbWFpbCI6ImVAeCIsImV4cCI6MTcwMDA4NjQwMCwiaWF0IjoxNzAwMDAwMDAwLCJpc3MiOiJvcGVuc3RvcmFnZS5pbyIsIm5hbWUiOiJOIiwicm9sZXMiOm51bGwsInN1YiI6ImIzQmxibk4wYjNKaFoyVXVhVzh2VGk5bFFIZz0ifQ.N0tw_tJ-oGBh0oPb2AXw6EDvoFFFXnOP_ZfScXkqbfc",
            ),
            (
                "name: 'Jürgen <a>&\"b\"'\nemail: a+b@x\nsub: s/1\nroles: [system.view, r2]\ngroups: [g1, '*']\n",
                "portworx.com",
                "sécret".as_bytes(),
                1_700_000_000,
                "1h",
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJlbWFpbCI6ImErYkB4IiwiZXhwIjoxNzAwMDAzNjAwLCJncm91cHMiOlsiZzEiLCIqIl0sImlhdCI6MTcwMDAwMDAwMCwiaXNzIjoicG9ydHdvcnguY29tIiwibmFtZSI6IkrDvHJnZW4gXHUwMDNjYVx1MDAzZVx1MDAyNlwiYlwiIiwicm9sZXMiOlsic3lzdGVtLnZpZXciLCJyMiJdLCJzdWIiOiJzLzEifQ.kVXcJzLXmtrvmEeNx7iMkpJB8_1Y80y15Mj5hYOHgew",
            ),
            (
                "sub: s\nroles: []\ngroups: []\n",
                "i",
                b"mysecret",
                1_700_000_000,
                "0s",
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJlbWFpbCI6IiIsImV4cCI6MTcwMDAwMDAwMCwiZ3JvdXBzIjpbXSwiaWF0IjoxNzAwMDAwMDAwLCJpc3MiOiJpIiwibmFtZSI6IiIsInJvbGVzIjpbXSwic3ViIjoicyJ9.1NIFHc5ufFOgbZBrrXTrzVK4Eu2uhADliTeIUI-VA7Y",
            ),
        ] {
            assert_eq!(minted(from_yaml(yaml), issuer, secret, now, lifetime), token);
        }
    }

    #[test]
    fn a_backdated_token_ends_when_any_other_does() {
        let account = Account { subject: "s".to_owned(), ..Account::default() };
        let (day, ten) = (Lifetime::DEFAULT, "10m".parse().unwrap());
        let claims = Claims::new(account, "i".to_owned(), 1_700_000_000, day, ten);
        assert_eq!((claims.issued_at, claims.expires), (1_699_999_400, 1_700_086_400));
    }

    #[test]
    fn members_stand_in_alphabetical_order_and_absent_ones_differ() {
        let account = Account { roles: None, groups: list(&["g"]), ..Account::default() };
        let zero = ZERO.parse().unwrap();
        let claims = Claims::new(account, String::new(), 1, zero, zero);
        assert_eq!(
            String::from_utf8(claims.to_json()).unwrap(),
            r#"{"email":"","exp":1,"groups":["g"],"iat":1,"iss":"","name":"","roles":null,"sub":"b3BlbnN0b3JhZ2UuaW8vLw=="}"#
        );
    }
}
