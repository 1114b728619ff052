//! The program `step-token` as a library, so that a test can run it as a function.
//!
//! [`run`] takes the arguments; everything else that a run depends on comes in a [`World`]. A
//! program that mints tokens itself wants `step_mint` instead, which has no command line.

mod authority;
mod ca;
mod cli;
mod commands;
mod completion;
mod context;
mod manual;
mod mint;
mod px;
mod run;
mod settings;
mod token;

pub use run::run;
pub use token_cli::{Exit, Prompt, World};
