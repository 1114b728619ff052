//! The commands of `px`: tokens of OpenStorage and Portworx.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};
use openstorage_token::kubernetes::{DataKey, Namespace, ObjectName};
use openstorage_token::{
    Access, ApiMethod, ContextName, Grant, Lifetime, TokenAlgorithm, UsernameClaim,
};
use token_time::When;

use super::given::{Given, Switch};
use super::lazily::Lazily;
use crate::secret::Source;
use crate::secret_member::SecretSource;

/// `px`, and under the name of pxctl the whole command line.
#[derive(Debug, Args)]
pub(crate) struct PxArgs {
    #[command(subcommand)]
    pub(crate) command: PxCommands,

    #[command(flatten)]
    pub(crate) global: PxGlobalArgs,
}

/// The flags that pxctl takes with every command.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Options of every px command")]
pub(crate) struct PxGlobalArgs {
    /// Take this context instead of the current one
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) context: Option<String>,

    /// Print one JSON object
    #[arg(long, short = 'j', global = true, value_name = "BOOL", num_args = 0..=1,
          require_equals = true, default_missing_value = "true")]
    pub(crate) json: Option<Switch>,

    /// Print more: `wide`
    #[arg(long, global = true, value_name = "wide")]
    pub(crate) output_type: Option<OutputType>,

    /// Print for programs: JSON in one line, tokens in full, no notes
    #[arg(long, global = true, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true")]
    pub(crate) raw: Option<Switch>,

    /// Draw in colour, terminal or not
    #[arg(long, global = true, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true")]
    pub(crate) color: Option<Switch>,

    #[arg(long, global = true, hide = true, value_name = "FILE")]
    pub(crate) ca: Option<String>,

    #[arg(long, global = true, hide = true, value_name = "FILE")]
    pub(crate) cert: Option<String>,

    #[arg(long, global = true, hide = true, value_name = "FILE")]
    pub(crate) key: Option<String>,

    #[arg(long, global = true, hide = true, value_name = "BOOL", num_args = 0..=1,
          require_equals = true, default_missing_value = "true")]
    pub(crate) ssl: Option<Switch>,
}

/// How much a listing shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputType {
    Wide,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PxCommands {
    /// Mint one token, or with --fleet many (pxctl auth token generate)
    Token(Lazily<PxTokenArgs>),
    /// Say whether a server would accept a token, and if not, why
    Verify(Lazily<PxVerifyArgs>),
    /// Show what a token says, and believe nothing
    Inspect(Lazily<PxInspectArgs>),
    /// Contexts of pxctl: a name for a token and an endpoint
    #[command(subcommand)]
    Context(PxContextCommands),
    /// Print the manifest of a Kubernetes Secret with a token or a shared secret
    Secret(Lazily<PxSecretArgs>),
    /// Make a shared secret or a key pair, and say how a server is told
    Keygen(Lazily<PxKeygenArgs>),
    /// As pxctl has it: `auth token generate`
    #[command(subcommand)]
    Auth(PxAuthCommands),
    /// Print the version
    #[command(hide = true)]
    Version,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PxAuthCommands {
    /// Tokens that are signed here
    #[command(subcommand)]
    Token(PxAuthTokenCommands),
}

#[derive(Debug, Subcommand)]
pub(crate) enum PxAuthTokenCommands {
    /// Mint one token
    Generate(Lazily<PxTokenArgs>),
}

/// `px token`.
#[derive(Clone, Debug, Args)]
#[command(after_help = px_help_end(TOKEN_EXAMPLES))]
pub(crate) struct PxTokenArgs {
    #[command(flatten)]
    pub(crate) account: PxAccountArgs,

    /// The issuer, by which the server finds the key; no https:// in front
    #[arg(long, value_name = "NAME", help_heading = "Where it is good, and how long")]
    pub(crate) issuer: Option<Given<String>>,

    /// How long the token lives: one number and s, m, h, d or y (default: 1d)
    #[arg(long, value_name = "DURATION", help_heading = "Where it is good, and how long")]
    pub(crate) token_duration: Option<Lifetime>,

    /// Date the token back, for servers whose clocks are behind (default: 0s)
    #[arg(long, value_name = "DURATION", help_heading = "Where it is good, and how long")]
    pub(crate) backdate: Option<Lifetime>,

    #[command(flatten)]
    pub(crate) secret: PxSharedSecretArgs,

    #[command(flatten)]
    pub(crate) key: PxPrivateKeyArgs,

    /// Write the token to this file, mode 0600, instead of standard output; `-` is standard output
    #[arg(long, value_name = "FILE", help_heading = "Where it goes")]
    pub(crate) output: Option<Given<PathBuf>>,

    /// Mint a token for each row of this CSV: subject, name, email, roles, groups, duration
    #[arg(long, value_name = "FILE", help_heading = "Many at once")]
    pub(crate) fleet: Option<Given<Source>>,
}

/// Who the token speaks for.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Who the token speaks for")]
pub(crate) struct PxAccountArgs {
    /// Read name, sub, email, roles and groups from this YAML file; flags outrank it
    #[arg(long, value_name = "FILE")]
    pub(crate) auth_config: Option<Given<Source>>,

    /// The unique ID; what the holder creates belongs to it
    #[arg(long, value_name = "ID")]
    pub(crate) subject: Option<String>,

    /// The name for people to read
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// The e-mail address
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) email: Option<String>,

    /// A role on the server, such as system.user (can be repeated)
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: Vec<String>,

    /// A group; `*` is every group (can be repeated)
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Vec<String>,
}

/// The secret that clients and server share.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "The shared secret")]
pub(crate) struct PxSharedSecretArgs {
    /// The secret itself, for everybody who lists processes to see; --shared-secret-file is better
    #[arg(long, value_name = "SECRET", alias = "jwt-shared-secret")]
    pub(crate) shared_secret: Option<Given<String>>,

    /// Read the secret from here: a file, `-`, env:NAME, fd:N, cred:NAME, or any of these behind k8s:
    /// for a Kubernetes Secret
    #[arg(long, value_name = "SOURCE")]
    pub(crate) shared_secret_file: Option<Given<SecretSource>>,

    /// The member of the Kubernetes Secret (default: shared-secret)
    #[arg(long, value_name = "KEY")]
    pub(crate) secret_key: Option<DataKey>,
}

/// The key that signs.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "The private key")]
pub(crate) struct PxPrivateKeyArgs {
    /// Sign with this RSA key, RS256: a file, `-`, env:NAME, fd:N or cred:NAME
    #[arg(long, value_name = "SOURCE")]
    pub(crate) rsa_private_keyfile: Option<Given<Source>>,

    /// Sign with this EC key, ES256: a file, `-`, env:NAME, fd:N or cred:NAME
    #[arg(long, value_name = "SOURCE")]
    pub(crate) ecdsa_private_keyfile: Option<Given<Source>>,

    /// Open a sealed key with the password from here
    #[arg(long, value_name = "SOURCE")]
    pub(crate) password_file: Option<Given<Source>>,

    /// Another algorithm of the key's family: HS384, HS512, RS384, RS512, ES384, ES512
    #[arg(long, value_name = "ALG")]
    pub(crate) alg: Option<TokenAlgorithm>,
}

/// Where a token is.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct PxTokenArg {
    /// The token; `-` is standard input. Without it: --token-file, PXCTL_AUTH_TOKEN, --context, the
    /// current context
    #[arg(value_name = "TOKEN")]
    pub(crate) token: Option<String>,

    #[command(flatten)]
    pub(crate) file: PxTokenFileArgs,

    #[command(flatten)]
    pub(crate) contexts: PxContextsFileArg,
}

/// A token that is kept somewhere.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct PxTokenFileArgs {
    /// Read the token from here: a file, `-`, env:NAME, fd:N, cred:NAME, or any of these behind k8s:
    #[arg(long, value_name = "SOURCE")]
    pub(crate) token_file: Option<Given<SecretSource>>,

    /// The member of the Kubernetes Secret that holds the token (default: auth-token)
    #[arg(long, value_name = "KEY")]
    pub(crate) token_key: Option<DataKey>,
}

/// Where the contexts are.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct PxContextsFileArg {
    /// The file of contexts (default: ~/.pxctl/contextconfig)
    #[arg(long, value_name = "FILE")]
    pub(crate) contextconfig: Option<PathBuf>,
}

/// `px verify`.
#[derive(Clone, Debug, Args)]
#[command(after_help = px_help_end(VERIFY_EXAMPLES))]
pub(crate) struct PxVerifyArgs {
    #[command(flatten)]
    pub(crate) token: PxTokenArg,

    #[command(flatten)]
    pub(crate) server: PxServerArgs,

    #[command(flatten)]
    pub(crate) secret: PxSharedSecretArgs,

    #[command(flatten)]
    pub(crate) rights: PxRightsArgs,

    /// Judge as of this time: RFC 3339, or a duration from now (default: now)
    #[arg(long, value_name = "TIME|DURATION", help_heading = "How it is judged")]
    pub(crate) at: Option<When>,

    /// Let the clock be off by this much; a server allows nothing (default: 0s)
    #[arg(long, value_name = "DURATION", help_heading = "How it is judged")]
    pub(crate) leeway: Option<Lifetime>,

    /// Take this algorithm alone
    #[arg(long, value_name = "ALG", help_heading = "How it is judged")]
    pub(crate) alg: Option<TokenAlgorithm>,

    /// Refuse what a server lets pass and a careful reader would not
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", help_heading = "How it is judged")]
    pub(crate) strict: Option<Switch>,
}

/// How the server is set up.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "The server")]
pub(crate) struct PxServerArgs {
    /// Read all that follows from this YAML file; flags outrank it
    #[arg(long, value_name = "FILE")]
    pub(crate) server_config: Option<Given<Source>>,

    /// The issuer that the server trusts
    #[arg(long, value_name = "NAME", alias = "jwt-issuer")]
    pub(crate) issuer: Option<Given<String>>,

    /// The server's RSA public key: PEM of a public key or a certificate
    #[arg(long, value_name = "SOURCE", alias = "jwt-rsa-pubkey-file")]
    pub(crate) rsa_public_keyfile: Option<Given<Source>>,

    /// The server's EC public key: PEM of a public key or a certificate
    #[arg(long, value_name = "SOURCE", alias = "jwt-ecds-pubkey-file")]
    pub(crate) ecdsa_public_keyfile: Option<Given<Source>>,

    /// The claim that is the user's unique ID: sub, email or name (default: sub)
    #[arg(long, value_name = "CLAIM")]
    pub(crate) username_claim: Option<UsernameClaim>,

    /// Judge as servers on the older JWT library do (jwt-go 3): `exp` included, no check of types
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true")]
    pub(crate) older_server: Option<Switch>,
}

/// What the holder may do.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "What the holder may do")]
pub(crate) struct PxRightsArgs {
    /// Say which role's which rule decides about this method, such as volume/create (can be repeated)
    #[arg(long, value_name = "SERVICE/METHOD")]
    pub(crate) can: Vec<ApiMethod>,

    /// Know the roles in this file too, as `pxctl role create` takes it (can be repeated)
    #[arg(long, value_name = "FILE")]
    pub(crate) role_config: Vec<Source>,

    /// Say whether a resource of this owner may be used
    #[arg(long, value_name = "ID")]
    pub(crate) owner: Option<String>,

    /// A group the resource is shared with, and how far: read, write or admin (can be repeated)
    #[arg(long, value_name = "GROUP[=LEVEL]")]
    pub(crate) group: Vec<Grant>,

    /// A user the resource is shared with, and how far (can be repeated)
    #[arg(long, value_name = "ID[=LEVEL]")]
    pub(crate) collaborator: Vec<Grant>,

    /// What everybody may do with the resource: read, write or admin
    #[arg(long, value_name = "LEVEL")]
    pub(crate) public: Option<Access>,

    /// What is to be done with the resource: read, write or admin (default: read)
    #[arg(long, value_name = "LEVEL")]
    pub(crate) access: Option<Access>,
}

/// `px inspect`.
#[derive(Clone, Debug, Args)]
#[command(after_help = crate::exit::HELP)]
pub(crate) struct PxInspectArgs {
    #[command(flatten)]
    pub(crate) token: PxTokenArg,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PxContextCommands {
    /// Create a context, or change one that is there; the first one is the current one
    Create(Lazily<PxContextCreateArgs>),
    /// Print the contexts
    List(Lazily<PxContextsFileArg>),
    /// Make a context the current one
    Set(Lazily<PxContextSetArgs>),
    /// Leave no context current
    Unset(Lazily<PxContextsFileArg>),
    /// Remove a context, by its name or by its token
    Delete(Lazily<PxContextDeleteArgs>),
}

/// `px context create`.
#[derive(Clone, Debug, Args)]
pub(crate) struct PxContextCreateArgs {
    /// Its name
    #[arg(value_name = "NAME")]
    pub(crate) name: ContextName,

    #[command(flatten)]
    pub(crate) token: PxStoredTokenArgs,

    /// Where its server is, such as http://localhost:9001
    #[arg(long, short = 'e', value_name = "URL")]
    pub(crate) endpoint: Option<Given<String>>,

    #[command(flatten)]
    pub(crate) file: PxContextsFileArg,
}

/// `px context set`.
#[derive(Clone, Debug, Args)]
pub(crate) struct PxContextSetArgs {
    /// Its name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    #[command(flatten)]
    pub(crate) file: PxContextsFileArg,
}

/// `px context delete`.
#[derive(Clone, Debug, Args)]
pub(crate) struct PxContextDeleteArgs {
    /// Its name
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,

    #[command(flatten)]
    pub(crate) token: PxStoredTokenArgs,

    #[command(flatten)]
    pub(crate) file: PxContextsFileArg,
}

/// The token of a context.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct PxStoredTokenArgs {
    /// The token itself, for everybody who lists processes to see; --token-file is better
    #[arg(long, short = 't', value_name = "TOKEN")]
    pub(crate) token: Option<Given<String>>,

    #[command(flatten)]
    pub(crate) file: PxTokenFileArgs,
}

/// `px secret`.
#[derive(Clone, Debug, Args)]
#[command(after_help = px_help_end(SECRET_EXAMPLES))]
pub(crate) struct PxSecretArgs {
    /// The name of the Secret
    #[arg(value_name = "NAME")]
    pub(crate) name: ObjectName,

    /// Its namespace; without it the manifest goes where kubectl puts it
    #[arg(long, short = 'n', value_name = "NAMESPACE")]
    pub(crate) namespace: Option<Namespace>,

    /// Keep the token from here, under auth-token: a file, `-`, env:NAME, fd:N or cred:NAME
    #[arg(long, value_name = "SOURCE")]
    pub(crate) token_file: Option<Given<SecretSource>>,

    /// Keep the shared secret from here, under shared-secret
    #[arg(long, value_name = "SOURCE")]
    pub(crate) shared_secret_file: Option<Given<SecretSource>>,

    /// Keep it under this member instead, and read it from there out of a Secret
    #[arg(long, value_name = "KEY")]
    pub(crate) secret_key: Option<DataKey>,

    /// Add a StorageClass of this name (default: that of the Secret) whose volumes use the token
    #[arg(long, value_name = "CLASS", num_args = 0..=1, require_equals = true,
          default_missing_value = "")]
    pub(crate) annotate_csi: Option<Given<ObjectName>>,

    /// Write the manifest to this file, mode 0600, instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<Given<PathBuf>>,
}

/// `px keygen`.
#[derive(Clone, Debug, Args)]
#[command(after_help = px_help_end(KEYGEN_EXAMPLES))]
pub(crate) struct PxKeygenArgs {
    /// What to make: a shared secret, or a key pair of either kind
    #[arg(value_name = "KIND")]
    pub(crate) kind: KeygenKind,

    /// The file for the secret or the private key; the public key goes beside it, with .pub behind
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// The curve of an EC key: P-256, P-384 or P-521 (default: P-256)
    #[arg(long, value_name = "CURVE")]
    pub(crate) curve: Option<KeygenCurve>,

    /// The bits of an RSA key, 2048 to 8192 (default: 3072)
    #[arg(long, value_name = "BITS")]
    pub(crate) bits: Option<KeyBits>,

    /// Overwrite files that are there
    #[arg(long, short = 'f', value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true")]
    pub(crate) force: Option<Switch>,
}

/// What `px keygen` makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeygenKind {
    Secret,
    Ec,
    Rsa,
}

/// The length of an RSA key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyBits(pub(crate) u32);

impl FromStr for KeyBits {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bits = text.parse().ok().filter(|bits| (2048..=8192).contains(bits));
        bits.map(Self).ok_or_else(|| "it is a number from 2048 to 8192".to_owned())
    }
}

/// The curves of `px keygen`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeygenCurve {
    #[value(name = "P-256")]
    P256,
    #[value(name = "P-384")]
    P384,
    #[value(name = "P-521")]
    P521,
}

fn px_help_end(examples: &str) -> String {
    format!("{examples}\n\n{}", crate::exit::HELP)
}

const TOKEN_EXAMPLES: &str = "\
Examples:
  step-token px token --auth-config admin.yaml --issuer my_issuer --shared-secret-file secret
  step-token px token --subject ci@example.com --role system.user --issuer my_issuer \\
    --shared-secret-file env:PX_SECRET --token-duration 12h
  kubectl -n portworx get secret px-shared-secret -o json |
    step-token px token --auth-config admin.yaml --issuer my_issuer --shared-secret-file k8s:-";

const VERIFY_EXAMPLES: &str = "\
Examples:
  step-token px verify --token-file token --issuer my_issuer --shared-secret-file secret
  step-token px verify - --server-config server.yaml --can volume/create < token
  step-token px verify --context admin --server-config server.yaml --at 24h";

const SECRET_EXAMPLES: &str = "\
Examples:
  step-token px secret px-user-token -n portworx --token-file token | kubectl apply -f -
  step-token px secret pxkeys -n portworx --shared-secret-file secret | kubectl apply -f -
  step-token px secret px-user-token -n portworx --token-file token --annotate-csi=px-csi";

const KEYGEN_EXAMPLES: &str = "\
Examples:
  step-token px keygen secret px-secret
  step-token px keygen ec px-ec.key --curve P-384
  step-token px keygen rsa px-rsa.key";
