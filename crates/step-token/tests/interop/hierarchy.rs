//! Certificates that no step-ca issued, for X5C provisioners to trust.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use tempfile::TempDir;

use crate::test_key;

/// A root with an intermediate, which issues the leaves.
pub(crate) struct Hierarchy {
    root: CertifiedIssuer<'static, KeyPair>,
    intermediate: CertifiedIssuer<'static, KeyPair>,
}

/// The hierarchies that the X5C provisioners trust, one each.
pub(crate) static FIRST: LazyLock<Hierarchy> = LazyLock::new(|| Hierarchy::new("First"));
pub(crate) static SECOND: LazyLock<Hierarchy> = LazyLock::new(|| Hierarchy::new("Second"));

/// A file with a certificate and its signers, for a key of the recorded test data.
pub(crate) struct Chain {
    directory: TempDir,
    leaf: rcgen::Certificate,
    above: Option<String>,
}

impl Hierarchy {
    fn new(name: &str) -> Self {
        let params = |role| authority(&format!("{name} {role}"));
        let key = || KeyPair::generate().unwrap();
        let root = CertifiedIssuer::self_signed(params("Root"), key()).unwrap();
        let intermediate =
            CertifiedIssuer::signed_by(params("Intermediate"), key(), &root).unwrap();
        Self { root, intermediate }
    }

    /// Returns the certificate that a provisioner trusts, in PEM.
    pub(crate) fn root_pem(&self) -> String {
        self.root.pem()
    }

    /// Issues a certificate with the intermediate, which is added to the file.
    pub(crate) fn leaf(&self, key: &str) -> Chain {
        let leaf = params().signed_by(&key_pair(key), &self.intermediate).unwrap();
        Chain::new(leaf, Some(self.intermediate.pem()))
    }

    /// Issues a certificate that the root itself signed.
    pub(crate) fn leaf_of_root(&self, key: &str) -> Chain {
        Chain::new(params().signed_by(&key_pair(key), &self.root).unwrap(), None)
    }

    /// Issues a certificate over CAs with these parameters, the first below the root, and puts all
    /// of them into the file.
    pub(crate) fn leaf_below(
        &self,
        key: &str,
        leaf: &CertificateParams,
        authorities: Vec<CertificateParams>,
    ) -> Chain {
        let mut above = Vec::new();
        let mut below: Option<CertifiedIssuer<'static, KeyPair>> = None;
        for params in authorities {
            let key = KeyPair::generate().unwrap();
            let issuer = below.as_ref().unwrap_or(&self.root);
            let next = CertifiedIssuer::signed_by(params, key, issuer).unwrap();
            above.insert(0, next.pem());
            below = Some(next);
        }
        let issuer = below.as_ref().unwrap_or(&self.root);
        Chain::new(leaf.signed_by(&key_pair(key), issuer).unwrap(), Some(above.concat()))
    }

    /// Returns the key of the root, in PEM.
    pub(crate) fn root_key_pem(&self) -> String {
        self.root.key().serialize_pem()
    }

    /// Issues a certificate that expires soon.
    pub(crate) fn leaf_for(&self, key: &str, rest: Duration) -> Chain {
        let mut params = params();
        params.not_after = (SystemTime::now() + rest).into();
        let leaf = params.signed_by(&key_pair(key), &self.intermediate).unwrap();
        Chain::new(leaf, Some(self.intermediate.pem()))
    }
}

impl Chain {
    fn new(leaf: rcgen::Certificate, above: Option<String>) -> Self {
        let chain = Self { directory: tempfile::tempdir().unwrap(), leaf, above };
        let above = chain.above.as_deref().unwrap_or_default();
        std::fs::write(chain.pem(), format!("{}{above}", chain.leaf.pem())).unwrap();
        std::fs::write(chain.der(), chain.leaf.der()).unwrap();
        chain
    }

    /// Returns the file with all of it.
    pub(crate) fn pem(&self) -> PathBuf {
        self.file("chain.crt")
    }

    /// Returns the file with the leaf alone, in DER.
    pub(crate) fn der(&self) -> PathBuf {
        self.file("leaf.der")
    }

    /// Returns the leaf.
    pub(crate) fn leaf(&self) -> &[u8] {
        self.leaf.der()
    }

    fn file(&self, name: &str) -> PathBuf {
        Path::join(self.directory.path(), name)
    }
}

/// Returns the parameters of a CA certificate.
pub(crate) fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// The extended key usage that an X5C provisioner requires of a leaf.
pub(crate) fn params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "device.example.test");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

/// Loads a private key of the recorded test data.
pub(crate) fn key_pair(name: &str) -> KeyPair {
    let pem = std::fs::read_to_string(test_key(&format!("{name}.pkcs8.pem"))).unwrap();
    KeyPair::from_pem(&pem).unwrap()
}
