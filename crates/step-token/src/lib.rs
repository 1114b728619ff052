//! Mint the one-time tokens that bootstrap trust with step-ca.
//!
//! The program is a flow, and its modules are named for it:
//!
//! `args → settings → proof → select → key → claims → sign → emit`
//!
//! [`run`] is the program as a function: everything that is not an argument comes in a [`World`].
//! For a program that mints tokens itself, [`Mint`] is an open key and [`Request`] one wish: a
//! thousand requests cost a thousand signatures, and nothing is opened for them. [`Mint::proven`]
//! takes the key of a certificate, which `step_header::ProvenKey` has held against it.
//!
//! ```
//! use step_claims::{Limits, Prefix, Purpose, RootFingerprint, TokenId, UserData};
//! use step_token::{Mint, Place, Request};
//! use token_jose::{KeyFile, SigningKey as _};
//! use token_time::Timestamp;
//!
//! // The key of RFC 8037 appendix A.1.
//! let KeyFile::Plain(key) = KeyFile::parse(
//!     br#"{"kty":"OKP","crv":"Ed25519",
//!         "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
//!         "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
//! )? else { unreachable!("the key is not sealed") };
//! let key_id = key.public_key().thumbprint().into();
//! let place = Place {
//!     url: "https://ca.example.com:9000".parse()?,
//!     prefix: Prefix::Versioned,
//!     root: Some(RootFingerprint::of_der(b"the root certificate")),
//! };
//! let mint = Mint::new("admin@example.com".to_owned(), place, key_id, key);
//!
//! let request = Request {
//!     subject: "db.internal".parse()?,
//!     purpose: Purpose::Sign(vec!["db.internal".parse()?]),
//!     not_before: None,
//!     not_after: Some("10m".parse()?),
//!     limits: Limits::Step,
//!     confirmation: None,
//!     user: UserData::default(),
//! };
//! let now = Timestamp::from_unix_seconds(1_700_000_000);
//! let minted = {
//!     let validity = request.validity(now)?;
//!     mint.token(request, validity, TokenId::from_random([7; 32]))?
//! };
//! assert_eq!(minted.claims.audience.as_str(), "https://ca.example.com:9000/1.0/sign");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod args;
mod authority;
mod claims;
mod command;
mod dialect;
mod emit;
mod error;
mod exit;
mod fetch;
mod file;
mod flags;
mod key;
mod origin;
mod proof;
mod secret;
mod secret_member;
mod select;
mod settings;
mod sign;
mod spelling;
mod terminal;
mod world;

use std::ffi::OsString;

pub use claims::Request;
pub use error::Error;
pub use exit::Exit;
pub use sign::{Mint, Minted, Place};
pub use terminal::Prompt;
pub use world::World;

use args::Parsed;
use dialect::Dialect;

/// Runs the program: `argv` as the operating system hands it over, the program's name first.
///
/// Whatever there is to say has been said in the streams of `world` when it returns.
#[must_use]
pub fn run(argv: impl IntoIterator<Item = OsString>, world: &World) -> Exit {
    match try_run(argv, world) {
        Ok(exit) => exit,
        Err(error) => {
            world.say(&error.report());
            error.exit()
        }
    }
}

fn try_run(argv: impl IntoIterator<Item = OsString>, world: &World) -> Result<Exit, Error> {
    let mut argv = argv.into_iter();
    let dialect = Dialect::of(argv.next().as_deref());
    let arguments: Vec<OsString> = argv.collect();
    dialect.admit(&arguments)?;
    match args::parse(arguments, dialect)? {
        Parsed::Text(text) => emit::stdout(text.as_bytes(), world).map(|()| Exit::Done),
        Parsed::Version => command::version(dialect.banner(), world).map(|()| Exit::Done),
        Parsed::Command(cli) => {
            world.set_quiet(cli.global.quiet.unwrap_or_default().0);
            if cli.global.no_prompt.unwrap_or_default().0 {
                world.forbid_prompts();
            }
            command::run(&cli, dialect.banner(), world)
        }
    }
}

/// How the program introduces itself to a CA.
const USER_AGENT: &str = concat!("step-token/", env!("CARGO_PKG_VERSION"));
