//! `px verify`: what a server would say of a token, check by check.

use std::path::{Path, PathBuf};

use openstorage_token::{
    Advice, Conditions, Fault, Finding, Generation, Identity, Laxness, Lifetime, Outcome, Role,
    Server, ServerConfig, ServerKey, ServerKeyError, Verdict, judge,
};
use serde::Serialize;
use token_text::printable;
use token_time::{Timestamp, When};

use super::key::SecretWish;
use super::rights::{Answers, CanObject, OwnershipObject, Questions};
use super::{Manner, empty, given, is_stdin, named, one_reader_of_stdin, stored, way_out};
use crate::args::{Given, PxVerifyArgs};
use crate::origin::{Origin, Setting};
use crate::secret::Source;
use crate::secret_member::SecretSource;
use crate::{Error, Exit, World, emit};

/// Judges a token, and answers what its holder may do.
pub(super) fn run(args: &PxVerifyArgs, manner: &Manner, world: &World) -> Result<Exit, Error> {
    readers(args)?;
    let (server, roles, secret) = server(args, world)?;
    let questions = Questions::read(&args.rights, roles, server.generation, world)?;
    let conditions = Conditions {
        now: at(args.at, world)?.unix_seconds(),
        leeway: args.leeway.unwrap_or(Lifetime::ZERO),
        algorithm: args.alg,
    };
    let token = stored::read(&args.token, manner, world)?;

    let verdict = judge(token.expose(), &server, &conditions);
    let report = Report {
        strict: args.strict.unwrap_or_default().0,
        answers: verdict.identity.as_ref().map(|identity| questions.answer(identity)),
        advice: secret
            .into_iter()
            .chain(verdict.identity.iter().flat_map(Advice::of_identity))
            .collect(),
        asked: questions.is_any(),
        verdict,
    };
    match manner.json {
        true => manner.print(&report.object(), world)?,
        false => emit::stdout(report.text().as_bytes(), world)?,
    }
    Ok(if report.is_yes() { Exit::Done } else { Exit::No })
}

fn readers(args: &PxVerifyArgs) -> Result<(), Error> {
    let secret = given("shared-secret-file", args.secret.shared_secret_file.as_ref());
    let token = given("token-file", args.token.file.token_file.as_ref());
    one_reader_of_stdin(&[
        ("TOKEN", args.token.token.as_deref() == Some("-")),
        ("--token-file", token.is_some_and(|token| token.value.is_stdin())),
        ("--shared-secret-file", secret.is_some_and(|secret| secret.value.is_stdin())),
        ("--server-config", is_stdin(&args.server.server_config)),
        ("--rsa-public-keyfile", is_stdin(&args.server.rsa_public_keyfile)),
        ("--ecdsa-public-keyfile", is_stdin(&args.server.ecdsa_public_keyfile)),
        ("--role-config", args.rights.role_config.contains(&Source::Stdin)),
        (
            "--role-config",
            args.rights.role_config.iter().filter(|source| **source == Source::Stdin).count() > 1,
        ),
    ])
}

/// Returns the time the token is judged at.
fn at(at: Option<When>, world: &World) -> Result<Timestamp, Error> {
    let Some(at) = at else { return Ok(world.now()) };
    at.resolve(world.now())
        .map_err(|cause| Error::usage("there is no such time (--at)").because(cause))
}

/// Returns how the server is set up, its own roles, and what there is to say of its secret.
fn server(
    args: &PxVerifyArgs,
    world: &World,
) -> Result<(Server, Vec<Role>, Option<Advice>), Error> {
    let flags = &args.server;
    let (config, directory) = config(flags.server_config.as_ref(), world)?;
    let issuer = match &flags.issuer {
        Some(Given::Value(issuer)) => Some(issuer.clone()),
        Some(Given::Empty) => return Err(empty("issuer")),
        None => config.issuer,
    };
    let issuer = issuer.filter(|issuer| !issuer.is_empty()).ok_or_else(|| {
        Error::usage("the server's issuer is not given")
            .hint("--issuer is what it has in PORTWORX_AUTH_JWT_ISSUER or --jwt-issuer; `openstorage.io` unless it was set")
    })?;
    let mut server = Server::new(issuer);
    let file = flags.server_config.as_ref().and_then(|file| match file {
        Given::Value(Source::Path(path)) => Some(path.clone()),
        _ => None,
    });
    let origin = |key: &str| Origin::Defaults {
        file: file.clone().unwrap_or_else(|| PathBuf::from("the server's configuration")),
        key: key.to_owned(),
    };
    let wrong = |key: &str, why: &str| Error::settings(format!("{}: {why}", origin(key)));

    // A flag outranks the file, whose paths begin beside it.
    let beside = |flag: Option<Setting<Source>>, text: Option<String>, key: &str| match (flag, text)
    {
        (Some(flag), _) => Ok(Some(flag)),
        (None, None) => Ok(None),
        (None, Some(text)) => {
            let source: Source = text.parse().map_err(|why: String| wrong(key, &why))?;
            if source == Source::Stdin {
                return Err(wrong(key, "standard input is not read from there"));
            }
            Ok(Some(Setting::new(source.beside(&directory), origin(key))))
        }
    };
    let typed = given("shared-secret", args.secret.shared_secret.as_ref());
    let mut secret_file = named("shared-secret-file", args.secret.shared_secret_file.as_ref())?;
    if let (None, None, Some(text)) = (&typed, &secret_file, &config.shared_secret_file) {
        let key = "shared-secret-file";
        let source: SecretSource = text.parse().map_err(|why: String| wrong(key, &why))?;
        if source.is_stdin() {
            return Err(wrong(key, "standard input is not read from there"));
        }
        secret_file = Some(Setting::new(source.beside(&directory), origin(key)));
    }
    let wish = SecretWish::settle_from(secret_file, typed, args.secret.secret_key.as_ref())?;
    let mut advice = None;
    if let Some(wish) = wish {
        let secret = wish.read_quietly(world)?;
        advice = Advice::of_secret(secret.expose());
        server.shared_secret = Some(secret);
    }
    let rsa = named("rsa-public-keyfile", flags.rsa_public_keyfile.as_ref())?;
    if let Some(rsa) = beside(rsa, config.rsa_public_keyfile, "rsa-public-keyfile")? {
        server.rsa = Some(public_key(&rsa, ServerKey::rsa, world)?);
    }
    let ec = named("ecdsa-public-keyfile", flags.ecdsa_public_keyfile.as_ref())?;
    if let Some(ec) = beside(ec, config.ecdsa_public_keyfile, "ecdsa-public-keyfile")? {
        server.ec = Some(public_key(&ec, ServerKey::ec, world)?);
    }
    if server.shared_secret.is_none() && server.rsa.is_none() && server.ec.is_none() {
        return Err(Error::usage("the server has no key, so it would not even start").hint(
            "--shared-secret-file, --rsa-public-keyfile or --ecdsa-public-keyfile names what it has",
        ));
    }
    server.username = flags.username_claim.or(config.username_claim).unwrap_or_default();
    let older = flags.older_server.map(|older| older.0).or(config.older_server);
    if older == Some(true) {
        server.generation = Generation::Older;
    }
    Ok((server, config.roles, advice))
}

/// Reads the server's configuration, and returns the directory its paths begin in.
fn config(source: Option<&Given<Source>>, world: &World) -> Result<(ServerConfig, PathBuf), Error> {
    let Some(source) = named("server-config", source)? else {
        return Ok((ServerConfig::default(), PathBuf::new()));
    };
    let text = source.value.read_text(&source.origin, world)?;
    let config = ServerConfig::parse(&text).map_err(|cause| {
        Error::settings(format!("{} ({}): {cause}", source.value, source.origin))
    })?;
    let directory = match &source.value {
        Source::Path(path) => path.parent().map(Path::to_owned).unwrap_or_default(),
        _ => PathBuf::new(),
    };
    Ok((config, directory))
}

fn public_key(
    setting: &Setting<Source>,
    read: fn(&[u8]) -> Result<ServerKey, ServerKeyError>,
    world: &World,
) -> Result<ServerKey, Error> {
    let bytes = setting.value.read_public(&setting.origin, world)?;
    read(&bytes).map_err(|cause| {
        let hint = match &cause {
            ServerKeyError::Private => {
                Some("`openssl pkey -pubout` writes the public half of a key".to_owned())
            }
            ServerKeyError::NoKey { label } if label == "RSA PUBLIC KEY" => Some(
                "a server does not read PKCS#1; `openssl rsa -RSAPublicKey_in -pubout` converts it"
                    .to_owned(),
            ),
            _ => None,
        };
        Error::key(format!("{} ({}) {cause}", setting.value, setting.origin)).hints(hint)
    })
}

/// Everything there is to say.
struct Report {
    verdict: Verdict,
    strict: bool,
    advice: Vec<Advice>,
    answers: Option<Answers>,
    /// Whether a question was asked about what the holder may do.
    asked: bool,
}

impl Report {
    fn is_accepted(&self) -> bool {
        let accepted = self.verdict.fault().is_none() && self.other_algorithm().is_none();
        accepted && (!self.strict || self.verdict.laxness.is_empty())
    }

    /// Returns the algorithm that --alg asked for, if the token has another one.
    fn other_algorithm(&self) -> Option<&Laxness> {
        self.verdict.laxness.iter().find(|it| matches!(it, Laxness::Algorithm { .. }))
    }

    fn is_yes(&self) -> bool {
        self.is_accepted() && self.answers.as_ref().is_none_or(Answers::all_yes)
    }

    fn text(&self) -> String {
        let mut lines = Vec::new();
        for Finding { rule, outcome } in &self.verdict.findings {
            let (mark, what) = match outcome {
                Outcome::Holds(seen) => ("ok", seen.to_string()),
                Outcome::Fails(fault) => ("FAIL", fault.to_string()),
                _ => ("-", "not reached".to_owned()),
            };
            lines.push(format!("{mark:<5} {:<10} {}", rule.as_str(), printable(&what)));
            if let Outcome::Fails(fault) = outcome {
                lines.push(format!(
                    "      try: {}",
                    printable(&way_out::of(fault, &self.verdict.laxness))
                ));
            }
        }
        for laxness in &self.verdict.laxness {
            let is_asked_for = matches!(laxness, Laxness::Algorithm { .. });
            let mark = if self.strict || is_asked_for { "FAIL" } else { "warn" };
            lines.push(format!("{mark:<5} {:<10} {}", "lax", printable(&laxness.to_string())));
        }
        for advice in &self.advice {
            lines.push(format!(
                "{:<5} {:<10} {}",
                "warn",
                "advice",
                printable(&advice.to_string())
            ));
        }
        if !self.is_accepted() && self.asked {
            lines.push(format!("{:<5} {:<10} not asked: the token is refused", "-", "may do"));
        }
        if let Some(answers) = self.answers.as_ref().filter(|_| self.is_accepted()) {
            for line in answers.lines() {
                let mark = if line.yes { "ok" } else { "FAIL" };
                let (what, why) = (printable(&line.what), printable(&line.why));
                lines.push(format!("{mark:<5} {what} -- {why}"));
            }
        }
        lines.push(self.conclusion());
        lines.join("\n") + "\n"
    }

    fn conclusion(&self) -> String {
        let answer = self.verdict.answer;
        match (self.verdict.fault(), answer.http_status()) {
            (Some((_, Fault::Null)), _) => {
                "refused: a server would crash, and answer nobody".to_owned()
            }
            (Some((rule, fault)), Some(status)) => format!(
                "refused: the server answers {} (HTTP {status}) for {}: {}",
                answer.grpc_code(),
                rule.as_str(),
                printable(&fault.to_string())
            ),
            _ if self.other_algorithm().is_some() => {
                "refused: a server would accept it, and --alg does not".to_owned()
            }
            _ if !self.is_accepted() => {
                "refused: a server would accept it, and --strict does not".to_owned()
            }
            _ if !self.is_yes() => {
                "accepted, but the server answers PermissionDenied (HTTP 403) to what was asked"
                    .to_owned()
            }
            _ => {
                let identity = self.verdict.identity.as_ref();
                let name = identity.map(|identity| identity.username.clone()).unwrap_or_default();
                let roles = identity.map(|identity| identity.roles.join(", ")).unwrap_or_default();
                let roles =
                    if roles.is_empty() { "no role".to_owned() } else { format!("roles {roles}") };
                format!(
                    "accepted: the server takes the holder for {} with {}",
                    printable(&name),
                    printable(&roles)
                )
            }
        }
    }

    fn object(&self) -> Object<'_> {
        let (can, ownership) = match &self.answers {
            Some(answers) if self.is_accepted() => answers.objects(),
            _ => (Vec::new(), None),
        };
        let checks = self.verdict.findings.iter().map(|Finding { rule, outcome }| {
            let (result, message, hint) = match outcome {
                Outcome::Holds(seen) => ("ok", Some(seen.to_string()), None),
                Outcome::Fails(fault) => (
                    "fail",
                    Some(fault.to_string()),
                    Some(way_out::of(fault, &self.verdict.laxness)),
                ),
                _ => ("skip", None, None),
            };
            Check { check: rule.as_str(), result, message, hint }
        });
        Object {
            ok: self.is_yes(),
            accepted: self.is_accepted(),
            answer: self.verdict.answer.grpc_code(),
            http_status: self.verdict.answer.http_status(),
            checks: checks.collect(),
            lax: self.verdict.laxness.iter().map(Laxness::to_string).collect(),
            advice: self.advice.iter().map(ToString::to_string).collect(),
            identity: self.verdict.identity.as_ref().map(IdentityObject::of),
            can,
            ownership,
        }
    }
}

/// The object that `--json` prints; docs/openstorage.md lists its members.
#[derive(Serialize)]
struct Object<'a> {
    ok: bool,
    accepted: bool,
    answer: &'static str,
    #[serde(rename = "httpStatus", skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    checks: Vec<Check>,
    lax: Vec<String>,
    advice: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<IdentityObject<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    can: Vec<CanObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ownership: Option<OwnershipObject>,
}

#[derive(Serialize)]
struct Check {
    check: &'static str,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

/// Who the token says it is.
#[derive(Serialize)]
pub(super) struct IdentityObject<'a> {
    username: &'a str,
    issuer: &'a str,
    subject: &'a str,
    name: &'a str,
    email: &'a str,
    roles: &'a [String],
    groups: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
}

impl<'a> IdentityObject<'a> {
    fn of(identity: &'a Identity) -> Self {
        let text = |seconds| Timestamp::from_unix_seconds(seconds).to_string();
        Self {
            username: &identity.username,
            issuer: &identity.issuer,
            subject: &identity.subject,
            name: &identity.name,
            email: &identity.email,
            roles: &identity.roles,
            groups: &identity.groups,
            expires: identity.expires.second().map(text),
        }
    }
}
