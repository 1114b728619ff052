//! What to try when a server refuses a token.

use openstorage_token::{Fault, StrictWarning, TokenAlgorithm, Verdict};
use token_jose::KeyKind;
use token_text::ShownValue;

/// Returns what to try; something that the server tolerates may have broken the token.
pub(super) fn of(fault: &Fault, verdict: &Verdict) -> String {
    let is_of_form = matches!(fault, Fault::Signature { .. } | Fault::Base64 { .. });
    if let (Fault::Signature { .. }, Some(form)) = (fault, verdict.secret_form) {
        return form.to_string();
    }
    if is_of_form && verdict.strict_warnings.contains(&StrictWarning::LineBreak) {
        return "remove the line break from the token".to_owned();
    }
    match fault {
        Fault::Parts { .. } => "copy the whole token: three parts separated by two dots".to_owned(),
        Fault::Bearer => "send `Bearer` once, before the token".to_owned(),
        Fault::Base64 { .. } => {
            "copy the token as it was printed, without padding, blanks or quotes".to_owned()
        }
        Fault::Null | Fault::Json { .. } | Fault::NoObject { .. } | Fault::Depth { .. } => {
            "run `step-token px token` to mint one: this is not an OpenStorage token".to_owned()
        }
        Fault::NumberTooLarge { .. } | Fault::NoTime { .. } | Fault::Type { .. } => {
            "mint a new one; this one has a claim that no server can read".to_owned()
        }
        Fault::NoIssuer => "mint a new one with --issuer".to_owned(),
        Fault::Untrusted { issuer, trusted } => format!(
            "mint a new one with --issuer {}, or set the server's PORTWORX_AUTH_JWT_ISSUER (--jwt-issuer) to {issuer}",
            ShownValue(trusted)
        ),
        Fault::NoAlgorithm | Fault::UnknownAlgorithm { .. } => {
            "mint a new one with HS256, RS256 or ES256, or the same with 384 or 512".to_owned()
        }
        Fault::NoKey { algorithm } => format!(
            "use {} with the server's {}, or sign with a key that the server has",
            server_flag(*algorithm),
            if matches!(algorithm, TokenAlgorithm::Mac(_)) { "secret" } else { "key" }
        ),
        Fault::Expired { .. } => "mint a new one; --token-duration sets its lifetime".to_owned(),
        Fault::Early { name, .. } => match *name {
            "iat" => {
                "correct the clock that minted it, or mint a new one with --backdate 10m".to_owned()
            }
            _ => "wait, or mint a new one".to_owned(),
        },
        Fault::Signature { algorithm: TokenAlgorithm::Mac(_) } => {
            "check the secret: it may end in a line break, or belong to another cluster".to_owned()
        }
        Fault::Signature { .. } => {
            "check the key: the token was signed with another one, or changed afterwards".to_owned()
        }
        Fault::Missing { .. } => {
            "mint a new one with `step-token px token`, which writes every claim".to_owned()
        }
        Fault::NoUsername { claim } => {
            format!("mint a new one with a `{claim}`, or set the server's --username-claim")
        }
        _ => "mint a new one".to_owned(),
    }
}

/// Returns the flag for the key that a server checks an algorithm with.
fn server_flag(algorithm: TokenAlgorithm) -> &'static str {
    match algorithm {
        TokenAlgorithm::Mac(_) => "--shared-secret-file",
        TokenAlgorithm::Signature(own) if own.key_kind() == KeyKind::Rsa => "--rsa-public-keyfile",
        TokenAlgorithm::Signature(_) => "--ecdsa-public-keyfile",
    }
}
