//! The program as a function.

use std::ffi::OsString;

use token_cli::{Error, Exit, Switch, World, output};

use crate::cli::dialect::Dialect;
use crate::cli::version;
use crate::commands::{self, Parsed};

/// Runs the program: `argv` as the operating system hands it over, the program's name first.
///
/// Whatever there is to say has been said in the streams of `world` when it returns.
#[must_use]
pub fn run(argv: impl IntoIterator<Item = OsString>, world: &World) -> Exit {
    match try_run(argv, world) {
        Ok(exit) => exit,
        Err(error) => {
            world.say(&error.report());
            error.exit()
        }
    }
}

fn try_run(argv: impl IntoIterator<Item = OsString>, world: &World) -> Result<Exit, Error> {
    let mut argv = argv.into_iter();
    let dialect = Dialect::of(argv.next().as_deref());
    let arguments: Vec<OsString> = argv.collect();
    dialect.admit(&arguments)?;
    match commands::parse(arguments, dialect)? {
        Parsed::Text(text) => output::stdout(text.as_bytes(), world).map(|()| Exit::Done),
        Parsed::Version => version::print(dialect.banner(), world).map(|()| Exit::Done),
        Parsed::Command(cli) => {
            world.set_quiet(Switch::is_on(cli.global.quiet));
            if Switch::is_on(cli.global.no_prompt) {
                world.forbid_prompts();
            }
            commands::run(&cli, dialect.banner(), world)
        }
    }
}
