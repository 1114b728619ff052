//! A checked text from front to back.

use std::borrow::Cow;

use crate::value::{Value, unquoted};
use crate::walk;

/// One piece of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// `[`.
    Array,
    /// `{`.
    Object,
    /// `]` or `}`.
    Close,
    /// The name of a member, whose value is next.
    Name(Cow<'a, str>),
    /// A value that is neither an array nor an object.
    Scalar(Value<'a>),
}

/// Reads a value once from front to back, however deep it is.
///
/// [`Elements`](crate::Elements) and [`Members`](crate::Members) read all of an element to find the
/// next one, so who looks into each of them reads a deep value again for every level.
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    /// Reads a value.
    #[must_use]
    pub fn of(value: Value<'a>) -> Self {
        Self { text: value.text(), at: 0 }
    }

    /// Returns the offset after the last token.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Goes on after another token, whose [`offset`](Self::offset) this was.
    pub fn seek(&mut self, offset: usize) {
        self.at = offset;
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let bytes = self.text.as_bytes();
        let mut start = walk::after_space(bytes, self.at);
        if bytes.get(start) == Some(&b',') {
            start = walk::after_space(bytes, start + 1);
        }
        let bracket = |token| Some((token, start + 1));
        let (token, end) = match bytes.get(start)? {
            b'[' => bracket(Token::Array),
            b'{' => bracket(Token::Object),
            b']' | b'}' => bracket(Token::Close),
            _ => {
                let end = walk::end_of_value(bytes, start);
                let text = self.text.get(start..end)?;
                let colon = walk::after_space(bytes, end);
                match bytes.get(colon) {
                    Some(b':') => Some((Token::Name(unquoted(text)), colon + 1)),
                    _ => Some((Token::Scalar(Value::of(text)), end)),
                }
            }
        }?;
        self.at = end;
        Some(token)
    }
}

#[cfg(test)]
mod tests {
    use crate::document::Document;

    use super::*;

    #[test]
    fn a_text_is_read_from_front_to_back() {
        let document = Document::whole(br#" {"a\u0062" : [1,"x:" , {}] ,"":null } "#).unwrap();
        let mut tokens = Tokens::of(document.value());
        let scalar = |text| Token::Scalar(Value::of(text));
        let all: Vec<_> = tokens.clone().collect();
        let name = |name: &'static str| Token::Name(name.into());
        let array = [Token::Array, scalar("1"), scalar("\"x:\""), Token::Object, Token::Close];
        let expected = [&[Token::Object, name("ab")], &array[..]].concat();
        let rest = [Token::Close, name(""), scalar("null"), Token::Close];
        assert_eq!(all, [expected, rest.to_vec()].concat());
        // The token after an offset is read again.
        let array = tokens.find(|token| *token == Token::Array).map(|_| tokens.offset());
        tokens.by_ref().for_each(drop);
        tokens.seek(array.unwrap());
        assert_eq!(tokens.next(), Some(scalar("1")));
    }

    #[test]
    fn a_scalar_is_one_token() {
        for text in ["null", "\"a\"", "-1.5e3", "true"] {
            let document = Document::whole(text.as_bytes()).unwrap();
            let all: Vec<_> = Tokens::of(document.value()).collect();
            assert_eq!(all, [Token::Scalar(Value::of(text))]);
        }
    }
}
