use std::fmt;

use x509_parser::num_bigint::BigUint;

use crate::error::Error;

/// The longest serial number that is accepted, in hexadecimal digits.
///
/// RFC 5280 §4.1.2.2 allows 40; this leaves room for CAs that exceed it.
const MAX_HEX_DIGITS: usize = 128;

/// The most decimal digits that 128 hexadecimal digits need.
const MAX_DECIMAL_DIGITS: usize = 155;

/// The serial number of a certificate to revoke, in decimal.
///
/// A CA compares the token's subject with the decimal form only, while `openssl` and
/// browsers show hexadecimal. `step` passes on the text as given and so makes tokens that no CA
/// accepts (Q30).
///
/// ```
/// use step_claims::{Serial, Subject};
///
/// let serial = Serial::x509("0a:1b:2c")?;
/// assert_eq!(Subject::from(serial).as_str(), "662316");
/// # Ok::<(), step_claims::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Serial(String);

impl Serial {
    /// Parses the serial number of an X.509 certificate: decimal (`662316`), hexadecimal after `0x`
    /// (`0xa1b2c`), or pairs of hexadecimal digits with colons between them (`0a:1b:2c`).
    ///
    /// A decimal number must not begin with a zero: `openssl` prints hexadecimal without a prefix,
    /// and a CA reads such a number as octal, so its meaning would be unclear.
    ///
    /// # Errors
    ///
    /// - [`Error::Serial`] if the text is none of the three.
    /// - [`Error::SerialTooLong`] if it has more digits than any certificate uses.
    pub fn x509(text: &str) -> Result<Self, Error> {
        let refusal = || Error::Serial { text: text.to_owned() };
        let hex = if let Some(digits) = after_0x(text) {
            digits.to_owned()
        } else if text.contains(':') {
            if !text.split(':').all(|pair| pair.len() == 2) {
                return Err(refusal());
            }
            text.replace(':', "")
        } else {
            let digits = plain_decimal(text).ok_or_else(refusal)?;
            check_length(digits, MAX_DECIMAL_DIGITS)?;
            return Ok(Self(digits.to_owned()));
        };
        check_length(&hex, MAX_HEX_DIGITS)?;
        // The number type's own parser would accept `+` and `_`.
        if hex.is_empty() || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(refusal());
        }
        let number = BigUint::parse_bytes(hex.as_bytes(), 16).ok_or_else(refusal)?;
        Ok(Self(number.to_string()))
    }

    /// Parses the serial number of an SSH certificate: decimal, or hexadecimal after `0x`, below
    /// 2⁶⁴.
    ///
    /// # Errors
    ///
    /// [`Error::SshSerial`] if the text is neither, or the number is too large.
    pub fn ssh(text: &str) -> Result<Self, Error> {
        let number = match after_0x(text) {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                u64::from_str_radix(digits, 16).ok()
            }
            Some(_) => None,
            None => plain_decimal(text).and_then(|digits| digits.parse().ok()),
        };
        match number {
            Some(number) => Ok(Self(number.to_string())),
            None => Err(Error::SshSerial { text: text.to_owned() }),
        }
    }

    /// Returns the number in decimal.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

fn after_0x(text: &str) -> Option<&str> {
    text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))
}

fn plain_decimal(text: &str) -> Option<&str> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits && (text == "0" || !text.starts_with('0'))).then_some(text)
}

fn check_length(digits: &str, longest: usize) -> Result<(), Error> {
    if digits.len() > longest {
        return Err(Error::SerialTooLong { digits: digits.len(), longest });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_x509_serial_is_read_in_three_forms() {
        for (text, decimal) in [
            ("0", "0"),
            ("4660", "4660"),
            ("0x1234", "4660"),
            ("0X00001234", "4660"),
            ("12:34", "4660"),
            ("00:12:34", "4660"),
            ("0xD483661F2C6903BA7B66252F42F3C282", "282478597270467133137806700623407858306"),
            (
                "d4:83:66:1f:2c:69:03:ba:7b:66:25:2f:42:f3:c2:82",
                "282478597270467133137806700623407858306",
            ),
            ("282478597270467133137806700623407858306", "282478597270467133137806700623407858306"),
        ] {
            assert_eq!(Serial::x509(text).unwrap().as_str(), decimal, "{text}");
        }
    }

    #[test]
    fn what_is_no_x509_serial_is_refused() {
        for text in [
            "",
            " ",
            "abc",
            "0123",
            "00",
            "1a2b",
            "-5",
            "+5",
            "0x",
            "0x+1",
            "0x1_0",
            "0xg",
            "0x-1",
            ":",
            "1:2",
            "12:3",
            "12:",
            ":12",
            "12::34",
            "1 2",
            "1_000",
            "0b1",
            "12:zz",
            "é",
            "s.example.test",
            "1.0",
            "1e5",
            " 1",
            "1\n",
        ] {
            assert!(matches!(Serial::x509(text), Err(Error::Serial { .. })), "{text:?}");
        }
    }

    #[test]
    fn an_x509_serial_has_a_longest_length() {
        assert!(Serial::x509(&format!("0x{}", "f".repeat(128))).is_ok());
        assert!(matches!(
            Serial::x509(&format!("0x{}", "f".repeat(129))),
            Err(Error::SerialTooLong { digits: 129, longest: 128 })
        ));
        assert!(Serial::x509(&"9".repeat(155)).is_ok());
        assert!(matches!(
            Serial::x509(&"9".repeat(156)),
            Err(Error::SerialTooLong { digits: 156, longest: 155 })
        ));
    }

    #[test]
    fn an_ssh_serial_is_below_two_to_the_64th() {
        for (text, decimal) in [
            ("4660", "4660"),
            ("0x1234", "4660"),
            ("0", "0"),
            ("18446744073709551615", "18446744073709551615"),
            ("0xffffffffffffffff", "18446744073709551615"),
        ] {
            assert_eq!(Serial::ssh(text).unwrap().as_str(), decimal);
        }
        for text in
            ["", "0x", "+5", "0x+5", "-1", "12:34", "0123", "18446744073709551616", "abc", "0x1g"]
        {
            assert!(matches!(Serial::ssh(text), Err(Error::SshSerial { .. })), "{text:?}");
        }
    }

    #[test]
    fn a_refusal_lists_the_forms() {
        assert_eq!(
            Serial::x509("1a2b").unwrap_err().to_string(),
            "\"1a2b\" is not the serial number of a certificate: write it in decimal without \
             leading zeros (662316), in hexadecimal after 0x (0xa1b2c), or in pairs of \
             hexadecimal digits with colons (0a:1b:2c)"
        );
        assert_eq!(
            Serial::ssh("12:34").unwrap_err().to_string(),
            "\"12:34\" is not the serial number of an SSH certificate: write it in decimal without \
             leading zeros (4660) or in hexadecimal after 0x (0x1234), below 2^64"
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_the_readers_panic(text in ".*") {
            let _ = Serial::x509(&text);
            let _ = Serial::ssh(&text);
        }

        #[test]
        fn the_three_forms_of_a_number_agree(number: u128) {
            let hex = format!("{number:032x}");
            let pairs: Vec<&str> = (0..16).map(|at| &hex[at * 2..at * 2 + 2]).collect();
            let decimal = number.to_string();
            for text in [decimal.clone(), format!("0x{hex}"), pairs.join(":")] {
                let serial = Serial::x509(&text).unwrap();
                prop_assert_eq!(serial.as_str(), &decimal);
            }
        }
    }
}
