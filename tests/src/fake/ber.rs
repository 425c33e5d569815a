//! Writing BER (ITU-T X.690), right and wrong.
//!
//! Requests are read with `rasn-ldap`, a codec that the client under test does not share. Replies are written here,
//! since a well-behaved encoder refuses to produce what a hostile server sends.

/// Universal INTEGER.
pub(super) const INTEGER: u8 = 0x02;
/// Universal OCTET STRING.
pub(super) const OCTET_STRING: u8 = 0x04;
/// Universal ENUMERATED.
pub(super) const ENUMERATED: u8 = 0x0a;
/// Universal SEQUENCE, constructed.
pub(super) const SEQUENCE: u8 = 0x30;
/// Universal SET, constructed.
pub(super) const SET: u8 = 0x31;

/// One element: tag, definite length, content.
pub(super) fn tlv(tag: u8, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    let mut out = vec![tag];
    out.extend(length(content.len()));
    out.extend(content);
    out
}

/// The shortest form of a definite length.
pub(super) fn length(length: usize) -> Vec<u8> {
    if length < 0x80 {
        return vec![length as u8];
    }
    let bytes: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    let mut out = vec![0x80 | bytes.len() as u8];
    out.extend(bytes);
    out
}

/// The content octets of an INTEGER or ENUMERATED, in the fewest octets.
pub(super) fn number(value: i64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let redundant = |pair: &[u8]| (pair[0] == 0 && pair[1] < 0x80) || (pair[0] == 0xff && pair[1] >= 0x80);
    let skip = bytes.windows(2).take_while(|pair| redundant(pair)).count();
    bytes[skip..].to_vec()
}

/// An INTEGER.
pub(super) fn integer(value: i64) -> Vec<u8> {
    tlv(INTEGER, number(value))
}

/// An OCTET STRING.
pub(super) fn octets(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    tlv(OCTET_STRING, bytes)
}

/// How long the first element of `bytes` is with its header, once enough of it is there to tell.
///
/// `Err` where it cannot be an LDAP message: not a SEQUENCE, or longer than `limit`.
pub(super) fn element_length(bytes: &[u8], limit: usize) -> Result<Option<usize>, &'static str> {
    let Some(tag) = bytes.first() else { return Ok(None) };
    if *tag != SEQUENCE {
        return Err("not a SEQUENCE");
    }
    let Some(first) = bytes.get(1) else { return Ok(None) };
    let (header, content) = match first {
        0..=0x7f => (2, usize::from(*first)),
        0x81..=0x84 => {
            let count = usize::from(first & 0x7f);
            let Some(digits) = bytes.get(2..2 + count) else {
                return Ok(None);
            };
            (
                2 + count,
                digits.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte)),
            )
        }
        _ => return Err("a length of an unusual form"),
    };
    if content > limit {
        Err("too long")
    } else {
        Ok(Some(header + content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_the_fewest_octets() {
        assert_eq!(number(0), [0]);
        assert_eq!(number(127), [127]);
        assert_eq!(number(128), [0, 128]);
        assert_eq!(number(-1), [0xff]);
        assert_eq!(number(-129), [0xff, 0x7f]);
    }

    #[test]
    fn lengths_are_read_back() {
        for size in [0, 1, 127, 128, 255, 256, 70_000] {
            let element = tlv(SEQUENCE, vec![7; size]);
            assert_eq!(element_length(&element, 1 << 20), Ok(Some(element.len())));
            assert_eq!(element_length(&element[..1], 1 << 20), Ok(None));
        }
        assert!(element_length(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], 1 << 20).is_err());
    }
}
