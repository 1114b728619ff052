//! Finds the other programs that the tests use.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Finds a program that `scripts/peers` installs in a directory of its own.
pub(crate) fn peer(name: &str) -> Result<PathBuf, String> {
    let program = directory()?.join(name);
    if program.is_file() {
        return Ok(program);
    }
    Err(format!("there is no {}: run scripts/peers", program.display()))
}

fn directory() -> Result<PathBuf, String> {
    let given = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(directory) = given("STEP_TOKEN_PEERS") {
        return Ok(directory);
    }
    let cache = given("XDG_CACHE_HOME").or_else(|| given("HOME").map(|home| home.join(".cache")));
    match cache {
        Some(cache) => Ok(cache.join("step-token-peers/bin")),
        None => Err("neither STEP_TOKEN_PEERS nor HOME is set: run scripts/peers".to_owned()),
    }
}

/// Finds sshd, which may be in a directory for administrators that is not on the user's `PATH`.
pub(crate) fn sshd() -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut directories: Vec<PathBuf> = std::env::split_paths(&path).collect();
    directories.extend(["/usr/local/sbin", "/usr/sbin"].map(PathBuf::from));
    // sshd restarts itself for every connection, so it needs an absolute path.
    directories.retain(|directory| directory.is_absolute());
    let found = directories.iter().map(|directory| directory.join("sshd")).find(|at| at.is_file());
    found.ok_or_else(|| "there is no sshd: run scripts/peers".to_owned())
}

/// Runs the real `step` in a step directory and returns what it wrote to stdout, or what went wrong.
pub(crate) fn step<A: AsRef<OsStr>>(
    step_path: &Path,
    arguments: impl IntoIterator<Item = A>,
) -> Result<Vec<u8>, String> {
    let mut command = Command::new(peer("step")?);
    command.args(arguments).env_clear().env("STEPPATH", step_path).env("HOME", step_path);
    stdout(&mut command)
}

/// Runs the real `nebula-cert`.
pub(crate) fn nebula_cert<A: AsRef<OsStr>>(
    arguments: impl IntoIterator<Item = A>,
) -> Result<(), String> {
    let mut command = Command::new(peer("nebula-cert")?);
    stdout(command.args(arguments).env_clear()).map(|_| ())
}

/// Runs a program without standard input and returns what it wrote to stdout, or what went wrong.
pub(crate) fn stdout(command: &mut Command) -> Result<Vec<u8>, String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| {
        format!("{} cannot be started: {error}", command.get_program().display())
    })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?} ended with {}: {stderr}", output.status))
}
