//! What is wrong with a text, or with a member of it.

use std::fmt;

/// Why bytes are not JSON (RFC 8259) as Go reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Malformed {
    /// What is wrong there.
    pub fault: Syntax,
    /// The line, from 1.
    pub line: usize,
    /// The column, in bytes from 1.
    pub column: usize,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fault {
            Syntax::Utf16 => write!(f, "{}", self.fault),
            fault => write!(f, "{fault} at line {}, column {}", self.line, self.column),
        }
    }
}

impl std::error::Error for Malformed {}

impl Malformed {
    /// Counts the lines before the offset at which the fault is.
    pub(crate) fn at(offset: usize, fault: Syntax, bytes: &[u8]) -> Self {
        let before = bytes.get(..offset).unwrap_or(bytes);
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        let in_line = before.iter().rev().take_while(|&&byte| byte != b'\n').count();
        Self { fault, line, column: in_line + 1 }
    }
}

/// A fault in the syntax of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Syntax {
    /// The text ends inside a value, or there is none.
    End,
    /// Something that begins no value.
    Value,
    /// Something other than the name of a member.
    Name,
    /// A name that no colon follows.
    Colon,
    /// A member that neither `,` nor `}` follows.
    AfterMember,
    /// An element that neither `,` nor `]` follows.
    AfterElement,
    /// An unknown escape in a string.
    Escape,
    /// A control character in a string.
    Control,
    /// A number that is not written as JSON writes it.
    Number,
    /// More brackets within each other than Go reads.
    Depth,
    /// Something after the value.
    Trailing,
    /// UTF-16, where UTF-8 is expected.
    Utf16,
}

impl fmt::Display for Syntax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::End => "unexpected end",
            Self::Value => "expected a value",
            Self::Name => "expected the name of a member in double quotes",
            Self::Colon => "expected `:`",
            Self::AfterMember => "expected `,` or `}`",
            Self::AfterElement => "expected `,` or `]`",
            Self::Escape => "invalid escape",
            Self::Control => "control character in a string",
            Self::Number => "invalid number",
            Self::Depth => "nested too deeply",
            Self::Trailing => "unexpected text after the value",
            Self::Utf16 => "the text is UTF-16; expected UTF-8",
        })
    }
}

/// A member of an object that has the wrong type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{member}` is not {expected}")]
#[non_exhaustive]
pub struct Mismatch {
    /// The member with its path from the outermost object, such as `authority.provisioners`.
    pub member: String,
    /// What it should be.
    pub expected: Expected,
}

/// What a member must be, to be read after "is not".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// A string.
    String,
    /// An array of strings.
    Strings,
    /// `true` or `false`.
    Boolean,
    /// An object.
    Object,
    /// An array.
    Array,
    /// A string of padded standard base64 (RFC 4648 §4).
    Base64,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::String => "a string",
            Self::Strings => "an array of strings",
            Self::Boolean => "a boolean",
            Self::Object => "an object",
            Self::Array => "an array",
            Self::Base64 => "a string of base64",
        })
    }
}
