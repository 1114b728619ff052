//! Reads a key file, and decrypts it with its password.

use token_cli::{
    Error, Origin, SAVE_AS_UTF_8, Setting, Source, World, is_utf_16, without_line_end,
};
use token_jose::{
    Error as JoseError, KeyFile, KeyId, Passphrase, PrivateKey, PublicKey, SealedKey,
    SigningKey as _, Thumbprint,
};

/// A key whose file has been read; it may still be encrypted.
#[derive(Debug)]
pub(crate) struct NamedKey {
    file: KeyFile,
    /// Its name in messages.
    called: String,
    /// Its name in a prompt.
    prompt: String,
    /// The flag to name another key with.
    flag: &'static str,
    /// Whether it is for a CA, so that hints about step's settings apply.
    of_ca: bool,
}

use crate::mint::key_text;

impl NamedKey {
    /// Reads a key file with one of the library's parsers.
    pub(crate) fn read(
        key: &Setting<Source>,
        flag: &'static str,
        parse: fn(&[u8]) -> Result<KeyFile, JoseError>,
        world: &World,
    ) -> Result<Self, Error> {
        refuse_key_store(key)?;
        let bytes = key.value.read(&key.origin, world)?;
        let called = match flag {
            "key" => format!("key {}", key.value),
            _ => format!("key {} ({})", key.value, key.origin),
        };
        let is_utf_16 = is_utf_16(&bytes);
        let bytes = key_text::restored(bytes);
        let file = parse(&bytes).map_err(|cause| {
            if is_utf_16 {
                return Error::key(format!("{called} is UTF-16")).hint(SAVE_AS_UTF_8);
            }
            key_text::not_saved_alone(&bytes, &called)
                .unwrap_or_else(|| unusable(&called, flag, &cause))
        })?;
        Ok(Self { file, called, prompt: key.value.to_string(), flag, of_ca: true })
    }

    /// Marks the key as not for a CA.
    pub(crate) fn without_ca(self) -> Self {
        Self { of_ca: false, ..self }
    }

    /// Names a key that was read from elsewhere than a file: `called` in messages, `prompt` in a
    /// question for its password.
    pub(crate) fn new(file: KeyFile, called: String, prompt: String) -> Self {
        Self { file, called, prompt, flag: "key", of_ca: true }
    }

    /// Returns its name in messages.
    pub(crate) fn called(&self) -> &str {
        &self.called
    }

    /// Returns the flag to name another key with.
    pub(crate) fn flag(&self) -> &'static str {
        self.flag
    }

    /// Returns the public key, if it is known without a password.
    pub(crate) fn public_key(&self) -> Option<&PublicKey> {
        match &self.file {
            KeyFile::Plain(key) => Some(key.public_key()),
            KeyFile::Sealed(sealed) => sealed.public_key(),
            _ => None,
        }
    }

    /// Returns the thumbprint, if it is known without a password.
    pub(crate) fn thumbprint(&self) -> Option<Thumbprint> {
        self.public_key().map(PublicKey::thumbprint)
    }

    /// Decrypts the key, so that it can be compared with several provisioners.
    pub(crate) fn unsealed(self, password: &Password, world: &World) -> Result<Self, Error> {
        let Self { file: KeyFile::Sealed(sealed), .. } = &self else { return Ok(self) };
        let key = self.unseal(sealed, password, world)?;
        Ok(Self { file: KeyFile::Plain(Box::new(key)), ..self })
    }

    /// Opens the key: decrypts it, or takes it from its set. In a set that is the provisioner's key,
    /// else the key with the key ID.
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
                    unusable(&self.called, self.flag, &cause).hint("use --kid to select one")
                }),
            _ => Err(Error::key(format!("{} is of an unsupported type", self.called))),
        }
    }

    fn unseal(
        &self,
        sealed: &SealedKey,
        password: &Password,
        world: &World,
    ) -> Result<PrivateKey, Error> {
        match password {
            Password::Given { passphrase, named, is_utf_16 } => {
                self.open_with(sealed, passphrase, named, *is_utf_16)
            }
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
        // As many times as step asks.
        let tries = if sealed.is_jwk() { 3 } else { 1 };
        for _ in 0..tries {
            let Some(answer) = world.ask(|person| person.passphrase(&prompt)) else {
                return Err(self.no_password(password));
            };
            let answer = answer.map_err(|cause| match cause.kind() {
                std::io::ErrorKind::UnexpectedEof => {
                    self.way_to_a_password(format!("no password for {}", self.called))
                }
                _ => {
                    Error::key(format!("cannot read a password for {}", self.called)).because(cause)
                }
            })?;
            match sealed.open(&Passphrase::new(answer.to_vec())) {
                Ok(key) => return Ok(key),
                Err(JoseError::WrongPassphrase) => world.say("wrong password"),
                Err(cause) => return Err(unusable(&self.called, self.flag, &cause)),
            }
        }
        Err(Error::key(format!("wrong password for {}", self.called)).hint(format!(
            "use the password that encrypts it, or --{} with another key",
            self.flag
        )))
    }

    /// Decrypts the key with a password from a file. step drops all of Unicode's white space from its
    /// end, so a password that fails with it is tried without.
    fn open_with(
        &self,
        sealed: &SealedKey,
        passphrase: &Passphrase,
        source: &str,
        is_utf_16: bool,
    ) -> Result<PrivateKey, Error> {
        let trimmed = Passphrase::new(without_white_space(passphrase.expose()).to_vec());
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
            JoseError::WrongPassphrase if is_utf_16 => {
                let message = format!("the password in {source} does not decrypt {called}");
                Error::key(format!("{message}: it is UTF-16")).hint(SAVE_AS_UTF_8)
            }
            JoseError::WrongPassphrase => {
                let other = "; the CA's own keys may have another one";
                let other = if self.of_ca { other } else { "" };
                Error::key(format!("the password in {source} does not decrypt {called}"))
                    .hint(format!("use the password of this key{other}"))
            }
            cause => unusable(called, self.flag, &cause),
        })
    }

    fn no_password(&self, password: &Password) -> Error {
        let called = &self.called;
        let message = match password {
            Password::Empty { named } => {
                format!("no password for {called}: {named} is empty")
            }
            _ => format!("no password for {called}, and no terminal to ask on"),
        };
        self.way_to_a_password(message)
    }

    fn way_to_a_password(&self, message: String) -> Error {
        let variable = if self.of_ca { " (or STEP_PROVISIONER_PASSWORD_FILE)" } else { "" };
        Error::key(message).hint(format!(
            "use --password-file FILE{variable}; env:NAME, fd:N, cred:NAME and - also work"
        ))
    }
}

/// The password of an encrypted key, read once even for several keys.
#[derive(Debug)]
pub(crate) enum Password {
    /// It was given; `named` is its source. A key may have been encrypted with the bytes of UTF-16.
    Given { passphrase: Passphrase, named: String, is_utf_16: bool },
    /// The given source is empty (Q27).
    Empty { named: String },
    /// No source was given: a person may be asked.
    None,
}

impl Password {
    /// Reads the source that the settings name. It must be readable even if no key needs a
    /// password.
    pub(crate) fn read(source: Option<&Setting<Source>>, world: &World) -> Result<Self, Error> {
        let Some(source) = source else { return Ok(Self::None) };
        // On a terminal `-` means a prompt without echo.
        if source.value == Source::Stdin && world.person().is_some() {
            return Ok(Self::None);
        }
        let bytes = source.value.read(&source.origin, world)?;
        let is_utf_16 = is_utf_16(&bytes);
        let text = without_line_end(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes));
        let named = format!("{} ({})", source.value, source.origin);
        match text {
            [] => Ok(Self::Empty { named }),
            text => {
                let passphrase = Passphrase::new(text.to_vec());
                Ok(Self::Given { passphrase, named, is_utf_16 })
            }
        }
    }
}

/// Drops white space, Unicode's too, from the end of a password; one that is not UTF-8 loses ASCII's.
fn without_white_space(password: &[u8]) -> &[u8] {
    match std::str::from_utf8(password) {
        Ok(text) => text.trim_end().as_bytes(),
        Err(_) => password.trim_ascii_end(),
    }
}

pub(crate) fn unusable(called: &str, flag: &str, cause: &JoseError) -> Error {
    let error = Error::key(format!("{called} {cause}"));
    match cause {
        JoseError::UnsupportedSealing { .. } => error
            .hint("run `step crypto change-pass` or `openssl pkcs8 -topk8` to encrypt it again"),
        JoseError::NoPrivateKey { .. } | JoseError::PublicKey => {
            error.hint(format!("use --{flag} with the private key"))
        }
        JoseError::WrongPassphrase
        | JoseError::SeveralKeysInSet { .. }
        | JoseError::NotInSet { .. } => error,
        _ => error.hint(format!("use --{flag} with another file")),
    }
}

/// Refuses a value with the scheme of a key store, instead of reporting a missing file (Q19).
pub(crate) fn refuse_key_store(key: &Setting<Source>) -> Result<(), Error> {
    let Source::Path(path) = &key.value else { return Ok(()) };
    let text = path.to_string_lossy();
    let scheme = text.split(':').next().unwrap_or_default();
    if text.contains(':') && KEY_STORES.contains(&scheme) && !path.exists() {
        return Err(no_key_stores(&key.origin));
    }
    Ok(())
}

/// Reports that keys have to be in files.
pub(crate) fn no_key_stores(origin: &Origin) -> Error {
    Error::usage(format!("{origin}: key stores are not supported by this version"))
        .hint("use a key file")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_of_any_kind_is_dropped_from_the_end() {
        for (given, left) in [
            ("pw \u{a0}\u{2003}\r\n", "pw"),
            ("pw\u{85}", "pw"),
            (" pw", " pw"),
            ("pw\u{200b}", "pw\u{200b}"),
        ] {
            assert_eq!(without_white_space(given.as_bytes()), left.as_bytes(), "{given:?}");
        }
        assert_eq!(without_white_space(b"\xff \n"), b"\xff");
    }
}
