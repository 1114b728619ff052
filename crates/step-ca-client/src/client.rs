//! A CA behind a URL: what it tells to anybody who asks.

use serde::Deserialize;
use step_claims::{CaUrl, RootFingerprint};
use step_provisioner::Provisioner;
use token_jose::KeyId;

use crate::error::Error;
use crate::fault::request::RequestFault;
use crate::pages::{Pages, ProvisionerList};
use crate::roots::Roots;
use crate::transport::{Answer, Options, Transport, encoded};

/// A CA behind a URL.
///
/// The roots it was made with are the only trust anchors: those of the system are never consulted.
/// Every request has a deadline, every answer a bound, nothing is tried twice. Redirects are
/// followed to `https` alone, ten at most, and held to the same roots.
///
/// Building one costs a fraction of a millisecond; it is made once and keeps its connection. The futures
/// need a tokio runtime with I/O and time enabled, and a current-thread one will do.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) transport: Transport,
}

/// What a CA says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Version {
    /// The version, such as `0.30.2`, or `N/A`.
    pub version: String,
    /// Whether the CA wants a client certificate on every request.
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
    /// Makes a client for the CA at `ca_url` that trusts `roots` and nobody else. It connects when
    /// something is asked for.
    ///
    /// The proxy that the environment names (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`) is used for
    /// every host but `localhost` and loopback addresses.
    ///
    /// # Errors
    ///
    /// - [`Error::Url`] if the address is no URL.
    /// - [`Error::Anchor`] if none of the roots can be a trust anchor.
    /// - [`Error::Setup`] if the user agent cannot stand in a header.
    pub fn new(ca_url: &CaUrl, roots: &Roots, options: &Options) -> Result<Self, Error> {
        Ok(Self { transport: Transport::new(ca_url, roots, options)? })
    }

    /// Returns the provisioners of a known type: `GET /provisioners`, page by page.
    ///
    /// # Errors
    ///
    /// Those of [`Client::provisioner_list`].
    pub async fn provisioners(&self) -> Result<Vec<Provisioner>, Error> {
        Ok(self.provisioner_list().await?.provisioners)
    }

    /// Returns all provisioners, those of an unknown type apart.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if a page cannot be had or read, and with one of these faults if the list
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

    /// Returns the sealed private key of a JWK provisioner, a compact JWE (RFC 7516 §3.1), or
    /// `None` if the CA has no such key: `GET /provisioners/KID/encrypted-key`.
    ///
    /// The same text stands in the list of provisioners, where it is found for every key ID. Here
    /// an ID with a slash in it is never found, however it is written (Q51).
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if there is no good answer.
    pub async fn encrypted_key(&self, key_id: &KeyId) -> Result<Option<String>, Error> {
        if matches!(key_id.as_str(), "." | "..") {
            // A URL has no way to write these as a segment (RFC 3986 §5.2.4).
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
    /// [`Error::Request`] if there is no good answer, or another certificate in it.
    pub async fn root(&self, fingerprint: RootFingerprint) -> Result<Roots, Error> {
        root(&self.transport, fingerprint).await
    }

    /// Returns all of the CA's root certificates: `GET /roots`.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if there is no good answer.
    pub async fn roots(&self) -> Result<Roots, Error> {
        let answer = self.transport.get("/roots").await?.accepted()?;
        let list: RootList = read(&answer)?;
        Roots::parse_all(&list.crts).map_err(|source| answer.fault(RequestFault::Roots { source }))
    }

    /// Returns the state of the CA in its own word, which is `ok`: `GET /health`.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if there is no good answer.
    pub async fn health(&self) -> Result<String, Error> {
        Ok(self.transport.get("/health").await?.json::<Health>()?.status)
    }

    /// Returns the version of the CA: `GET /version`.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if there is no good answer.
    pub async fn version(&self) -> Result<Version, Error> {
        self.transport.get("/version").await?.json()
    }
}

/// Asks for a root and believes the answer only if it has the fingerprint.
pub(crate) async fn root(
    transport: &Transport,
    fingerprint: RootFingerprint,
) -> Result<Roots, Error> {
    let answer = transport.get(&format!("/root/{fingerprint}")).await?.accepted()?;
    let root: Root = read(&answer)?;
    let roots = Roots::parse(root.ca.as_bytes())
        .map_err(|source| answer.fault(RequestFault::Roots { source }))?;
    // Whatever else came along proves nothing.
    roots
        .only(fingerprint)
        .map_err(|answered| answer.fault(RequestFault::WrongRoot { asked: fingerprint, answered }))
}

fn read<'a, T: Deserialize<'a>>(answer: &'a Answer) -> Result<T, Error> {
    serde_json::from_slice(&answer.body)
        .map_err(|error| answer.fault(RequestFault::of_json(&error)))
}
