//! One open key and any number of tokens.

use step_claims::{Audience, CaUrl, Claims, Operation, Prefix, RootFingerprint, TokenId, Validity};
use step_provisioner::KindName;
use token_jose::{Algorithm, Header, KeyId, SigningKey, Token, compact};

use crate::Error;
use crate::claims::Request;

/// A provisioner whose key is open.
///
/// Opening it is the costly part; a token after that costs a signature. Nothing is opened and
/// nothing is read for a request.
#[derive(Debug)]
pub struct Mint {
    issuer: String,
    kind: KindName,
    url: CaUrl,
    prefix: Prefix,
    root: RootFingerprint,
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
    /// The type of the provisioner that vouches for it.
    pub kind: KindName,
}

/// The CA a token is for, as the token names it.
#[derive(Clone, Debug)]
pub struct Place {
    /// The host and port of the audience.
    pub url: CaUrl,
    /// Whether the audience's path has a version in it.
    pub prefix: Prefix,
    /// The `sha` claim.
    pub root: RootFingerprint,
}

impl Mint {
    /// Joins a JWK provisioner's name and key with the CA they are for.
    #[must_use]
    pub fn new(issuer: String, place: Place, key_id: KeyId, key: Box<dyn SigningKey>) -> Self {
        let header = Header::new(key.algorithm(), key_id.clone());
        Self {
            issuer,
            kind: KindName::Jwk,
            url: place.url,
            prefix: place.prefix,
            root: place.root,
            key_id,
            signer: compact::Signer::new(&header, key),
        }
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
            root: Some(self.root),
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
        Audience::new(&self.url, self.prefix, operation)
    }
}
