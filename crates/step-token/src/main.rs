//! The program `step-token`: mints tokens for step-ca and OpenStorage.

use std::process::ExitCode;

use step_token::World;

fn main() -> ExitCode {
    step_token::run(std::env::args_os(), &World::real()).into()
}
