//! Encrypted JWKs (JWE, RFC 7516), checked before josekit sees them.
//!
//! An encrypted JWK comes from a CA's unauthenticated `/provisioners`, and josekit 0.10.3 trusts
//! its input: a GCM tag cut to one byte still opens once in 256 tries, an encrypted key under eight
//! bytes panics, `zip` inflates without limit, `crit` is ignored, and a number of rounds above
//! 1,000,000 gives the same error as a wrong password. So the text is split and checked
//! here; josekit sees only the algorithms, lengths and rounds that real encrypted JWKs have.

use base64::Engine as _;
use josekit::jwe::{JweContext, JweHeader};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::jwe_key::{KeyManagement, Unwrapper};
use crate::jwe_zip::BoundedDeflate;
use crate::passphrase::Passphrase;
use crate::text::{LENIENT, encode, shorten};

/// A JWE with an acceptable header and acceptable lengths.
pub(crate) struct SealedJwe {
    compact: String,
    management: KeyManagement,
}

impl SealedJwe {
    /// Returns whether the text has the five parts of compact serialization.
    pub(crate) fn looks_like(text: &str) -> bool {
        text.bytes().filter(|byte| *byte == b'.').count() == 4
    }

    /// Reads the compact serialization (RFC 7516 §7.1); all white space is ignored.
    pub(crate) fn parse_compact(text: &str) -> Result<Self, Error> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let mut parts = text.split('.');
        let mut next = || parts.next().unwrap_or_default();
        Parts {
            protected: next(),
            encrypted_key: next(),
            iv: next(),
            ciphertext: next(),
            tag: next(),
        }
        .judge()
    }

    /// Reads the flattened or general JSON serialization (RFC 7516 §7.2) with one recipient.
    pub(crate) fn parse_json(text: &str) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Json {
            #[serde(default)]
            protected: String,
            #[serde(default)]
            encrypted_key: String,
            #[serde(default)]
            recipients: Vec<Recipient>,
            #[serde(default)]
            iv: String,
            ciphertext: String,
            #[serde(default)]
            tag: String,
            #[serde(default)]
            unprotected: serde_json::Map<String, serde_json::Value>,
            #[serde(default)]
            header: serde_json::Map<String, serde_json::Value>,
            #[serde(default)]
            aad: String,
        }
        #[derive(Deserialize)]
        struct Recipient {
            #[serde(default)]
            encrypted_key: String,
            #[serde(default)]
            header: serde_json::Map<String, serde_json::Value>,
        }
        let mut json: Json = serde_json::from_str(text)?;
        if json.recipients.len() > 1 {
            return Err(jwe(format!("it has {} recipients", json.recipients.len())));
        }
        if let Some(recipient) = json.recipients.pop() {
            json.encrypted_key = recipient.encrypted_key;
            json.header.extend(recipient.header);
        }
        if !(json.unprotected.is_empty() && json.header.is_empty() && json.aad.is_empty()) {
            return Err(jwe("it has parameters outside its protected header"));
        }
        Parts {
            protected: &json.protected,
            encrypted_key: &json.encrypted_key,
            iv: &json.iv,
            ciphertext: &json.ciphertext,
            tag: &json.tag,
        }
        .judge()
    }

    /// Decrypts the key; the plain text is wiped when dropped.
    pub(crate) fn open(&self, passphrase: &Passphrase) -> Result<Zeroizing<Vec<u8>>, Error> {
        crate::fence::shut();
        let mut context = JweContext::new();
        context.add_compression(Box::new(BoundedDeflate));
        let unwrapper = Unwrapper::new(self.management.clone(), passphrase);
        let opened: Result<(Vec<u8>, JweHeader), _> =
            context.deserialize_compact(&self.compact, &unwrapper);
        // The header was checked before: what fails now is the key wrap, the tag or the inflation,
        // and a wrong passphrase can cause each of these.
        opened.map(|(plain, _)| Zeroizing::new(plain)).map_err(|_| Error::WrongPassphrase)
    }
}

/// The five parts, still encoded.
struct Parts<'a> {
    protected: &'a str,
    encrypted_key: &'a str,
    iv: &'a str,
    ciphertext: &'a str,
    tag: &'a str,
}

#[derive(Deserialize)]
struct ProtectedHeader {
    alg: String,
    enc: String,
    zip: Option<String>,
    crit: Option<serde::de::IgnoredAny>,
    p2s: Option<String>,
    p2c: Option<serde_json::Number>,
}

impl Parts<'_> {
    fn judge(self) -> Result<SealedJwe, Error> {
        if self.ciphertext.len() > MAX_CIPHERTEXT || self.protected.len() > MAX_CIPHERTEXT {
            return Err(jwe("it is too large for a key"));
        }
        let header = decode("header", self.protected)?;
        // Ignored members must still be JSON, because josekit reads them.
        serde_json::from_slice::<serde_json::Value>(&header).map_err(unusable_header)?;
        let header: ProtectedHeader = serde_json::from_slice(&header).map_err(unusable_header)?;
        if header.crit.is_some() {
            return Err(jwe("it has critical header parameters (`crit`)"));
        }
        if let Some(zip) = header.zip.filter(|zip| zip != "DEF") {
            return Err(Error::UnsupportedSealing { what: format!("compression `{zip}`") });
        }
        let lengths = Lengths::of(&header.enc)?;
        let salt = header.p2s.map(|p2s| decode("p2s", &p2s)).transpose()?;
        let management = KeyManagement::new(&header.alg, salt, header.p2c)?;

        let [key, iv, ciphertext, tag] = [
            decode("encrypted key", self.encrypted_key)?,
            decode("initialisation vector", self.iv)?,
            decode("ciphertext", self.ciphertext)?,
            decode("tag", self.tag)?,
        ];
        exact("encrypted key", key.len(), management.wrapped_len(lengths.key))?;
        exact("initialisation vector", iv.len(), lengths.iv)?;
        exact("tag", tag.len(), lengths.tag)?;

        // Encoded again, so that josekit decodes exactly what was checked.
        let compact = format!(
            "{}.{}.{}.{}.{}",
            self.protected.trim_end_matches('='),
            encode(&key),
            encode(&iv),
            encode(&ciphertext),
            encode(&tag)
        );
        Ok(SealedJwe { compact, management })
    }
}

/// The lengths of a content encryption, in bytes (RFC 7518 §5.2, §5.3).
struct Lengths {
    key: usize,
    iv: usize,
    tag: usize,
}

impl Lengths {
    fn of(enc: &str) -> Result<Self, Error> {
        let (key, iv, tag) = match enc {
            "A128GCM" => (16, 12, 16),
            "A192GCM" => (24, 12, 16),
            "A256GCM" => (32, 12, 16),
            "A128CBC-HS256" => (32, 16, 16),
            "A192CBC-HS384" => (48, 16, 24),
            "A256CBC-HS512" => (64, 16, 32),
            other => {
                let what = format!("content encryption `{}`", shorten(other));
                return Err(Error::UnsupportedSealing { what });
            }
        };
        Ok(Self { key, iv, tag })
    }
}

fn exact(part: &str, found: usize, expected: usize) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    Err(jwe(format!("its {part} has {found} bytes instead of {expected}")))
}

fn decode(part: &str, text: &str) -> Result<Vec<u8>, Error> {
    LENIENT.decode(text).map_err(|_| jwe(format!("its {part} is not base64url")))
}

fn unusable_header(error: serde_json::Error) -> Error {
    let error = crate::error::JsonError::from(error);
    jwe(format!("its protected header is not usable: {error}"))
}

fn jwe(reason: impl Into<String>) -> Error {
    Error::Jwe { reason: reason.into() }
}

/// The JWK of an RSA key of 8192 bits has about 6,500 characters.
const MAX_CIPHERTEXT: usize = 256 * 1024;

#[cfg(test)]
mod tests;
