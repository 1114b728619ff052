//! `px keygen`: a shared secret, or a key pair.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, ValueEnum};
use serde::Serialize;
use token_cli::{Destination, Error, Switch, World, output};
use token_jose::{KeyKind, KeyPairPem};
use token_text::{ShellWord, ShownPath};
use zeroize::{Zeroize as _, Zeroizing};

use crate::cli::help;
use crate::px::options::OutputOptions;

/// `px keygen`.
#[derive(Clone, Debug, Args)]
#[command(after_help = help::with_examples(KEYGEN_EXAMPLES))]
pub(crate) struct PxKeygenArgs {
    /// What to make: a shared secret, an EC key pair or an RSA key pair
    #[arg(value_name = "KIND")]
    pub(crate) kind: KeygenKind,

    /// The file for the secret or the private key; the public key goes to FILE.pub
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Use this curve for an EC key: P-256, P-384 or P-521 (default: P-256)
    #[arg(long, value_name = "CURVE")]
    pub(crate) curve: Option<KeygenCurve>,

    /// Make an RSA key of this many bits, 2048 to 8192 (default: 3072)
    #[arg(long, value_name = "BITS")]
    pub(crate) bits: Option<KeyBits>,

    /// Overwrite existing files
    #[arg(long, short = 'f')]
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
        bits.map(Self).ok_or_else(|| "expected a number from 2048 to 8192".to_owned())
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

/// Makes the secret or the key pair, writes it, and prints the server settings for it.
pub(super) fn run(
    args: &PxKeygenArgs,
    options: &OutputOptions,
    world: &World,
) -> Result<(), Error> {
    if args.kind != KeygenKind::Ec && args.curve.is_some() {
        return Err(Error::usage("--curve works only with an EC key")
            .hint("leave it out, or make an `ec` key"));
    }
    if args.kind != KeygenKind::Rsa && args.bits.is_some() {
        return Err(Error::usage("--bits works only with an RSA key")
            .hint("leave it out, or make an `rsa` key"));
    }
    let force = Switch::is_on(args.force);
    let private = regular(&args.file, "FILE", force, world)?;
    if args.kind == KeygenKind::Secret {
        private.write(secret(world)?.as_bytes(), world)?;
        return describe(Settings::secret(&args.file), options, world);
    }
    let public_name = public_name(&args.file);
    let public = regular(&public_name, "FILE.pub", force, world)?;
    let pair = match args.kind {
        KeygenKind::Rsa => KeyPairPem::rsa(args.bits.map_or(BITS, |bits| bits.0)),
        _ => KeyPairPem::ec(match args.curve {
            None | Some(KeygenCurve::P256) => KeyKind::P256,
            Some(KeygenCurve::P384) => KeyKind::P384,
            Some(KeygenCurve::P521) => KeyKind::P521,
        }),
    }
    .map_err(|cause| Error::key("cannot make a key").because(cause))?;
    // The private key first: it cannot be made again.
    private.write(&pair.private, world)?;
    public.write(&pair.public, world)?;
    describe(Settings::pair(args.kind, args.curve, &args.file, &public_name), options, world)
}

/// Settles the file for a key: a regular one, not a device, a FIFO or standard output.
fn regular(path: &Path, named: &str, force: bool, world: &World) -> Result<Destination, Error> {
    let place = Destination::file(path, named, force, world)?;
    match place {
        Destination::File { .. } if path != Path::new("-") => Ok(place),
        _ => Err(Error::settings(format!("{} is not a regular file ({named})", ShownPath(path)))
            .hint("use a regular file for the key")),
    }
}

/// 48 random bytes in base64: 64 characters without a line end.
fn secret(world: &World) -> Result<Zeroizing<String>, Error> {
    let mut bytes = Zeroizing::new([0; 48]);
    let (mut first, mut second) = (world.random()?, world.random()?);
    bytes[..32].copy_from_slice(&first);
    bytes[32..].copy_from_slice(&second[..16]);
    first.zeroize();
    second.zeroize();
    Ok(Zeroizing::new(STANDARD.encode(*bytes)))
}

fn public_name(private: &Path) -> PathBuf {
    let mut name = OsString::from(private);
    name.push(".pub");
    PathBuf::from(name)
}

/// What was made, and what to paste where.
#[derive(Serialize)]
struct Settings {
    file: String,
    #[serde(rename = "publicFile", skip_serializing_if = "Option::is_none")]
    public_file: Option<String>,
    alg: &'static str,
    /// Settings to paste, one text for each kind of server.
    server: Vec<String>,
    /// Where each kind of server has its issuer, one text each.
    issuer: [&'static str; 3],
    /// The command that mints a token with it.
    mint: String,
}

impl Settings {
    fn secret(file: &Path) -> Self {
        let name = file.to_string_lossy().into_owned();
        let file = ShellWord(&file.to_string_lossy()).to_string();
        Self {
            server: vec![
                format!(
                    "# as a Kubernetes Secret, for Portworx with PORTWORX_AUTH_JWT_SHAREDSECRET\nstep-token px secret pxkeys -n kube-system --shared-secret-file {file} | kubectl apply -f -"
                ),
                "# with Portworx's operator, in the StorageCluster; without it, the operator makes a secret of its own, px-shared-secret\nspec.security.auth.selfSigned.sharedSecret: pxkeys"
                    .to_owned(),
                format!(
                    "# for an OpenStorage server\nOPENSTORAGE_AUTH_SHAREDSECRET=\"$(cat {file})\""
                ),
            ],
            mint: format!(
                "step-token px token --shared-secret-file {file} --issuer ISSUER --auth-config FILE"
            ),
            public_file: None,
            alg: "HS256",
            issuer: ISSUERS,
            file: name,
        }
    }

    fn pair(kind: KeygenKind, curve: Option<KeygenCurve>, file: &Path, public: &Path) -> Self {
        let names = (file.to_string_lossy().into_owned(), public.to_string_lossy().into_owned());
        let [file, public] =
            [file, public].map(|path| ShellWord(&path.to_string_lossy()).to_string());
        let (argument, variable, flag) = match kind {
            KeygenKind::Rsa => ("jwt_rsa_pubkey_file", "OPENSTORAGE_AUTH_RSA_PUBKEY", "rsa"),
            _ => ("jwt_ecds_pubkey_file", "OPENSTORAGE_AUTH_ECDS_PUBKEY", "ecdsa"),
        };
        let (alg, extra) = match (kind, curve) {
            (KeygenKind::Rsa, _) => ("RS256", ""),
            (_, Some(KeygenCurve::P384)) => ("ES384", " --alg ES384"),
            (_, Some(KeygenCurve::P521)) => ("ES512", " --alg ES512"),
            _ => ("ES256", ""),
        };
        Self {
            server: vec![
                format!("# for Portworx, with the public key on every node\n-{argument} {public}"),
                format!("# for an OpenStorage server\n{variable}={public}"),
            ],
            mint: format!(
                "step-token px token --{flag}-private-keyfile {file}{extra} --issuer ISSUER --auth-config FILE"
            ),
            public_file: Some(names.1),
            alg,
            issuer: ISSUERS,
            file: names.0,
        }
    }
}

fn describe(settings: Settings, options: &OutputOptions, world: &World) -> Result<(), Error> {
    if options.json {
        return options.print(&settings, world);
    }
    let Settings { server, issuer, mint, .. } = settings;
    let text = format!(
        "{}\n# mint a token with it; ISSUER is the server's, letter for letter:\n#   {}\n{mint}\n",
        server.join("\n"),
        issuer.join("\n#   ")
    );
    output::stdout(text.as_bytes(), world)
}

/// The size that NIST recommends beyond 2030 (SP 800-57).
const BITS: u32 = 3072;

/// Where the issuer of a server is set, and what it is by default.
const ISSUERS: [&str; 3] = [
    "Portworx: PORTWORX_AUTH_JWT_ISSUER or -jwt_issuer",
    "Portworx with the operator: spec.security.auth.selfSigned.issuer of the StorageCluster (default: operator.portworx.io)",
    "OpenStorage: --jwt-issuer (default: openstorage.io)",
];

const KEYGEN_EXAMPLES: &str = "\
Examples:
  step-token px keygen secret px-secret
  step-token px keygen ec px-ec.key --curve P-384
  step-token px keygen rsa px-rsa.key";
