//! The key of a provisioner: from its entry in the CA's list, or from a file.

use step_provisioner::{JwkProvisioner, Kind, Provisioner};
use token_cli::{Error, World};
use token_jose::{KeyFile, KeyId, PublicKey, SigningKey, Thumbprint};

use crate::authority::Authority;
use crate::mint::key::{NamedKey, Password, unusable};
use crate::mint::settings::ProvisionerSettings;

/// Reads the file that `--key` names, if it is given. It is not decrypted yet.
pub(crate) fn given(
    settings: &ProvisionerSettings,
    world: &World,
) -> Result<Option<NamedKey>, Error> {
    let Some(key) = &settings.key else { return Ok(None) };
    NamedKey::read(key, "key", KeyFile::parse, world).map(Some)
}

/// An open key, and its key ID in a token.
pub(crate) struct Opened {
    pub(crate) key: Box<dyn SigningKey>,
    /// `None` if the provisioner's public key has none.
    pub(crate) key_id: Option<KeyId>,
}

/// Opens the key of a provisioner and checks that it is the provisioner's (Q10). Offline without a
/// ca.json no provisioner is known, and the given key is not checked.
pub(crate) fn load(
    provisioner: Option<&Provisioner>,
    given: Option<NamedKey>,
    authority: &Authority,
    settings: &ProvisionerSettings,
    password: &Password,
    world: &World,
) -> Result<Opened, Error> {
    let asked = settings.key_id.as_ref().map(|kid| &kid.value);
    let (key, key_id) = match provisioner {
        None => {
            let found = given.ok_or_else(|| Error::settings("no key given"))?;
            let key = found.open(asked, None, password, world)?;
            // step-ca knows the key by an ID that only its own list has; step's is the thumbprint.
            let key_id = asked.cloned().unwrap_or_else(|| key.public_key().thumbprint().into());
            (key, Some(key_id))
        }
        Some(provisioner) => {
            let Kind::Jwk(jwk) = &provisioner.kind else {
                let kind = provisioner.kind.name();
                let message = format!("{kind} provisioners have no signing key");
                return Err(Error::usage(message));
            };
            let found = match given {
                Some(found) => found,
                None => of_entry(jwk, &provisioner.name, authority)?,
            };
            if let Some(thumbprint) = found.thumbprint() {
                belongs(jwk, thumbprint, found.called(), &provisioner.name)?;
            }
            let called = found.called().to_owned();
            let wanted = jwk.key.as_ref().ok().map(PublicKey::thumbprint);
            let key = found.open(asked, wanted, password, world)?;
            belongs(jwk, key.public_key().thumbprint(), &called, &provisioner.name)?;
            (key, jwk.key_id.clone())
        }
    };
    Ok(Opened { key: Box::new(key), key_id })
}

fn belongs(
    provisioner: &JwkProvisioner,
    given: Thumbprint,
    called: &str,
    name: &str,
) -> Result<(), Error> {
    match &provisioner.key {
        Ok(key) if key.thumbprint() == given => Ok(()),
        Ok(key) => Err(Error::key(format!("{called} is not the key of provisioner `{name}`"))
            .hint(format!(
                "compare the thumbprints: this key has {given}, the provisioner's has {}",
                key.thumbprint()
            ))),
        Err(reason) => Err(Error::key(format!(
            "the public key of provisioner `{name}` cannot be compared: it {reason}"
        ))),
    }
}

/// Takes the key from the provisioner's entry, or asks the CA for it.
fn of_entry(
    provisioner: &JwkProvisioner,
    name: &str,
    authority: &Authority,
) -> Result<NamedKey, Error> {
    let called = format!("the key of provisioner `{name}`");
    let text = match (&provisioner.encrypted_key, &provisioner.key_id) {
        (Some(text), _) => Some(text.clone()),
        (None, Some(key_id)) => authority.sealed_key(key_id)?,
        (None, None) => None,
    };
    let Some(text) = text else {
        let keeper = if authority.config().is_some() { "the ca.json" } else { "the CA" };
        return Err(Error::key(format!("{keeper} does not have {called} (`encryptedKey`)"))
            .hint("use --key with the file that the provisioner was made with, or with its `encryptedKey` saved as a file"));
    };
    let file = KeyFile::parse_jwk(&text).map_err(|cause| unusable(&called, "key", &cause))?;
    let prompt = "the provisioner key".to_owned();
    Ok(NamedKey::new(file, called, prompt))
}
