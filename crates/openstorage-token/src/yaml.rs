//! YAML as a tree that keeps the text of every scalar, its line, and the order of members.
//!
//! The reader is saphyr-parser's. It hands out events, so `0x10` stays `0x10` and a member that
//! stands twice stays there twice; what a plain `yes` means is for whoever asks.

pub(crate) mod node;
pub(crate) mod reader;
pub(crate) mod writer;
