//! The recordings, and how to replay them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use step_token::{Exit, World};
use token_jose::{Algorithm, KeyFile, PublicKey, SigningKey as _, compact};
use token_time::Timestamp;

use crate::common::Sink;

/// One recorded run.
#[derive(Deserialize)]
pub(crate) struct Run {
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) argv: Vec<String>,
    env: BTreeMap<String, String>,
    stdin: Option<String>,
    pub(crate) token: Option<Recorded>,
    output_file: Option<OutputFile>,
    #[serde(default)]
    pub(crate) differs_by_design: Vec<String>,
}

#[derive(Deserialize)]
pub(crate) struct Recorded {
    pub(crate) header: String,
    pub(crate) claims: String,
    clock: Option<i64>,
    jti: Option<String>,
    verify_with: Option<VerifyWith>,
}

#[derive(Deserialize)]
struct VerifyWith {
    public_key: Option<PathBuf>,
    x25519_private: Option<PathBuf>,
}

#[derive(Deserialize)]
struct OutputFile {
    path: PathBuf,
}

/// What a replayed run did.
pub(crate) struct Outcome {
    pub(crate) exit: Exit,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The port of the stand-in server, with its colon.
    pub(crate) port: String,
    file: Option<String>,
}

impl Outcome {
    /// Returns the token, from standard output with one line feed after it, or from the file
    /// without.
    pub(crate) fn token(&self) -> Result<String, String> {
        if self.exit != Exit::Done {
            return Err(format!("ended with {:?}: {}", self.exit, self.stderr.trim()));
        }
        if let Some(file) = &self.file {
            return Ok(file.clone());
        }
        self.stdout
            .strip_suffix('\n')
            .map(str::to_owned)
            .ok_or_else(|| format!("stdout has no line feed: {:?}", self.stdout))
    }
}

pub(crate) fn runs() -> Vec<Run> {
    #[derive(Deserialize)]
    struct File {
        runs: Vec<Run>,
    }
    let text = std::fs::read("runs.json").expect("the recordings are there");
    serde_json::from_slice::<File>(&text).expect("the recordings are JSON").runs
}

impl Run {
    /// Returns the same run with one argument replaced by another.
    pub(crate) fn with_argument(mut self, recorded: &str, replaced: &str) -> Self {
        for argument in self.argv.iter_mut().filter(|argument| *argument == recorded) {
            replaced.clone_into(argument);
        }
        self
    }

    /// Runs the program on the recorded arguments, at the recorded time, drawing the recorded token
    /// ID; the recorded port becomes `port`.
    pub(crate) fn replay(&self, port: u16) -> Outcome {
        let recorded = self.token.as_ref();
        let clock = recorded.and_then(|token| token.clock).unwrap_or(NOON);
        let jti = recorded.and_then(|token| token.jti.clone());
        let (out, err) = (Sink::default(), Sink::default());
        let mut world = World::still(Timestamp::from_unix_seconds(clock))
            .with_home("/nonexistent")
            .with_random(move |bytes| {
                let hex = jti.as_deref().unwrap_or_default();
                for (at, byte) in bytes.iter_mut().enumerate() {
                    let digits = hex.get(2 * at..2 * at + 2).unwrap_or("00");
                    *byte = u8::from_str_radix(digits, 16).map_err(io::Error::other)?;
                }
                Ok(())
            })
            .with_streams(
                io::Cursor::new(self.stdin.clone().unwrap_or_default()),
                out.clone(),
                err.clone(),
            );
        for (name, value) in &self.env {
            world = world.with_variable(name, value);
        }
        let folder = tempfile::tempdir().expect("a temporary directory");
        let argv = self.argv.iter().map(|argument| {
            let argument = argument.replace(":19700", &format!(":{port}"));
            match &self.output_file {
                // The file that the real program wrote gets another path here.
                Some(file) if Path::new(&argument) == file.path => {
                    folder.path().join("out").into_os_string()
                }
                _ => OsString::from(argument),
            }
        });
        let argv: Vec<OsString> =
            std::iter::once(OsString::from("step-token")).chain(argv).collect();
        let exit = step_token::run(argv, &world);
        let file = std::fs::read_to_string(folder.path().join("out")).ok();
        let stdout = out.text();
        Outcome { exit, stdout, stderr: err.text(), port: format!(":{port}"), file }
    }

    /// Returns the key that verifies the recorded token.
    pub(crate) fn public_key(&self) -> PublicKey {
        let with = self.token.as_ref().and_then(|token| token.verify_with.as_ref());
        let with = with.expect("a token is recorded with what verifies it");
        match (&with.public_key, &with.x25519_private) {
            (Some(public), _) => read_public(public),
            (None, Some(private)) => public_half(private),
            (None, None) => panic!("no key verifies `{}`", self.name),
        }
    }

    /// Returns the public key of the signing key, by the flag that names it, or of the encrypted
    /// P-256 key of ca.json: the name of a key file begins with its kind.
    pub(crate) fn public_key_of_key_flag(&self) -> PublicKey {
        let names_a_key = |flag: &&String| flag.starts_with("--") && flag.ends_with("key");
        let key = self.argv.iter().skip_while(|argument| !names_a_key(argument)).nth(1);
        if let Some(key) = key.filter(|key| key.starts_with("nebula/")) {
            return public_half(Path::new(key));
        }
        let kind = key
            .and_then(|path| Path::new(path).file_name())
            .and_then(|name| name.to_str())
            .and_then(|name| name.split('.').next())
            .unwrap_or("p256");
        read_public(&Path::new("test-keys").join(format!("{kind}.pub.pem")))
    }
}

/// Returns the public key of a Nebula key.
fn public_half(path: &Path) -> PublicKey {
    let bytes = std::fs::read(path).expect("a private key");
    match KeyFile::parse_nebula(&bytes) {
        Ok(KeyFile::Plain(key)) => key.public_key().clone(),
        other => panic!("{}: {other:?}", path.display()),
    }
}

fn read_public(path: &Path) -> PublicKey {
    PublicKey::from_pem(&std::fs::read(path).expect("a public key")).expect("a public key in PEM")
}

/// Checks the signature with the algorithm that the header names, which the recordings vouch for.
pub(crate) fn verify(token: &str, key: PublicKey) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Header {
        alg: String,
    }
    let parts = compact::decode_unverified(token).map_err(|error| error.to_string())?;
    let header: Header = serde_json::from_slice(&parts.header).map_err(|e| e.to_string())?;
    let algorithm: Algorithm = header.alg.parse().map_err(|e| format!("{e}"))?;
    parts.verify(algorithm, &key).map_err(|error| error.to_string())
}

/// The time of a run without a recorded time.
const NOON: i64 = 1_795_385_137;
