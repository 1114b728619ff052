//! Shared parts of this workspace's command-line programs.
//!
//! This crate knows no token, no key format and no command. It is what every program needs around
//! them: the outside world as one value, secrets from safe places, files that are written whole, and
//! errors that tell a person what to try.
//!
//! - [`World`]: clock, randomness, environment, streams and the person at the terminal ([`Prompt`]).
//! - [`Setting`] and [`Origin`]: a value and where it came from; [`Given`] and [`Switch`] as flags.
//! - [`Source`]: where a secret is read from, never the command line itself; [`Offered`]: what a pipe
//!   brings that no flag names.
//! - [`Output`] and [`Destination`]: where a result goes, settled before anything costly is done.
//! - [`file`](mod@file), [`LockedFile`] and [`LockedDirectory`]: files that are replaced as a whole, one writer at a time.
//! - [`Report`] and [`columns`]: a verdict and a table for people.
//! - [`Error`] and [`Exit`]: a message with hints, and the exit status it ends the program with.
//!
//! ```
//! use token_cli::{Error, Exit, World};
//! use token_time::Timestamp;
//!
//! let world = World::still(Timestamp::from_unix_seconds(1_700_000_000));
//! let answer = world.ask(|person| person.confirm("Overwrite the file"));
//! assert!(answer.is_none(), "there is no terminal to ask on");
//!
//! let error = Error::settings("out.jwt exists (--output-file)").hint("use --force to overwrite it");
//! assert_eq!(error.report(), "error: out.jwt exists (--output-file)\nhint: use --force to overwrite it");
//! assert_eq!(error.exit(), Exit::Settings);
//! ```

mod colour;
mod error;
mod exit;
pub mod file;
mod given;
mod lock;
mod offered;
pub mod output;
mod report;
mod setting;
mod source;
mod table;
mod terminal;
mod world;

pub use colour::Colour;
pub use error::Error;
pub use exit::{EXIT_HELP, Exit};
pub use given::{Given, Switch, empty_flag};
pub use lock::{LockedDirectory, LockedFile};
pub use offered::{Offered, PATIENCE};
pub use output::{Destination, Output, OutputSettings};
pub use report::{Mark, Report};
pub use setting::{Origin, Setting};
pub use source::{
    MAX_SECRET, SAVE_AS_UTF_8, Source, Stream, is_utf_16, one_reader_of_each,
    warn_if_others_can_read, without_line_end,
};
pub use table::columns;
pub use terminal::Prompt;
pub use world::World;
