//! What vouches for a token in place of a provisioner's own key: which flags, and whether they are
//! complete.

use clap::Args;
use step_provisioner::Proof;
use token_cli::{Error, Given, Origin, Setting, Source, Switch, World};

use crate::settings::effect::{disagree, pass_over};
use crate::settings::flags;
use crate::settings::layers::Layers;

/// Certificates and tokens that vouch in place of a provisioner's own key.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "What proves it instead of the provisioner's key")]
pub(crate) struct ProofArgs {
    /// Keep keys in this key store (not supported by this version)
    #[arg(long, value_name = "URI")]
    pub(crate) kms: Option<Given<String>>,

    /// Prove with this X.509 certificate and those that signed it, PEM or DER; with --renew, renew it
    #[arg(long, value_name = "FILE")]
    pub(crate) x5c_cert: Option<Given<Source>>,

    /// The key of --x5c-cert: a file, `-`, env:NAME, fd:N or cred:NAME
    #[arg(long, value_name = "FILE")]
    pub(crate) x5c_key: Option<Given<Source>>,

    /// Put the chain into the header `x5cInsecure`, which step-ca reads in renew tokens alone: warns
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true")]
    pub(crate) x5c_insecure: Option<Switch>,

    /// Prove with this SSH certificate (`*-cert.pub`): a host's to renew or rekey it, any to revoke it
    #[arg(long, value_name = "FILE")]
    pub(crate) sshpop_cert: Option<Given<Source>>,

    /// The key of --sshpop-cert: a file, `-`, env:NAME, fd:N or cred:NAME
    #[arg(long, value_name = "FILE")]
    pub(crate) sshpop_key: Option<Given<Source>>,

    /// Prove with this Nebula certificate
    #[arg(long, value_name = "FILE")]
    pub(crate) nebula_cert: Option<Given<Source>>,

    /// The key of --nebula-cert, Nebula's own PEM or another: a file, `-`, env:NAME, fd:N or cred:NAME
    #[arg(long, value_name = "FILE")]
    pub(crate) nebula_key: Option<Given<Source>>,

    /// Hand on the Kubernetes service account token in this file; when a K8sSA provisioner is named
    /// without it, the one in /var/run/secrets/kubernetes.io/serviceaccount
    #[arg(long, value_name = "FILE")]
    pub(crate) k8ssa_token_path: Option<Given<Source>>,
}

/// The proof that was given, complete.
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

/// What certificate it is.
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
    /// Settles the flags of a proof, and refuses half a one and two.
    pub(crate) fn settle(args: &ProofArgs, layers: &Layers<'_>) -> Result<Option<Self>, Error> {
        refuse_key_store(layers.one("kms", args.kms.as_ref())?.as_ref())?;
        let x5c = Half {
            certificate: layers.one("x5c-cert", args.x5c_cert.as_ref())?,
            key: layers.one("x5c-key", args.x5c_key.as_ref())?,
            flags: ["x5c-cert", "x5c-key"],
        };
        let sshpop = Half {
            certificate: layers.one("sshpop-cert", args.sshpop_cert.as_ref())?,
            key: layers.one("sshpop-key", args.sshpop_key.as_ref())?,
            flags: ["sshpop-cert", "sshpop-key"],
        };
        let nebula = Half {
            certificate: layers.one("nebula-cert", args.nebula_cert.as_ref())?,
            key: layers.one("nebula-key", args.nebula_key.as_ref())?,
            flags: ["nebula-cert", "nebula-key"],
        };
        let token: Option<Setting<Source>> =
            layers.one("k8ssa-token-path", args.k8ssa_token_path.as_ref())?;
        let insecure = layers.switch("x5c-insecure", args.x5c_insecure)?;
        let insecure = insecure.value.then_some(insecure.origin);

        let given = [
            (Proof::X5c, x5c.origin()),
            (Proof::SshPop, sshpop.origin()),
            (Proof::Nebula, nebula.origin()),
            (Proof::K8sSa, token.as_ref().map(|token| token.origin.clone())),
        ];
        let chosen = one_of(given, layers.world)?;
        if let Some(origin) = insecure.as_ref().filter(|_| chosen != Some(Proof::X5c)) {
            if origin.is_command_line() {
                return Err(Error::usage(format!("{origin} needs --x5c-cert")).hint("leave it out"));
            }
            pass_over(origin, "there is no --x5c-cert", layers.world);
        }
        let certificate = match chosen {
            None => return Ok(None),
            Some(Proof::X5c) => x5c.complete(CertificateKind::X5c { insecure })?,
            Some(Proof::SshPop) => sshpop.complete(CertificateKind::SshPop)?,
            Some(Proof::Nebula) => nebula.complete(CertificateKind::Nebula)?,
            Some(_) => return Ok(token.map(Self::K8sSa)),
        };
        Ok(Some(Self::Certificate(certificate)))
    }

    /// Returns the proof that a provisioner is to accept.
    pub(crate) fn proof(&self) -> Proof {
        match self {
            Self::Certificate(certificate) => match certificate.kind {
                CertificateKind::X5c { .. } => Proof::X5c,
                CertificateKind::SshPop => Proof::SshPop,
                CertificateKind::Nebula => Proof::Nebula,
            },
            Self::K8sSa(_) => Proof::K8sSa,
        }
    }

    /// Returns the flag that stands for it in a message.
    pub(crate) fn origin(&self) -> &Origin {
        match self {
            Self::Certificate(certificate) => &certificate.certificate.origin,
            Self::K8sSa(token) => &token.origin,
        }
    }

    /// Returns certificate and key, if it is of those.
    pub(crate) fn certificate(&self) -> Option<&CertificateSettings> {
        match self {
            Self::Certificate(certificate) => Some(certificate),
            Self::K8sSa(_) => None,
        }
    }
}

/// Half of a pair, or both, or nothing.
struct Half {
    certificate: Option<Setting<Source>>,
    key: Option<Setting<Source>>,
    flags: [&'static str; 2],
}

impl Half {
    /// The strongest place that names one of the two.
    fn origin(&self) -> Option<Origin> {
        let certificate = self.certificate.as_ref().map(|setting| &setting.origin);
        let key = self.key.as_ref().map(|setting| &setting.origin);
        match (certificate, key) {
            (Some(certificate), Some(key)) if key.outranks(certificate) => Some(key.clone()),
            (Some(origin), _) | (None, Some(origin)) => Some(origin.clone()),
            (None, None) => None,
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
            .hint(format!("--{key_flag} FILE names it ({})", variable(key_flag)))),
            (None, key) => {
                let origin = key.map_or(Origin::Default, |key| key.origin);
                Err(Error::usage(format!("{origin} needs --{cert_flag}, the key's certificate"))
                    .hint(format!("--{cert_flag} FILE names it ({})", variable(cert_flag))))
            }
        }
    }
}

fn variable(flag: &str) -> String {
    flags::variables_of(flag).join(", ")
}

/// Finds the one proof; what comes from a weaker place is passed over.
fn one_of(given: [(Proof, Option<Origin>); 4], world: &World) -> Result<Option<Proof>, Error> {
    let given: Vec<(Proof, Origin)> =
        given.into_iter().filter_map(|(proof, origin)| Some((proof, origin?))).collect();
    let Some((chosen, strongest)) =
        given.iter().reduce(|best, other| if other.1.outranks(&best.1) { other } else { best })
    else {
        return Ok(None);
    };
    for (proof, origin) in given.iter().filter(|(proof, _)| proof != chosen) {
        if !strongest.outranks(origin) {
            return Err(disagree(strongest, origin)
                .hint(format!("a token has one proof: the {chosen} or the {proof}")));
        }
        pass_over(origin, &format!("{strongest} brings another proof"), world);
    }
    Ok(Some(*chosen))
}

/// Key stores have no code yet, so they are refused and none is ever ignored.
fn refuse_key_store(kms: Option<&Setting<String>>) -> Result<(), Error> {
    let Some(kms) = kms else { return Ok(()) };
    let message = format!("{}: keys in a key store are not supported by this version", kms.origin);
    Err(Error::usage(message).hint("a key file works: --key, --x5c-key, --sshpop-key"))
}
