//! Passes on tokens that another service issued.

use step_claims::{Operation, is_audience_of};
use step_provisioner::{Kind, KindName};
use token_cli::{Error, Origin, Setting, Source, World};
use token_identity::{Error as IdentityFault, ServiceAccountToken};

use crate::authority::Authority;
use crate::mint::proof_settings::ProofSettings;
use crate::mint::select::Chosen;
use crate::mint::settings::MintSettings;

/// A token that another service issued, with the provisioner that accepts it.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) token: ServiceAccountToken,
    pub(crate) provisioner: Option<String>,
    pub(crate) operation: Operation,
}

/// The token of a Kubernetes service account, and its name in messages.
#[derive(Debug)]
pub(crate) struct Account {
    token: ServiceAccountToken,
    called: String,
}

/// Reads the token that `--k8ssa-token-path` names, if it names one.
pub(crate) fn given_account(
    settings: &MintSettings,
    world: &World,
) -> Result<Option<Account>, Error> {
    match &settings.proof {
        Some(ProofSettings::K8sSa(path)) => account(path, world).map(Some),
        _ => Ok(None),
    }
}

/// Returns whether such a token can be meant where no subject is given. Offline the ca.json tells,
/// which costs no request.
pub(crate) fn may_replace_a_request(settings: &MintSettings) -> bool {
    settings.ca.offline
        || matches!(settings.proof, Some(ProofSettings::K8sSa(_)))
        || std::path::Path::new(MOUNTED).exists()
}

/// Returns the token given by a flag, or the one that Kubernetes mounts.
pub(crate) fn service_account(
    given: Option<Account>,
    operation: Operation,
    chosen: &Chosen,
    authority: &Authority,
    world: &World,
) -> Result<Fetched, Error> {
    let Account { token, called } = match given {
        Some(account) => account,
        None => account(&Setting::new(Source::Path(MOUNTED.into()), Origin::Default), world)?,
    };
    is_for_nobody_here(&token, authority, &called)?;
    is_signed_for(&token, chosen, &called)?;
    let provisioner = Some(chosen.name().to_owned()).filter(|name| !name.is_empty());
    Ok(Fetched { token, provisioner, operation })
}

fn account(path: &Setting<Source>, world: &World) -> Result<Account, Error> {
    // Kubernetes mounts it so that everybody in the container can read it.
    let bytes = path.value.read_hidden(&path.origin, world).map_err(|error| {
        error.hint(
            "use --k8ssa-token-path with another file, or mount the service account into the pod",
        )
    })?;
    let called = match path.origin {
        Origin::Default => path.value.to_string(),
        _ => format!("{} ({})", path.value, path.origin),
    };
    let token = ServiceAccountToken::read(&bytes, world.now()).map_err(|cause| {
        let error = Error::settings(format!("{called} {cause}"));
        match cause {
            IdentityFault::Bound { .. } => {
                error.hint("use an OIDC provisioner for the cluster: a bound token needs one")
            }
            _ => error.hint("use --k8ssa-token-path with another file"),
        }
    })?;
    if let Some(doubt) = token.doubt() {
        world.warn(&format!("{called} is passed on, but the CA will probably refuse it: {doubt}"));
    }
    Ok(Account { token, called })
}

/// Refuses a token for the CA itself: step-ca would look for a JWK provisioner, and find none.
fn is_for_nobody_here(
    token: &ServiceAccountToken,
    authority: &Authority,
    called: &str,
) -> Result<(), Error> {
    let names = authority.names();
    let own = |audience: &&String| names.iter().any(|name| is_audience_of(audience, name));
    match token.claims().and_then(|claims| claims.audience.iter().find(own)) {
        None => Ok(()),
        Some(audience) => Err(Error::settings(format!(
            "{called} is a token for `{audience}`, which is the CA itself: the CA would look for a {} \
             provisioner",
            KindName::Jwk
        ))
        .hint("use a service account token for another audience, or for none")),
    }
}

/// Refuses a token that none of the provisioner's keys signed.
fn is_signed_for(token: &ServiceAccountToken, chosen: &Chosen, called: &str) -> Result<(), Error> {
    let Some(provisioner) = chosen.provisioner() else { return Ok(()) };
    let Kind::K8sSa { public_keys } = &provisioner.kind else { return Ok(()) };
    if token.is_signed_by_one_of(public_keys) != Some(false) {
        return Ok(());
    }
    let message = format!(
        "{called} is not signed by any of the `publicKeys` of provisioner {}",
        provisioner.label()
    );
    Err(Error::settings(message).hint(
        "use a token of the cluster that the provisioner is for, or add the cluster's key (its \
         `sa.pub`) to `publicKeys`",
    ))
}

/// Where Kubernetes mounts it.
const MOUNTED: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";
