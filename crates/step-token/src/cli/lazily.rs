use std::ops::Deref;

use clap::{ArgMatches, Args, Command, FromArgMatches};

/// The arguments of a command, described only when that command runs.
///
/// Describing the arguments of all commands takes a millisecond, more than minting a token.
/// The tree of commands does it for the one that is run.
#[derive(Clone, Debug)]
pub(crate) struct Lazily<T>(Box<T>);

impl<T: Args> Args for Lazily<T> {
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}

impl<T: FromArgMatches> FromArgMatches for Lazily<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        T::from_arg_matches(matches).map(|arguments| Self(Box::new(arguments)))
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, clap::Error> {
        T::from_arg_matches_mut(matches).map(|arguments| Self(Box::new(arguments)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl<T> Deref for Lazily<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// A command by its path in the tree, and what adds its arguments to its description.
pub(crate) type Described = (&'static [&'static str], fn(Command) -> Command);
