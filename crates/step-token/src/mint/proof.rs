//! Reads and checks the certificate that is the proof instead of a provisioner's key, before any
//! key is opened.

use step_claims::{Operation, Purpose, Subject, Validity};
use step_header::{Nebula, Proof, ProofKey, Renewal, SshPop, Trust, Warning, X5c};
use step_provisioner::{CertificateType, Provisioner, SshKeys};
use token_cli::{Error, Origin, World};
use token_jose::{KeyFile, ProofHeader, PublicKey, SigningKey as _};
use token_time::{SignedDuration, Timestamp};

use crate::mint::key::{NamedKey, Password, refuse_key_store};
use crate::mint::proof_settings::{CertificateKind, CertificateSettings, ProofSettings};
use crate::mint::settings::MintSettings;

/// A way to read a key file.
type KeyParser = fn(&[u8]) -> Result<KeyFile, token_jose::Error>;

/// A certificate that fits the request, with its key.
#[derive(Debug)]
pub(crate) struct CertificateProof {
    proof: Box<dyn Proof>,
    settings: CertificateSettings,
    /// The key, whose file has been read; it may still be encrypted.
    key: NamedKey,
    /// The certificate's name in messages.
    called: String,
}

impl CertificateProof {
    /// Reads the certificate that the settings name, if there is one.
    pub(crate) fn read(settings: &MintSettings, world: &World) -> Result<Option<Self>, Error> {
        let given = settings.proof.as_ref().and_then(ProofSettings::certificate);
        let Some(given) = given else { return Ok(None) };
        for setting in [&given.certificate, &given.key] {
            refuse_key_store(setting)?;
        }
        let certificate = &given.certificate;
        let bytes = certificate
            .value
            .read_public(&certificate.origin, world)
            .map_err(|error| error.hint(format!("use {} with another file", certificate.origin)))?;
        let called = format!("{} ({})", certificate.value, certificate.origin);
        let operation = settings.operation();
        let proof =
            read_proof(&given.kind, &bytes, operation, world.now()).map_err(
                |cause| match cause {
                    step_header::Error::Expired { .. } => {
                        over(&called, &given.kind, operation, &cause)
                    }
                    cause => unusable(&called, &certificate.origin, cause),
                },
            )?;
        let (flag, parse): (_, KeyParser) = match given.kind {
            CertificateKind::X5c { .. } => ("x5c-key", KeyFile::parse),
            CertificateKind::SshPop => ("sshpop-key", KeyFile::parse),
            CertificateKind::Nebula => ("nebula-key", KeyFile::parse_nebula),
        };
        let key = NamedKey::read(&given.key, flag, parse, world)?;
        let proof = Self { proof, settings: given.clone(), key, called };
        // Check before asking for a password, and before asking the CA.
        if let Some(public) = proof.key.public_key()
            && public != proof.proof.public_key()
        {
            let certified = proof.proof.public_key();
            let called = [proof.key.called(), &proof.called];
            return Err(key_of_another(called, public, certified, flag));
        }
        proof.tell(world);
        Ok(Some(proof))
    }

    /// Returns the token's subject as given by the certificate.
    pub(crate) fn subject(&self) -> Option<Subject> {
        self.proof.default_subject()
    }

    /// Checks that the certificate has the names that are asked for.
    pub(crate) fn admits(
        &self,
        subject: &Subject,
        purpose: &Purpose,
        world: &World,
    ) -> Result<(), Error> {
        let warning = self.proof.admits(subject, purpose);
        let warning = warning.map_err(|cause| unusable(&self.called, self.origin(), cause))?;
        if let Some(warning) = warning {
            self.say(&warning, world);
        }
        Ok(())
    }

    /// Returns its name in messages.
    pub(crate) fn called(&self) -> &str {
        &self.called
    }

    /// Returns the end of the certificate, if one that the CA issues for it must not end later.
    pub(crate) fn vouches_until(&self) -> Option<Timestamp> {
        self.proof.vouches_until()
    }

    /// Refuses an SSH certificate of a type that the CA does not accept as proof, for want of a key.
    pub(crate) fn must_be_accepted(&self, keys: SshKeys) -> Result<(), Error> {
        let (accepts, what) = match self.proof.ssh_type() {
            Some(CertificateType::SshUser) => (keys.accepts_user, "user"),
            Some(CertificateType::SshHost) => (keys.accepts_host, "host"),
            _ => return Ok(()),
        };
        if accepts {
            return Ok(());
        }
        let message = format!(
            "the CA does not accept {}: the ca.json has no key for SSH {what} certificates in `ssh`",
            self.called
        );
        Err(Error::settings(message).hint("use a JWK provisioner, or the ca.json of another CA"))
    }

    /// Returns for how long the certificate was issued, if that is the lifetime of the CA's next
    /// one.
    pub(crate) fn issued_for(&self) -> Option<SignedDuration> {
        self.proof.issued_for()
    }

    /// Returns whether the certificate's chain ends at a root the provisioner trusts.
    pub(crate) fn trusted_by(&self, provisioner: &Provisioner) -> Trust {
        self.proof.trusted_by(&provisioner.kind)
    }

    /// Refuses a provisioner that would not accept the certificate.
    pub(crate) fn must_be_trusted_by(&self, provisioner: &Provisioner) -> Result<(), Error> {
        let Trust::Missed { reason, is_incomplete } = self.trusted_by(provisioner) else {
            return Ok(());
        };
        let message =
            format!("{} does not trust {}: it {reason}", provisioner.label(), self.called);
        let needed = self.what_is_needed(is_incomplete);
        Err(Error::settings(message)
            .hint(format!("use --provisioner to select another one, or {needed}")))
    }

    /// Refuses several provisioners if none of them would accept the certificate.
    pub(crate) fn must_be_trusted_by_one_of(
        &self,
        provisioners: &[&Provisioner],
    ) -> Result<(), Error> {
        let (mut reasons, mut any_incomplete) = (Vec::new(), false);
        for provisioner in provisioners {
            match self.trusted_by(provisioner) {
                Trust::Missed { reason, is_incomplete } => {
                    any_incomplete |= is_incomplete;
                    reasons
                        .push(format!("check {}: the certificate {reason}", provisioner.label()));
                }
                _ => return Ok(()),
            }
        }
        let message = format!("no provisioner trusts {}", self.called);
        Err(Error::settings(message)
            .hint_for_each(reasons, |more| format!("check {more} more, which do not either"))
            .hint(self.what_is_needed(any_incomplete)))
    }

    /// Returns what to do about a certificate that is not trusted.
    fn what_is_needed(&self, is_incomplete: bool) -> String {
        match self.settings.kind {
            CertificateKind::X5c { .. } if is_incomplete => {
                "put every certificate below the provisioner's root into the file".to_owned()
            }
            CertificateKind::X5c { .. } => "get a certificate that it accepts".to_owned(),
            CertificateKind::SshPop | CertificateKind::Nebula => {
                format!("use {} with another certificate", self.origin())
            }
        }
    }

    /// Warns if the certificate could not be checked against the provisioner's roots. Without a
    /// provisioner, warns if it is not below any of the given roots.
    pub(crate) fn compare(
        &self,
        provisioner: Option<&Provisioner>,
        roots: &[Vec<u8>],
        world: &World,
    ) {
        let trust = match provisioner {
            Some(provisioner) => self.trusted_by(provisioner),
            None if roots.is_empty() => {
                self.warn_of_a_leaf_alone(world);
                Trust::Unknown
            }
            None => self.proof.below(roots),
        };
        match trust {
            Trust::Unchecked { reason } => world.warn(&format!(
                "cannot check here whether the CA trusts {}: {reason}",
                self.called
            )),
            Trust::Missed { reason, .. } => world.warn(&format!(
                "{} {reason}; the CA renews only what it issued itself",
                self.called
            )),
            _ => {}
        }
    }

    /// Most CAs sign with an intermediate, and look for it in the chain.
    fn warn_of_a_leaf_alone(&self, world: &World) {
        if let ProofHeader::X5cInsecure(chain) = self.proof.header_member()
            && chain.len() == 1
        {
            world.warn(&format!(
                "{} has only the leaf; a CA with an intermediate needs that in the file, too",
                self.called
            ));
        }
    }

    /// Refuses a token that becomes valid after the certificate has expired, and warns if the token
    /// expires later than the certificate.
    pub(crate) fn outlives(&self, validity: Validity, world: &World) -> Result<(), Error> {
        let Some(end) = self.proof.ends() else { return Ok(()) };
        self.end().is_after_start(validity)?;
        if validity.not_after() > end.unix_seconds() {
            world.warn(&format!(
                "{} expires at {end}: the CA will refuse the token after that",
                self.called
            ));
        }
        Ok(())
    }

    /// Returns the end of the certificate, if the token depends on it.
    pub(crate) fn end(&self) -> End {
        End { at: self.proof.ends(), called: self.called.clone() }
    }

    /// Opens the key and combines it with the certificate.
    pub(crate) fn open_key(self, password: &Password, world: &World) -> Result<ProofKey, Error> {
        let certified = self.proof.public_key();
        let (called, flag) = (self.key.called().to_owned(), self.key.flag());
        let key = self.key.open(None, Some(certified.thumbprint()), password, world)?;
        if key.public_key() != certified {
            let called = [called.as_str(), &self.called];
            return Err(key_of_another(called, key.public_key(), certified, flag));
        }
        ProofKey::new(&*self.proof, key)
            .map_err(|cause| unusable(&self.called, &self.settings.certificate.origin, cause))
    }

    /// Returns the certificate itself.
    pub(crate) fn certificate(&self) -> &dyn Proof {
        &*self.proof
    }

    fn origin(&self) -> &Origin {
        &self.settings.certificate.origin
    }

    pub(crate) fn say(&self, warning: &Warning, world: &World) {
        let text = format!("{} {warning}", self.called);
        match warning.is_serious() {
            true => world.warn(&text),
            false => world.note(&text),
        }
    }

    /// Prints what was corrected, and warns about what may still fail.
    fn tell(&self, world: &World) {
        // Whether the CA renews an expired certificate is known only with its ca.json.
        let is_expiry = |warning: &Warning| matches!(warning, Warning::Expired { .. });
        for warning in self.proof.warnings().into_iter().filter(|warning| !is_expiry(warning)) {
            self.say(&warning, world);
        }
        if let CertificateKind::X5c { insecure: Some(origin) } = &self.settings.kind
            && self.proof.kind().is_some()
        {
            world.warn(&format!(
                "{origin}: no provisioner reads the header `x5cInsecure`, so the CA refuses the token"
            ));
        }
    }
}

/// Reports that the key is not the certificate's; takes the names of both files.
fn key_of_another(
    [key, certificate]: [&str; 2],
    given: &PublicKey,
    certified: &PublicKey,
    flag: &str,
) -> Error {
    Error::key(format!("{key} is not the key of {certificate}"))
        .hint(format!(
            "compare the keys: this one is {} with thumbprint {}; the certificate's is {} \
             with thumbprint {}",
            given.kind(),
            given.thumbprint(),
            certified.kind(),
            certified.thumbprint()
        ))
        .hint(format!("use --{flag} with the key that the certificate was issued for"))
}

/// Reads a certificate. A new kind of proof needs a file in `step-header` and an arm here.
fn read_proof(
    kind: &CertificateKind,
    bytes: &[u8],
    operation: Operation,
    now: Timestamp,
) -> Result<Box<dyn Proof>, step_header::Error> {
    Ok(match (kind, operation) {
        (CertificateKind::X5c { .. }, Operation::Renew) => Box::new(Renewal::read(bytes, now)?),
        (CertificateKind::X5c { insecure: None }, _) => Box::new(X5c::read(bytes, now)?),
        (CertificateKind::X5c { insecure: Some(_) }, _) => {
            Box::new(X5c::read(bytes, now)?.insecure())
        }
        (CertificateKind::SshPop, _) => Box::new(SshPop::read(bytes, operation, now)?),
        (CertificateKind::Nebula, _) => Box::new(Nebula::read(bytes, operation, now)?),
    })
}

/// Reports that a certificate has expired, and what to do.
fn over(
    called: &str,
    kind: &CertificateKind,
    operation: Operation,
    cause: &step_header::Error,
) -> Error {
    let hint = match (kind, operation) {
        (CertificateKind::Nebula, _) => "run `nebula-cert sign` to make a new one",
        (CertificateKind::SshPop, Operation::SshRevoke) => {
            "leave it as it is: no server accepts an expired certificate"
        }
        (CertificateKind::SshPop, _) => {
            "get a new certificate; --renew asks for one with the same key"
        }
        (CertificateKind::X5c { .. }, _) => {
            "get a new certificate; --renew accepts an expired one, if the CA allows it"
        }
    };
    Error::settings(format!("{called} {cause}")).hint(hint)
}

/// When a certificate ends.
#[derive(Clone, Debug)]
pub(crate) struct End {
    at: Option<Timestamp>,
    called: String,
}

impl End {
    /// Refuses a token that becomes valid after it.
    pub(crate) fn is_after_start(&self, validity: Validity) -> Result<(), Error> {
        match self.at {
            Some(end) if validity.not_before() > end.unix_seconds() => {
                let called = &self.called;
                let message = format!("{called} expires at {end}, before the token is valid");
                Err(Error::usage(message).hint("use an earlier --not-before, or a new certificate"))
            }
            _ => Ok(()),
        }
    }
}

/// Reports what is wrong with a certificate, and what to try.
fn unusable(called: &str, origin: &Origin, cause: step_header::Error) -> Error {
    use step_header::Error as Cause;
    let hint = match &cause {
        Cause::NotYetValid { .. } => "check the clock of this machine".into(),
        Cause::KeyUsage { .. }
        | Cause::ExtendedKeyUsage { .. }
        | Cause::Key { .. }
        | Cause::Unreadable { .. }
        | Cause::CriticalExtension { .. }
        | Cause::Algorithm { .. } => "get a new certificate: the CA refuses this one".into(),
        Cause::RsaSize { .. } => {
            "get a certificate for a key of 2048 to 8192 bits: step-token signs with no other RSA \
             key, although the CA may accept it"
                .into()
        }
        Cause::CaAsLeaf { .. } | Cause::SeveralLeaves { .. } => {
            "put the key's certificate first, followed by those that signed it".into()
        }
        Cause::Purpose { .. } => {
            "get a new certificate: a CA renews and rekeys only host certificates".into()
        }
        Cause::OtherSubject { .. } | Cause::OtherSerial { .. } => {
            "leave out the subject: it is taken from the certificate".into()
        }
        Cause::Ssh { reason } if reason.contains("public key") => {
            format!("use {origin} with the certificate, which ssh-keygen calls KEY-cert.pub")
        }
        Cause::Ssh { .. } => "run `ssh-keygen -L -f FILE` to inspect the certificate".into(),
        Cause::NeverBegins => "get a new certificate from the CA, which sets a start".into(),
        Cause::NeverExpires => "use a certificate that expires (`ssh-keygen -V`)".into(),
        Cause::NebulaCa { .. } => "run `nebula-cert sign` to make a host certificate".into(),
        Cause::OtherName { .. } => {
            "use only these names: the CA refuses a certificate request with others".into()
        }
        _ => format!("use {origin} with another file"),
    };
    let text = format!("{called} {cause}");
    let error = match &cause {
        Cause::OtherSubject { .. }
        | Cause::OtherSerial { .. }
        | Cause::OtherName { .. }
        | Cause::Purpose { .. } => Error::usage(text),
        _ => Error::settings(text),
    };
    error.hint(hint)
}
