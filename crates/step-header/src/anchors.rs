//! What a provisioner trusts: its roots and its public keys, as step-ca reads them at its start.
//!
//! Source: smallstep/certificates 0.30.2, `authority/provisioner/{x5c,k8sSA,nebula}.go`, the methods
//! `Init`; go.step.sm/crypto, `pemutil/pem.go`; slackhq/nebula 1.10.3, `cert/ca_pool.go`.

use step_provisioner::{Disabled, Kind};
use token_pem::Section;
use token_time::Timestamp;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer as _;

use crate::nebula_certificate::certificate::NebulaCertificate;
use crate::verify::certificate::X509Certificate;
use crate::verify::der::{Der, SEQUENCE};
use crate::verify::key;

/// Returns why step-ca disables a provisioner that starts at the time `now`, because of the
/// certificates or keys it trusts.
///
/// Whether a Nebula CA has signed itself is not checked.
#[must_use]
pub fn anchor_fault(kind: &Kind, now: Timestamp) -> Option<Disabled> {
    let (member, fault) = match kind {
        Kind::X5c { roots } => ("roots", x509_fault(roots)),
        Kind::Nebula { roots } => ("roots", nebula_fault(roots, now)),
        Kind::K8sSa { public_keys } => ("publicKeys", key_fault(public_keys)),
        _ => return None,
    };
    fault.map(|fault| Disabled::Member { member, fault })
}

/// Every PEM section must be a certificate, whatever its label, and there must be one. Go ignores a
/// section that it cannot decode.
fn x509_fault(roots: &[u8]) -> Option<String> {
    let mut sections = decoded(roots).peekable();
    if sections.peek().is_none() {
        return Some("has no certificate in PEM".to_owned());
    }
    sections
        .find(|(_, der)| !is_certificate(der))
        .map(|(section, _)| format!("has {}, which is not a certificate", place(&section)))
}

/// Every PEM section must be a public key of a type that signs, or be for one.
fn key_fault(keys: &[u8]) -> Option<String> {
    decoded(keys)
        .find(|(section, der)| !has_public_key(section.label, der))
        .map(|(section, _)| format!("has {}, which is not a public key", place(&section)))
}

/// Every PEM section must be a Nebula CA that is valid now, with nothing but white space behind the
/// last.
fn nebula_fault(roots: &[u8], now: Timestamp) -> Option<String> {
    const LABELS: [&[u8]; 2] = [b"NEBULA CERTIFICATE", b"NEBULA CERTIFICATE V2"];
    if let Some(other) = token_pem::sections(roots).find(|it| !LABELS.contains(&it.label)) {
        return Some(format!("has {}, which is not a Nebula certificate", place(&other)));
    }
    let certificates = match NebulaCertificate::parse_bundle(roots) {
        Ok(certificates) => certificates,
        Err(fault) => return Some(format!("cannot be used: it {fault}")),
    };
    for root in &certificates {
        let name = token_text::Shown(root.name());
        if !root.is_ca() {
            return Some(format!("has `{name}`, which is not a CA certificate"));
        }
        let at = Timestamp::from_unix_seconds;
        if now > at(root.not_after()) {
            let end = at(root.not_after());
            return Some(format!("has the CA certificate `{name}`, which expired at {end}"));
        }
        if now < at(root.not_before()) {
            let start = at(root.not_before());
            return Some(format!(
                "has the CA certificate `{name}`, which is not valid until {start}"
            ));
        }
    }
    let behind = token_pem::sections(roots).last().and_then(|last| text_behind(last.rest));
    behind.map(|_| "has text behind the last certificate".to_owned())
}

/// The text behind the first END line, if it is not only white space.
fn text_behind(section: &[u8]) -> Option<&[u8]> {
    let mut lines = section.split_inclusive(|&byte| byte == b'\n');
    let ended = lines.by_ref().take_while(|line| !line.starts_with(b"-----END ")).map(<[u8]>::len);
    let before: usize = ended.sum();
    let end = section.get(before..)?;
    let line = end.iter().position(|&byte| byte == b'\n')?;
    end.get(line..).map(<[u8]>::trim_ascii).filter(|text| !text.is_empty())
}

fn decoded(pem: &[u8]) -> impl Iterator<Item = (Section<'_>, Vec<u8>)> {
    token_pem::sections(pem).filter_map(|section| Some((section, section.contents().ok()?)))
}

fn place(section: &Section<'_>) -> String {
    format!("a section `{}` on line {}", String::from_utf8_lossy(section.label), section.line)
}

fn is_certificate(der: &[u8]) -> bool {
    X509Certificate::parse(der).is_ok()
}

fn has_public_key(label: &[u8], der: &[u8]) -> bool {
    match label {
        b"PUBLIC KEY" => {
            let mut outer = Der::new(der);
            let info = outer.element(SEQUENCE).filter(|_| outer.is_empty());
            info.is_some_and(|info| signs(info.contents))
        }
        b"CERTIFICATE" => X509Certificate::parse(der).is_ok_and(|it| it.key.is_some()),
        b"CERTIFICATE REQUEST" | b"NEW CERTIFICATE REQUEST" => {
            X509CertificationRequest::from_der(der).is_ok_and(|(rest, it)| {
                let key = Der::new(it.certification_request_info.subject_pki.raw)
                    .element(SEQUENCE)
                    .map(|info| info.contents.to_vec());
                rest.is_empty() && key.is_some_and(|info| signs(&info))
            })
        }
        _ => false,
    }
}

/// Returns whether this is the inside of a SubjectPublicKeyInfo of a type that step-ca verifies
/// with: RSA, ECDSA on a NIST curve, Ed25519.
fn signs(info: &[u8]) -> bool {
    matches!(key::read(info), Some(Some(_)))
}

#[cfg(test)]
mod tests;
