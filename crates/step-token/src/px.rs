//! `px`: tokens, contexts and keys of OpenStorage and Portworx.

mod account;
mod advice;
mod can;
mod contexts;
mod contexts_file;
mod fleet;
mod inspect;
mod key;
mod keygen;
mod options;
mod report;
mod rights;
mod role_files;
mod roles;
mod secret;
mod secret_member;
mod server;
mod shared_secret;
mod stored;
mod token;
mod token_fault;
mod token_origin;
mod verify;
mod way_out;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use token_cli::{Error, Exit, Switch, World};

use crate::cli::lazily::{Described, Lazily};
use crate::cli::version;
use crate::settings::global::GlobalArgs;

use can::PxCanArgs;
use contexts::{PxContextCommands, PxContextCreateArgs, PxContextDeleteArgs, PxContextSetArgs};
use contexts_file::PxContextsFileArg;
use inspect::PxInspectArgs;
use keygen::PxKeygenArgs;
use options::{OutputOptions, PxGlobalArgs};
use roles::PxRolesArgs;
use secret::PxSecretArgs;
use token::PxTokenArgs;
use verify::PxVerifyArgs;

/// `px`; when the program is called pxctl, the whole command line.
#[derive(Debug, Args)]
pub(crate) struct PxArgs {
    #[command(subcommand)]
    pub(crate) command: PxCommands,

    #[command(flatten)]
    pub(crate) global: PxGlobalArgs,
}

/// The `px` commands.
#[derive(Debug, Subcommand)]
pub(crate) enum PxCommands {
    /// Mint a token, or one for each row of a --fleet file (pxctl auth token generate)
    Token(Lazily<PxTokenArgs>),
    /// Check whether a server would accept a token, and say why if not
    Verify(Lazily<PxVerifyArgs>),
    /// Show what a token says, without checking it
    Inspect(Lazily<PxInspectArgs>),
    /// Say whether a role allows a method: yes (status 0) or no (status 1); --quiet prints neither
    Can(Lazily<PxCanArgs>),
    /// List the roles, or every method that one of them allows
    Roles(Lazily<PxRolesArgs>),
    /// Manage pxctl contexts: names for a token and an endpoint
    #[command(subcommand, alias = "ctx")]
    Context(PxContextCommands),
    /// Print a Kubernetes Secret manifest with a token or a shared secret
    Secret(Lazily<PxSecretArgs>),
    /// Make a shared secret or a key pair, and print the server settings for it
    Keygen(Lazily<PxKeygenArgs>),
    /// Mint a token with pxctl's command `auth token generate`
    #[command(subcommand)]
    Auth(PxAuthCommands),
    /// Print the version
    #[command(hide = true)]
    Version,
}

/// The `px auth` commands.
#[derive(Debug, Subcommand)]
pub(crate) enum PxAuthCommands {
    /// Mint tokens
    #[command(subcommand)]
    Token(PxAuthTokenCommands),
}

/// The `px auth token` commands.
#[derive(Debug, Subcommand)]
pub(crate) enum PxAuthTokenCommands {
    /// Mint a token
    Generate(Lazily<PxTokenArgs>),
}

/// Returns the names of the contexts, for completion.
pub(crate) fn context_names(file: Option<PathBuf>, world: &World) -> Result<Vec<String>, Error> {
    let path = contexts_file::path(&PxContextsFileArg { contextconfig: file }, world)?;
    let contexts = contexts_file::load(&path)?;
    let all = contexts.map(|contexts| contexts.all()).unwrap_or_default();
    Ok(all.into_iter().map(|context| context.name).collect())
}

/// Runs a `px` command.
pub(crate) fn run(
    args: &PxArgs,
    global: &GlobalArgs,
    banner: Option<&str>,
    world: &World,
) -> Result<Exit, Error> {
    options::prepare(&args.global, global.config.as_deref(), world)?;
    let options = OutputOptions::of(&args.global);
    let done = |()| Exit::Done;
    match &args.command {
        PxCommands::Token(args)
        | PxCommands::Auth(PxAuthCommands::Token(PxAuthTokenCommands::Generate(args))) => {
            if let Some(name) = &options.context {
                world.note(&format!(
                    "--context {} has no effect: minting a token needs no server",
                    token_text::ShownValue(name)
                ));
            }
            match options::optional("fleet", args.fleet.as_ref())? {
                Some(rows) => fleet::run(args, &rows, world).map(done),
                None => token::run(args, &options, world).map(done),
            }
        }
        PxCommands::Verify(args) => verify::run(args, &options, world),
        PxCommands::Inspect(args) => inspect::run(args, &options, world).map(done),
        PxCommands::Can(args) => {
            options.refuse_context()?;
            can::run(args, &options, Switch::is_on(global.quiet), world)
        }
        PxCommands::Roles(args) => {
            options.refuse_context()?;
            roles::run(args, &options, world).map(done)
        }
        PxCommands::Context(command) => contexts::run(command, &options, world).map(done),
        PxCommands::Secret(args) => {
            options.refuse_context()?;
            secret::run(args, &options, world).map(done)
        }
        PxCommands::Keygen(args) => {
            options.refuse_context()?;
            keygen::run(args, &options, world).map(done)
        }
        PxCommands::Version => version::print(banner, options.version(), world).map(done),
    }
}

/// The commands that have arguments.
pub(crate) const ARGUMENTS: [Described; 14] = [
    (&["px"], PxArgs::augment_args),
    (&["px", "token"], PxTokenArgs::augment_args),
    (&["px", "auth", "token", "generate"], PxTokenArgs::augment_args),
    (&["px", "verify"], PxVerifyArgs::augment_args),
    (&["px", "inspect"], PxInspectArgs::augment_args),
    (&["px", "can"], PxCanArgs::augment_args),
    (&["px", "roles"], PxRolesArgs::augment_args),
    (&["px", "secret"], PxSecretArgs::augment_args),
    (&["px", "keygen"], PxKeygenArgs::augment_args),
    (&["px", "context", "create"], PxContextCreateArgs::augment_args),
    (&["px", "context", "list"], PxContextsFileArg::augment_args),
    (&["px", "context", "set"], PxContextSetArgs::augment_args),
    (&["px", "context", "unset"], PxContextsFileArg::augment_args),
    (&["px", "context", "delete"], PxContextDeleteArgs::augment_args),
];
