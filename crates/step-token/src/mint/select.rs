//! One provisioner of many.

use step_claims::Operation;
use step_header::Trust;
use step_provisioner::{
    Capability, Kind, KindName, Provisioner, Selection, Selector, Unselected, select,
};
use token_cli::{Error, World};
use token_jose::Thumbprint;

use crate::authority::authority::Authority;
use crate::mint::proof::Possession;
use crate::mint::proof_settings::ProofSettings;
use crate::mint::settings::MintSettings;

/// Who vouches for the token.
#[derive(Clone, Debug)]
pub(crate) enum Chosen {
    /// An entry of the CA's list.
    Known(Box<Provisioner>),
    /// A provisioner of which only the name is known: offline, without a ca.json.
    Named { name: String },
    /// Nobody but the certificate that is to be renewed.
    Itself,
}

/// Where the token comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TokenSource {
    /// A key signs it: the provisioner's own, or that of a certificate.
    Key,
    /// It is fetched from somebody else, who issued it.
    Fetched(Issuer),
}

/// Who issues a token that is fetched.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Issuer {
    /// A Kubernetes cluster.
    Kubernetes,
}

impl Chosen {
    /// Returns the `iss` of the token.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Known(provisioner) => &provisioner.name,
            Self::Named { name } => name,
            Self::Itself => "",
        }
    }

    /// Returns the entry of the CA's list, if it is one.
    pub(crate) fn provisioner(&self) -> Option<&Provisioner> {
        match self {
            Self::Known(provisioner) => Some(provisioner),
            Self::Named { .. } | Self::Itself => None,
        }
    }

    /// Returns where the token comes from.
    pub(crate) fn source(&self, settings: &MintSettings) -> TokenSource {
        let fetched = match self {
            Self::Known(provisioner) => matches!(provisioner.kind, Kind::K8sSa { .. }),
            Self::Named { .. } | Self::Itself => {
                matches!(settings.proof, Some(ProofSettings::K8sSa(_)))
            }
        };
        if fetched { TokenSource::Fetched(Issuer::Kubernetes) } else { TokenSource::Key }
    }
}

/// What is left when the settings have been applied.
#[derive(Clone, Debug)]
pub(crate) enum Choice {
    One(Chosen),
    /// Several remain; the key may still decide, or a person.
    Several(Vec<Provisioner>),
}

/// A request, as far as it decides who answers it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Search<'a> {
    pub(crate) authority: &'a Authority,
    pub(crate) settings: &'a MintSettings,
    /// The certificate that vouches in place of a provisioner's key.
    pub(crate) possession: Option<&'a Possession>,
    pub(crate) operation: Operation,
}

impl Search<'_> {
    /// Applies the settings, the proof, and the thumbprint of the key if it is known, to the CA's
    /// list.
    pub(crate) fn narrow(&self, key: Option<Thumbprint>) -> Result<Choice, Error> {
        if self.operation == Operation::Renew {
            return Ok(Choice::One(Chosen::Itself));
        }
        let Some(provisioners) = self.authority.provisioners() else {
            return self.named().map(Choice::One);
        };
        let asked = &self.settings.provisioner;
        let selector = Selector {
            proof: self.settings.proof.as_ref().map(ProofSettings::proof),
            key_id: asked.key_id.as_ref().map(|kid| kid.value.to_string()),
            name: asked.name.as_ref().map(|name| name.value.clone()),
            public_key: key,
            operation: self.operation,
        };
        match select(provisioners, &selector) {
            Selection::One { provisioner, .. } => self.known(provisioner).map(Choice::One),
            Selection::Several(several) => self.usable(&several),
            Selection::None(why) => Err(nobody(why, self.settings)),
        }
    }

    /// Lets a person choose among several, or says that nobody is there to do it.
    pub(crate) fn ask(&self, candidates: &[Provisioner], world: &World) -> Result<Chosen, Error> {
        let labels: Vec<String> = candidates.iter().map(Provisioner::label).collect();
        let question = "Provisioner to use";
        let Some(chosen) = world.ask(|person| person.choose(question, &labels)) else {
            // A key ID picks nobody beside a proof.
            let way_out = match self.settings.proof {
                Some(_) => "--provisioner NAME (STEP_PROVISIONER) picks one",
                None => "--provisioner NAME (STEP_PROVISIONER) or --kid ID (STEP_KID) picks one",
            };
            let each = labels.iter().map(|label| format!("one is {label}"));
            return Err(Error::settings("several provisioners could vouch for the token")
                .hints(each.chain([way_out.to_owned()])));
        };
        let none = || Error::settings("no provisioner was chosen");
        let chosen = chosen.map_err(|cause| none().because(cause))?;
        self.known(candidates.get(chosen).ok_or_else(none)?)
    }

    /// Takes a provisioner of the list, if it may do what is asked.
    fn known(&self, provisioner: &Provisioner) -> Result<Chosen, Error> {
        self.admit(provisioner)?;
        Ok(Chosen::Known(Box::new(provisioner.clone())))
    }

    /// Leaves out what needs a proof that was not given, and what does not trust the one that was;
    /// if that leaves one, it is the one.
    fn usable(&self, several: &[&Provisioner]) -> Result<Choice, Error> {
        let fits = |entry: &&&Provisioner| {
            let vouches = match self.possession {
                Some(possession) => possession.trusted_by(entry) == Trust::Reached,
                None => matches!(entry.kind, Kind::Jwk(_)),
            };
            vouches && !self.capability(entry).is_refused()
        };
        let fitting: Vec<Provisioner> =
            several.iter().filter(fits).map(|entry| (*entry).clone()).collect();
        match fitting.as_slice() {
            [only] => self.known(only).map(Choice::One),
            [] => {
                if let Some(possession) = self.possession {
                    possession.must_be_trusted_by_one_of(several)?;
                }
                Ok(Choice::Several(several.iter().map(|entry| (*entry).clone()).collect()))
            }
            _ => Ok(Choice::Several(fitting)),
        }
    }

    /// Offline without a ca.json the name is believed.
    fn named(&self) -> Result<Chosen, Error> {
        let (settings, asked) = (self.settings, &self.settings.provisioner);
        let kind = settings.proof.as_ref().map_or(KindName::Jwk, |proof| proof.proof().kind());
        let name = match &asked.name {
            Some(name) => name.value.clone(),
            // A token of Kubernetes names no provisioner.
            None if kind == KindName::K8sSa => String::new(),
            None => {
                let needed = match settings.proof {
                    Some(_) => "--provisioner NAME names it",
                    None => "--provisioner NAME and --key FILE are needed",
                };
                let message = "no provisioner is named, and there is no ca.json to choose from";
                return Err(
                    Error::settings(message).hint(format!("{needed}; --ca-config names a ca.json"))
                );
            }
        };
        if settings.proof.is_none() && asked.key.is_none() {
            let message = "no key is named, and there is no ca.json that holds one";
            return Err(Error::settings(message)
                .hint("--key FILE names the provisioner's key; --ca-config names a ca.json"));
        }
        let who = format!("a {kind} provisioner");
        refuse(Capability::of(kind, self.operation), &who, self.operation)?;
        Ok(Chosen::Named { name })
    }

    /// Returns whether a provisioner may do what is asked, as far as is known of its CA.
    fn capability(&self, provisioner: &Provisioner) -> Capability {
        match self.authority.config() {
            // With enableAdmin the claims of the file may be stale.
            Some(config) if !config.enable_admin => {
                provisioner.capability_within(&config.claims, self.operation)
            }
            _ => provisioner.capability(self.operation),
        }
    }

    /// Checks that a provisioner may do what is asked, before its key is opened.
    fn admit(&self, provisioner: &Provisioner) -> Result<(), Error> {
        let label = provisioner.label();
        if let Some(reason) = &provisioner.disabled {
            return Err(Error::ca(format!("the CA has disabled provisioner {label}: {reason}"))
                .hint("mend its entry in the CA's configuration"));
        }
        refuse(self.capability(provisioner), &label, self.operation)?;
        self.has_what_it_takes(provisioner)?;
        self.possession.map_or(Ok(()), |possession| possession.must_be_trusted_by(provisioner))
    }

    /// A provisioner that knows no key is believed with a proof.
    fn has_what_it_takes(&self, provisioner: &Provisioner) -> Result<(), Error> {
        let (label, kind) = (provisioner.label(), provisioner.kind.name());
        let flags = match kind {
            KindName::Jwk | KindName::K8sSa => return Ok(()),
            _ if self.settings.proof.is_some() => return Ok(()),
            KindName::X5c => "--x5c-cert and --x5c-key",
            KindName::SshPop => "--sshpop-cert and --sshpop-key",
            KindName::Nebula => "--nebula-cert and --nebula-key",
            _ => {
                let error = format!("{label}: {kind} tokens are not supported by this version");
                return Err(match Capability::of(KindName::Jwk, self.operation) {
                    Capability::Refused { .. } => Error::usage(error),
                    _ => Error::usage(error).hint("--provisioner NAME picks a JWK provisioner"),
                });
            }
        };
        let message = format!("{label} needs {flags}: it believes a certificate, not a key");
        let hint = match Capability::of(KindName::Jwk, self.operation) {
            Capability::Refused { .. } => "`ca provisioner list --can` shows who may do what",
            _ => "--provisioner NAME picks another one, such as a JWK one",
        };
        Err(Error::usage(message).hint(hint))
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

fn nobody(why: Unselected, settings: &MintSettings) -> Error {
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
            .hint("--key names the key of the provisioner, or --provisioner its owner"),
        Unselected::Refused { .. } => Error::usage(message).hint(list),
        Unselected::NoTokens { .. } => Error::settings(message)
            .hint("add a JWK provisioner to the CA; ACME and SCEP clients need no token"),
        Unselected::NoProvisioners => Error::settings(message)
            .hint("a CA whose provisioners are in its database answers online"),
        _ => Error::settings(message).hint(list),
    }
}
