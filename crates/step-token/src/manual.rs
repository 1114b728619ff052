//! Manual pages, made from the tree of commands.

use std::path::Path;

use token_cli::{Error, World, file};
use token_text::ShownPath;

use crate::commands;

/// Writes a manual page for every command.
pub(crate) fn pages(directory: &Path, world: &World) -> Result<(), Error> {
    if !directory.is_dir() {
        let message = format!("{} is not a directory", ShownPath(directory));
        return Err(Error::settings(message).hint("create it first"));
    }
    let mut root = commands::command().disable_help_subcommand(true);
    root.build();
    for (name, command) in commands(&root, String::new()) {
        let mut page = Vec::new();
        let file = directory.join(format!("{name}.1"));
        clap_mangen::Man::new(command.name(name))
            .render(&mut page)
            .map_err(|cause| Error::settings("cannot write a manual page").because(cause))?;
        file::replace(&file, &page, 0o644)?;
        world.done(&ShownPath(&file).to_string());
    }
    Ok(())
}

/// Returns a command and those below it, each with its path joined by dashes.
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
