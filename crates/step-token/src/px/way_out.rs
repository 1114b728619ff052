//! What to try when a server refuses a token.

use openstorage_token::{Fault, Laxness, TokenAlgorithm};
use token_jose::KeyKind;

/// Returns the way out of a fault; what was let pass may be what broke the token.
pub(super) fn of(fault: &Fault, laxness: &[Laxness]) -> String {
    let is_of_form = matches!(fault, Fault::Signature { .. } | Fault::Base64 { .. });
    if is_of_form && laxness.contains(&Laxness::LineBreak) {
        return "there is a line break in the token; take it out".to_owned();
    }
    match fault {
        Fault::Parts { .. } => "copy the token whole; it is three parts with two dots".to_owned(),
        Fault::Bearer => "send `Bearer` once, in front of the token".to_owned(),
        Fault::Base64 { .. } => {
            "copy the token as it was printed: no padding, no blanks, no quotes".to_owned()
        }
        Fault::Null | Fault::Json { .. } | Fault::NoObject { .. } | Fault::Depth { .. } => {
            "this is no token of OpenStorage; mint one with `step-token px token`".to_owned()
        }
        Fault::NumberTooLarge { .. } | Fault::NoTime { .. } | Fault::Type { .. } => {
            "whoever minted it wrote a claim no server reads; mint a new one".to_owned()
        }
        Fault::NoIssuer => "mint a new one with --issuer".to_owned(),
        Fault::Untrusted { issuer, trusted } => format!(
            "mint a new one with --issuer {trusted}, or set the server's PORTWORX_AUTH_JWT_ISSUER (--jwt-issuer) to {issuer}"
        ),
        Fault::NoAlgorithm | Fault::UnknownAlgorithm { .. } => {
            "servers take HS256, RS256 and ES256, and their kin with 384 and 512".to_owned()
        }
        Fault::NoKey { algorithm } => match algorithm {
            TokenAlgorithm::Mac(_) => {
                "give the server's secret with --shared-secret-file, or sign with its key pair"
                    .to_owned()
            }
            TokenAlgorithm::Signature(own) if own.key_kind() == KeyKind::Rsa => {
                "give the server's key with --rsa-public-keyfile, or sign with what it has"
                    .to_owned()
            }
            TokenAlgorithm::Signature(_) => {
                "give the server's key with --ecdsa-public-keyfile, or sign with what it has"
                    .to_owned()
            }
        },
        Fault::Expired { .. } => {
            "mint a new one; --token-duration says how long it lives".to_owned()
        }
        Fault::Early { name, .. } => match *name {
            "iat" => "set the clock of whoever mints, or mint with --backdate 10m".to_owned(),
            _ => "wait, or mint a new one".to_owned(),
        },
        Fault::Signature { algorithm: TokenAlgorithm::Mac(_) } => {
            "the secret differs: look for a line end in it, or for another cluster's".to_owned()
        }
        Fault::Signature { .. } => {
            "the token was signed by another key, or changed on its way".to_owned()
        }
        Fault::Missing { .. } => {
            "mint a new one; `step-token px token` writes every claim".to_owned()
        }
        Fault::NoUsername { claim } => {
            format!("mint a new one with a `{claim}`, or set the server's --username-claim")
        }
        _ => "mint a new one".to_owned(),
    }
}
