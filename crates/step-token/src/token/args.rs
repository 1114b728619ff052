use std::path::PathBuf;

use clap::Args;
use step_claims::Confirmation;
use token_cli::{Given, Source, Switch};
use token_jose::KeyId;
use token_time::When;

use crate::cli::help;
use crate::mint::proof_settings::ProofArgs;
use crate::mint::settings::Assignment;
use crate::settings::ca_args::CaArgs;

/// `token` and `ca token`.
#[derive(Clone, Debug, Args)]
#[command(after_help = help::with_examples(EXAMPLES))]
pub(crate) struct TokenArgs {
    /// Name the token is for: a common name, SSH key ID or serial number; optional with --renew,
    /// --sshpop-cert and --nebula-cert, which take it from the certificate
    #[arg(value_name = "SUBJECT")]
    pub(crate) subject: Option<String>,

    #[command(flatten)]
    pub(crate) purpose: PurposeArgs,

    #[command(flatten)]
    pub(crate) validity: ValidityArgs,

    #[command(flatten)]
    pub(crate) provisioner: ProvisionerArgs,

    #[command(flatten)]
    pub(crate) proof: ProofArgs,

    #[command(flatten)]
    pub(crate) ca: CaArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// What the token allows, and the names it allows it for.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Names and action")]
pub(crate) struct PurposeArgs {
    /// Add a DNS name, IP address, e-mail address or URI; defaults to the subject (can be repeated)
    #[arg(long, value_name = "SAN")]
    pub(crate) san: Vec<String>,

    /// Add an SSH login or host name (can be repeated)
    #[arg(long, short = 'n', value_name = "PRINCIPAL")]
    pub(crate) principal: Vec<String>,

    /// Ask for an SSH certificate instead of an X.509 one
    #[arg(long)]
    pub(crate) ssh: Option<Switch>,

    /// Ask for a host certificate (needs --ssh)
    #[arg(long)]
    pub(crate) host: Option<Switch>,

    /// Revoke the certificate whose serial number is the subject
    #[arg(long)]
    pub(crate) revoke: Option<Switch>,

    /// Renew the certificate in --x5c-cert, or with --ssh the host certificate in --sshpop-cert
    #[arg(long)]
    pub(crate) renew: Option<Switch>,

    /// Renew an SSH host certificate with a new key (needs --ssh)
    #[arg(long)]
    pub(crate) rekey: Option<Switch>,

    /// Tie the token to one certificate request, given by the base64url SHA-256 of its DER
    #[arg(long, value_name = "FINGERPRINT")]
    pub(crate) cnf: Option<Given<Confirmation>>,

    /// Tie the token to the certificate request (with --ssh: public key) in this file; `-` is stdin
    #[arg(long, value_name = "FILE")]
    pub(crate) cnf_file: Option<Given<PathBuf>>,

    /// Set a member of the `user` claim for the CA's template (can be repeated)
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<Assignment>,

    /// Read the `user` claim from a JSON file; `-` is stdin
    #[arg(long, value_name = "FILE")]
    pub(crate) set_file: Option<Given<PathBuf>>,
}

/// How long the token, and an SSH certificate, are valid.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Validity")]
pub(crate) struct ValidityArgs {
    /// Set when the token becomes valid: RFC 3339, or a duration from now (default: now)
    #[arg(long, value_name = "TIME|DURATION")]
    pub(crate) not_before: Option<Given<When>>,

    /// Set when the token expires: RFC 3339, or a duration from now (default: 5m after --not-before)
    #[arg(long, value_name = "TIME|DURATION")]
    pub(crate) not_after: Option<Given<When>>,

    /// Set when the SSH certificate becomes valid: RFC 3339, or a duration from its signing
    #[arg(long, value_name = "TIME|DURATION")]
    pub(crate) cert_not_before: Option<Given<When>>,

    /// Set when the SSH certificate expires: RFC 3339, or a duration from its signing
    #[arg(long, value_name = "TIME|DURATION")]
    pub(crate) cert_not_after: Option<Given<When>>,

    /// Allow a lifetime of more than 1h, or a start more than 30m from now
    #[arg(long)]
    pub(crate) long_lived: Option<Switch>,
}

/// Which provisioner vouches, and the key that signs.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Provisioner and key")]
pub(crate) struct ProvisionerArgs {
    /// Use the provisioner with this key ID, or this OIDC client ID
    #[arg(long, value_name = "ID")]
    pub(crate) kid: Option<Given<KeyId>>,

    /// Use the provisioner with this name
    #[arg(long, visible_alias = "issuer", value_name = "NAME")]
    pub(crate) provisioner: Option<Given<String>>,

    /// Sign with this key instead of the provisioner's encrypted one: a file, `-`, env:NAME, fd:N
    /// or cred:NAME
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<Given<Source>>,

    /// Read the key's password from here: a file, `-`, env:NAME, fd:N or cred:NAME
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<Given<Source>>,

    /// Same as --password-file, and takes precedence over it
    #[arg(long, value_name = "FILE")]
    pub(crate) provisioner_password_file: Option<Given<Source>>,
}

/// Where the token goes.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Write the token to this file (mode 0600); `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) output_file: Option<Given<PathBuf>>,

    /// Overwrite the file without asking
    #[arg(long, short = 'f')]
    pub(crate) force: Option<Switch>,

    /// Print a JSON object with the token and its details
    #[arg(long)]
    pub(crate) json: Option<Switch>,
}

/// One example for each kind of use.
pub(crate) const EXAMPLES: &str = "\
Examples:
  step-token token db.internal --password-file /run/keys/provisioner
  step-token token db.internal --offline --ca-config ca.json --password-file env:PASSWORD
  step-token token host-1 --ssh --host --principal host-1.internal --provisioner admin
  step-token token 0x0A1B2C --revoke --key admin.jwk
  TOKEN=$(step-token token --renew --x5c-cert db.crt --x5c-key db.key --ca-url ca.internal) &&
    curl --cacert root_ca.crt -X POST -H \"Authorization: Bearer $TOKEN\" https://ca.internal/renew
  step-token px token --auth-config admin.yaml --issuer my_issuer --shared-secret-file secret";
