//! TLS with a CA whose own name ends with a dot.
//!
//! The certificate of a CA has its `dnsNames` as they are written, and rustls takes a name with a dot
//! at its end for none. Go compares such a name letter for letter, so `step` reaches that CA.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use crate::identity::Identity;
use crate::roots::Roots;
use crate::server_name::names_of;

/// Verifies as rustls does, and accepts the name with a dot at its end as well.
#[derive(Debug)]
struct Verifier {
    roots: Arc<RootCertStore>,
    provider: Arc<CryptoProvider>,
    usual: Arc<WebPkiServerVerifier>,
}

/// Returns the TLS settings for a CA that is asked for by a name with a dot at its end: the roots
/// are the only trust anchors, and the versions those of every client here, TLS 1.2 and 1.3.
///
/// # Errors
///
/// What the TLS library says, if the roots or the identity cannot be used.
pub(crate) fn config(roots: &Roots, identity: Option<&Identity>) -> Result<ClientConfig, String> {
    let text = |error: Error| error.to_string();
    let mut store = RootCertStore::empty();
    // One that cannot be an anchor is left out, which adds no trust.
    store.add_parsable_certificates(roots.certificates().iter().map(|der| der.as_slice().into()));
    let (store, provider) = (Arc::new(store), Arc::new(aws_lc_rs::default_provider()));
    let usual =
        WebPkiServerVerifier::builder_with_provider(Arc::clone(&store), Arc::clone(&provider))
            .build()
            .map_err(|error| error.to_string())?;
    let verifier = Verifier { roots: store, provider: Arc::clone(&provider), usual };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(text)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let (chain, key) = identity.pair()?;
            builder.with_client_auth_cert(chain, key).map_err(text)?
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let usual = self.usual.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        let is_other_name = matches!(
            &usual,
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
            ))
        );
        let dotted = format!("{}.", server_name.to_str());
        if !is_other_name || !names_of(end_entity).iter().any(|it| it.eq_ignore_ascii_case(&dotted))
        {
            return usual;
        }
        // The chain once more: nothing here relies on the order of the checks above.
        verify_server_cert_signed_by_trust_anchor(
            &ParsedCertificate::try_from(end_entity)?,
            &self.roots,
            intermediates,
            now,
            self.provider.signature_verification_algorithms.all,
        )?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }
}
