use std::path::PathBuf;

use clap::Args;
use token_cli::Switch;

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
}
