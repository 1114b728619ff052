//! `px inspect`: what a token says; nothing is believed.

use openstorage_token::{Advice, unverified};
use serde::Serialize;
use serde_json::value::RawValue;
use token_jose::compact;
use token_time::Timestamp;

use super::{Manner, stored};
use crate::args::PxInspectArgs;
use crate::{Error, World};

/// Prints header and claims as they stand, and says on stderr what is to be said.
pub(super) fn run(args: &PxInspectArgs, manner: &Manner, world: &World) -> Result<(), Error> {
    let token = stored::read(&args.token, manner, world)?;
    let parts = compact::decode_unverified(token.expose()).map_err(|cause| {
        Error::settings(format!("this {cause}"))
            .hint("a token is three parts of base64url with dots between them")
    })?;
    let json = |bytes: &[u8], what: &str| -> Result<Box<RawValue>, Error> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        // White space between members is nobody's claim; the members stay as they are written.
        RawValue::from_string(text)
            .map_err(|_| Error::settings(format!("the token's {what} is no JSON")))
    };
    let object = Object {
        header: json(&parts.header, "header")?,
        claims: json(&parts.payload, "payload")?,
        verified: false,
    };
    // A pretty printer would leave raw values alone.
    let value: serde_json::Value = serde_json::to_value(&object)
        .map_err(|cause| Error::settings("the token cannot be shown").because(cause))?;
    manner.print(&value, world)?;

    match unverified(token.expose()) {
        None => world.warn("no server could read these claims; `step-token px verify` says why"),
        Some(identity) => {
            let time = |seconds: i64| Timestamp::from_unix_seconds(seconds).to_string();
            if let Some(start) = identity.issued_at {
                world.note(&format!("iat is {}", time(start)));
            }
            let now = world.now().unix_seconds();
            match identity.expires {
                None => world.warn("`exp` is missing or 0"),
                Some(end) if end <= now => world.warn(&format!("it expired at {}", time(end))),
                Some(end) => world.note(&format!("exp is {}", time(end))),
            }
            let life = identity.expires.zip(identity.issued_at);
            let life = life.and_then(|(end, start)| u64::try_from(end.saturating_sub(start)).ok());
            let advice = Advice::of_claims(
                &identity.issuer,
                identity.roles.iter().map(String::as_str),
                identity.groups.iter().map(String::as_str),
                life,
            );
            for advice in advice {
                world.warn(&advice.to_string());
            }
        }
    }
    world.note("nothing was checked; `step-token px verify` says what a server would");
    Ok(())
}

/// The object that is printed.
#[derive(Serialize)]
struct Object {
    header: Box<RawValue>,
    claims: Box<RawValue>,
    verified: bool,
}
