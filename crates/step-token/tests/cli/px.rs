//! What a transcript of `px` cannot show, and the program called as pxctl.

#[path = "px/contexts.rs"]
mod contexts;
#[path = "px/output.rs"]
mod output;
#[path = "px/roles.rs"]
mod roles;
#[path = "px/secrets.rs"]
mod secrets;
#[path = "px/stdin.rs"]
mod stdin;
#[path = "px/walk.rs"]
mod walk;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// An account, an issuer and a secret of 64 bytes; the value of `--auth-config` is left out.
const KEY: &str = "--issuer my_issuer --shared-secret-file secret/good";

/// A run that prints a token and nothing else.
const MINT: &str = "px token --auth-config account/kubernetes.yaml --issuer my_issuer \
                    --shared-secret-file secret/good";

/// Returns header and claims of a token after another library has verified its signature.
fn checked(token: &str, secret: &[u8]) -> (Value, Value) {
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).expect("base64url");
    let (signed, signature) = token.rsplit_once('.').expect("a signature");
    let (header, claims) = signed.split_once('.').expect("claims");
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    hmac::verify(&key, signed.as_bytes(), &decode(signature)).expect("the secret's");
    let json = |part| serde_json::from_slice(&decode(part)).expect("JSON");
    (json(header), json(claims))
}
