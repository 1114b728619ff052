//! Selects one provisioner of the CA's list.

use step_claims::Operation;
use step_header::Trust;
use step_provisioner::{
    CaConfig, Capability, Kind, KindName, Provisioner, Selection, Selector, select_and_tell,
};
use token_cli::{Error, World};
use token_jose::Thumbprint;
use token_text::Excerpt;

use crate::authority::Authority;
use crate::mint::considered::Considered;
use crate::mint::proof::CertificateProof;
use crate::mint::proof_settings::ProofSettings;
use crate::mint::settings::MintSettings;
use crate::mint::unselected;
use crate::mint::window::AskedWindow;

/// Who vouches for the token.
#[derive(Clone, Debug)]
pub(crate) enum Chosen {
    /// An entry of the CA's list.
    Known(Box<Provisioner>),
    /// A provisioner known only by name: offline, without a ca.json.
    Named { name: String },
    /// No provisioner: the certificate to renew vouches for itself.
    NoProvisioner,
}

/// Where the token comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TokenSource {
    /// A key signs it: the provisioner's own, or that of a certificate.
    Key,
    /// It is fetched from the service that issued it.
    Fetched(Issuer),
}

/// The issuer of a fetched token.
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
            Self::NoProvisioner => "",
        }
    }

    /// Returns the entry of the CA's list, if it is one.
    pub(crate) fn provisioner(&self) -> Option<&Provisioner> {
        match self {
            Self::Known(provisioner) => Some(provisioner),
            Self::Named { .. } | Self::NoProvisioner => None,
        }
    }

    /// Returns where the token comes from.
    pub(crate) fn source(&self, settings: &MintSettings) -> TokenSource {
        let fetched = match self {
            Self::Known(provisioner) => matches!(provisioner.kind, Kind::K8sSa { .. }),
            Self::Named { .. } | Self::NoProvisioner => {
                matches!(settings.proof, Some(ProofSettings::K8sSa(_)))
            }
        };
        if fetched { TokenSource::Fetched(Issuer::Kubernetes) } else { TokenSource::Key }
    }
}

/// The provisioners that match the settings.
#[derive(Clone, Debug)]
pub(crate) enum Choice {
    One(Chosen),
    /// Several match; the key or a person has to decide.
    Several(Vec<Provisioner>),
}

/// What decides which provisioner vouches for a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Query<'a> {
    pub(crate) authority: &'a Authority,
    pub(crate) settings: &'a MintSettings,
    /// The certificate that vouches in place of a provisioner's key.
    pub(crate) proof: Option<&'a CertificateProof>,
    pub(crate) operation: Operation,
    /// The validity of the certificate that the token asks for.
    pub(crate) window: Option<&'a AskedWindow>,
}

impl Query<'_> {
    /// Filters the CA's list by the settings, the proof, and the thumbprint of the key if it is
    /// known.
    pub(crate) fn narrow(&self, key: Option<Thumbprint>) -> Result<Choice, Error> {
        if self.operation == Operation::Renew {
            return Ok(Choice::One(Chosen::NoProvisioner));
        }
        let Some(provisioners) = self.authority.provisioners() else {
            return self.named().map(Choice::One);
        };
        if let Some(config) = self.authority.config()
            && let Some(Capability::Refused { reason, instead }) =
                config.ssh.refusal(self.operation)
        {
            let message = format!("the CA cannot authorise `{}`: {reason}", self.operation);
            return Err(Error::settings(message).hint(format!("use {instead}")));
        }
        let asked = &self.settings.provisioner;
        let selector = Selector {
            proof: self.settings.proof.as_ref().map(ProofSettings::kind),
            key_id: asked.key_id.as_ref().map(|kid| kid.value.to_string()),
            name: asked.name.as_ref().map(|name| name.value.clone()),
            public_key: key,
            operation: self.operation,
        };
        let mut considered = Considered::new(provisioners.len(), self.operation, key.is_some());
        let selection = select_and_tell(provisioners, &selector, |provisioner, why| {
            considered.leave_out(provisioner, why);
        });
        match selection {
            Selection::One { provisioner, why } => {
                considered.select(provisioner, Some(why));
                self.known(provisioner).map(Choice::One)
            }
            Selection::Several(several) => self.usable(&several, &mut considered),
            Selection::None(why) => {
                considered.end();
                Err(unselected::error(why, self.settings))
            }
        }
    }

    /// Lets a person choose one of several; without a terminal it is an error.
    pub(crate) fn ask(&self, candidates: &[Provisioner], world: &World) -> Result<Chosen, Error> {
        let labels: Vec<String> = candidates.iter().map(Provisioner::label).collect();
        let question = "Provisioner to use";
        let Some(chosen) = world.ask(|person| person.choose(question, &labels)) else {
            // With a proof, --kid selects no provisioner.
            let way_out = match self.settings.proof {
                Some(_) => "use --provisioner (STEP_PROVISIONER) to select one",
                None => "use --provisioner (STEP_PROVISIONER) or --kid (STEP_KID) to select one",
            };
            let each = labels.iter().map(|label| format!("one choice is {label}")).collect();
            return Err(Error::settings("several provisioners can be used for this token")
                .hint_for_each(each, |more| format!("there are {more} more choices"))
                .hint(way_out));
        };
        let none = || Error::settings("no provisioner was chosen");
        let chosen = chosen.map_err(|cause| none().because(cause))?;
        self.known(candidates.get(chosen).ok_or_else(none)?)
    }

    /// Returns a provisioner of the list, if it may authorise the request.
    fn known(&self, provisioner: &Provisioner) -> Result<Chosen, Error> {
        self.admit(provisioner)?;
        Ok(Chosen::Known(Box::new(provisioner.clone())))
    }

    /// Leaves out provisioners that need another proof than the given one, or do not trust it, and
    /// those that sign only for a request with times of its own, if others sign for any. If one is
    /// left, it is selected.
    fn usable(
        &self,
        several: &[&Provisioner],
        considered: &mut Considered,
    ) -> Result<Choice, Error> {
        let mut fitting = Vec::new();
        for &provisioner in several {
            match self.misfit(provisioner) {
                None => fitting.push(provisioner),
                Some(why) => considered.leave_out_because(provisioner, &why),
            }
        }
        let (with_remedy, without): (Vec<&Provisioner>, Vec<_>) =
            fitting.into_iter().partition(|provisioner| self.needs_remedy(provisioner));
        let fitting = if without.is_empty() {
            with_remedy
        } else {
            for provisioner in with_remedy {
                let why = "it signs only for a request with times of its own";
                considered.leave_out_because(provisioner, why);
            }
            without
        };
        let fitting: Vec<Provisioner> = fitting.into_iter().cloned().collect();
        match fitting.as_slice() {
            [only] => {
                considered.select(only, None);
                self.known(only).map(Choice::One)
            }
            [] => {
                considered.end();
                if let Some(proof) = self.proof {
                    proof.must_be_trusted_by_one_of(several)?;
                }
                self.one_must_be_able(several)?;
                Ok(Choice::Several(several.iter().map(|entry| (*entry).clone()).collect()))
            }
            _ => {
                considered.choose_from(fitting.len());
                Ok(Choice::Several(fitting))
            }
        }
    }

    /// Returns why one of several provisioners does not fit the request, if that is so.
    fn misfit(&self, provisioner: &Provisioner) -> Option<String> {
        match (self.proof, &provisioner.kind) {
            (Some(proof), _) => match proof.trusted_by(provisioner) {
                Trust::Reached => self.refusal(provisioner),
                Trust::Missed { reason, .. } => Some(format!("the certificate {reason}")),
                Trust::Unchecked { reason } => Some(reason),
                _ => Some("what it trusts is not known".to_owned()),
            },
            (None, Kind::Jwk(_)) => self.refusal(provisioner),
            (None, _) => Some("it accepts a proof, and none is given".to_owned()),
        }
    }

    /// Returns whether a provisioner signs only for a request with times of its own.
    fn needs_remedy(&self, provisioner: &Provisioner) -> bool {
        let config = self.authority.config();
        self.window.is_some_and(|window| window.needs_remedy(provisioner, config))
    }

    /// Refuses several provisioners if none of them may authorise the request.
    fn one_must_be_able(&self, several: &[&Provisioner]) -> Result<(), Error> {
        let refusal = |entry: &&Provisioner| {
            self.refusal(entry).map(|reason| format!("check {}: {reason}", entry.label()))
        };
        let Some(reasons) = several.iter().map(refusal).collect::<Option<Vec<_>>>() else {
            return Ok(());
        };
        let message = format!("no provisioner can authorise `{}`", self.operation);
        Err(Error::settings(message)
            .hint_for_each(reasons, |more| format!("check {more} more, which cannot either")))
    }

    /// Returns why a provisioner cannot authorise the request, if that is so.
    fn refusal(&self, provisioner: &Provisioner) -> Option<String> {
        match (&provisioner.disabled, self.capability(provisioner)) {
            (Some(disabled), _) => Some(format!("it is disabled, because {disabled}")),
            (None, Capability::Refused { reason, .. }) => Some(reason.to_owned()),
            (None, _) => {
                let window = self.window?;
                let fault = window.refusal(provisioner, self.authority.config())?;
                Some(format!("the certificate {fault}"))
            }
        }
    }

    /// Offline without a ca.json the name cannot be checked, and is used as given.
    fn named(&self) -> Result<Chosen, Error> {
        let (settings, asked) = (self.settings, &self.settings.provisioner);
        let kind = settings.proof.as_ref().map_or(KindName::Jwk, |proof| proof.kind().kind());
        let name = match &asked.name {
            Some(name) => name.value.clone(),
            // A Kubernetes token does not need a provisioner's name.
            None if kind == KindName::K8sSa => String::new(),
            None => {
                let needed = match settings.proof {
                    Some(_) => "use --provisioner NAME",
                    None => "use --provisioner NAME and --key FILE",
                };
                let message = "no provisioner given, and no ca.json to choose one from";
                return Err(Error::settings(message)
                    .hint(format!("{needed}, or --ca-config for a ca.json")));
            }
        };
        if settings.proof.is_none() && asked.key.is_none() {
            let message = "no key given, and no ca.json to take one from";
            return Err(Error::settings(message)
                .hint("use --key with the provisioner's key, or with a file that holds the `encryptedKey` of its \
                       entry in `step-token ca provisioner list`; or use --ca-config with a ca.json"));
        }
        let who = format!("a {kind} provisioner");
        refuse(Capability::of(kind, self.operation), &who, self.operation)?;
        Ok(Chosen::Named { name })
    }

    /// Returns whether a provisioner may authorise the request, as far as its CA is known.
    fn capability(&self, provisioner: &Provisioner) -> Capability {
        match self.authority.config() {
            Some(config) => config.capability(provisioner, self.operation),
            None => provisioner.capability(self.operation),
        }
    }

    /// Notes what the CA may still refuse, because its list does not say.
    pub(crate) fn note_doubts(&self, chosen: &Chosen, world: &World) {
        if let Some(window) = self.window {
            window.warn(chosen.provisioner(), self.authority.config(), world);
        }
        if let Some(provisioner) = chosen.provisioner()
            && matches!(self.operation, Operation::SshUser | Operation::SshHost)
            && !self.authority.config().is_some_and(CaConfig::tells_of_ssh)
            && provisioner.claims.enable_ssh_ca.is_none()
        {
            world.note(&format!(
                "the CA accepts the token only if the authority enables SSH: {} does not say",
                provisioner.label()
            ));
        }
    }

    /// Checks that a provisioner may authorise the request, before its key is opened.
    fn admit(&self, provisioner: &Provisioner) -> Result<(), Error> {
        let label = provisioner.label();
        match &provisioner.disabled {
            Some(reason) if reason.is_reported() => {
                return Err(Error::ca(format!(
                    "the CA has disabled provisioner {label}: {reason}"
                ))
                .hint("fix its entry in the CA's configuration"));
            }
            Some(reason) => {
                let message =
                    format!("step-ca disables provisioner {label} at its start: {reason}");
                return Err(Error::settings(message).hint(
                    "correct its entry in the ca.json, or use --provisioner to select another one",
                ));
            }
            None => has_usable_key(provisioner)?,
        }
        refuse(self.capability(provisioner), &label, self.operation)?;
        self.has_what_it_takes(provisioner)?;
        if let Some(window) = self.window {
            window.must_fit(provisioner, self.authority.config())?;
        }
        let Some(proof) = self.proof else { return Ok(()) };
        if let Some(config) = self.authority.config() {
            proof.must_be_accepted(config.ssh)?;
        }
        proof.must_be_trusted_by(provisioner)
    }

    /// Checks that there is a proof for a provisioner that has no key of its own.
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
                    _ => Error::usage(error).hint("use --provisioner to select a JWK provisioner"),
                });
            }
        };
        let message = format!("{label} needs {flags}: it accepts a certificate, not a key");
        let hint = match Capability::of(KindName::Jwk, self.operation) {
            Capability::Refused { .. } => format!(
                "run `step-token ca provisioner list{} --can` to see what each can authorise",
                self.settings.ca.typed()
            ),
            _ => {
                "use --provisioner to select another one, for example a JWK provisioner".to_owned()
            }
        };
        Err(Error::usage(message).hint(hint))
    }
}

/// Without the public key no token can be verified.
fn has_usable_key(provisioner: &Provisioner) -> Result<(), Error> {
    match &provisioner.kind {
        Kind::Jwk(jwk) => jwk.key.as_ref().map(|_| ()).map_err(|reason| {
            let name = Excerpt(&provisioner.name);
            Error::key(format!("provisioner `{name}` has an unusable public key: it {reason}"))
                .hint("fix its `key` in the CA's configuration")
        }),
        _ => Ok(()),
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
