//! JSON as the Go programs on the other side read it.
//!
//! step, step-ca and the servers of storage tokens decode JSON with one of two decoders, and both
//! accept texts that a strict parser refuses, and read some texts differently. A program that is
//! to agree with them reads JSON by their rules. What a member means is left to the caller.
//!
//! - [`Document`]: a text whose syntax has been checked. Bytes that are not UTF-8 and halves of
//!   surrogate pairs are read as U+FFFD. It is walked in place, so it takes no memory beyond its text.
//! - [`Value`]: one value in it, read when it is asked for.
//! - [`Tokens`]: the pieces of a value from front to back, to go through one of any depth.
//! - [`Fields`]: an object as `encoding/json` fills a struct. Names are found in any letter case, a
//!   repeated object merges into the first, and of a repeated scalar the last one counts.
//! - [`Exact`]: an object as go-jose reads it. Names are exact, and a repeated one is an error.
//!
//! ```
//! use go_json::{Document, Fields};
//!
//! let json = br#"{"Authority": {"type": "softcas"}, "authority": {"enableadmin": true}}"#;
//! let document = Document::whole(json)?;
//! let top = Fields::of(document.value()).expect("it is an object");
//! let authority = top.object("authority")?;
//! assert_eq!(authority.string("type")?, "softcas");
//! assert!(authority.boolean("enableAdmin")?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Sources: the package `encoding/json` of Go 1.26 (version 1 of it), and the package `json` of
//! go-jose 3.0.4.

mod document;
mod error;
mod exact;
mod fields;
mod fold;
mod scan;
mod tokens;
mod value;
mod walk;

pub use document::Document;
pub use error::{Expected, Malformed, Mismatch, Syntax};
pub use exact::{Exact, Repeated};
pub use fields::{Fields, Occurrence};
pub use fold::folds_to;
pub use tokens::{Token, Tokens};
pub use value::{Elements, Kind, Members, Value};
