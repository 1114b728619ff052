//! The flags that every `px` command takes.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;
use token_cli::{Error, Given, Setting, Switch, World, output};
use token_text::ShownPath;

use crate::cli::version;

/// The flags that pxctl takes with every command.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct PxGlobalArgs {
    /// Use this context instead of the current one
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) context: Option<String>,

    /// Print one JSON object
    #[arg(long, short = 'j', global = true)]
    pub(crate) json: Option<Switch>,

    /// Print more detail
    #[arg(long, global = true, value_name = "wide")]
    pub(crate) output_type: Option<OutputType>,

    /// Print for scripts: JSON on one line, tokens in full, no notes
    #[arg(long, global = true)]
    pub(crate) raw: Option<Switch>,

    #[arg(long, global = true, hide = true, value_name = "FILE")]
    pub(crate) ca: Option<String>,

    #[arg(long, global = true, hide = true, value_name = "FILE")]
    pub(crate) cert: Option<String>,

    #[arg(long, global = true, hide = true, value_name = "FILE")]
    pub(crate) key: Option<String>,

    #[arg(long, global = true, hide = true)]
    pub(crate) ssl: Option<Switch>,
}

/// How much a listing shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputType {
    Wide,
}

/// Applies or refuses the flags that pxctl takes with every command.
pub(super) fn prepare(
    args: &PxGlobalArgs,
    config: Option<&Path>,
    world: &World,
) -> Result<(), Error> {
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
    if Switch::is_on(args.raw) {
        world.set_quiet(true);
    }
    if let Some(config) = config {
        let file = ShownPath(config);
        world.note(&format!("--config has no effect: px reads no settings from {file}"));
    }
    Ok(())
}

/// How results are printed.
#[derive(Clone, Debug)]
pub(super) struct OutputOptions {
    pub(super) json: bool,
    pub(super) raw: bool,
    pub(super) wide: bool,
    pub(super) context: Option<String>,
}

impl OutputOptions {
    pub(super) fn of(args: &PxGlobalArgs) -> Self {
        Self {
            json: Switch::is_on(args.json),
            raw: Switch::is_on(args.raw),
            wide: args.output_type == Some(OutputType::Wide),
            context: args.context.clone(),
        }
    }

    /// Returns what the version is to look like.
    pub(super) fn version(&self) -> version::Form {
        match (self.json, self.raw) {
            (true, true) => version::Form::JsonLine,
            (json, _) => version::Form::of(json),
        }
    }

    pub(super) fn refuse_context(&self) -> Result<(), Error> {
        match &self.context {
            None => Ok(()),
            Some(_) => Err(Error::usage("--context has no effect on this command")
                .hint("leave it out; only px verify, px inspect and px context list use it")),
        }
    }

    /// Prints an object: indented, or on one line for programs.
    pub(super) fn print(&self, object: &impl Serialize, world: &World) -> Result<(), Error> {
        output::json(object, self.raw, world)
    }
}

/// Returns the file that a result goes to; `-` is standard output.
pub(super) fn output_file(
    value: Option<&Given<PathBuf>>,
) -> Result<Option<Setting<PathBuf>>, Error> {
    Ok(optional("output", value)?.filter(|file| file.value.as_os_str() != "-"))
}

/// Returns a flag's value with its origin; an empty value is refused.
pub(super) fn optional<T: Clone>(
    flag: &'static str,
    value: Option<&Given<T>>,
) -> Result<Option<Setting<T>>, Error> {
    value.map(|value| value.non_empty(flag)).transpose()
}

/// What to try if no issuer is given.
pub(super) const ISSUER_HINT: &str = "use --issuer with the server's PORTWORX_AUTH_JWT_ISSUER or --jwt-issuer; by default it is `operator.portworx.io` with Portworx's operator, and `openstorage.io` for OpenStorage";
