//! Reads the certificates that a CA issued.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ssh_key::certificate::CertType;
use x509_parser::extensions::GeneralName;
use x509_parser::oid_registry::asn1_rs::oid;
use x509_parser::prelude::{ASN1Time, FromDer as _, X509Certificate};

use crate::Ca;
use crate::spend::Csr;

/// The default lifetime of an X.509 certificate: a day, plus the minute that step-ca
/// backdates.
pub(crate) const DAY: i64 = 24 * 3600 + 60;

/// An X.509 certificate.
#[derive(Debug)]
pub(crate) struct Certificate {
    pub(crate) der: Vec<u8>,
    pub(crate) pem: String,
}

impl Certificate {
    pub(crate) fn from_pem(pem: &str) -> Self {
        let (_, section) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap();
        Self { der: section.contents, pem: pem.to_owned() }
    }

    pub(crate) fn parsed(&self) -> X509Certificate<'_> {
        X509Certificate::from_der(&self.der).unwrap().1
    }

    /// Checks what every certificate must have: its issuer, its key, and that it is valid already.
    ///
    /// Some expire within seconds, and a busy machine may take longer to get here.
    #[track_caller]
    pub(crate) fn check(&self, ca: &Ca, csr: &Csr, chain: &[String]) {
        let certificate = self.parsed();
        let intermediate = std::fs::read_to_string(ca.path("certs/intermediate_ca.crt")).unwrap();
        let intermediate = Self::from_pem(&intermediate);
        let chain: Vec<_> = chain.iter().map(|pem| Self::from_pem(pem).der).collect();
        assert_eq!(chain, [self.der.clone(), intermediate.der.clone()]);
        assert_eq!(certificate.issuer().as_raw(), intermediate.parsed().subject().as_raw());
        assert_eq!(certificate.public_key().subject_public_key.data, csr.key.public_key_raw());
        assert!(certificate.validity().not_before <= ASN1Time::now());
    }

    /// Returns its first and its last second, since the Unix epoch.
    pub(crate) fn validity(&self) -> (i64, i64) {
        let certificate = self.parsed();
        let validity = certificate.validity();
        (validity.not_before.timestamp(), validity.not_after.timestamp())
    }

    /// Returns the seconds from its first to its last.
    pub(crate) fn lifetime(&self) -> i64 {
        let (from, until) = self.validity();
        until - from
    }

    pub(crate) fn common_name(&self) -> String {
        let certificate = self.parsed();
        let names: Vec<_> =
            certificate.subject().iter_common_name().map(|name| name.as_str().unwrap()).collect();
        names.join(",")
    }

    pub(crate) fn organizational_units(&self) -> Vec<String> {
        let certificate = self.parsed();
        let units = certificate.subject().iter_organizational_unit();
        units.map(|unit| unit.as_str().unwrap().to_owned()).collect()
    }

    /// Returns its alternative names, each after its kind.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        let certificate = self.parsed();
        let Some(extension) = certificate.subject_alternative_name().unwrap() else {
            return BTreeSet::new();
        };
        let text = |name: &GeneralName<'_>| match name {
            GeneralName::DNSName(name) => format!("dns {name}"),
            GeneralName::RFC822Name(name) => format!("email {name}"),
            GeneralName::URI(name) => format!("uri {name}"),
            GeneralName::IPAddress(bytes) => format!("ip {}", address(bytes)),
            other => panic!("nobody asked for {other:?}"),
        };
        extension.value.general_names.iter().map(text).collect()
    }

    /// Returns its serial number in decimal.
    pub(crate) fn serial(&self) -> String {
        self.parsed().tbs_certificate.serial.to_string()
    }

    /// Returns its serial number as `openssl x509 -text` shows it.
    pub(crate) fn colon_serial(&self) -> String {
        self.parsed().raw_serial_as_string()
    }

    /// Returns whether step-ca noted this provisioner in it (the extension of smallstep/certificates,
    /// `authority/provisioner/extension.go`).
    pub(crate) fn is_vouched_by(&self, provisioner: &str, key_id: &str) -> bool {
        let certificate = self.parsed();
        let extension = certificate.get_extension_unique(&oid!(1.3.6.1.4.1.37476.9000.64.1));
        let extension = extension.unwrap().unwrap().value;
        let holds = |text: &str| {
            // An OCTET STRING, tag and length before the text.
            let length = u8::try_from(text.len()).unwrap();
            let field = [&[0x04, length], text.as_bytes()].concat();
            extension.windows(field.len()).any(|window| window == field)
        };
        holds(provisioner) && holds(key_id)
    }
}

fn address(bytes: &[u8]) -> IpAddr {
    match (<[u8; 4]>::try_from(bytes), <[u8; 16]>::try_from(bytes)) {
        (Ok(four), _) => four.into(),
        (_, Ok(sixteen)) => sixteen.into(),
        _ => panic!("an address of {} bytes", bytes.len()),
    }
}

/// An SSH certificate.
#[derive(Debug)]
pub(crate) struct SshCertificate(ssh_key::Certificate);

impl SshCertificate {
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        Self(ssh_key::Certificate::from_bytes(bytes).unwrap())
    }

    /// Checks what every certificate must have: its key, and the key that signed it.
    #[track_caller]
    pub(crate) fn check(&self, ca: &Ca, public_key: &[u8]) {
        let key = ssh_key::PublicKey::from_bytes(public_key).unwrap();
        assert_eq!(self.0.public_key(), key.key_data());
        let signer = match self.0.cert_type() {
            CertType::User => "certs/ssh_user_ca_key.pub",
            CertType::Host => "certs/ssh_host_ca_key.pub",
        };
        let signer = ssh_key::PublicKey::read_openssh_file(&ca.path(signer)).unwrap();
        assert_eq!(self.0.signature_key(), signer.key_data());
    }

    pub(crate) fn is_host(&self) -> bool {
        self.0.cert_type() == CertType::Host
    }

    pub(crate) fn key_id(&self) -> &str {
        self.0.key_id()
    }

    pub(crate) fn principals(&self) -> &[String] {
        self.0.valid_principals()
    }

    /// Returns its first second, and the first second after its last, since the Unix epoch.
    pub(crate) fn validity(&self) -> (u64, u64) {
        (self.0.valid_after(), self.0.valid_before())
    }

    /// Returns the line of a file `…-cert.pub`.
    pub(crate) fn line(&self) -> String {
        format!("{}\n", self.0.to_openssh().unwrap())
    }

    pub(crate) fn serial(&self) -> u64 {
        self.0.serial()
    }

    pub(crate) fn extension(&self, name: &str) -> Option<&str> {
        self.0.extensions().get(name).map(String::as_str)
    }
}
