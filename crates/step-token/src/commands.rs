//! The tree of commands, and how a command line is read into it.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args as _, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use token_cli::Error;

use crate::ca::provisioner_list::ListArgs;
use crate::cli::dialect::Dialect;
use crate::cli::help;
use crate::cli::lazily::{Described, Lazily};
use crate::cli::refused::refused;
use crate::cli::spelling::{self, Normal};
use crate::cli::switches::with_switches;
use crate::cli::version::VersionArgs;
use crate::context::{self, ContextCommands};
use crate::px::{self, PxArgs};
use crate::settings::flags::with_variables;
use crate::settings::global::GlobalArgs;
use crate::token::args::{EXAMPLES, TokenArgs};

/// Mint short-lived tokens for step-ca; mint and verify tokens of OpenStorage (Portworx)
#[derive(Debug, Parser)]
#[command(
    name = "step-token",
    after_help = help::with_examples(EXAMPLES),
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

/// The commands of the first level.
#[derive(Debug, Subcommand)]
pub(crate) enum Commands {
    /// Mint one token (short for `ca token`)
    Token(Lazily<TokenArgs>),
    /// Mint tokens for a CA and list its provisioners
    #[command(subcommand)]
    Ca(CaCommands),
    /// List, show, select and remove contexts (a CA and its settings)
    #[command(subcommand)]
    Context(ContextCommands),
    /// Mint and verify tokens of OpenStorage and Portworx; manage contexts and keys
    Px(Lazily<PxArgs>),
    /// Print a completion script for a shell
    Completion {
        /// Shell to write the script for
        shell: clap_complete::Shell,
    },
    /// Write manual pages into a directory
    Man {
        /// Existing directory to write to
        #[arg(value_name = "DIRECTORY")]
        directory: PathBuf,
    },
    /// Print the version
    Version(Lazily<VersionArgs>),
}

/// The `ca` commands.
#[derive(Debug, Subcommand)]
pub(crate) enum CaCommands {
    /// Mint one token
    Token(Lazily<TokenArgs>),
    /// Show the provisioners of a CA
    #[command(subcommand)]
    Provisioner(ProvisionerCommands),
}

/// The `ca provisioner` commands.
#[derive(Debug, Subcommand)]
pub(crate) enum ProvisionerCommands {
    /// List the provisioners of a CA
    List(Lazily<ListArgs>),
}

/// The result of parsing a command line.
#[derive(Debug)]
pub(crate) enum Parsed {
    /// A command to run.
    Command(Box<Cli>),
    /// Help, because it was asked for.
    Help(String),
    /// Help, because a command is missing.
    NoCommand(String),
    /// A flag asks for the version.
    Version {
        /// Whether as an object.
        json: bool,
    },
}

/// Parses the arguments that follow the program's name.
pub(crate) fn parse(arguments: Vec<OsString>, dialect: Dialect) -> Result<Parsed, Error> {
    let command = with_switches(Cli::command()).name(dialect.name()).bin_name(dialect.name());
    let below = dialect.below();
    let arguments = below.map(OsString::from).into_iter().chain(arguments);
    // Describe only the command to run and those above it, to save time.
    let Normal { arguments: normal, path, root: mut command } =
        spelling::normalise(arguments, command, describe)?;
    command = match below {
        None => without_unanswered(command, dialect),
        Some(below) => {
            command.mut_subcommand(below, |command| without_unanswered(command, dialect))
        }
    };
    let words = normal.iter().skip(usize::from(below.is_some()));
    let flags: Vec<_> = words.take_while(|word| word.to_string_lossy().starts_with("--")).collect();
    if flags.iter().any(|flag| *flag == "--version") {
        let json = flags.iter().any(|flag| *flag == "--json" || *flag == "--json=true");
        return Ok(Parsed::Version { json });
    }
    let argv = std::iter::once(OsString::from(dialect.name())).chain(normal);
    let parsed =
        command.try_get_matches_from_mut(argv).and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => Ok(Parsed::Command(Box::new(cli))),
        Err(error) => {
            let text = || dialect.in_its_words(error.render().to_string());
            match error.kind() {
                _ if !error.use_stderr() => Ok(Parsed::Help(text())),
                ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                    Ok(Parsed::NoCommand(text()))
                }
                ErrorKind::MissingSubcommand => {
                    command.build();
                    let help =
                        spelling::command_at(&command, &path).clone().render_help().to_string();
                    Ok(Parsed::NoCommand(dialect.in_its_words(help)))
                }
                _ => Err(refused(&error, &path, dialect, |flag| match below {
                    None => having(flag, &path),
                    Some(_) => Vec::new(),
                })),
            }
        }
    }
}

/// Hides the commands that the program does not have under this name.
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
    all_arguments().fold(with_switches(Cli::command()), |root, (path, _)| describe(root, path))
}

/// Describes the arguments of one command of the tree, if it has any.
fn describe(root: clap::Command, path: &[&str]) -> clap::Command {
    match all_arguments().find(|(there, _)| *there == path) {
        None => root,
        Some((_, arguments)) => at(root, path, *arguments),
    }
}

/// Returns the commands that have a flag, unless the one at this path has it too.
fn having(flag: &str, path: &[String]) -> Vec<String> {
    let name = flag.trim_start_matches('-');
    let has = |(_, arguments): &&&Described| {
        arguments(clap::Command::new("any")).get_arguments().any(|argument| {
            argument.get_long() == Some(name)
                || argument.get_all_aliases().is_some_and(|aliases| aliases.contains(&name))
        })
    };
    // The same commands under longer names.
    let again: [&[&str]; 2] = [&["ca", "token"], &["px", "auth", "token", "generate"]];
    let there: Vec<&Described> = all_arguments().filter(|it| has(&it)).collect();
    if there.iter().any(|(there, _)| there.iter().eq(path)) {
        return Vec::new();
    }
    there
        .into_iter()
        .filter(|(path, _)| !again.contains(path))
        .map(|(path, _)| path.join(" "))
        .collect()
}

/// Changes the command at a path, and keeps its description in the list of commands.
fn at(
    command: clap::Command,
    path: &[&str],
    change: fn(clap::Command) -> clap::Command,
) -> clap::Command {
    match path {
        [] => {
            let about = command.get_about().cloned().unwrap_or_default();
            with_switches(change(command)).about(about)
        }
        [first, rest @ ..] if command.find_subcommand(first).is_some() => {
            command.mut_subcommand(*first, |command| at(command, rest, change))
        }
        _ => command,
    }
}

/// The commands that have arguments, but for those of `px`.
const ARGUMENTS: [Described; 4] = [
    (&["token"], |command| with_variables(TokenArgs::augment_args(command))),
    (&["ca", "token"], |command| with_variables(TokenArgs::augment_args(command))),
    (&["ca", "provisioner", "list"], |command| with_variables(ListArgs::augment_args(command))),
    (&["version"], VersionArgs::augment_args),
];

/// Returns the commands that have arguments, of every family.
fn all_arguments() -> impl Iterator<Item = &'static Described> {
    ARGUMENTS.iter().chain(&context::ARGUMENTS).chain(&px::ARGUMENTS)
}

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
        // These take no arguments.
        let bare = [&["context", "list"][..], &["px", "version"]];
        leaves(&command(), &[], &mut |path, command| {
            let has_arguments = command.get_arguments().next().is_some();
            assert_eq!(has_arguments, !bare.contains(&path), "{path:?}");
            assert!(command.get_about().is_some(), "{path:?}");
        });
    }
}
