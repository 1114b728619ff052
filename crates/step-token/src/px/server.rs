//! The server that a token is checked for: its issuer, its keys and its roles.

use std::path::{Path, PathBuf};

use clap::Args;
use openstorage_token::{
    Generation, Role, Server, ServerConfig, ServerKey, ServerKeyError, UsernameClaim, Warning,
};
use token_cli::{
    Error, Given, Origin, Setting, Source, Stream, Switch, World, empty_flag, one_reader_of_each,
};

use crate::mint::key::refuse_key_store;
use crate::px::options::{ISSUER_HINT, optional};
use crate::px::secret_member::SecretSource;
use crate::px::shared_secret::{PxSharedSecretArgs, SharedSecretSettings};

/// How the server is set up.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct PxServerArgs {
    /// Read the server's settings from this YAML file; flags override it
    #[arg(long, value_name = "FILE")]
    pub(crate) server_config: Option<Given<Source>>,

    /// Set the issuer that the server trusts
    #[arg(long, value_name = "NAME", alias = "jwt-issuer")]
    pub(crate) issuer: Option<Given<String>>,

    /// Read the server's RSA public key from PEM: a public key or a certificate
    #[arg(long, value_name = "SOURCE", alias = "jwt-rsa-pubkey-file")]
    pub(crate) rsa_public_keyfile: Option<Given<Source>>,

    /// Read the server's EC public key from PEM: a public key or a certificate
    #[arg(long, value_name = "SOURCE", alias = "jwt-ecds-pubkey-file")]
    pub(crate) ecdsa_public_keyfile: Option<Given<Source>>,

    /// Take the user's unique ID from this claim: sub, email or name (default: sub)
    #[arg(long, value_name = "CLAIM")]
    pub(crate) username_claim: Option<UsernameClaim>,

    /// Check like an older server (jwt-go 3): accept the second of `exp`, ignore non-numeric times
    #[arg(long)]
    pub(crate) older_server: Option<Switch>,
}

/// A server, the roles it has besides the built-in ones, and a warning about its secret.
pub(super) struct ServerSettings {
    pub(super) server: Server,
    pub(super) roles: Vec<Role>,
    pub(super) secret_warning: Option<Warning>,
    /// Whether a flag has read standard input, so that no token can be there.
    pub(super) stdin_is_taken: bool,
}

/// Reads the server's settings: flags outrank the file of `--server-config`. `readers` are the other
/// flags that may read a stream.
pub(super) fn read(
    flags: &PxServerArgs,
    secret: &PxSharedSecretArgs,
    mut readers: Vec<(String, Option<Stream>)>,
    world: &World,
) -> Result<ServerSettings, Error> {
    let of_key = |key: &Setting<Source>| (key.origin.to_string(), key.value.stream());
    readers.extend(optional("server-config", flags.server_config.as_ref())?.as_ref().map(of_key));
    one_reader_of_each(&readers)?;

    let file = ConfigFile::read(flags.server_config.as_ref(), world)?;
    let mut server = Server::new(issuer(flags, &file)?);
    let secret = shared_secret(secret, &file)?;
    let key = |flag: &'static str, given: &Option<Given<Source>>, member: &Option<String>| {
        match optional(flag, given.as_ref())? {
            Some(given) => refuse_key_store(&given).map(|()| Some(given)),
            None => member.as_ref().map(|member| file.source(flag, member)).transpose(),
        }
    };
    let config = &file.config;
    let rsa = key("rsa-public-keyfile", &flags.rsa_public_keyfile, &config.rsa_public_keyfile)?;
    let ec =
        key("ecdsa-public-keyfile", &flags.ecdsa_public_keyfile, &config.ecdsa_public_keyfile)?;
    if secret.is_none() && rsa.is_none() && ec.is_none() {
        return Err(Error::usage("the server's key is not given").hint(
            "use --shared-secret-file, --rsa-public-keyfile or --ecdsa-public-keyfile with the server's key",
        ));
    }
    readers.extend(secret.as_ref().map(|secret| (secret.origin().to_string(), secret.stream())));
    readers.extend([&rsa, &ec].into_iter().flatten().map(of_key));
    one_reader_of_each(&readers)?;
    let stdin_is_taken = readers.iter().any(|(_, stream)| *stream == Some(Stream::Stdin));

    let mut secret_warning = None;
    if let Some(secret) = secret {
        let secret = secret.read_quietly(world)?;
        secret_warning = Warning::of_secret(secret.expose());
        server.shared_secret = Some(secret);
    }
    server.rsa = rsa.map(|key| public_key(&key, ServerKey::rsa, world)).transpose()?;
    server.ec = ec.map(|key| public_key(&key, ServerKey::ec, world)).transpose()?;
    server.username = flags.username_claim.or(config.username_claim).unwrap_or_default();
    let older = flags.older_server.map(|older| older.0).or(config.older_server);
    if older == Some(true) {
        server.generation = Generation::Older;
    }
    Ok(ServerSettings { server, roles: file.config.roles, secret_warning, stdin_is_taken })
}

fn issuer(flags: &PxServerArgs, file: &ConfigFile) -> Result<String, Error> {
    let issuer = match &flags.issuer {
        Some(Given::Value(issuer)) => Some(issuer),
        Some(Given::Empty) => return Err(empty_flag("issuer")),
        None => file.config.issuer.as_ref(),
    };
    issuer
        .filter(|issuer| !issuer.is_empty())
        .cloned()
        .ok_or_else(|| Error::usage("the server's issuer is not given").hint(ISSUER_HINT))
}

/// Settles where the server's shared secret is, if it has one.
fn shared_secret(
    args: &PxSharedSecretArgs,
    file: &ConfigFile,
) -> Result<Option<SharedSecretSettings>, Error> {
    let flag = "shared-secret-file";
    let typed = args.shared_secret.as_ref().and_then(|it| it.setting("shared-secret"));
    let mut source = optional(flag, args.shared_secret_file.as_ref())?;
    if let (None, None, Some(member)) = (&typed, &source, &file.config.shared_secret_file) {
        source = Some(file.secret_source(flag, member)?);
    }
    SharedSecretSettings::settle_from(source, typed, args.secret_key.as_ref())
}

/// The file of `--server-config`.
struct ConfigFile {
    config: ServerConfig,
    /// What messages call the file.
    path: PathBuf,
    /// Where its relative paths start.
    directory: PathBuf,
}

impl ConfigFile {
    /// Reads the file; without one nothing is configured.
    fn read(source: Option<&Given<Source>>, world: &World) -> Result<Self, Error> {
        let unnamed = || PathBuf::from("the server's configuration");
        let Some(source) = optional("server-config", source)? else {
            let config = ServerConfig::default();
            return Ok(Self { config, path: unnamed(), directory: PathBuf::new() });
        };
        let text = source.value.read_text(&source.origin, world)?;
        let config = ServerConfig::parse(&text).map_err(|cause| {
            Error::settings(format!("{} ({}): {cause}", source.value, source.origin))
        })?;
        let (path, directory) = match source.value {
            Source::Path(path) => {
                let directory = path.parent().map(Path::to_owned).unwrap_or_default();
                (path, directory)
            }
            _ => (unnamed(), PathBuf::new()),
        };
        Ok(Self { config, path, directory })
    }

    fn origin(&self, key: &str) -> Origin {
        Origin::Defaults { file: self.path.clone(), key: key.to_owned() }
    }

    fn wrong(&self, key: &str, why: &str) -> Error {
        Error::settings(format!("{}: {why}", self.origin(key)))
    }

    /// Reads a member that names the file of a key.
    fn source(&self, key: &str, text: &str) -> Result<Setting<Source>, Error> {
        let source: Source = text.parse().map_err(|why: String| self.wrong(key, &why))?;
        if source == Source::Stdin {
            return Err(self.wrong(key, "a configuration file cannot name standard input"));
        }
        let setting = Setting::new(source, self.origin(key));
        refuse_key_store(&setting)?;
        Ok(setting.map(|source| source.beside(&self.directory)))
    }

    /// Reads a member that names the source of a secret.
    fn secret_source(&self, key: &str, text: &str) -> Result<Setting<SecretSource>, Error> {
        let source: SecretSource = text.parse().map_err(|why: String| self.wrong(key, &why))?;
        if source.stream() == Some(Stream::Stdin) {
            return Err(self.wrong(key, "a configuration file cannot name standard input"));
        }
        Ok(Setting::new(source.beside(&self.directory), self.origin(key)))
    }
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
                Some("run `openssl pkey -in FILE -pubout` to write the public key".to_owned())
            }
            ServerKeyError::NoKey { label } if label == "RSA PUBLIC KEY" => Some(
                "run `openssl rsa -RSAPublicKey_in -in FILE -pubout` to convert it: no server reads PKCS#1"
                    .to_owned(),
            ),
            _ => None,
        };
        Error::key(format!("{} ({}) {cause}", setting.value, setting.origin)).hints(hint)
    })
}
