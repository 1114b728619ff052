/// Why a token was not minted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The token would live too long or too short, start too late, or have expired already.
    #[error(transparent)]
    Validity(step_claims::Error),

    /// The claims contradict each other.
    #[error("cannot build the claims of the token")]
    Claims(#[source] step_claims::Error),

    /// The key does not sign.
    #[error("cannot sign the token")]
    Signature(#[source] token_jose::Error),
}
