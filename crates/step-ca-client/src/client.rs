//! A client for a CA's HTTPS API: the requests that need no token.

use serde::Deserialize;
use step_claims::{CaUrl, RootFingerprint};
use step_provisioner::Provisioner;
use token_jose::KeyId;

use crate::answer::Answer;
use crate::error::Error;
use crate::fault::request::RequestFault;
use crate::pages::{Pages, ProvisionerList};
use crate::roots::Roots;
use crate::transport::{Options, Transport, encoded};

/// A CA that is reached by its URL.
///
/// The given roots are the only trust anchors: those of the system are never used.
/// Every request has a deadline, every answer a size limit, and nothing is retried. Redirects are
/// followed only to `https`, at most ten, and must match the same roots; a token is never sent to
/// another server.
///
/// Building one takes less than a millisecond; reuse it, as it keeps its connection. The futures
/// need a tokio runtime with I/O and time enabled; a current-thread runtime is enough.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) transport: Transport,
}

/// What a CA says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Version {
    /// The version, such as `0.30.2`, or `N/A`.
    pub version: String,
    /// Whether the CA requires a client certificate on every request.
    #[serde(default)]
    pub require_client_authentication: bool,
}

#[derive(Deserialize)]
struct Health {
    status: String,
}

#[derive(Deserialize)]
struct EncryptedKey {
    key: String,
}

#[derive(Deserialize)]
struct Root {
    ca: String,
}

#[derive(Deserialize)]
struct RootList {
    crts: Vec<String>,
}

impl Client {
    /// Creates a client for the CA at `ca_url` that trusts only `roots`. It connects with the
    /// first request.
    ///
    /// The proxy from the environment (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`) is used for
    /// every host except `localhost` and loopback addresses, by the rules of Go programs.
    ///
    /// # Errors
    ///
    /// - [`Error::Url`] if the address is not a URL.
    /// - [`Error::Anchor`] if none of the roots can be used as a trust anchor.
    /// - [`Error::Proxy`] if a proxy variable cannot be parsed.
    /// - [`Error::Setup`] if the user agent is not valid in a header.
    pub fn new(ca_url: &CaUrl, roots: &Roots, options: &Options) -> Result<Self, Error> {
        Ok(Self { transport: Transport::new(ca_url, roots, options)? })
    }

    /// Returns `ca_url` with its host as the CA's TLS certificate spells it, if that has the same
    /// host in other letters. A CA compares the audiences of tokens letter for letter, and its
    /// certificate has exactly its own names.
    ///
    /// Before the first answer, and behind a proxy, the certificate is not known, and the URL stays
    /// as it is.
    #[must_use]
    pub fn own_spelling(&self, ca_url: &CaUrl) -> CaUrl {
        let names = self.transport.server_names();
        let own = || names.iter().filter_map(|name| CaUrl::from_dns_name(name, None).ok());
        own()
            .find(|own| own.host() == ca_url.host())
            .or_else(|| own().find(|own| own.is_same_host(ca_url)))
            .map_or_else(|| ca_url.clone(), |own| ca_url.spelled_as(&own))
    }

    /// Returns the provisioners of a known type: `GET /provisioners`, page by page.
    ///
    /// # Errors
    ///
    /// Those of [`Client::provisioner_list`].
    pub async fn provisioners(&self) -> Result<Vec<Provisioner>, Error> {
        Ok(self.provisioner_list().await?.provisioners)
    }

    /// Returns all provisioners, with those of unknown types in a list of their own.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if a page cannot be fetched or read, with one of these faults if the list
    /// does not end: [`RequestFault::RepeatedCursor`] (Q60), [`RequestFault::TooManyPages`] after
    /// 1,000, [`RequestFault::TooManyProvisioners`] after 100,000, [`RequestFault::TooLarge`] after
    /// 256 MiB.
    pub async fn provisioner_list(&self) -> Result<ProvisionerList, Error> {
        let mut pages = Pages::default();
        loop {
            let answer = self.transport.get(&pages.path()).await?.accepted()?;
            if pages.add(&answer.body).map_err(|fault| answer.fault(fault))? {
                return Ok(pages.into_list());
            }
        }
    }

    /// Returns the encrypted private key of a JWK provisioner, a compact JWE (RFC 7516 §3.1), or
    /// `None` if the CA has no such key: `GET /provisioners/KID/encrypted-key`.
    ///
    /// The list of provisioners has the same text, and has it for every key ID. Here
    /// an ID with a slash is never found, however it is encoded (Q51).
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if there is no valid answer.
    pub async fn encrypted_key(&self, key_id: &KeyId) -> Result<Option<String>, Error> {
        if matches!(key_id.as_str(), "." | "..") {
            // A URL cannot have these as a segment (RFC 3986 §5.2.4).
            return Ok(None);
        }
        let path = format!("/provisioners/{}/encrypted-key", encoded(key_id.as_str()));
        match self.transport.get(&path).await?.json::<EncryptedKey>() {
            Ok(answer) => Ok(Some(answer.key)),
            Err(Error::Request { fault: RequestFault::Status { status: 404, .. }, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns one of the CA's root certificates, checked against the fingerprint:
    /// `GET /root/FINGERPRINT`.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if there is no valid answer, or it contains another certificate.
    pub async fn root(&self, fingerprint: RootFingerprint) -> Result<Roots, Error> {
        root(&self.transport, fingerprint).await
    }

    /// Returns all of the CA's root certificates: `GET /roots`.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if there is no valid answer.
    pub async fn roots(&self) -> Result<Roots, Error> {
        let answer = self.transport.get("/roots").await?.accepted()?;
        let list: RootList = read(&answer)?;
        Roots::parse_all(&list.crts).map_err(|source| answer.fault(RequestFault::Roots { source }))
    }

    /// Returns the CA's own word for its state, which is `ok`: `GET /health`.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if there is no valid answer.
    pub async fn health(&self) -> Result<String, Error> {
        Ok(self.transport.get("/health").await?.json::<Health>()?.status)
    }

    /// Returns the version of the CA: `GET /version`.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if there is no valid answer.
    pub async fn version(&self) -> Result<Version, Error> {
        self.transport.get("/version").await?.json()
    }
}

/// Requests a root and accepts the answer only if it has the fingerprint.
pub(crate) async fn root(
    transport: &Transport,
    fingerprint: RootFingerprint,
) -> Result<Roots, Error> {
    let answer = transport.get(&format!("/root/{fingerprint}")).await?.accepted()?;
    let root: Root = read(&answer)?;
    let roots = Roots::parse(root.ca.as_bytes())
        .map_err(|source| answer.fault(RequestFault::Roots { source }))?;
    // Other certificates in the answer are not verified.
    roots
        .only(fingerprint)
        .map_err(|answered| answer.fault(RequestFault::WrongRoot { asked: fingerprint, answered }))
}

fn read<'a, T: Deserialize<'a>>(answer: &'a Answer) -> Result<T, Error> {
    serde_json::from_slice(&answer.body)
        .map_err(|error| answer.fault(RequestFault::of_json(&error)))
}
