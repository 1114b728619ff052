//! `token`: mints one token, step by step.

pub(crate) mod agreement;
pub(crate) mod args;
pub(crate) mod description;
pub(crate) mod settings;

use step_claims::{Purpose, TokenId, Validity};
use step_mint::{Ca, Mint, Minted, Request};
use token_cli::{Error, Output, World};
use token_time::SignedDuration;

use crate::authority::Authority;
use crate::mint::key::{NamedKey, Password};
use crate::mint::proof::{CertificateProof, End};
use crate::mint::proof_settings::ProofSettings;
use crate::mint::select::{Choice, Chosen, Issuer, Query, TokenSource};
use crate::mint::settings::MintSettings;
use crate::mint::window::AskedWindow;
use crate::mint::{fetch, provisioner_key, renewal, request};
use crate::settings::global::GlobalArgs;
use crate::token::args::TokenArgs;
use crate::token::description::Description;
use crate::token::settings::Settings;

/// Mints one token, or passes on one that another service issued.
pub(crate) fn run(args: &TokenArgs, global: &GlobalArgs, world: &World) -> Result<(), Error> {
    let Settings { mint: mut settings, output } = Settings::resolve(args, global, world)?;
    // Report impossible requests before opening a key or asking a question.
    let proof = CertificateProof::read(&settings, world)?;
    let request = request::read(&settings, proof.as_ref(), world)?;
    let now = world.now();
    let validity = request.as_ref().map(|it| request::validity(it, now)).transpose()?;
    if let (Some(proof), Some(validity)) = (&proof, validity) {
        proof.outlives(validity, world)?;
    }
    let window = request.as_ref().zip(validity).and_then(|(request, validity)| {
        AskedWindow::of(request, validity, proof.as_ref(), &settings)
    });
    window.as_ref().map_or(Ok(()), AskedWindow::must_be_possible)?;
    let account = fetch::given_account(&settings, world)?;
    agreement::output_is_no_input(&settings, output.file.as_ref(), world)?;
    let output = Output::settle(&output, world)?;

    let operation = settings.operation();
    let kind = settings.proof.as_ref().map(ProofSettings::kind);
    let authority = Authority::open(&settings.ca, operation, kind, now, world)?;
    let query = Query {
        authority: &authority,
        settings: &settings,
        proof: proof.as_ref(),
        operation,
        window: window.as_ref(),
    };
    let password = Password::read(settings.provisioner.passphrase.as_ref(), world)?;
    let (chosen, given) = choose(&query, &password, world)?;
    if let Some(proof) = &proof {
        renewal::check(proof, operation, chosen.provisioner(), &authority, world)?;
    }
    match (chosen.source(&settings), request.zip(validity)) {
        (TokenSource::Fetched(Issuer::Kubernetes), _) => {
            agreement::issued_elsewhere(&mut settings, world)?;
            let fetched = fetch::service_account(account, operation, &chosen, &authority, world)?;
            let token = fetched.token.token().expose();
            output.write(token, |it| Description::of_fetched(&fetched, it), world)
        }
        (TokenSource::Key, Some((request, validity))) => {
            let (url, prefix) = (authority.url.clone(), authority.prefix);
            let ca = Ca { url, prefix, root: authority.root };
            let end = proof.as_ref().map(CertificateProof::end);
            let mint = match proof {
                Some(proof) => {
                    proof.compare(chosen.provisioner(), authority.roots_at_hand(), world);
                    let key = proof.open_key(&password, world)?;
                    Mint::with_proof(chosen.name().to_owned(), ca, key)
                }
                None => {
                    let asked = &settings.provisioner;
                    let entry = chosen.provisioner();
                    let opened =
                        provisioner_key::load(entry, given, &authority, asked, &password, world)?;
                    Mint::new(chosen.name().to_owned(), ca, opened.key_id, opened.key)
                }
            };
            let validity = match world.was_asked() {
                true => {
                    let validity = request::validity(&request, world.now())?;
                    still_fits(validity, end.as_ref(), window.as_ref(), &chosen, &authority)?;
                    validity
                }
                false => validity,
            };
            let minted = mint_one(&mint, request, validity, &settings, world)?;
            let token = minted.token.expose();
            output.write(token, |it| Description::of_minted(&minted, it), world)
        }
        (TokenSource::Key, None) => Err(request::no_subject(operation)),
    }
}

/// Selects the provisioner; that may need the key of --key to be opened.
fn choose(
    query: &Query<'_>,
    password: &Password,
    world: &World,
) -> Result<(Chosen, Option<NamedKey>), Error> {
    // Report impossible requests before reading a key file.
    let without_a_key = query.narrow(None)?;
    let mut given = provisioner_key::given(&query.settings.provisioner, world)?;
    let thumbprint = given.as_ref().and_then(NamedKey::thumbprint);
    let choice = match thumbprint {
        Some(_) => query.narrow(thumbprint)?,
        None => without_a_key,
    };
    let chosen = match choice {
        Choice::One(chosen) => chosen,
        Choice::Several(candidates) => match given.take() {
            // An encrypted key has to be opened to see which provisioner it belongs to.
            Some(found) if thumbprint.is_none() => {
                let key = found.unsealed(password, world)?;
                let thumbprint = key.thumbprint();
                given = Some(key);
                match query.narrow(thumbprint)? {
                    Choice::One(chosen) => chosen,
                    Choice::Several(left) => query.ask(&left, world)?,
                }
            }
            found => {
                given = found;
                query.ask(&candidates, world)?
            }
        },
    };
    if let Chosen::Known(provisioner) = &chosen {
        world.announce("Provisioner", &provisioner.label());
    }
    query.note_doubts(&chosen, world);
    Ok((chosen, given))
}

/// Checks the times of the certificates again, because time passes while a person is asked.
fn still_fits(
    validity: Validity,
    end: Option<&End>,
    window: Option<&AskedWindow>,
    chosen: &Chosen,
    authority: &Authority,
) -> Result<(), Error> {
    end.map_or(Ok(()), |end| end.is_after_start(validity))?;
    let Some(window) = window else { return Ok(()) };
    let window = window.made_later(validity);
    window.must_be_possible()?;
    match chosen.provisioner() {
        Some(provisioner) => window.must_fit(provisioner, authority.config()),
        None => Ok(()),
    }
}

/// Signs one token.
fn mint_one(
    mint: &Mint,
    request: Request,
    validity: Validity,
    settings: &MintSettings,
    world: &World,
) -> Result<Minted, Error> {
    if settings.validity.long_lived {
        warn_of_long_life(validity, world);
    }
    if let Purpose::SshUser(certificate) = &request.purpose
        && certificate.principals.is_empty()
    {
        world.warn(&format!(
            "the only login is the subject, `{}`: use --principal for other logins",
            request.subject
        ));
    }
    let token_id = TokenId::from_random(world.random()?);
    mint.token(request, validity, token_id).map_err(|cause| match cause {
        step_mint::Error::Signature(_) => Error::key(cause.to_string()).because(cause),
        _ => Error::usage(cause.to_string()).because(cause),
    })
}

fn warn_of_long_life(validity: Validity, world: &World) {
    let until_end = validity.not_after().saturating_sub(validity.issued_at());
    let delay = validity.not_before().saturating_sub(validity.issued_at());
    let seconds = |span: SignedDuration| span.as_nanos() / 1_000_000_000;
    if validity.lifetime() > Validity::MAX || delay > seconds(Validity::MAX_DELAY) {
        let end = SignedDuration::saturating_from_seconds(until_end);
        world.warn(&format!(
            "the token is valid for the next {end}: anyone who obtains it can use it until then"
        ));
    }
}
