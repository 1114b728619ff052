//! What step-ca decides about a provisioner at its start, from the entry alone.
//!
//! Source: smallstep/certificates 0.30.2, `authority/provisioner/*.go`, the methods `Init`, and
//! `webhook.go`. Left out is what needs more than the ca.json: an identity provider's answer, a
//! file, a key store.

use step_claims::{GoUrl, split_host_port};

use crate::disabled::Disabled;
use crate::kind::{Kind, KindName, go_lower};
use crate::object::{Fault, Object};

/// Returns why step-ca would disable an entry because of its members, if it would.
///
/// Certificates and keys in it are decided elsewhere: they need other formats, and the time.
pub(crate) fn fault(
    name: &str,
    kind: &Kind,
    entry: &Object<'_>,
) -> Result<Option<Disabled>, Fault> {
    // A duration that Go cannot read is a fault of the whole file.
    let age = match kind.name() {
        KindName::Gcp | KindName::Aws => instance_age(entry)?,
        _ => None,
    };
    if name.is_empty() {
        return Ok(Some(Disabled::Missing { member: "name" }));
    }
    let own = match kind {
        Kind::Oidc(oidc) => {
            let missing = [
                ("clientID", oidc.client_id.as_str()),
                ("configurationEndpoint", oidc.configuration_endpoint.as_str()),
            ];
            missing_one(&missing).or_else(|| oidc_addresses(oidc))
        }
        Kind::Azure(azure) => missing_one(&[("tenantID", azure.tenant_id.as_str())]),
        Kind::Gcp(gcp) => age.or_else(|| {
            let both = !gcp.project_ids.is_empty() && gcp.organization_id.is_some();
            both.then_some(Disabled::Both { one: "projectIDs", other: "organizationID" })
        }),
        Kind::Aws(aws) => {
            age.or_else(|| unknown_one("imdsVersions", &aws.imds_versions, &["v1", "v2"]))
        }
        Kind::Acme => acme(entry)?,
        Kind::Scep => scep(entry),
        Kind::X5c { roots } | Kind::Nebula { roots } => {
            roots.is_empty().then_some(Disabled::Missing { member: "roots" })
        }
        // An empty text is a list without keys, which step-ca accepts.
        Kind::K8sSa { .. } => {
            entry.raw("publicKeys").is_none().then_some(Disabled::Missing { member: "publicKeys" })
        }
        Kind::Jwk(_) | Kind::SshPop => None,
    };
    match own {
        Some(own) => Ok(Some(own)),
        // step-ca reads no options of an SSHPOP provisioner.
        None if kind.name() == KindName::SshPop => Ok(None),
        None => webhooks(entry),
    }
}

fn member(member: &'static str, fault: impl Into<String>) -> Disabled {
    Disabled::Member { member, fault: fault.into() }
}

fn missing_one(members: &[(&'static str, &str)]) -> Option<Disabled> {
    let missing = members.iter().find(|(_, value)| value.is_empty());
    missing.map(|&(member, _)| Disabled::Missing { member })
}

fn unknown_one(name: &'static str, found: &[String], known: &[&str]) -> Option<Disabled> {
    let unknown = found.iter().find(|found| !known.contains(&found.as_str()))?;
    let unknown = token_text::Excerpt(unknown);
    Some(member(name, format!("has `{unknown}`; step-ca knows {}", known.join(", "))))
}

fn oidc_addresses(oidc: &crate::kind::OidcProvisioner) -> Option<Disabled> {
    if oidc.listen_address.as_deref().is_some_and(|address| split_host_port(address).is_none()) {
        return Some(member("listenAddress", "is not a host and a port"));
    }
    let (scheme, _) = oidc.configuration_endpoint.split_once(':').unwrap_or_default();
    let known = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    (!known).then(|| member("configurationEndpoint", "is not an http or https URL"))
}

fn instance_age(entry: &Object<'_>) -> Result<Option<Disabled>, Fault> {
    let age = entry.required_duration("instanceAge")?;
    let negative = age.is_some_and(|age| age.as_nanos() < 0);
    Ok(negative.then(|| member("instanceAge", "is negative")))
}

fn acme(entry: &Object<'_>) -> Result<Option<Disabled>, Fault> {
    const CHALLENGES: [&str; 6] =
        ["http-01", "dns-01", "tls-alpn-01", "device-attest-01", "wire-oidc-01", "wire-dpop-01"];
    const FORMATS: [&str; 3] = ["apple", "step", "tpm"];
    let lower =
        |list: Vec<String>| -> Vec<String> { list.iter().map(|item| go_lower(item)).collect() };
    let challenges = lower(entry.strings("challenges")?);
    let formats = lower(entry.strings("attestationFormats")?);
    let unknown = unknown_one("challenges", &challenges, &CHALLENGES)
        .or_else(|| unknown_one("attestationFormats", &formats, &FORMATS));
    Ok(unknown)
}

fn scep(entry: &Object<'_>) -> Option<Disabled> {
    let number = |name| entry.raw(name)?.text().parse::<i64>().ok();
    if number("minimumPublicKeyLength").is_some_and(|bits| bits % 8 != 0) {
        return Some(member("minimumPublicKeyLength", "is not a multiple of 8"));
    }
    number("encryptionAlgorithmIdentifier")
        .filter(|id| !(0..=4).contains(id))
        .map(|_| member("encryptionAlgorithmIdentifier", "is not a number from 0 to 4"))
}

/// Every webhook needs a name, an `https` URL and a kind.
fn webhooks(entry: &Object<'_>) -> Result<Option<Disabled>, Fault> {
    const KINDS: [&str; 4] = ["ENRICHING", "AUTHORIZING", "SCEPCHALLENGE", "NOTIFYING"];
    let fault = |fault| Ok(Some(member("options.webhooks", fault)));
    for raw in entry.object("options")?.elements("webhooks")? {
        let Some(webhook) = Object::value(raw) else { continue };
        if webhook.string("name")?.is_empty() {
            return fault("has one without `name`");
        }
        if !is_bare_https(&webhook.string("url")?) {
            return fault("has one whose `url` is not an https URL without user name");
        }
        let kind = webhook.string("kind")?.to_uppercase();
        if !KINDS.contains(&kind.as_str()) {
            return fault("has one without a known `kind`");
        }
    }
    Ok(None)
}

fn is_bare_https(url: &str) -> bool {
    GoUrl::parse(url)
        .is_some_and(|url| url.scheme() == "https" && !url.host().is_empty() && !url.has_user())
}

#[cfg(test)]
mod tests;
