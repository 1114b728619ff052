//! One provisioner of many.

use step_claims::Operation;
use step_provisioner::{
    Capability, Kind, KindName, Provisioner, Selection, Selector, Unselected, select,
};
use token_jose::{KeyId, Thumbprint};

use crate::authority::Authority;
use crate::settings::{ProvisionerSettings, Settings};
use crate::{Error, World};

/// Who vouches for the token.
#[derive(Clone, Debug)]
pub(crate) enum Chosen {
    /// An entry of the CA's list.
    Known(Box<Provisioner>),
    /// A JWK provisioner of which only the name is known: offline, without a ca.json.
    Named { name: String, key_id: Option<KeyId> },
}

impl Chosen {
    /// Returns the `iss` of the token.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Known(provisioner) => &provisioner.name,
            Self::Named { name, .. } => name,
        }
    }
}

/// What is left when the settings have been applied.
#[derive(Clone, Debug)]
pub(crate) enum Choice {
    One(Chosen),
    /// Several remain; the key may still decide, or a person.
    Several(Vec<Provisioner>),
}

/// Applies the settings, and the thumbprint of the key if it is known, to the CA's list.
pub(crate) fn narrow(
    authority: &Authority,
    settings: &Settings,
    operation: Operation,
    key: Option<Thumbprint>,
) -> Result<Choice, Error> {
    let Some(provisioners) = authority.provisioners() else {
        return named(&settings.provisioner, operation).map(Choice::One);
    };
    let selector = Selector {
        proof: None,
        key_id: settings.provisioner.key_id.as_ref().map(|kid| kid.value.to_string()),
        name: settings.provisioner.name.as_ref().map(|name| name.value.clone()),
        public_key: key,
        operation,
    };
    match select(provisioners, &selector) {
        Selection::One { provisioner, .. } => {
            admit(provisioner, authority, operation)?;
            Ok(Choice::One(Chosen::Known(Box::new(provisioner.clone()))))
        }
        Selection::Several(several) => usable(several, authority, operation),
        Selection::None(why) => Err(nobody(why, settings)),
    }
}

/// Leaves out what needs a proof that was not given; if that leaves one, it is the one.
fn usable(
    several: Vec<&Provisioner>,
    authority: &Authority,
    operation: Operation,
) -> Result<Choice, Error> {
    let signing = several.iter().filter(|entry| matches!(entry.kind, Kind::Jwk(_)));
    let signing: Vec<Provisioner> = signing.map(|entry| (*entry).clone()).collect();
    match signing.as_slice() {
        [] => Ok(Choice::Several(several.into_iter().cloned().collect())),
        [only] => {
            admit(only, authority, operation)?;
            Ok(Choice::One(Chosen::Known(Box::new(only.clone()))))
        }
        _ => Ok(Choice::Several(signing)),
    }
}

/// Lets a person choose among several, or says that nobody is there to do it.
pub(crate) fn ask(
    candidates: Vec<Provisioner>,
    authority: &Authority,
    operation: Operation,
    world: &World,
) -> Result<Chosen, Error> {
    let labels: Vec<String> = candidates.iter().map(Provisioner::label).collect();
    let question = "Provisioner to use";
    let Some(chosen) = world.ask(|person| person.choose(question, &labels)) else {
        return Err(Error::settings("several provisioners could vouch for the token").hints(
            labels
                .iter()
                .map(|label| format!("one is {label}"))
                .chain(["--provisioner NAME (STEP_PROVISIONER) or --kid ID (STEP_KID) picks one"
                    .to_owned()]),
        ));
    };
    let chosen =
        chosen.map_err(|cause| Error::settings("no provisioner was chosen").because(cause))?;
    let provisioner = candidates
        .into_iter()
        .nth(chosen)
        .ok_or_else(|| Error::settings("no provisioner was chosen"))?;
    admit(&provisioner, authority, operation)?;
    Ok(Chosen::Known(Box::new(provisioner)))
}

/// Offline without a ca.json the name is believed.
fn named(settings: &ProvisionerSettings, operation: Operation) -> Result<Chosen, Error> {
    let Some(name) = &settings.name else {
        return Err(Error::settings(
            "no provisioner is named, and there is no ca.json to choose from",
        )
        .hint("--provisioner NAME and --key FILE are needed; --ca-config names a ca.json"));
    };
    if settings.key.is_none() {
        return Err(Error::settings("no key is named, and there is no ca.json that holds one")
            .hint("--key FILE names the provisioner's key; --ca-config names a ca.json"));
    }
    refuse(Capability::of(KindName::Jwk, operation), "a JWK provisioner", operation)?;
    let key_id = settings.key_id.as_ref().map(|kid| kid.value.clone());
    Ok(Chosen::Named { name: name.value.clone(), key_id })
}

/// Checks that a provisioner may do what is asked, before its key is opened.
fn admit(
    provisioner: &Provisioner,
    authority: &Authority,
    operation: Operation,
) -> Result<(), Error> {
    let label = provisioner.label();
    if let Some(reason) = &provisioner.disabled {
        return Err(Error::ca(format!("the CA has disabled provisioner {label}: {reason}"))
            .hint("mend its entry in the CA's configuration"));
    }
    refuse(provisioner.capability(operation), &label, operation)?;
    if let Some(config) = authority.config()
        && matches!(operation, Operation::SshUser | Operation::SshHost)
        && !config.enable_admin
        && !provisioner.claims.effective(&config.claims).enable_ssh_ca
    {
        return Err(Error::usage(format!("{label} may not sign SSH certificates"))
            .hint("its claims need `\"enableSSHCA\": true`"));
    }
    match provisioner.kind {
        Kind::Jwk(_) => Ok(()),
        _ => {
            let kind = provisioner.kind.name();
            let error = format!("{label}: {kind} tokens are not supported by this version");
            match Capability::of(KindName::Jwk, operation) {
                Capability::Refused { .. } => Err(Error::usage(error)),
                _ => Err(Error::usage(error).hint("--provisioner NAME picks a JWK provisioner")),
            }
        }
    }
}

fn refuse(capability: Capability, who: &str, operation: Operation) -> Result<(), Error> {
    match capability {
        Capability::Refused { reason, instead } => {
            Err(Error::usage(format!("{who} cannot authorise `{operation}`: {reason}"))
                .hint(format!("use {instead}")))
        }
        _ => Ok(()),
    }
}

fn nobody(why: Unselected, settings: &Settings) -> Error {
    let provisioner = &settings.provisioner;
    let list = if settings.ca.offline {
        format!(
            "`step-token ca provisioner list --offline --ca-config {} --table` lists them",
            settings.ca.config.value.display()
        )
    } else {
        "`step-token ca provisioner list --table` lists them".to_owned()
    };
    let origin = match &why {
        Unselected::UnknownKeyId { .. }
        | Unselected::KeyIdOfAnother { .. }
        | Unselected::KeyIdAgainstProof { .. } => {
            provisioner.key_id.as_ref().map(|kid| kid.origin.to_string())
        }
        Unselected::UnknownName { .. } | Unselected::NameAgainstProof { .. } => {
            provisioner.name.as_ref().map(|name| name.origin.to_string())
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
            .hint("--key names the key of the provisioner, or --provisioner its owner"),
        Unselected::Refused { .. } => Error::usage(message).hint(list),
        Unselected::NoTokens { .. } => Error::settings(message)
            .hint("add a JWK provisioner to the CA; ACME and SCEP clients need no token"),
        Unselected::NoProvisioners => Error::settings(message)
            .hint("a CA whose provisioners are in its database answers online"),
        _ => Error::settings(message).hint(list),
    }
}
