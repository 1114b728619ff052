//! Which provisioners were considered, and why each was left out, for `--verbose`.

use std::fmt;

use step_claims::Operation;
use step_provisioner::{LeftOut, Provisioner, Why};

/// Tells of the provisioners that are left out, up to ten of them.
#[derive(Debug)]
pub(crate) struct Considered {
    left_out: usize,
    /// Whether the same list was told before, without the key that is known now.
    is_repeat: bool,
}

impl Considered {
    /// `knows_key` says whether the list is narrowed once more, now by a key.
    pub(crate) fn new(provisioners: usize, operation: Operation, knows_key: bool) -> Self {
        if !knows_key {
            tracing::debug!("provisioners considered for `{operation}`: {provisioners}");
        }
        Self { left_out: 0, is_repeat: knows_key }
    }

    /// Tells of a provisioner that the request leaves out.
    pub(crate) fn leave_out(&mut self, provisioner: &Provisioner, why: LeftOut) {
        if self.is_repeat && why != LeftOut::OtherKey {
            return;
        }
        match (why, &provisioner.disabled) {
            (LeftOut::Disabled, Some(disabled)) => {
                self.tell(provisioner, &format_args!("{why}, because {disabled}"));
            }
            _ => self.tell(provisioner, &why),
        }
    }

    /// Tells of a provisioner that is left out for a reason in words.
    pub(crate) fn leave_out_because(&mut self, provisioner: &Provisioner, why: &str) {
        if !self.is_repeat {
            self.tell(provisioner, &why);
        }
    }

    fn tell(&mut self, provisioner: &Provisioner, why: &dyn fmt::Display) {
        self.left_out += 1;
        if self.left_out <= MOST {
            tracing::debug!("{} is left out: {why}", provisioner.label());
        }
    }

    /// Tells how many more were left out.
    pub(crate) fn end(&self) {
        if let more @ 1.. = self.left_out.saturating_sub(MOST) {
            tracing::debug!("and {more} more are left out");
        }
    }

    /// Tells which provisioner is selected, and by what.
    pub(crate) fn select(&self, provisioner: &Provisioner, why: Option<Why>) {
        self.end();
        // The key that was opened changed nothing.
        if self.is_repeat && self.left_out == 0 {
            return;
        }
        let why = match why {
            Some(Why::Only) => "the CA has no other",
            Some(Why::Name) => "its name was given",
            Some(Why::KeyId) => "its key ID was given",
            Some(Why::Key) => "the given key is its own",
            _ => "no other one is left",
        };
        tracing::debug!("{} is selected: {why}", provisioner.label());
    }

    /// Tells that several are left, from which a key or a person has to choose.
    pub(crate) fn choose_from(&self, candidates: usize) {
        self.end();
        tracing::debug!("{candidates} provisioners are left");
    }
}

/// How many provisioners are told one by one.
const MOST: usize = 10;
