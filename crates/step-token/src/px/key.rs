//! What signs a token: a shared secret, or one private key.

use clap::Args;
use openstorage_token::{Claims, Mint, TokenAlgorithm};
use token_cli::{Error, Given, Origin, Setting, Source, Stream, World, one_reader_of_each};
use token_jose::{
    Algorithm, KeyFile, KeyKind, MacAlgorithm, MacKey, PrivateKey, SigningKey as _, Token,
};

use crate::mint::key::{NamedKey, Password, refuse_key_store};
use crate::px::options::optional;
use crate::px::shared_secret::{PxSharedSecretArgs, SharedSecretSettings};

/// The key that signs.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Private key")]
pub(crate) struct PxPrivateKeyArgs {
    /// Sign with this RSA key (RS256): a file, `-`, env:NAME, fd:N or cred:NAME
    #[arg(long, value_name = "SOURCE")]
    pub(crate) rsa_private_keyfile: Option<Given<Source>>,

    /// Sign with this EC key (ES256): a file, `-`, env:NAME, fd:N or cred:NAME
    #[arg(long, value_name = "SOURCE")]
    pub(crate) ecdsa_private_keyfile: Option<Given<Source>>,

    /// Read the password of an encrypted key from here
    #[arg(long, value_name = "SOURCE")]
    pub(crate) password_file: Option<Given<Source>>,

    /// Use another algorithm of the key's family: HS384, HS512, RS384, RS512, ES384, ES512
    #[arg(long, value_name = "ALG")]
    pub(crate) alg: Option<TokenAlgorithm>,
}

/// An opened key of either family.
pub(super) enum OpenKey {
    Shared(Box<Mint<MacKey>>),
    Pair(Box<Mint<PrivateKey>>),
}

impl OpenKey {
    pub(super) fn alg(&self) -> &'static str {
        match self {
            Self::Shared(mint) => mint.alg(),
            Self::Pair(mint) => mint.alg(),
        }
    }

    pub(super) fn token(&self, claims: &Claims) -> Result<Token, Error> {
        match self {
            Self::Shared(mint) => mint.token(claims),
            Self::Pair(mint) => mint.token(claims),
        }
        .map_err(|cause| Error::key("cannot sign the token").because(cause))
    }
}

/// Which key to use, before anything is opened.
pub(super) struct KeySettings {
    source: KeySource,
    password: Option<Setting<Source>>,
    algorithm: Option<TokenAlgorithm>,
}

enum KeySource {
    Shared(SharedSecretSettings),
    Rsa(Setting<Source>),
    Ec(Setting<Source>),
}

impl KeySource {
    fn origin(&self) -> Origin {
        match self {
            Self::Shared(shared) => shared.origin(),
            Self::Rsa(key) | Self::Ec(key) => key.origin.clone(),
        }
    }
}

impl KeySettings {
    /// Settles which of the flags is meant; `others` are flags that may read a stream too.
    pub(super) fn settle(
        secret: &PxSharedSecretArgs,
        key: &PxPrivateKeyArgs,
        others: &[(String, Option<Stream>)],
    ) -> Result<Self, Error> {
        let shared = SharedSecretSettings::settle(secret)?;
        let rsa = key.rsa_private_keyfile.as_ref().and_then(|it| it.setting("rsa-private-keyfile"));
        let ec =
            key.ecdsa_private_keyfile.as_ref().and_then(|it| it.setting("ecdsa-private-keyfile"));
        let password = optional("password-file", key.password_file.as_ref())?;
        let of_key = |it: &Setting<Source>| (it.origin.to_string(), it.value.stream());
        let mut readers = others.to_vec();
        readers.extend(shared.as_ref().map(|it| (it.origin().to_string(), it.stream())));
        readers.extend([&rsa, &ec, &password].into_iter().flatten().map(of_key));
        one_reader_of_each(&readers)?;

        for key in [&rsa, &ec].into_iter().flatten() {
            refuse_key_store(key)?;
        }
        let shared = shared.map(KeySource::Shared);
        let given = [shared, rsa.map(KeySource::Rsa), ec.map(KeySource::Ec)];
        let source = one_of(given.into_iter().flatten().collect(), secret, key)?;
        if let (KeySource::Shared(shared), Some(password)) = (&source, &password) {
            let message = format!("{} has no effect with {}", password.origin, shared.origin());
            return Err(Error::usage(message).hint("leave it out; a shared secret has no password"));
        }
        let settings = Self { source, password, algorithm: key.alg };
        settings.algorithm_fits()?;
        Ok(settings)
    }

    /// Refuses an algorithm of another family before any key is read.
    fn algorithm_fits(&self) -> Result<(), Error> {
        let Some(algorithm) = self.algorithm else { return Ok(()) };
        let (fits, what) = match (&self.source, algorithm) {
            (KeySource::Shared(settings), algorithm) => {
                (matches!(algorithm, TokenAlgorithm::Mac(_)), settings.origin().to_string())
            }
            (KeySource::Rsa(rsa), TokenAlgorithm::Signature(algorithm)) => {
                (algorithm.key_kind() == KeyKind::Rsa, rsa.origin.to_string())
            }
            (KeySource::Ec(ec), TokenAlgorithm::Signature(algorithm)) => {
                (algorithm.key_kind() != KeyKind::Rsa, ec.origin.to_string())
            }
            (KeySource::Rsa(key) | KeySource::Ec(key), TokenAlgorithm::Mac(_)) => {
                (false, key.origin.to_string())
            }
        };
        if fits {
            return Ok(());
        }
        let flag = match algorithm {
            TokenAlgorithm::Mac(_) => "--shared-secret-file",
            TokenAlgorithm::Signature(own) if own.key_kind() == KeyKind::Rsa => {
                "--rsa-private-keyfile"
            }
            TokenAlgorithm::Signature(_) => "--ecdsa-private-keyfile",
        };
        Err(Error::usage(format!("--alg {algorithm} does not work with {what}"))
            .hint(format!("use {flag} with this algorithm")))
    }

    /// Returns what the key and its password are read from.
    pub(super) fn inputs(&self) -> Vec<Setting<Source>> {
        let key = match &self.source {
            KeySource::Shared(shared) => shared.input(),
            KeySource::Rsa(key) | KeySource::Ec(key) => Some(key.clone()),
        };
        key.into_iter().chain(self.password.clone()).collect()
    }

    /// Reads and opens the key.
    pub(super) fn open(&self, world: &World) -> Result<OpenKey, Error> {
        match &self.source {
            KeySource::Shared(settings) => {
                let algorithm = match self.algorithm {
                    Some(TokenAlgorithm::Mac(algorithm)) => algorithm,
                    _ => MacAlgorithm::Hs256,
                };
                let secret = settings.read(world)?;
                Ok(OpenKey::Shared(Box::new(Mint::new(MacKey::new(algorithm, &secret)))))
            }
            KeySource::Rsa(setting) => {
                let key = self.load(setting, "rsa-private-keyfile", world)?;
                self.pair(key, setting, KeyKind::Rsa)
            }
            KeySource::Ec(setting) => {
                let key = self.load(setting, "ecdsa-private-keyfile", world)?;
                self.pair(key, setting, KeyKind::P256)
            }
        }
    }

    fn load(
        &self,
        setting: &Setting<Source>,
        flag: &'static str,
        world: &World,
    ) -> Result<PrivateKey, Error> {
        let password = Password::read(self.password.as_ref(), world)?;
        let found = NamedKey::read(setting, flag, KeyFile::parse, world)?.without_ca();
        found.open(None, None, &password, world)
    }

    /// Gives the key its algorithm, or explains why none fits.
    fn pair(
        &self,
        key: PrivateKey,
        setting: &Setting<Source>,
        expected: KeyKind,
    ) -> Result<OpenKey, Error> {
        let called = format!("key {} ({})", setting.value, setting.origin);
        let kind = key.public_key().kind();
        let is_curve = matches!(kind, KeyKind::P256 | KeyKind::P384 | KeyKind::P521);
        let fits = if expected == KeyKind::Rsa { kind == KeyKind::Rsa } else { is_curve };
        if !fits {
            let error =
                Error::key(format!("{called} is of type {kind}, which this flag does not accept"));
            return Err(match kind {
                KeyKind::Rsa => error.hint("use --rsa-private-keyfile for this key"),
                _ if is_curve => error.hint("use --ecdsa-private-keyfile for this key"),
                _ => error.hint("use an RSA, P-256, P-384 or P-521 key"),
            });
        }
        let asked = match (self.algorithm, expected) {
            (Some(TokenAlgorithm::Signature(algorithm)), _) => algorithm,
            (_, KeyKind::Rsa) => Algorithm::Rs256,
            _ => Algorithm::Es256,
        };
        if asked.key_kind() != kind {
            let message =
                format!("{called} is a {kind} key, but {asked} needs a {} key", asked.key_kind());
            let own = Algorithm::of(kind);
            return Err(Error::key(message).hint(format!("use --alg {own} with this key")));
        }
        let key = key.with_algorithm(asked).map_err(|cause| Error::key(called).because(cause))?;
        Ok(OpenKey::Pair(Box::new(Mint::new(key))))
    }
}

/// Returns the only key that is given.
fn one_of(
    mut given: Vec<KeySource>,
    secret: &PxSharedSecretArgs,
    key: &PxPrivateKeyArgs,
) -> Result<KeySource, Error> {
    match (given.pop(), given.as_slice()) {
        (Some(only), []) => Ok(only),
        (Some(last), others) => {
            let names = others.iter().chain([&last]).map(|key| key.origin().to_string());
            let names = names.collect::<Vec<_>>().join(" and ");
            Err(Error::usage(format!("more than one key is given: {names}"))
                .hint("use only one of them"))
        }
        (None, _) => {
            let empty = empty_flag_of(secret, key);
            let empty = empty.map(|flag| format!(": {flag} is empty")).unwrap_or_default();
            let message = format!("no key given to sign the token{empty}");
            Err(Error::usage(message)
                .hint("use --shared-secret-file, --rsa-private-keyfile or --ecdsa-private-keyfile"))
        }
    }
}

/// Returns a key's flag whose value is empty, as that of a script's variable may be.
fn empty_flag_of(secret: &PxSharedSecretArgs, key: &PxPrivateKeyArgs) -> Option<&'static str> {
    fn is_empty<T>(value: &Option<Given<T>>) -> bool {
        matches!(value, Some(Given::Empty))
    }
    let flags = [
        ("--shared-secret", is_empty(&secret.shared_secret)),
        ("--shared-secret-file", is_empty(&secret.shared_secret_file)),
        ("--rsa-private-keyfile", is_empty(&key.rsa_private_keyfile)),
        ("--ecdsa-private-keyfile", is_empty(&key.ecdsa_private_keyfile)),
    ];
    flags.into_iter().find(|(_, empty)| *empty).map(|(flag, _)| flag)
}
