use step_claims::{Audience, CaUrl, Claims, Operation, Prefix, RootFingerprint, TokenId, Validity};
use step_header::{ProofKey, Renewal};
use step_provisioner::{KindName, ProofKind};
use token_jose::{Algorithm, Header, KeyId, SigningKey, Token, compact};

use crate::error::Error;
use crate::request::Request;

/// An open key: a provisioner's, or that of a certificate which a provisioner trusts.
///
/// Opening the key is the costly part. Each token after that costs one signature: minting opens no
/// file and reads nothing.
#[derive(Debug)]
pub struct Mint {
    issuer: String,
    /// `None` for a certificate that requests its own renewal.
    kind: Option<KindName>,
    url: CaUrl,
    prefix: Prefix,
    root: Option<RootFingerprint>,
    key_id: Option<KeyId>,
    signer: compact::Signer<Box<dyn SigningKey>>,
}

/// A token and what it says.
#[derive(Debug)]
pub struct Minted {
    /// The token.
    pub token: Token,
    /// Its claims.
    pub claims: Claims,
    /// The algorithm of its signature.
    pub algorithm: Algorithm,
    /// The `kid` of its header, if it has one.
    pub key_id: Option<KeyId>,
    /// The type of the provisioner that vouches for it; `None` for a renew token, which the
    /// certificate itself vouches for.
    pub kind: Option<KindName>,
}

/// The CA that a token is for, as the token names it.
#[derive(Clone, Debug)]
pub struct Ca {
    /// The host and port of the audience.
    pub url: CaUrl,
    /// Whether the audience's path contains the API version (`/1.0/sign`).
    pub prefix: Prefix,
    /// The `sha` claim: the fingerprint of the CA's root. Renew tokens carry none.
    pub root: Option<RootFingerprint>,
}

impl Mint {
    /// Creates a mint for a JWK provisioner: `issuer` is its name, `key` its open key.
    ///
    /// `key_id` is the `kid` of the provisioner's public key. step-ca finds the provisioner by both:
    /// if that key has no `kid`, the token must have none either, so pass `None` and not a
    /// thumbprint.
    #[must_use]
    pub fn new(issuer: String, ca: Ca, key_id: Option<KeyId>, key: Box<dyn SigningKey>) -> Self {
        let header = match &key_id {
            Some(key_id) => Header::new(key.algorithm(), key_id.clone()),
            None => Header::without_key_id(key.algorithm()),
        };
        Self {
            issuer,
            kind: Some(KindName::Jwk),
            url: ca.url,
            prefix: ca.prefix,
            root: ca.root,
            key_id,
            signer: compact::Signer::new(&header, key),
        }
    }

    /// Creates a mint for a certificate's key.
    ///
    /// `issuer` is the name of a provisioner of the certificate's type. A renewal ignores it: its
    /// tokens have an issuer of their own, [`Renewal::ISSUER`].
    #[must_use]
    pub fn with_proof(issuer: String, ca: Ca, key: ProofKey) -> Self {
        let kind = key.kind().map(ProofKind::kind);
        let (issuer, root) = match kind {
            Some(_) => (issuer, ca.root),
            None => (Renewal::ISSUER.to_owned(), None),
        };
        let header = key.header().clone();
        let key: Box<dyn SigningKey> = Box::new(key.into_key());
        let key_id = header.key_id().cloned();
        let (url, prefix) = (ca.url, ca.prefix);
        let signer = compact::Signer::new(&header, key);
        Self { issuer, kind, url, prefix, root, key_id, signer }
    }

    /// Signs one token.
    ///
    /// The request is consumed: its names move into the token's claims. `validity` is what
    /// [`Request::validity`] returned for one reading of the clock.
    ///
    /// # Errors
    ///
    /// - [`Error::Claims`] if the claims contradict each other.
    /// - [`Error::Signature`] if the key does not sign.
    pub fn token(
        &self,
        request: Request,
        validity: Validity,
        token_id: TokenId,
    ) -> Result<Minted, Error> {
        let audience = self.audience(request.purpose.operation());
        let claims = Claims {
            issuer: self.issuer.clone(),
            subject: request.subject,
            audience,
            validity,
            token_id,
            root: self.root,
            purpose: request.purpose,
            confirmation: request.confirmation,
            user: request.user,
        };
        let json = claims.to_json().map_err(Error::Claims)?;
        let token = self.signer.sign(&json).map_err(Error::Signature)?;
        let algorithm = self.signer.key().algorithm();
        Ok(Minted { token, claims, algorithm, key_id: self.key_id.clone(), kind: self.kind })
    }

    fn audience(&self, operation: Operation) -> Audience {
        let audience = Audience::new(&self.url, self.prefix, operation);
        match self.kind.and_then(KindName::fragment) {
            Some(kind) => audience.of_provisioner(kind, &self.issuer),
            None => audience,
        }
    }
}

#[cfg(test)]
mod tests {
    use step_claims::{Limits, Purpose, UserData};
    use token_jose::KeyFile;
    use token_time::Timestamp;

    use super::*;

    /// The header of a token of a JWK provisioner; the key is that of RFC 8037 appendix A.1.
    fn header(key_id: Option<KeyId>) -> String {
        let KeyFile::Plain(key) = KeyFile::parse(
            br#"{"kty":"OKP","crv":"Ed25519",
                "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
                "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
        )
        .unwrap() else {
            unreachable!("the key is not encrypted")
        };
        let url = "https://ca.example.com".parse().unwrap();
        let ca = Ca { url, prefix: Prefix::Bare, root: None };
        let request = Request {
            subject: "db.internal".parse().unwrap(),
            purpose: Purpose::Sign(Vec::new()),
            not_before: None,
            not_after: None,
            limits: Limits::Step,
            confirmation: None,
            user: UserData::default(),
        };
        let validity = request.validity(Timestamp::from_unix_seconds(1_700_000_000)).unwrap();
        let mint = Mint::new("admin".to_owned(), ca, key_id.clone(), key);
        let minted = mint.token(request, validity, TokenId::from_random([7; 32])).unwrap();
        assert_eq!(minted.key_id, key_id);
        let parts = compact::decode_unverified(minted.token.expose()).unwrap();
        String::from_utf8(parts.header).unwrap()
    }

    #[test]
    fn a_provisioner_whose_key_has_no_id_has_tokens_without_one() {
        assert_eq!(header(None), r#"{"alg":"EdDSA","typ":"JWT"}"#);
        let named = header(Some("k1".parse().unwrap()));
        assert_eq!(named, r#"{"alg":"EdDSA","kid":"k1","typ":"JWT"}"#);
    }
}
