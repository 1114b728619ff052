//! `context`: lists, shows, selects and removes contexts.

use std::io;
use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::json;
use token_cli::{Error, Switch, World, output};
use token_text::{ShownPath, printable, printable_json};

use crate::cli::lazily::{Described, Lazily};
use crate::settings::step_path::{ADD, Base, Context, Contexts, unknown};

/// The `context` commands.
#[derive(Debug, Subcommand)]
pub(crate) enum ContextCommands {
    /// List the contexts and mark the current one
    List,
    /// Print the current context
    Current(Lazily<CurrentArgs>),
    /// Make a context the current one
    Select(Lazily<SelectArgs>),
    /// Remove a context, and its files unless another context uses them
    Remove(Lazily<RemoveArgs>),
}

/// `context current`.
#[derive(Clone, Debug, Args)]
pub(crate) struct CurrentArgs {
    /// Print its name, authority and profile as JSON
    #[arg(long)]
    json: Option<Switch>,
}

/// `context select`.
#[derive(Clone, Debug, Args)]
pub(crate) struct SelectArgs {
    /// Name of the context (default: ask on the terminal)
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

/// `context remove`.
#[derive(Clone, Debug, Args)]
pub(crate) struct RemoveArgs {
    /// Name of the context
    #[arg(value_name = "NAME")]
    name: String,

    /// Remove without asking
    #[arg(long, short = 'f')]
    force: Option<Switch>,
}

/// The commands that have arguments.
pub(crate) const ARGUMENTS: [Described; 3] = [
    (&["context", "current"], CurrentArgs::augment_args),
    (&["context", "select"], SelectArgs::augment_args),
    (&["context", "remove"], RemoveArgs::augment_args),
];

/// Runs a `context` command.
pub(crate) fn run(command: &ContextCommands, world: &World) -> Result<(), Error> {
    let base = Base::find(world)?;
    match command {
        ContextCommands::List => list(&base, world),
        ContextCommands::Current(args) => current(&base, Switch::is_on(args.json), world),
        ContextCommands::Select(args) => select(&base, args.name.as_deref(), world),
        ContextCommands::Remove(args) => {
            remove(&base, &args.name, Switch::is_on(args.force), world)
        }
    }
}

/// Prints the names, the current one marked with a triangle, as step does.
fn list(base: &Base, world: &World) -> Result<(), Error> {
    let (contexts, current) = (base.contexts()?, base.current()?);
    let mut text = String::new();
    for name in contexts.keys() {
        let mark = if current.as_ref() == Some(name) { "▶ " } else { "" };
        text.push_str(&format!("{mark}{}\n", printable(name)));
    }
    output::stdout(text.as_bytes(), world)
}

fn current(base: &Base, as_json: bool, world: &World) -> Result<(), Error> {
    let Some(name) = base.current()? else {
        return Err(Error::settings("no current context")
            .hint("run `step-token context select NAME` to select one"));
    };
    let contexts = base.contexts()?;
    let Some(context) = contexts.get(&name) else {
        return Err(unknown(&name, &ShownPath(&base.current_file()).to_string(), base, &contexts));
    };
    let text = match as_json {
        false => printable(&name),
        true => printable_json(
            &json!({
                "name": name,
                "authority": context.authority,
                "profile": context.profile,
            })
            .to_string(),
        )
        .to_string(),
    };
    output::stdout(format!("{text}\n").as_bytes(), world)
}

fn select(base: &Base, name: Option<&str>, world: &World) -> Result<(), Error> {
    let contexts = base.contexts()?;
    if contexts.is_empty() {
        let message = format!("{} has no contexts", ShownPath(&base.contexts_file()));
        return Err(Error::settings(message).hint(ADD));
    }
    let name = match name {
        Some(name) => name.to_owned(),
        None => choose(&contexts, world)?,
    };
    if !contexts.contains_key(&name) {
        return Err(unknown(&name, "", base, &contexts));
    }
    base.make_current(&name)?;
    world.announce("Context", &name);
    Ok(())
}

fn choose(contexts: &Contexts, world: &World) -> Result<String, Error> {
    let names: Vec<String> = contexts.keys().cloned().collect();
    match world.ask(|person| person.choose("Context to use", &names)) {
        None => Err(Error::usage("no context given, and no terminal to ask on")
            .hint(format!("use a known context: {}", token_text::Listed(&names)))),
        Some(Err(cause)) => Err(Error::settings("no context was chosen").because(cause)),
        Some(Ok(chosen)) => {
            names.get(chosen).cloned().ok_or_else(|| Error::settings("no context was chosen"))
        }
    }
}

/// Removes a context, then the directories that no other context uses.
fn remove(base: &Base, name: &str, force: bool, world: &World) -> Result<(), Error> {
    removable(base, name)?;
    if !force {
        let question = format!("Remove context {name} and its files");
        match world.ask(|person| person.confirm(&question)) {
            Some(Ok(true)) => {}
            Some(_) => return Err(Error::settings(format!("context `{name}` was not removed"))),
            None => {
                return Err(Error::usage("cannot confirm the removal without a terminal")
                    .hint("use --force to remove it without asking"));
            }
        }
    }
    // Another run may have changed the contexts since, or be about to.
    let locked = base.lock()?;
    let (removed, contexts) = removable(base, name)?;
    // The list first: an unused directory does no harm, a context without its directory does.
    base.set_contexts(&contexts, &locked)?;
    if !contexts.values().any(|context| context.profile == removed.profile) {
        remove_directory(&base.profile(&removed.profile))?;
    }
    if !contexts.values().any(|context| context.authority == removed.authority) {
        remove_directory(&base.authority(&removed.authority))?;
    }
    world.done(&format!("removed context {name}"));
    Ok(())
}

/// Returns the context of a name, if it may be removed, and those that are left without it.
fn removable(base: &Base, name: &str) -> Result<(Context, Contexts), Error> {
    let mut contexts = base.contexts()?;
    let Some(removed) = contexts.remove(name) else {
        return Err(unknown(name, "", base, &contexts));
    };
    if base.current()?.as_deref() == Some(name) {
        return Err(Error::settings(format!(
            "cannot remove context `{name}`: it is the current one"
        ))
        .hint("run `step-token context select` to select another one first"));
    }
    Ok((removed, contexts))
}

fn remove_directory(directory: &Path) -> Result<(), Error> {
    match std::fs::remove_dir_all(directory) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => {
            Err(Error::settings(format!("cannot remove {}", ShownPath(directory))).because(error))
        }
    }
}
