//! Distinguished names: enough of RFC 4514 to compare two of them and to tell what lies below what.
//!
//! Used to keep writes inside configured subtrees, so every doubt counts as "not inside": a name that does not parse
//! is inside nothing, and two values are equal only where Active Directory's own, laxer comparison says so as well.

use std::str::FromStr;

/// A distinguished name with at least one part, the most specific part first.
///
/// Two are equal if they name the same object: spelling of escapes, spaces around separators, letter case and the
/// order inside a multi-valued part do not count.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Dn {
    rdns: Vec<Rdn>,
}

/// One part of a name: usually one attribute with its value, rarely several.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Rdn {
    /// Sorted, since RFC 4514 2.2 gives their order no meaning.
    attributes: Vec<Ava>,
}

/// An attribute and its value, as compared: the type in small letters, the value unescaped and folded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ava {
    attribute: String,
    value: String,
}

/// The text is not a distinguished name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a distinguished name")]
pub(crate) struct InvalidDn;

/// The attribute types of RFC 4514 section 3 that occur in names, for the rare name that spells them as an OID.
const KNOWN_TYPES: [(&str, &str); 7] = [
    ("2.5.4.3", "cn"),
    ("2.5.4.7", "l"),
    ("2.5.4.8", "st"),
    ("2.5.4.10", "o"),
    ("2.5.4.11", "ou"),
    ("2.5.4.6", "c"),
    ("0.9.2342.19200300.100.1.25", "dc"),
];

impl Dn {
    /// The parts, the most specific first.
    pub(crate) fn rdns(&self) -> impl DoubleEndedIterator<Item = &Rdn> + ExactSizeIterator {
        self.rdns.iter()
    }

    /// Whether this is `subtree` itself or lies anywhere below it.
    pub(crate) fn is_within(&self, subtree: &Dn) -> bool {
        self.rdns.ends_with(&subtree.rdns)
    }

    /// The DNS name that the trailing `DC=` parts spell (RFC 2247 section 2), in small letters.
    ///
    /// `None` where the name does not end in such a part.
    pub(crate) fn dns_domain(&self) -> Option<String> {
        let mut labels: Vec<&str> = self.rdns().rev().map_while(|rdn| rdn.single("dc")).collect();
        labels.reverse();
        (!labels.is_empty()).then(|| labels.join("."))
    }
}

impl Rdn {
    /// The attributes with their values, as compared.
    #[cfg(test)]
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes
            .iter()
            .map(|ava| (ava.attribute.as_str(), ava.value.as_str()))
    }

    /// The value, where this part is made of this one attribute (in small letters) alone.
    pub(crate) fn single(&self, attribute: &str) -> Option<&str> {
        match self.attributes.as_slice() {
            [ava] if ava.attribute == attribute => Some(&ava.value),
            _ => None,
        }
    }
}

/// The name of the object that one is directly below, as text; `None` for a name of one part.
pub(crate) fn parent(dn: &str) -> Option<&str> {
    let mut escaped = false;
    let comma = dn.find(|c| {
        let separates = c == ',' && !escaped;
        escaped = c == '\\' && !escaped;
        separates
    });
    dn.get(comma? + 1..)
}

/// Whether the object named `dn` is `subtree` or lies below it. False if either is not a distinguished name.
#[cfg(any(test, fuzzing))]
pub(crate) fn is_within(dn: &str, subtree: &str) -> bool {
    match (dn.parse::<Dn>(), subtree.parse::<Dn>()) {
        (Ok(dn), Ok(subtree)) => dn.is_within(&subtree),
        _ => false,
    }
}

impl FromStr for Dn {
    type Err = InvalidDn;

    /// Reads the string form of RFC 4514, with spaces allowed around separators.
    ///
    /// Refused although some RFC allows them: the empty name (everything would lie below it), empty values, values
    /// in the `#hex` form, and the quotes and semicolons of RFC 1779.
    fn from_str(text: &str) -> Result<Self, InvalidDn> {
        let mut rest = text;
        let mut rdns = Vec::new();
        loop {
            let (rdn, next) = parse_rdn(rest)?;
            rdns.push(rdn);
            match next {
                Some(after) => rest = after,
                None => return Ok(Self { rdns }),
            }
        }
    }
}

/// Reads one part; gives what follows the comma, if there is one.
fn parse_rdn(text: &str) -> Result<(Rdn, Option<&str>), InvalidDn> {
    let mut attributes = Vec::new();
    let mut rest = text;
    loop {
        let (attribute, after) = rest.split_once('=').ok_or(InvalidDn)?;
        let attribute = parse_type(attribute.trim_matches(' '))?;
        let (value, separator, after) = parse_value(after.trim_start_matches(' '))?;
        attributes.push(Ava { attribute, value });
        match separator {
            Some('+') => rest = after,
            separator => {
                attributes.sort_unstable();
                return Ok((Rdn { attributes }, separator.map(|_| after)));
            }
        }
    }
}

/// An attribute type: a short name or a dotted OID (RFC 4512 1.4), in small letters.
fn parse_type(text: &str) -> Result<String, InvalidDn> {
    let name = text.to_ascii_lowercase();
    if let Some((_, known)) = KNOWN_TYPES.iter().find(|(oid, _)| *oid == name) {
        return Ok((*known).to_owned());
    }
    let starts_with_letter = name.starts_with(|c: char| c.is_ascii_lowercase());
    let valid = if starts_with_letter {
        name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    } else {
        name.split('.')
            .all(|arc| !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit()))
    };
    valid.then_some(name).ok_or(InvalidDn)
}

/// Reads a value up to its separator: the value unescaped and folded, the separator, and the text after it.
fn parse_value(text: &str) -> Result<(String, Option<char>, &str), InvalidDn> {
    let mut bytes = Vec::new();
    // How much of `bytes` must stay: unescaped spaces at the end belong to the separator.
    let mut keep = 0;
    let mut separator = None;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).ok_or(InvalidDn)?;
        match c {
            ',' | '+' => {
                separator = Some(c);
                rest = after;
                break;
            }
            '\\' => {
                let (byte, after_escape) = parse_escape(after)?;
                bytes.push(byte);
                keep = bytes.len();
                rest = after_escape;
            }
            '"' | ';' | '<' | '>' | '\0' => return Err(InvalidDn),
            '#' if bytes.is_empty() => return Err(InvalidDn),
            _ => {
                bytes.extend(c.encode_utf8(&mut [0; 4]).bytes());
                if c != ' ' {
                    keep = bytes.len();
                }
                rest = after;
            }
        }
    }
    bytes.truncate(keep);
    let value = String::from_utf8(bytes).map_err(|_| InvalidDn)?;
    if value.is_empty() {
        return Err(InvalidDn);
    }
    Ok((fold(&value), separator, rest))
}

/// What a backslash introduces (RFC 4514 section 3): a character that needs escaping, or two hexadecimal digits.
fn parse_escape(text: &str) -> Result<(u8, &str), InvalidDn> {
    let (first, rest) = text.as_bytes().split_first().ok_or(InvalidDn)?;
    if b" \"#+,;<=>\\".contains(first) {
        return Ok((*first, text.get(1..).ok_or(InvalidDn)?));
    }
    let second = rest.first().ok_or(InvalidDn)?;
    let digit = |b: &u8| char::from(*b).to_digit(16);
    let (high, low) = (digit(first).ok_or(InvalidDn)?, digit(second).ok_or(InvalidDn)?);
    let byte = u8::try_from(high * 16 + low).map_err(|_| InvalidDn)?;
    Ok((byte, text.get(2..).ok_or(InvalidDn)?))
}

/// Folds letter case one character to one.
///
/// A few characters beyond ASCII have an ASCII letter as their small form (the Kelvin sign is one); the directory may
/// hold them apart, so they stay as they are.
fn fold(value: &str) -> String {
    value.chars().map(fold_char).collect()
}

fn fold_char(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let mut small = c.to_lowercase();
    match (small.next(), small.next()) {
        (Some(one), None) if !one.is_ascii() => one,
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn dn(text: &str) -> Dn {
        text.parse().unwrap()
    }

    #[test]
    fn spellings_of_one_name() {
        let plain = dn(r"CN=Smith\, Jörg,OU=People,DC=corp,DC=example");
        for same in [
            r"cn=smith\, jörg,ou=people,dc=CORP,dc=Example",
            r"CN = Smith\2C J\C3\B6rg , OU = People , DC=corp , DC=example ",
            r" 2.5.4.3=Smith\, JÖRG,2.5.4.11=People,0.9.2342.19200300.100.1.25=corp,DC=example",
            r"CN=\53mith\, J\c3\b6rg,OU=Pe\6fple,DC=corp,DC=example",
        ] {
            assert_eq!(dn(same), plain, "{same}");
        }
        assert_ne!(dn(r"CN=Smith\,  Jörg,OU=People,DC=corp,DC=example"), plain);
        assert_eq!(dn("CN=a+OU=b,DC=x"), dn("ou=B + cn=A,DC=x"));
    }

    #[test]
    fn spaces_that_count() {
        assert_eq!(dn(r"CN=a ,DC=x"), dn("CN=a,DC=x"));
        assert_ne!(dn(r"CN=a\ ,DC=x"), dn("CN=a,DC=x"));
        assert_eq!(dn(r"CN=a\20 ,DC=x"), dn(r"CN=a\ ,DC=x"));
        assert_ne!(dn(r"CN=\ a,DC=x"), dn("CN=a,DC=x"));
    }

    #[test]
    fn within() {
        let subtree = "OU=People,DC=corp,DC=example";
        assert!(is_within("CN=x,OU=Staff,OU=people,DC=corp,DC=example", subtree));
        assert!(is_within("ou=people, dc=corp, dc=example", subtree));
        for outside in [
            "DC=corp,DC=example",
            "CN=x,OU=Vault,DC=corp,DC=example",
            r"CN=x\,OU=People,DC=corp,DC=example",
            "CN=x,OU=XPeople,DC=corp,DC=example",
            "CN=x,CN=People,DC=corp,DC=example",
            "CN=x,OU=People,DC=corp,DC=example,DC=net",
            "CN=x,OU=People+L=y,DC=corp,DC=example",
            "CN=\"x\",OU=People,DC=corp,DC=example",
            "<GUID=03020100-0504-0706-0809-0a0b0c0d0e0f>",
            "",
        ] {
            assert!(!is_within(outside, subtree), "{outside}");
        }
        assert!(!is_within("CN=x,DC=corp", ""));
    }

    #[test]
    fn parents() {
        assert_eq!(parent(r"CN=a\,b\\,OU=x,DC=y"), Some("OU=x,DC=y"));
        assert_eq!(parent(r"CN=a\2Cb,DC=y"), Some("DC=y"));
        assert_eq!(parent("DC=y"), None);
        assert_eq!(parent(r"CN=a\,DC=y"), None);
    }

    #[test]
    fn look_alikes_stay_apart() {
        assert_ne!(dn("OU=\u{212a}ey,DC=x"), dn("OU=key,DC=x"));
        assert_ne!(dn("OU=\u{130},DC=x"), dn("OU=i,DC=x"));
        assert_ne!(dn("OU=stra\u{df}e,DC=x"), dn("OU=strasse,DC=x"));
    }

    #[test]
    fn deleted_objects_and_slashes() {
        let deleted = dn(r"CN=x\0ADEL:9bdb9a6b-7c36-4696-84c8-9134109b639e,CN=Deleted Objects,DC=x");
        assert_eq!(deleted.rdns().len(), 3);
        assert!(
            deleted
                .rdns()
                .next()
                .unwrap()
                .single("cn")
                .unwrap()
                .starts_with("x\ndel:")
        );
        assert_eq!(
            dn("CN=a/b=c,DC=x").rdns().next().unwrap().attributes().next(),
            Some(("cn", "a/b=c"))
        );
    }

    #[test]
    fn dns_domains() {
        assert_eq!(
            dn("CN=x,OU=y,DC=Corp,DC=example").dns_domain().as_deref(),
            Some("corp.example")
        );
        assert_eq!(dn("DC=a,CN=x,DC=b").dns_domain().as_deref(), Some("b"));
        assert_eq!(dn("CN=x,O=y").dns_domain(), None);
    }

    #[test]
    fn refused() {
        for text in [
            "",
            " ",
            "x",
            "=x",
            "CN=",
            "CN=,DC=x",
            "CN=a,",
            ",CN=a",
            "CN=a,,DC=x",
            "CN=a+",
            "CN=a\\",
            "CN=a\\4",
            "CN=a\\zz",
            "CN=a\\ff",
            "CN=a;DC=x",
            "CN=#04024869",
            "CN=a<b",
            "CN=\"a\"",
            "C N=a",
            "1.=a",
            "1..2=a",
            "CN=a\0b",
            "-cn=a",
            "CN=\\é",
        ] {
            assert_eq!(text.parse::<Dn>(), Err(InvalidDn), "{text:?}");
        }
    }

    /// Escapes every byte, the most foreign spelling there is.
    fn escaped(value: &str) -> String {
        value.bytes().map(|b| format!("\\{b:02X}")).collect()
    }

    proptest! {
        #[test]
        fn any_value_survives_escaping(value in ".{1,20}", parent in "[a-z]{1,8}") {
            let text = format!("CN={},DC={parent}", escaped(&value));
            let name = dn(&text);
            prop_assert_eq!(name.rdns().len(), 2);
            let folded = fold(&value);
            prop_assert_eq!(name.rdns().next().unwrap().single("cn"), Some(folded.as_str()));
            let subtree = dn(&format!("dc={parent}"));
            prop_assert!(name.is_within(&subtree));
        }

        #[test]
        fn arbitrary_text_never_panics(text in "([A-Za-z]{1,2}=|[ ,+=#\\\\;<>\"0-9a-fé]){0,30}|.{0,30}") {
            if let Ok(name) = text.parse::<Dn>() {
                prop_assert!(name.is_within(&name));
                prop_assert!(name.rdns().len() > 0);
                let _ = name.dns_domain();
            }
        }
    }
}
