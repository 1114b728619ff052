//! Makes untrusted text safe to print, and wipes secret text from memory.
//!
//! This crate prints nothing and opens no file: the caller decides where a text goes, and brings
//! the reader that a secret is read from.
//!
//! - [`Shown`]: a text in which whatever a terminal would obey is an escape; [`Excerpt`] also cuts
//!   it to a length that a message can carry.
//! - [`Several`] and [`Listed`]: a list of names, cut after ten.
//! - [`ShownPath`] and [`ShownValue`]: a value that should be a path or a name, unless it may be a secret.
//! - [`printable`] and [`printable_json`]: the same for a whole line, and for JSON.
//! - [`Wiped`]: bytes that are overwritten when they are dropped, also when they grow.
//! - [`read_wiped`]: a bounded read into such memory.
//!
//! ```
//! use token_text::{ReadError, Shown, read_wiped};
//!
//! assert_eq!(Shown("a\u{1b}[31m").to_string(), r"a\u{1b}[31m");
//!
//! assert_eq!(read_wiped(&b"hunter2"[..], 16)?.as_slice(), b"hunter2");
//! assert!(matches!(read_wiped(&b"hunter2"[..], 6), Err(ReadError::TooLong { limit: 6 })));
//! # Ok::<(), ReadError>(())
//! ```

mod printable;
mod several;
mod shown;
mod wiped;

pub use printable::{printable, printable_json};
pub use several::{Listed, Several};
pub use shown::{Excerpt, ShellWord, Shown, ShownPath, ShownValue};
pub use wiped::{ReadError, Wiped, read_wiped};
