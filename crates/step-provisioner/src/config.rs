//! The parts of a step-ca's ca.json that tokens depend on.
//!
//! Source: smallstep/certificates, `authority/config/config.go`.

use step_claims::{CaUrl, Operation};
use token_time::SignedDuration;

use crate::capability::Capability;
use crate::claims::ProvisionerClaims;
use crate::disabled::Disabled;
use crate::error::Error;
use crate::kind::Kind;
use crate::list::{Place, Skipped, parse_entries};
use crate::object::{Fault, Object, document};
use crate::provisioner::Provisioner;
use crate::ssh_keys::SshKeys;

/// The names of a CA whose ca.json has no `dnsNames`.
const ASSUMED_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The default port of `https` (RFC 9110 §4.2.2).
const HTTPS: u16 = 443;

/// The parts of a ca.json that tokens depend on.
///
/// Reading it needs only the text: no database, no CA key, none of the files it names. Every
/// path is as written there, and may be relative.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CaConfig {
    /// `root`: the files with the root certificates. The first one is what tokens pin as `sha`.
    pub roots: Vec<String>,
    /// `federatedRoots`: the files with further roots.
    pub federated_roots: Vec<String>,
    /// `crt`: the file with the intermediate certificate.
    pub certificate: Option<String>,
    /// `address`: where the CA listens, as `host:port`.
    pub address: Option<String>,
    /// `dnsNames`, as written; `None` if the member is missing. See [`CaConfig::names`].
    pub dns_names: Option<Vec<String>>,
    /// `ssh`: the types of SSH certificates that the CA has keys for, and those it accepts.
    pub ssh: SshKeys,
    /// `authority.provisioners`, in the order of the file; never empty.
    pub provisioners: Vec<Provisioner>,
    /// The entries of that list whose type is unknown here.
    pub skipped: Vec<Skipped>,
    /// `authority.claims`: the defaults for all provisioners, which each may override.
    pub claims: ProvisionerClaims,
    /// `authority.enableAdmin`: the CA keeps its provisioners in a database, and this list may be
    /// stale or incomplete.
    pub enable_admin: bool,
    /// `authority.backdate`: how long before its signing a certificate begins that asks for no
    /// other start.
    pub backdate: SignedDuration,
    /// `authority.disableIssuedAtCheck`: tokens from before the CA's start are accepted.
    pub disable_issued_at_check: bool,
    /// `authority.type`, if another CA issues the certificates: this one is a registration
    /// authority, and its ca.json needs no `root`.
    pub registration: Option<Registration>,
}

/// What a registration authority's ca.json says of the CA behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Registration {
    /// `authority.certificateAuthorityFingerprint`: the root certificate of the CA behind it, as
    /// written.
    pub fingerprint: Option<String>,
}

impl CaConfig {
    /// The `backdate` of a CA that sets none.
    pub const DEFAULT_BACKDATE: SignedDuration = SignedDuration::from_seconds(60);

    /// Parses the text of a ca.json; a leading UTF-8 byte order mark is ignored.
    ///
    /// A provisioner that step-ca disables at its start, because of its members or its claims, is
    /// marked so. With `enableAdmin` none is: the CA may have other entries in its database.
    ///
    /// # Errors
    ///
    /// - [`Error::Json`] or [`Error::NotAnObject`] if it is not a JSON object.
    /// - [`Error::Member`], [`Error::Entry`] or [`Error::Provisioner`] if a member that matters
    ///   has the wrong type.
    /// - [`Error::NoProvisioners`] if it lists no provisioner of a known type.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        let document = document(json)?;
        let top = Object::outermost(&document)?;
        let authority = top.object("authority").map_err(Fault::of_document)?;
        let enable_admin = flag(&authority, "enableAdmin")?;

        let list = authority.array("provisioners").map_err(Fault::of_document)?;
        let (mut provisioners, skipped) = parse_entries(list, Place::File)?;
        if provisioners.is_empty() {
            let unknown_types = skipped.iter().map(Skipped::kind).collect();
            return Err(Error::NoProvisioners { enable_admin, unknown_types });
        }

        let claims = authority.object("claims").and_then(|claims| ProvisionerClaims::read(&claims));
        let claims = claims.map_err(Fault::of_document)?;
        for provisioner in &mut provisioners {
            let contradiction = || {
                let contradiction = provisioner.claims.effective(&claims).contradiction()?;
                Some(Box::new(Disabled::Lifetimes(contradiction)))
            };
            let fault = provisioner.disabled.take().or_else(contradiction);
            provisioner.disabled = fault.filter(|_| !enable_admin);
        }
        let backdate = authority.duration("backdate").map_err(Fault::of_document)?;
        let dns_names = top.optional_strings("dnsNames").map_err(Fault::of_document)?;
        Ok(Self {
            roots: non_empty(top.one_or_more("root").map_err(Fault::of_document)?),
            federated_roots: non_empty(top.strings("federatedRoots").map_err(Fault::of_document)?),
            certificate: top.non_empty("crt").map_err(Fault::of_document)?,
            address: top.non_empty("address").map_err(Fault::of_document)?,
            dns_names,
            ssh: SshKeys::read(&top).map_err(Fault::of_document)?,
            provisioners,
            skipped,
            claims,
            enable_admin,
            backdate: backdate.unwrap_or(Self::DEFAULT_BACKDATE),
            disable_issued_at_check: flag(&authority, "disableIssuedAtCheck")?,
            registration: Registration::read(&authority).map_err(Fault::of_document)?,
        })
    }

    /// Marks the provisioners that step-ca disables because of the certificates or keys in them.
    ///
    /// `fault` says what is wrong with those of one type at the time the CA starts. This crate knows
    /// no such formats; `step_header::anchor_fault` does.
    pub fn check_anchors(&mut self, fault: impl Fn(&Kind) -> Option<Disabled>) {
        if self.enable_admin {
            return;
        }
        for provisioner in self.provisioners.iter_mut().filter(|it| it.disabled.is_none()) {
            provisioner.disabled = fault(&provisioner.kind).map(Box::new);
        }
    }

    /// Returns what a provisioner of this CA may authorise, as far as the file tells.
    ///
    /// With `enableAdmin` its claims in the file may be outdated, those of the authority are not.
    #[must_use]
    pub fn capability(&self, provisioner: &Provisioner, operation: Operation) -> Capability {
        let capability = match self.tells_of_ssh() {
            true => provisioner.capability_within(&self.claims, operation),
            false => provisioner.capability(operation),
        };
        if capability.is_refused() {
            return capability;
        }
        let proven = matches!(provisioner.kind, Kind::SshPop) && operation.is_ssh();
        match self.ssh.refusal(operation) {
            Some(refusal) => refusal,
            None if proven && !self.ssh.accepts_some() => Capability::Refused {
                reason: "the ca.json has no SSH keys, so the CA accepts no SSH certificate",
                instead: "a JWK provisioner",
            },
            None => capability,
        }
    }

    /// Returns whether the file tells if a provisioner whose entry does not say so signs SSH
    /// certificates.
    #[must_use]
    pub fn tells_of_ssh(&self) -> bool {
        !self.enable_admin || self.claims.enable_ssh_ca == Some(true)
    }

    /// Returns the port of `address`, also if it is 443; `None` if it has no numeric port.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        let (_, port) = self.address.as_deref()?.rsplit_once(':')?;
        port.parse().ok().filter(|&port| port != 0)
    }

    /// Returns the CA's names: `dnsNames` or, if the member is missing, the names of
    /// the local host that step-ca then assumes.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        match &self.dns_names {
            Some(names) => names.iter().map(String::as_str).collect(),
            None => ASSUMED_NAMES.to_vec(),
        }
    }

    /// Returns `url` with its host as the CA's own names spell it, or `None` if it is none of them.
    ///
    /// step-ca compares host names letter for letter and IPv6 addresses as text, and ignores the
    /// port.
    #[must_use]
    pub fn own_spelling(&self, url: &CaUrl) -> Option<CaUrl> {
        let names = self.names();
        let own = || names.iter().filter_map(|name| CaUrl::from_dns_name(name, None).ok());
        own()
            .find(|own| own.host() == url.host())
            .or_else(|| own().find(|own| own.is_same_host(url)))
            .map(|own| url.spelled_as(&own))
    }

    /// Returns the URL that tokens for this CA are addressed to: the first of `dnsNames` with the
    /// port of `address`, unless that is 443.
    ///
    /// step-ca ignores ports in the comparison, but programs that take the CA's address from a
    /// token need it (Q50).
    ///
    /// # Errors
    ///
    /// - [`Error::NoDnsNames`] if the file has none: the names step-ca assumes then are valid on
    ///   its own host only.
    /// - [`Error::DnsName`] if the first one is not a host.
    pub fn audience_base(&self) -> Result<CaUrl, Error> {
        let name = self.dns_names.as_deref().and_then(<[String]>::first);
        let name = name.ok_or(Error::NoDnsNames)?;
        let port = self.port().filter(|&port| port != HTTPS);
        CaUrl::from_dns_name(name, port)
            .map_err(|source| Error::DnsName { name: name.clone(), source })
    }
}

impl Registration {
    /// Source: smallstep/certificates, `cas/apiv1/options.go` (`Type`, `Is`).
    fn read(authority: &Object<'_>) -> Result<Option<Self>, Fault> {
        match authority.non_empty("type")? {
            Some(kind) if !kind.eq_ignore_ascii_case("softcas") => {
                let fingerprint = authority.non_empty("certificateAuthorityFingerprint")?;
                Ok(Some(Self { fingerprint }))
            }
            _ => Ok(None),
        }
    }
}

fn flag(object: &Object<'_>, member: &str) -> Result<bool, Error> {
    object.flag(member).map_err(Fault::of_document)
}

fn non_empty(mut paths: Vec<String>) -> Vec<String> {
    paths.retain(|path| !path.is_empty());
    paths
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::testing;

    use super::*;

    /// A ca.json with one provisioner and the given members before `authority`.
    fn with(members: &str) -> CaConfig {
        let json = format!(r#"{{{members}"authority":{{"provisioners":[{}]}}}}"#, testing::JWK);
        CaConfig::parse(json.as_bytes()).unwrap()
    }

    fn base(members: &str) -> String {
        with(members).audience_base().unwrap().to_string()
    }

    #[test]
    fn a_whole_file_is_read() {
        let json = format!(
            r#"{{
              "root": "certs/root_ca.crt", "federatedRoots": null,
              "crt": "certs/intermediate_ca.crt", "key": "secrets/intermediate_ca_key",
              "address": "127.0.0.1:9000", "insecureAddress": "",
              "dnsNames": ["ca.example.test", "::1"],
              "ssh": {{"hostKey": "ssh/host_ca.pem", "userKey": ""}},
              "logger": {{"format": "text"}},
              "authority": {{
                "provisioners": [{}, {{"type": "EST", "name": "later"}}],
                "claims": {{"enableSSHCA": true}},
                "enableAdmin": true, "disableIssuedAtCheck": true
              }}
            }}"#,
            testing::JWK
        );
        let config = CaConfig::parse(json.as_bytes()).unwrap();
        assert_eq!(config.roots, ["certs/root_ca.crt"]);
        assert!(config.federated_roots.is_empty());
        assert_eq!(config.certificate.as_deref(), Some("certs/intermediate_ca.crt"));
        assert_eq!(config.port(), Some(9000));
        assert_eq!(config.names(), ["ca.example.test", "::1"]);
        assert_eq!(
            config.ssh,
            SshKeys { user: false, host: true, accepts_user: false, accepts_host: true }
        );
        assert_eq!(config.backdate, "1m".parse().unwrap());
        assert_eq!(config.provisioners.len(), 1);
        assert_eq!(config.skipped[0].name(), "later");
        assert_eq!(config.claims.enable_ssh_ca, Some(true));
        assert!(config.enable_admin && config.disable_issued_at_check);
    }

    #[test]
    fn a_registration_authority_may_name_the_root_behind_it() {
        let of = |members: &str| {
            let provisioner = testing::JWK;
            let json = format!(r#"{{"authority":{{{members}"provisioners":[{provisioner}]}}}}"#);
            CaConfig::parse(json.as_bytes()).unwrap().registration
        };
        let own = r#""certificateAuthorityFingerprint":"ab","#;
        let with = |fingerprint: Option<&str>| {
            Some(Registration { fingerprint: fingerprint.map(str::to_owned) })
        };
        assert_eq!(of(&format!(r#""type":"stepcas",{own}"#)), with(Some("ab")));
        assert_eq!(of(r#""type":"cloudCAS","#), with(None));
        for none in ["", r#""type":"","#, r#""type":"SoftCAS","#, own] {
            assert_eq!(of(none), None, "{none}");
        }
    }

    #[test]
    fn roots_are_one_or_several() {
        assert_eq!(with(r#""root":["a.crt","b.crt"],"#).roots, ["a.crt", "b.crt"]);
        assert!(with(r#""root":"","#).roots.is_empty());
        assert!(with("").roots.is_empty());
        let error =
            CaConfig::parse(br#"{"root":5,"authority":{"provisioners":[{"type":"ACME"}]}}"#);
        assert_eq!(error.unwrap_err().to_string(), "`root` is not a string or an array of strings");
    }

    #[test]
    fn the_audience_has_the_first_name_and_the_port_unless_it_is_443() {
        let names = r#""dnsNames":["ca.example.test","localhost"],"#;
        assert_eq!(base(names), "https://ca.example.test");
        assert_eq!(base(&format!(r#"{names}"address":":443","#)), "https://ca.example.test");
        let other = format!(r#"{names}"address":"127.0.0.1:9000","#);
        assert_eq!(base(&other), "https://ca.example.test:9000");
        let bracketed = format!(r#"{names}"address":"[::]:8443","#);
        assert_eq!(base(&bracketed), "https://ca.example.test:8443");
        let ipv6 = r#""dnsNames":["::1"],"address":":9000","#;
        assert_eq!(base(ipv6), "https://[::1]:9000");
    }

    #[test]
    fn without_names_no_audience_follows() {
        for members in ["", r#""dnsNames":[],"#, r#""dnsNames":null,"#] {
            let error = with(members).audience_base().unwrap_err();
            assert!(matches!(error, Error::NoDnsNames), "{members}");
            assert!(error.to_string().contains("`dnsNames`"));
        }
        assert_eq!(with("").names(), ["localhost", "127.0.0.1", "::1"]);
        assert!(with(r#""dnsNames":[],"#).names().is_empty());
    }

    #[test]
    fn a_first_name_that_is_no_host_is_an_error() {
        let error = with(r#""dnsNames":["not a host"],"#).audience_base().unwrap_err();
        assert_eq!(error.to_string(), "`dnsNames` begins with `not a host`, which is not a host");
        assert!(std::error::Error::source(&error).is_some());
    }

    #[test]
    fn a_url_must_name_one_of_the_names() {
        let config = with(r#""dnsNames":["ca.example.test","::1"],"#);
        let answers =
            |name, port| config.own_spelling(&CaUrl::from_dns_name(name, port).unwrap()).is_some();
        assert!(answers("ca.example.test", Some(9000)));
        assert!(answers("::1", None) && answers("[::1]", Some(443)));
        let spelled = |url: &str| config.own_spelling(&url.parse().unwrap()).unwrap().to_string();
        assert_eq!(spelled("CA.example.test:1"), "https://ca.example.test:1");
        assert_eq!(spelled("[0:0:0:0:0:0:0:1]"), "https://[::1]");
        assert!(!answers("other.example.test", None));
        assert!(with("").own_spelling(&CaUrl::from_dns_name("localhost", None).unwrap()).is_some());
    }

    #[test]
    fn a_port_is_a_number() {
        for (address, port) in [
            (":443", Some(443)),
            ("[::1]:9000", Some(9000)),
            ("ca", None),
            (":", None),
            (":0", None),
            (":https", None),
            (":99999", None),
        ] {
            assert_eq!(with(&format!(r#""address":"{address}","#)).port(), port, "{address}");
        }
    }

    #[test]
    fn no_provisioner_is_an_error_that_tells_why() {
        for (json, message) in [
            ("{}", "`authority.provisioners` is missing or empty"),
            (
                r#"{"authority":{"provisioners":[]}}"#,
                "`authority.provisioners` is missing or empty",
            ),
            (
                r#"{"authority":{"enableAdmin":true}}"#,
                "`authority.provisioners` is empty: with `enableAdmin` the CA keeps its \
                 provisioners in its database",
            ),
            (
                r#"{"authority":{"provisioners":[{"type":"EST"}]}}"#,
                "`authority.provisioners` lists only unknown types: `EST`",
            ),
        ] {
            assert_eq!(CaConfig::parse(json.as_bytes()).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn a_byte_order_mark_is_accepted() {
        let json = format!("\u{feff}{{\"authority\":{{\"provisioners\":[{}]}}}}", testing::JWK);
        assert!(CaConfig::parse(json.as_bytes()).is_ok());
    }

    #[test]
    fn a_fault_in_the_text_has_line_and_column() {
        let error = CaConfig::parse(b"{\n  \"root\": \"a\"\n  \"crt\": \"b\"\n}").unwrap_err();
        assert_eq!(error.to_string(), "not JSON: expected `,` or `}` at line 3, column 3");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(json in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = CaConfig::parse(&json);
        }

        #[test]
        fn arbitrary_members_never_panic(members in testing::members()) {
            let json = format!(r#"{{{members}"authority":{{"provisioners":[{}]}}}}"#, testing::JWK);
            if let Ok(config) = CaConfig::parse(json.as_bytes()) {
                let _ = (config.port(), config.names(), config.audience_base());
            }
        }

        #[test]
        fn arbitrary_json_never_panics(json in testing::json()) {
            let _ = CaConfig::parse(json.as_bytes());
        }
    }
}
