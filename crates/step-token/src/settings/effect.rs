//! Flags that contradict each other, or have no effect.
//!
//! A flag is honoured or refused, never ignored. A setting that has no effect is refused when it was
//! typed on the command line; from the environment or a defaults file it is ignored with a note.

use token_cli::{Error, Origin, Setting, World};

pub(crate) fn disagree(one: &Origin, other: &Origin) -> Error {
    Error::usage(format!("{one} and {other} cannot be combined"))
}

pub(crate) fn without_effect_here(origin: &Origin, why: &str) -> Error {
    Error::usage(format!("{origin} has no effect here: {why}")).hint("leave it out")
}

pub(crate) fn note_ignored(origin: &Origin, why: &str, world: &World) {
    world.note(&format!("{origin} is ignored: {why}"));
}

/// Refuses a flag that has no effect; ignores such a setting with a note.
pub(crate) fn refuse_or_clear<S: Clearable>(
    setting: &mut S,
    why: &str,
    world: &World,
) -> Result<(), Error> {
    let Some(origin) = setting.given() else { return Ok(()) };
    if origin.is_command_line() {
        return Err(without_effect_here(origin, why));
    }
    note_ignored(origin, why, world);
    setting.clear();
    Ok(())
}

/// Refuses a flag that has no effect; defaults files are for every command, and not checked.
pub(crate) fn refuse_if_typed<S: Clearable>(setting: &mut S, why: &str) -> Result<(), Error> {
    match setting.given() {
        Some(origin) if origin.is_command_line() => Err(without_effect_here(origin, why)),
        _ => Ok(()),
    }
}

/// A setting that can be given or not.
pub(crate) trait Clearable {
    fn given(&self) -> Option<&Origin>;
    fn clear(&mut self);
}

impl Clearable for Setting<bool> {
    fn given(&self) -> Option<&Origin> {
        self.value.then_some(&self.origin)
    }
    fn clear(&mut self) {
        self.value = false;
    }
}

impl<T> Clearable for Setting<Vec<T>> {
    fn given(&self) -> Option<&Origin> {
        (!self.value.is_empty()).then_some(&self.origin)
    }
    fn clear(&mut self) {
        self.value.clear();
    }
}

impl<T> Clearable for Option<Setting<T>> {
    fn given(&self) -> Option<&Origin> {
        self.as_ref().map(|setting| &setting.origin)
    }
    fn clear(&mut self) {
        *self = None;
    }
}
