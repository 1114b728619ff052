//! What standard input offers to a program that was not told to read it.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use token_text::{ReadError, read_wiped};
use zeroize::Zeroizing;

/// What a program finds on a standard input that no flag names.
#[derive(Debug)]
pub enum Offered {
    /// A terminal, a device such as `/dev/null`, or nothing at all.
    Nothing,
    /// A file or a pipe that ended without a byte.
    Empty,
    /// All that a file or a pipe had.
    Bytes(Zeroizing<Vec<u8>>),
    /// A pipe that had not ended after [`PATIENCE`]; what it may have sent is dropped.
    Unfinished,
}

/// How long a pipe that no flag names may take to its end.
pub const PATIENCE: Duration = Duration::from_secs(10);

impl Offered {
    /// Reads what the process's standard input has, at most `limit` bytes, within [`PATIENCE`].
    ///
    /// A job may inherit a pipe that nobody writes to or closes, so this never waits for its end.
    ///
    /// # Errors
    ///
    /// As [`read_wiped`].
    #[cfg(unix)]
    pub(crate) fn of_process(limit: u64) -> Result<Self, ReadError> {
        use rustix::fs::{FileType, fstat};
        let Ok(found) = fstat(io::stdin()) else { return Ok(Self::Nothing) };
        let is_stream = match FileType::from_raw_mode(found.st_mode) {
            FileType::RegularFile => false,
            FileType::Fifo | FileType::Socket => true,
            _ => return Ok(Self::Nothing),
        };
        let until = is_stream.then(|| Instant::now() + PATIENCE);
        match read_wiped(Impatient { until }, limit) {
            Ok(bytes) if bytes.is_empty() => Ok(Self::Empty),
            Ok(bytes) => Ok(Self::Bytes(bytes)),
            Err(ReadError::Io(error)) if error.kind() == io::ErrorKind::TimedOut => {
                Ok(Self::Unfinished)
            }
            Err(error) => Err(error),
        }
    }

    #[cfg(not(unix))]
    pub(crate) fn of_process(_limit: u64) -> Result<Self, ReadError> {
        Ok(Self::Nothing)
    }

    /// Reads all that a test gives as standard input.
    pub(crate) fn of_reader(reader: impl Read, limit: u64) -> Result<Self, ReadError> {
        let bytes = read_wiped(reader, limit)?;
        Ok(if bytes.is_empty() { Self::Nothing } else { Self::Bytes(bytes) })
    }
}

/// Standard input that fails if it is not ready by a certain time.
#[cfg(unix)]
struct Impatient {
    /// `None` for a regular file, which is always ready.
    until: Option<Instant>,
}

#[cfg(unix)]
impl Read for Impatient {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if let Some(until) = self.until {
            wait(until)?;
        }
        Ok(rustix::io::read(io::stdin(), bytes)?)
    }
}

/// Waits until standard input has something to read, or has ended.
#[cfg(unix)]
fn wait(until: Instant) -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let stdin = io::stdin();
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(&stdin, PollFlags::IN)], Some(&left)) {
            Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
