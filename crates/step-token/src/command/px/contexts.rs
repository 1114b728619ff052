//! `px context`: a name for a token and an endpoint.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use openstorage_token::{Context, Contexts, ContextsError, Created};
use rustix::fs::{FlockOperation, flock};
use serde::Serialize;
use token_time::Timestamp;

use super::{Manner, named, stored};
use crate::args::{PxContextCommands, PxContextCreateArgs, PxContextDeleteArgs, PxContextsFileArg};
use crate::{Error, World, emit, file};

/// Runs a `px context` command.
pub(super) fn run(
    command: &PxContextCommands,
    manner: &Manner,
    world: &World,
) -> Result<(), Error> {
    if !matches!(command, PxContextCommands::List(_)) {
        manner.refuse_context()?;
    }
    match command {
        PxContextCommands::List(file) => list(file, manner, world),
        PxContextCommands::Create(args) => create(args, manner, world),
        PxContextCommands::Set(args) => {
            let name = args.name.as_str();
            let (token, _) = change(&args.file, world, |contexts| {
                contexts.set(name).map(|context| context.token)
            })?;
            stored::warn_of(token.as_ref(), world);
            say("current", name, manner, world)
        }
        PxContextCommands::Unset(file) => {
            let (name, _) = change(file, world, |contexts| Ok(contexts.unset()))?;
            match name {
                None => world.note("no context was current"),
                Some(name) => say("unset", &name, manner, world)?,
            }
            Ok(())
        }
        PxContextCommands::Delete(args) => delete(args, manner, world),
    }
}

fn create(args: &PxContextCreateArgs, manner: &Manner, world: &World) -> Result<(), Error> {
    let name = &args.name;
    let token = stored::of_flags(&args.token, world)?;
    let endpoint = named("endpoint", args.endpoint.as_ref())?.map(|endpoint| endpoint.value);
    let path = stored::path(&args.file, world)?;
    // A directory in its place is said before a lock is made beside it.
    stored::bytes_of(&path)?;
    let place = Place::lock(&path)?;
    let mut contexts = place.contexts_or_aside(world)?;
    let created = contexts.create(name, token.as_ref(), endpoint.as_deref());
    let created = created.map_err(|cause| stored::unusable(&place.path, &cause))?;
    place.write(&contexts)?;
    stored::warn_of(token.as_ref(), world);
    let what = if created == Created::New { "created" } else { "changed" };
    say(what, name.as_str(), manner, world)?;
    if created == Created::New && contexts.current() == Some(name.as_str()) {
        world.note("it is the current one");
    }
    Ok(())
}

fn delete(args: &PxContextDeleteArgs, manner: &Manner, world: &World) -> Result<(), Error> {
    let token = stored::of_flags(&args.token, world)?;
    match (&args.name, token) {
        (Some(_), Some(_)) => {
            Err(Error::usage("a name and a token are given, and one says which context goes")
                .hint("leave out one of them"))
        }
        (None, None) => {
            Err(Error::usage("no context is named")
                .hint("a name or --token-file says which one goes"))
        }
        (Some(name), None) if name.is_empty() => Err(Error::usage("the name is empty")
            .hint("look at the variable it came from; --token-file removes one without a name")),
        (Some(name), None) => {
            change(&args.file, world, |contexts| contexts.delete(name))?;
            say("removed", name, manner, world)
        }
        (None, Some(token)) => {
            let (names, path) =
                change(&args.file, world, |contexts| Ok(contexts.delete_holding(&token)))?;
            if names.is_empty() {
                let message = format!("no context in {} has this token", path.display());
                return Err(Error::settings(message)
                    .hint("`step-token px context list --raw` shows them with their tokens"));
            }
            names.iter().try_for_each(|name| say("removed", name, manner, world))
        }
    }
}

/// Changes the contexts of a file that is there, with nobody else writing.
fn change<T>(
    args: &PxContextsFileArg,
    world: &World,
    change: impl Fn(&mut Contexts) -> Result<T, ContextsError>,
) -> Result<(T, PathBuf), Error> {
    let path = stored::path(args, world)?;
    let refused = |cause| stored::unusable(&path, &cause);
    // What cannot be is said before a lock is made; where nothing is, nothing is written.
    let there = stored::load(&path)?;
    let tried = change(&mut there.clone().unwrap_or_default()).map_err(refused)?;
    if there.is_none() {
        return Ok((tried, path));
    }
    let place = Place::lock(&path)?;
    let mut contexts = stored::load(&place.path)?.unwrap_or_default();
    let before = contexts.to_yaml();
    let changed = change(&mut contexts).map_err(refused)?;
    if *contexts.to_yaml() != *before {
        place.write(&contexts)?;
    }
    Ok((changed, path))
}

/// Says what became of a context: in words on stderr, or as an object.
fn say(what: &'static str, name: &str, manner: &Manner, world: &World) -> Result<(), Error> {
    #[derive(Serialize)]
    struct Object<'a> {
        context: &'a str,
        result: &'static str,
    }
    if manner.json {
        return manner.print(&Object { context: name, result: what }, world);
    }
    match what {
        "current" => world.announce("Context", name),
        "unset" => world.note(&format!("context {name} is no longer the current one")),
        what => world.note(&format!("context {name} is {what}")),
    }
    Ok(())
}

/// The listing as pxctl documents it; the members behind `endpoint` are ours.
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

fn list(args: &PxContextsFileArg, manner: &Manner, world: &World) -> Result<(), Error> {
    let path = stored::path(args, world)?;
    let contexts = stored::load(&path)?.unwrap_or_default();
    let all = contexts.all();
    let current = match &manner.context {
        None => contexts.current().map(str::to_owned),
        Some(name) => {
            Some(contexts.find(name).map_err(|cause| stored::unusable(&path, &cause))?.name)
        }
    };
    if let Some(name) = current.as_ref().filter(|name| !all.iter().any(|it| it.name == **name)) {
        world.warn(&format!("the current context `{name}` is not in {}", path.display()));
    }
    let now = world.now();
    let configurations = all.iter().map(|context| entry(context, manner, now)).collect();
    let listing = Listing { contextconfig: Inner { current, configurations } };
    if manner.json {
        return manner.print(&listing, world);
    }
    let value = serde_json::to_value(&listing)
        .map_err(|cause| Error::settings("cannot write YAML").because(cause))?;
    emit::stdout(openstorage_token::yaml_of_json(&value).as_bytes(), world)
}

fn entry(context: &Context, manner: &Manner, now: Timestamp) -> Entry {
    let token = context.token.as_ref().map(|token| match manner.raw {
        true => token.expose().to_owned(),
        // Enough to tell a token from none; it is not for every screen.
        false => format!("{}...", token.expose().get(..3).unwrap_or_default()),
    });
    let identity = context.identity().map(|identity| Identity {
        issuer: manner.wide.then_some(identity.issuer),
        roles: manner.wide.then_some(identity.roles),
        groups: manner.wide.then_some(identity.groups),
        expires: identity
            .expires
            .second()
            .filter(|_| manner.wide)
            .map(|end| Timestamp::from_unix_seconds(end).to_string()),
        subject: identity.subject,
        name: identity.name,
        email: identity.email,
    });
    let error = context.token.as_ref().and_then(|token| stored::fault(token, now));
    Entry {
        context: context.name.clone(),
        token,
        identity,
        endpoint: context.endpoint.clone(),
        error: error.map(|error| format!("token {error}")),
    }
}

/// The file of contexts, with nobody else writing.
struct Place {
    path: PathBuf,
    _lock: File,
}

impl Place {
    /// Waits for whoever else is writing, for a while.
    fn lock(path: &Path) -> Result<Self, Error> {
        let path =
            file::behind_links(path).map_err(|cause| file::cannot_write(path).because(cause))?;
        let directory = file::directory_of(&path);
        make_directory(directory).map_err(|cause| {
            Error::settings(format!("cannot make directory {}", directory.display())).because(cause)
        })?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let lock = directory.join(format!(".{name}.lock"));
        let cannot = |cause: io::Error| {
            Error::settings(format!("cannot lock {}", lock.display())).because(cause)
        };
        let file = open_lock(&lock).map_err(cannot)?;
        for _ in 0..TRIES {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self { path, _lock: file }),
                Err(rustix::io::Errno::WOULDBLOCK) => std::thread::sleep(PAUSE),
                Err(error) => return Err(cannot(error.into())),
            }
        }
        Err(Error::settings(format!("{} is locked by another run", path.display()))
            .hint(format!("it holds {}; end it, or wait", lock.display())))
    }

    /// Reads the contexts; a file that cannot be read as such is put aside, and nothing of it is lost.
    fn contexts_or_aside(&self, world: &World) -> Result<Contexts, Error> {
        let Some(bytes) = stored::bytes_of(&self.path)? else { return Ok(Contexts::default()) };
        match stored::parse(&bytes) {
            Ok(contexts) => Ok(contexts),
            Err(cause) => {
                let aside = self.aside()?;
                world.warn(&format!(
                    "{}: {cause}; it is kept as {}, and a new one begins",
                    self.path.display(),
                    aside.display()
                ));
                Ok(Contexts::default())
            }
        }
    }

    /// Gives the file a name that nothing has.
    fn aside(&self) -> Result<PathBuf, Error> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for number in 1..=MOST_ASIDE {
            let aside = self.path.with_file_name(format!("{name}.broken-{number}"));
            match std::fs::hard_link(&self.path, &aside) {
                Ok(()) => return Ok(aside),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(cause) => return Err(file::cannot_write(&aside).because(cause)),
            }
        }
        Err(Error::settings(format!(
            "there are {MOST_ASIDE} broken files beside {}",
            self.path.display()
        ))
        .hint("mend or remove them"))
    }

    fn write(&self, contexts: &Contexts) -> Result<(), Error> {
        let text = contexts.to_yaml();
        // What cannot be read back is not written over what can.
        Contexts::parse(&text).map_err(|cause| {
            Error::settings(format!("{} stays as it is", self.path.display())).because(cause)
        })?;
        file::replace(&self.path, text.as_bytes(), 0o600)
    }
}

#[cfg(unix)]
fn make_directory(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

#[cfg(not(unix))]
fn make_directory(directory: &Path) -> io::Result<()> {
    std::fs::create_dir_all(directory)
}

fn open_lock(lock: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(lock)
}

/// Ten seconds of waiting, in steps that nobody notices.
const TRIES: u32 = 500;
const PAUSE: Duration = Duration::from_millis(20);

/// More broken files than anybody leaves lying about.
const MOST_ASIDE: u32 = 100;
