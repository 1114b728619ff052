use std::path::PathBuf;

use clap::Args;
use token_cli::Switch;

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
