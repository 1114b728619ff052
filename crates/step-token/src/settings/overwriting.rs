//! Keeps a result from replacing the file that it was made from.

use std::fs::Metadata;
use std::path::{Path, PathBuf};

use token_cli::{Error, Setting, Source, World};
use token_text::ShownPath;

/// Refuses an output file that this run reads, under whatever name.
pub(crate) fn refuse(
    output: Option<&Setting<PathBuf>>,
    inputs: impl IntoIterator<Item = Setting<Source>>,
    world: &World,
) -> Result<(), Error> {
    let Some(output) = output else { return Ok(()) };
    let Some(target) = regular(&output.value) else { return Ok(()) };
    for input in inputs {
        let found = file_of(&input.value, world).and_then(|path| regular(&path));
        if found.is_some_and(|found| is_same(&found, &target)) {
            let message = format!(
                "{} ({}) is the file that {} reads",
                ShownPath(&output.value),
                output.origin,
                input.origin
            );
            return Err(Error::usage(message).hint("use another file for the result"));
        }
    }
    Ok(())
}

/// Returns the file that a source reads.
fn file_of(source: &Source, world: &World) -> Option<PathBuf> {
    match source {
        Source::Path(path) => Some(path.clone()),
        Source::Stdin => Some(PathBuf::from("/dev/fd/0")),
        Source::Descriptor(number) => Some(Path::new("/dev/fd").join(number.to_string())),
        Source::Credential(name) => {
            Some(Path::new(world.variable_os("CREDENTIALS_DIRECTORY")?).join(name))
        }
        Source::Variable(_) => None,
    }
}

/// Returns what the system knows about a regular file; links are followed.
fn regular(path: &Path) -> Option<Metadata> {
    std::fs::metadata(path).ok().filter(Metadata::is_file)
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Elsewhere a file has no identity that the standard library tells.
#[cfg(not(unix))]
fn is_same(_one: &Metadata, _other: &Metadata) -> bool {
    false
}
