//! The command line, read into the words of the domain.

mod given;
mod token;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

pub(crate) use given::{Assignment, Given, Switch};
pub(crate) use token::{CaArgs, ProofArgs, TokenArgs};

use crate::{Error, exit, spelling};

/// Mint the one-time tokens that bootstrap trust with step-ca
#[derive(Debug, Parser)]
#[command(
    name = "step-token",
    after_help = exit::HELP,
    disable_help_subcommand = false,
    disable_version_flag = true,
    args_override_self = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Commands,

    #[command(flatten)]
    pub(crate) global: GlobalArgs,
}

/// What every command takes.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct GlobalArgs {
    /// Read this file instead of the default `defaults.json`
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    pub(crate) config: Option<PathBuf>,

    /// Keep notes to yourself; warnings and errors are still written
    #[arg(long, global = true, num_args = 0..=1, require_equals = true,
          default_missing_value = "true", help_heading = "Global options")]
    pub(crate) quiet: Option<Switch>,

    /// Ask nothing, even on a terminal: what is missing is an error
    #[arg(long, global = true, num_args = 0..=1, require_equals = true,
          default_missing_value = "true", help_heading = "Global options")]
    pub(crate) no_prompt: Option<Switch>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Commands {
    /// Mint one token (short for `ca token`)
    Token(Box<TokenArgs>),
    /// Tokens and provisioners of a CA
    #[command(subcommand)]
    Ca(CaCommands),
    /// Contexts: which CA and which settings are meant
    #[command(subcommand)]
    Context(ContextCommands),
    /// Print a completion script for a shell
    Completion {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write manual pages into a directory
    Man {
        /// The directory; it must exist
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
    /// Print the version
    Version,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CaCommands {
    /// Mint one token
    Token(Box<TokenArgs>),
    /// Provisioners of a CA
    #[command(subcommand)]
    Provisioner(ProvisionerCommands),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProvisionerCommands {
    /// List the provisioners of a CA
    List(ListArgs),
}

/// `ca provisioner list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) ca: CaArgs,

    /// Print a table for people instead of JSON
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) table: Option<Switch>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ContextCommands {
    /// List the contexts; the current one is marked
    List,
    /// Print the current context
    Current {
        /// Print its authority, profile and defaults as JSON
        #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
        json: Option<Switch>,
    },
    /// Make a context the current one
    Select {
        /// The context; asked for on a terminal when it is left out
        #[arg(value_name = "NAME")]
        name: Option<String>,
    },
    /// Remove a context, and its files when no other context uses them
    Remove {
        /// The context
        #[arg(value_name = "NAME")]
        name: String,
        /// Remove without asking
        #[arg(long, short = 'f', num_args = 0..=1, require_equals = true,
              default_missing_value = "true")]
        force: Option<Switch>,
    },
}

/// What the parser makes of a command line.
#[derive(Debug)]
pub(crate) enum Parsed {
    /// A command to run.
    Command(Box<Cli>),
    /// Text that was asked for: help, or the version.
    Text(String),
    /// The version was asked for by a flag.
    Version,
}

/// Reads the arguments behind the program's name.
pub(crate) fn parse(arguments: Vec<OsString>) -> Result<Parsed, Error> {
    let mut command = command();
    command.build();
    let normal = spelling::normalise(arguments, &command)?;
    if normal.first().is_some_and(|first| first == "--version") {
        return Ok(Parsed::Version);
    }
    let argv = std::iter::once(OsString::from("step-token")).chain(normal);
    let parsed =
        command.try_get_matches_from_mut(argv).and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => Ok(Parsed::Command(Box::new(cli))),
        Err(error) if !error.use_stderr() => Ok(Parsed::Text(error.render().to_string())),
        Err(error) => Err(refused(&error)),
    }
}

/// Returns the whole command line as a value, for help, completion and manual pages.
pub(crate) fn command() -> clap::Command {
    let named = |command: clap::Command| {
        command.mut_args(|argument| {
            let Some(name) = argument.get_long().map(str::to_owned) else { return argument };
            let variable = crate::settings::variable_of(&name).join(", ");
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            argument.help(format!("{help} [env: {variable}]"))
        })
    };
    Cli::command()
        .mut_subcommand("token", named)
        .mut_subcommand("ca", |ca| ca.mut_subcommand("token", named))
}

/// Says the parser's error in the program's form: one line, then hints.
fn refused(error: &clap::Error) -> Error {
    let text = error.render().to_string();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or("the command line cannot be read");
    let mut message = first.strip_prefix("error: ").unwrap_or(first).to_owned();
    let mut hints = Vec::new();
    for line in lines {
        if let Some(tip) = line.strip_prefix("tip: ") {
            hints.push(tip.to_owned());
        } else if line.starts_with("Usage:") || line.starts_with("For more information") {
            continue;
        } else if hints.is_empty() {
            message.push(' ');
            message.push_str(line);
        }
    }
    hints.push("`--help` lists what there is".to_owned());
    Error::usage(message).hints(hints)
}
