//! The settings of `token`, each with its origin.

use token_cli::{Error, Given, OutputSettings, Setting, World, empty_flag};
use token_time::{Timestamp, When};

use crate::mint::proof_settings::ProofSettings;
use crate::mint::settings::{
    Assignment, MintSettings, ProvisionerSettings, PurposeSettings, ValiditySettings,
};
use crate::settings::ca::CaSettings;
use crate::settings::global::GlobalArgs;
use crate::settings::layers::Layers;
use crate::settings::step_path::StepPath;
use crate::token::agreement;
use crate::token::args::TokenArgs;

/// All settings of `token`.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) mint: MintSettings,
    pub(crate) output: OutputSettings,
}

impl Settings {
    /// Resolves every flag of `token`, and refuses those that cannot be combined.
    pub(crate) fn resolve(
        args: &TokenArgs,
        global: &GlobalArgs,
        world: &World,
    ) -> Result<Self, Error> {
        let (layers, step_path) = Layers::open(&args.ca.context, global, world)?;
        let mut settings = Self::settle(args, &layers, step_path)?;
        agreement::check(&mut settings.mint, world)?;
        Ok(settings)
    }

    fn settle(args: &TokenArgs, layers: &Layers<'_>, step_path: StepPath) -> Result<Self, Error> {
        let (purpose, validity) = (&args.purpose, &args.validity);
        let (provisioner, output) = (&args.provisioner, &args.output);
        let own = layers
            .one("provisioner-password-file", provisioner.provisioner_password_file.as_ref())?;
        let shared = layers.one("password-file", provisioner.password_file.as_ref())?;
        let key = layers.one("key", provisioner.key.as_ref())?;
        let file = layers.path("output-file", output.output_file.as_ref())?;
        let mint = MintSettings {
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
                set: assignments(layers.many("set", &purpose.set)?)?,
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
            proof: ProofSettings::settle(&args.proof, key.as_ref().map(|key| &key.origin), layers)?,
            provisioner: ProvisionerSettings {
                key_id: layers.one("kid", provisioner.kid.as_ref())?,
                name: layers.one("provisioner", provisioner.provisioner.as_ref())?,
                key,
                passphrase: own.or(shared),
            },
            ca: CaSettings::settle(&args.ca, layers, step_path)?,
        };
        let output = OutputSettings {
            file: file.filter(|file| file.value.as_os_str() != "-"),
            force: layers.switch("force", output.force)?.value,
            json: layers.switch("json", output.json)?.value,
        };
        Ok(Self { mint, output })
    }
}

/// Reads a time flag; an empty one and Go's zero time mean none.
fn when(
    layers: &Layers<'_>,
    flag: &'static str,
    given: Option<&Given<When>>,
) -> Result<Option<Setting<When>>, Error> {
    let setting = layers.one(flag, given)?;
    Ok(setting.filter(|when| !matches!(when.value, When::At(at) if at == Timestamp::GO_ZERO)))
}

/// Drops empty assignments; they must not be all there is.
fn assignments(mut list: Setting<Vec<Assignment>>) -> Result<Setting<Vec<Assignment>>, Error> {
    let was_given = !list.value.is_empty();
    list.value.retain(|item| !item.0.is_empty());
    if was_given && list.value.is_empty() {
        return Err(empty_flag("set"));
    }
    Ok(list)
}

fn without_empty(list: Vec<String>) -> Vec<String> {
    list.into_iter().filter(|item| !item.is_empty()).collect()
}
