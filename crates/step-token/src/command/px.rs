//! `px`: tokens, contexts and keys of OpenStorage and Portworx.

mod account;
mod contexts;
mod fleet;
mod inspect;
mod key;
mod keygen;
mod rights;
mod secret;
mod stored;
mod token;
mod verify;
mod way_out;

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::args::{
    Given, OutputType, PxArgs, PxAuthCommands, PxAuthTokenCommands, PxCommands, PxGlobalArgs,
};
use crate::origin::{Origin, Setting};
use crate::secret::Source;
use crate::{Error, Exit, World, emit};

/// Runs a `px` command.
pub(crate) fn run(
    args: &PxArgs,
    config: Option<&Path>,
    banner: Option<&str>,
    world: &World,
) -> Result<Exit, Error> {
    let manner = Manner::of(&args.global);
    prepare(&args.global, config, world)?;
    let done = |()| Exit::Done;
    match &args.command {
        PxCommands::Token(args)
        | PxCommands::Auth(PxAuthCommands::Token(PxAuthTokenCommands::Generate(args))) => {
            if let Some(name) = &manner.context {
                world.note(&format!("--context {name}: a token is minted without a server"));
            }
            match named("fleet", args.fleet.as_ref())? {
                Some(rows) => fleet::run(args, &rows, world).map(done),
                None => token::run(args, &manner, world).map(done),
            }
        }
        PxCommands::Verify(args) => verify::run(args, &manner, world),
        PxCommands::Inspect(args) => inspect::run(args, &manner, world).map(done),
        PxCommands::Context(command) => contexts::run(command, &manner, world).map(done),
        PxCommands::Secret(args) => {
            manner.refuse_context()?;
            secret::run(args, &manner, world).map(done)
        }
        PxCommands::Keygen(args) => {
            manner.refuse_context()?;
            keygen::run(args, &manner, world).map(done)
        }
        PxCommands::Version => super::version(banner, world).map(done),
    }
}

/// Obeys or refuses the flags that pxctl takes with every command.
fn prepare(args: &PxGlobalArgs, config: Option<&Path>, world: &World) -> Result<(), Error> {
    let connection = [
        ("--ca", args.ca.is_some()),
        ("--cert", args.cert.is_some()),
        ("--key", args.key.is_some()),
        ("--ssl", args.ssl.is_some()),
    ];
    if let Some((flag, _)) = connection.into_iter().find(|(_, given)| *given) {
        return Err(Error::usage(format!(
            "{flag} has no effect: nothing here connects to a server"
        ))
        .hint("leave it out"));
    }
    if let Some(color) = args.color {
        world.set_colour(color.0);
    }
    if args.raw.unwrap_or_default().0 {
        world.set_quiet(true);
    }
    if let Some(config) = config {
        let file = config.display();
        world.note(&format!("--config: nothing in {file} matters here, and it is not read"));
    }
    Ok(())
}

/// In which form results are wanted.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    json: bool,
    raw: bool,
    wide: bool,
    context: Option<String>,
}

impl Manner {
    fn of(args: &PxGlobalArgs) -> Self {
        Self {
            json: args.json.unwrap_or_default().0,
            raw: args.raw.unwrap_or_default().0,
            wide: args.output_type == Some(OutputType::Wide),
            context: args.context.clone(),
        }
    }

    fn refuse_context(&self) -> Result<(), Error> {
        match &self.context {
            None => Ok(()),
            Some(_) => Err(Error::usage("--context has no effect on this command")
                .hint("px verify, px inspect and px context list take it")),
        }
    }

    /// Prints an object: over several lines, or for programs in one.
    fn print(&self, object: &impl Serialize, world: &World) -> Result<(), Error> {
        emit::json(object, self.raw, world)
    }
}

/// Returns a flag's value with its name, if it has one; an empty value stands for none.
fn given<T: Clone>(flag: &'static str, value: Option<&Given<T>>) -> Option<Setting<T>> {
    match value {
        Some(Given::Value(value)) => {
            Some(Setting::new(value.clone(), Origin::CommandLine { flag }))
        }
        Some(Given::Empty) | None => None,
    }
}

/// Returns a flag's value with its name; an empty value is a mistake, such as a variable without one.
fn named<T: Clone>(
    flag: &'static str,
    value: Option<&Given<T>>,
) -> Result<Option<Setting<T>>, Error> {
    match value {
        Some(Given::Empty) => Err(empty(flag)),
        value => Ok(given(flag, value)),
    }
}

fn empty(flag: &str) -> Error {
    Error::usage(format!("--{flag} is empty"))
        .hint("leave it out, or look at the variable it came from")
}

/// Returns the file that a result goes to; `-` is standard output.
fn output_file(value: Option<&Given<PathBuf>>) -> Result<Option<Setting<PathBuf>>, Error> {
    Ok(named("output", value)?.filter(|file| file.value.as_os_str() != "-"))
}

/// Tells whether a flag reads standard input.
fn is_stdin(value: &Option<Given<Source>>) -> bool {
    matches!(value, Some(Given::Value(Source::Stdin)))
}

/// Refuses two flags that both read standard input.
fn one_reader_of_stdin(readers: &[(&str, bool)]) -> Result<(), Error> {
    let names: Vec<&str> =
        readers.iter().filter(|(_, reads)| *reads).map(|(name, _)| *name).collect();
    match names.as_slice() {
        [first, second, ..] => {
            Err(Error::usage(format!("{first} and {second} both read standard input"))
                .hint("env:NAME, fd:N or a file works for one of them"))
        }
        _ => Ok(()),
    }
}
