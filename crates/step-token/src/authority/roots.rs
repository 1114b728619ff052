//! Which root certificate a CA has, if no ca.json says so.

use std::path::Path;

use step_ca_client::Roots;
use step_claims::RootFingerprint;
use token_cli::{Error, Origin, Setting, World};
use token_text::ShownPath;

use crate::settings::ca::CaSettings;
use crate::settings::effect::note_ignored;

/// Reads the root named by a setting, or the one in the step directory (Q7); `None` if there is
/// none, so that a fingerprint can be used instead.
///
/// A root file outranks a fingerprint in a defaults file, which may be that of a root since
/// replaced. One from the command line or the environment decides.
pub(crate) fn roots_on_disk(settings: &CaSettings, world: &World) -> Result<Option<Roots>, Error> {
    let default = settings.step_path.root();
    let fingerprint = settings.fingerprint.as_ref();
    let (path, origin) = match &settings.root {
        // A path in defaults.json may be outdated; the fingerprint beside it is enough.
        Some(root)
            if fingerprint.is_some()
                && matches!(root.origin, Origin::Defaults { .. })
                && !root.value.exists() =>
        {
            return Ok(None);
        }
        Some(root) => (&root.value, &root.origin),
        None if default.exists() => (&default, &Origin::Default),
        None => return Ok(None),
    };
    let decisive = fingerprint.filter(|given| decides(&given.origin));
    let roots = match (Roots::load(path), decisive) {
        (Ok(roots), _) => roots,
        (Err(cause), Some(given)) if given.origin.outranks(origin) => {
            world.note(&format!("{} is ignored: {cause}", ShownPath(path)));
            return Ok(None);
        }
        (Err(cause), _) => {
            let place = match origin {
                Origin::Default => String::new(),
                origin => format!(" ({origin})"),
            };
            return Err(Error::settings(format!("{cause}{place}")).because(cause).hint(
                "use --root with another file, or fetch the root from the CA with --fingerprint",
            ));
        }
    };
    match fingerprint {
        None => Ok(Some(roots)),
        Some(fingerprint) => agreeing(roots, path, origin, fingerprint, world),
    }
}

/// Returns the root if the fingerprint fits it or weighs less; `None` if the fingerprint weighs
/// more.
fn agreeing(
    roots: Roots,
    path: &Path,
    origin: &Origin,
    fingerprint: &Setting<RootFingerprint>,
    world: &World,
) -> Result<Option<Roots>, Error> {
    let known = roots.fingerprints();
    if known.contains(&fingerprint.value) {
        return Ok(roots.select(fingerprint.value).ok());
    }
    let place = ShownPath(path).to_string();
    if !decides(&fingerprint.origin) {
        warn_of_stale(fingerprint, &place, roots.fingerprint(), world);
        Ok(Some(roots))
    } else if origin.outranks(&fingerprint.origin) {
        // A weaker setting may be for another CA, so it does not contradict a stronger one.
        note_ignored(&fingerprint.origin, "the given root has another one", world);
        Ok(Some(roots))
    } else if fingerprint.origin.outranks(origin) {
        world.note(&format!("{place} is ignored: it has another fingerprint"));
        Ok(None)
    } else {
        Err(without_fingerprint(&place, fingerprint, &known))
    }
}

/// Returns whether a fingerprint from there was given for this run.
pub(crate) fn decides(origin: &Origin) -> bool {
    matches!(origin, Origin::CommandLine { .. } | Origin::Environment { .. })
}

/// Warns of a fingerprint in a defaults file that the root in use does not have.
pub(crate) fn warn_of_stale(
    fingerprint: &Setting<RootFingerprint>,
    place: &str,
    own: RootFingerprint,
    world: &World,
) {
    let origin = &fingerprint.origin;
    world.warn(&format!("{origin} is ignored: {place} has another one, {own}"));
}

pub(crate) fn without_fingerprint(
    place: &str,
    fingerprint: &Setting<RootFingerprint>,
    known: &[RootFingerprint],
) -> Error {
    let known: Vec<String> = known.iter().map(ToString::to_string).collect();
    let (value, origin) = (fingerprint.value, &fingerprint.origin);
    Error::settings(format!("{place} has no certificate with the fingerprint {value} ({origin})"))
        .hint(format!("use a fingerprint it has: {}", token_text::Listed(&known)))
}

pub(crate) fn no_root(settings: &CaSettings) -> Error {
    Error::settings(format!(
        "no root certificate given, and {} does not exist",
        ShownPath(&settings.step_path.root())
    ))
    .hint("use --root FILE or --fingerprint HEX")
}
