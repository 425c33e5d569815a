//! Distinguished names, enough to compare and to climb them, and the forms that Active Directory takes in their place.

use uuid::Uuid;

use super::sid;

/// A distinguished name made comparable: each part in lower case with its escapes undone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Dn(Vec<String>);

impl Dn {
    /// Reads a name (RFC 4514); `None` where it is none.
    pub(super) fn parse(text: &str) -> Option<Dn> {
        if text.is_empty() {
            return Some(Dn(Vec::new()));
        }
        split(text)
            .iter()
            .map(|part| relative(part))
            .collect::<Option<_>>()
            .map(Dn)
    }

    /// Whether this is `base` or somewhere below it.
    pub(super) fn is_within(&self, base: &Dn) -> bool {
        self.0.ends_with(&base.0)
    }

    /// Whether this is directly below `base`.
    pub(super) fn is_child_of(&self, base: &Dn) -> bool {
        self.is_within(base) && self.0.len() == base.0.len() + 1
    }
}

fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        let last = parts.len() - 1;
        match c {
            ',' | ';' if !escaped => parts.push(String::new()),
            _ => parts[last].push(c),
        }
        escaped = c == '\\' && !escaped;
    }
    parts
}

fn relative(part: &str) -> Option<String> {
    let (kind, value) = part.split_once('=')?;
    let kind = kind.trim();
    if kind.is_empty() || !kind.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.') {
        return None;
    }
    let value = String::from_utf8(unescape(value.trim())?).ok()?;
    Some(format!("{}={}", kind.to_lowercase(), value.to_lowercase()))
}

fn unescape(value: &str) -> Option<Vec<u8>> {
    let bytes = value.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if *byte != b'\\' {
            out.push(*byte);
            at += 1;
        } else if let Some(byte) = hex_pair(bytes.get(at + 1..at + 3)) {
            out.push(byte);
            at += 3;
        } else {
            out.push(*bytes.get(at + 1)?);
            at += 2;
        }
    }
    Some(out)
}

fn hex_pair(digits: Option<&[u8]>) -> Option<u8> {
    let digits = std::str::from_utf8(digits?).ok()?;
    digits
        .chars()
        .all(|c| c.is_ascii_hexdigit())
        .then(|| u8::from_str_radix(digits, 16).ok())?
}

/// The binary form of hexadecimal digits.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.as_bytes().chunks(2).map(|pair| hex_pair(Some(pair))).collect()
}

/// What a request may name an object by (MS-ADTS 3.1.1.3.1.2.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// A distinguished name.
    Dn(Dn),
    /// `<GUID=...>`, dashed or 32 digits, as the bytes of objectGUID.
    Guid(Vec<u8>),
    /// `<SID=...>`, text or digits, as the bytes of objectSid.
    Sid(Vec<u8>),
}

impl Target {
    /// Reads a request's base or target; `None` where it is of no known form.
    pub(super) fn parse(text: &str) -> Option<Target> {
        let Some(inner) = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) else {
            return Dn::parse(text).map(Target::Dn);
        };
        let (kind, value) = inner.split_once('=')?;
        match kind.to_ascii_uppercase().as_str() {
            "GUID" if value.len() == 36 => Uuid::parse_str(value)
                .ok()
                .map(|id| Target::Guid(id.to_bytes_le().to_vec())),
            "GUID" if value.len() == 32 => from_hex(value).map(Target::Guid),
            "SID" => sid::parse(value).or_else(|| from_hex(value)).map(Target::Sid),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dn(text: &str) -> Dn {
        Dn::parse(text).unwrap()
    }

    #[test]
    fn case_spaces_and_escapes_do_not_matter() {
        assert_eq!(
            dn("CN=Doe\\, Jane, OU=People,DC=x"),
            dn("cn=doe\\2c jane,ou=people,dc=X")
        );
        assert_ne!(dn("CN=a,DC=x"), dn("CN=b,DC=x"));
        assert!(dn("CN=a,OU=b,DC=x").is_within(&dn("DC=x")));
        assert!(!dn("CN=a,OU=b,DC=x").is_child_of(&dn("DC=x")));
        assert!(Dn::parse("no name").is_none());
    }

    #[test]
    fn guids_and_sids_are_targets() {
        let dashed = Target::parse("<GUID=00112233-4455-6677-8899-aabbccddeeff>").unwrap();
        assert_eq!(
            dashed,
            Target::parse("<GUID=33221100554477668899aabbccddeeff>").unwrap()
        );
        assert!(Target::parse("<GUID={00112233-4455-6677-8899-aabbccddeeff}>").is_none());
        assert!(matches!(Target::parse("<SID=S-1-5-32-544>"), Some(Target::Sid(_))));
    }
}
