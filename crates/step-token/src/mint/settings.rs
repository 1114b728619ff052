//! The settings of a minted token, each with its origin.

use std::path::PathBuf;
use std::str::FromStr;

use step_claims::{Confirmation, Operation};
use token_cli::{Setting, Source};
use token_jose::KeyId;
use token_time::When;

use crate::mint::proof_settings::ProofSettings;
use crate::settings::ca::CaSettings;

/// Everything that decides what one token says and who signs it.
#[derive(Clone, Debug)]
pub(crate) struct MintSettings {
    /// `None` if it was left out, or is empty where it is optional.
    pub(crate) subject: Option<String>,
    pub(crate) purpose: PurposeSettings,
    pub(crate) validity: ValiditySettings,
    pub(crate) provisioner: ProvisionerSettings,
    pub(crate) proof: Option<ProofSettings>,
    pub(crate) ca: CaSettings,
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

impl MintSettings {
    /// Returns the operation that the flags ask for.
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
}

/// A `KEY=VALUE` for the `user` claim, parsed when the claim is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Assignment(pub(crate) String);

impl FromStr for Assignment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // An empty one beside others is dropped, as step does.
        if text.is_empty() || text.contains('=') {
            Ok(Self(text.to_owned()))
        } else {
            Err("it has no `=`; expected KEY=VALUE".to_owned())
        }
    }
}
