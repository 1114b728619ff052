//! Completion: the script for a shell, and the names that it asks the program for.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command, ValueHint};
use clap_complete::Shell;
use openstorage_token::{Generation, Roles, TokenAlgorithm};
use step_provisioner::Kind;
use token_cli::{Error, Given, Switch, World, output};

use crate::authority::ca_json;
use crate::commands;
use crate::px;
use crate::settings::ca::CaSettings;
use crate::settings::ca_args::{CaArgs, ContextArg};
use crate::settings::global::GlobalArgs;
use crate::settings::step_path::Base;

/// Prints the script.
pub(crate) fn script(shell: Shell, world: &World) -> Result<(), Error> {
    let mut script = Vec::new();
    let mut command = with_values(commands::command());
    clap_complete::generate(shell, &mut command, "step-token", &mut script);
    // clap_complete 4.6 takes the dash in the program's name for a subcommand, in half of the places
    // where bash looks it up.
    let mut script = String::from_utf8_lossy(&script).replace("step__subcmd__token", "step__token");
    match shell {
        Shell::Bash => script.push_str(include_str!("completion/bash.sh")),
        Shell::Fish => {
            script.push_str(include_str!("completion/fish.fish"));
            script.push_str(&deep_flags(&command));
        }
        Shell::Zsh => {
            // Ours registers another function.
            script.truncate(script.rfind("if [ \"$funcstack").unwrap_or(script.len()));
            script.push_str(include_str!("completion/zsh.zsh"));
        }
        _ => {}
    }
    output::stdout(script.as_bytes(), world)
}

/// Returns lines for fish with the flags of the commands of the third level, which clap_complete
/// leaves out.
fn deep_flags(root: &Command) -> String {
    let deep = root.get_subcommands().flat_map(|family| {
        let groups = family.get_subcommands();
        groups.flat_map(move |group| group.get_subcommands().map(move |it| (family, group, it)))
    });
    let mut lines = String::new();
    for (family, group, command) in deep {
        let [family, group, name] = [family, group, command].map(Command::get_name);
        let when = format!(
            "__fish_step_token_using_subcommand {family}; \
             and __fish_seen_subcommand_from {group}; and __fish_seen_subcommand_from {name}"
        );
        for argument in command.get_arguments().filter(|it| !it.is_hide_set()) {
            let Some(flag) = argument.get_long() else { continue };
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            let help = help.replace('\\', r"\\").replace('\'', r"\'");
            let value = match (argument.get_value_hint(), is_switch(argument)) {
                (_, true) => "",
                (ValueHint::FilePath | ValueHint::DirPath, _) => " -r -F",
                _ => " -x",
            };
            lines.push_str(&format!(
                "complete -c step-token -n '{when}' -l {flag}{value} -d '{help}'\n"
            ));
        }
    }
    lines
}

fn is_switch(argument: &Arg) -> bool {
    value_name(argument) == "BOOL"
}

/// Says of each argument whether its value is a file, or which values it can have.
fn with_values(command: Command) -> Command {
    command.mut_args(with_value).mut_subcommands(with_values)
}

fn with_value(argument: Arg) -> Arg {
    let name = value_name(&argument);
    match name.as_str() {
        // A value is joined to a switch by `=`; what follows it is the next word.
        "BOOL" => argument.require_equals(false).num_args(0).action(ArgAction::SetTrue),
        _ if !argument.get_possible_values().is_empty() => argument,
        "ALG" => {
            let names = TokenAlgorithm::ALL.map(TokenAlgorithm::as_str);
            argument.value_parser(PossibleValuesParser::new(names))
        }
        "ROLE" => argument.value_parser(PossibleValuesParser::new(roles())),
        name if FILES.contains(&name) => argument.value_hint(ValueHint::FilePath),
        "DIRECTORY" => argument.value_hint(ValueHint::DirPath),
        _ => argument.value_hint(ValueHint::Other),
    }
}

fn value_name(argument: &Arg) -> String {
    let names = argument.get_value_names().unwrap_or_default();
    names.first().map(ToString::to_string).unwrap_or_default()
}

/// How the values are called that are files.
const FILES: [&str; 2] = ["FILE", "SOURCE"];

fn roles() -> Vec<String> {
    let built_in = Roles::built_in(Generation::Current);
    built_in.iter().map(|role| role.name.clone()).collect()
}

/// Returns the words of a line that a completion script asks about. It is no command for people.
pub(crate) fn question(arguments: &[OsString]) -> Option<&[OsString]> {
    let (command, rest) = arguments.split_first()?;
    let (separator, words) = rest.split_first()?;
    (command == "complete" && separator == "--").then_some(words)
}

/// Prints what the last of these words can become: first which kind of thing that is, then the names
/// if they are known, each followed by NUL. Asks no CA and no person; an error is no answer.
pub(crate) fn answer(words: &[OsString], world: &World) -> Result<(), Error> {
    world.set_quiet(true);
    world.forbid_prompts();
    let words: Option<Vec<&str>> = words.iter().map(|word| word.to_str()).collect();
    let mut answer = String::new();
    if let Some(line) = words.as_deref().and_then(Line::of) {
        let names = line.names(world);
        match names {
            Some(names) => {
                answer.push_str("names\0");
                let fitting = names.into_iter().filter(|it| it.starts_with(line.word));
                fitting.for_each(|name| answer.extend([name.as_str(), "\0"]));
            }
            None => answer.push_str(match line.argument() {
                Some(name) if FILES.contains(&name.as_str()) => "files\0",
                Some(name) if name == "DIRECTORY" => "directories\0",
                _ => "",
            }),
        }
    }
    output::stdout(answer.as_bytes(), world)
}

/// A command line that is being typed.
struct Line<'a> {
    before: &'a [&'a str],
    /// The flag whose value is typed, without dashes.
    flag: Option<&'a str>,
    word: &'a str,
}

impl<'a> Line<'a> {
    fn of(words: &'a [&'a str]) -> Option<Self> {
        let (last, before) = words.split_last()?;
        Some(match last.strip_prefix("--").and_then(|flag| flag.split_once('=')) {
            Some((flag, word)) => Self { before, flag: Some(flag), word },
            None => {
                let flag =
                    before.last().filter(|it| it.len() > 1).and_then(|it| it.strip_prefix('-'));
                let flag = flag.map(|flag| flag.trim_start_matches('-'));
                let line = Self { before, flag: None, word: last };
                let takes_it = |flag: &&str| !flag.contains('=') && !line.is_switch(flag);
                Self { flag: flag.filter(takes_it), ..line }
            }
        })
    }

    /// Returns whether a flag of the command takes no word as its value.
    fn is_switch(&self, flag: &str) -> bool {
        let is_it = |argument: &&Arg| {
            argument.get_long() == Some(flag)
                || argument.get_short().is_some_and(|short| flag == short.to_string())
        };
        let (root, command) = (commands::command(), self.command());
        let mut found = command.get_arguments().chain(root.get_arguments()).filter(is_it);
        found.next().is_some_and(is_switch)
    }

    /// Returns the command that the line calls, as far as it is typed.
    fn command(&self) -> Command {
        let root = commands::command();
        let path = self.path();
        let found = path
            .iter()
            .fold(&root, |command, word| command.find_subcommand(word).unwrap_or(command));
        found.clone()
    }

    /// Returns the value of a flag that stands further left.
    fn value(&self, flag: &str) -> Option<&'a str> {
        let joined = format!("--{flag}=");
        let after = |at: usize| self.before.get(at + 1).copied();
        (0..self.before.len()).rev().find_map(|at| {
            let word = self.before.get(at).copied()?;
            match word.trim_start_matches('-') == flag && word.starts_with('-') {
                true => after(at),
                false => word.strip_prefix(joined.as_str()),
            }
        })
    }

    /// Returns the commands that the line names.
    fn path(&self) -> Vec<&'a str> {
        let words = self.before.iter().copied();
        words.filter(|word| !word.starts_with('-')).collect()
    }

    /// Returns the names that the word can be, if the program knows them.
    fn names(&self, world: &World) -> Option<Vec<String>> {
        let path = self.path();
        let is_px = path.first() == Some(&"px");
        let mut names = match (self.flag, path.as_slice()) {
            (Some("provisioner" | "issuer"), _) if !is_px => self.provisioners(false, world),
            (Some("kid"), _) if !is_px => self.provisioners(true, world),
            (Some("context"), _) if !is_px => contexts(world),
            (Some("context"), _) | (None, ["px", "context" | "ctx", "set" | "delete"]) => {
                px::context_names(self.value("contextconfig").map(PathBuf::from), world)
            }
            (_, ["context", "select" | "remove"]) => contexts(world),
            (None, ["px", "can" | "roles"]) => Ok(roles()),
            _ => self.listed().map(Ok)?,
        }
        .unwrap_or_default();
        names.retain(|name| !name.is_empty() && !name.contains('\0'));
        names.sort();
        names.dedup();
        Some(names)
    }

    /// Returns the values of the argument that is typed, if it has a list of them.
    fn listed(&self) -> Option<Vec<String>> {
        if self.word.starts_with('-') {
            return None;
        }
        let command = with_values(self.command());
        let root = commands::command();
        let mut arguments = command.get_arguments().chain(root.get_arguments());
        let argument = match self.flag {
            Some(flag) => arguments.find(|it| it.get_long() == Some(flag)),
            None if command.has_subcommands() => None,
            None => arguments.find(|it| it.is_positional()),
        }?;
        let values = argument.get_possible_values();
        let names = values.iter().map(|value| value.get_name().to_owned());
        (!values.is_empty()).then(|| names.collect())
    }

    /// Returns the names, or the key IDs, of the provisioners in the ca.json that the line means.
    fn provisioners(&self, key_ids: bool, world: &World) -> Result<Vec<String>, Error> {
        let given = self.value("ca-config").map(|file| Given::Value(PathBuf::from(file)));
        let context = ContextArg { context: self.value("context").map(str::to_owned) };
        let args =
            CaArgs { offline: Some(Switch(true)), ca_config: given, context, ..CaArgs::default() };
        let config = self.value("config").map(PathBuf::from);
        let global = GlobalArgs { config, ..GlobalArgs::default() };
        let config_file = self.value("ca-config").map(PathBuf::from);
        let files = [&global.config, &config_file];
        // Reading a FIFO would wait for whoever writes to it.
        if files.into_iter().flatten().any(|file| file.exists() && !file.is_file()) {
            return Ok(Vec::new());
        }
        let settings = CaSettings::resolve(&args, &global, world)?;
        let ca = ca_json::open(&settings, world.now())?;
        let provisioners = ca.config().provisioners.iter();
        Ok(match key_ids {
            false => provisioners
                .filter(|it| it.kind.name().has_tokens())
                .map(|it| it.name.clone())
                .collect(),
            true => provisioners
                .filter_map(|it| match &it.kind {
                    Kind::Jwk(jwk) => jwk.key_id.as_ref().map(|id| id.as_str().to_owned()),
                    _ => None,
                })
                .collect(),
        })
    }

    /// Returns the name of the file or directory that the command takes, if the word is no flag and
    /// no flag's value.
    fn argument(&self) -> Option<String> {
        if self.flag.is_some() || self.word.starts_with('-') {
            return None;
        }
        let command = self.command();
        let mut names = command.get_positionals().map(value_name);
        names.find(|name| FILES.contains(&name.as_str()) || name == "DIRECTORY")
    }
}

fn contexts(world: &World) -> Result<Vec<String>, Error> {
    Ok(Base::find(world)?.contexts()?.into_keys().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_and_the_word_are_found() {
        for (words, flag, word) in [
            (&["token", "--provisioner", "a b"][..], Some("provisioner"), "a b"),
            (&["token", "--provisioner=a=b"], Some("provisioner"), "a=b"),
            (&["token", "-n", ""], Some("n"), ""),
            (&["token", "--kid=x", "na"], None, "na"),
            (&["token", "-", "na"], None, "na"),
            (&["--quiet", "to"], None, "to"),
            (&["-v", "to"], None, "to"),
            (&["token", "--ssh", "a"], None, "a"),
            (&[""], None, ""),
        ] {
            let line = Line::of(words).unwrap();
            assert_eq!((line.flag, line.word), (flag, word), "{words:?}");
        }
    }

    #[test]
    fn the_value_that_counts_is_the_last_one() {
        let words = ["token", "--ca-config", "a", "--ca-config=b", "--kid", ""];
        assert_eq!(Line::of(&words).unwrap().value("ca-config"), Some("b"));
        assert_eq!(Line::of(&words).unwrap().value("config"), None);
    }
}
