//! Fetches a CA's root certificate, and checks it against a fingerprint.

use step_claims::{CaUrl, RootFingerprint};

use crate::client::root;
use crate::error::Error;
use crate::roots::Roots;
use crate::transport::{Options, Transport};

/// Fetches the root certificate that has this fingerprint: `GET /root/FINGERPRINT`.
///
/// This is the only request that does not check the server's certificate. It sends nothing secret,
/// shows no client identity and follows no redirect, and the answer is used only if the SHA-256 of
/// its DER is the fingerprint, so it does not matter who sent it. The rest of the answer is
/// dropped.
///
/// # Errors
///
/// - [`Error::Url`] or [`Error::Setup`] as for [`Client::new`](crate::Client::new).
/// - [`Error::Request`] if there is no valid answer, and with
///   [`RequestFault::WrongRoot`](crate::RequestFault::WrongRoot) if it has another fingerprint.
pub async fn fetch_root(
    ca_url: &CaUrl,
    fingerprint: RootFingerprint,
    options: &Options,
) -> Result<Roots, Error> {
    root(&Transport::insecure(ca_url, options)?, fingerprint).await
}
