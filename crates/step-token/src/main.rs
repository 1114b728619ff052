//! Mint the one-time tokens that bootstrap trust with step-ca.

use std::process::ExitCode;

use step_token::World;

fn main() -> ExitCode {
    step_token::run(std::env::args_os(), &World::real()).into()
}
