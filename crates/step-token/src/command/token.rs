//! `token`: the flow, once.

use step_claims::{TokenId, Validity};
use token_time::SignedDuration;

use crate::args::{GlobalArgs, TokenArgs};
use crate::authority::Authority;
use crate::claims::Request;
use crate::emit::Output;
use crate::fetch;
use crate::key::{self, Found, Password};
use crate::proof::Possession;
use crate::select::{Choice, Chosen, Issuer, Search, TokenSource};
use crate::settings::Settings;
use crate::sign::{Mint, Minted, Place};
use crate::{Error, World};

/// Mints one token, or hands on one that somebody else issued.
pub(crate) fn run(args: &TokenArgs, global: &GlobalArgs, world: &World) -> Result<(), Error> {
    let settings = Settings::resolve(args, global, world)?;
    // Before anything is opened or asked: what cannot be minted is said now.
    let possession = Possession::read(&settings, world)?;
    let request = Request::read(&settings, possession.as_ref(), world)?;
    let validity = request.as_ref().map(|request| request.validity(world.now())).transpose()?;
    if let (Some(possession), Some(validity)) = (&possession, validity) {
        possession.outlives(validity, world)?;
    }
    let account = fetch::given_account(&settings, world)?;
    let output = Output::settle(&settings.output, world)?;

    let operation = settings.operation();
    let authority = Authority::open(&settings, world)?;
    let search = Search {
        authority: &authority,
        settings: &settings,
        possession: possession.as_ref(),
        operation,
    };
    let password = Password::read(settings.provisioner.passphrase.as_ref(), world)?;
    let (chosen, given) = choose(&search, &password, world)?;
    match (chosen.source(&settings), request.zip(validity)) {
        (TokenSource::Fetched(Issuer::Kubernetes), _) => {
            let fetched = fetch::service_account(account, &settings, &chosen, &authority, world)?;
            output.write(&fetched, world)
        }
        (TokenSource::Key, Some((request, validity))) => {
            let (url, prefix) = (authority.url.clone(), authority.prefix);
            let place = Place { url, prefix, root: authority.root };
            let mint = match possession {
                Some(possession) => {
                    possession.compare(chosen.provisioner(), authority.roots_at_hand(), world);
                    let proven = possession.prove(&password, world)?;
                    Mint::proven(chosen.name().to_owned(), place, proven)
                }
                None => {
                    let asked = &settings.provisioner;
                    let entry = chosen.provisioner();
                    let opened = key::load(entry, given, &authority, asked, &password, world)?;
                    Mint::new(chosen.name().to_owned(), place, opened.key_id, opened.key)
                }
            };
            output.write(&mint_one(&mint, request, validity, &settings, world)?, world)
        }
        (TokenSource::Key, None) => {
            Err(Error::usage("no subject is given").hint("`--help` shows what is expected"))
        }
    }
}

/// Selects who vouches; a key that was given may have to be opened for that.
fn choose(
    search: &Search<'_>,
    password: &Password,
    world: &World,
) -> Result<(Chosen, Option<Found>), Error> {
    // What may not be is said before the file of a key is read.
    let without_a_key = search.narrow(None)?;
    let mut given = Found::given(&search.settings.provisioner, world)?;
    let thumbprint = given.as_ref().and_then(Found::thumbprint);
    let choice = match thumbprint {
        Some(_) => search.narrow(thumbprint)?,
        None => without_a_key,
    };
    let chosen = match choice {
        Choice::One(chosen) => chosen,
        Choice::Several(candidates) => match given.take() {
            // A sealed key shows which provisioner it belongs to when it is open.
            Some(found) if thumbprint.is_none() => {
                let key = found.unsealed(password, world)?;
                let thumbprint = key.thumbprint();
                given = Some(key);
                match search.narrow(thumbprint)? {
                    Choice::One(chosen) => chosen,
                    Choice::Several(left) => search.ask(&left, world)?,
                }
            }
            found => {
                given = found;
                search.ask(&candidates, world)?
            }
        },
    };
    if let Chosen::Known(provisioner) = &chosen {
        world.announce("Provisioner", &provisioner.label());
    }
    Ok((chosen, given))
}

/// Signs one token. If a person was asked something, time has passed.
fn mint_one(
    mint: &Mint,
    request: Request,
    validity: Validity,
    settings: &Settings,
    world: &World,
) -> Result<Minted, Error> {
    let validity = match world.was_asked() {
        true => request.validity(world.now())?,
        false => validity,
    };
    if settings.validity.long_lived {
        warn_of_long_life(validity, world);
    }
    mint.token(request, validity, token_id(world)?)
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
