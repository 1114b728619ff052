//! A CA on disk, as it would start now.

use step_ca_client::OfflineCa;
use step_header::anchor_fault;
use token_cli::{Error, Origin, SAVE_AS_UTF_8};
use token_text::ShownPath;
use token_time::Timestamp;

use crate::settings::ca::CaSettings;

/// Reads the ca.json, and marks the provisioners that step-ca would disable if it started now.
pub(crate) fn open(settings: &CaSettings, now: Timestamp) -> Result<OfflineCa, Error> {
    let ca = OfflineCa::open(&settings.config.value)
        .map_err(|cause| unusable_config(settings, cause))?;
    Ok(ca.with_checked_anchors(|kind| anchor_fault(kind, now)))
}

/// Reads the ca.json of a CA that is to accept a token, so it must be one that step-ca starts with.
pub(crate) fn open_startable(settings: &CaSettings, now: Timestamp) -> Result<OfflineCa, Error> {
    let ca = open(settings, now)?;
    match ca.config().start_fault() {
        Some(fault) => {
            let path = ShownPath(ca.path());
            Err(Error::settings(format!("step-ca does not start with {path}: {fault}"))
                .hint("correct its `authority`, or use --ca-config with another file"))
        }
        None => Ok(ca),
    }
}

/// Reports which ca.json cannot be used, and which setting names it.
fn unusable_config(settings: &CaSettings, cause: step_ca_client::Error) -> Error {
    let config = &settings.config;
    let message = match config.origin {
        Origin::Default => cause.to_string(),
        _ => format!("{cause} ({})", config.origin),
    };
    let hint = match &cause {
        step_ca_client::Error::Config { source, .. } if source.is_utf_16() => SAVE_AS_UTF_8,
        _ => "use --ca-config with another file",
    };
    Error::settings(message).because(cause).hint(hint)
}
