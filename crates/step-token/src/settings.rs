//! What was asked for, each value with the place it came from.

mod agreement;
mod defaults;
mod layers;
mod proof;
pub(crate) mod step_path;

use std::path::PathBuf;

use step_claims::{CaUrl, Confirmation, Operation, RootFingerprint};
use token_jose::KeyId;
use token_time::{SignedDuration, When};

pub(crate) use agreement::issued_elsewhere;
pub(crate) use layers::Layers;
pub(crate) use proof::{CertificateKind, CertificateSettings, ProofSettings};
pub(crate) use step_path::{Base, StepPath};

use crate::args::{Assignment, CaArgs, GlobalArgs, TokenArgs};
use crate::origin::{Origin, Setting};
use crate::secret::Source;
use crate::{Error, World};

/// Everything `token` goes by.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// `None` if it was left out, or is empty where it may be left out.
    pub(crate) subject: Option<String>,
    pub(crate) purpose: PurposeSettings,
    pub(crate) validity: ValiditySettings,
    pub(crate) provisioner: ProvisionerSettings,
    pub(crate) proof: Option<ProofSettings>,
    pub(crate) ca: CaSettings,
    pub(crate) output: OutputSettings,
}

/// What the token allows.
#[derive(Clone, Debug)]
pub(crate) struct PurposeSettings {
    pub(crate) san: Setting<Vec<String>>,
    pub(crate) principal: Setting<Vec<String>>,
    pub(crate) ssh: Setting<bool>,
    pub(crate) host: Setting<bool>,
    pub(crate) revoke: Setting<bool>,
    pub(crate) renew: Setting<bool>,
    pub(crate) rekey: Setting<bool>,
    pub(crate) cnf: Option<Setting<Confirmation>>,
    pub(crate) cnf_file: Option<Setting<PathBuf>>,
    pub(crate) set: Setting<Vec<Assignment>>,
    pub(crate) set_file: Option<Setting<PathBuf>>,
}

/// How long token and certificate are valid.
#[derive(Clone, Debug)]
pub(crate) struct ValiditySettings {
    pub(crate) not_before: Option<Setting<When>>,
    pub(crate) not_after: Option<Setting<When>>,
    pub(crate) cert_not_before: Option<Setting<When>>,
    pub(crate) cert_not_after: Option<Setting<When>>,
    pub(crate) long_lived: bool,
}

/// Which provisioner vouches, and with which key.
#[derive(Clone, Debug)]
pub(crate) struct ProvisionerSettings {
    pub(crate) key_id: Option<Setting<KeyId>>,
    pub(crate) name: Option<Setting<String>>,
    pub(crate) key: Option<Setting<Source>>,
    pub(crate) passphrase: Option<Setting<Source>>,
}

/// Where the CA is.
#[derive(Clone, Debug)]
pub(crate) struct CaSettings {
    pub(crate) offline: bool,
    pub(crate) config: Setting<PathBuf>,
    pub(crate) url: Option<Setting<CaUrl>>,
    pub(crate) root: Option<Setting<PathBuf>>,
    pub(crate) fingerprint: Option<Setting<RootFingerprint>>,
    pub(crate) timeout: Option<Setting<SignedDuration>>,
    pub(crate) step_path: StepPath,
}

/// Where the token goes.
#[derive(Clone, Debug)]
pub(crate) struct OutputSettings {
    /// `None` is standard output.
    pub(crate) file: Option<Setting<PathBuf>>,
    pub(crate) force: bool,
    pub(crate) json: bool,
}

impl Settings {
    /// Settles every flag of `token`, and refuses what cannot work together.
    pub(crate) fn resolve(
        args: &TokenArgs,
        global: &GlobalArgs,
        world: &World,
    ) -> Result<Self, Error> {
        let (layers, step_path) = layers(&args.ca, global, world)?;
        let mut settings = Self::settle(args, &layers, step_path)?;
        agreement::check(&mut settings, world)?;
        Ok(settings)
    }

    /// Returns what the flags ask for.
    pub(crate) fn operation(&self) -> Operation {
        let purpose = &self.purpose;
        match (purpose.ssh.value, purpose.revoke.value, purpose.renew.value) {
            (false, true, _) => Operation::Revoke,
            (false, false, true) => Operation::Renew,
            (false, false, false) => Operation::Sign,
            (true, true, _) => Operation::SshRevoke,
            (true, false, true) => Operation::SshRenew,
            (true, false, false) if purpose.rekey.value => Operation::SshRekey,
            (true, false, false) if purpose.host.value => Operation::SshHost,
            (true, false, false) => Operation::SshUser,
        }
    }

    fn settle(args: &TokenArgs, layers: &Layers<'_>, step_path: StepPath) -> Result<Self, Error> {
        let (purpose, validity) = (&args.purpose, &args.validity);
        let (provisioner, output) = (&args.provisioner, &args.output);
        let own = layers
            .one("provisioner-password-file", provisioner.provisioner_password_file.as_ref())?;
        let shared = layers.one("password-file", provisioner.password_file.as_ref())?;
        let file = layers.path("output-file", output.output_file.as_ref())?;
        Ok(Self {
            subject: args.subject.clone(),
            purpose: PurposeSettings {
                san: layers.many("san", &purpose.san)?.map(without_empty),
                principal: layers.many("principal", &purpose.principal)?.map(without_empty),
                ssh: layers.switch("ssh", purpose.ssh)?,
                host: layers.switch("host", purpose.host)?,
                revoke: layers.switch("revoke", purpose.revoke)?,
                renew: layers.switch("renew", purpose.renew)?,
                rekey: layers.switch("rekey", purpose.rekey)?,
                cnf: layers.one("cnf", purpose.cnf.as_ref())?,
                cnf_file: layers.one("cnf-file", purpose.cnf_file.as_ref())?,
                set: layers.many("set", &purpose.set)?,
                set_file: layers.one("set-file", purpose.set_file.as_ref())?,
            },
            validity: ValiditySettings {
                not_before: when(layers, "not-before", validity.not_before.as_ref())?,
                not_after: when(layers, "not-after", validity.not_after.as_ref())?,
                cert_not_before: when(
                    layers,
                    "cert-not-before",
                    validity.cert_not_before.as_ref(),
                )?,
                cert_not_after: when(layers, "cert-not-after", validity.cert_not_after.as_ref())?,
                long_lived: layers.switch("long-lived", validity.long_lived)?.value,
            },
            provisioner: ProvisionerSettings {
                key_id: layers.one("kid", provisioner.kid.as_ref())?,
                name: layers.one("provisioner", provisioner.provisioner.as_ref())?,
                key: layers.one("key", provisioner.key.as_ref())?,
                passphrase: own.or(shared),
            },
            proof: ProofSettings::settle(&args.proof, layers)?,
            ca: CaSettings::settle(&args.ca, layers, step_path)?,
            output: OutputSettings {
                file: file.filter(|file| file.value.as_os_str() != "-"),
                force: layers.switch("force", output.force)?.value,
                json: layers.switch("json", output.json)?.value,
            },
        })
    }
}

impl CaSettings {
    /// Settles the flags that say where the CA is, for commands other than `token`.
    pub(crate) fn resolve(
        args: &CaArgs,
        global: &GlobalArgs,
        world: &World,
    ) -> Result<Self, Error> {
        let (layers, step_path) = layers(args, global, world)?;
        Self::settle(args, &layers, step_path)
    }

    /// Refuses what has no effect when a ca.json is listed.
    pub(crate) fn without_effect_offline(&mut self, world: &World) -> Result<(), Error> {
        if self.offline { agreement::only_listing(self, world) } else { Ok(()) }
    }

    fn settle(args: &CaArgs, layers: &Layers<'_>, step_path: StepPath) -> Result<Self, Error> {
        let url: Option<Setting<CaUrl>> = layers.one("ca-url", args.ca_url.as_ref())?;
        if let Some(url) = &url {
            let dropped: Vec<String> =
                url.value.dropped().iter().map(ToString::to_string).collect();
            if !dropped.is_empty() {
                let parts = dropped.join(" and ");
                layers
                    .world
                    .warn(&format!("{}: only host and port count, not the {parts}", url.origin));
            }
        }
        let config = layers.path("ca-config", args.ca_config.as_ref())?;
        Ok(Self {
            offline: layers.switch("offline", args.offline)?.value,
            config: config.unwrap_or_else(|| Setting::new(step_path.ca_config(), Origin::Default)),
            url,
            root: layers.one("root", args.root.as_ref())?,
            fingerprint: layers.one("fingerprint", args.fingerprint.as_ref())?,
            timeout: layers.one("timeout", args.timeout.as_ref())?,
            step_path,
        })
    }
}

/// Opens what lies below the command line: which context, and its defaults.
fn layers<'a>(
    args: &CaArgs,
    global: &GlobalArgs,
    world: &'a World,
) -> Result<(Layers<'a>, StepPath), Error> {
    let base = Base::find(world)?;
    let asked = match &args.context.context {
        Some(name) => Some((name.as_str(), "--context".to_owned())),
        None => world.variable("STEP_CONTEXT")?.map(|name| (name, "STEP_CONTEXT".to_owned())),
    };
    let step_path = StepPath::resolve(base, asked, world)?;
    let files = match &global.config {
        None => step_path.defaults_files(),
        Some(_) if step_path.has_context() => {
            return Err(Error::usage("--config has no effect while contexts are in use")
                .hint("a context's settings are in its profile and its authority"));
        }
        Some(file) if file.exists() => vec![file.clone()],
        Some(file) => {
            let message = format!("there is no file {} (--config)", file.display());
            return Err(Error::settings(message));
        }
    };
    let mut defaults = Vec::new();
    for file in files {
        let mut read = defaults::Defaults::read(&file)?;
        if step_path.has_context() {
            let dropped;
            (read, dropped) = read.without(&["context", "profile", "authority"]);
            for key in dropped {
                world.note(&format!("note: `{key}` in {} is not used", file.display()));
            }
        }
        defaults.push(read);
    }
    Ok((Layers { world, defaults }, step_path))
}

/// Reads a time flag; an empty one and Go's zero time mean none.
fn when(
    layers: &Layers<'_>,
    flag: &'static str,
    given: Option<&crate::args::Given<When>>,
) -> Result<Option<Setting<When>>, Error> {
    let setting = layers.one(flag, given)?;
    Ok(setting
        .filter(|when| !matches!(when.value, When::At(at) if at == token_time::Timestamp::GO_ZERO)))
}

fn without_empty(list: Vec<String>) -> Vec<String> {
    list.into_iter().filter(|item| !item.is_empty()).collect()
}
