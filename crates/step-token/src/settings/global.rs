use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use token_cli::{Colour, Switch};

/// The flags of every command.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct GlobalArgs {
    /// Read this file instead of step's `defaults.json`
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    pub(crate) config: Option<PathBuf>,

    /// Print no notes; warnings and errors are still printed
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) quiet: Option<Switch>,

    /// Tell on standard error what is read from where, and each request to the CA
    #[arg(long, short = 'v', global = true, help_heading = "Global options")]
    pub(crate) verbose: Option<Switch>,

    /// Never prompt, even on a terminal; fail if a value is missing
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) no_prompt: Option<Switch>,

    /// Use colour: auto (on a terminal, unless NO_COLOR is set), always (the same as --color), never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "always",
        hide_possible_values = true,
        help_heading = "Global options"
    )]
    pub(crate) color: Option<Color>,
}

/// When to use colour; pxctl takes a boolean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    #[value(aliases = ["true", "True", "TRUE", "t", "T", "1"])]
    Always,
    #[value(aliases = ["false", "False", "FALSE", "f", "F", "0"])]
    Never,
}

impl Color {
    /// Finds the flag in a command line that cannot be parsed, so that its error obeys it.
    pub(crate) fn find(arguments: &[OsString]) -> Option<Self> {
        let words: Vec<&str> = arguments
            .iter()
            .map(|word| word.to_str().unwrap_or_default())
            .take_while(|word| *word != "--")
            .collect();
        words.iter().enumerate().rev().find_map(|(at, word)| {
            let flag = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
            let value = |text: &str| Self::from_str(text, false).ok();
            match flag.split_once('=') {
                Some(("color", text)) => value(text),
                None if flag == "color" => {
                    Some(words.get(at + 1).and_then(|next| value(next)).unwrap_or(Self::Always))
                }
                _ => None,
            }
        })
    }
}

impl From<Color> for Colour {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_flag_counts() {
        for (line, found) in [
            ("token x --nope --color=never", Some(Color::Never)),
            ("--color never token --nope", Some(Color::Never)),
            ("-color=false token", Some(Color::Never)),
            ("--color token --nope", Some(Color::Always)),
            ("--color never token --color", Some(Color::Always)),
            ("--color=blue token", None),
            ("token -- --color=never", None),
            ("token x --nope", None),
        ] {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(Color::find(&arguments), found, "{line}");
        }
    }
}
