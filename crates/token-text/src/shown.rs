//! Text from outside, made safe to print.

use std::fmt;
use std::path::Path;

/// A text from outside in which whatever a terminal would obey is written as an escape.
///
/// The list of provisioners comes over the network, and nobody has vouched for it yet: a name
/// must not move the cursor, change colours, or change the writing direction of the text around it.
///
/// ```
/// use token_text::Shown;
///
/// assert_eq!(Shown("a\u{1b}[31m").to_string(), r"a\u{1b}[31m");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a>(pub &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if Self::escapes(c) {
                write!(f, "{}", c.escape_unicode())?;
            } else {
                write!(f, "{c}")?;
            }
        }
        Ok(())
    }
}

impl Shown<'_> {
    /// Returns whether a terminal would obey this character, show the following ones in another order,
    /// or show nothing in its place.
    #[must_use]
    pub fn escapes(c: char) -> bool {
        c.is_control() || is_invisible(c)
    }
}

/// The characters that change the writing direction (Unicode Standard Annex #9, table 4), the two
/// separators that some terminals take for line ends, and those that show nothing (Unicode's
/// `Default_Ignorable_Code_Point`): two names that differ in one of them look the same.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// A value that should be a path, a name or a URL, as messages show it: a key or a secret that was
/// given in its place is not repeated. A short word may be a path, and is.
///
/// ```
/// use std::path::Path;
/// use token_text::{ShownPath, ShownValue};
///
/// assert_eq!(ShownPath(Path::new("/run/key.pem")).to_string(), "/run/key.pem");
/// assert_eq!(ShownValue("-----BEGIN PRIVATE KEY-----").to_string(), "(not shown)");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ShownValue<'a>(pub &'a str);

impl ShownValue<'_> {
    /// Returns whether the value may be a key, a token or another secret, and cannot be shown.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        let text = self.0;
        text.len() > LONGEST_PATH
            || text.contains("-----BEGIN")
            || text.contains(|c: char| c == '{' || c.is_control())
            || text.split(['/', '\\']).any(|part| part.len() > LONGEST_NAME)
            || is_of_url_with_user(text)
            || text.contains("pin-value=")
            || has_a_token(text)
            || (text.len() > LONGEST_WORD && !text.contains(['/', '\\', '.', ' ']))
            || (text.len() > LONGEST_WORD && is_like_base64(text))
    }

    /// Returns what a parser said about the value, which it may have quoted at the beginning, as
    /// `{:?}` does. `None` if that cannot be repeated without a secret.
    ///
    /// ```
    /// use token_text::ShownValue;
    ///
    /// let why = |value: &str| ShownValue(value).reason(&format!("{value:?} is no time"));
    /// assert_eq!(why("noon").as_deref(), Some("\"noon\" is no time"));
    /// assert_eq!(why("{\"d\":\"AA\"}").as_deref(), Some("(not shown) is no time"));
    /// ```
    #[must_use]
    pub fn reason(&self, why: &str) -> Option<String> {
        if !self.is_hidden() {
            return Some(why.to_owned());
        }
        match why.strip_prefix(&format!("{:?}", self.0)) {
            // It may quote a part of the value, too.
            Some(rest) if !rest.contains('"') => Some(format!("{HIDDEN}{rest}")),
            // The parser of a URL leaves out the user and the password.
            None if is_of_url_with_user(self.0) => Some(why.to_owned()),
            None if !why.contains('"') => Some(why.to_owned()),
            _ => None,
        }
    }
}

impl fmt::Display for ShownValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_hidden() { f.write_str(HIDDEN) } else { Shown(self.0).fmt(f) }
    }
}

/// A path as messages show it; see [`ShownValue`].
#[derive(Clone, Copy, Debug)]
pub struct ShownPath<'a>(pub &'a Path);

impl fmt::Display for ShownPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ShownValue(&self.0.to_string_lossy()).fmt(f)
    }
}

/// Returns whether a user name, and perhaps a password, stands before the host.
fn is_of_url_with_user(text: &str) -> bool {
    text.split_once("://").is_some_and(|(_, rest)| rest.contains('@'))
}

/// Returns whether a word of a text may be a token or an encrypted key.
fn has_a_token(text: &str) -> bool {
    text.split_ascii_whitespace()
        .any(|word| word.starts_with("eyJ") && word.contains('.') && !word.contains('/'))
}

/// Returns whether a text has only characters of base64, and a part that is longer than a word and
/// mixes letters of both cases with digits, as a path hardly does.
fn is_like_base64(text: &str) -> bool {
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte);
    let is_mixed = |part: &str| {
        part.len() > LONGEST_PART
            && part.contains(|c: char| c.is_ascii_lowercase())
            && part.contains(|c: char| c.is_ascii_uppercase())
            && part.contains(|c: char| c.is_ascii_digit())
    };
    text.bytes().all(is_base64) && (text.contains('+') || text.split('/').any(is_mixed))
}

/// What is shown in place of a secret.
const HIDDEN: &str = "(not shown)";

/// As long as Linux takes a path.
const LONGEST_PATH: usize = 4096;

/// As long as Linux takes the name of a file.
const LONGEST_NAME: usize = 255;

/// A longer word without a dot or a directory more likely is a key than a file.
const LONGEST_WORD: usize = 64;

/// The same for a directory in a text that may be base64.
const LONGEST_PART: usize = 32;

/// A value quoted as one word for a shell, in a command that a message suggests.
///
/// ```
/// use token_text::ShellWord;
///
/// assert_eq!(ShellWord("config/ca.json").to_string(), "config/ca.json");
/// assert_eq!(ShellWord("it's here").to_string(), r"'it'\''s here'");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ShellWord<'a>(pub &'a str);

impl fmt::Display for ShellWord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = ShownValue(self.0).to_string();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./+:@,%=".contains(c);
        match !text.is_empty() && text.chars().all(is_plain) {
            true => f.write_str(&text),
            false => write!(f, "'{}'", text.replace('\'', r"'\''")),
        }
    }
}

/// A text whose control characters are written as escapes, cut after 500 characters.
///
/// A server sent it: it must not move the cursor, change the writing direction or fill the screen.
#[derive(Clone, Copy, Debug)]
pub struct Excerpt<'a>(pub &'a str);

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cut = self.0.char_indices().nth(MOST).map(|(at, _)| at);
        let text = cut.and_then(|at| self.0.get(..at)).unwrap_or(self.0);
        Shown(text).fmt(f)?;
        if cut.is_some() {
            f.write_str("…")?;
        }
        Ok(())
    }
}

/// How many characters of a text are shown.
const MOST: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_reach_the_terminal() {
        assert_eq!(Shown("a\u{1b}[31m\n\u{202e}é").to_string(), "a\\u{1b}[31m\\u{a}\\u{202e}é");
    }

    #[test]
    fn what_may_be_a_secret_is_not_shown() {
        for secret in [
            "-----BEGIN EC PRIVATE KEY-----\nMHc",
            "x\ny",
            "{\"kty\":\"EC\"}",
            "https://jane:s3cret@ca:abc",
            "eyJhbGciOiJFUzI1NiJ9.e30.c2ln",
            &"k".repeat(65),
            &format!("{}.pem", "k".repeat(300)),
            &"a/".repeat(3000),
            "pkcs11:token=ca;object=key?pin-value=1234",
            "Bearer eyJh.eyJi.c",
            "MHcCAQEEIPx+1/bIq0wJ3Xn8h2d5sSzQp8m1oV7y4t6u9r0e3w5aoAoGCCqGSM49AwEHoUQ=",
        ] {
            assert_eq!(ShownValue(secret).to_string(), HIDDEN, "{secret}");
            assert_eq!(ShownPath(Path::new(secret)).to_string(), HIDDEN, "{secret}");
        }
        for path in [
            "hunter2",
            "/run/keys/a b.pem",
            "../é",
            "https://ca.example.com:443/x",
            "user@host",
            "/home/Ada/projects/Lab2/certificates/intermediate/keys/provisioner-key",
        ] {
            assert_eq!(ShownValue(path).to_string(), path);
        }
    }

    #[test]
    fn a_parsers_reason_is_repeated_without_a_secret() {
        let reason = |value: &str, why: &str| ShownValue(value).reason(why);
        assert_eq!(reason("x", "\"x\" is bad").unwrap(), "\"x\" is bad");
        assert_eq!(reason("x\n", "\"x\\n\" is bad").unwrap(), "(not shown) is bad");
        assert_eq!(reason("x\n", "\"x\\n\" is bad: \"x\" is no unit"), None);
        assert_eq!(reason("x\n", "expected a number").unwrap(), "expected a number");
        assert_eq!(reason("x\n", "\"x\" is bad"), None);
        let masked = "\"https://…@ca:abc\" is bad";
        assert_eq!(reason("https://jane:s3cret@ca:abc", masked).unwrap(), masked);
    }

    #[test]
    fn a_message_cannot_reach_the_terminal() {
        assert_eq!(Excerpt("a\u{1b}[31m\n\u{202e}é").to_string(), "a\\u{1b}[31m\\u{a}\\u{202e}é");
    }

    #[test]
    fn a_long_message_is_cut() {
        assert_eq!(Excerpt(&"x".repeat(MOST)).to_string(), "x".repeat(MOST));
        assert_eq!(Excerpt(&"é".repeat(2 * MOST)).to_string(), format!("{}…", "é".repeat(MOST)));
    }
}
