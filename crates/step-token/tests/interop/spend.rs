//! Spends tokens: requests to a CA, and its answers.

use std::fmt;
use std::future::Future;

use rcgen::{CertificateParams, CertificateSigningRequest, DnType, KeyPair, SanType};
use step_ca_client::{Error, RequestFault, RevokeRequest, SignRequest, SshSignRequest};

use crate::Ca;
use crate::certificate::{Certificate, DAY, SshCertificate};

/// Blocks on a future as a synchronous program would.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future)
}

/// A CA's refusal, in its own words.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) message: String,
}

impl Refusal {
    /// Takes the refusal from an error; any other error means there was no answer.
    #[track_caller]
    fn of(error: &Error) -> Self {
        match error.request_fault() {
            Some(RequestFault::Status { status, message }) => {
                Self { status: *status, message: message.clone().unwrap_or_default() }
            }
            _ => panic!("no answer: {error:?}"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.message)
    }
}

/// A certificate signing request with its key.
pub(crate) struct Csr {
    common_name: String,
    pub(crate) key: KeyPair,
    pub(crate) request: CertificateSigningRequest,
}

impl Csr {
    /// Requests a common name, which may be empty, and alternative names.
    pub(crate) fn new(common_name: &str, names: Vec<SanType>) -> Self {
        Self::with_key(common_name, names, KeyPair::generate().unwrap())
    }

    /// Requests the same, with an existing key.
    pub(crate) fn with_key(common_name: &str, names: Vec<SanType>, key: KeyPair) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        if !common_name.is_empty() {
            params.distinguished_name.push(DnType::CommonName, common_name);
        }
        params.subject_alt_names = names;
        let request = params.serialize_request(&key).unwrap();
        Self { common_name: common_name.to_owned(), key, request }
    }

    /// Requests one DNS name.
    pub(crate) fn for_host(name: &str) -> Self {
        Self::new(name, vec![dns(name)])
    }

    pub(crate) fn pem(&self) -> String {
        self.request.pem().unwrap()
    }
}

pub(crate) fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

impl Ca {
    /// Spends a token at `/sign`.
    #[track_caller]
    pub(crate) fn sign(&self, csr: &Csr, token: &str) -> Result<Certificate, Refusal> {
        let pem = csr.pem();
        let request = SignRequest {
            csr: &pem,
            ott: token,
            not_before: "",
            not_after: "",
            template_data: None,
        };
        let answer = run(self.client().sign(&request)).map_err(|error| Refusal::of(&error))?;
        let certificate = Certificate::from_pem(&answer.crt);
        certificate.check(self, csr, &answer.cert_chain);
        Ok(certificate)
    }

    /// Spends a token at `/sign`, and expects a certificate for a day.
    #[track_caller]
    pub(crate) fn must_sign(&self, csr: &Csr, token: &str) -> Certificate {
        let answer = self.sign(csr, token);
        let certificate = answer.unwrap_or_else(|refusal| {
            let name = &csr.common_name;
            panic!("`{name}` got {refusal}; the CA's log ends:\n{}", self.log())
        });
        assert_eq!(certificate.lifetime(), DAY);
        certificate
    }

    /// Spends a token at `/renew`, for the certificate issued for a request.
    #[track_caller]
    pub(crate) fn renew(&self, csr: &Csr, token: &str) -> Result<Certificate, Refusal> {
        let answer = run(self.client().renew(token)).map_err(|error| Refusal::of(&error))?;
        let certificate = Certificate::from_pem(&answer.crt);
        certificate.check(self, csr, &answer.cert_chain);
        Ok(certificate)
    }

    /// Spends a token at `/revoke`.
    #[track_caller]
    pub(crate) fn revoke(&self, serial: &str, token: &str) -> Result<(), Refusal> {
        let request =
            RevokeRequest { serial, ott: Some(token), reason_code: 1, reason: "lost in a test" };
        run(self.client().revoke(&request)).map_err(|error| Refusal::of(&error))
    }

    /// Spends a token at `/ssh/revoke`.
    #[track_caller]
    pub(crate) fn ssh_revoke(&self, serial: &str, token: &str) -> Result<(), Refusal> {
        let request =
            RevokeRequest { serial, ott: Some(token), reason_code: 1, reason: "lost in a test" };
        run(self.client().ssh_revoke(&request)).map_err(|error| Refusal::of(&error))
    }

    /// Spends a token at `/ssh/sign`.
    #[track_caller]
    pub(crate) fn ssh_sign(&self, request: &SshSignRequest<'_>) -> Result<SshCertificate, Refusal> {
        let answer = run(self.client().ssh_sign(request)).map_err(|error| Refusal::of(&error))?;
        let certificate = SshCertificate::from_bytes(&answer.crt);
        certificate.check(self, request.public_key);
        Ok(certificate)
    }

    /// Spends a token at `/ssh/sign` with an otherwise empty request, and expects a certificate.
    #[track_caller]
    pub(crate) fn must_ssh_sign(&self, public_key: &[u8], token: &str) -> SshCertificate {
        let answer = self.ssh_sign(&ssh_request(public_key, token));
        answer.unwrap_or_else(|refusal| panic!("{refusal}; the CA's log ends:\n{}", self.log()))
    }

    /// Spends a token at `/ssh/renew`, for the certificate of a public key.
    #[track_caller]
    pub(crate) fn ssh_renew(
        &self,
        public_key: &[u8],
        token: &str,
    ) -> Result<SshCertificate, Refusal> {
        let answer = run(self.client().ssh_renew(token)).map_err(|error| Refusal::of(&error))?;
        let certificate = SshCertificate::from_bytes(&answer.crt);
        certificate.check(self, public_key);
        Ok(certificate)
    }

    /// Spends a token at `/ssh/rekey`, for a certificate for another public key.
    #[track_caller]
    pub(crate) fn ssh_rekey(
        &self,
        public_key: &[u8],
        token: &str,
    ) -> Result<SshCertificate, Refusal> {
        let answer = run(self.client().ssh_rekey(token, public_key));
        let certificate =
            SshCertificate::from_bytes(&answer.map_err(|error| Refusal::of(&error))?.crt);
        certificate.check(self, public_key);
        Ok(certificate)
    }
}

/// Requests an SSH certificate with the values in the token.
pub(crate) fn ssh_request<'a>(public_key: &'a [u8], token: &'a str) -> SshSignRequest<'a> {
    SshSignRequest {
        public_key,
        ott: token,
        cert_type: None,
        key_id: "",
        principals: &[],
        valid_after: "",
        valid_before: "",
        add_user_public_key: None,
        identity_csr: None,
        template_data: None,
    }
}
