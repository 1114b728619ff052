//! The command line, read into the words of the domain.

mod given;
mod lazily;
mod px;
mod token;

use std::error::Error as _;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

pub(crate) use given::{Assignment, Given, Switch};
pub(crate) use lazily::Lazily;
pub(crate) use px::*;
pub(crate) use token::{CaArgs, ProofArgs, TokenArgs};

use crate::dialect::Dialect;
use crate::spelling::{self, Normal};
use crate::{Error, exit};

/// Mint and judge the short-lived tokens of step-ca and of OpenStorage
#[derive(Debug, Parser)]
#[command(
    name = "step-token",
    after_help = help_end(),
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
    /// Read this file instead of step's `defaults.json`
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    pub(crate) config: Option<PathBuf>,

    /// Keep notes to yourself; warnings and errors are still written
    #[arg(long, global = true, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", help_heading = "Global options")]
    pub(crate) quiet: Option<Switch>,

    /// Ask nothing, even on a terminal: what is missing is an error
    #[arg(long, global = true, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", help_heading = "Global options")]
    pub(crate) no_prompt: Option<Switch>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Commands {
    /// Mint one token (short for `ca token`)
    Token(Lazily<TokenArgs>),
    /// Tokens and provisioners of a CA
    #[command(subcommand)]
    Ca(CaCommands),
    /// Contexts: which CA and which settings are meant
    #[command(subcommand)]
    Context(ContextCommands),
    /// Tokens, contexts and keys of OpenStorage and Portworx
    Px(Lazily<PxArgs>),
    /// Print a completion script for a shell
    Completion {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write manual pages into a directory
    Man {
        /// The directory; it must exist
        #[arg(value_name = "DIRECTORY")]
        directory: PathBuf,
    },
    /// Print the version
    Version,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CaCommands {
    /// Mint one token
    Token(Lazily<TokenArgs>),
    /// Provisioners of a CA
    #[command(subcommand)]
    Provisioner(ProvisionerCommands),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProvisionerCommands {
    /// List the provisioners of a CA
    List(Lazily<ListArgs>),
}

/// `ca provisioner list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Print a table for people instead of JSON
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true")]
    pub(crate) table: Option<Switch>,

    /// Print what each provisioner may authorise, and what to use instead of what it may not
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true")]
    pub(crate) can: Option<Switch>,

    #[command(flatten)]
    pub(crate) ca: CaArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ContextCommands {
    /// List the contexts; the current one is marked
    List,
    /// Print the current context
    Current {
        /// Print its name, authority and profile as JSON
        #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true")]
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
        #[arg(long, short = 'f', value_name = "BOOL", num_args = 0..=1, require_equals = true,
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
pub(crate) fn parse(arguments: Vec<OsString>, dialect: Dialect) -> Result<Parsed, Error> {
    let command = Cli::command().name(dialect.name()).bin_name(dialect.name());
    let below = dialect.below();
    let arguments = below.map(OsString::from).into_iter().chain(arguments);
    // What is asked for is described, and what leads there; nothing else is.
    let Normal { arguments: normal, path, root: mut command } =
        spelling::normalise(arguments, command, describe)?;
    command = match below {
        None => without_unanswered(command, dialect),
        Some(below) => {
            command.mut_subcommand(below, |command| without_unanswered(command, dialect))
        }
    };
    let words = normal.iter().skip(usize::from(below.is_some()));
    let flags = words.take_while(|argument| argument.to_string_lossy().starts_with("--"));
    if flags.into_iter().any(|flag| flag == "--version") {
        return Ok(Parsed::Version);
    }
    let argv = std::iter::once(OsString::from(dialect.name())).chain(normal);
    let parsed =
        command.try_get_matches_from_mut(argv).and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => Ok(Parsed::Command(Box::new(cli))),
        Err(error) if !error.use_stderr() => {
            Ok(Parsed::Text(dialect.in_its_words(error.render().to_string())))
        }
        Err(error) => Err(refused(&error, path.first().is_some_and(|first| first == "px"))),
    }
}

/// Hides the commands that are not answered under this name.
fn without_unanswered(mut command: clap::Command, dialect: Dialect) -> clap::Command {
    let names: Vec<String> =
        command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    for name in names.iter().filter(|name| !dialect.answers(name)) {
        command = command.mut_subcommand(name, |command| command.hide(true));
    }
    command
}

/// Returns the whole command line as a value, for help, completion and manual pages.
pub(crate) fn command() -> clap::Command {
    ARGUMENTS.iter().fold(Cli::command(), |root, (path, _)| describe(root, path))
}

/// Describes the arguments of one command of the tree, if it has any.
fn describe(root: clap::Command, path: &[&str]) -> clap::Command {
    match ARGUMENTS.iter().find(|(there, _)| *there == path) {
        None => root,
        Some((_, arguments)) => at(root, path, *arguments),
    }
}

/// Changes the command of a path, and keeps what the list of commands says about it.
fn at(command: clap::Command, path: &[&str], change: Change) -> clap::Command {
    match path {
        [] => {
            let about = command.get_about().cloned().unwrap_or_default();
            change(command).about(about)
        }
        [first, rest @ ..] if command.find_subcommand(first).is_some() => {
            command.mut_subcommand(*first, |command| at(command, rest, change))
        }
        _ => command,
    }
}

/// What is done to a command.
type Change = fn(clap::Command) -> clap::Command;

/// The commands that have arguments, each below the one it belongs to.
const ARGUMENTS: [(&[&str], Change); 15] = [
    (&["token"], |command| with_variables(TokenArgs::augment_args(command))),
    (&["ca", "token"], |command| with_variables(TokenArgs::augment_args(command))),
    (&["ca", "provisioner", "list"], |command| with_variables(ListArgs::augment_args(command))),
    (&["px"], PxArgs::augment_args),
    (&["px", "token"], PxTokenArgs::augment_args),
    (&["px", "auth", "token", "generate"], PxTokenArgs::augment_args),
    (&["px", "verify"], PxVerifyArgs::augment_args),
    (&["px", "inspect"], PxInspectArgs::augment_args),
    (&["px", "secret"], PxSecretArgs::augment_args),
    (&["px", "keygen"], PxKeygenArgs::augment_args),
    (&["px", "context", "create"], PxContextCreateArgs::augment_args),
    (&["px", "context", "list"], PxContextsFileArg::augment_args),
    (&["px", "context", "set"], PxContextSetArgs::augment_args),
    (&["px", "context", "unset"], PxContextsFileArg::augment_args),
    (&["px", "context", "delete"], PxContextDeleteArgs::augment_args),
];

/// Names the variable of every flag that has one.
fn with_variables(command: clap::Command) -> clap::Command {
    command.mut_args(|argument| {
        let Some(name) = argument.get_long().map(str::to_owned) else { return argument };
        if ["table", "can"].contains(&name.as_str()) {
            return argument;
        }
        let variable = crate::flags::variables_of(&name).join(", ");
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        argument.help(format!("{help} [env: {variable}]"))
    })
}

/// Says the parser's error in the program's form: one line, then hints.
///
/// What is typed behind `px` may be a secret: a value that was not quoted falls apart into arguments.
fn refused(error: &clap::Error, is_px: bool) -> Error {
    let context = |kind| error.get(kind).map(ToString::to_string).unwrap_or_default();
    let flag = flag_of(&context(ContextKind::InvalidArg));
    let value = context(ContextKind::InvalidValue);
    match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Error::usage("no command is named").hint("`--help` lists the commands")
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = match error.get(ContextKind::InvalidArg) {
                Some(ContextValue::Strings(names)) => names.clone(),
                _ => vec![flag],
            };
            let missing: Vec<String> = missing
                .iter()
                .map(|name| format!("no {}", flag_of(name).trim_matches(['<', '>']).to_lowercase()))
                .collect();
            Error::usage(format!("{} is given", missing.join(" and ")))
                .hint("`--help` shows what is expected")
        }
        ErrorKind::UnknownArgument if !flag.starts_with('-') && is_px => {
            Error::usage("there is one argument too many")
                .hint("a value with blanks in it needs quotes; `--help` shows what is expected")
        }
        ErrorKind::UnknownArgument if !flag.starts_with('-') => {
            Error::usage(format!("`{flag}` is one argument too many"))
                .hint("a token has one subject; --san and --principal add names")
        }
        ErrorKind::UnknownArgument => {
            let suggested = context(ContextKind::SuggestedArg);
            let hint = match suggested.as_str() {
                "" => "`--help` lists the flags".to_owned(),
                suggested => format!("did you mean {}?", flag_of(suggested)),
            };
            Error::usage(format!("there is no flag {flag}")).hint(hint)
        }
        ErrorKind::InvalidSubcommand => {
            let name = context(ContextKind::InvalidSubcommand);
            let suggested = context(ContextKind::SuggestedSubcommand);
            let hint = match suggested.as_str() {
                "" => "`--help` lists the commands".to_owned(),
                suggested => format!("did you mean {suggested}?"),
            };
            Error::usage(format!("there is no command `{name}`")).hint(hint)
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let known = context(ContextKind::ValidValue);
            let known = (!known.is_empty()).then(|| format!("known: {known}"));
            let message = match error.source().map(ToString::to_string) {
                // What quotes the value itself need not be told it again.
                Some(why) if why.starts_with(&format!("\"{value}\"")) => format!("{why} ({flag})"),
                Some(why) => format!("`{value}` is no value for {flag}: {why}"),
                None => format!("`{value}` is no value for {flag}"),
            };
            Error::usage(message).hints(known)
        }
        _ => {
            let text = error.render().to_string();
            let first = text.lines().next().unwrap_or("the command line cannot be read");
            Error::usage(first.strip_prefix("error: ").unwrap_or(first))
                .hint("`--help` lists what there is")
        }
    }
}

/// Returns what help ends with: examples, and the exit statuses.
pub(crate) fn help_end() -> String {
    format!("{EXAMPLES}\n\n{}", exit::HELP)
}

/// Returns a flag without the values that the parser shows behind it.
fn flag_of(shown: &str) -> String {
    let end = shown.find(['[', '=', ' ']).unwrap_or(shown.len());
    shown.get(..end).unwrap_or(shown).to_owned()
}

/// One line for each kind of use.
const EXAMPLES: &str = "\
Examples:
  step-token token db.internal --password-file /run/keys/provisioner
  step-token token db.internal --offline --ca-config ca.json --password-file env:PASSWORD
  step-token token host-1 --ssh --host --principal host-1.internal --provisioner admin
  step-token token 0x0A1B2C --revoke --key admin.jwk
  step-token px token --auth-config admin.yaml --issuer my_issuer --shared-secret-file secret";

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls `see` with every command that has no commands below it, and its path.
    fn leaves(
        command: &clap::Command,
        path: &[&str],
        see: &mut impl FnMut(&[&str], &clap::Command),
    ) {
        for below in command.get_subcommands() {
            let path = [path, &[below.get_name()]].concat();
            if below.has_subcommands() { leaves(below, &path, see) } else { see(&path, below) }
        }
    }

    #[test]
    fn the_whole_command_line_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn every_command_is_described_in_the_whole() {
        // Those that take nothing at all.
        let bare = [&["context", "list"][..], &["version"], &["px", "version"]];
        leaves(&command(), &[], &mut |path, command| {
            let has_arguments = command.get_arguments().next().is_some();
            assert_eq!(has_arguments, !bare.contains(&path), "{path:?}");
            assert!(command.get_about().is_some(), "{path:?}");
        });
    }
}
