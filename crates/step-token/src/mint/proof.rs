//! What vouches for a token in place of a provisioner's own key: read and judged before any key is
//! opened.

use step_claims::{Operation, Purpose, Subject, Validity};
use step_header::{Credential, Nebula, ProvenKey, Remark, Renewal, SshPop, Trust, X5c};
use step_provisioner::Provisioner;
use token_cli::{Error, Origin, World};
use token_jose::{Evidence, KeyFile, PublicKey, SigningKey as _};
use token_time::Timestamp;

use crate::mint::key::{NamedKey, Password, refuse_key_store};
use crate::mint::proof_settings::{CertificateKind, CertificateSettings, ProofSettings};
use crate::mint::settings::MintSettings;

/// A way to read a key file.
type Door = fn(&[u8]) -> Result<KeyFile, token_jose::Error>;

/// A certificate that is good for what is asked, and where its key is.
#[derive(Debug)]
pub(crate) struct Possession {
    credential: Box<dyn Credential>,
    settings: CertificateSettings,
    /// The key, whose file has been read; it may still be sealed.
    key: NamedKey,
    /// What messages call the certificate.
    called: String,
}

impl Possession {
    /// Reads the certificate that the settings name, if they name one.
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
            .map_err(|error| error.hint(format!("{} names the certificate", certificate.origin)))?;
        let called = format!("{} ({})", certificate.value, certificate.origin);
        let operation = settings.operation();
        let credential = credential(&given.kind, &bytes, operation, world.now()).map_err(
            |cause| match cause {
                step_header::Error::Expired { .. } => over(&called, &given.kind, operation, &cause),
                cause => unusable(&called, &certificate.origin, cause),
            },
        )?;
        let (flag, door): (_, Door) = match given.kind {
            CertificateKind::X5c { .. } => ("x5c-key", KeyFile::parse),
            CertificateKind::SshPop => ("sshpop-key", KeyFile::parse),
            CertificateKind::Nebula => ("nebula-key", KeyFile::parse_nebula),
        };
        let key = NamedKey::read(&given.key, flag, door, world)?;
        let possession = Self { credential, settings: given.clone(), key, called };
        // Nobody types a password, and no CA is asked, for a key that is another's.
        if let Some(public) = possession.key.public_key()
            && public != possession.credential.public_key()
        {
            let certified = possession.credential.public_key();
            let called = [possession.key.called(), &possession.called];
            return Err(key_of_another(called, public, certified, flag));
        }
        possession.tell(world);
        Ok(Some(possession))
    }

    /// Returns the subject that the certificate gives a token.
    pub(crate) fn subject(&self) -> Option<Subject> {
        self.credential.default_subject()
    }

    /// Checks that the certificate has the names that are asked for.
    pub(crate) fn admits(
        &self,
        subject: &Subject,
        purpose: &Purpose,
        world: &World,
    ) -> Result<(), Error> {
        let remark = self.credential.admits(subject, purpose);
        let remark = remark.map_err(|cause| unusable(&self.called, self.origin(), cause))?;
        if let Some(remark) = remark {
            self.say(&remark, world);
        }
        Ok(())
    }

    /// Tells whether the certificate leads to what a provisioner trusts.
    pub(crate) fn trusted_by(&self, provisioner: &Provisioner) -> Trust {
        self.credential.trusted_by(&provisioner.kind)
    }

    /// Refuses a provisioner that would not believe the certificate.
    pub(crate) fn must_be_trusted_by(&self, provisioner: &Provisioner) -> Result<(), Error> {
        let Trust::Missed { reason } = self.trusted_by(provisioner) else { return Ok(()) };
        let message =
            format!("{} does not trust {}: it {reason}", provisioner.label(), self.called);
        Err(Error::settings(message)
            .hint(format!("--provisioner NAME picks another one; {}", self.what_is_needed())))
    }

    /// Refuses several provisioners of which none would believe the certificate.
    pub(crate) fn must_be_trusted_by_one_of(
        &self,
        provisioners: &[&Provisioner],
    ) -> Result<(), Error> {
        let mut reasons = Vec::new();
        for provisioner in provisioners {
            match self.trusted_by(provisioner) {
                Trust::Missed { reason } => {
                    reasons.push(format!("for {}, it {reason}", provisioner.label()));
                }
                _ => return Ok(()),
            }
        }
        let message = format!("no provisioner trusts {}", self.called);
        reasons.push(self.what_is_needed());
        Err(Error::settings(message).hints(reasons))
    }

    /// Says what a certificate that is not trusted lacks.
    fn what_is_needed(&self) -> String {
        match self.settings.kind {
            CertificateKind::X5c { .. } => {
                "the file needs every certificate below the provisioner's root".to_owned()
            }
            CertificateKind::SshPop | CertificateKind::Nebula => {
                format!("{} names another certificate", self.origin())
            }
        }
    }

    /// Warns if the certificate's way to the provisioner's roots could not be looked at, or, where no
    /// provisioner is asked, if it leads to none of the roots that are at hand.
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
            None => self.credential.below(roots),
        };
        match trust {
            Trust::Unchecked { reason } => world.warn(&format!(
                "whether the CA trusts {} cannot be told here: {reason}",
                self.called
            )),
            Trust::Missed { reason } => world.warn(&format!(
                "{} {reason}; the CA renews only what it issued itself",
                self.called
            )),
            _ => {}
        }
    }

    /// Most CAs sign with an intermediate, and look for it in the chain.
    fn warn_of_a_leaf_alone(&self, world: &World) {
        if let Evidence::X5cInsecure(chain) = self.credential.evidence()
            && chain.len() == 1
        {
            world.warn(&format!(
                "{} holds the leaf alone; a CA that has an intermediate wants it in the file",
                self.called
            ));
        }
    }

    /// Refuses a token that would begin when the certificate is over, and warns of one that ends
    /// later than the certificate.
    pub(crate) fn outlives(&self, validity: Validity, world: &World) -> Result<(), Error> {
        let Some(end) = self.credential.ends() else { return Ok(()) };
        if validity.not_before() > end.unix_seconds() {
            return Err(Error::usage(format!(
                "{} ends at {end}, before the token begins",
                self.called
            ))
            .hint("an earlier --not-before, or a new certificate, works"));
        }
        if validity.not_after() > end.unix_seconds() {
            world.warn(&format!(
                "{} ends at {end}: the CA takes the token no longer than that",
                self.called
            ));
        }
        Ok(())
    }

    /// Opens the key and joins it with the certificate.
    pub(crate) fn prove(self, password: &Password, world: &World) -> Result<ProvenKey, Error> {
        let certified = self.credential.public_key();
        let (called, flag) = (self.key.called().to_owned(), self.key.flag());
        let key = self.key.open(None, Some(certified.thumbprint()), password, world)?;
        if key.public_key() != certified {
            let called = [called.as_str(), &self.called];
            return Err(key_of_another(called, key.public_key(), certified, flag));
        }
        ProvenKey::new(&*self.credential, key)
            .map_err(|cause| unusable(&self.called, &self.settings.certificate.origin, cause))
    }

    fn origin(&self) -> &Origin {
        &self.settings.certificate.origin
    }

    fn say(&self, remark: &Remark, world: &World) {
        let text = format!("{} {remark}", self.called);
        match remark.is_warning() {
            true => world.warn(&text),
            false => world.note(&format!("{text}")),
        }
    }

    /// Says what was put right, and what may still go wrong.
    fn tell(&self, world: &World) {
        for remark in self.credential.remarks() {
            self.say(&remark, world);
        }
        if let CertificateKind::X5c { insecure: Some(origin) } = &self.settings.kind
            && self.credential.proof().is_some()
        {
            world.warn(&format!(
                "{origin}: no provisioner reads the header `x5cInsecure`, so the CA refuses the token"
            ));
        }
    }
}

/// Says that a key is not the certificate's: first the key's file, then the certificate's.
fn key_of_another(
    [key, certificate]: [&str; 2],
    given: &PublicKey,
    certified: &PublicKey,
    flag: &str,
) -> Error {
    Error::key(format!("{key} is not the key of {certificate}"))
        .hint(format!(
            "it is a key of kind {} with the thumbprint {}; the certificate is for one of kind {} \
             with {}",
            given.kind(),
            given.thumbprint(),
            certified.kind(),
            certified.thumbprint()
        ))
        .hint(format!("--{flag} wants the key that the certificate was issued for"))
}

/// A new kind of proof has its file in `step-header` and its arm here.
fn credential(
    kind: &CertificateKind,
    bytes: &[u8],
    operation: Operation,
    now: Timestamp,
) -> Result<Box<dyn Credential>, step_header::Error> {
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

/// Says that a certificate is over, and what is done about it.
fn over(
    called: &str,
    kind: &CertificateKind,
    operation: Operation,
    cause: &step_header::Error,
) -> Error {
    let hint = match (kind, operation) {
        (CertificateKind::Nebula, _) => "`nebula-cert sign` writes a new one",
        (CertificateKind::SshPop, Operation::SshRevoke) => {
            "no server takes it any more, so it needs no revocation"
        }
        (CertificateKind::SshPop, _) => {
            "a new certificate is needed; --renew asks for one with the same key"
        }
        (CertificateKind::X5c { .. }, _) => {
            "a new certificate is needed; --renew takes a leaf that is over, if the CA allows it"
        }
    };
    Error::settings(format!("{called} {cause}")).hint(hint)
}

/// Says what is wrong with a certificate, and what to try.
fn unusable(called: &str, origin: &Origin, cause: step_header::Error) -> Error {
    use step_header::Error as Cause;
    let hint = match &cause {
        Cause::NotYetValid { .. } => "is the clock of this machine right?".into(),
        Cause::KeyUsage { .. } | Cause::ExtendedKeyUsage { .. } | Cause::Key { .. } => {
            "the CA refuses such a certificate: it has to be issued anew for this".into()
        }
        Cause::CaAsLeaf { .. } | Cause::SeveralLeaves { .. } => {
            "put the certificate of the key first, and behind it those that signed it".into()
        }
        Cause::Purpose { .. } => {
            "a CA renews and rekeys certificates of hosts only; a user is issued a new one".into()
        }
        Cause::OtherSubject { .. } | Cause::OtherSerial { .. } => {
            "leave the subject out, and the certificate gives it".into()
        }
        Cause::Ssh { .. } => "`ssh-keygen -L -f FILE` shows an SSH certificate".into(),
        Cause::NeverExpires => "a certificate with an end works: `ssh-keygen -V`".into(),
        Cause::NebulaCa { .. } => "`nebula-cert sign` writes that of a host".into(),
        Cause::OtherName { .. } => {
            "the CA refuses a certificate request with other names than these".into()
        }
        _ => format!("{origin} names another file"),
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
