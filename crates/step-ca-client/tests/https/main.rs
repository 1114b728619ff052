//! The client against a server on loopback that answers what no real CA would.

#![expect(clippy::unwrap_used, reason = "a test says by a panic that something is wrong")]

mod answers;
mod faults;
mod proxies;
mod server;
mod spending;
mod trust;

use std::error::Error as StdError;
use std::future::Future;
use std::time::Duration;

use step_ca_client::{Client, Error, Options, RequestFault};

use server::{Authority, Server};

/// Blocks on a future as a synchronous program would.
fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future)
}

/// Deadlines that a good server on loopback meets and a test can wait for.
fn impatient() -> Options {
    Options { timeout: Duration::from_millis(400), ..Options::default() }
}

fn client(authority: &Authority, server: &Server) -> Client {
    Client::new(&server.url(), &authority.roots(), &Options::default()).unwrap()
}

/// The fault of a failed request, after checks that apply to all errors.
fn fault(error: &Error) -> &RequestFault {
    assert!(error.is_network(), "{error}");
    assert!(error.to_string().starts_with("request to https://"), "{error}");
    error.request_fault().unwrap()
}

/// Everything that an error could show.
fn whole(error: &Error) -> String {
    let mut text = format!("{error:?}\n{error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!("\n{error:?}\n{error}"));
        cause = error.source();
    }
    text
}
