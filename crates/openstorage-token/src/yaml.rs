//! YAML as a tree that keeps the text of every scalar, its line, and the order of members.
//!
//! The reader is saphyr-parser's. It hands out events, so `0x10` stays `0x10` and a member that
//! appears twice is kept twice; the caller decides what a plain `yes` means.

pub(crate) mod node;
pub(crate) mod reader;
pub(crate) mod writer;
