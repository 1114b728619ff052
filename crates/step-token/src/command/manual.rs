//! What the program says about itself: completion scripts, manual pages, the version.

use std::path::Path;

use crate::{Error, World, args, emit};

/// Prints a completion script.
pub(crate) fn completion(shell: clap_complete::Shell, world: &World) -> Result<(), Error> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut args::command(), "step-token", &mut script);
    // clap_complete 4.6 takes the dash of the program's name for a step down to a subcommand, in
    // half of the places where bash looks it up.
    let script = String::from_utf8_lossy(&script).replace("step__subcmd__token", "step__token");
    emit::stdout(script.as_bytes(), world)
}

/// Writes a manual page for every command.
pub(crate) fn pages(directory: &Path, world: &World) -> Result<(), Error> {
    if !directory.is_dir() {
        let message = format!("{} is not a directory", directory.display());
        return Err(Error::settings(message).hint("create it first"));
    }
    let mut root = args::command().disable_help_subcommand(true);
    root.build();
    for (name, command) in commands(&root, String::new()) {
        let mut page = Vec::new();
        let file = directory.join(format!("{name}.1"));
        clap_mangen::Man::new(command.name(name))
            .render(&mut page)
            .map_err(|cause| Error::settings("cannot write a manual page").because(cause))?;
        crate::file::replace(&file, &page, 0o644)?;
        world.note(&format!("{}", file.display()));
    }
    Ok(())
}

/// Prints the version, behind the first line of the program that is spoken for.
pub(crate) fn version(banner: Option<&str>, world: &World) -> Result<(), Error> {
    let platform = format!("({}/{})", system(), architecture());
    let own = format!("Step Token/{} {platform}\n", env!("CARGO_PKG_VERSION"));
    let text = match banner {
        Some(banner) => format!("{banner} {platform}\n{own}"),
        None => own,
    };
    emit::stdout(text.as_bytes(), world)
}

/// Yields a command and those below it, each with its name joined by dashes.
fn commands(command: &clap::Command, above: String) -> Vec<(String, clap::Command)> {
    let name = match above.as_str() {
        "" => command.get_name().to_owned(),
        above => format!("{above}-{}", command.get_name()),
    };
    let below: Vec<_> = command
        .get_subcommands()
        .filter(|below| !below.is_hide_set())
        .flat_map(|below| commands(below, name.clone()))
        .collect();
    std::iter::once((name, command.clone())).chain(below).collect()
}

/// The operating system, as Go calls it.
fn system() -> &'static str {
    match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    }
}

/// The architecture, as Go calls it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    }
}
