//! Where tokens are read from: a file, a variable, a context or the command line.

use clap::Args;
use openstorage_token::kubernetes::DataKey;
use token_cli::{
    Error, Given, MAX_SECRET, Offered, Origin, PATIENCE, Setting, Source, World,
    warn_if_others_can_read, without_line_end,
};
use token_jose::Token;
use token_text::{ReadError, ShownPath, ShownValue};

use crate::px::contexts_file::{self, PxContextsFileArg};
use crate::px::options::{OutputOptions, optional};
use crate::px::secret_member::{Member, SecretSource};
use crate::px::token_fault::TokenFault;
use crate::px::token_origin::TokenOrigin;

/// Where to read a token from.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct PxTokenArg {
    /// The token; `-` reads standard input (default: from --token-file, --context, standard input
    /// if it is a file or a pipe, PXCTL_AUTH_TOKEN or the current context, in this order)
    #[arg(value_name = "TOKEN")]
    pub(crate) token: Option<String>,

    #[command(flatten)]
    pub(crate) file: PxTokenFileArgs,

    #[command(flatten)]
    pub(crate) contexts: PxContextsFileArg,
}

/// Where a token is stored.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct PxTokenFileArgs {
    /// Read the token from a file, `-`, env:NAME, fd:N or cred:NAME; write k8s: before any of
    /// these if it is a Kubernetes Secret
    #[arg(long, value_name = "SOURCE")]
    pub(crate) token_file: Option<Given<SecretSource>>,

    /// Read this member of the Kubernetes Secret (default: auth-token)
    #[arg(long, value_name = "KEY")]
    pub(crate) token_key: Option<DataKey>,
}

/// The token of a context.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct PxStoredTokenArgs {
    /// Use this token; everyone who can list processes sees it, so prefer --token-file
    #[arg(long, short = 't', value_name = "TOKEN")]
    pub(crate) token: Option<Given<String>>,

    #[command(flatten)]
    pub(crate) file: PxTokenFileArgs,
}

/// A token, and where it was found.
pub(super) type FoundToken = (Token, TokenOrigin);

/// Reads the token to check: the one given, or else the one on standard input, unless another flag
/// reads that, or else the one that pxctl would send.
pub(super) fn read(
    args: &PxTokenArg,
    options: &OutputOptions,
    stdin_is_taken: bool,
    world: &World,
) -> Result<FoundToken, Error> {
    let file = file(&args.file)?;
    if args.token.as_deref() == Some("") {
        return Err(Error::usage("the token is empty")
            .hint("check the variable it comes from, or use `-` to read standard input"));
    }
    if let (true, Some(_)) = (args.token.is_some() || file.is_some(), &options.context) {
        return Err(Error::usage("--context has no effect when a token is given")
            .hint("use only one of them"));
    }
    match (args.token.as_deref(), file) {
        (Some(_), Some(_)) => {
            Err(Error::usage("both a token and --token-file are given")
                .hint("use only one of them"))
        }
        (Some("-"), None) => {
            let source = standard_input();
            let token = from(&source, &DataKey::auth_token(), world)?;
            Ok((token, TokenOrigin::Source(source.value)))
        }
        // A token is no file's name, but a file's name may have dots as a token has.
        (Some(token), None) if is_file(token) => {
            let shown = ShownValue(token);
            Err(Error::usage(format!("{shown} is a file; expected a token"))
                .hint(format!("use --token-file {shown}")))
        }
        (Some(token), None) => {
            world.warn("everyone who can list processes sees a token on the command line; use `-` to read it from standard input");
            Ok((Token::new(token.to_owned()), TokenOrigin::Argument))
        }
        (None, Some((source, key))) => {
            let token = from(&source, &key, world)?;
            Ok((token, TokenOrigin::Source(source.value)))
        }
        (None, None) => {
            let offered = match stdin_is_taken || options.context.is_some() {
                true => None,
                false => offered(world)?,
            };
            match offered {
                Some(found) => Ok(found),
                None => sent_by_pxctl(&args.contexts, options, world),
            }
        }
    }
}

/// Returns whether a word names a file, a FIFO or standard input.
fn is_file(word: &str) -> bool {
    std::fs::metadata(word).is_ok_and(|found| !found.is_dir())
}

/// Standard input as the source of a token.
fn standard_input() -> Setting<SecretSource> {
    Setting::new(Source::Stdin.into(), Origin::CommandLine { flag: "token-file" })
}

/// Reads the token that somebody piped in without naming standard input, if there is one.
fn offered(world: &World) -> Result<Option<FoundToken>, Error> {
    let offered = world.read_offered(MAX_SECRET).map_err(|cause| match cause {
        ReadError::TooLong { limit } => {
            Error::settings(format!("standard input is larger than {} KiB", limit >> 10)).hint(
                "use --context NAME or `< /dev/null` for a context's token: a pipe's content is the token",
            )
        }
        cause => Error::settings("cannot read standard input").because(cause),
    })?;
    match offered {
        Offered::Nothing => Ok(None),
        Offered::Empty => {
            world.warn(
                "standard input has nothing in it, so the token that pxctl would send is used",
            );
            Ok(None)
        }
        Offered::Unfinished => {
            let seconds = PATIENCE.as_secs();
            Err(Error::usage(format!(
                "no token given, and standard input is a pipe that did not end within {seconds} seconds"
            ))
            .hint("use `-` to wait for the token on standard input")
            .hint("use `< /dev/null` for the token of PXCTL_AUTH_TOKEN or of the current context"))
        }
        Offered::Bytes(bytes) => {
            let Setting { value: source, origin } = standard_input();
            world.announce("Token", &source.to_string());
            let key = DataKey::auth_token();
            let bytes = source.secret_in(&bytes, &key, Member::Token, &origin, world)?;
            let token = token_of(&bytes, &source, &origin)?;
            Ok(Some((token, TokenOrigin::Source(source))))
        }
    }
}

/// Returns where a token is stored, and which member if that is a Kubernetes Secret.
fn file(args: &PxTokenFileArgs) -> Result<Option<(Setting<SecretSource>, DataKey)>, Error> {
    let source = optional("token-file", args.token_file.as_ref())?;
    let is_kubernetes = source.as_ref().is_some_and(|source| source.value.is_kubernetes());
    if args.token_key.is_some() && !is_kubernetes {
        return Err(Error::usage(
            "--token-key names a member of a Kubernetes Secret, but no Secret is read",
        )
        .hint("use --token-file k8s:FILE, or leave out --token-key"));
    }
    let key = args.token_key.clone().unwrap_or_else(DataKey::auth_token);
    Ok(source.map(|source| (source, key)))
}

/// Reads a token; one line end after it is dropped.
pub(super) fn from(
    source: &Setting<SecretSource>,
    key: &DataKey,
    world: &World,
) -> Result<Token, Error> {
    let bytes = source.value.read(key, Member::Token, &source.origin, world)?;
    token_of(&bytes, &source.value, &source.origin)
}

fn token_of(bytes: &[u8], source: &SecretSource, origin: &Origin) -> Result<Token, Error> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Error::settings(format!("the token in {source} ({origin}) is not UTF-8")))?;
    Ok(Token::new(text.to_owned()))
}

/// Reads the token of a context's flags, if one is given.
pub(super) fn of_flags(args: &PxStoredTokenArgs, world: &World) -> Result<Option<Token>, Error> {
    let typed = optional("token", args.token.as_ref())?;
    let token = match (typed, file(&args.file)?) {
        (Some(_), Some(_)) => {
            return Err(Error::usage("both --token and --token-file are given")
                .hint("leave out --token, which everyone who can list processes sees"));
        }
        (Some(typed), None) if typed.value == "-" => {
            return Err(Error::usage("--token takes the token itself, not `-`")
                .hint("use --token-file - to read standard input"));
        }
        (Some(typed), None) => {
            world.warn(
                "--token shows the token to everyone who can list processes; use --token-file instead",
            );
            Token::new(typed.value)
        }
        (None, Some((source, key))) => from(&source, &key, world)?,
        (None, None) => return Ok(None),
    };
    fits_a_header(&token)?;
    Ok(Some(token))
}

/// Refuses a token that no header can carry (RFC 9110 §5.5).
pub(super) fn fits_a_header(token: &Token) -> Result<(), Error> {
    if token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(Error::settings(
            "the token contains a blank or another character that no header can carry",
        )
        .hint("copy the token as it was printed: three base64url parts separated by dots"))
    }
}

/// Warns if a token that is stored or chosen cannot be used.
pub(super) fn warn_of(token: Option<&Token>, world: &World) {
    if let Some(fault) = token.and_then(|token| TokenFault::of(token, world.now())) {
        world.warn(&format!("the token {fault}"));
    }
}

/// The token that pxctl would send: from the environment, the named context or the current one.
fn sent_by_pxctl(
    file: &PxContextsFileArg,
    options: &OutputOptions,
    world: &World,
) -> Result<FoundToken, Error> {
    let variable = world.variable(VARIABLE)?.filter(|token| !token.is_empty());
    if let (Some(_), None) = (variable, &options.context) {
        world.announce("Token", VARIABLE);
        let origin = Origin::Environment { variable: VARIABLE.to_owned() };
        let source = Source::Variable(VARIABLE.to_owned());
        let bytes = source.read(&origin, world)?;
        let text = std::str::from_utf8(without_line_end(&bytes)).unwrap_or_default();
        return Ok((Token::new(text.to_owned()), TokenOrigin::Source(source.into())));
    }
    if variable.is_some() {
        world.warn(&format!("{VARIABLE} is set, and pxctl would send that token"));
    }
    let path = contexts_file::path(file, world)?;
    let contexts = contexts_file::load(&path)?.unwrap_or_default();
    warn_if_others_can_read(&path, world);
    let name = match (&options.context, contexts.current()) {
        (Some(name), _) => name.clone(),
        (None, Some(current)) => current.to_owned(),
        (None, None) => {
            return Err(Error::usage("no token given").hint(format!(
                "use --token-file, or `-` for standard input; {VARIABLE} is not set, and no context is current"
            )));
        }
    };
    let is_current = options.context.is_none();
    let context = contexts.find(&name).map_err(|cause| match is_current {
        false => contexts_file::unusable(&path, &cause),
        true => Error::settings(format!(
            "the current context `{}` is not in {}",
            ShownValue(&name),
            ShownPath(&path)
        ))
        .hint("run `step-token px context set NAME` to choose another one"),
    })?;
    let token = context.token.ok_or_else(|| {
        Error::settings(format!(
            "context `{}` in {} has no token",
            ShownValue(&name),
            ShownPath(&path)
        ))
        .hint(format!(
            "run `step-token px context create {} --token-file FILE` to add one",
            ShownValue(&name)
        ))
    })?;
    world.announce("Token", &format!("context {} in {}", ShownValue(&name), ShownPath(&path)));
    Ok((token, TokenOrigin::Context(name)))
}

/// Where pxctl looks for a token first.
const VARIABLE: &str = "PXCTL_AUTH_TOKEN";
