//! The root certificates that a CA is verified with.

use std::fmt;
use std::path::Path;

use step_claims::RootFingerprint;
use x509_parser::parse_x509_certificate;

use crate::error::Error;
use crate::fault::roots::RootsFault;
use crate::file;

const WHAT: &str = "root certificate";

/// One or more root certificates: the trust anchors of every request to a CA.
///
/// The `sha` of a token names one of them, which is the first unless [`Roots::select`]
/// chose another. There is always at least one, and each is an X.509 certificate in form;
/// its contents are checked only when it is used.
#[derive(Clone, PartialEq, Eq)]
pub struct Roots {
    /// DER; never empty.
    certificates: Vec<Vec<u8>>,
    /// Which one the `sha` of a token names.
    named: RootFingerprint,
}

impl Roots {
    /// Reads root certificates: PEM with one or several `CERTIFICATE` sections (RFC 7468 §5) and
    /// any text around them, or the DER of a single certificate.
    ///
    /// Other sections are ignored, also private keys. DER and PEM are
    /// both accepted everywhere (Q63), and so are several certificates (Q12).
    ///
    /// # Errors
    ///
    /// [`RootsFault`] if there is no certificate or a damaged one.
    pub fn parse(bytes: &[u8]) -> Result<Self, RootsFault> {
        if bytes.trim_ascii().is_empty() {
            return Err(RootsFault::Empty);
        }
        if is_x509(bytes) {
            return Ok(Self::of(bytes.to_vec()));
        }
        let certificates = token_pem::certificates(bytes)
            .map_err(|damaged| RootsFault::DamagedPem { line: damaged.line })?;
        let Some(first) = certificates.first() else {
            return Err(RootsFault::NoCertificate { labels: token_pem::labels(bytes) });
        };
        if let Some((number, _)) = (1..).zip(&certificates).find(|(_, der)| !is_x509(der)) {
            return Err(RootsFault::NotX509 { number });
        }
        Ok(Self { named: RootFingerprint::of_der(first), certificates })
    }

    /// Reads root certificates from a file of at most 64 MiB, in the forms of [`Roots::parse`].
    ///
    /// # Errors
    ///
    /// - [`Error::Read`] or [`Error::TooLarge`] if the file cannot be read.
    /// - [`Error::Roots`] if it contains no certificate, or a damaged one.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let bytes = file::read(WHAT, path)?;
        Self::in_file(path, &bytes)
    }

    /// Reads the file `name` that a ca.json refers to.
    pub(crate) fn load_named(name: &str, ca_json: &Path) -> Result<Self, Error> {
        let (path, bytes) = file::read_named(WHAT, name, ca_json)?;
        Self::in_file(&path, &bytes)
    }

    fn in_file(path: &Path, bytes: &[u8]) -> Result<Self, Error> {
        Self::parse(bytes).map_err(|fault| Error::Roots { path: path.to_owned(), fault })
    }

    /// The DER must be a certificate.
    fn of(der: Vec<u8>) -> Self {
        Self { named: RootFingerprint::of_der(&der), certificates: vec![der] }
    }

    /// Reads the certificates of several texts into one value.
    pub(crate) fn parse_all(texts: &[String]) -> Result<Self, RootsFault> {
        let mut all: Option<Self> = None;
        for text in texts {
            let roots = Self::parse(text.as_bytes())?;
            match &mut all {
                Some(all) => all.certificates.extend(roots.certificates),
                None => all = Some(roots),
            }
        }
        all.ok_or(RootsFault::Empty)
    }

    /// Returns only the certificate with that fingerprint.
    pub(crate) fn only(self, fingerprint: RootFingerprint) -> Result<Self, Vec<RootFingerprint>> {
        let present = self.fingerprints();
        self.certificates
            .into_iter()
            .find(|der| RootFingerprint::of_der(der) == fingerprint)
            .map(Self::of)
            .ok_or(present)
    }

    /// Chooses the certificate with this fingerprint for the `sha` of a token. All of
    /// them stay trust anchors.
    ///
    /// # Errors
    ///
    /// [`RootsFault::NoSuchFingerprint`] if none of them has it.
    pub fn select(self, fingerprint: RootFingerprint) -> Result<Self, RootsFault> {
        let present = self.fingerprints();
        if !present.contains(&fingerprint) {
            return Err(RootsFault::NoSuchFingerprint { asked: fingerprint, present });
        }
        Ok(Self { named: fingerprint, ..self })
    }

    /// Returns the fingerprint for the `sha` of a token: the SHA-256 of the DER of the
    /// first certificate, or of the one that [`Roots::select`] chose.
    #[must_use]
    pub fn fingerprint(&self) -> RootFingerprint {
        self.named
    }

    /// Returns the fingerprints of all certificates, in the order of the file.
    #[must_use]
    pub fn fingerprints(&self) -> Vec<RootFingerprint> {
        self.certificates.iter().map(|der| RootFingerprint::of_der(der)).collect()
    }

    /// Returns the DER of all certificates, in the order of the file; there is at least one.
    #[must_use]
    pub fn certificates(&self) -> &[Vec<u8>] {
        &self.certificates
    }

    /// Returns all certificates as PEM, 64 characters a line, without other text.
    #[must_use]
    pub fn to_pem(&self) -> String {
        self.certificates
            .iter()
            .map(|der| token_pem::encode("CERTIFICATE", der).to_string())
            .collect()
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fingerprints: Vec<_> = self.fingerprints().iter().map(ToString::to_string).collect();
        f.debug_struct("Roots")
            .field("certificates", &fingerprints)
            .field("named", &self.named.to_string())
            .finish()
    }
}

/// No bytes may follow the certificate, because the fingerprint covers all bytes.
fn is_x509(der: &[u8]) -> bool {
    parse_x509_certificate(der).is_ok_and(|(rest, _)| rest.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CERTS: &str = "../../testdata/vectors/certs";

    fn load(name: &str) -> Result<Roots, Error> {
        Roots::load(&Path::new(CERTS).join(name))
    }

    fn fault(bytes: impl AsRef<[u8]>) -> RootsFault {
        Roots::parse(bytes.as_ref()).unwrap_err()
    }

    #[test]
    fn pem_and_der_and_pem_with_text_around_it_are_the_same_root() {
        let root = load("root_ca.crt").unwrap();
        assert_eq!(root.certificates().len(), 1);
        assert_eq!(root.fingerprint(), RootFingerprint::of_der(&root.certificates()[0]));
        assert_eq!(load("root_ca.der").unwrap(), root);
        assert_eq!(load("root_with_text.crt").unwrap(), root);
        assert_eq!(Roots::parse(root.to_pem().as_bytes()).unwrap(), root);
    }

    #[test]
    fn of_several_certificates_the_first_is_named_until_another_is_selected() {
        let both = load("two_roots.crt").unwrap();
        let [first, second] = both.fingerprints()[..] else { panic!("{both:?}") };
        assert_ne!(first, second);
        assert_eq!(both.fingerprint(), first);

        let selected = both.clone().select(second).unwrap();
        assert_eq!(selected.fingerprint(), second);
        assert_eq!(selected.certificates(), both.certificates());

        assert_eq!(both.only(second).unwrap().fingerprints(), [second]);
    }

    #[test]
    fn a_fingerprint_must_belong_to_one_of_the_certificates() {
        let root = load("root_ca.crt").unwrap();
        let asked = RootFingerprint::of_der(b"another");
        let present = root.fingerprints();
        assert_eq!(root.clone().only(asked), Err(present.clone()));
        let error = root.select(asked).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("no certificate has the fingerprint {asked}; found {}", present[0])
        );
    }

    #[test]
    fn what_is_no_certificate_is_told_by_what_it_is() {
        assert_eq!(fault(" \n"), RootsFault::Empty);
        let key = token_pem::encode("EC PRIVATE KEY", b"secret");
        assert_eq!(
            fault(key.as_bytes()).to_string(),
            "it contains no certificate, only `EC PRIVATE KEY`"
        );
        assert_eq!(fault("hello").to_string(), "it is not a certificate: expected PEM or DER");
        assert_eq!(
            fault(token_pem::encode("CERTIFICATE", b"x").as_bytes()).to_string(),
            "certificate number 1 is not an X.509 certificate"
        );
        assert_eq!(
            fault("\n-----BEGIN CERTIFICATE-----\nMIIB\n").to_string(),
            "the certificate that begins on line 2 is damaged"
        );
        let error = load("missing.crt").unwrap_err();
        assert!(error.to_string().starts_with("cannot read root certificate `"), "{error}");
    }

    #[test]
    fn a_private_key_beside_the_certificate_is_passed_over() {
        let root = load("root_ca.crt").unwrap();
        let both = format!("{}{}", *token_pem::encode("PRIVATE KEY", b"secret"), root.to_pem());
        assert_eq!(Roots::parse(both.as_bytes()).unwrap(), root);
    }

    #[test]
    fn bytes_behind_der_are_refused_because_they_would_be_hashed() {
        let mut der = load("root_ca.crt").unwrap().certificates()[0].clone();
        der.push(0);
        assert_eq!(fault(&der), RootsFault::NoCertificate { labels: Vec::new() });
        assert_eq!(
            fault(token_pem::encode("CERTIFICATE", &der).as_bytes()),
            RootsFault::NotX509 { number: 1 }
        );
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Roots::parse(&bytes);
        }

        #[test]
        fn a_flipped_byte_never_panics(position: prop::sample::Index, value: u8) {
            let mut der = load("root_ca.der").unwrap().certificates()[0].clone();
            *position.get_mut(&mut der) = value;
            let _ = Roots::parse(&der);
            let _ = Roots::parse(token_pem::encode("CERTIFICATE", &der).as_bytes());
        }
    }
}
