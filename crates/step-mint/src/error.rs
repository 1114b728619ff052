/// Why a token was not minted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The token would live too long or too short, start too late, or have expired already.
    #[error(transparent)]
    Validity(step_claims::Error),

    /// The claims contradict each other.
    #[error("these claims do not make a token")]
    Claims(#[source] step_claims::Error),

    /// The key does not sign.
    #[error("the token was not signed")]
    Signature(#[source] token_jose::Error),
}
