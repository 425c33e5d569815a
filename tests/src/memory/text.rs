//! Looking for a password in text, in all the forms that logs and error messages give to it.

use zeroize::Zeroizing;

use super::{Encoding, Needle};

type Bytes = Zeroizing<Vec<u8>>;

/// The first form found: as it is, else what is left after undoing one kind of disguise.
pub(super) fn find(needle: &Needle, text: &str) -> Option<Encoding> {
    if let Some(encoding) = first(needle, text.as_bytes()) {
        return Some(encoding);
    }
    let holds = |bytes: Bytes| first(needle, &bytes).is_some();
    // Where there is nothing to undo it was looked at already: most text is such, and there is much of it.
    let bytes = text.as_bytes();
    if memchr::memchr(b'\\', bytes).is_some() && (holds(unescape(text, true)) || holds(unescape(text, false))) {
        return Some(Encoding::Escaped);
    }
    if memchr::memchr2(b'%', b'+', bytes).is_some() && (holds(unpercent(text, false)) || holds(unpercent(text, true))) {
        return Some(Encoding::Percent);
    }
    let decimal = |token: &str| token.parse().ok();
    let hexadecimal = |token: &str| {
        let digits = token.strip_prefix("0x").unwrap_or(token);
        (digits.len() <= 2).then(|| u8::from_str_radix(digits, 16).ok())?
    };
    (holds(numbers(text, decimal)) || holds(numbers(text, hexadecimal))).then_some(Encoding::Numbers)
}

fn first(needle: &Needle, bytes: &[u8]) -> Option<Encoding> {
    let mut first = None;
    needle.each(bytes, |_, _, encoding| first = first.or(Some(encoding)));
    first
}

/// Room for the result of undoing: it is never longer than the text, so that no copy is left by growing.
fn room(text: &str) -> Bytes {
    Zeroizing::new(Vec::with_capacity(text.len() + 4))
}

/// Undoes backslash escapes. `pairs` tells `\50` as LDAP writes it from `\5` and a zero; `\0` means both.
fn unescape(text: &str, pairs: bool) -> Bytes {
    let mut out = room(text);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let (consumed, value) = if c == '\\' {
            escape(after, pairs)
        } else {
            (0, Some(Value::Char(c)))
        };
        match value {
            Some(Value::Byte(byte)) => out.push(byte),
            Some(Value::Char(c)) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            None => {}
        }
        rest = &after[consumed..];
    }
    out
}

enum Value {
    Byte(u8),
    Char(char),
}

/// What follows a backslash: how much of it the escape takes, and what it stands for.
fn escape(after: &str, pairs: bool) -> (usize, Option<Value>) {
    let number = |from: usize, to: usize| {
        let digits = after
            .get(from..to)
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        u32::from_str_radix(digits, 16).ok()
    };
    let char = |code: u32| char::from_u32(code).map(Value::Char);
    if let Some(byte) = number(1, 3).filter(|_| after.starts_with('x')) {
        return (3, Some(Value::Byte(byte as u8)));
    }
    if after.starts_with("u{")
        && let Some(end) = after.find('}')
    {
        return (end + 1, number(2, end).and_then(char));
    }
    if let Some(unit) = number(1, 5).filter(|_| after.starts_with('u')) {
        // Characters beyond the basic plane come as two units.
        let low = number(7, 11).filter(|_| (0xd800..0xdc00).contains(&unit) && after[5..].starts_with("\\u"));
        return match low {
            Some(low) => (11, char(0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff))),
            None => (5, char(unit)),
        };
    }
    if let Some(byte) = number(0, 2).filter(|_| pairs) {
        return (2, Some(Value::Byte(byte as u8)));
    }
    let Some(c) = after.chars().next() else {
        return (0, Some(Value::Char('\\')));
    };
    let value = match c {
        '0' => '\0',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        other => other,
    };
    (c.len_utf8(), Some(Value::Char(value)))
}

fn unpercent(text: &str, plus_is_space: bool) -> Bytes {
    let mut out = room(text);
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digits = text.get(at + 1..at + 3).filter(|_| *byte == b'%');
        if let Some(value) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            out.push(value);
            at += 3;
        } else {
            out.push(if *byte == b'+' && plus_is_space { b' ' } else { *byte });
            at += 1;
        }
    }
    out
}

/// The bytes that the text lists as numbers; anything else between them breaks the list.
fn numbers(text: &str, read: impl Fn(&str) -> Option<u8>) -> Bytes {
    let mut out = room(text);
    for token in text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|token| !token.is_empty())
    {
        match read(token) {
            Some(byte) => out.push(byte),
            None => out.extend_from_slice(b"\xff\xff"),
        }
    }
    out
}
