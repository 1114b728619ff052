//! `px secret`: the manifest of a Kubernetes Secret.

use std::path::PathBuf;

use clap::Args;
use openstorage_token::Warning;
use openstorage_token::kubernetes::{DataKey, Manifest, Namespace, ObjectName};
use token_cli::{Destination, Error, Given, Setting, Switch, World};
use token_text::ShownPath;
use zeroize::Zeroizing;

use crate::cli::help;
use crate::px::options::{OutputOptions, optional, output_file};
use crate::px::secret_member::{Member, SecretSource};
use crate::px::stored;
use crate::px::token_fault::TokenFault;
use crate::settings::overwriting;

/// `px secret`.
#[derive(Clone, Debug, Args)]
#[command(after_help = help::with_examples(SECRET_EXAMPLES))]
pub(crate) struct PxSecretArgs {
    /// The name of the Secret
    #[arg(value_name = "NAME")]
    pub(crate) name: ObjectName,

    /// Set the namespace; without it, kubectl chooses one
    #[arg(long, short = 'n', value_name = "NAMESPACE")]
    pub(crate) namespace: Option<Namespace>,

    /// Store this token as auth-token: a file, `-`, env:NAME, fd:N or cred:NAME
    #[arg(long, value_name = "SOURCE")]
    pub(crate) token_file: Option<Given<SecretSource>>,

    /// Store this shared secret as shared-secret: a file, `-`, env:NAME, fd:N or cred:NAME
    #[arg(long, value_name = "SOURCE")]
    pub(crate) shared_secret_file: Option<Given<SecretSource>>,

    /// Store it as this member instead, and read this member if the source is a Secret
    #[arg(long, value_name = "KEY")]
    pub(crate) secret_key: Option<DataKey>,

    /// Add a StorageClass whose volumes use the token (default name: the Secret's)
    #[arg(long, value_name = "CLASS", num_args = 0..=1, require_equals = true,
          default_missing_value = "")]
    pub(crate) annotate_csi: Option<Given<ObjectName>>,

    /// Write the manifest to this file, mode 0600, instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<Given<PathBuf>>,

    /// Write the manifest even if no server accepts the token
    #[arg(long, short = 'f')]
    pub(crate) force: Option<Switch>,
}

/// Prints a manifest with a token or a shared secret.
pub(super) fn run(
    args: &PxSecretArgs,
    options: &OutputOptions,
    world: &World,
) -> Result<(), Error> {
    let token = optional("token-file", args.token_file.as_ref())?;
    let shared = optional("shared-secret-file", args.shared_secret_file.as_ref())?;
    let output = output_file(args.output.as_ref())?;
    let inputs = [&token, &shared].into_iter().flatten().map(SecretSource::input);
    overwriting::refuse(output.as_ref(), inputs, world)?;
    let place = Destination::settle(output.as_ref(), true, world)?;
    let class = storage_class(args)?;
    let (key, content) = content(args, token, shared, world)?;
    let mut manifest = Manifest::secret(&args.name, args.namespace.as_ref(), &key, &content);
    if let Some((class, namespace)) = class {
        manifest = manifest.with_storage_class(class, &args.name, namespace);
    }
    let text = if options.json { manifest.to_json(options.raw) } else { manifest.to_yaml() };
    place.write(text.as_bytes(), world)?;
    if let Some(file) = place.path() {
        world.done(&format!("wrote the manifest to {}", ShownPath(file)));
    }
    Ok(())
}

/// Returns the StorageClass to add, if one is asked for, and the namespace of its Secret.
fn storage_class(args: &PxSecretArgs) -> Result<Option<(&ObjectName, &Namespace)>, Error> {
    let class = match &args.annotate_csi {
        None => return Ok(None),
        Some(Given::Value(class)) => class,
        Some(Given::Empty) => &args.name,
    };
    let Some(namespace) = &args.namespace else {
        return Err(Error::usage(
            "--annotate-csi needs the namespace of the Secret, but none is given",
        )
        .hint("use --namespace NAME"));
    };
    if args.token_file.is_none() && args.shared_secret_file.is_some() {
        return Err(Error::usage(
            "--annotate-csi works only with a token, but --shared-secret-file is given",
        )
        .hint("use --token-file with a token, or leave out --annotate-csi"));
    }
    Ok(Some((class, namespace)))
}

/// Reads what the Secret is to hold, and returns it with the name of its member.
fn content(
    args: &PxSecretArgs,
    token: Option<Setting<SecretSource>>,
    shared: Option<Setting<SecretSource>>,
    world: &World,
) -> Result<(DataKey, Zeroizing<Vec<u8>>), Error> {
    let member = |default: DataKey| args.secret_key.clone().unwrap_or(default);
    match (token, shared) {
        (Some(source), None) => {
            let key = member(DataKey::auth_token());
            let token = stored::from(&source, &key, world)?;
            stored::fits_a_header(&token)?;
            match TokenFault::of(&token, world.now()) {
                Some(fault) if fault.is_final() && !Switch::is_on(args.force) => {
                    return Err(refused(&source, fault));
                }
                _ => stored::warn_of(Some(&token), world),
            }
            Ok((key, Zeroizing::new(token.expose().as_bytes().to_vec())))
        }
        (None, Some(shared)) => {
            let key = member(DataKey::shared_secret());
            let secret = shared.value.read(&key, Member::SharedSecret, &shared.origin, world)?;
            if let Some(warning) = Warning::of_secret(&secret) {
                world.warn(&warning.to_string());
            }
            Ok((key, secret))
        }
        (Some(_), Some(_)) => Err(Error::usage(
            "both --token-file and --shared-secret-file are given, but a Secret can have only one of them",
        )
        .hint("use only one of them")),
        (None, None) => Err(Error::usage("no token and no shared secret given to store in the Secret")
            .hint("use --token-file or --shared-secret-file; `-` is standard input")),
    }
}

/// Refuses a token that would replace a working one in the cluster.
fn refused(source: &Setting<SecretSource>, fault: TokenFault) -> Error {
    Error::settings(format!("the token in {} ({}) {fault}", source.value, source.origin))
        .hint("run `step-token px token` to mint one, or use --force to write the manifest anyway")
}

const SECRET_EXAMPLES: &str = "\
Examples:
  step-token px secret px-user-token -n portworx --token-file token | kubectl apply -f -
  step-token px secret pxkeys -n portworx --shared-secret-file secret | kubectl apply -f -
  step-token px secret px-user-token -n portworx --token-file token --annotate-csi=px-csi";
