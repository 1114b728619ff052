//! `px inspect`: what a token says; nothing is believed.

use clap::Args;
use openstorage_token::{Advice, Expiry, unverified};
use serde::Serialize;
use serde_json::value::RawValue;
use token_cli::{EXIT_HELP, Error, World};
use token_jose::compact;
use token_time::Timestamp;

use crate::px::options::Manner;
use crate::px::stored::{self, PxTokenArg};

/// `px inspect`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXIT_HELP)]
pub(crate) struct PxInspectArgs {
    #[command(flatten)]
    pub(crate) token: PxTokenArg,
}

/// Prints header and claims as they stand, and says on stderr what is to be said.
pub(super) fn run(args: &PxInspectArgs, manner: &Manner, world: &World) -> Result<(), Error> {
    let token = stored::read(&args.token, manner, world)?;
    let parts = compact::decode_unverified(token.expose()).map_err(|cause| {
        Error::settings(format!("this {cause}"))
            .hint("a token is three parts of base64url with dots between them")
    })?;
    let shown = |bytes: &[u8], part: &str| {
        shown(bytes).ok_or_else(|| Error::settings(format!("the token's {part} is no JSON")))
    };
    let (header, claims) = (shown(&parts.header, "header")?, shown(&parts.payload, "payload")?);
    if !(header.is_faithful && claims.is_faithful) {
        world.warn(
            "a member stands twice, or is written in an unusual way; it is shown as it stands",
        );
    }
    let object = Object { header: &header.json, claims: &claims.json, verified: false };
    manner.print(&object, world)?;

    match unverified(token.expose()) {
        None => world.warn("no server could read these claims; `step-token px verify` says why"),
        Some(identity) => {
            let time = |seconds: i64| Timestamp::from_unix_seconds(seconds).to_string();
            if let Some(start) = identity.issued_at {
                world.note(&format!("iat is {}", time(start)));
            }
            let now = world.now().unix_seconds();
            match identity.expires {
                Expiry::Absent => world.warn("there is no `exp`; a server refuses such a token"),
                Expiry::NoTime => world.warn("`exp` is no time; a server refuses such a token"),
                Expiry::Never => world.warn("`exp` is 0: where it is accepted, it never ends"),
                Expiry::At(end) if end <= now => {
                    world.warn(&format!("it expired at {}", time(end)));
                }
                Expiry::At(end) => world.note(&format!("exp is {}", time(end))),
            }
            for advice in Advice::of_identity(&identity) {
                world.warn(&advice.to_string());
            }
        }
    }
    world.note("nothing was checked; `step-token px verify` says what a server would");
    Ok(())
}

/// A part of a token on its way to a reader.
struct Shown {
    json: Json,
    /// Whether a program that reads JSON keeps all of it.
    is_faithful: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Json {
    /// To be laid out.
    Value(serde_json::Value),
    /// To be left as it stands.
    Raw(Box<RawValue>),
}

/// Reads a part; what a JSON value does not keep, a member that stands twice or a long number, stays text.
fn shown(bytes: &[u8]) -> Option<Shown> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let raw = RawValue::from_string(text).ok()?;
    let value: Option<serde_json::Value> = serde_json::from_str(raw.get()).ok();
    let squeezed = |text: &str| text.split_ascii_whitespace().collect::<String>();
    // Escapes may be written in several ways; what is compared is what they stand for.
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
}
