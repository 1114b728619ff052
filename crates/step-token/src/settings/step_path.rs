//! The directory where step keeps its files, and the contexts in it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

use go_json::{Document, Fields, Mismatch, Syntax, Value};
use serde::Serialize;
use serde_json::ser::PrettyFormatter;
use token_cli::{Error, LockedDirectory, SAVE_AS_UTF_8, World, file};
use token_text::{Listed, ReadError, Shown, ShownPath, ShownValue};

/// The base directory: `$STEPPATH`, else `.step` in the home directory.
#[derive(Clone, Debug)]
pub(crate) struct Base(PathBuf);

/// The entry of a context in `contexts.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Context {
    // In the order in which step writes them.
    pub(crate) profile: String,
    pub(crate) authority: String,
}

/// The contexts by name, in alphabetical order.
pub(crate) type Contexts = BTreeMap<String, Context>;

/// `current-context.json`.
#[derive(Clone, Debug, Serialize)]
struct Current {
    context: String,
}

impl Base {
    /// Finds the base directory.
    ///
    /// # Errors
    ///
    /// If the variable is not set, and there is no home directory.
    pub(crate) fn find(world: &World) -> Result<Self, Error> {
        match world.variable_os("STEPPATH") {
            Some(path) if !path.is_empty() => Ok(Self(clean(Path::new(path)))),
            _ => world.home().map(|home| Self(home.join(".step"))).ok_or_else(|| {
                Error::settings("no home directory in which to look for .step")
                    .hint("set STEPPATH or HOME")
            }),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn contexts_file(&self) -> PathBuf {
        self.0.join("contexts.json")
    }

    pub(crate) fn current_file(&self) -> PathBuf {
        self.0.join("current-context.json")
    }

    pub(crate) fn authority(&self, name: &str) -> PathBuf {
        self.0.join("authorities").join(name)
    }

    pub(crate) fn profile(&self, name: &str) -> PathBuf {
        self.0.join("profiles").join(name)
    }

    /// Reads the contexts; an empty list means that contexts are not in use.
    ///
    /// # Errors
    ///
    /// If the file is not such an object, or an entry has no authority or profile.
    pub(crate) fn contexts(&self) -> Result<Contexts, Error> {
        let file = self.contexts_file();
        let contexts = read_json(&file, contexts)?.unwrap_or_default();
        for (name, context) in &contexts {
            for (what, value) in [("authority", &context.authority), ("profile", &context.profile)]
            {
                // Both become directory names below the base directory.
                if !is_plain_name(value) {
                    let message =
                        format!("context `{name}` in {} has no valid {what}", ShownPath(&file));
                    return Err(Error::settings(message).hint("use the plain name of a directory"));
                }
            }
        }
        Ok(contexts)
    }

    /// Locks the contexts, and which of them is current, against other runs of this program.
    ///
    /// # Errors
    ///
    /// If another run keeps them locked.
    pub(crate) fn lock(&self) -> Result<LockedDirectory, Error> {
        LockedDirectory::lock(&self.0)
    }

    /// Reads the name of the current context.
    ///
    /// # Errors
    ///
    /// If the file is not such an object.
    pub(crate) fn current(&self) -> Result<Option<String>, Error> {
        let name = read_json(&self.current_file(), |value| {
            Fields::of(value).ok_or(Unreadable::NotAnObject)?.string("context").map_err(Into::into)
        })?;
        Ok(name.filter(|name| !name.is_empty()))
    }

    /// Makes `name` the current context, in the form step writes.
    ///
    /// # Errors
    ///
    /// If another run has removed it, or the file cannot be written.
    pub(crate) fn make_current(&self, name: &str) -> Result<(), Error> {
        let text = serde_json::to_vec(&Current { context: name.to_owned() }).map_err(unwritable)?;
        let _lock = self.lock()?;
        let contexts = self.contexts()?;
        if !contexts.contains_key(name) {
            return Err(unknown(name, "", self, &contexts));
        }
        file::replace(&self.current_file(), &text, 0o644)
    }

    /// Replaces the contexts, in the form step writes, while they are locked.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub(crate) fn set_contexts(
        &self,
        contexts: &Contexts,
        _locked: &LockedDirectory,
    ) -> Result<(), Error> {
        let mut text = Vec::new();
        let four_blanks = PrettyFormatter::with_indent(b"    ");
        contexts
            .serialize(&mut serde_json::Serializer::with_formatter(&mut text, four_blanks))
            .map_err(unwritable)?;
        file::replace(&self.contexts_file(), &text, 0o600)
    }
}

/// The step directory of the active authority, and the profile's, if a context is active.
#[derive(Clone, Debug)]
pub(crate) struct StepPath {
    base: Base,
    /// Its name and its entry.
    context: Option<(String, Context)>,
}

impl StepPath {
    /// Determines the active context.
    ///
    /// `asked` is the name given with `--context`, and its origin. Without it, the current context
    /// is active; without that, the only one, or the one a person chooses.
    ///
    /// # Errors
    ///
    /// If the context is unknown, or there are several and no terminal to ask on.
    pub(crate) fn resolve(
        base: Base,
        asked: Option<(&str, String)>,
        world: &World,
    ) -> Result<Self, Error> {
        let contexts = base.contexts()?;
        let (name, place) = match asked {
            Some((name, place)) => (name.to_owned(), place),
            None if contexts.is_empty() => return Ok(Self { base, context: None }),
            None => match base.current()? {
                Some(name) => (name, ShownPath(&base.current_file()).to_string()),
                None => (choose(&base, &contexts, world)?, String::new()),
            },
        };
        match contexts.get(&name) {
            Some(context) => Ok(Self { context: Some((name, context.clone())), base }),
            None => Err(unknown(&name, &place, &base, &contexts)),
        }
    }

    /// `$STEP`: the directory with certificates and configuration of the active authority.
    pub(crate) fn step(&self) -> PathBuf {
        match &self.context {
            Some((_, context)) => self.base.authority(&context.authority),
            None => self.base.path().to_owned(),
        }
    }

    /// Returns the defaults files in order of precedence.
    pub(crate) fn defaults_files(&self) -> Vec<PathBuf> {
        let file = |directory: PathBuf| directory.join("config").join("defaults.json");
        match &self.context {
            Some((_, context)) => {
                vec![
                    file(self.base.profile(&context.profile)),
                    file(self.base.authority(&context.authority)),
                ]
            }
            None => vec![file(self.base.path().to_owned())],
        }
    }

    /// Returns the name of the active context.
    pub(crate) fn context_name(&self) -> Option<&str> {
        self.context.as_ref().map(|(name, _)| name.as_str())
    }

    pub(crate) fn has_context(&self) -> bool {
        self.context.is_some()
    }

    /// `$STEP/config/ca.json` (Q23: upstream looks in the base directory, context or not).
    pub(crate) fn ca_config(&self) -> PathBuf {
        self.step().join("config").join("ca.json")
    }

    /// `$STEP/certs/root_ca.crt`.
    pub(crate) fn root(&self) -> PathBuf {
        self.step().join("certs").join("root_ca.crt")
    }

    /// `$STEP/config/identity.json`.
    pub(crate) fn identity(&self) -> PathBuf {
        self.step().join("config").join("identity.json")
    }
}

fn choose(base: &Base, contexts: &Contexts, world: &World) -> Result<String, Error> {
    let names: Vec<String> = contexts.keys().cloned().collect();
    if let [only] = names.as_slice() {
        world.announce("Context", only);
        return Ok(only.clone());
    }
    let Some(chosen) = world.ask(|person| person.choose("Context to use", &names)) else {
        let message = format!("no current context; there are several: {}", Listed(&names));
        return Err(Error::settings(message)
            .hint("use --context or STEP_CONTEXT, or run `step-token context select NAME`"));
    };
    let chosen = chosen.map_err(|cause| Error::settings("no context was chosen").because(cause))?;
    let name = names.get(chosen).cloned().unwrap_or_default();
    base.make_current(&name)?;
    Ok(name)
}

/// How a context is made; step does it.
pub(crate) const ADD: &str =
    "run `step ca bootstrap --context NAME --ca-url URL --fingerprint FINGERPRINT` to add one";

pub(crate) fn unknown(name: &str, place: &str, base: &Base, contexts: &Contexts) -> Error {
    let from = if place.is_empty() { String::new() } else { format!(" ({place})") };
    let message = format!("unknown context `{}`{from}", ShownValue(name));
    let hint = if contexts.is_empty() {
        format!("{} has no contexts: {ADD}", ShownPath(&base.contexts_file()))
    } else {
        let names: Vec<&str> = contexts.keys().map(String::as_str).collect();
        format!("use a known context: {}", Listed(&names))
    };
    Error::settings(message).hint(hint)
}

/// Reads the object in `contexts.json`: a map, whose names are exact, of structs.
fn contexts(value: Value<'_>) -> Result<Contexts, Unreadable> {
    let mut contexts = Contexts::new();
    for (name, value) in value.members().ok_or(Unreadable::NotAnObject)? {
        let fields = Fields::of(value).ok_or_else(|| Unreadable::Entry(name.to_string()))?;
        let context =
            Context { profile: fields.string("profile")?, authority: fields.string("authority")? };
        contexts.insert(name.into_owned(), context);
    }
    Ok(contexts)
}

/// Why a JSON file does not hold what it should.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("it is not a JSON object")]
    NotAnObject,
    #[error("`{}` is not an object", Shown(.0))]
    Entry(String),
    #[error(transparent)]
    Member(#[from] Mismatch),
}

/// Reads a JSON file as step does, by rules of Go; `None` if there is none.
pub(crate) fn read_json<T>(
    path: &Path,
    read: impl FnOnce(Value<'_>) -> Result<T, Unreadable>,
) -> Result<Option<T>, Error> {
    let text = match file::read(path, MAX_JSON) {
        Ok(text) => text,
        Err(ReadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let error = io::Error::from(error);
            return Err(Error::settings(format!("cannot read {}", token_text::ShownPath(path)))
                .because(error));
        }
    };
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    let unparsable = || Error::settings(format!("cannot parse {}", ShownPath(path)));
    let hint = "fix the file, or move it away";
    let document = Document::whole(text).map_err(|cause| {
        let hint = if cause.fault == Syntax::Utf16 { SAVE_AS_UTF_8 } else { hint };
        unparsable().because(cause).hint(hint)
    })?;
    read(document.value()).map(Some).map_err(|cause| unparsable().because(cause).hint(hint))
}

fn unwritable(cause: serde_json::Error) -> Error {
    Error::settings("cannot write JSON").because(cause)
}

/// Removes `.`, `..` and doubled separators without looking at the disk, as step does.
fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(clean.components().next_back(), Some(Component::Normal(_))) =>
            {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    if clean.as_os_str().is_empty() { PathBuf::from(".") } else { clean }
}

/// Far more than any settings file.
const MAX_JSON: u64 = 1 << 20;

fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_without_the_disk() {
        for (given, left) in [
            ("a/./b//c", "a/b/c"),
            ("a/../b", "b"),
            ("../x", "../x"),
            ("/a/..", "/"),
            ("a/..", "."),
        ] {
            assert_eq!(clean(Path::new(given)), Path::new(left), "{given}");
        }
    }

    #[test]
    fn contexts_are_read_as_go_reads_a_map_of_structs() {
        let json = br#"{"lab":{"profile":"old"},"Lab":{"Authority":"a","PROFILE":"p","more":[]},
            "lab":{"authority":"b","profile":"q","profile":null}}"#;
        let read = contexts(Document::whole(json).unwrap().value()).unwrap();
        let entry = |name: &str| (read[name].authority.as_str(), read[name].profile.as_str());
        assert_eq!(read.len(), 2);
        assert_eq!((entry("Lab"), entry("lab")), (("a", "p"), ("b", "q")));
        let wrong = Document::whole(br#"{"a":{"profile":1}}"#).unwrap();
        assert_eq!(contexts(wrong.value()).unwrap_err().to_string(), "`profile` is not a string");
    }

    #[test]
    fn a_context_cannot_lead_out_of_the_base_directory() {
        for name in ["", ".", "..", "../x", "a/b", "a\\b", "a\0"] {
            assert!(!is_plain_name(name), "{name:?}");
        }
    }
}
