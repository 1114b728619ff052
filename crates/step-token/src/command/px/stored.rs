//! Tokens that are somewhere: in a file, a variable, a context, or on the command line.

use std::path::{Path, PathBuf};

use openstorage_token::kubernetes::DataKey;
use openstorage_token::{Contexts, ContextsError, Expiry, unverified};
use token_jose::Token;
use token_time::Timestamp;
use zeroize::Zeroizing;

use super::{Manner, named};
use crate::args::{PxContextsFileArg, PxStoredTokenArgs, PxTokenArg, PxTokenFileArgs};
use crate::origin::{Origin, Setting};
use crate::secret::Source;
use crate::secret_member::{Kept, SecretSource};
use crate::{Error, World};

/// Reads the token to be judged: the one given, else the one that pxctl would send.
pub(super) fn read(args: &PxTokenArg, manner: &Manner, world: &World) -> Result<Token, Error> {
    let file = file(&args.file)?;
    if args.token.as_deref() == Some("") {
        return Err(Error::usage("the token is empty")
            .hint("look at the variable it came from; `-` reads standard input"));
    }
    if let (true, Some(_)) = (args.token.is_some() || file.is_some(), &manner.context) {
        return Err(Error::usage("--context has no effect on a token that is given")
            .hint("leave out one of them"));
    }
    match (args.token.as_deref(), file) {
        (Some(_), Some(_)) => {
            Err(Error::usage("a token and --token-file are given, and one is judged")
                .hint("leave out one of them"))
        }
        (Some("-"), None) => {
            let origin = Origin::CommandLine { flag: "token-file" };
            from(&Setting::new(Source::Stdin.into(), origin), &DataKey::auth_token(), world)
        }
        (Some(token), None) if !token.contains('.') && Path::new(token).is_file() => {
            Err(Error::usage(format!("{token} is a file, and a token is due"))
                .hint(format!("--token-file {token} reads it")))
        }
        (Some(token), None) => {
            world.warn("a token on the command line is seen by everybody who lists processes; `-` reads it from standard input");
            Ok(Token::new(token.to_owned()))
        }
        (None, Some((source, key))) => from(&source, &key, world),
        (None, None) => sent_by_pxctl(&args.contexts, manner, world),
    }
}

/// Settles where a token is kept, and the member if that is a Kubernetes Secret.
fn file(args: &PxTokenFileArgs) -> Result<Option<(Setting<SecretSource>, DataKey)>, Error> {
    let source = named("token-file", args.token_file.as_ref())?;
    let is_kubernetes = source.as_ref().is_some_and(|source| source.value.is_kubernetes());
    if args.token_key.is_some() && !is_kubernetes {
        return Err(Error::usage(
            "--token-key names a member of a Kubernetes Secret, and none is read",
        )
        .hint("--token-file k8s:FILE reads one"));
    }
    let key = args.token_key.clone().unwrap_or_else(DataKey::auth_token);
    Ok(source.map(|source| (source, key)))
}

/// Reads a token; one line end behind it is dropped.
pub(super) fn from(
    source: &Setting<SecretSource>,
    key: &DataKey,
    world: &World,
) -> Result<Token, Error> {
    let bytes = source.value.read(key, Kept::Token, &source.origin, world)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        Error::settings(format!("the token in {} ({}) is no text", source.value, source.origin))
    })?;
    Ok(Token::new(text.to_owned()))
}

/// Reads the token of a context's flags, if one is given.
pub(super) fn of_flags(args: &PxStoredTokenArgs, world: &World) -> Result<Option<Token>, Error> {
    let typed = named("token", args.token.as_ref())?;
    let token = match (typed, file(&args.file)?) {
        (Some(_), Some(_)) => {
            return Err(Error::usage(
                "--token and --token-file are given, and a context has one token",
            )
            .hint("leave out --token, which shows it to everybody"));
        }
        (Some(typed), None) if typed.value == "-" => {
            return Err(Error::usage("--token is the token itself, and `-` is none")
                .hint("--token-file - reads standard input"));
        }
        (Some(typed), None) => {
            world.warn(
                "--token shows the token to everybody who lists processes; --token-file does not",
            );
            Token::new(typed.value)
        }
        (None, Some((source, key))) => from(&source, &key, world)?,
        (None, None) => return Ok(None),
    };
    fits_a_header(&token)?;
    Ok(Some(token))
}

/// What is kept to be sent must fit into a header (RFC 9110 §5.5).
pub(super) fn fits_a_header(token: &Token) -> Result<(), Error> {
    if token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(Error::settings("the token has a blank or something else in it that no header carries")
            .hint("a token is three parts of base64url with dots between them"))
    }
}

/// Says of a token that is stored or chosen what would make it useless.
pub(super) fn warn_of(token: Option<&Token>, world: &World) {
    if let Some(fault) = token.and_then(|token| fault(token, world.now())) {
        world.warn(&format!("its token {fault}"));
    }
}

/// Says what is wrong with a token, as far as that shows without a key.
pub(super) fn fault(token: &Token, now: Timestamp) -> Option<String> {
    let Some(identity) = unverified(token.expose()) else {
        return Some("is none that a server could read".to_owned());
    };
    let now = now.unix_seconds();
    let time = Timestamp::from_unix_seconds;
    match (identity.expires, identity.issued_at) {
        (Expiry::Absent, _) => Some("has no `exp`".to_owned()),
        (Expiry::NoTime, _) => Some("has an `exp` that is no time".to_owned()),
        (Expiry::At(end), _) if end <= now => Some(format!("expired at {}", time(end))),
        (_, Some(beginning)) if beginning > now => {
            Some(format!("is not valid before {}", time(beginning)))
        }
        _ => None,
    }
}

/// The token that pxctl would send: of the environment, of a context that is named, of the current one.
fn sent_by_pxctl(file: &PxContextsFileArg, manner: &Manner, world: &World) -> Result<Token, Error> {
    let variable = world.variable(VARIABLE)?.filter(|token| !token.is_empty());
    if let (Some(_), None) = (variable, &manner.context) {
        world.announce("Token", VARIABLE);
        let origin = Origin::Environment { variable: VARIABLE.to_owned() };
        let bytes = Source::Variable(VARIABLE.to_owned()).read(&origin, world)?;
        let text = std::str::from_utf8(crate::secret::without_line_end(&bytes)).unwrap_or_default();
        return Ok(Token::new(text.to_owned()));
    }
    if variable.is_some() {
        world.warn(&format!("{VARIABLE} is set, and pxctl would send that one"));
    }
    let path = path(file, world)?;
    let contexts = load(&path)?.unwrap_or_default();
    crate::secret::warn_if_others_can_read(&path, world);
    let name = match (&manner.context, contexts.current()) {
        (Some(name), _) => name.clone(),
        (None, Some(current)) => current.to_owned(),
        (None, None) => {
            return Err(Error::usage("no token is given").hint(format!(
                "--token-file names it, `-` reads standard input; {VARIABLE} is not set and no context is current"
            )));
        }
    };
    let is_current = manner.context.is_none();
    let context = contexts.find(&name).map_err(|cause| match is_current {
        false => unusable(&path, &cause),
        true => {
            Error::settings(format!("the current context `{name}` is not in {}", path.display()))
                .hint("`step-token px context set NAME` makes another one current")
        }
    })?;
    let token = context.token.ok_or_else(|| {
        Error::settings(format!("context `{name}` in {} has no token", path.display()))
            .hint(format!("`step-token px context create {name} --token-file FILE` gives it one"))
    })?;
    world.announce("Token", &format!("context {name} in {}", path.display()));
    Ok(token)
}

/// Returns the file of contexts.
pub(super) fn path(args: &PxContextsFileArg, world: &World) -> Result<PathBuf, Error> {
    if let Some(path) = &args.contextconfig {
        return Ok(path.clone());
    }
    let home = world.home().ok_or_else(|| {
        Error::settings("there is no home directory, so no ~/.pxctl/contextconfig")
            .hint("--contextconfig names another file")
    })?;
    Ok(home.join(".pxctl/contextconfig"))
}

/// Reads the file of contexts; `None` if there is none.
pub(super) fn load(path: &Path) -> Result<Option<Contexts>, Error> {
    match bytes_of(path)? {
        None => Ok(None),
        Some(bytes) => parse(&bytes).map(Some).map_err(|cause| unusable(path, &cause)),
    }
}

/// Reads contexts out of the bytes of a file.
pub(super) fn parse(bytes: &[u8]) -> Result<Contexts, ContextsError> {
    Contexts::parse(std::str::from_utf8(bytes).map_err(|_| ContextsError::NoText)?)
}

/// Reads the file of contexts; `None` if there is none.
pub(super) fn bytes_of(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    let refused = |what: &str| Error::settings(format!("{} {what}", path.display()));
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            return Err(refused("is a directory, where pxctl keeps a file of contexts")
                .hint("--contextconfig names another file"));
        }
        Ok(found) if !found.is_file() => {
            return Err(refused("is no regular file").hint("--contextconfig names another file"));
        }
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refused("cannot be read").because(error)),
    }
    let bytes = std::fs::File::open(path)
        .and_then(|file| crate::secret::read_wiped(file, LARGEST + 1))
        .map_err(|cause| refused("cannot be read").because(cause))?;
    if bytes.len() as u64 > LARGEST {
        return Err(refused("is larger than 1 MiB"));
    }
    Ok(Some(bytes))
}

/// Says why a file of contexts is of no use.
pub(super) fn unusable(path: &Path, cause: &ContextsError) -> Error {
    let error = Error::settings(format!("{}: {cause}", path.display()));
    match cause {
        ContextsError::Unknown { there, .. } if there.is_empty() => {
            error.hint("`step-token px context create NAME --token-file FILE` makes one")
        }
        ContextsError::Unknown { there, .. } => {
            error.hint(format!("known contexts: {}", there.join(", ")))
        }
        ContextsError::Twice { .. } => error.hint("remove one of them by hand"),
        _ => error.hint(
            "mend it by hand, or `step-token px context create` puts it aside and begins anew",
        ),
    }
}

/// Where pxctl looks for a token first.
const VARIABLE: &str = "PXCTL_AUTH_TOKEN";

/// No list of contexts comes near it.
const LARGEST: u64 = 1 << 20;
