//! A secret on its own, or as a member of a Kubernetes Secret.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use openstorage_token::kubernetes::{DataKey, is_secret, read_secret};
use token_cli::{Error, Origin, Setting, Source, Stream, World, is_utf_16, without_line_end};
use token_text::ShownPath;
use zeroize::Zeroizing;

/// What a file or a member of a Secret holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Member {
    Token,
    SharedSecret,
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token => "token",
            Self::SharedSecret => "shared secret",
        })
    }
}

/// A [`Source`] of a secret, or with the prefix `k8s:` of a Kubernetes Secret that holds it.
///
/// `k8s:-` reads what `kubectl get secret NAME -o json` prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SecretSource {
    source: Source,
    kubernetes: bool,
}

impl FromStr for SecretSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (text, kubernetes) = match text.strip_prefix("k8s:") {
            Some(text) => (text, true),
            None => (text, false),
        };
        Ok(Self { source: text.parse()?, kubernetes })
    }
}

impl From<Source> for SecretSource {
    fn from(source: Source) -> Self {
        Self { source, kubernetes: false }
    }
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kubernetes {
            true => write!(f, "the Secret in {}", self.source),
            false => self.source.fmt(f),
        }
    }
}

impl SecretSource {
    /// Returns the stream that this source uses up, if it is one.
    pub(crate) fn stream(&self) -> Option<Stream> {
        self.source.stream()
    }

    /// Returns the source, with a relative path taken from this directory.
    pub(crate) fn beside(self, directory: &Path) -> Self {
        Self { source: self.source.beside(directory), ..self }
    }

    pub(crate) fn is_kubernetes(&self) -> bool {
        self.kubernetes
    }

    /// Returns the source without the prefix.
    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// Returns the flag and the source it names, without the prefix.
    pub(crate) fn input(setting: &Setting<Self>) -> Setting<Source> {
        setting.clone().map(|it| it.source)
    }

    /// Reads the secret. One line end is dropped with a note, except from a Kubernetes Secret,
    /// whose bytes the server uses unchanged.
    ///
    /// # Errors
    ///
    /// If the source cannot be read, is empty or is not a Secret; the error names it and the flag.
    pub(crate) fn read(
        &self,
        key: &DataKey,
        what: Member,
        origin: &Origin,
        world: &World,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let bytes = self.source.read(origin, world)?;
        self.secret_in(&bytes, key, what, origin, world)
    }

    /// Takes the secret from what the source holds, as [`read`](Self::read) does.
    ///
    /// # Errors
    ///
    /// If it is empty or not a Secret; the error names the source and the flag.
    pub(crate) fn secret_in(
        &self,
        bytes: &[u8],
        key: &DataKey,
        what: Member,
        origin: &Origin,
        world: &World,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let secret = match self.kubernetes {
            false => {
                self.refuse_wrapping(bytes, what, origin)?;
                let left = without_line_end(bytes);
                if left.len() < bytes.len() {
                    world.note(&format!("ignored the line break after the {what} in {self}"));
                }
                Zeroizing::new(left.to_vec())
            }
            true => {
                let secret = member(bytes, key).map_err(|cause| {
                    let flag = match what {
                        Member::Token => "--token-key",
                        Member::SharedSecret => "--secret-key",
                    };
                    Error::settings(format!("{} ({origin}) {cause}", self.source)).hint(format!(
                        "run `kubectl get secret NAME -o json` to print one, use {flag} for another member, or leave out k8s: if the source is the {what} itself"
                    ))
                })?;
                if secret.ends_with(b"\n") {
                    world.warn(&format!(
                        "the {what} in {self} ends in a line break, which is kept because the server uses it too"
                    ));
                }
                secret
            }
        };
        if secret.is_empty() {
            let message = format!("the {what} in {self} ({origin}) is empty");
            return Err(match what {
                Member::Token => {
                    Error::settings(message).hint("run `step-token px token` to mint one")
                }
                Member::SharedSecret => {
                    Error::key(message).hint("run `step-token px keygen secret FILE` to make one")
                }
            });
        }
        Ok(secret)
    }

    /// Refuses a Kubernetes Secret, a token or PEM in place of a bare secret.
    fn refuse_wrapping(&self, bytes: &[u8], what: Member, origin: &Origin) -> Result<(), Error> {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        if text.contains("Secret") && is_secret(text) {
            let message =
                format!("{self} ({origin}) is a Kubernetes Secret, not the {what} itself");
            let hint = format!("use {origin} k8s:{} to read a member of it", self.typed());
            return Err(Error::key(message).hint(hint));
        }
        if what == Member::SharedSecret && text.starts_with("eyJ") && text.split('.').count() == 3 {
            return Err(Error::key(format!("{self} ({origin}) is a token, not a {what}"))
                .hint("use --token-file with a token"));
        }
        if text.contains("-----BEGIN ") {
            let message = format!("{self} ({origin}) is PEM, not a {what}");
            return Err(Error::key(message)
                .hint("use --rsa-private-keyfile or --ecdsa-private-keyfile for a private key"));
        }
        Ok(())
    }

    /// Returns the source as it is typed on the command line.
    fn typed(&self) -> String {
        match &self.source {
            Source::Path(path) => ShownPath(path).to_string(),
            Source::Stdin => "-".to_owned(),
            Source::Variable(name) => format!("env:{name}"),
            Source::Descriptor(number) => format!("fd:{number}"),
            Source::Credential(name) => format!("cred:{name}"),
        }
    }
}

fn member(bytes: &[u8], key: &DataKey) -> Result<Zeroizing<Vec<u8>>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| {
        let fault = if is_utf_16(bytes) { "is UTF-16; expected UTF-8" } else { "is not UTF-8" };
        fault.to_owned()
    })?;
    read_secret(text, key).map_err(|cause| cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_of_kubernetes_may_come_from_any_source() {
        for (text, shown) in [
            ("k8s:-", "the Secret in standard input"),
            ("k8s:env:X", "the Secret in environment variable X"),
            ("k8s:secret.json", "the Secret in secret.json"),
            ("./k8s:x", "./k8s:x"),
            ("fd:3", "file descriptor 3"),
        ] {
            assert_eq!(text.parse::<SecretSource>().unwrap().to_string(), shown);
        }
        assert!("k8s:".parse::<SecretSource>().is_err());
    }
}
