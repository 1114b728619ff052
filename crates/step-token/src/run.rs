//! The program as a function.

use std::ffi::OsString;

use token_cli::{Error, Exit, Switch, World, output};

use crate::ca::provisioner_list;
use crate::cli::dialect::Dialect;
use crate::cli::verbose;
use crate::cli::version::{self, Form};
use crate::commands::{self, CaCommands, Cli, Commands, Parsed, ProvisionerCommands};
use crate::settings::global::Color;
use crate::{completion, context, manual, px, token};

/// Runs the program: `argv` as the operating system hands it over, the program's name first.
///
/// All output, errors included, has been written to the streams of `world` when it returns.
#[must_use]
pub fn run(argv: impl IntoIterator<Item = OsString>, world: &World) -> Exit {
    match try_run(argv, world) {
        Ok(exit) => exit,
        Err(error) => {
            world.report(&error);
            error.exit()
        }
    }
}

fn try_run(argv: impl IntoIterator<Item = OsString>, world: &World) -> Result<Exit, Error> {
    let mut argv = argv.into_iter();
    let dialect = Dialect::of(argv.next().as_deref());
    let arguments: Vec<OsString> = argv.collect();
    if let Some(words) = completion::question(&arguments) {
        return completion::answer(words, world).map(|()| Exit::Done);
    }
    let color = Color::find(&arguments);
    let parsed = dialect.admit(&arguments).and_then(|()| commands::parse(arguments, dialect));
    if let (Err(_) | Ok(Parsed::NoCommand(_)), Some(color)) = (&parsed, color) {
        world.set_colour(color.into());
    }
    match parsed? {
        Parsed::Help(text) => output::stdout(text.as_bytes(), world).map(|()| Exit::Done),
        Parsed::NoCommand(help) => {
            world.say(&help);
            Err(Error::usage("no command given"))
        }
        Parsed::Version { json } => {
            version::print(dialect.banner(), Form::of(json), world).map(|()| Exit::Done)
        }
        Parsed::Command(cli) => {
            if let Some(color) = cli.global.color {
                world.set_colour(color.into());
            }
            world.set_quiet(Switch::is_on(cli.global.quiet));
            if Switch::is_on(cli.global.no_prompt) {
                world.forbid_prompts();
            }
            let verbose = match cli.global.verbose {
                Some(Switch(verbose)) => verbose,
                None => world.variable("STEPDEBUG")? == Some("1"),
            };
            let _telling = verbose.then(verbose::start);
            run_command(&cli, dialect.banner(), world)
        }
    }
}

/// Runs one command. `banner` is the first line of `version` when called as another program.
fn run_command(cli: &Cli, banner: Option<&str>, world: &World) -> Result<Exit, Error> {
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
        Commands::Px(px) => return px::run(px, &cli.global, banner, world),
        Commands::Completion { shell } => completion::script(*shell, world),
        Commands::Man { directory } => manual::pages(directory, world),
        Commands::Version(args) => {
            version::print(banner, Form::of(Switch::is_on(args.json)), world)
        }
    }
    .map(|()| Exit::Done)
}
