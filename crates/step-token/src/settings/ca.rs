//! The settings that say where the CA is, each with its origin.

use std::path::PathBuf;

use step_claims::{CaUrl, RootFingerprint};
use token_cli::{Error, Origin, Setting, World};
use token_text::ShellWord;
use token_time::SignedDuration;

use crate::settings::ca_args::CaArgs;
use crate::settings::global::GlobalArgs;
use crate::settings::layers::Layers;
use crate::settings::step_path::StepPath;

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

impl CaSettings {
    /// Resolves the flags that say where the CA is, for commands other than `token`.
    pub(crate) fn resolve(
        args: &CaArgs,
        global: &GlobalArgs,
        world: &World,
    ) -> Result<Self, Error> {
        let (layers, step_path) = Layers::open(&args.context, global, world)?;
        Self::settle(args, &layers, step_path)
    }

    /// Settles the flags over layers that are open already.
    pub(crate) fn settle(
        args: &CaArgs,
        layers: &Layers<'_>,
        step_path: StepPath,
    ) -> Result<Self, Error> {
        let url: Option<Setting<CaUrl>> = layers.one("ca-url", args.ca_url.as_ref())?;
        if let Some(url) = &url {
            let dropped: Vec<String> =
                url.value.dropped().iter().map(ToString::to_string).collect();
            if !dropped.is_empty() {
                let parts = dropped.join(" and ");
                layers
                    .world
                    .warn(&format!("{}: only host and port are used, not the {parts}", url.origin));
            }
        }
        let offline = layers.switch("offline", args.offline)?.value;
        let config = match layers.path("ca-config", args.ca_config.as_ref()) {
            // Only --offline reads it.
            Err(_) if !offline => None,
            config => config?,
        };
        Ok(Self {
            offline,
            config: config.unwrap_or_else(|| Setting::new(step_path.ca_config(), Origin::Default)),
            url,
            root: layers.one("root", args.root.as_ref())?,
            fingerprint: layers.one("fingerprint", args.fingerprint.as_ref())?,
            timeout: layers.one("timeout", args.timeout.as_ref())?,
            step_path,
        })
    }

    /// Returns the flags that say where the CA is, as they were typed, for a command that a message
    /// suggests.
    pub(crate) fn typed(&self) -> String {
        let mut flags = String::new();
        let mut add = |flag: &str, value: &str| {
            flags.push_str(&format!(" --{flag} {}", ShellWord(value)));
        };
        if let Some(name) = self.step_path.context_name() {
            add("context", name);
        }
        if self.offline {
            add("ca-config", &self.config.value.to_string_lossy());
            return format!(" --offline{flags}");
        }
        if let Some(url) = self.url.as_ref().filter(|url| url.origin.is_command_line()) {
            add("ca-url", &url.value.to_string());
        }
        if let Some(root) = self.root.as_ref().filter(|root| root.origin.is_command_line()) {
            add("root", &root.value.to_string_lossy());
        }
        let fingerprint = self.fingerprint.as_ref().filter(|it| it.origin.is_command_line());
        if let Some(fingerprint) = fingerprint {
            add("fingerprint", &fingerprint.value.to_string());
        }
        flags
    }
}
