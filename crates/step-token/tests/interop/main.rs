//! The program against a real step-ca: the built program mints, and each token is spent over HTTPS.
//!
//! A run starts CAs of its own, made by `step ca init`, in temporary directories and on free ports of
//! the loopback interface, and an sshd for a test that logs in. They end with the run, in any case.
//! `step`, `step-ca`, `nebula-cert` and sshd are those that `scripts/peers` installs; without them the
//! tests fail.
#![expect(clippy::disallowed_methods, reason = "no path of a test is a secret")]
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test says by a panic that something is wrong")]

mod ca;
mod certificate;
mod chains;
mod confirmation;
mod daemon;
mod hierarchy;
mod identity;
mod ipv6;
mod json;
mod k8ssa;
mod keys;
mod listing;
mod logins;
mod names;
mod nebula;
mod peers;
mod program;
mod provisioners;
mod proxy;
mod renew;
mod revocation;
mod rules;
mod spend;
mod ssh;
mod ssh_revocation;
mod sshd;
mod sshpop;
mod step;
mod times;
mod trust;
#[path = "../common/under_test.rs"]
mod under_test;
mod user_data;
mod windows;
mod x5c;

use std::path::PathBuf;

use ca::Ca;
use program::Way;

/// Returns a file of the recorded test data.
fn vector(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/vectors")).join(path)
}

/// Returns a private key of the recorded test data.
fn test_key(name: &str) -> PathBuf {
    vector("test-keys").join(name)
}
