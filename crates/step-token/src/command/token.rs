//! `token`: the flow, once.

use step_claims::{TokenId, Validity};
use token_time::SignedDuration;

use crate::args::{GlobalArgs, TokenArgs};
use crate::authority::Authority;
use crate::claims::{self, Request};
use crate::emit::Output;
use crate::key::{self, Found, Password};
use crate::select::{self, Choice, Chosen};
use crate::settings::Settings;
use crate::sign::{Mint, Place};
use crate::{Error, World};

/// Mints one token.
pub(crate) fn run(args: &TokenArgs, global: &GlobalArgs, world: &World) -> Result<(), Error> {
    let settings = Settings::resolve(args, global, world)?;
    let request = Request::read(&settings, world)?;
    // Before anything is opened or asked: what cannot be minted is said now.
    let mut validity = request.validity(world.now())?;
    let output = Output::settle(&settings.output, world)?;

    let mint = open(&settings, world)?;

    if world.was_asked() {
        validity = request.validity(world.now())?;
    }
    if settings.validity.long_lived {
        warn_of_long_life(validity, world);
    }
    let token_id = token_id(world)?;
    let minted = mint.token(request, validity, token_id)?;
    output.write(&minted, world)
}

/// Selects the provisioner and opens its key.
fn open(settings: &Settings, world: &World) -> Result<Mint, Error> {
    let operation = claims::operation(settings);
    let authority = Authority::open(&settings.ca, world)?;
    let mut given = Found::given(&settings.provisioner, world)?;
    let password = Password::read(&settings.provisioner, world)?;
    let thumbprint = given.as_ref().and_then(Found::thumbprint);
    let chosen = match select::narrow(&authority, settings, operation, thumbprint)? {
        Choice::One(chosen) => chosen,
        Choice::Several(candidates) => match given.take() {
            // A sealed key shows which provisioner it belongs to when it is open.
            Some(found) if thumbprint.is_none() => {
                let key = found.unsealed(&password, world)?;
                let thumbprint = key.thumbprint();
                given = Some(key);
                match select::narrow(&authority, settings, operation, thumbprint)? {
                    Choice::One(chosen) => chosen,
                    Choice::Several(left) => select::ask(left, &authority, operation, world)?,
                }
            }
            found => {
                given = found;
                select::ask(candidates, &authority, operation, world)?
            }
        },
    };
    if let Chosen::Known(provisioner) = &chosen {
        world.announce("Provisioner", &provisioner.label());
    }
    let opened = key::load(&chosen, given, &authority, &settings.provisioner, &password, world)?;
    let place =
        Place { url: authority.url.clone(), prefix: authority.prefix, root: authority.root };
    Ok(Mint::new(chosen.name().to_owned(), place, opened.key_id, opened.key))
}

fn warn_of_long_life(validity: Validity, world: &World) {
    let until_end = validity.not_after().saturating_sub(validity.issued_at());
    let delay = validity.not_before().saturating_sub(validity.issued_at());
    let seconds = |span: SignedDuration| span.as_nanos() / 1_000_000_000;
    if validity.lifetime() > Validity::MAX || delay > seconds(Validity::MAX_DELAY) {
        let end = SignedDuration::saturating_from_seconds(until_end);
        world.warn(&format!(
            "the token is good for the next {end}: whoever gets hold of it has that long"
        ));
    }
}

fn token_id(world: &World) -> Result<TokenId, Error> {
    let bytes = world
        .random()
        .map_err(|cause| Error::settings("the system gives no randomness").because(cause))?;
    Ok(TokenId::from_random(bytes))
}
