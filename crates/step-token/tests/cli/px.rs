//! What a transcript of `px` cannot show, and the program called as pxctl.

#[path = "px/contexts.rs"]
mod contexts;
#[path = "px/output.rs"]
mod output;
#[path = "px/secrets.rs"]
mod secrets;
#[path = "px/walk.rs"]
mod walk;

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::under_test::program;
use crate::workshop::{Run, Workshop};

/// An account, an issuer and a secret of 64 bytes; the value of `--auth-config` is left out.
const KEY: &str = "--issuer my_issuer --shared-secret-file secret/good";

/// A run that prints a token and nothing else.
const MINT: &str = "px token --auth-config account/kubernetes.yaml --issuer my_issuer \
                    --shared-secret-file secret/good";

/// The files that the transcripts of `px` read, which the run may change.
struct Bench {
    shop: Workshop,
    pxctl: PathBuf,
}

impl Bench {
    fn new() -> Self {
        let shop = Workshop::of("px");
        let pxctl = shop.path("pxctl");
        symlink(program(), &pxctl).expect("a link");
        Self { shop, pxctl }
    }

    fn command(&self, line: &str) -> Command {
        self.shop.command(line)
    }

    fn run(&self, line: &str) -> Run {
        self.shop.run(line)
    }

    /// Runs the program as pxctl.
    fn pxctl(&self, line: &str) -> Run {
        let mut command = self.shop.called(&self.pxctl, line);
        Run::of(command.output().expect("the program starts"))
    }

    /// Runs the program from a shell's command line, which has its path as `$0` and `line` as `$@`.
    fn shell(&self, script: &str, line: &str) -> Command {
        let mut command = self.shop.called("/bin/sh".as_ref(), "");
        command.args(["-c", script]).arg(program());
        command.args(line.split_whitespace());
        command
    }

    fn path(&self, file: &str) -> PathBuf {
        self.shop.path(file)
    }

    fn read(&self, file: &str) -> String {
        self.shop.read(file)
    }

    fn mode(&self, file: &str) -> u32 {
        self.shop.mode(file)
    }

    fn set_mode(&self, file: &str, mode: u32) {
        self.shop.set_mode(file, mode);
    }

    /// Returns the names in a directory that look like temporary files of a write.
    fn left_behind(&self, directory: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(directory)).expect("a directory");
        entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .filter(|name| name.starts_with(".step-token-"))
            .collect()
    }
}

/// Returns header and claims of a token after another library has verified its signature.
fn checked(token: &str, secret: &[u8]) -> (Value, Value) {
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).expect("base64url");
    let (signed, signature) = token.rsplit_once('.').expect("a signature");
    let (header, claims) = signed.split_once('.').expect("claims");
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    hmac::verify(&key, signed.as_bytes(), &decode(signature)).expect("the secret's");
    let json = |part| serde_json::from_slice(&decode(part)).expect("JSON");
    (json(header), json(claims))
}
