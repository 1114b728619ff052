//! Bytes that are wiped, and a bounded read into them.

use std::fmt;
use std::io::{self, Read};
use std::ops::Deref;

use zeroize::Zeroizing;

/// Bytes that are wiped on drop, and that leave no copy behind when they grow.
pub struct Wiped(Zeroizing<Vec<u8>>);

impl Wiped {
    /// Returns empty bytes with room for at least as many before they must move.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(capacity.max(CHUNK))))
    }

    /// Appends bytes.
    pub fn push(&mut self, more: &[u8]) {
        self.make_room(more.len());
        self.0.extend_from_slice(more);
    }

    /// Appends all that the reader has, up to `limit` bytes in all.
    ///
    /// # Errors
    ///
    /// - [`ReadError::TooLong`] if there would be more than `limit` bytes; one more has been read.
    /// - [`ReadError::Io`] if the reader fails.
    pub fn read_from(&mut self, mut reader: impl Read, limit: u64) -> Result<(), ReadError> {
        loop {
            let most = limit.saturating_add(1).saturating_sub(self.0.len() as u64);
            let asked = most.min(self.make_room(CHUNK) as u64);
            // Never more than there is room for, so the vector does not move.
            let read = reader.by_ref().take(asked).read_to_end(&mut self.0)?;
            if self.0.len() as u64 > limit {
                return Err(ReadError::TooLong { limit });
            }
            if (read as u64) < asked {
                return Ok(());
            }
        }
    }

    /// Returns the bytes, still to be wiped.
    #[must_use]
    pub fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        self.0
    }

    /// Makes room for at least `more` bytes, and returns for how many there is.
    fn make_room(&mut self, more: usize) -> usize {
        if self.0.capacity() - self.0.len() < more {
            let room = 2 * self.0.capacity() + more;
            let mut larger = Zeroizing::new(Vec::with_capacity(room));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.capacity() - self.0.len()
    }
}

impl Default for Wiped {
    fn default() -> Self {
        Self::with_capacity(ROOM)
    }
}

impl Deref for Wiped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl io::Write for Wiped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Wiped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wiped(..)")
    }
}

/// Reads all that the reader has, at most `limit` bytes, into memory that is wiped and that leaves
/// no copy behind while it fills.
///
/// # Errors
///
/// - [`ReadError::TooLong`] if there are more than `limit` bytes.
/// - [`ReadError::Io`] if the reader fails.
pub fn read_wiped(reader: impl Read, limit: u64) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    let mut bytes = Wiped::default();
    bytes.read_from(reader, limit)?;
    Ok(bytes.into_bytes())
}

/// Why something could not be read whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The reader failed.
    #[error(transparent)]
    Io(#[from] io::Error),

    /// There is more of it than the caller takes.
    #[error("longer than {limit} bytes")]
    TooLong {
        /// The most bytes that are taken.
        limit: u64,
    },
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Io(error) => error,
            ReadError::TooLong { .. } => io::ErrorKind::FileTooLarge.into(),
        }
    }
}

/// Enough for the usual key or password.
const ROOM: usize = 16 * 1024;

/// The least room there is for one read.
const CHUNK: usize = 4096;

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let mut bytes = Wiped::default();
        bytes.write_all(b"hunter2").unwrap();
        assert_eq!(format!("{bytes:?}"), "Wiped(..)");
        assert_eq!(&*bytes, b"hunter2");
    }

    #[test]
    fn a_failing_reader_is_no_long_one() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::ConnectionReset.into())
            }
        }
        let error = read_wiped(Broken, 16).unwrap_err();
        assert!(matches!(&error, ReadError::Io(_)), "{error}");
        assert_eq!(io::Error::from(error).kind(), io::ErrorKind::ConnectionReset);
    }

    #[test]
    fn one_byte_above_the_limit_is_too_long() {
        let bytes = vec![7; 3 * ROOM];
        for limit in [0, 1, CHUNK, ROOM - 1, ROOM, ROOM + 1, 2 * ROOM] {
            let read = read_wiped(&bytes[..limit], limit as u64).unwrap();
            assert_eq!(read.len(), limit);

            let error = read_wiped(&bytes[..=limit], limit as u64).unwrap_err();
            assert!(matches!(error, ReadError::TooLong { .. }), "{limit}: {error}");
            assert_eq!(io::Error::from(error).kind(), io::ErrorKind::FileTooLarge);
        }
    }

    /// A reader that hands over as many bytes as it likes, as a pipe does.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(self.1);
            self.0.read(&mut buffer[..most])
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_was_there(length in 0_usize..70_000, step in 1_usize..9_000, room in 0_usize..70_000) {
            let bytes: Vec<u8> = (0..251).cycle().take(length).collect();
            let mut read = Wiped::with_capacity(room);
            read.read_from(Trickle(&bytes, step), u64::MAX).unwrap();
            prop_assert!(*read == *bytes);
        }
    }
}
