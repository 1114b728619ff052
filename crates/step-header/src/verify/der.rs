//! DER as the CA reads it.
//!
//! Source: golang.org/x/crypto, `cryptobyte/asn1.go`. Where it is laxer than X.690 (what follows a
//! value is often ignored) or stricter (the arcs of an identifier), so is this.

/// The bytes that are left to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Der<'a>(&'a [u8]);

/// One value with its tag.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    /// With tag and length.
    pub(crate) whole: &'a [u8],
    pub(crate) contents: &'a [u8],
}

pub(crate) const BOOLEAN: u8 = 1;
pub(crate) const INTEGER: u8 = 2;
pub(crate) const BIT_STRING: u8 = 3;
pub(crate) const OCTET_STRING: u8 = 4;
pub(crate) const OBJECT_IDENTIFIER: u8 = 6;
pub(crate) const UTC_TIME: u8 = 23;
pub(crate) const GENERALIZED_TIME: u8 = 24;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// Returns the tag of a context-specific value.
pub(crate) const fn context(number: u8) -> u8 {
    0x80 | number
}

/// Returns the tag of a context-specific value that contains others.
pub(crate) const fn constructed(number: u8) -> u8 {
    0xa0 | number
}

impl<'a> Der<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn is_next(self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    /// Reads a value of any type, whose tag has one byte and whose length has at most five.
    pub(crate) fn any(&mut self) -> Option<Element<'a>> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (length, header) = if first & 0x80 == 0 {
            (usize::from(first), 2)
        } else {
            let bytes = usize::from(first & 0x7f);
            if !(1..=4).contains(&bytes) {
                return None;
            }
            let digits = rest.get(..bytes)?;
            let length = digits.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
            // The shortest form is required.
            if length < 0x80 || digits.first() == Some(&0) {
                return None;
            }
            (length, 2 + bytes)
        };
        let end = header.checked_add(length)?;
        let whole = self.0.get(..end)?;
        let contents = self.0.get(header..end)?;
        self.0 = self.0.get(end..)?;
        Some(Element { tag, whole, contents })
    }

    /// Reads a value of this type with its tag and length.
    pub(crate) fn element(&mut self, tag: u8) -> Option<Element<'a>> {
        let mut ahead = *self;
        let element = ahead.any().filter(|element| element.tag == tag)?;
        *self = ahead;
        Some(element)
    }

    /// Reads what a value of this type contains.
    pub(crate) fn inside(&mut self, tag: u8) -> Option<Self> {
        self.element(tag).map(|element| Self(element.contents))
    }

    /// Reads what a value contains, if it is the next one; `None` if that is damaged.
    pub(crate) fn optional(&mut self, tag: u8) -> Option<Option<Self>> {
        if self.is_next(tag) { self.inside(tag).map(Some) } else { Some(None) }
    }

    /// Reads the contents of an object identifier, whose arcs are below 2³¹.
    pub(crate) fn oid(&mut self) -> Option<&'a [u8]> {
        let contents = self.element(OBJECT_IDENTIFIER)?.contents;
        arcs(contents).map(|_| contents)
    }

    pub(crate) fn boolean(&mut self) -> Option<bool> {
        match self.element(BOOLEAN)?.contents {
            [0] => Some(false),
            [0xff] => Some(true),
            _ => None,
        }
    }

    /// Reads the bytes of an integer in two's complement.
    pub(crate) fn integer(&mut self) -> Option<&'a [u8]> {
        self.integer_under(INTEGER)
    }

    /// Reads an integer of at most 64 bits.
    pub(crate) fn number(&mut self) -> Option<i64> {
        self.integer().and_then(number)
    }

    /// Reads an integer of at most 64 bits under another tag.
    pub(crate) fn number_under(&mut self, tag: u8) -> Option<i64> {
        self.integer_under(tag).and_then(number)
    }

    fn integer_under(&mut self, tag: u8) -> Option<&'a [u8]> {
        let contents = self.element(tag)?.contents;
        match contents {
            [] => None,
            // The shortest form is required.
            [0, next, ..] if next & 0x80 == 0 => None,
            [0xff, next, ..] if next & 0x80 != 0 => None,
            _ => Some(contents),
        }
    }

    /// Reads a bit string: its bytes, and how many bits of the last one are not used.
    pub(crate) fn bits(&mut self) -> Option<(&'a [u8], u8)> {
        let (&unused, bytes) = self.element(BIT_STRING)?.contents.split_first()?;
        let fits = match bytes.last() {
            None => unused == 0,
            Some(last) => unused <= 7 && last.trailing_zeros() >= u32::from(unused),
        };
        fits.then_some((bytes, unused))
    }
}

/// Returns a bit string as a number of whole bytes, the unused bits shifted out.
pub(crate) fn right_aligned(bytes: &[u8], unused: u8) -> Vec<u8> {
    if unused == 0 {
        return bytes.to_vec();
    }
    let shifted = |(at, byte): (usize, &u8)| {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at)).copied().unwrap_or(0);
        before << (8 - unused) | byte >> unused
    };
    bytes.iter().enumerate().map(shifted).collect()
}

fn number(bytes: &[u8]) -> Option<i64> {
    let negative = bytes.first()? & 0x80 != 0;
    if bytes.len() > 8 {
        return None;
    }
    let start = if negative { -1 } else { 0 };
    Some(bytes.iter().fold(start, |sum: i64, byte| sum << 8 | i64::from(*byte)))
}

/// Splits the contents of an object identifier into arcs, of which the first stands for two.
fn arcs(contents: &[u8]) -> Option<Vec<u32>> {
    let mut arcs = Vec::new();
    let mut rest = contents;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let mut arc = 0_u32;
        loop {
            let (&byte, left) = rest.split_first()?;
            // Go stops at 31 bits, so that an arc fits into its `int` everywhere.
            if arc >= 1 << 24 || (arc == 0 && byte == 0x80) {
                return None;
            }
            arc = arc << 7 | u32::from(byte & 0x7f);
            rest = left;
            if byte & 0x80 == 0 {
                break;
            }
        }
        arcs.push(arc);
    }
    Some(arcs)
}

/// Writes an object identifier with dots, as in `2.5.29.15`.
pub(crate) fn dotted(contents: &[u8]) -> String {
    let arcs = arcs(contents).unwrap_or_default();
    let Some((&first, rest)) = arcs.split_first() else { return String::new() };
    let (top, second) = if first < 80 { (first / 40, first % 40) } else { (2, first - 80) };
    let all = [top, second].into_iter().chain(rest.iter().copied());
    all.map(|arc| arc.to_string()).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_and_integers_have_one_form() {
        assert!(Der::new(&[4, 0x81, 0x7f]).any().is_none());
        assert!(Der::new(&[4, 0x80, 0, 0]).any().is_none());
        assert!(Der::new(&[0x1f, 1, 0]).any().is_none());
        assert_eq!(Der::new(&[2, 2, 0, 1]).number(), None);
        assert_eq!(Der::new(&[2, 2, 0xff, 0x80]).number(), None);
        assert_eq!(Der::new(&[2, 1, 0xff]).number(), Some(-1));
        assert_eq!(Der::new(&[2, 2, 0, 0x80]).number(), Some(128));
    }

    #[test]
    fn identifiers_are_written_with_dots() {
        assert_eq!(dotted(&[0x55, 0x1d, 0x0f]), "2.5.29.15");
        assert_eq!(
            dotted(&[0x2b, 6, 1, 4, 1, 0x82, 0xa4, 0x64, 0xc6, 0x28]),
            "1.3.6.1.4.1.37476.9000"
        );
        assert_eq!(Der::new(&[6, 2, 0x55, 0x80]).oid(), None);
        assert_eq!(Der::new(&[6, 6, 0x55, 0x88, 0x80, 0x80, 0x80, 0]).oid(), None);
    }

    #[test]
    fn unused_bits_are_shifted_out() {
        assert_eq!(right_aligned(&[0b1010_0000, 0b1000_0000], 7), [0b1, 0b0100_0001]);
        assert_eq!(Der::new(&[3, 2, 1, 1]).bits(), None);
        assert_eq!(Der::new(&[3, 1, 1]).bits(), None);
        assert_eq!(Der::new(&[3, 1, 0]).bits(), Some((&[][..], 0)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let mut der = Der::new(&bytes);
            while let Some(element) = der.any() {
                prop_assert!(element.whole.ends_with(element.contents));
            }
            let _ = (dotted(&bytes), number(&bytes), right_aligned(&bytes, 3));
        }
    }
}
