//! Which root certificate a CA has.

use std::path::PathBuf;

use step_ca_client::{OfflineCa, Roots};
use step_claims::RootFingerprint;
use token_cli::{Error, Origin, Setting, World};

use crate::settings::ca::CaSettings;
use crate::settings::effect::note_ignored;

/// Reads the root named by a setting, or the one in the step directory (Q7); `None` if there is
/// none, so that a fingerprint can be used instead.
pub(crate) fn roots_on_disk(settings: &CaSettings, world: &World) -> Result<Option<Roots>, Error> {
    let default = settings.step_path.root();
    let (path, origin) = match &settings.root {
        // A path in defaults.json may be outdated; the fingerprint beside it is enough.
        Some(root)
            if settings.fingerprint.is_some()
                && matches!(root.origin, Origin::Defaults { .. })
                && !root.value.exists() =>
        {
            return Ok(None);
        }
        Some(root) => (&root.value, Some(&root.origin)),
        None if default.exists() => (&default, None),
        None => return Ok(None),
    };
    let roots = Roots::load(path).map_err(|cause| {
        let place = origin.map_or_else(String::new, |origin| format!(" ({origin})"));
        Error::settings(format!("{cause}{place}"))
            .because(cause)
            .hint("use --root with another file, or fetch the root from the CA with --fingerprint")
    })?;
    let Some(fingerprint) = &settings.fingerprint else { return Ok(Some(roots)) };
    let known = roots.fingerprints();
    if known.contains(&fingerprint.value) {
        return Ok(roots.select(fingerprint.value).ok());
    }
    // A weaker setting may be for another CA, so it does not contradict a stronger one.
    let origin = origin.unwrap_or(&Origin::Default);
    if origin.outranks(&fingerprint.origin) {
        note_ignored(&fingerprint.origin, "the given root has another one", world);
        Ok(Some(roots))
    } else if fingerprint.origin.outranks(origin) {
        world.note(&format!("{} is ignored: it has another fingerprint", path.display()));
        Ok(None)
    } else {
        Err(without_fingerprint(&path.display().to_string(), fingerprint, &known))
    }
}

/// The `sha` with a ca.json: its first root, or the one that `--root` and `--fingerprint` select.
pub(crate) fn root_of_file(
    ca: &OfflineCa,
    settings: &CaSettings,
    world: &World,
) -> Result<RootFingerprint, Error> {
    let unusable = |cause| {
        Error::settings(format!("cannot use the root certificate of {}", ca.path().display()))
            .because(cause)
    };
    let root = match &settings.root {
        Some(root) => given_root(root, ca, world)?,
        None => None,
    };
    let without_a_choice = || match &root {
        Some(root) => Ok(root.fingerprint()),
        None => ca.roots().map(|roots| roots.fingerprint()).map_err(unusable),
    };
    let Some(fingerprint) = &settings.fingerprint else { return without_a_choice() };
    let (place, known) = match (&root, &settings.root) {
        (Some(root), Some(given)) => (given.value.display().to_string(), root.fingerprints()),
        _ => {
            let all = ca.all_roots().map_err(unusable)?;
            (ca.path().display().to_string(), all.iter().flat_map(Roots::fingerprints).collect())
        }
    };
    if known.contains(&fingerprint.value) {
        return Ok(fingerprint.value);
    }
    if fingerprint.origin.is_command_line() {
        return Err(without_fingerprint(&place, fingerprint, &known));
    }
    note_ignored(&fingerprint.origin, "no root in the ca.json has it", world);
    without_a_choice()
}

/// Reads the root named by a setting, which must be one of the CA's. If it is not, it is refused on
/// the command line and ignored from elsewhere.
pub(crate) fn given_root(
    root: &Setting<PathBuf>,
    ca: &OfflineCa,
    world: &World,
) -> Result<Option<Roots>, Error> {
    let typed = root.origin.is_command_line();
    let fits = Roots::load(&root.value).and_then(|roots| Ok((ca.contains(&roots)?, roots)));
    match fits {
        Ok((true, roots)) => Ok(Some(roots)),
        Ok((false, _)) if typed => {
            let (root, ca) = (root.value.display(), ca.path().display());
            Err(Error::settings(format!("{root} is not a root certificate of {ca}"))
                .hint("leave out --root: the ca.json names its own"))
        }
        Err(cause) if typed => Err(Error::settings(format!("{cause} (--root)"))
            .because(cause)
            .hint("leave out --root: the ca.json names its own")),
        Ok(_) => {
            note_ignored(&root.origin, "it is not a root of the ca.json", world);
            Ok(None)
        }
        Err(cause) => {
            note_ignored(&root.origin, &cause.to_string(), world);
            Ok(None)
        }
    }
}

fn without_fingerprint(
    place: &str,
    fingerprint: &Setting<RootFingerprint>,
    known: &[RootFingerprint],
) -> Error {
    let known: Vec<String> = known.iter().map(ToString::to_string).collect();
    let (value, origin) = (fingerprint.value, &fingerprint.origin);
    Error::settings(format!("{place} has no certificate with the fingerprint {value} ({origin})"))
        .hint(format!("use a fingerprint it has: {}", known.join(", ")))
}

pub(crate) fn no_root(settings: &CaSettings) -> Error {
    Error::settings(format!(
        "no root certificate given, and {} does not exist",
        settings.step_path.root().display()
    ))
    .hint("use --root FILE or --fingerprint HEX")
}
