//! `px inspect`: what a token says, without checking it.

use clap::Args;
use openstorage_token::{Expiry, Warning, unverified};
use serde::Serialize;
use serde_json::value::RawValue;
use token_cli::{EXIT_HELP, Error, World};
use token_jose::compact;
use token_time::Timestamp;

use crate::px::advice;
use crate::px::options::OutputOptions;
use crate::px::stored::{self, PxTokenArg};
use crate::px::token_origin::TokenOriginObject;

/// `px inspect`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXIT_HELP)]
pub(crate) struct PxInspectArgs {
    #[command(flatten)]
    pub(crate) token: PxTokenArg,
}

/// Prints header and claims, and on stderr the times and the warnings.
pub(super) fn run(
    args: &PxInspectArgs,
    options: &OutputOptions,
    world: &World,
) -> Result<(), Error> {
    let (token, origin) = stored::read(&args.token, options, false, world)?;
    let parts = compact::decode_unverified(token.expose()).map_err(|cause| {
        Error::settings(format!("this {cause}"))
            .hint("copy the token as it was printed: three base64url parts separated by dots")
    })?;
    let shown = |bytes: &[u8], part: &str| {
        shown(bytes).ok_or_else(|| Error::settings(format!("the token's {part} is not JSON")))
    };
    let (header, claims) = (shown(&parts.header, "header")?, shown(&parts.payload, "payload")?);
    if !(header.is_faithful && claims.is_faithful) {
        world.warn(
            "a member appears twice or is written in an unusual way, so its part is shown unchanged",
        );
    }
    let object = Object {
        header: &header.json,
        claims: &claims.json,
        verified: false,
        token_source: origin.object(),
    };
    options.print(&object, world)?;

    match unverified(token.expose()) {
        None => {
            world.warn("no server can read these claims; run `step-token px verify` to see why")
        }
        Some(identity) => {
            let time = |seconds: i64| Timestamp::from_unix_seconds(seconds).to_string();
            if let Some(start) = identity.issued_at {
                world.note(&format!("iat is {}", time(start)));
            }
            let now = world.now().unix_seconds();
            match identity.expires {
                Expiry::Absent => world.warn("`exp` is missing; a server refuses such a token"),
                Expiry::NoTime => world.warn("`exp` is not a time; a server refuses such a token"),
                Expiry::Never => world.warn("`exp` is 0, so to a server the token never expires"),
                Expiry::At(end) if end <= now => {
                    world.warn(&format!("the token expired at {}", time(end)));
                }
                Expiry::At(end) => world.note(&format!("exp is {}", time(end))),
            }
            for warning in advice::several(Warning::of_identity(&identity)) {
                world.warn(&warning);
            }
        }
    }
    world.note(&format!(
        "{origin} was not checked; run `step-token px verify` to check it as a server would"
    ));
    Ok(())
}

/// A part of a token, ready to be printed.
struct Shown {
    json: Json,
    /// Whether a JSON reader would keep all of it.
    is_faithful: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Json {
    /// Printed with indentation.
    Value(serde_json::Value),
    /// Printed unchanged.
    Raw(Box<RawValue>),
}

/// Reads a part; it stays text if a JSON value would lose a repeated member or a long number.
fn shown(bytes: &[u8]) -> Option<Shown> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let raw = RawValue::from_string(text).ok()?;
    let value: Option<serde_json::Value> = serde_json::from_str(raw.get()).ok();
    let squeezed = |text: &str| text.split_ascii_whitespace().collect::<String>();
    // An escape can be spelled in several ways, so compare what they mean.
    let same = |value: &serde_json::Value| {
        let again = token_jose::json::to_vec(value).ok()?;
        let plain = serde_json::to_string(value).ok()?;
        let written = squeezed(raw.get());
        Some(squeezed(&String::from_utf8_lossy(&again)) == written || squeezed(&plain) == written)
    };
    match value {
        Some(value) if same(&value) == Some(true) => {
            Some(Shown { json: Json::Value(value), is_faithful: true })
        }
        _ => Some(Shown { json: Json::Raw(raw), is_faithful: false }),
    }
}

/// The object that is printed.
#[derive(Serialize)]
struct Object<'a> {
    header: &'a Json,
    claims: &'a Json,
    verified: bool,
    #[serde(rename = "tokenSource")]
    token_source: TokenOriginObject,
}
