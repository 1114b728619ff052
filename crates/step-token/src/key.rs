//! The key that signs: from the provisioner's entry, or from a file.

use step_provisioner::{JwkProvisioner, Kind, Provisioner};
use token_jose::{
    Error as JoseError, KeyFile, KeyId, Passphrase, PrivateKey, PublicKey, SealedKey, SigningKey,
    Thumbprint,
};

use crate::authority::Authority;
use crate::origin::Setting;
use crate::secret::{Source, without_line_end};
use crate::settings::ProvisionerSettings;
use crate::{Error, World};

/// A key whose file has been read; it may still be sealed.
#[derive(Debug)]
pub(crate) struct Found {
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

impl Found {
    /// Reads the file that `--key` names, if it names one. Nothing is opened yet.
    pub(crate) fn given(
        settings: &ProvisionerSettings,
        world: &World,
    ) -> Result<Option<Self>, Error> {
        let Some(key) = &settings.key else { return Ok(None) };
        refuse_key_stores(key)?;
        Self::read(key, "key", KeyFile::parse, world).map(Some)
    }

    /// Reads a key file through one of the doors of the library.
    pub(crate) fn read(
        key: &Setting<Source>,
        flag: &'static str,
        door: fn(&[u8]) -> Result<KeyFile, JoseError>,
        world: &World,
    ) -> Result<Self, Error> {
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

    /// Returns what messages call it.
    pub(crate) fn called(&self) -> &str {
        &self.called
    }

    /// Takes the key that the provisioner's entry holds, or asks the CA for it.
    pub(crate) fn of_provisioner(
        provisioner: &JwkProvisioner,
        name: &str,
        authority: &Authority,
    ) -> Result<Self, Error> {
        let called = format!("the key of provisioner `{name}`");
        if let Err(reason) = &provisioner.key {
            let message = format!("provisioner `{name}` has a public key that is of no use");
            return Err(Error::key(format!("{message}: it {reason}"))
                .hint("mend its `key` in the CA's configuration"));
        }
        let text = match (&provisioner.encrypted_key, &provisioner.key_id) {
            (Some(text), _) => Some(text.clone()),
            (None, Some(key_id)) => authority.sealed_key(key_id)?,
            (None, None) => None,
        };
        let Some(text) = text else {
            let keeper = if authority.config().is_some() { "the ca.json" } else { "the CA" };
            return Err(Error::key(format!("{keeper} does not keep {called} (`encryptedKey`)"))
                .hint("--key names the file that holds it"));
        };
        let file = KeyFile::parse_jwk(&text).map_err(|cause| unusable(&called, "key", &cause))?;
        let prompt = "the provisioner key".to_owned();
        Ok(Self { file, called, prompt, flag: "key", of_ca: true })
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
            match sealed.open(&answer) {
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

/// A key that is open, and the ID a token names it by.
pub(crate) struct Opened {
    pub(crate) key: Box<dyn SigningKey>,
    pub(crate) key_id: KeyId,
}

/// Opens the key of a provisioner and checks that it is the provisioner's (Q10). Offline without a
/// ca.json no provisioner is known, and the key that was given is believed.
pub(crate) fn load(
    provisioner: Option<&Provisioner>,
    given: Option<Found>,
    authority: &Authority,
    settings: &ProvisionerSettings,
    password: &Password,
    world: &World,
) -> Result<Opened, Error> {
    let asked = settings.key_id.as_ref().map(|kid| &kid.value);
    let (key, key_id) = match provisioner {
        None => {
            let found = given.ok_or_else(|| Error::settings("no key is named"))?;
            (found.open(asked, None, password, world)?, asked.cloned())
        }
        Some(provisioner) => {
            let Kind::Jwk(jwk) = &provisioner.kind else {
                let kind = provisioner.kind.name();
                let message = format!("{kind} provisioners sign with no key of theirs");
                return Err(Error::usage(message));
            };
            let found = match given {
                Some(found) => found,
                None => Found::of_provisioner(jwk, &provisioner.name, authority)?,
            };
            if let Some(thumbprint) = found.thumbprint() {
                belongs(jwk, thumbprint, &found.called, &provisioner.name)?;
            }
            let called = found.called.clone();
            let wanted = jwk.key.as_ref().ok().map(PublicKey::thumbprint);
            let key = found.open(asked, wanted, password, world)?;
            belongs(jwk, key.public_key().thumbprint(), &called, &provisioner.name)?;
            (key, jwk.key_id.clone())
        }
    };
    let key_id = key_id.unwrap_or_else(|| key.public_key().thumbprint().into());
    Ok(Opened { key: Box::new(key), key_id })
}

fn belongs(
    provisioner: &JwkProvisioner,
    given: Thumbprint,
    called: &str,
    name: &str,
) -> Result<(), Error> {
    match &provisioner.key {
        Ok(key) if key.thumbprint() == given => Ok(()),
        Ok(key) => Err(Error::key(format!("{called} is not the key of provisioner `{name}`"))
            .hint(format!("its thumbprint is {given}, the provisioner's {}", key.thumbprint()))),
        Err(reason) => Err(Error::key(format!(
            "the public key of provisioner `{name}` cannot be compared: it {reason}"
        ))),
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

fn unusable(called: &str, flag: &str, cause: &JoseError) -> Error {
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
pub(crate) fn refuse_key_stores(key: &Setting<Source>) -> Result<(), Error> {
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
