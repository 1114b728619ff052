//! The program's name and version.

use clap::Args;
use serde::Serialize;
use token_cli::{Error, Switch, World, output};

/// `version`.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct VersionArgs {
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: Option<Switch>,
}

/// Prints the version. Under another program's name, `banner` comes first.
pub(crate) fn print(banner: Option<&str>, form: Form, world: &World) -> Result<(), Error> {
    if form != Form::Text {
        return output::json(&Version::OWN, form == Form::JsonLine, world);
    }
    let Version { version, commit, date, os, arch, .. } = Version::OWN;
    let platform = format!("({os}/{arch})");
    let mut text = banner.map(|banner| format!("{banner} {platform}\n")).unwrap_or_default();
    text.push_str(&format!("Step Token/{version} {platform}\n"));
    if let (Some(commit), Some(date)) = (commit, date) {
        text.push_str(&format!("Commit: {commit} ({date})\n"));
    }
    output::stdout(text.as_bytes(), world)
}

/// What the version looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Json,
    /// The object in one line.
    JsonLine,
}

impl Form {
    /// Returns the text, or the object.
    pub(crate) fn of(json: bool) -> Self {
        if json { Self::Json } else { Self::Text }
    }
}

/// The object that `--json` prints; docs/cli.md lists its members.
#[derive(Serialize)]
struct Version {
    name: &'static str,
    version: &'static str,
    /// `None` if it was built outside its repository.
    commit: Option<&'static str>,
    /// The day of the commit.
    date: Option<&'static str>,
    os: &'static str,
    arch: &'static str,
}

impl Version {
    const OWN: Self = Self {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        commit: option_env!("STEP_TOKEN_COMMIT"),
        date: option_env!("STEP_TOKEN_COMMIT_DATE"),
        os: os(),
        arch: arch(),
    };
}

/// Returns the operating system, as Go calls it.
const fn os() -> &'static str {
    match std::env::consts::OS.as_bytes() {
        b"macos" => "darwin",
        _ => std::env::consts::OS,
    }
}

/// Returns the architecture, as Go calls it.
const fn arch() -> &'static str {
    match std::env::consts::ARCH.as_bytes() {
        b"x86_64" => "amd64",
        b"aarch64" => "arm64",
        b"x86" => "386",
        _ => std::env::consts::ARCH,
    }
}

/// How the program introduces itself to a CA.
pub(crate) const USER_AGENT: &str = concat!("step-token/", env!("CARGO_PKG_VERSION"));
