//! `px token`: one token.

use openstorage_token::{Advice, Claims, Lifetime};
use serde::Serialize;
use token_jose::Token;
use token_time::Timestamp;

use super::key::KeyWish;
use super::{Manner, account, is_stdin, output_file};
use crate::args::{Given, PxTokenArgs};
use crate::emit::{Described, Output, Place};
use crate::settings::OutputSettings;
use crate::{Error, World};

/// Mints one token.
pub(super) fn run(args: &PxTokenArgs, manner: &Manner, world: &World) -> Result<(), Error> {
    // What cannot be is said before a secret is read or a password asked for.
    let issuer = issuer(args)?;
    let key = KeyWish::settle(&args.secret, &args.key, &readers(args))?;
    let account = account::read(&args.account, world)?;
    let settings = output(args, manner)?;
    let output = Output::settle(&settings, world)?.compact(manner.raw);

    let key = key.open(world)?;
    let lifetime = args.token_duration.unwrap_or(Lifetime::DEFAULT);
    for advice in Advice::of_account(&account, &issuer, lifetime) {
        world.warn(&advice.to_string());
    }
    let claims = Claims::new(account, issuer, world.now().unix_seconds(), lifetime, backdate(args));
    let minted = Minted { token: key.token(&claims)?, alg: key.alg(), claims };
    output.write(&minted, world)?;
    if let Some(file) = &settings.file {
        world.note(&format!("Token written to output file: {}", file.value.display()));
    }
    Ok(())
}

/// Returns the issuer, without which no server finds the key.
pub(super) fn issuer(args: &PxTokenArgs) -> Result<String, Error> {
    match &args.issuer {
        Some(Given::Value(issuer)) => Ok(issuer.clone()),
        Some(Given::Empty) => {
            Err(Error::usage("the issuer is empty (--issuer), and no server accepts such a token")
                .hint("it is what the server has in PORTWORX_AUTH_JWT_ISSUER or --jwt-issuer"))
        }
        None => Err(Error::usage("no issuer is given")
            .hint("--issuer is what the server has in PORTWORX_AUTH_JWT_ISSUER or --jwt-issuer")),
    }
}

/// Returns how far tokens are dated back.
pub(super) fn backdate(args: &PxTokenArgs) -> Lifetime {
    args.backdate.unwrap_or(Lifetime::ZERO)
}

/// The flags beside the key's that may read standard input.
pub(super) fn readers(args: &PxTokenArgs) -> [(&'static str, bool); 2] {
    [("--auth-config", is_stdin(&args.account.auth_config)), ("--fleet", is_stdin(&args.fleet))]
}

/// Returns where the token goes; pxctl overwrites a file that is there.
fn output(args: &PxTokenArgs, manner: &Manner) -> Result<OutputSettings, Error> {
    let file = output_file(args.output.as_ref())?;
    Ok(OutputSettings { file, force: true, json: manner.json })
}

/// A token and what it says.
struct Minted {
    token: Token,
    alg: &'static str,
    claims: Claims,
}

/// The object that `--json` prints; docs/openstorage.md lists its members.
#[derive(Serialize)]
struct Description<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    alg: &'static str,
    issuer: &'a str,
    subject: &'a str,
    name: &'a str,
    email: &'a str,
    roles: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<&'a [String]>,
    #[serde(rename = "issuedAt")]
    issued_at: String,
    expires: String,
    iat: i64,
    exp: i64,
}

impl Described for Minted {
    type Object<'a> = Description<'a>;

    fn token(&self) -> &Token {
        &self.token
    }

    fn describe<'a>(&'a self, place: Place<'a>) -> Description<'a> {
        let claims = &self.claims;
        let text = |seconds| Timestamp::from_unix_seconds(seconds).to_string();
        Description {
            token: place.token,
            file: place.file,
            alg: self.alg,
            issuer: &claims.issuer,
            subject: &claims.subject,
            name: &claims.name,
            email: &claims.email,
            roles: claims.roles.as_deref(),
            groups: claims.groups.as_deref(),
            issued_at: text(claims.issued_at),
            expires: text(claims.expires),
            iat: claims.issued_at,
            exp: claims.expires,
        }
    }
}
