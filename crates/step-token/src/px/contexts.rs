//! `px context`: a name for a token and an endpoint.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use openstorage_token::{Context, ContextName, Contexts, ContextsError, Created};
use serde::Serialize;
use token_cli::{Error, Given, World, output};
use token_text::{ShownPath, ShownValue};
use token_time::Timestamp;

use crate::cli::lazily::Lazily;
use crate::px::contexts_file::{self, LockedContexts, PxContextsFileArg};
use crate::px::options::{OutputOptions, optional};
use crate::px::stored::{self, PxStoredTokenArgs};
use crate::px::token_fault::TokenFault;

/// The `px context` commands.
#[derive(Debug, Subcommand)]
pub(crate) enum PxContextCommands {
    /// Create or change a context; the first one becomes the current one
    Create(Lazily<PxContextCreateArgs>),
    /// List the contexts
    List(Lazily<PxContextsFileArg>),
    /// Make a context the current one
    Set(Lazily<PxContextSetArgs>),
    /// Clear the current context
    Unset(Lazily<PxContextsFileArg>),
    /// Remove a context by its name or by its token
    Delete(Lazily<PxContextDeleteArgs>),
}

/// `px context create`.
#[derive(Clone, Debug, Args)]
pub(crate) struct PxContextCreateArgs {
    /// The name of the context
    #[arg(value_name = "NAME")]
    pub(crate) name: ContextName,

    #[command(flatten)]
    pub(crate) token: PxStoredTokenArgs,

    /// Set the server's endpoint, such as http://localhost:9001
    #[arg(long, short = 'e', value_name = "URL")]
    pub(crate) endpoint: Option<Given<String>>,

    #[command(flatten)]
    pub(crate) file: PxContextsFileArg,
}

/// `px context set`.
#[derive(Clone, Debug, Args)]
pub(crate) struct PxContextSetArgs {
    /// The name of the context
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    #[command(flatten)]
    pub(crate) file: PxContextsFileArg,
}

/// `px context delete`.
#[derive(Clone, Debug, Args)]
pub(crate) struct PxContextDeleteArgs {
    /// The name of the context
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,

    #[command(flatten)]
    pub(crate) token: PxStoredTokenArgs,

    #[command(flatten)]
    pub(crate) file: PxContextsFileArg,
}

/// Runs a `px context` command.
pub(super) fn run(
    command: &PxContextCommands,
    options: &OutputOptions,
    world: &World,
) -> Result<(), Error> {
    if !matches!(command, PxContextCommands::List(_)) {
        options.refuse_context()?;
    }
    match command {
        PxContextCommands::List(file) => list(file, options, world),
        PxContextCommands::Create(args) => create(args, options, world),
        PxContextCommands::Set(args) => {
            let name = args.name.as_str();
            let (token, _) = change(&args.file, world, |contexts| {
                contexts.set(name).map(|context| context.token)
            })?;
            stored::warn_of(token.as_ref(), world);
            say("current", name, options, world)
        }
        PxContextCommands::Unset(file) => {
            let (name, _) = change(file, world, |contexts| Ok(contexts.unset()))?;
            match name {
                None => world.done("no context was current"),
                Some(name) => say("unset", &name, options, world)?,
            }
            Ok(())
        }
        PxContextCommands::Delete(args) => delete(args, options, world),
    }
}

fn create(args: &PxContextCreateArgs, options: &OutputOptions, world: &World) -> Result<(), Error> {
    let name = &args.name;
    let token = stored::of_flags(&args.token, world)?;
    let endpoint = optional("endpoint", args.endpoint.as_ref())?.map(|endpoint| endpoint.value);
    let path = contexts_file::path(&args.file, world)?;
    // Report a directory in its place before making a lock file beside it.
    contexts_file::bytes_of(&path)?;
    let locked = LockedContexts::lock(&path)?;
    let mut contexts = locked.contexts_or_aside(world)?;
    let created = contexts.create(name, token.as_ref(), endpoint.as_deref());
    let created = created.map_err(|cause| contexts_file::unusable(locked.path(), &cause))?;
    locked.write(&contexts)?;
    stored::warn_of(token.as_ref(), world);
    let what = if created == Created::New { "created" } else { "changed" };
    say(what, name.as_str(), options, world)?;
    if created == Created::New && token.is_none() {
        world.note(&format!(
            "context {} has no token; use --token-file to give it one",
            ShownValue(name.as_str())
        ));
    }
    if created == Created::New && contexts.current() == Some(name.as_str()) {
        world.done("it is now the current context");
    }
    Ok(())
}

fn delete(args: &PxContextDeleteArgs, options: &OutputOptions, world: &World) -> Result<(), Error> {
    let token = stored::of_flags(&args.token, world)?;
    match (&args.name, token) {
        (Some(_), Some(_)) => {
            Err(Error::usage("both a context name and a token are given")
                .hint("use only one of them"))
        }
        (None, None) => {
            Err(Error::usage("no context name given")
                .hint("add the name of the context to remove, or use --token-file with its token"))
        }
        (Some(name), None) if name.is_empty() => Err(Error::usage("the context name is empty")
            .hint("check the variable it comes from; use --token-file to remove a context without a name")),
        (Some(name), None) => {
            change(&args.file, world, |contexts| contexts.delete(name))?;
            say("removed", name, options, world)
        }
        (None, Some(token)) => {
            let (names, path) =
                change(&args.file, world, |contexts| Ok(contexts.delete_holding(&token)))?;
            if names.is_empty() {
                let message = format!("no context in {} has this token", ShownPath(&path));
                return Err(Error::settings(message)
                    .hint("run `step-token px context list --raw` to list the contexts with their tokens"));
            }
            names.iter().try_for_each(|name| say("removed", name, options, world))
        }
    }
}

/// Changes the contexts of an existing file while holding its lock.
fn change<T>(
    args: &PxContextsFileArg,
    world: &World,
    change: impl Fn(&mut Contexts) -> Result<T, ContextsError>,
) -> Result<(T, PathBuf), Error> {
    let path = contexts_file::path(args, world)?;
    let refused = |cause| contexts_file::unusable(&path, &cause);
    // Report an impossible change before taking the lock; if there is no file, write none.
    let there = contexts_file::load(&path)?;
    let tried = change(&mut there.clone().unwrap_or_default()).map_err(refused)?;
    if there.is_none() {
        return Ok((tried, path));
    }
    let locked = LockedContexts::lock(&path)?;
    let mut contexts = contexts_file::load(locked.path())?.unwrap_or_default();
    let before = contexts.to_yaml();
    let changed = change(&mut contexts).map_err(refused)?;
    if *contexts.to_yaml() != *before {
        locked.write(&contexts)?;
    }
    Ok((changed, path))
}

/// Reports what happened to a context: in words on stderr, or as an object.
fn say(
    what: &'static str,
    name: &str,
    options: &OutputOptions,
    world: &World,
) -> Result<(), Error> {
    #[derive(Serialize)]
    struct Object<'a> {
        context: &'a str,
        result: &'static str,
    }
    if options.json {
        return options.print(&Object { context: name, result: what }, world);
    }
    match what {
        "current" => world.announce("Context", &ShownValue(name).to_string()),
        "unset" => world.done(&format!("context {} is no longer current", ShownValue(name))),
        what => world.done(&format!("context {} was {what}", ShownValue(name))),
    }
    Ok(())
}

/// The listing as pxctl documents it; the members after `endpoint` are ours.
#[derive(Serialize)]
struct Listing {
    contextconfig: Inner,
}

#[derive(Serialize)]
struct Inner {
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<String>,
    configurations: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    context: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<Identity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Serialize)]
struct Identity {
    subject: String,
    name: String,
    email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
}

fn list(args: &PxContextsFileArg, options: &OutputOptions, world: &World) -> Result<(), Error> {
    let path = contexts_file::path(args, world)?;
    let contexts = contexts_file::load(&path)?.unwrap_or_default();
    let all = contexts.all();
    let current = match &options.context {
        None => contexts.current().map(str::to_owned),
        Some(name) => {
            Some(contexts.find(name).map_err(|cause| contexts_file::unusable(&path, &cause))?.name)
        }
    };
    if let Some(name) = current.as_ref().filter(|name| !all.iter().any(|it| it.name == **name)) {
        world.warn(&format!(
            "the current context `{}` is not in {}",
            ShownValue(name),
            ShownPath(&path)
        ));
    }
    let now = world.now();
    let configurations = all.iter().map(|context| entry(context, options, now)).collect();
    let listing = Listing { contextconfig: Inner { current, configurations } };
    if options.json {
        return options.print(&listing, world);
    }
    let value = serde_json::to_value(&listing)
        .map_err(|cause| Error::settings("cannot write YAML").because(cause))?;
    output::stdout(openstorage_token::yaml_of_json(&value).as_bytes(), world)
}

fn entry(context: &Context, options: &OutputOptions, now: Timestamp) -> Entry {
    let token = context.token.as_ref().map(|token| match options.raw {
        true => token.expose().to_owned(),
        // Enough to show that there is a token, without showing the token.
        false => format!("{}...", token.expose().get(..3).unwrap_or_default()),
    });
    let identity = context.identity().map(|identity| Identity {
        issuer: options.wide.then_some(identity.issuer),
        roles: options.wide.then_some(identity.roles),
        groups: options.wide.then_some(identity.groups),
        expires: identity
            .expires
            .second()
            .filter(|_| options.wide)
            .map(|end| Timestamp::from_unix_seconds(end).to_string()),
        subject: identity.subject,
        name: identity.name,
        email: identity.email,
    });
    let error = context.token.as_ref().and_then(|token| TokenFault::of(token, now));
    Entry {
        context: context.name.clone(),
        token,
        identity,
        endpoint: context.endpoint.clone(),
        error: error.map(|error| format!("token {error}")),
    }
}
