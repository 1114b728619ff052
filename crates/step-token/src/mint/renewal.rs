//! Whether the CA would renew a certificate, as far as its ca.json or its list settles that.

use step_claims::Operation;
use step_header::{Trust, Warning};
use step_provisioner::{CaConfig, Provisioner};
use token_cli::{Error, World};
use token_text::{Excerpt, ShownPath};

use crate::authority::{Authority, RenewingCa};
use crate::mint::proof::CertificateProof;

/// Refuses a renewal that the CA is sure to refuse: of a certificate of another CA, or where the
/// provisioner renews none. Warns where an expired certificate may be renewed or not. `provisioner`
/// accepts the certificate, or is `None` if none is needed.
pub(crate) fn check(
    proof: &CertificateProof,
    operation: Operation,
    provisioner: Option<&Provisioner>,
    authority: &Authority,
    world: &World,
) -> Result<(), Error> {
    let decided = match (operation, authority.renewing_ca(), provisioner) {
        (Operation::Renew, Some(ca), _) => by_file(proof, ca)?,
        (Operation::SshRenew, _, Some(provisioner)) => {
            let config = authority.config().filter(|config| !config.enable_admin);
            is_renewed_through(proof, provisioner, config)?
        }
        _ => Decided::No,
    };
    if let (Decided::No, Some(warning)) = (decided, expiry(proof)) {
        proof.say(&warning, world);
    }
    Ok(())
}

/// Whether the provisioner's policy is known to allow the renewal.
enum Decided {
    Yes,
    No,
}

/// Compares an X.509 certificate with the roots of the ca.json, and finds its provisioner there.
fn by_file(proof: &CertificateProof, ca: &RenewingCa) -> Result<Decided, Error> {
    if let Some(roots) = &ca.roots
        && let Trust::Missed { reason, is_incomplete } = proof.certificate().below(roots)
    {
        let (refusal, hint) = match is_incomplete {
            true => (
                "the CA renews only what it issued itself",
                "put the certificates between it and the CA's root into the file, or name the CA that issued it",
            ),
            false => ("the CA does not renew it", "get a new certificate"),
        };
        return Err(Error::settings(format!("{} {reason}; {refusal}", proof.called())).hint(hint));
    }
    let config = ca.file.config();
    let Some(issuance) = proof.certificate().issuance().filter(|_| !config.enable_admin) else {
        return Ok(Decided::No);
    };
    let name = &issuance.provisioner;
    match config.provisioners.iter().find(|provisioner| provisioner.name == *name) {
        Some(provisioner) => is_renewed_through(proof, provisioner, Some(config)),
        // The CA's database finds these by another ID than the name.
        None if RENAMED.contains(&issuance.kind) || !config.skipped.is_empty() => Ok(Decided::No),
        None => {
            let message = format!(
                "{} was issued through the provisioner `{}`, which {} does not have: the CA does not \
                 renew it",
                proof.called(),
                Excerpt(name),
                ShownPath(ca.file.path())
            );
            Err(Error::settings(message)
                .hint("get a new certificate through one of the CA's provisioners"))
        }
    }
}

/// Checks the claims of the provisioner that decides about a renewal. Without the ca.json only its
/// own claims are known.
fn is_renewed_through(
    proof: &CertificateProof,
    provisioner: &Provisioner,
    config: Option<&CaConfig>,
) -> Result<Decided, Error> {
    let label = provisioner.label();
    if let Some(reason) = &provisioner.disabled {
        return Err(Error::ca(format!(
            "the CA has disabled provisioner {label}, so it does not renew {}: {reason}",
            proof.called()
        ))
        .hint("fix its entry in the CA's configuration"));
    }
    let own = &provisioner.claims;
    let (disabled, after_expiry) = match config {
        Some(config) => {
            let claims = own.effective(&config.claims);
            (claims.disable_renewal, Some(claims.allow_renewal_after_expiry))
        }
        None => (own.disable_renewal == Some(true), own.allow_renewal_after_expiry),
    };
    if disabled {
        let message = format!(
            "provisioner {label} renews no certificates: `disableRenewal` is true in its claims or \
             the CA's"
        );
        return Err(Error::settings(message).hint("get a new certificate instead of a renewal"));
    }
    match (expiry(proof), after_expiry) {
        (Some(Warning::Expired { at }), Some(false)) => {
            let message = format!(
                "{} expired at {at}, and provisioner {label} renews no expired certificates",
                proof.called()
            );
            Err(Error::settings(message).hint(
                "get a new certificate, or set `allowRenewalAfterExpiry` in the provisioner's claims",
            ))
        }
        (_, Some(_)) => Ok(Decided::Yes),
        (_, None) => Ok(Decided::No),
    }
}

/// Returns the warning that the certificate has expired, if it has.
fn expiry(proof: &CertificateProof) -> Option<Warning> {
    let warnings = proof.certificate().warnings();
    warnings.into_iter().find(|warning| matches!(warning, Warning::Expired { .. }))
}

/// The numbers of OIDC and Azure, whose provisioners have the ID of a client or a tenant.
const RENAMED: [i64; 2] = [2, 5];
