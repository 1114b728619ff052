//! The flags for a certificate or token as proof instead of a provisioner's key, and whether they
//! are complete.

use clap::Args;
use step_provisioner::ProofKind;
use token_cli::{Error, Given, Origin, Setting, Source, Switch, World};

use crate::mint::key::no_key_stores;
use crate::settings::effect::{disagree, note_ignored};
use crate::settings::flags;
use crate::settings::layers::Layers;

/// Certificates and tokens that are the proof instead of a provisioner's key.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Proof instead of the provisioner's key")]
pub(crate) struct ProofArgs {
    /// Use keys in this key store (not supported by this version)
    #[arg(long, value_name = "URI")]
    pub(crate) kms: Option<Given<String>>,

    /// Use this X.509 certificate and its chain, PEM or DER, as proof; with --renew, renew it
    #[arg(long, value_name = "FILE")]
    pub(crate) x5c_cert: Option<Given<Source>>,

    /// Sign with the key of --x5c-cert: a file, `-`, env:NAME, fd:N or cred:NAME
    #[arg(long, value_name = "FILE")]
    pub(crate) x5c_key: Option<Given<Source>>,

    /// Put the chain into the header `x5cInsecure`, which step-ca reads only in renew tokens
    #[arg(long)]
    pub(crate) x5c_insecure: Option<Switch>,

    /// Use this SSH certificate (`*-cert.pub`) as proof: a host's to renew or rekey, any to revoke
    #[arg(long, value_name = "FILE")]
    pub(crate) sshpop_cert: Option<Given<Source>>,

    /// Sign with the key of --sshpop-cert: a file, `-`, env:NAME, fd:N or cred:NAME
    #[arg(long, value_name = "FILE")]
    pub(crate) sshpop_key: Option<Given<Source>>,

    /// Use this Nebula certificate as proof
    #[arg(long, value_name = "FILE")]
    pub(crate) nebula_cert: Option<Given<Source>>,

    /// Sign with the key of --nebula-cert, in Nebula's own PEM or another: a file, `-`, env:NAME,
    /// fd:N or cred:NAME
    #[arg(long, value_name = "FILE")]
    pub(crate) nebula_key: Option<Given<Source>>,

    /// Pass on the Kubernetes service account token in this file; for a K8sSA provisioner the
    /// default is the one in /var/run/secrets/kubernetes.io/serviceaccount
    #[arg(long, value_name = "FILE")]
    pub(crate) k8ssa_token_path: Option<Given<Source>>,
}

/// A complete proof.
#[derive(Clone, Debug)]
pub(crate) enum ProofSettings {
    /// A certificate, whose key signs.
    Certificate(CertificateSettings),
    /// The token of a Kubernetes service account.
    K8sSa(Setting<Source>),
}

/// A certificate and its key.
#[derive(Clone, Debug)]
pub(crate) struct CertificateSettings {
    pub(crate) kind: CertificateKind,
    pub(crate) certificate: Setting<Source>,
    pub(crate) key: Setting<Source>,
}

/// The kind of certificate.
#[derive(Clone, Debug)]
pub(crate) enum CertificateKind {
    /// X.509: for an X5C provisioner, or for its own renewal.
    X5c {
        insecure: Option<Origin>,
    },
    SshPop,
    Nebula,
}

impl ProofSettings {
    /// Resolves the flags of a proof, and refuses an incomplete one and more than one. With `key`
    /// on the command line, half a proof from elsewhere is ignored with a note.
    pub(crate) fn settle(
        args: &ProofArgs,
        key: Option<&Origin>,
        layers: &Layers<'_>,
    ) -> Result<Option<Self>, Error> {
        if let Some(kms) = layers.one("kms", args.kms.as_ref())? {
            return Err(no_key_stores(&kms.origin));
        }
        let x5c = CertificateFlags {
            certificate: layers.one("x5c-cert", args.x5c_cert.as_ref())?,
            key: layers.one("x5c-key", args.x5c_key.as_ref())?,
            flags: ["x5c-cert", "x5c-key"],
        };
        let sshpop = CertificateFlags {
            certificate: layers.one("sshpop-cert", args.sshpop_cert.as_ref())?,
            key: layers.one("sshpop-key", args.sshpop_key.as_ref())?,
            flags: ["sshpop-cert", "sshpop-key"],
        };
        let nebula = CertificateFlags {
            certificate: layers.one("nebula-cert", args.nebula_cert.as_ref())?,
            key: layers.one("nebula-key", args.nebula_key.as_ref())?,
            flags: ["nebula-cert", "nebula-key"],
        };
        let token: Option<Setting<Source>> =
            layers.one("k8ssa-token-path", args.k8ssa_token_path.as_ref())?;
        let insecure = layers.switch("x5c-insecure", args.x5c_insecure)?;
        let insecure = insecure.value.then_some(insecure.origin);

        let given = [
            (ProofKind::X5c, x5c.origin()),
            (ProofKind::SshPop, sshpop.origin()),
            (ProofKind::Nebula, nebula.origin()),
            (ProofKind::K8sSa, token.as_ref().map(|token| token.origin.clone())),
        ];
        let chosen = one_of(given, layers.world)?;
        if let Some(origin) = insecure.as_ref().filter(|_| chosen != Some(ProofKind::X5c)) {
            if origin.is_command_line() {
                return Err(Error::usage(format!("{origin} needs --x5c-cert")).hint("leave it out"));
            }
            note_ignored(origin, "it needs --x5c-cert", layers.world);
        }
        let half = match chosen {
            Some(ProofKind::X5c) => x5c.half(),
            Some(ProofKind::SshPop) => sshpop.half(),
            Some(ProofKind::Nebula) => nebula.half(),
            _ => None,
        };
        if let Some(half) = half
            && key.is_some_and(|key| key.is_command_line() && key.outranks(half))
        {
            note_ignored(half, "the command line gives a key", layers.world);
            return Ok(None);
        }
        let certificate = match chosen {
            None => return Ok(None),
            Some(ProofKind::X5c) => x5c.complete(CertificateKind::X5c { insecure })?,
            Some(ProofKind::SshPop) => sshpop.complete(CertificateKind::SshPop)?,
            Some(ProofKind::Nebula) => nebula.complete(CertificateKind::Nebula)?,
            Some(_) => return Ok(token.map(Self::K8sSa)),
        };
        Ok(Some(Self::Certificate(certificate)))
    }

    /// Returns the proof that a provisioner is to accept.
    pub(crate) fn kind(&self) -> ProofKind {
        match self {
            Self::Certificate(certificate) => match certificate.kind {
                CertificateKind::X5c { .. } => ProofKind::X5c,
                CertificateKind::SshPop => ProofKind::SshPop,
                CertificateKind::Nebula => ProofKind::Nebula,
            },
            Self::K8sSa(_) => ProofKind::K8sSa,
        }
    }

    /// Returns the flag that names it in a message.
    ///
    /// Of a certificate and its key that is the one with precedence: if either was typed, the proof
    /// was typed.
    pub(crate) fn origin(&self) -> &Origin {
        match self {
            Self::Certificate(CertificateSettings { certificate, key, .. }) => {
                stronger(&certificate.origin, &key.origin)
            }
            Self::K8sSa(token) => &token.origin,
        }
    }

    /// Returns certificate and key, unless it is a Kubernetes token.
    pub(crate) fn certificate(&self) -> Option<&CertificateSettings> {
        match self {
            Self::Certificate(certificate) => Some(certificate),
            Self::K8sSa(_) => None,
        }
    }
}

/// A certificate and its key, of which either may be missing.
struct CertificateFlags {
    certificate: Option<Setting<Source>>,
    key: Option<Setting<Source>>,
    flags: [&'static str; 2],
}

impl CertificateFlags {
    /// Returns the origin of certificate or key that takes precedence.
    fn origin(&self) -> Option<Origin> {
        let certificate = self.certificate.as_ref().map(|setting| &setting.origin);
        let key = self.key.as_ref().map(|setting| &setting.origin);
        match (certificate, key) {
            (Some(certificate), Some(key)) => Some(stronger(certificate, key).clone()),
            (Some(origin), None) | (None, Some(origin)) => Some(origin.clone()),
            (None, None) => None,
        }
    }

    /// Returns the origin of one of them, if the other is missing.
    fn half(&self) -> Option<&Origin> {
        match (&self.certificate, &self.key) {
            (Some(half), None) | (None, Some(half)) => Some(&half.origin),
            _ => None,
        }
    }

    fn complete(self, kind: CertificateKind) -> Result<CertificateSettings, Error> {
        let [cert_flag, key_flag] = self.flags;
        match (self.certificate, self.key) {
            (Some(certificate), Some(key)) => Ok(CertificateSettings { kind, certificate, key }),
            (Some(certificate), None) => Err(Error::usage(format!(
                "{} needs --{key_flag}: the certificate's key signs the token",
                certificate.origin
            ))
            .hint(format!("use --{key_flag} FILE (or {})", variable(key_flag)))),
            (None, key) => {
                let origin = key.map_or(Origin::Default, |key| key.origin);
                Err(Error::usage(format!("{origin} needs --{cert_flag}, the key's certificate"))
                    .hint(format!("use --{cert_flag} FILE (or {})", variable(cert_flag))))
            }
        }
    }
}

/// Returns the origin that takes precedence, the first of two of the same rank.
fn stronger<'a>(one: &'a Origin, other: &'a Origin) -> &'a Origin {
    if other.outranks(one) { other } else { one }
}

fn variable(flag: &str) -> String {
    flags::variables_of(flag).join(", ")
}

/// Finds the one proof; one with lower precedence is ignored with a note.
fn one_of(
    given: [(ProofKind, Option<Origin>); 4],
    world: &World,
) -> Result<Option<ProofKind>, Error> {
    let given: Vec<(ProofKind, Origin)> =
        given.into_iter().filter_map(|(proof, origin)| Some((proof, origin?))).collect();
    let Some((chosen, strongest)) =
        given.iter().reduce(|best, other| if other.1.outranks(&best.1) { other } else { best })
    else {
        return Ok(None);
    };
    for (proof, origin) in given.iter().filter(|(proof, _)| proof != chosen) {
        if !strongest.outranks(origin) {
            return Err(disagree(strongest, origin)
                .hint(format!("use one proof: the {chosen} or the {proof}")));
        }
        note_ignored(origin, &format!("{strongest} gives another proof"), world);
    }
    Ok(Some(*chosen))
}
