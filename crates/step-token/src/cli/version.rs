//! What the program is called, and which version it is.

use token_cli::{Error, World, output};

/// Prints the version, behind the first line of the program that is spoken for.
pub(crate) fn print(banner: Option<&str>, world: &World) -> Result<(), Error> {
    let platform = format!("({}/{})", system(), architecture());
    let own = format!("Step Token/{} {platform}\n", env!("CARGO_PKG_VERSION"));
    let text = match banner {
        Some(banner) => format!("{banner} {platform}\n{own}"),
        None => own,
    };
    output::stdout(text.as_bytes(), world)
}

/// The operating system, as Go calls it.
fn system() -> &'static str {
    match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    }
}

/// The architecture, as Go calls it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    }
}

/// How the program introduces itself to a CA.
pub(crate) const USER_AGENT: &str = concat!("step-token/", env!("CARGO_PKG_VERSION"));
