//! A key file: read, named in messages, and opened with its password.

use token_cli::{Error, Setting, Source, World, without_line_end};
use token_jose::{
    Error as JoseError, KeyFile, KeyId, Passphrase, PrivateKey, PublicKey, SealedKey,
    SigningKey as _, Thumbprint,
};

/// A key whose file has been read; it may still be sealed.
#[derive(Debug)]
pub(crate) struct NamedKey {
    file: KeyFile,
    /// What messages call it.
    called: String,
    /// What a prompt calls it.
    prompt: String,
    /// The flag that names another one.
    flag: &'static str,
    /// Whether a CA has to do with it, so that what is said of step's settings helps.
    of_ca: bool,
}

impl NamedKey {
    /// Reads a key file through one of the doors of the library.
    pub(crate) fn read(
        key: &Setting<Source>,
        flag: &'static str,
        door: fn(&[u8]) -> Result<KeyFile, JoseError>,
        world: &World,
    ) -> Result<Self, Error> {
        refuse_key_store(key)?;
        let bytes = key.value.read(&key.origin, world)?;
        let called = match flag {
            "key" => format!("key {}", key.value),
            _ => format!("key {} ({})", key.value, key.origin),
        };
        let file = door(&bytes).map_err(|cause| unusable(&called, flag, &cause))?;
        Ok(Self { file, called, prompt: key.value.to_string(), flag, of_ca: true })
    }

    /// Says that no CA has to do with the key.
    pub(crate) fn without_ca(self) -> Self {
        Self { of_ca: false, ..self }
    }

    /// Names a key that was read from elsewhere than a file: `called` in messages, `prompt` in a
    /// question for its password.
    pub(crate) fn new(file: KeyFile, called: String, prompt: String) -> Self {
        Self { file, called, prompt, flag: "key", of_ca: true }
    }

    /// Returns what messages call it.
    pub(crate) fn called(&self) -> &str {
        &self.called
    }

    /// Returns the flag that names another one.
    pub(crate) fn flag(&self) -> &'static str {
        self.flag
    }

    /// Returns the public half, if it can be known without a passphrase.
    pub(crate) fn public_key(&self) -> Option<&PublicKey> {
        match &self.file {
            KeyFile::Plain(key) => Some(key.public_key()),
            KeyFile::Sealed(sealed) => sealed.public_key(),
            _ => None,
        }
    }

    /// Returns the thumbprint, if it can be known without a passphrase.
    pub(crate) fn thumbprint(&self) -> Option<Thumbprint> {
        self.public_key().map(PublicKey::thumbprint)
    }

    /// Breaks the seal, so that the key can be held against several provisioners.
    pub(crate) fn unsealed(self, password: &Password, world: &World) -> Result<Self, Error> {
        let Self { file: KeyFile::Sealed(sealed), .. } = &self else { return Ok(self) };
        let key = self.unseal(sealed, password, world)?;
        Ok(Self { file: KeyFile::Plain(Box::new(key)), ..self })
    }

    /// Opens the key: breaks its seal, or takes it from its set. In a set it is the one that the
    /// provisioner has, else the one of the key ID.
    pub(crate) fn open(
        self,
        key_id: Option<&KeyId>,
        wanted: Option<Thumbprint>,
        password: &Password,
        world: &World,
    ) -> Result<PrivateKey, Error> {
        match self.file {
            KeyFile::Plain(key) => Ok(*key),
            KeyFile::Sealed(ref sealed) => self.unseal(sealed, password, world),
            KeyFile::Set(set) => wanted
                .and_then(|wanted| set.find(wanted))
                .unwrap_or_else(|| set.select(key_id))
                .map_err(|cause| {
                    unusable(&self.called, self.flag, &cause).hint("--kid names one of the keys")
                }),
            _ => Err(Error::key(format!("{} is of a kind that is not supported", self.called))),
        }
    }

    fn unseal(
        &self,
        sealed: &SealedKey,
        password: &Password,
        world: &World,
    ) -> Result<PrivateKey, Error> {
        match password {
            Password::Given { passphrase, named } => self.open_with(sealed, passphrase, named),
            Password::Empty { .. } | Password::None => {
                self.open_with_person(sealed, password, world)
            }
        }
    }

    fn open_with_person(
        &self,
        sealed: &SealedKey,
        password: &Password,
        world: &World,
    ) -> Result<PrivateKey, Error> {
        let prompt = format!("Please enter the password to decrypt {}", self.prompt);
        // As often as step asks.
        let tries = if sealed.is_jwk() { 3 } else { 1 };
        for _ in 0..tries {
            let Some(answer) = world.ask(|person| person.passphrase(&prompt)) else {
                return Err(self.no_password(password));
            };
            let answer = answer.map_err(|cause| {
                Error::key(format!("{} was not opened", self.called)).because(cause)
            })?;
            match sealed.open(&Passphrase::new(answer.to_vec())) {
                Ok(key) => return Ok(key),
                Err(JoseError::WrongPassphrase) => world.say("that is not its password"),
                Err(cause) => return Err(unusable(&self.called, self.flag, &cause)),
            }
        }
        Err(Error::key(format!("{} was not opened", self.called))
            .hint("--password-file names a file with its password"))
    }

    /// Opens with a password from a file. step drops all blanks from its end, so a password that
    /// does not open the key with them is tried without.
    fn open_with(
        &self,
        sealed: &SealedKey,
        passphrase: &Passphrase,
        source: &str,
    ) -> Result<PrivateKey, Error> {
        let trimmed = Passphrase::new(passphrase.expose().trim_ascii_end().to_vec());
        let opened = match sealed.open(passphrase) {
            Err(JoseError::WrongPassphrase)
                if trimmed.expose().len() < passphrase.expose().len() && !trimmed.is_empty() =>
            {
                sealed.open(&trimmed)
            }
            opened => opened,
        };
        let called = &self.called;
        opened.map_err(|cause| match cause {
            JoseError::WrongPassphrase => {
                let other = "; the CA's own keys may have another one";
                let other = if self.of_ca { other } else { "" };
                Error::key(format!("the password in {source} does not open {called}"))
                    .hint(format!("each key has its own{other}"))
            }
            cause => unusable(called, self.flag, &cause),
        })
    }

    fn no_password(&self, password: &Password) -> Error {
        let called = &self.called;
        let message = match password {
            Password::Empty { named } => {
                format!("{called} is sealed, and {named} holds no password")
            }
            _ => format!("{called} is sealed, no password is given, and nobody can be asked"),
        };
        let variable = if self.of_ca { " (STEP_PASSWORD_FILE)" } else { "" };
        Error::key(message).hint(format!(
            "--password-file names a file with it{variable}; env:NAME, fd:N, cred:NAME and - work too"
        ))
    }
}

/// What opens a sealed key, read once whatever the number of keys.
#[derive(Debug)]
pub(crate) enum Password {
    /// It came from somewhere, and `named` says where.
    Given { passphrase: Passphrase, named: String },
    /// There is a source, and nothing in it (Q27).
    Empty { named: String },
    /// Nobody named a source: a person may be asked.
    None,
}

impl Password {
    /// Reads the source that the settings name. It must be readable even if no key turns out to be
    /// sealed.
    pub(crate) fn read(source: Option<&Setting<Source>>, world: &World) -> Result<Self, Error> {
        let Some(source) = source else { return Ok(Self::None) };
        // At a terminal `-` is a question like any other: nothing is echoed.
        if source.value == Source::Stdin && world.person().is_some() {
            return Ok(Self::None);
        }
        let bytes = source.value.read(&source.origin, world)?;
        let text = without_line_end(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes));
        let named = format!("{} ({})", source.value, source.origin);
        match text {
            [] => Ok(Self::Empty { named }),
            text => Ok(Self::Given { passphrase: Passphrase::new(text.to_vec()), named }),
        }
    }
}

pub(crate) fn unusable(called: &str, flag: &str, cause: &JoseError) -> Error {
    let error = Error::key(format!("{called} {cause}"));
    match cause {
        JoseError::UnsupportedSealing { .. } => error
            .hint("`step crypto change-pass` or `openssl pkcs8 -topk8` seals it in another way"),
        JoseError::NoPrivateKey { .. } | JoseError::PublicKey => {
            error.hint(format!("--{flag} wants the private half"))
        }
        JoseError::WrongPassphrase
        | JoseError::SeveralKeysInSet { .. }
        | JoseError::NotInSet { .. } => error,
        _ => error.hint(format!("--{flag} names another file")),
    }
}

/// A value with the scheme of a key store is not a file that is missing (Q19).
pub(crate) fn refuse_key_store(key: &Setting<Source>) -> Result<(), Error> {
    let Source::Path(path) = &key.value else { return Ok(()) };
    let text = path.to_string_lossy();
    let scheme = text.split(':').next().unwrap_or_default();
    if text.contains(':') && KEY_STORES.contains(&scheme) && !path.exists() {
        let message = format!("{}: key stores are not supported by this version", key.origin);
        return Err(Error::usage(message).hint("a file works"));
    }
    Ok(())
}

/// The schemes of smallstep's key stores.
const KEY_STORES: [&str; 10] = [
    "awskms",
    "azurekms",
    "capi",
    "cloudkms",
    "mackms",
    "pkcs11",
    "softkms",
    "sshagentkms",
    "tpmkms",
    "yubikey",
];
