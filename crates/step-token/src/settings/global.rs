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

impl From<Color> for Colour {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}
