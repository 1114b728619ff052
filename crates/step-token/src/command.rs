//! The commands, one file each.

mod context;
mod manual;
mod provisioner_list;
mod px;
mod token;

use crate::args::{CaCommands, Cli, Commands, ProvisionerCommands};
use crate::{Error, Exit, World};

/// Runs one command. `banner` is the first line of `version` where another program is spoken for.
pub(crate) fn run(cli: &Cli, banner: Option<&str>, world: &World) -> Result<Exit, Error> {
    let reads_settings =
        matches!(cli.command, Commands::Token(_) | Commands::Ca(_) | Commands::Px(_));
    if cli.global.config.is_some() && !reads_settings {
        return Err(Error::usage("--config has no effect on this command").hint("leave it out"));
    }
    match &cli.command {
        Commands::Token(args) | Commands::Ca(CaCommands::Token(args)) => {
            token::run(args, &cli.global, world)
        }
        Commands::Ca(CaCommands::Provisioner(ProvisionerCommands::List(args))) => {
            provisioner_list::run(args, &cli.global, world)
        }
        Commands::Context(command) => context::run(command, world),
        Commands::Px(px) => return px::run(px, cli.global.config.as_deref(), banner, world),
        Commands::Completion { shell } => manual::completion(*shell, world),
        Commands::Man { directory } => manual::pages(directory, world),
        Commands::Version => manual::version(banner, world),
    }
    .map(|()| Exit::Done)
}

pub(crate) use manual::version;
