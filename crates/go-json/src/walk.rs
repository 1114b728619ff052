//! Finds where things end in a text whose syntax has been checked.

/// Returns the offset of the first byte from `at` that is not white space.
pub(crate) fn after_space(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    at + rest.iter().take_while(|byte| space(byte)).count()
}

/// Returns the offset after the value that begins at `at`.
pub(crate) fn end_of_value(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(b'"') => end_of_string(bytes, at),
        Some(b'{' | b'[') => end_of_brackets(bytes, at),
        _ => {
            let rest = bytes.get(at..).unwrap_or_default();
            let ends =
                |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n');
            at + rest.iter().position(ends).unwrap_or(rest.len())
        }
    }
}

/// Returns the offset after the string whose first quote is at `at`.
pub(crate) fn end_of_string(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        match rest.iter().position(|&byte| byte == b'"' || byte == b'\\') {
            Some(plain) if rest.get(plain) == Some(&b'\\') => at += plain + 2,
            Some(plain) => return at + plain + 1,
            None => return bytes.len(),
        }
    }
}

fn end_of_brackets(bytes: &[u8], mut at: usize) -> usize {
    let mut open = 0_usize;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let stops = |&byte: &u8| matches!(byte, b'"' | b'{' | b'[' | b'}' | b']');
        let Some(plain) = rest.iter().position(stops) else { return bytes.len() };
        at += plain;
        match bytes.get(at) {
            Some(b'"') => at = end_of_string(bytes, at),
            Some(b'{' | b'[') => {
                open += 1;
                at += 1;
            }
            _ => {
                at += 1;
                open = open.saturating_sub(1);
                if open == 0 {
                    return at;
                }
            }
        }
    }
}
