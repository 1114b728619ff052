//! Why no provisioner is selected, and what to try.

use step_provisioner::Unselected;
use token_cli::Error;

use crate::mint::settings::MintSettings;

/// Returns the error, with what to try.
pub(crate) fn error(why: Unselected, settings: &MintSettings) -> Error {
    let provisioner = &settings.provisioner;
    let list =
        format!("run `step-token ca provisioner list{} --table` to list them", settings.ca.typed());
    let origin = match &why {
        Unselected::UnknownKeyId { .. }
        | Unselected::KeyIdOfAnother { .. }
        | Unselected::KeyIdAgainstProof { .. } => {
            provisioner.key_id.as_ref().map(|kid| kid.origin.to_string())
        }
        Unselected::UnknownName { .. } | Unselected::NameAgainstProof { .. } => {
            provisioner.name.as_ref().map(|name| name.origin.to_string())
        }
        Unselected::NoneOfType { .. } => {
            settings.proof.as_ref().map(|proof| proof.origin().to_string())
        }
        Unselected::KeyMismatch { .. } | Unselected::KeyFitsNone { .. } => {
            provisioner.key.as_ref().map(|key| format!("{}: {}", key.origin, key.value))
        }
        _ => None,
    };
    let message = match origin {
        Some(origin) => format!("{why} ({origin})"),
        None => why.to_string(),
    };
    match why {
        Unselected::KeyMismatch { .. } | Unselected::KeyFitsNone { .. } => Error::key(message)
            .hint(
                "use --key with the provisioner's key, or --provisioner with the key's provisioner",
            ),
        Unselected::Refused { .. } => Error::usage(message).hint(list),
        Unselected::NoTokens { .. } => Error::settings(message)
            .hint("add a JWK provisioner to the CA; ACME and SCEP clients need no token"),
        Unselected::NoProvisioners => Error::settings(message)
            .hint("leave out --offline if the CA keeps its provisioners in its database"),
        _ => Error::settings(message).hint(list),
    }
}
