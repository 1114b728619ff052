//! Tokens that are fetched and not signed here.

use step_claims::{CaUrl, Operation};
use step_provisioner::{KindName, Shown};
use token_identity::{Error as IdentityFault, ServiceAccountToken};

use crate::authority::Authority;
use crate::claims::operation;
use crate::origin::{Origin, Setting};
use crate::secret::Source;
use crate::select::Chosen;
use crate::settings::{ProofSettings, Settings};
use crate::{Error, World};

/// A token of somebody else, with the provisioner that believes it.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) token: ServiceAccountToken,
    pub(crate) provisioner: Option<String>,
    pub(crate) operation: Operation,
}

/// Reads the token of a Kubernetes service account, where `--k8ssa-token-path` says or where
/// Kubernetes mounts it.
pub(crate) fn service_account(
    settings: &Settings,
    chosen: &Chosen,
    authority: &Authority,
    world: &World,
) -> Result<Fetched, Error> {
    let mut asked = settings.clone();
    crate::settings::issued_elsewhere(&mut asked, world)?;
    let path = match &settings.proof {
        Some(ProofSettings::K8sSa(path)) => path.clone(),
        _ => Setting::new(Source::Path(MOUNTED.into()), Origin::Default),
    };
    let bytes = path.value.read(&path.origin, world).map_err(|error| {
        error.hint("--k8ssa-token-path names the file; a pod has one only if its service account is mounted")
    })?;
    let called = match path.origin {
        Origin::Default => path.value.to_string(),
        _ => format!("{} ({})", path.value, path.origin),
    };
    let token = ServiceAccountToken::read(&bytes, world.now()).map_err(|cause| {
        let error = Error::settings(format!("{called} {}", Shown(&cause.to_string())));
        match cause {
            IdentityFault::Bound { .. } => error.hint(
                "an OIDC provisioner for the cluster takes bound tokens, and so does none of type K8sSA",
            ),
            _ => error,
        }
    })?;
    if let Some(doubt) = token.doubt() {
        world.warn(&format!(
            "{called} cannot be read as a token, and the CA will hardly take it: {doubt}"
        ));
    }
    is_for_nobody_here(&token, &authority.url, &called)?;
    let provisioner = Some(chosen.name().to_owned()).filter(|name| !name.is_empty());
    Ok(Fetched { token, provisioner, operation: operation(settings) })
}

/// step-ca takes a token whose audience is its own for one of a JWK provisioner, and finds none.
fn is_for_nobody_here(token: &ServiceAccountToken, ca: &CaUrl, called: &str) -> Result<(), Error> {
    let own = |audience: &&String| {
        audience.parse::<CaUrl>().is_ok_and(|url| url.host() == ca.host())
            && audience.contains("://")
    };
    match token.claims().and_then(|claims| claims.audience.iter().find(own)) {
        None => Ok(()),
        Some(audience) => Err(Error::settings(format!(
            "{called} is a token for `{}`: the CA looks for a {} provisioner when the audience is its own",
            Shown(audience),
            KindName::Jwk
        ))
        .hint("a service account token for another audience, or for none, works")),
    }
}

/// Where Kubernetes mounts it.
const MOUNTED: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";
