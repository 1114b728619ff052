//! Checks the syntax of a text in one pass, without recursion.

use crate::error::Syntax;

/// The number of digits from which a number without an exponent may not fit a 64-bit float.
const LONG: usize = 308;

/// A fault, and the offset at which it is.
pub(crate) type Fault = (usize, Syntax);

/// What a pass over a text has found out about its first value.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// The offset after the value.
    pub(crate) end: usize,
    /// Whether a number in it does not fit a 64-bit float.
    pub(crate) overflows: bool,
    /// The offsets of the escapes that are half a surrogate pair.
    pub(crate) halves: Vec<usize>,
}

/// A bracket that is open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Array,
    Object,
}

/// Checks the first value of a text, with at most `deepest` brackets open at once.
pub(crate) fn scan(bytes: &[u8], deepest: usize) -> Result<Scan, Fault> {
    let mut scanner = Scanner { bytes, at: 0, open: Vec::new(), scan: Scan::default() };
    scanner.value(deepest)?;
    scanner.scan.end = scanner.at;
    Ok(scanner.scan)
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    open: Vec<Open>,
    scan: Scan,
}

impl Scanner<'_> {
    fn value(&mut self, deepest: usize) -> Result<(), Fault> {
        loop {
            match self.after_space()? {
                b'"' => self.string()?,
                bracket @ (b'{' | b'[') => {
                    let (kind, close) = match bracket {
                        b'{' => (Open::Object, b'}'),
                        _ => (Open::Array, b']'),
                    };
                    if self.open.len() == deepest {
                        return Err((self.at, Syntax::Depth));
                    }
                    self.at += 1;
                    if self.after_space()? != close {
                        self.open.push(kind);
                        self.name_if(kind)?;
                        continue;
                    }
                    self.at += 1;
                }
                b'-' | b'0'..=b'9' => self.number()?,
                b't' => self.literal(b"true")?,
                b'f' => self.literal(b"false")?,
                b'n' => self.literal(b"null")?,
                _ => return Err((self.at, Syntax::Value)),
            }
            if self.is_complete()? {
                return Ok(());
            }
        }
    }

    /// Closes brackets, up to the next value or the end of the outermost one.
    fn is_complete(&mut self) -> Result<bool, Fault> {
        while let Some(&open) = self.open.last() {
            match (open, self.after_space()?) {
                (_, b',') => {
                    self.at += 1;
                    self.name_if(open)?;
                    return Ok(false);
                }
                (Open::Object, b'}') | (Open::Array, b']') => {
                    self.at += 1;
                    self.open.pop();
                }
                (Open::Object, _) => return Err((self.at, Syntax::AfterMember)),
                (Open::Array, _) => return Err((self.at, Syntax::AfterElement)),
            }
        }
        Ok(true)
    }

    /// Passes the name and the colon in front of a value in an object.
    fn name_if(&mut self, open: Open) -> Result<(), Fault> {
        if open == Open::Array {
            return Ok(());
        }
        if self.after_space()? != b'"' {
            return Err((self.at, Syntax::Name));
        }
        self.string()?;
        if self.after_space()? != b':' {
            return Err((self.at, Syntax::Colon));
        }
        self.at += 1;
        Ok(())
    }

    /// Returns the next byte that is not white space.
    fn after_space(&mut self) -> Result<u8, Fault> {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.bytes.get(self.at) {
            self.at += 1;
        }
        self.byte()
    }

    fn byte(&self) -> Result<u8, Fault> {
        self.bytes.get(self.at).copied().ok_or((self.at, Syntax::End))
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), Fault> {
        for &expected in word {
            if self.byte()? != expected {
                return Err((self.at, Syntax::Value));
            }
            self.at += 1;
        }
        Ok(())
    }

    fn string(&mut self) -> Result<(), Fault> {
        self.at += 1;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let plain = rest.iter().position(|&byte| matches!(byte, b'"' | b'\\' | ..=0x1f));
            self.at += plain.unwrap_or(rest.len());
            match self.byte()? {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => self.escape()?,
                _ => return Err((self.at, Syntax::Control)),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Fault> {
        match self.bytes.get(self.at + 1) {
            None => return Err((self.at + 1, Syntax::End)),
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                return Ok(());
            }
            Some(b'u') => {}
            Some(_) => return Err((self.at, Syntax::Escape)),
        }
        match unit(self.bytes, self.at).ok_or((self.at, Syntax::Escape))? {
            0xd800..=0xdbff if matches!(unit(self.bytes, self.at + 6), Some(0xdc00..=0xdfff)) => {
                self.at += 6;
            }
            0xd800..=0xdfff => self.scan.halves.push(self.at),
            _ => {}
        }
        self.at += 6;
        Ok(())
    }

    fn number(&mut self) -> Result<(), Fault> {
        let start = self.at;
        if self.byte()? == b'-' {
            self.at += 1;
        }
        if self.digits()? > 1 && self.bytes.get(self.at_first_digit(start)) == Some(&b'0') {
            return Err((self.at_first_digit(start) + 1, Syntax::Number));
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        let exponent = matches!(self.bytes.get(self.at), Some(b'e' | b'E'));
        if exponent {
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        if exponent || self.at - start > LONG {
            let text = std::str::from_utf8(self.bytes.get(start..self.at).unwrap_or_default());
            let number = text.ok().and_then(|text| text.parse::<f64>().ok());
            self.scan.overflows |= number.is_none_or(f64::is_infinite);
        }
        Ok(())
    }

    fn at_first_digit(&self, start: usize) -> usize {
        start + usize::from(self.bytes.get(start) == Some(&b'-'))
    }

    /// Passes one or more digits, and returns how many.
    fn digits(&mut self) -> Result<usize, Fault> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            self.byte()?;
            return Err((self.at, Syntax::Number));
        }
        self.at += count;
        Ok(count)
    }
}

/// Returns the number after `\u` at an offset, if it has four hexadecimal digits.
fn unit(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}
