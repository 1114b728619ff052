//! JSON Web Keys (RFC 7517, RFC 7518 §6, RFC 8037 §2).

use base64::Engine as _;
use serde::Deserialize;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::algorithm::{Algorithm, KeyKind};
use crate::error::Error;
use crate::key_id::{KeyId, Thumbprint};
use crate::private_key::{Material, PrivateKey};
use crate::public_key::PublicKey;
use crate::text::LENIENT;

/// The members of a JWK that matter for signing; others are ignored.
#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Jwk {
    kty: Option<String>,
    crv: Option<String>,
    alg: Option<String>,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    d: Option<String>,
    p: Option<String>,
    q: Option<String>,
    dp: Option<String>,
    dq: Option<String>,
    qi: Option<String>,
}

impl Jwk {
    pub(crate) fn parse(json: &[u8]) -> Result<Self, Error> {
        Ok(serde_json::from_slice(json)?)
    }

    pub(crate) fn key_id(&self) -> Option<KeyId> {
        self.kid.as_deref().and_then(|kid| kid.parse().ok())
    }

    pub(crate) fn public_key(&self) -> Result<PublicKey, Error> {
        match self.kind()? {
            KeyKind::Rsa => PublicKey::rsa(number("n", &self.n)?, number("e", &self.e)?),
            KeyKind::Ed25519 => PublicKey::ed25519(number("x", &self.x)?),
            curve => PublicKey::ec(curve, number("x", &self.x)?, number("y", &self.y)?),
        }
    }

    pub(crate) fn private_key(&self) -> Result<PrivateKey, Error> {
        let kind = self.kind()?;
        if self.d.is_none() {
            return Err(Error::PublicKey);
        }
        // As in step, which takes a key with an `alg` whatever its `use` is.
        if self.usage.as_deref() == Some("enc")
            && self.alg.as_deref().unwrap_or_default().is_empty()
        {
            return Err(jwk("its `use` is `enc` and it has no `alg`, so it must not sign"));
        }
        let public = self.public_key()?;
        let algorithm = match self.alg.as_deref() {
            None | Some("") => Algorithm::of(kind),
            Some(name) => {
                name.parse().map_err(|cause| jwk(&format!("its `alg` names an {cause}")))?
            }
        };
        let d = secret("d", &self.d)?;
        let material = match kind {
            KeyKind::Rsa => Material::rsa_components(
                &public,
                &d,
                &secret("p", &self.p)?,
                &secret("q", &self.q)?,
            )?,
            KeyKind::Ed25519 => Material::Ed25519 { seed: d },
            _ => Material::Ec { scalar: d },
        };
        PrivateKey::new(material, public, algorithm, self.key_id())
    }

    fn kind(&self) -> Result<KeyKind, Error> {
        let curve = |names: &[KeyKind]| {
            let crv = self.crv.as_deref().ok_or_else(|| jwk("member `crv` is missing"))?;
            names
                .iter()
                .copied()
                .find(|kind| kind.as_str() == crv)
                .ok_or_else(|| Error::UnsupportedKey { what: format!("a key on curve {crv}") })
        };
        match self.kty.as_deref() {
            Some("EC") => curve(&[KeyKind::P256, KeyKind::P384, KeyKind::P521]),
            Some("OKP") => curve(&[KeyKind::Ed25519]),
            Some("RSA") => Ok(KeyKind::Rsa),
            Some("oct") => Err(Error::SymmetricKey),
            Some(other) => {
                Err(Error::UnsupportedKey { what: format!("a key of type `kty` `{other}`") })
            }
            None => Err(jwk("member `kty` is missing")),
        }
    }
}

impl PublicKey {
    /// Reads a JWK (RFC 7517), public or private; only the public members are used.
    ///
    /// # Errors
    ///
    /// - [`Error::Json`], [`Error::Jwk`] if the text is not a JWK;
    /// - [`Error::SymmetricKey`], [`Error::UnsupportedKey`], [`Error::RsaSize`] for other keys;
    /// - [`Error::Malformed`] if the point is not on its curve.
    pub fn from_jwk(json: &str) -> Result<Self, Error> {
        Jwk::parse(json.as_bytes())?.public_key()
    }
}

/// Reads one JWK with its private key.
pub(crate) fn private_key(json: &[u8]) -> Result<PrivateKey, Error> {
    Jwk::parse(json)?.private_key()
}

/// A set of JWKs (RFC 7517 §5). A key is read only when it is selected.
pub struct JwkSet {
    keys: Vec<Jwk>,
}

impl JwkSet {
    pub(crate) fn parse(json: &[u8]) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Jwk>,
        }
        let set: Set = serde_json::from_slice(json)?;
        if set.keys.is_empty() {
            return Err(jwk("the key set is empty"));
        }
        Ok(Self { keys: set.keys })
    }

    /// Returns the private key with this ID, or the only one if none is named.
    ///
    /// # Errors
    ///
    /// - [`Error::SeveralKeysInSet`] if there are several and none is named;
    /// - [`Error::NotInSet`] if none, or more than one, has the ID;
    /// - the error of the key itself.
    pub fn select(&self, key_id: Option<&KeyId>) -> Result<PrivateKey, Error> {
        let mut found =
            self.keys.iter().filter(|key| key_id.is_none() || key.key_id().as_ref() == key_id);
        match (found.next(), found.next(), key_id) {
            (Some(key), None, _) => key.private_key(),
            (_, _, None) => Err(Error::SeveralKeysInSet { key_ids: self.key_ids() }),
            (_, _, Some(asked)) => {
                Err(Error::NotInSet { asked: asked.to_string(), key_ids: self.key_ids() })
            }
        }
    }

    /// Returns the private key whose thumbprint this is, if it is in the set.
    ///
    /// # Errors
    ///
    /// The error of the key itself.
    pub fn find(&self, thumbprint: Thumbprint) -> Option<Result<PrivateKey, Error>> {
        let is_it = |key: &&Jwk| key.public_key().is_ok_and(|key| key.thumbprint() == thumbprint);
        self.keys.iter().find(is_it).map(Jwk::private_key)
    }

    fn key_ids(&self) -> Vec<String> {
        self.keys.iter().map(|key| key.kid.clone().unwrap_or_else(|| "-".to_owned())).collect()
    }
}

impl std::fmt::Debug for JwkSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("JwkSet").field(&self.key_ids()).finish()
    }
}

fn number(name: &str, member: &Option<String>) -> Result<Vec<u8>, Error> {
    let text = member.as_deref().ok_or_else(|| jwk(&format!("member `{name}` is missing")))?;
    if text.len() > MAX_MEMBER {
        return Err(jwk(&format!("member `{name}` is {} characters long", text.len())));
    }
    LENIENT.decode(text).map_err(|_| jwk(&format!("member `{name}` is not base64url")))
}

fn secret(name: &str, member: &Option<String>) -> Result<Zeroizing<Vec<u8>>, Error> {
    number(name, member).map(Zeroizing::new)
}

fn jwk(reason: &str) -> Error {
    Error::Jwk { reason: reason.to_owned() }
}

/// The modulus of an RSA key of 8192 bits has 1366 characters.
const MAX_MEMBER: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    const ED: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

    fn refused(json: &str) -> String {
        private_key(json.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        for (json, part) in [
            ("{}", "`kty` is missing"),
            (r#"{"kty":"oct","k":"AAAA"}"#, "symmetric"),
            (r#"{"kty":"OKP","crv":"X25519","x":"AA","d":"AA"}"#, "X25519"),
            (r#"{"kty":"EC","crv":"P-224","x":"AA","y":"AA","d":"AA"}"#, "P-224"),
            (r#"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#, "public key"),
            (r#"{"kty":"OKP","crv":"Ed25519","x":"?","d":"AA"}"#, "`x` is not base64url"),
            (&ED.replace('{', r#"{"use":"enc","#), "`enc`"),
            (&ED.replace('{', r#"{"alg":"HS256","#), "HS256"),
            (&ED.replace('{', r#"{"alg":"ES256","#), "ES256"),
            ("[1", "JSON"),
        ] {
            let message = refused(json);
            assert!(message.contains(part), "{json}: {message}");
        }
    }

    #[test]
    fn a_private_half_of_another_key_is_noticed() {
        // Q55: step signs with it, but no CA can verify the token.
        let json = ED.replace("nWGx", "mWGx");
        assert!(matches!(private_key(json.as_bytes()), Err(Error::InconsistentKey)));
    }

    #[test]
    fn a_key_for_encryption_signs_if_it_names_an_algorithm() {
        let with = |members: &str| private_key(ED.replace('{', members).as_bytes());
        assert!(with(r#"{"use":"enc","alg":"EdDSA","#).is_ok());
        assert!(with(r#"{"use":"enc","alg":"","#).is_err());
        assert!(with(r#"{"use":"sig","#).is_ok());
    }

    #[test]
    fn an_empty_algorithm_counts_as_absent() {
        let json = ED.replace('{', r#"{"alg":"","#);
        assert!(private_key(json.as_bytes()).is_ok());
    }

    #[test]
    fn a_key_of_a_set_is_named_by_its_id() {
        let set = format!(
            r#"{{"keys":[{},{}]}}"#,
            ED.replace('{', r#"{"kid":"a","#),
            ED.replace('{', r#"{"kid":"b","#)
        );
        let set = JwkSet::parse(set.as_bytes()).unwrap();
        assert!(set.select(Some(&"b".parse().unwrap())).is_ok());
        let none = set.select(None).unwrap_err().to_string();
        assert!(none.contains("a, b"), "{none}");
        assert!(matches!(set.select(Some(&"c".parse().unwrap())), Err(Error::NotInSet { .. })));
    }
}
