//! `px` against the code that a Portworx server runs, and against the tools of Kubernetes.
//!
//! The server's code is a Go program beside this directory, `openstorage-peer`, built with the JWT
//! library of either generation: it verifies, mints and decides as the program must. Where the
//! two differ on purpose, a table here gives the reason. kubeconform, kubectl and the schemas of
//! Kubernetes check the manifests. `scripts/peers` installs all of them; without them the
//! tests fail.
//!
//! Random cases come from a seed in the file: every run sees the same ones.
#![expect(clippy::disallowed_methods, reason = "no path of a test is a secret")]
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test says by a panic that something is wrong")]

mod about;
mod accounts;
mod algorithms;
mod curves;
mod durations;
mod keys;
mod kubernetes;
mod manifests;
mod methods;
mod names;
mod ownership;
mod peers;
mod program;
mod random;
mod roles;
mod server_keys;
mod verdicts;
