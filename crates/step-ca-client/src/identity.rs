//! The client certificate for requests to a CA.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use go_json::{Document, Fields};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use token_time::Timestamp;
use x509_parser::parse_x509_certificate;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::fault::identity::IdentityFault;
use crate::file;

/// How long before its first second a certificate is already used, as step does.
const LEEWAY: i64 = 60;

/// A client certificate with its key, presented to the CA in every request (mutual TLS).
///
/// Source: smallstep/certificates, `ca/identity/identity.go`.
#[derive(Clone)]
pub struct Identity {
    tls: reqwest::Identity,
    /// The certificate with its intermediates, and the key, in DER.
    chain: Vec<Vec<u8>>,
    key: Arc<Zeroizing<Vec<u8>>>,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl Identity {
    /// Loads what `$STEP/config/identity.json` names: `{"type":"mTLS","crt":PATH,"key":PATH}`.
    ///
    /// Returns `None` if there is no such file, or if its type is empty, which disables it. A
    /// relative path is resolved from the working directory or, if nothing is there, the directory
    /// of the file. Whether the certificate is valid now is checked by
    /// [`Identity::check_validity`].
    ///
    /// `step` silently ignores a broken identity; here it is
    /// an error, which the program may turn into a warning.
    ///
    /// # Errors
    ///
    /// - [`Error::Read`], [`Error::InNeither`] or [`Error::TooLarge`] if one of the three files
    ///   cannot be read.
    /// - [`Error::Identity`] if their contents cannot be used.
    pub fn load(path: &Path) -> Result<Option<Self>, Error> {
        let json = match file::read("client identity", path) {
            Ok(json) => json,
            Err(error) if file::is_missing(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let fault = |fault| Error::Identity { path: path.to_owned(), fault };
        let Some((crt, key)) = parse(&json).map_err(fault)? else { return Ok(None) };
        let (_, crt) = file::read_named("client certificate", &crt, path)?;
        let (_, key) = file::read_named("client key", &key, path)?;
        Self::from_pem(&crt, &key).map(Some).map_err(fault)
    }

    /// Takes a certificate, optionally followed by its intermediate certificates, and its key, both
    /// in PEM. The key is PKCS#8, SEC1 or PKCS#1 and not encrypted.
    ///
    /// # Errors
    ///
    /// [`IdentityFault`] if one of them is missing or damaged, or if they do not match.
    pub fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, IdentityFault> {
        let chain =
            token_pem::certificates(certificate).map_err(|_| IdentityFault::NoCertificate)?;
        let leaf = chain.first().ok_or(IdentityFault::NoCertificate)?;
        let (_, parsed) = parse_x509_certificate(leaf).map_err(|_| IdentityFault::NoCertificate)?;
        let validity = parsed.validity();
        let not_before = Timestamp::from_unix_seconds(validity.not_before.timestamp());
        let not_after = Timestamp::from_unix_seconds(validity.not_after.timestamp());

        if token_pem::has_sealed_key(key) {
            return Err(IdentityFault::SealedKey);
        }
        let key = token_pem::private_key(key).ok().flatten().ok_or(IdentityFault::NoKey)?;
        check_pair(&chain, &key)?;

        let mut text = Zeroizing::new(String::new());
        let sections: Vec<_> =
            chain.iter().map(|der| token_pem::encode("CERTIFICATE", der)).collect();
        let der = Arc::new(key.der.clone());
        let key = token_pem::encode(key.label, &key.der);
        text.reserve_exact(key.len() + sections.iter().map(|section| section.len()).sum::<usize>());
        text.push_str(&key);
        sections.iter().for_each(|section| text.push_str(section));
        let tls = reqwest::Identity::from_pem(text.as_bytes())
            .map_err(|error| IdentityFault::UnusableKey { reason: error.to_string() })?;
        Ok(Self { tls, chain, key: der, not_before, not_after })
    }

    /// Checks that the certificate may be used at `now`, from a minute before its first
    /// second.
    ///
    /// # Errors
    ///
    /// [`IdentityFault::Expired`] or [`IdentityFault::NotYetValid`].
    pub fn check_validity(&self, now: Timestamp) -> Result<(), IdentityFault> {
        if now.whole_second() > self.not_after {
            return Err(IdentityFault::Expired { not_after: self.not_after });
        }
        if now.unix_seconds().saturating_add(LEEWAY) < self.not_before.unix_seconds() {
            return Err(IdentityFault::NotYetValid { not_before: self.not_before });
        }
        Ok(())
    }

    /// Returns the chain and the key for TLS settings of our own.
    pub(crate) fn pair(
        &self,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), String> {
        let chain = self.chain.iter().map(|der| CertificateDer::from(der.clone())).collect();
        let key = PrivateKeyDer::try_from(self.key.to_vec()).map_err(str::to_owned)?;
        Ok((chain, key))
    }

    pub(crate) fn tls(&self) -> reqwest::Identity {
        self.tls.clone()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("not_before", &self.not_before)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

/// Returns the paths of certificate and key; `None` if the identity is disabled.
///
/// It is read as step reads it: see [`Fields`].
fn parse(json: &[u8]) -> Result<Option<(String, String)>, IdentityFault> {
    let document = Document::whole(json).map_err(IdentityFault::Json)?;
    let entry = Fields::of(document.value()).ok_or(IdentityFault::NotAnObject)?;
    let member = |name| entry.string(name).map_err(IdentityFault::Member);
    let (kind, certificate, key) = (member("type")?, member("crt")?, member("key")?);
    match kind {
        kind if kind.is_empty() => return Ok(None),
        kind if kind.eq_ignore_ascii_case("mTLS") => {}
        kind if kind.eq_ignore_ascii_case("tTLS") => return Err(IdentityFault::Tunnel),
        kind => return Err(IdentityFault::UnknownType { kind }),
    }
    for (path, member) in [(&certificate, "crt"), (&key, "key")] {
        if path.is_empty() {
            return Err(IdentityFault::Missing { member });
        }
    }
    Ok(Some((certificate, key)))
}

/// Checks in advance what the TLS library checks when it builds the client.
fn check_pair(chain: &[Vec<u8>], key: &token_pem::Key) -> Result<(), IdentityFault> {
    let unusable =
        |error: &dyn fmt::Display| IdentityFault::UnusableKey { reason: error.to_string() };
    let chain = chain.iter().map(|der| CertificateDer::from(der.clone())).collect();
    let key = PrivateKeyDer::try_from(key.der.as_slice()).map_err(|error| unusable(&error))?;
    match CertifiedKey::from_der(chain, key.clone_key(), &default_provider()) {
        Ok(_) => Ok(()),
        Err(rustls::Error::InconsistentKeys(_)) => Err(IdentityFault::Mismatch),
        Err(error) => Err(unusable(&error)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;

    fn pair() -> (String, String) {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec!["me".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2027, 1, 1);
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    fn fault(certificate: &str, key: &str) -> IdentityFault {
        Identity::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap_err()
    }

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    #[test]
    fn a_file_that_is_missing_or_switched_off_is_no_identity() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("identity.json");
        assert!(Identity::load(&path).unwrap().is_none());
        fs::write(&path, "{}").unwrap();
        assert!(Identity::load(&path).unwrap().is_none());
    }

    #[test]
    fn an_identity_is_loaded_from_its_three_files() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("identity.json");
        let (certificate, key) = pair();
        fs::write(&path, r#"{"type":"MTLS","crt":"identity.crt","key":"identity_key"}"#).unwrap();
        let error = Identity::load(&path).unwrap_err();
        assert!(error.to_string().contains("no client certificate at `identity.crt`"), "{error}");

        fs::write(directory.path().join("identity.crt"), certificate.repeat(2)).unwrap();
        fs::write(directory.path().join("identity_key"), key).unwrap();
        let identity = Identity::load(&path).unwrap().unwrap();
        assert!(!format!("{identity:?}").contains("PRIVATE"));
    }

    #[test]
    fn it_is_good_from_a_minute_before_to_its_last_second() {
        let (certificate, key) = pair();
        let identity = Identity::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
        for time in ["2025-12-31T23:59:00Z", "2026-06-01T00:00:00Z", "2027-01-01T00:00:00.9Z"] {
            assert_eq!(identity.check_validity(at(time)), Ok(()), "{time}");
        }
        let not_before = at("2026-01-01T00:00:00Z");
        let early = identity.check_validity(at("2025-12-31T23:58:59Z"));
        assert_eq!(early, Err(IdentityFault::NotYetValid { not_before }));
        let not_after = at("2027-01-01T00:00:00Z");
        let late = identity.check_validity(at("2027-01-01T00:00:01Z"));
        assert_eq!(late, Err(IdentityFault::Expired { not_after }));
    }

    #[test]
    fn what_is_no_pair_is_refused() {
        let (certificate, key) = pair();
        let (_, other) = pair();
        assert_eq!(fault(&certificate, &other), IdentityFault::Mismatch);
        assert_eq!(fault(&certificate, &certificate), IdentityFault::NoKey);
        assert_eq!(fault(&key, &key), IdentityFault::NoCertificate);
        assert_eq!(fault("", &key), IdentityFault::NoCertificate);
        let sealed = token_pem::encode("ENCRYPTED PRIVATE KEY", b"x");
        assert_eq!(fault(&certificate, &sealed), IdentityFault::SealedKey);
        let broken = token_pem::encode("PRIVATE KEY", b"x");
        assert!(matches!(fault(&certificate, &broken), IdentityFault::UnusableKey { .. }));
    }

    #[test]
    fn only_mtls_is_supported() {
        let parse = |json: &str| parse(json.as_bytes());
        assert_eq!(parse(r#"{"type":"tTLS","host":"h"}"#), Err(IdentityFault::Tunnel));
        let unknown = IdentityFault::UnknownType { kind: "x".to_owned() };
        assert_eq!(parse(r#"{"type":"x"}"#), Err(unknown));
        let missing = |member| Err(IdentityFault::Missing { member });
        assert_eq!(parse(r#"{"type":"mTLS","crt":"","key":"k"}"#), missing("crt"));
        assert_eq!(parse(r#"{"type":"mTLS","crt":"c","key":null}"#), missing("key"));
        let message = |json| parse(json).unwrap_err().to_string();
        let expected =
            "it is not JSON: expected the name of a member in double quotes at line 2, column 1";
        assert_eq!(message("{\n]"), expected);
        assert_eq!(message("[]"), "it is not a JSON object");
        assert_eq!(message(r#"{"type":"mTLS","crt":1}"#), "its `crt` is not a string");
        let cased = parse(r#"{"Type":"mTLS","CRT":"x","crt":"c","KEY":"k","key":null}"#);
        let paths = ("c".to_owned(), "k".to_owned());
        assert_eq!(cased, Ok(Some(paths.clone())));
        assert_eq!(parse(r#"{"type":"mTLS","crt":"c","key":"k","x":1}"#), Ok(Some(paths)));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(
            first in prop::collection::vec(any::<u8>(), 0..200),
            second in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let _ = parse(&first);
            let _ = Identity::from_pem(&first, &second).is_ok();
            let (certificate, _) = ("CERTIFICATE", ());
            let first = token_pem::encode(certificate, &first);
            let _ = Identity::from_pem(first.as_bytes(), &second).is_ok();
        }
    }
}
