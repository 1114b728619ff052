//! `px secret`: the manifest of a Kubernetes Secret.

use openstorage_token::kubernetes::{DataKey, Manifest};

use super::{Manner, given, stored};
use crate::args::{Given, PxSecretArgs};
use crate::{Error, World, emit, file};

/// Prints a manifest with a token or a shared secret.
pub(super) fn run(args: &PxSecretArgs, manner: &Manner, world: &World) -> Result<(), Error> {
    let token = given("token-file", args.token_file.as_ref());
    let shared = given("shared-secret-file", args.shared_secret_file.as_ref());
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
            let token = stored::from(&token, world)?;
            stored::fits_a_header(&token)?;
            (DataKey::auth_token(), zeroize::Zeroizing::new(token.expose().as_bytes().to_vec()))
        }
        (None, Some(shared)) => {
            if class.is_some() {
                return Err(Error::usage(
                    "--annotate-csi is for a token, and --shared-secret-file is given",
                )
                .hint("--token-file names a token"));
            }
            let key = DataKey::shared_secret();
            let secret = shared.value.read(&key, "shared secret", &shared.origin, world)?;
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
    let key = args.secret_key.clone().unwrap_or(key);
    let mut manifest = Manifest::secret(&args.name, args.namespace.as_ref(), &key, &content);
    if let Some((class, namespace)) = class {
        let class = match class {
            Given::Value(class) => class,
            Given::Empty => &args.name,
        };
        manifest = manifest.with_storage_class(class, &args.name, namespace);
    }
    let text = if manner.json { manifest.to_json() } else { manifest.to_yaml() };
    match given("output", args.output.as_ref()).filter(|file| file.value.as_os_str() != "-") {
        None => emit::stdout(text.as_bytes(), world),
        Some(output) => {
            file::replace(&output.value, text.as_bytes(), 0o600)?;
            world.note(&format!("the manifest is in {}", output.value.display()));
            Ok(())
        }
    }
}
