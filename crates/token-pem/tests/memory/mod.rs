//! Looks for a text in the memory of the test itself.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;

use zeroize::Zeroizing;

/// A text to look for. It is stored so that it is not found itself.
pub(crate) struct Needle(Vec<u8>);

const MASK: u8 = 0x5a;

impl Needle {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(bytes.iter().map(|byte| byte ^ MASK).collect())
    }

    /// Returns how often the text is in memory that the process can write, freed memory included.
    pub(crate) fn count(&self) -> usize {
        let memory = File::open("/proc/self/mem").expect("Linux");
        let maps = fs::read_to_string("/proc/self/maps").expect("Linux");
        // Larger than any mapping that is looked at in one piece; wiped, so that it is not found later.
        let mut piece = Zeroizing::new(vec![0_u8; PIECE]);
        let own = piece.as_ptr() as u64..piece.as_ptr() as u64 + PIECE as u64;
        let mut found = 0;
        for line in maps.lines() {
            let mut words = line.split_whitespace();
            let (Some(range), Some(rights)) = (words.next(), words.next()) else { continue };
            if !rights.starts_with("rw") {
                continue;
            }
            let (begin, end) = range.split_once('-').expect("a range");
            let number = |text| u64::from_str_radix(text, 16).expect("an address");
            let (mut at, end) = (number(begin), number(end));
            while at < end {
                let length = usize::try_from((end - at).min(PIECE as u64)).expect("small");
                let Ok(read) = memory.read_at(&mut piece[..length], at) else { break };
                let places = piece[..read].windows(self.0.len()).enumerate();
                found += places
                    .filter(|(place, window)| {
                        !own.contains(&(at + *place as u64))
                            && window.iter().zip(&self.0).all(|(one, other)| one ^ MASK == *other)
                    })
                    .count();
                if read < length || at + read as u64 == end {
                    break;
                }
                at += (read - self.0.len()) as u64;
            }
        }
        found
    }
}

const PIECE: usize = 1 << 20;

/// Returns bytes that no other run has, and so no file of this program.
pub(crate) fn fresh(length: usize) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(vec![0; length]);
    let random = File::open("/dev/urandom").expect("Unix");
    random.read_exact_at(&mut bytes, 0).expect("random bytes");
    bytes
}
