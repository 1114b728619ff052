//! Turns the parser's errors into the program's own messages.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use token_cli::Error;
use token_text::ShownValue;

use crate::cli::dialect::Dialect;
use crate::cli::elsewhere;

/// Turns the parser's error into one of the program: one line, then hints.
///
/// An argument of `px` may be part of a secret that was not quoted, so it is not repeated. `path` is
/// the command that was found, and `others` finds the commands that have a flag.
pub(crate) fn refused(
    error: &clap::Error,
    path: &[String],
    dialect: Dialect,
    others: impl FnOnce(&str) -> Vec<String>,
) -> Error {
    let usage = dialect.in_its_words(help_of(dialect.name(), path));
    let has_names = path.last().is_some_and(|last| last == "token");
    let is_px = path.first().is_some_and(|first| first == "px");
    let context = |kind| error.get(kind).map(ToString::to_string).unwrap_or_default();
    let flag = flag_of(&context(ContextKind::InvalidArg));
    let given = context(ContextKind::InvalidValue);
    let value = ShownValue(&given);
    match error.kind() {
        ErrorKind::MissingRequiredArgument => {
            let missing = match error.get(ContextKind::InvalidArg) {
                Some(ContextValue::Strings(names)) => names.clone(),
                _ => vec![flag],
            };
            nothing_given_for(&missing).hint(format!("{usage} to see what to add"))
        }
        ErrorKind::UnknownArgument if !flag.starts_with('-') && is_px => {
            // It may be a piece of a secret that was not quoted.
            Error::usage("one argument too many").hint(format!(
                "quote a value that contains spaces, or write --FLAG=VALUE; {usage} to see the usage"
            ))
        }
        ErrorKind::UnknownArgument if !flag.starts_with('-') => {
            let hint = match has_names {
                true => {
                    "use --san or --principal to add names: a token has only one subject".to_owned()
                }
                false => format!("leave it out; {usage} to see the usage"),
            };
            Error::usage(format!("unexpected argument `{}`", ShownValue(&flag))).hint(hint)
        }
        ErrorKind::UnknownArgument => {
            let suggested = flag_of(&context(ContextKind::SuggestedArg));
            let elsewhere = elsewhere::flag(&flag, &others(&flag));
            let name = ShownValue(flag.trim_start_matches('-'));
            let shown = if name.is_hidden() { name.to_string() } else { flag.clone() };
            Error::usage(format!("unknown flag {shown}"))
                .hint(elsewhere.unwrap_or_else(|| did_you_mean(&suggested, "flags", &usage)))
        }
        ErrorKind::InvalidSubcommand => {
            let name = context(ContextKind::InvalidSubcommand);
            let suggested = context(ContextKind::SuggestedSubcommand);
            let elsewhere = elsewhere::command(path, &name).map(str::to_owned);
            Error::usage(format!("unknown command `{}`", ShownValue(&name)))
                .hint(elsewhere.unwrap_or_else(|| did_you_mean(&suggested, "commands", &usage)))
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let known = context(ContextKind::ValidValue);
            let known = (!known.is_empty()).then(|| format!("use one of {known}"));
            let why = error.source().map(ToString::to_string);
            let message = match why.as_ref().and_then(|why| Some((why, value.reason(why)?))) {
                // What quotes the value itself, perhaps without the password in it, need not be told it.
                Some((why, told)) if why.starts_with('"') => format!("{told} ({flag})"),
                Some((_, told)) => format!("`{value}` is not a valid {flag}: {told}"),
                None => format!("`{value}` is not a valid {flag}"),
            };
            Error::usage(message).hints(known)
        }
        _ => {
            let text = error.render().to_string();
            let first = text.lines().next().unwrap_or("cannot parse the command line");
            Error::usage(first.strip_prefix("error: ").unwrap_or(first))
                .hint(format!("{usage} to see the usage"))
        }
    }
}

/// Returns the start of a hint that prints the help of a command.
fn help_of(program: &str, path: &[String]) -> String {
    let words = [program].into_iter().chain(path.iter().map(String::as_str));
    format!("run `{} --help`", words.collect::<Vec<_>>().join(" "))
}

/// Reports arguments that are missing.
fn nothing_given_for(names: &[String]) -> Error {
    let no =
        |name: &String| format!("no {}", flag_of(name).trim_matches(['<', '>']).to_lowercase());
    let missing: Vec<String> = names.iter().map(no).collect();
    Error::usage(format!("{} given", missing.join(" and ")))
}

/// Returns a flag without the value names that the parser shows after it.
fn flag_of(shown: &str) -> String {
    let end = shown.find(['[', '=', ' ']).unwrap_or(shown.len());
    shown.get(..end).unwrap_or(shown).to_owned()
}

fn did_you_mean(suggested: &str, kind: &str, usage: &str) -> String {
    match suggested {
        "" => format!("{usage} to list the {kind}"),
        suggested => format!("did you mean {suggested}?"),
    }
}
