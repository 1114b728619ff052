//! One open key and any number of tokens.

use step_claims::{Audience, CaUrl, Claims, Operation, Prefix, RootFingerprint, TokenId, Validity};
use step_header::{ProvenKey, Renewal};
use step_provisioner::{KindName, Proof};
use token_jose::{Algorithm, Header, KeyId, SigningKey, Token, compact};

use crate::Error;
use crate::claims::Request;

/// A key that is open: a provisioner's, or that of a certificate a provisioner believes.
///
/// Opening it is the costly part; a token after that costs a signature. Nothing is opened and
/// nothing is read for a request.
#[derive(Debug)]
pub struct Mint {
    issuer: String,
    /// `None` for a certificate that asks for its own renewal.
    kind: Option<KindName>,
    url: CaUrl,
    prefix: Prefix,
    root: Option<RootFingerprint>,
    key_id: KeyId,
    signer: compact::Signer<Box<dyn SigningKey>>,
}

/// A token, with what it says.
#[derive(Debug)]
pub struct Minted {
    /// The token.
    pub token: Token,
    /// Its claims.
    pub claims: Claims,
    /// The algorithm of its signature.
    pub algorithm: Algorithm,
    /// The `kid` of its header.
    pub key_id: KeyId,
    /// The type of the provisioner that vouches for it; `None` for a renew token, for which the
    /// certificate vouches itself.
    pub kind: Option<KindName>,
}

/// The CA a token is for, as the token names it.
#[derive(Clone, Debug)]
pub struct Place {
    /// The host and port of the audience.
    pub url: CaUrl,
    /// Whether the audience's path has a version in it.
    pub prefix: Prefix,
    /// The `sha` claim; a renew token has none.
    pub root: Option<RootFingerprint>,
}

impl Mint {
    /// Joins a JWK provisioner's name and key with the CA they are for.
    #[must_use]
    pub fn new(issuer: String, place: Place, key_id: KeyId, key: Box<dyn SigningKey>) -> Self {
        let header = Header::new(key.algorithm(), key_id.clone());
        Self {
            issuer,
            kind: Some(KindName::Jwk),
            url: place.url,
            prefix: place.prefix,
            root: place.root,
            key_id,
            signer: compact::Signer::new(&header, key),
        }
    }

    /// Joins the key of a certificate with the CA it is for. `issuer` is the name of a provisioner of
    /// the certificate's type; a renewal has an issuer of its own, and none is taken.
    #[must_use]
    pub fn proven(issuer: String, place: Place, proven: ProvenKey) -> Self {
        let kind = proven.proof().map(Proof::kind);
        let (issuer, root) = match kind {
            Some(_) => (issuer, place.root),
            None => (Renewal::ISSUER.to_owned(), None),
        };
        let header = proven.header().clone();
        let key: Box<dyn SigningKey> = Box::new(proven.into_key());
        let key_id =
            header.key_id().cloned().unwrap_or_else(|| key.public_key().thumbprint().into());
        let (url, prefix) = (place.url, place.prefix);
        let signer = compact::Signer::new(&header, key);
        Self { issuer, kind, url, prefix, root, key_id, signer }
    }

    /// Signs one token. The request is used up: its names become the token's.
    ///
    /// # Errors
    ///
    /// If the claims do not go together, or the key does not sign.
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
        let json = claims
            .to_json()
            .map_err(|cause| Error::usage("such a token cannot be").because(cause))?;
        let token = self
            .signer
            .sign(&json)
            .map_err(|cause| Error::key("the token was not signed").because(cause))?;
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
