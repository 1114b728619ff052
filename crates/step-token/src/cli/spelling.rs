//! Rewrites the spellings that step accepts into the one that the parser reads.
//!
//! step accepts `-name` for `--name`, `--flag=false`, a flag before or after the subject and a
//! value that begins with a dash, and refuses two spellings of the same flag. Each flag becomes
//! `--name=value` under its main name, so that the parser need not guess (Q40, Q62).

use std::any::TypeId;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::iter::Peekable;

use clap::{Arg, Command};

use token_cli::{Error, Given, Source};

/// A rewritten command line.
pub(crate) struct Normal {
    /// The arguments, each flag as `--name=value`.
    pub(crate) arguments: Vec<OsString>,
    /// The commands they lead to.
    pub(crate) path: Vec<String>,
    /// The tree, in which these commands are described.
    pub(crate) root: Command,
}

/// Rewrites the arguments that follow the program's name.
///
/// `describe` adds the arguments of the command at a path, once that is reached.
///
/// # Errors
///
/// Usage errors: a flag without its value, or two spellings of the same flag.
pub(crate) fn normalise(
    arguments: impl IntoIterator<Item = OsString>,
    mut root: Command,
    describe: impl Fn(Command, &[&str]) -> Command,
) -> Result<Normal, Error> {
    let mut arguments = arguments.into_iter().peekable();
    let mut path: Vec<String> = Vec::new();
    let mut spellings = BTreeMap::new();
    let mut result = Vec::new();
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            result.push(argument);
            result.extend(arguments);
            break;
        }
        let Some(flag) = Flag::of(&argument) else {
            let named = command_named(&argument, &root, &path).map(str::to_owned);
            if let Some(name) = named {
                path.push(name);
                let words: Vec<&str> = path.iter().map(String::as_str).collect();
                root = describe(root, &words);
            }
            result.push(argument);
            continue;
        };
        let known = (0..=path.len())
            .rev()
            .find_map(|depth| flag.find(command_at(&root, path.get(..depth).unwrap_or_default())));
        let Some(known) = known else {
            result.push(flag.unknown());
            continue;
        };
        one_spelling(&mut spellings, known, flag.name)?;
        result.push(flag.normal(known, &mut arguments)?);
    }
    Ok(Normal { arguments: result, path, root })
}

/// Returns the main name of the command that an argument names below a path; `help` is followed by
/// the command.
fn command_named<'a>(argument: &OsStr, root: &'a Command, path: &[String]) -> Option<&'a str> {
    let name = argument.to_str().filter(|name| *name != "help")?;
    command_at(root, path).find_subcommand(name).map(Command::get_name)
}

/// Refuses a second spelling of a flag that was given already.
fn one_spelling(
    spellings: &mut BTreeMap<String, String>,
    known: &Arg,
    name: &str,
) -> Result<(), Error> {
    let long = known.get_long().unwrap_or_default();
    let first = spellings.entry(long.to_owned()).or_insert_with(|| name.to_owned());
    if first == name {
        return Ok(());
    }
    let message = format!("{} and {} are spellings of the same flag", typed(first), typed(name));
    Err(Error::usage(message).hint("use only one of them"))
}

/// Returns the command at a path, or the last one on it that exists.
pub(crate) fn command_at<'a>(root: &'a Command, path: &[String]) -> &'a Command {
    path.iter().fold(root, |command, name| command.find_subcommand(name).unwrap_or(command))
}

/// A flag as typed: its name without dashes, and the value after an equals sign.
struct Flag<'a> {
    name: &'a str,
    value: Option<&'a str>,
    typed: &'a OsStr,
}

impl<'a> Flag<'a> {
    /// Returns `None` for arguments that are not flags: plain words, `-` and `--`.
    fn of(argument: &'a OsStr) -> Option<Self> {
        let text = argument.to_str()?;
        let body = text.strip_prefix("--").or_else(|| text.strip_prefix('-'))?;
        if body.is_empty() {
            return None;
        }
        let (name, value) = match body.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (body, None),
        };
        Some(Self { name, value, typed: argument })
    }

    fn find<'c>(&self, command: &'c Command) -> Option<&'c Arg> {
        command.get_arguments().find(|argument| {
            argument.get_long() == Some(self.name)
                || argument.get_all_aliases().unwrap_or_default().contains(&self.name)
                || argument
                    .get_short()
                    .is_some_and(|short| self.name == short.encode_utf8(&mut [0; 4]))
        })
    }

    /// Returns the flag as `--name=value`; a value that is missing is taken from the arguments.
    fn normal(
        &self,
        known: &Arg,
        arguments: &mut Peekable<impl Iterator<Item = OsString>>,
    ) -> Result<OsString, Error> {
        let alone = || OsString::from(format!("--{}", known.get_long().unwrap_or_default()));
        let value = match self.value {
            Some(value) => OsString::from(value),
            None if takes_value(known) => arguments.next().ok_or_else(|| {
                Error::usage(format!("{} needs a value", typed(self.name)))
                    .hint(self.with_value(known))
            })?,
            // A flag with an optional value other than a boolean has its own default for none.
            None if known.get_value_names().is_some_and(|n| n.iter().any(|n| *n != "BOOL")) => {
                // `--color never`: its values are known, and are no commands.
                let values = known.get_possible_values();
                let is_value = |next: &OsString| values.iter().any(|it| *next == *it.get_name());
                match arguments.next_if(is_value) {
                    Some(value) => value,
                    None => return Ok(alone()),
                }
            }
            None => OsString::from("true"),
        };
        // Flags of the parser itself, such as --help, take no value at all.
        if is_switch(known) {
            return Ok(alone());
        }
        let mut joined = alone();
        joined.push("=");
        joined.push(value);
        Ok(joined)
    }

    /// Says how the flag is written with its value.
    fn with_value(&self, known: &Arg) -> String {
        let names = known.get_value_names().unwrap_or_default();
        let value = names.first().map_or("VALUE", |name| name.as_str());
        let sources = match known.get_value_parser().type_id() {
            id if id == TypeId::of::<Given<Source>>() => {
                "; env:NAME, fd:N, cred:NAME and - also work"
            }
            _ => "",
        };
        format!("use {} {value}{sources}", typed(self.name))
    }

    /// Returns the form that the parser refuses with a suggestion.
    fn unknown(&self) -> OsString {
        match self.name {
            "h" | "help" => OsString::from("--help"),
            "V" | "v" | "version" => OsString::from("--version"),
            name if name.chars().count() > 1 && !self.typed.to_string_lossy().starts_with("--") => {
                OsString::from(format!("-{}", self.typed.to_string_lossy()))
            }
            _ => self.typed.to_owned(),
        }
    }
}

fn typed(name: &str) -> String {
    if name.chars().count() == 1 { format!("-{name}") } else { format!("--{name}") }
}

fn takes_value(argument: &Arg) -> bool {
    argument.get_num_args().is_none_or(|range| range.min_values() > 0) && !is_switch(argument)
}

fn is_switch(argument: &Arg) -> bool {
    !argument.get_action().takes_values()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command() -> Command {
        let switch = |name: &'static str| {
            Arg::new(name)
                .long(name)
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
        };
        let mut command =
            Command::new("x").arg(Arg::new("config").long("config").global(true)).subcommand(
                Command::new("token")
                    .arg(Arg::new("subject"))
                    .arg(switch("ssh"))
                    .arg(switch("force").short('f'))
                    .arg(Arg::new("san").long("san").action(clap::ArgAction::Append))
                    .arg(Arg::new("provisioner").long("provisioner").alias("issuer"))
                    .arg(Arg::new("principal").long("principal").short('n')),
            );
        command.build();
        command
    }

    fn normal(line: &str) -> Result<Vec<String>, String> {
        let arguments = line.split(' ').map(OsString::from);
        match normalise(arguments, command(), |command, _| command) {
            Ok(Normal { arguments, .. }) => {
                Ok(arguments.into_iter().map(|argument| argument.into_string().unwrap()).collect())
            }
            Err(error) => Err(error.report()),
        }
    }

    #[test]
    fn every_spelling_of_step_becomes_one() {
        for (typed, read) in [
            ("token s -san=x --ssh", "token s --san=x --ssh=true"),
            ("token --ssh s --san -5m", "token --ssh=true s --san=-5m"),
            ("token -ssh=false s -f", "token --ssh=false s --force=true"),
            ("token s --issuer a", "token s --provisioner=a"),
            ("token s -n a", "token s --principal=a"),
            ("token s --san a=b --san=c=d", "token s --san=a=b --san=c=d"),
            ("--config f token s", "--config=f token s"),
            ("token --san --ssh s", "token --san=--ssh s"),
            ("token -- -dash --san", "token -- -dash --san"),
            ("token - s", "token - s"),
            ("token s -h", "token s --help"),
            ("token s -nope", "token s --nope"),
            ("token s --san=", "token s --san="),
        ] {
            assert_eq!(normal(typed).unwrap().join(" "), read, "{typed}");
        }
    }

    #[test]
    fn a_flag_without_its_value_is_named() {
        assert!(normal("token s --san").unwrap_err().contains("--san needs a value"));
    }

    #[test]
    fn two_spellings_of_one_flag_are_refused() {
        let message = normal("token s --issuer a --provisioner b").unwrap_err();
        assert!(message.contains("--issuer and --provisioner"), "{message}");
    }
}
