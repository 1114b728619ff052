//! The least that a program with a command line does: what `scripts/bench` holds a token against.

use std::process::ExitCode;

use clap::Parser;

/// Print a greeting
#[derive(Debug, Parser)]
struct Arguments {
    /// Whom to greet
    name: String,

    /// How often
    #[arg(long, default_value_t = 1)]
    times: u8,
}

fn main() -> ExitCode {
    use std::io::Write as _;

    let arguments = Arguments::parse();
    let mut stdout = std::io::stdout();
    for _ in 0..arguments.times {
        if writeln!(stdout, "hello {}", arguments.name).is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
