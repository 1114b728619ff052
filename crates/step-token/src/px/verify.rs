//! `px verify`: what a server would say about a token, check by check.

use clap::Args;
use openstorage_token::{Conditions, Lifetime, TokenAlgorithm, Warning, judge};
use token_cli::{Error, Exit, Stream, Switch, World, output};
use token_time::{Timestamp, When};

use crate::cli::help;
use crate::px::options::OutputOptions;
use crate::px::report::Report;
use crate::px::rights::{self, PxRightsArgs, Questions};
use crate::px::server::{self, PxServerArgs, ServerSettings};
use crate::px::shared_secret::PxSharedSecretArgs;
use crate::px::stored::{self, PxTokenArg};

/// `px verify`.
#[derive(Clone, Debug, Args)]
#[command(after_help = help::with_examples(VERIFY_EXAMPLES))]
pub(crate) struct PxVerifyArgs {
    #[command(flatten)]
    pub(crate) token: PxTokenArg,

    #[command(flatten)]
    pub(crate) server: PxServerArgs,

    #[command(flatten)]
    pub(crate) secret: PxSharedSecretArgs,

    #[command(flatten)]
    pub(crate) rights: PxRightsArgs,

    /// Check as of this time: RFC 3339, or a duration from now (default: now)
    #[arg(long, value_name = "TIME|DURATION", help_heading = "Checks")]
    pub(crate) at: Option<When>,

    /// Allow the clocks to differ by this much; a server allows nothing (default: 0s)
    #[arg(long, value_name = "DURATION", help_heading = "Checks")]
    pub(crate) leeway: Option<Lifetime>,

    /// Accept only this algorithm
    #[arg(long, value_name = "ALG", help_heading = "Checks")]
    pub(crate) alg: Option<TokenAlgorithm>,

    /// Also refuse what a server accepts but should not
    #[arg(long, help_heading = "Checks")]
    pub(crate) strict: Option<Switch>,
}

/// Checks a token, and says what its holder may do.
pub(super) fn run(
    args: &PxVerifyArgs,
    options: &OutputOptions,
    world: &World,
) -> Result<Exit, Error> {
    rights::refuse_unknown(&args.rights, world)?;
    let ServerSettings { server, roles, secret_warning, stdin_is_taken } =
        server::read(&args.server, &args.secret, readers(args), world)?;
    let questions = Questions::read(&args.rights, roles, server.generation, world)?;
    let conditions = Conditions {
        now: at(args.at, world)?.unix_seconds(),
        leeway: args.leeway.unwrap_or(Lifetime::ZERO),
        algorithm: args.alg,
    };
    let (token, token_origin) = stored::read(&args.token, options, stdin_is_taken, world)?;

    let verdict = judge(token.expose(), &server, &conditions);
    let report = Report {
        token_origin,
        strict: Switch::is_on(args.strict),
        answers: verdict.identity.as_ref().map(|identity| questions.answer(identity)),
        warnings: secret_warning
            .into_iter()
            .chain(verdict.identity.iter().flat_map(Warning::of_identity))
            .collect(),
        asked: questions.is_any(),
        verdict,
    };
    match options.json {
        true => options.print(&report.object(), world)?,
        false => output::report(&report.text(), world)?,
    }
    Ok(if report.is_yes() { Exit::Done } else { Exit::No })
}

/// The flags beside the server's that may read a stream.
fn readers(args: &PxVerifyArgs) -> Vec<(String, Option<Stream>)> {
    let token = args.token.token.as_deref().filter(|token| *token == "-");
    let file = args.token.file.token_file.as_ref().and_then(|it| it.setting("token-file"));
    let roles = args.rights.role_files.role_config.iter();
    [("TOKEN".to_owned(), token.map(|_| Stream::Stdin))]
        .into_iter()
        .chain(file.map(|file| (file.origin.to_string(), file.value.stream())))
        .chain(roles.map(|role| ("--role-config".to_owned(), role.stream())))
        .collect()
}

/// Returns the time at which the token is checked.
fn at(at: Option<When>, world: &World) -> Result<Timestamp, Error> {
    let Some(at) = at else { return Ok(world.now()) };
    at.resolve(world.now())
        .map_err(|cause| Error::usage("the time is out of range (--at)").because(cause))
}

const VERIFY_EXAMPLES: &str = "\
Examples:
  step-token px verify --token-file token --issuer my_issuer --shared-secret-file secret
  step-token px verify - --server-config server.yaml --can volume/create < token
  step-token px verify --context admin --server-config server.yaml --at 24h";
