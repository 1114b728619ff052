//! The secret that clients and server share.

use clap::Args;
use openstorage_token::Warning;
use openstorage_token::kubernetes::DataKey;
use token_cli::{Error, Given, Origin, Setting, Source, Stream, World};
use token_jose::SharedSecret;
use zeroize::Zeroizing;

use crate::px::secret_member::{Member, SecretSource};

/// The secret that clients and server share.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Shared secret")]
pub(crate) struct PxSharedSecretArgs {
    /// Use this secret; everyone who can list processes sees it, so prefer --shared-secret-file
    #[arg(long, value_name = "SECRET", alias = "jwt-shared-secret")]
    pub(crate) shared_secret: Option<Given<String>>,

    /// Read the secret from a file, `-`, env:NAME, fd:N or cred:NAME; write k8s: before any of
    /// these if it is a Kubernetes Secret
    #[arg(long, value_name = "SOURCE")]
    pub(crate) shared_secret_file: Option<Given<SecretSource>>,

    /// Read this member of the Kubernetes Secret (default: shared-secret)
    #[arg(long, value_name = "KEY")]
    pub(crate) secret_key: Option<DataKey>,
}

/// A shared secret, before it is read.
pub(super) enum SharedSecretSettings {
    /// From the command line itself.
    Typed(SharedSecret),
    /// From a file or another source.
    Elsewhere { source: Setting<SecretSource>, key: DataKey },
}

impl SharedSecretSettings {
    /// Decides which of the two flags to use, if any.
    pub(super) fn settle(args: &PxSharedSecretArgs) -> Result<Option<Self>, Error> {
        let source =
            args.shared_secret_file.as_ref().and_then(|it| it.setting("shared-secret-file"));
        let typed = args.shared_secret.as_ref().and_then(|it| it.setting("shared-secret"));
        Self::settle_from(source, typed, args.secret_key.as_ref())
    }

    pub(super) fn settle_from(
        source: Option<Setting<SecretSource>>,
        typed: Option<Setting<String>>,
        key: Option<&DataKey>,
    ) -> Result<Option<Self>, Error> {
        let kubernetes = source.as_ref().is_some_and(|source| source.value.is_kubernetes());
        if key.is_some() && !kubernetes {
            return Err(Error::usage(
                "--secret-key names a member of a Kubernetes Secret, but no Secret is read",
            )
            .hint("use --shared-secret-file k8s:FILE, or leave out --secret-key"));
        }
        match (source, typed) {
            (Some(_), Some(_)) => {
                Err(Error::usage("both --shared-secret and --shared-secret-file are given")
                    .hint("leave out --shared-secret, which everyone who can list processes sees"))
            }
            (Some(source), None) => {
                let key = key.cloned().unwrap_or_else(DataKey::shared_secret);
                Ok(Some(Self::Elsewhere { source, key }))
            }
            (None, Some(typed)) => {
                let secret = SharedSecret::new(typed.value.into_bytes());
                let secret = secret.map_err(|_| Error::key("the shared secret is empty"))?;
                Ok(Some(Self::Typed(secret)))
            }
            (None, None) => Ok(None),
        }
    }

    /// Returns the stream that the secret uses up, if it is read from one.
    pub(super) fn stream(&self) -> Option<Stream> {
        match self {
            Self::Typed(_) => None,
            Self::Elsewhere { source, .. } => source.value.stream(),
        }
    }

    /// Returns what the secret is read from, unless that is the command line.
    pub(super) fn input(&self) -> Option<Setting<Source>> {
        match self {
            Self::Typed(_) => None,
            Self::Elsewhere { source, .. } => Some(SecretSource::input(source)),
        }
    }

    pub(super) fn origin(&self) -> Origin {
        match self {
            Self::Typed(_) => Origin::CommandLine { flag: "shared-secret" },
            Self::Elsewhere { source, .. } => source.origin.clone(),
        }
    }

    /// Reads the secret, and warns if it can be seen or guessed.
    pub(super) fn read(&self, world: &World) -> Result<SharedSecret, Error> {
        let secret = self.read_quietly(world)?;
        if let Some(warning) = Warning::of_secret(secret.expose()) {
            world.warn(&warning.to_string());
        }
        Ok(secret)
    }

    /// The same without the warning about guessing, which the caller reports itself.
    pub(super) fn read_quietly(&self, world: &World) -> Result<SharedSecret, Error> {
        match self {
            Self::Typed(secret) => {
                world.warn(
                    "--shared-secret shows the secret to everyone who can list processes; use --shared-secret-file with a file, env:NAME or fd:N instead",
                );
                Ok(secret.clone())
            }
            Self::Elsewhere { source, key } => {
                let bytes: Zeroizing<Vec<u8>> =
                    source.value.read(key, Member::SharedSecret, &source.origin, world)?;
                SharedSecret::new(bytes.to_vec())
                    .map_err(|_| Error::key("the shared secret is empty"))
            }
        }
    }
}
