//! The types of provisioners and their members.
//!
//! Source: smallstep/certificates, `authority/provisioner/*.go`.

use std::fmt;

use token_jose::{Algorithm, KeyId, PublicKey};

use crate::object::{Fault, Object};

/// The type of a provisioner, without its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum KindName {
    /// A key that signs tokens.
    Jwk,
    /// An OpenID Connect identity provider.
    Oidc,
    /// Identity tokens of Google Cloud instances.
    Gcp,
    /// Identity documents of AWS instances.
    Aws,
    /// Identity tokens of Azure machines.
    Azure,
    /// The ACME protocol (RFC 8555), which does not use tokens.
    Acme,
    /// Certificates below a given root.
    X5c,
    /// Tokens of Kubernetes service accounts.
    K8sSa,
    /// SSH certificates of this CA.
    SshPop,
    /// The SCEP protocol (RFC 8894), which does not use tokens.
    Scep,
    /// Certificates of a Nebula network.
    Nebula,
}

impl KindName {
    /// All types, in the order of step-ca's numbers.
    pub const ALL: [Self; 11] = [
        Self::Jwk,
        Self::Oidc,
        Self::Gcp,
        Self::Aws,
        Self::Azure,
        Self::Acme,
        Self::X5c,
        Self::K8sSa,
        Self::SshPop,
        Self::Scep,
        Self::Nebula,
    ];

    /// Returns the name as step writes it in menus and messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jwk => "JWK",
            Self::Oidc => "OIDC",
            Self::Gcp => "GCP",
            Self::Aws => "AWS",
            Self::Azure => "Azure",
            Self::Acme => "ACME",
            Self::X5c => "X5C",
            Self::K8sSa => "K8sSA",
            Self::SshPop => "SSHPOP",
            Self::Scep => "SCEP",
            Self::Nebula => "Nebula",
        }
    }

    /// Returns the type for a provisioner's `type` member, which Go puts into lower case;
    /// `None` if the name is unknown.
    #[must_use]
    pub fn from_type(text: &str) -> Option<Self> {
        let lower = go_lower(text);
        Self::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(&lower))
    }

    /// Returns the prefix of the name in the fragment of an audience, such as `x5c`; `None` for
    /// types whose audience has no fragment.
    #[must_use]
    pub const fn fragment(self) -> Option<&'static str> {
        match self {
            Self::X5c => Some("x5c"),
            Self::SshPop => Some("sshpop"),
            Self::Nebula => Some("nebula"),
            Self::Aws => Some("aws"),
            Self::Gcp => Some("gcp"),
            _ => None,
        }
    }

    /// Returns whether provisioners of this type use tokens.
    #[must_use]
    pub const fn has_tokens(self) -> bool {
        !matches!(self, Self::Acme | Self::Scep)
    }
}

impl fmt::Display for KindName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl AsRef<str> for KindName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

/// The type of a provisioner with the members that minting and verifying need.
///
/// All other members are in [`Provisioner::raw`](crate::Provisioner::raw).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Kind {
    /// A key that signs tokens.
    Jwk(Box<JwkProvisioner>),
    /// An OpenID Connect identity provider.
    Oidc(Box<OidcProvisioner>),
    /// Identity tokens of Google Cloud instances.
    Gcp(Box<GcpProvisioner>),
    /// Identity documents of AWS instances.
    Aws(Box<AwsProvisioner>),
    /// Identity tokens of Azure machines.
    Azure(Box<AzureProvisioner>),
    /// The ACME protocol, which does not use tokens.
    Acme,
    /// Certificates below a given root.
    X5c {
        /// The roots, a PEM bundle.
        roots: Vec<u8>,
    },
    /// Tokens of Kubernetes service accounts.
    K8sSa {
        /// The keys that verify such tokens, a PEM bundle of public keys or certificates.
        public_keys: Vec<u8>,
    },
    /// SSH certificates of this CA.
    SshPop,
    /// The SCEP protocol, which does not use tokens.
    Scep,
    /// Certificates of a Nebula network.
    Nebula {
        /// The network's CA certificates, a PEM bundle.
        roots: Vec<u8>,
    },
}

impl Kind {
    pub(crate) fn read(name: KindName, entry: &Object<'_>) -> Result<Self, Fault> {
        Ok(match name {
            KindName::Jwk => Self::Jwk(Box::new(JwkProvisioner::read(entry)?)),
            KindName::Oidc => Self::Oidc(Box::new(OidcProvisioner::read(entry)?)),
            KindName::Gcp => Self::Gcp(Box::new(GcpProvisioner::read(entry)?)),
            KindName::Aws => Self::Aws(Box::new(AwsProvisioner::read(entry)?)),
            KindName::Azure => Self::Azure(Box::new(AzureProvisioner::read(entry)?)),
            KindName::Acme => Self::Acme,
            KindName::X5c => Self::X5c { roots: entry.bytes("roots")? },
            KindName::K8sSa => Self::K8sSa { public_keys: entry.bytes("publicKeys")? },
            KindName::SshPop => Self::SshPop,
            KindName::Scep => Self::Scep,
            KindName::Nebula => Self::Nebula { roots: entry.bytes("roots")? },
        })
    }

    /// Returns the type alone.
    #[must_use]
    pub fn name(&self) -> KindName {
        match self {
            Self::Jwk(_) => KindName::Jwk,
            Self::Oidc(_) => KindName::Oidc,
            Self::Gcp(_) => KindName::Gcp,
            Self::Aws(_) => KindName::Aws,
            Self::Azure(_) => KindName::Azure,
            Self::Acme => KindName::Acme,
            Self::X5c { .. } => KindName::X5c,
            Self::K8sSa { .. } => KindName::K8sSa,
            Self::SshPop => KindName::SshPop,
            Self::Scep => KindName::Scep,
            Self::Nebula { .. } => KindName::Nebula,
        }
    }
}

impl From<&Kind> for KindName {
    fn from(kind: &Kind) -> Self {
        kind.name()
    }
}

/// A key that signs tokens.
#[derive(Clone)]
pub struct JwkProvisioner {
    /// The `kid` of the public key, by which a CA finds a token's provisioner; `None` if the key has
    /// none or an empty one. step always sets it. Without it the tokens have no `kid` either.
    pub key_id: Option<KeyId>,
    /// The public key or, if it cannot be read, the reason. The rest of the list stays usable.
    pub key: Result<PublicKey, String>,
    /// The `alg` of the public key, if it is a known one. The encrypted key has its own `alg`,
    /// which takes precedence.
    pub algorithm: Option<Algorithm>,
    /// The encrypted private key, a compact JWE (RFC 7516 §7.1), if the CA publishes it.
    pub encrypted_key: Option<String>,
    /// Whether the entry has no `key` at all.
    pub(crate) is_missing: bool,
}

impl JwkProvisioner {
    fn read(entry: &Object<'_>) -> Result<Self, Fault> {
        let encrypted_key = entry.non_empty("encryptedKey")?;
        let Some(jwk) = entry.key("key") else {
            let key = Err("is missing".to_owned());
            let is_missing = true;
            return Ok(Self { key_id: None, key, algorithm: None, encrypted_key, is_missing });
        };
        let key = match jwk.fault() {
            Some(fault) => Err(fault.to_owned()),
            // step-ca reads a private key, publishes it, and verifies no token with it.
            None if jwk.has("d") => Err("is a private key, which verifies no token".to_owned()),
            None => PublicKey::from_jwk(jwk.json).map_err(|fault| chain(&fault)),
        };
        Ok(Self {
            key_id: jwk.non_empty("kid").and_then(|text| text.parse().ok()),
            key,
            algorithm: jwk.non_empty("alg").and_then(|text| text.parse().ok()),
            encrypted_key,
            is_missing: false,
        })
    }
}

/// Returns a text in lower case as far as ASCII is concerned, as Go's `strings.ToLower` does: the
/// Kelvin sign is a `k` there, and a dotted capital I an `i`.
pub(crate) fn go_lower(text: &str) -> String {
    let lower = |c: char| match c {
        '\u{212a}' => 'k',
        '\u{130}' => 'i',
        _ => c.to_ascii_lowercase(),
    };
    text.chars().map(lower).collect()
}

/// Writes an error and its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

impl fmt::Debug for JwkProvisioner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwkProvisioner")
            .field("key_id", &self.key_id)
            .field("key", &self.key)
            .field("algorithm", &self.algorithm)
            .field("encrypted_key", &self.encrypted_key.as_ref().map(|_| Hidden))
            .finish()
    }
}

/// An OpenID Connect identity provider.
#[derive(Clone)]
pub struct OidcProvisioner {
    /// The client that a token is issued to, by which a CA finds the provisioner.
    pub client_id: String,
    /// The client's secret. It may be empty, and the CA publishes it to anyone who asks.
    pub client_secret: String,
    /// The address of the discovery document, with or without its well-known path.
    pub configuration_endpoint: String,
    /// The tenant that replaces `{tenantid}` in the issuer.
    pub tenant_id: Option<String>,
    /// The address where the login callback listens, as `host:port` or `:port`.
    pub listen_address: Option<String>,
    /// The scopes to ask for instead of the usual ones.
    pub scopes: Vec<String>,
    /// Further parameters of the authorisation request, as `key=value`.
    pub auth_params: Vec<String>,
    /// The e-mail addresses and groups with more rights.
    pub admins: Vec<String>,
    /// The domains that an e-mail address must be in; none means all.
    pub domains: Vec<String>,
    /// The groups of which a user needs one; none means no group is needed.
    pub groups: Vec<String>,
}

impl OidcProvisioner {
    fn read(entry: &Object<'_>) -> Result<Self, Fault> {
        Ok(Self {
            client_id: entry.string("clientID")?,
            client_secret: entry.string("clientSecret")?,
            configuration_endpoint: entry.string("configurationEndpoint")?,
            tenant_id: entry.non_empty("tenantID")?,
            listen_address: entry.non_empty("listenAddress")?,
            scopes: entry.strings("scopes")?,
            auth_params: entry.strings("authParams")?,
            admins: entry.strings("admins")?,
            domains: entry.strings("domains")?,
            groups: entry.strings("groups")?,
        })
    }
}

impl fmt::Debug for OidcProvisioner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OidcProvisioner")
            .field("client_id", &self.client_id)
            .field("client_secret", &Hidden)
            .field("configuration_endpoint", &self.configuration_endpoint)
            .field("tenant_id", &self.tenant_id)
            .field("listen_address", &self.listen_address)
            .field("scopes", &self.scopes)
            .field("auth_params", &self.auth_params)
            .field("admins", &self.admins)
            .field("domains", &self.domains)
            .field("groups", &self.groups)
            .finish()
    }
}

/// Identity tokens of Google Cloud instances.
#[derive(Clone, Debug)]
pub struct GcpProvisioner {
    /// The accepted service accounts; none means all.
    pub service_accounts: Vec<String>,
    /// The accepted projects; none means all.
    pub project_ids: Vec<String>,
    /// The organisation that the projects must belong to.
    pub organization_id: Option<String>,
    /// Whether a certificate may only have the names of the instance.
    pub disable_custom_sans: bool,
    /// Whether an instance may get a second certificate.
    pub disable_trust_on_first_use: bool,
    /// Whether SSH user certificates are refused; step-ca refuses them by default.
    pub disable_ssh_ca_user: bool,
    /// Whether SSH host certificates are refused.
    pub disable_ssh_ca_host: bool,
}

impl GcpProvisioner {
    fn read(entry: &Object<'_>) -> Result<Self, Fault> {
        Ok(Self {
            service_accounts: entry.strings("serviceAccounts")?,
            project_ids: entry.strings("projectIDs")?,
            organization_id: entry.non_empty("organizationID")?,
            disable_custom_sans: entry.flag("disableCustomSANs")?,
            disable_trust_on_first_use: entry.flag("disableTrustOnFirstUse")?,
            disable_ssh_ca_user: entry.boolean("disableSSHCAUser")?.unwrap_or(true),
            disable_ssh_ca_host: entry.boolean("disableSSHCAHost")?.unwrap_or(false),
        })
    }
}

/// Identity documents of AWS instances.
#[derive(Clone, Debug)]
pub struct AwsProvisioner {
    /// The accepted accounts; none means all.
    pub accounts: Vec<String>,
    /// Whether a certificate may only have the names of the instance.
    pub disable_custom_sans: bool,
    /// Whether an instance may get a second certificate.
    pub disable_trust_on_first_use: bool,
    /// The versions of the metadata service to try, `v1` or `v2`, in that order; none means `v2`
    /// and then `v1`.
    pub imds_versions: Vec<String>,
    /// A file with the certificates that sign identity documents, instead of the usual ones.
    pub iid_roots: Option<String>,
}

impl AwsProvisioner {
    fn read(entry: &Object<'_>) -> Result<Self, Fault> {
        Ok(Self {
            accounts: entry.strings("accounts")?,
            disable_custom_sans: entry.flag("disableCustomSANs")?,
            disable_trust_on_first_use: entry.flag("disableTrustOnFirstUse")?,
            imds_versions: entry.strings("imdsVersions")?,
            iid_roots: entry.non_empty("iidRoots")?,
        })
    }
}

/// Identity tokens of Azure machines.
#[derive(Clone, Debug)]
pub struct AzureProvisioner {
    /// The tenant that issues the tokens, by which a CA finds a token's provisioner.
    pub tenant_id: String,
    /// The resource of the tokens; none means [`AzureProvisioner::DEFAULT_AUDIENCE`].
    pub audience: Option<String>,
    /// The accepted resource groups; none means all.
    pub resource_groups: Vec<String>,
    /// The accepted subscriptions; none means all.
    pub subscription_ids: Vec<String>,
    /// The accepted object IDs; none means all.
    pub object_ids: Vec<String>,
    /// Whether a certificate may only have the names of the machine.
    pub disable_custom_sans: bool,
    /// Whether a machine may get a second certificate.
    pub disable_trust_on_first_use: bool,
}

impl AzureProvisioner {
    /// The resource used if a provisioner gives none.
    pub const DEFAULT_AUDIENCE: &str = "https://management.azure.com/";

    fn read(entry: &Object<'_>) -> Result<Self, Fault> {
        Ok(Self {
            tenant_id: entry.string("tenantID")?,
            audience: entry.non_empty("audience")?,
            resource_groups: entry.strings("resourceGroups")?,
            subscription_ids: entry.strings("subscriptionIDs")?,
            object_ids: entry.strings("objectIDs")?,
            disable_custom_sans: entry.flag("disableCustomSANs")?,
            disable_trust_on_first_use: entry.flag("disableTrustOnFirstUse")?,
        })
    }
}

/// Replaces a value that is not shown.
struct Hidden;

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_matched_without_regard_to_case() {
        for kind in KindName::ALL {
            assert_eq!(KindName::from_type(kind.as_str()), Some(kind));
            assert_eq!(KindName::from_type(&kind.as_str().to_lowercase()), Some(kind));
            assert_eq!(KindName::from_type(&kind.as_str().to_uppercase()), Some(kind));
        }
        // Go's lower case of the Kelvin sign and of a dotted capital I is ASCII.
        assert_eq!(KindName::from_type("JW\u{212a}"), Some(KindName::Jwk));
        assert_eq!(KindName::from_type("\u{212a}8sSA"), Some(KindName::K8sSa));
        assert_eq!(KindName::from_type("O\u{130}DC"), Some(KindName::Oidc));
        for unknown in ["EST", "\u{17f}cep", "o\u{131}dc", "\u{ff2a}wk"] {
            assert_eq!(KindName::from_type(unknown), None, "{unknown}");
        }
        assert_eq!(KindName::from_type(""), None);
    }
}
