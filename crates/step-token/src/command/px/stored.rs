//! Tokens that are somewhere: in a file, a variable, a context, or on the command line.

use std::path::{Path, PathBuf};

use openstorage_token::kubernetes::DataKey;
use openstorage_token::{Contexts, ContextsError};
use token_jose::Token;

use super::{Manner, given};
use crate::args::{Given, PxContextsFileArg, PxTokenArg};
use crate::origin::{Origin, Setting};
use crate::secret::Source;
use crate::secret_member::SecretSource;
use crate::{Error, World};

/// Reads the token to be judged: the one given, else the one that pxctl would send.
pub(super) fn read(args: &PxTokenArg, manner: &Manner, world: &World) -> Result<Token, Error> {
    let file = given("token-file", args.token_file.as_ref());
    match (args.token.as_deref(), file) {
        (Some(_), Some(_)) => {
            Err(Error::usage("a token and --token-file are given, and one is judged")
                .hint("leave out one of them"))
        }
        (Some("-"), None) => {
            let source = "-".parse().expect("a dash is standard input");
            from(&Setting::new(source, Origin::CommandLine { flag: "token-file" }), world)
        }
        (Some(token), None) => {
            world.warn("a token on the command line is seen by everybody who lists processes; `-` reads it from standard input");
            Ok(Token::new(token.to_owned()))
        }
        (None, Some(file)) => from(&file, world),
        (None, None) => sent_by_pxctl(&args.contexts, manner, world),
    }
}

/// Reads a token; one line end behind it is dropped.
pub(super) fn from(source: &Setting<SecretSource>, world: &World) -> Result<Token, Error> {
    let bytes = source.value.read(&DataKey::auth_token(), "token", &source.origin, world)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        Error::settings(format!("the token in {} ({}) is no text", source.value, source.origin))
    })?;
    Ok(Token::new(text.to_owned()))
}

/// Reads the token of a context's flags, if one is given.
pub(super) fn of_flags(
    typed: Option<&Given<String>>,
    file: Option<&Given<SecretSource>>,
    world: &World,
) -> Result<Option<Token>, Error> {
    match (given("token", typed), given("token-file", file)) {
        (Some(_), Some(_)) => {
            Err(Error::usage("--token and --token-file are given, and a context has one token")
                .hint("leave out --token, which shows it to everybody"))
        }
        (Some(typed), None) => {
            world.warn(
                "--token shows the token to everybody who lists processes; --token-file does not",
            );
            let token = Token::new(typed.value);
            fits_a_header(&token)?;
            Ok(Some(token))
        }
        (None, Some(file)) => {
            let token = from(&file, world)?;
            fits_a_header(&token)?;
            Ok(Some(token))
        }
        (None, None) => Ok(None),
    }
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

/// The token that pxctl would send: of the environment, of a context that is named, of the current one.
fn sent_by_pxctl(file: &PxContextsFileArg, manner: &Manner, world: &World) -> Result<Token, Error> {
    let variable = world.variable(VARIABLE)?.filter(|token| !token.is_empty());
    if let (Some(_), None) = (variable, &manner.context) {
        world.announce("Token", VARIABLE);
        let source: Source = format!("env:{VARIABLE}").parse().map_err(Error::usage)?;
        let origin = Origin::Environment { variable: VARIABLE.to_owned() };
        let bytes = source.read(&origin, world)?;
        let text = std::str::from_utf8(crate::secret::without_line_end(&bytes)).unwrap_or_default();
        return Ok(Token::new(text.to_owned()));
    }
    if variable.is_some() {
        world.warn(&format!("{VARIABLE} is set, and pxctl would send that one"));
    }
    let path = path(file, world)?;
    let contexts = load(&path)?.unwrap_or_default();
    let name = match (&manner.context, contexts.current()) {
        (Some(name), _) => name.clone(),
        (None, Some(current)) => current.to_owned(),
        (None, None) => {
            return Err(Error::usage("no token is given").hint(format!(
                "--token-file names it, `-` reads standard input; {VARIABLE} is not set and no context is current"
            )));
        }
    };
    let context = contexts.find(&name).map_err(|cause| unusable(&path, &cause))?;
    world.announce("Token", &format!("context {name} in {}", path.display()));
    context.token.ok_or_else(|| {
        Error::settings(format!("context `{name}` in {} has no token", path.display()))
            .hint(format!("`step-token px context create {name} --token-file FILE` gives it one"))
    })
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
    match text_of(path)? {
        None => Ok(None),
        Some(text) => Contexts::parse(&text).map(Some).map_err(|cause| unusable(path, &cause)),
    }
}

/// Reads the text of the file of contexts; `None` if there is none.
pub(super) fn text_of(path: &Path) -> Result<Option<zeroize::Zeroizing<String>>, Error> {
    let refused = |what: &str| Error::settings(format!("{} {what}", path.display()));
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            return Err(refused("is a directory, where pxctl keeps a file of contexts")
                .hint("--contextconfig names another file"));
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
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Some(zeroize::Zeroizing::new(text.to_owned()))),
        Err(_) => Err(refused("is not UTF-8")),
    }
}

/// Says why a file of contexts is of no use.
pub(super) fn unusable(path: &Path, cause: &ContextsError) -> Error {
    let error = Error::settings(format!("{}: {cause}", path.display()));
    match cause {
        ContextsError::Unknown { there, .. } if there.is_empty() => {
            error.hint("`step-token px context create NAME --token-file FILE` makes one")
        }
        ContextsError::Unknown { there, .. } => {
            error.hint(format!("there are {}", there.join(", ")))
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
