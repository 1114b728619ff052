//! What the parser refuses, in the program's words.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use token_cli::Error;

/// Says the parser's error in the program's form: one line, then hints.
///
/// What is typed behind `px` may be a secret: a value that was not quoted falls apart into arguments.
pub(crate) fn refused(error: &clap::Error, is_px: bool) -> Error {
    let context = |kind| error.get(kind).map(ToString::to_string).unwrap_or_default();
    let flag = flag_of(&context(ContextKind::InvalidArg));
    let value = context(ContextKind::InvalidValue);
    match error.kind() {
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

/// Returns a flag without the values that the parser shows behind it.
fn flag_of(shown: &str) -> String {
    let end = shown.find(['[', '=', ' ']).unwrap_or(shown.len());
    shown.get(..end).unwrap_or(shown).to_owned()
}
