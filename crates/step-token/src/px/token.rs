//! `px token`: one token.

use std::path::PathBuf;

use clap::Args;
use openstorage_token::{Claims, Lifetime, Warning};
use serde::Serialize;
use token_cli::output::Delivered;
use token_cli::{Error, Given, Output, OutputSettings, Setting, Source, Stream, World};
use token_text::ShownPath;
use token_time::Timestamp;

use crate::cli::help;
use crate::px::account::{self, PxAccountArgs};
use crate::px::advice;
use crate::px::key::{KeySettings, PxPrivateKeyArgs};
use crate::px::options::{ISSUER_HINT, OutputOptions, output_file};
use crate::px::shared_secret::PxSharedSecretArgs;
use crate::settings::overwriting;

/// `px token`.
#[derive(Clone, Debug, Args)]
#[command(after_help = help::with_examples(TOKEN_EXAMPLES))]
pub(crate) struct PxTokenArgs {
    #[command(flatten)]
    pub(crate) account: PxAccountArgs,

    /// Set the issuer, exactly as on the server, without https://
    #[arg(long, value_name = "NAME", help_heading = "Issuer and validity")]
    pub(crate) issuer: Option<Given<String>>,

    /// Set the lifetime: a whole number and s, m, h, d or y (default: 1d)
    #[arg(long, value_name = "DURATION", help_heading = "Issuer and validity")]
    pub(crate) token_duration: Option<Lifetime>,

    /// Backdate the token, for servers whose clocks are behind (default: 0s)
    #[arg(long, value_name = "DURATION", help_heading = "Issuer and validity")]
    pub(crate) backdate: Option<Lifetime>,

    #[command(flatten)]
    pub(crate) secret: PxSharedSecretArgs,

    #[command(flatten)]
    pub(crate) key: PxPrivateKeyArgs,

    /// Write the token to this file, mode 0600, instead of standard output; `-` is standard output
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Option<Given<PathBuf>>,

    /// Mint a token for each row of this CSV file, which has the columns subject, name, email,
    /// roles, groups and duration
    #[arg(long, value_name = "FILE", help_heading = "Fleet")]
    pub(crate) fleet: Option<Given<Source>>,
}

/// Mints one token.
pub(super) fn run(args: &PxTokenArgs, options: &OutputOptions, world: &World) -> Result<(), Error> {
    // Report an impossible request before reading a secret or asking for a password.
    let issuer = issuer(args)?;
    let key = KeySettings::settle(&args.secret, &args.key, &readers(args))?;
    let account = account::read(&args.account, world)?;
    let settings = output(args, options)?;
    overwriting::refuse(settings.file.as_ref(), inputs(args, &key), world)?;
    let output = Output::settle(&settings, world)?.compact(options.raw);

    let key = key.open(world)?;
    let lifetime = args.token_duration.unwrap_or(Lifetime::DEFAULT);
    for warning in advice::several(Warning::of_account(&account, &issuer, lifetime)) {
        world.warn(&warning);
    }
    let claims = Claims::new(account, issuer, world.now().unix_seconds(), lifetime, backdate(args));
    let token = key.token(&claims)?;
    output.write(token.expose(), |it| Description::of(&claims, key.alg(), it), world)?;
    if let Some(file) = &settings.file {
        world.done(&format!("Token written to output file: {}", ShownPath(&file.value)));
    }
    Ok(())
}

/// Returns the issuer, without which no server finds the key.
pub(super) fn issuer(args: &PxTokenArgs) -> Result<String, Error> {
    match &args.issuer {
        Some(Given::Value(issuer)) => Ok(issuer.clone()),
        Some(Given::Empty) => {
            Err(Error::usage("--issuer is empty, and no server accepts a token without an issuer")
                .hint(ISSUER_HINT))
        }
        None => Err(Error::usage("no issuer given").hint(ISSUER_HINT)),
    }
}

/// Returns how far tokens are backdated.
pub(super) fn backdate(args: &PxTokenArgs) -> Lifetime {
    args.backdate.unwrap_or(Lifetime::ZERO)
}

/// The flags beside the key's that may read a stream.
pub(super) fn readers(args: &PxTokenArgs) -> Vec<(String, Option<Stream>)> {
    let of = |flag: &'static str, value: &Option<Given<Source>>| {
        let setting = value.as_ref().and_then(|value| value.setting(flag))?;
        Some((setting.origin.to_string(), setting.value.stream()))
    };
    [of("auth-config", &args.account.auth_config), of("fleet", &args.fleet)]
        .into_iter()
        .flatten()
        .collect()
}

/// Returns the files that a run reads.
pub(super) fn inputs(args: &PxTokenArgs, key: &KeySettings) -> Vec<Setting<Source>> {
    let of = |flag, value: &Option<Given<Source>>| value.as_ref().and_then(|it| it.setting(flag));
    let files = [of("auth-config", &args.account.auth_config), of("fleet", &args.fleet)];
    files.into_iter().flatten().chain(key.inputs()).collect()
}

/// Returns where the token goes; like pxctl, this overwrites an existing file.
fn output(args: &PxTokenArgs, options: &OutputOptions) -> Result<OutputSettings, Error> {
    let file = output_file(args.output.as_ref())?;
    Ok(OutputSettings { file, force: true, json: options.json })
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

impl<'a> Description<'a> {
    fn of(claims: &'a Claims, alg: &'static str, delivered: Delivered<'a>) -> Self {
        let text = |seconds| Timestamp::from_unix_seconds(seconds).to_string();
        Self {
            token: delivered.token,
            file: delivered.file,
            alg,
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

const TOKEN_EXAMPLES: &str = "\
Examples:
  step-token px token --auth-config admin.yaml --issuer my_issuer --shared-secret-file secret
  step-token px token --subject ci@example.com --role system.user --issuer my_issuer \\
    --shared-secret-file env:PX_SECRET --token-duration 12h
  kubectl -n portworx get secret px-shared-secret -o json |
    step-token px token --auth-config admin.yaml --issuer my_issuer --shared-secret-file k8s:-";
