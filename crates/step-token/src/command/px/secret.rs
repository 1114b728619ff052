//! `px secret`: the manifest of a Kubernetes Secret.

use openstorage_token::kubernetes::{DataKey, Manifest};
use zeroize::Zeroizing;

use super::{Manner, named, output_file, stored};
use crate::args::{Given, PxSecretArgs};
use crate::emit::Destination;
use crate::secret_member::Kept;
use crate::{Error, World};

/// Prints a manifest with a token or a shared secret.
pub(super) fn run(args: &PxSecretArgs, manner: &Manner, world: &World) -> Result<(), Error> {
    let token = named("token-file", args.token_file.as_ref())?;
    let shared = named("shared-secret-file", args.shared_secret_file.as_ref())?;
    let output = output_file(args.output.as_ref())?;
    let place = Destination::settle(output.as_ref(), true, world)?;
    let member = |default: DataKey| args.secret_key.clone().unwrap_or(default);
    let class = match (&args.annotate_csi, &args.namespace) {
        (None, _) => None,
        (Some(_), None) => {
            return Err(Error::usage(
                "--annotate-csi refers to the Secret by its namespace, and none is given",
            )
            .hint("--namespace names it"));
        }
        (Some(class), Some(namespace)) => Some((class, namespace)),
    };
    let (key, content) = match (token, shared) {
        (Some(token), None) => {
            let key = member(DataKey::auth_token());
            let token = stored::from(&token, &key, world)?;
            stored::fits_a_header(&token)?;
            stored::warn_of(Some(&token), world);
            (key, Zeroizing::new(token.expose().as_bytes().to_vec()))
        }
        (None, Some(shared)) => {
            if class.is_some() {
                return Err(Error::usage(
                    "--annotate-csi is for a token, and --shared-secret-file is given",
                )
                .hint("--token-file names a token"));
            }
            let key = member(DataKey::shared_secret());
            let secret = shared.value.read(&key, Kept::SharedSecret, &shared.origin, world)?;
            (key, secret)
        }
        (Some(_), Some(_)) => {
            return Err(Error::usage(
                "--token-file and --shared-secret-file are given, and a Secret holds one of them",
            )
            .hint("leave out one of them"));
        }
        (None, None) => {
            return Err(Error::usage("nothing is given to keep in the Secret")
                .hint("--token-file or --shared-secret-file names it"));
        }
    };
    let mut manifest = Manifest::secret(&args.name, args.namespace.as_ref(), &key, &content);
    if let Some((class, namespace)) = class {
        let class = match class {
            Given::Value(class) => class,
            Given::Empty => &args.name,
        };
        manifest = manifest.with_storage_class(class, &args.name, namespace);
    }
    let text = if manner.json { manifest.to_json(manner.raw) } else { manifest.to_yaml() };
    place.write(text.as_bytes(), world)?;
    if let Some(file) = place.path() {
        world.note(&format!("the manifest is in {}", file.display()));
    }
    Ok(())
}
