//! An SSH certificate in a `*-cert.pub` file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ssh_key::certificate::CertType;
use token_jose::PublicKey;
use token_time::{SignedDuration, Timestamp};

use crate::error::Error;

/// An SSH certificate (OpenSSH, `PROTOCOL.certkeys`), and the bytes for a header.
#[derive(Clone, Debug)]
pub struct SshCertificate {
    certificate: ssh_key::Certificate,
    wire: Vec<u8>,
    public_key: PublicKey,
}

impl SshCertificate {
    /// Reads the first key of a file in `authorized_keys` syntax, which must be a certificate. Options
    /// before the type and a comment after the base64 are ignored, and so are blank lines, lines that
    /// begin with `#`, lines that hold no key, and whatever follows. OpenSSH and step do the same.
    ///
    /// # Errors
    ///
    /// - [`Error::Empty`], [`Error::Ssh`] if there is no certificate;
    /// - [`Error::NeverExpires`] if it never expires;
    /// - [`Error::Key`] if its key cannot sign tokens.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.trim_ascii().is_empty() {
            return Err(Error::Empty);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| ssh("it is not text"))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut first_fault = None;
        for line in text.split('\n') {
            let line = line.split('\r').next().unwrap_or_default().trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match base64_of(line).and_then(Self::from_wire) {
                Err(fault @ Error::Ssh { .. }) if !is_public_key(line) => {
                    first_fault.get_or_insert(fault);
                }
                decided => return decided,
            }
        }
        if text.contains("-----BEGIN ") {
            return Err(ssh("it is PEM; an SSH certificate is one line, in a file `*-cert.pub`"));
        }
        Err(first_fault.unwrap_or_else(|| ssh("it contains only comments")))
    }

    fn from_wire(wire: Vec<u8>) -> Result<Self, Error> {
        let certificate = match ssh_key::Certificate::from_bytes(&wire) {
            Ok(certificate) => certificate,
            // The parser cannot read times above 2^63 seconds, and only "forever" is one of those.
            Err(ssh_key::Error::Time) => return Err(Error::NeverExpires),
            Err(cause) => return Err(ssh(&format!("it is damaged ({cause})"))),
        };
        let name = certificate.key_id().to_owned();
        let key = ssh_key::PublicKey::from(certificate.public_key().clone());
        let public_key = key
            .to_bytes()
            .map_err(|cause| ssh(&format!("its key is damaged ({cause})")))
            .and_then(|key| {
                PublicKey::from_openssh(&key)
                    .map_err(|cause| Error::Key { name, cause: cause.to_string() })
            })?;
        Ok(Self { certificate, wire, public_key })
    }

    /// Returns the wire encoding, the decoded base64 of the file.
    #[must_use]
    pub fn to_wire(&self) -> &[u8] {
        &self.wire
    }

    /// Returns its public key.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Returns its serial number.
    #[must_use]
    pub fn serial(&self) -> u64 {
        self.certificate.serial()
    }

    /// Returns whether it is a host certificate rather than a user certificate.
    #[must_use]
    pub fn is_host(&self) -> bool {
        self.certificate.cert_type() == CertType::Host
    }

    /// Returns its key ID, which its CA chose, for messages.
    #[must_use]
    pub fn key_id(&self) -> &str {
        self.certificate.key_id()
    }

    /// Returns the names of its critical options.
    pub fn critical_options(&self) -> impl Iterator<Item = &str> {
        self.certificate.critical_options().keys().map(String::as_str)
    }

    /// Returns the last second of its validity.
    pub(crate) fn last_second(&self) -> Timestamp {
        let end = i64::try_from(self.certificate.valid_before()).unwrap_or(i64::MAX);
        Timestamp::from_unix_seconds(end.saturating_sub(1))
    }

    /// Returns whether it has been valid for ever (`ssh-keygen -V always:…`).
    pub(crate) fn has_no_start(&self) -> bool {
        self.certificate.valid_after() == 0
    }

    /// Returns for how long it was issued.
    pub(crate) fn lifetime(&self) -> SignedDuration {
        let seconds =
            self.certificate.valid_before().saturating_sub(self.certificate.valid_after());
        SignedDuration::saturating_from_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
    }

    /// Checks that it is valid at a time. The start is inclusive, the end exclusive.
    pub(crate) fn is_valid_at(&self, time: Timestamp) -> Result<(), Error> {
        let at =
            |seconds: u64| Timestamp::from_unix_seconds(i64::try_from(seconds).unwrap_or(i64::MAX));
        let (start, end) =
            (at(self.certificate.valid_after()), at(self.certificate.valid_before()));
        let name = || self.key_id().to_owned();
        if time < start {
            Err(Error::NotYetValid { name: name(), at: start })
        } else if time >= end {
            Err(Error::Expired { name: name(), at: end })
        } else {
            Ok(())
        }
    }
}

/// Finds the type of a certificate in a line and decodes the text after it.
fn base64_of(line: &str) -> Result<Vec<u8>, Error> {
    let mut words = line.split_ascii_whitespace();
    let Some(kind) = words.find(|word| is_key_type(word)) else {
        return Err(ssh("it contains no type such as `ssh-ed25519-cert-v01@openssh.com`"));
    };
    if !kind.ends_with(CERTIFICATE) {
        return Err(ssh(&format!(
            "it is a public key (`{kind}`); its certificate is in a file `*-cert.pub`"
        )));
    }
    let base64 = words.next().ok_or_else(|| ssh("nothing follows its type"))?;
    STANDARD.decode(base64).map_err(|_| ssh("the text after its type is not base64"))
}

/// Returns whether a line holds a public key and no certificate.
fn is_public_key(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace().skip_while(|word| !is_key_type(word));
    match (words.next(), words.next().map(|base64| STANDARD.decode(base64))) {
        (Some(kind), Some(Ok(wire))) => {
            !kind.ends_with(CERTIFICATE) && ssh_key::PublicKey::from_bytes(&wire).is_ok()
        }
        _ => false,
    }
}

fn is_key_type(word: &str) -> bool {
    ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-sha2-"].iter().any(|start| word.starts_with(start))
}

fn ssh(reason: &str) -> Error {
    Error::Ssh { reason: reason.to_owned() }
}

const CERTIFICATE: &str = "-cert-v01@openssh.com";
