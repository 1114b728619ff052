use std::path::PathBuf;

use clap::Args;
use step_claims::{CaUrl, RootFingerprint};
use token_cli::{Given, Switch};
use token_time::SignedDuration;

/// Where the CA is, and how it is known.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "CA")]
pub(crate) struct CaArgs {
    /// Make no network requests: read a ca.json or, without one, only the flags
    #[arg(long)]
    pub(crate) offline: Option<Switch>,

    /// Read the CA's configuration from this ca.json (for --offline)
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_config: Option<Given<PathBuf>>,

    /// Use the CA at this address
    #[arg(long, value_name = "URL")]
    pub(crate) ca_url: Option<Given<CaUrl>>,

    /// Trust this root certificate of the CA: PEM, a bundle, or DER
    #[arg(long, value_name = "FILE")]
    pub(crate) root: Option<Given<PathBuf>>,

    /// Fetch the root certificate with this SHA-256, or pick it from --root
    #[arg(long, value_name = "HEX")]
    pub(crate) fingerprint: Option<Given<RootFingerprint>>,

    /// Give up on the CA after this time (default: 15s a request, 60s in all)
    #[arg(long, value_name = "DURATION")]
    pub(crate) timeout: Option<Given<SignedDuration>>,

    #[command(flatten)]
    pub(crate) context: ContextArg,
}

/// Which context is meant.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ContextArg {
    /// Use this context instead of the current one
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
}
