//! Security identifiers: the binary and the text form of MS-DTYP 2.4.2.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The most sub-authorities a SID may have (MS-DTYP 2.4.2.2).
const MAX_SUB_AUTHORITIES: usize = 15;

/// The identifier authority NT AUTHORITY (MS-DTYP 2.4.1.1).
const NT_AUTHORITY: u64 = 5;

/// First sub-authority of SIDs issued by a domain, SECURITY_NT_NON_UNIQUE (MS-DTYP 2.4.2.4).
const NT_NON_UNIQUE: u32 = 21;

/// First sub-authority of the built-in domain (MS-DTYP 2.4.2.4).
const BUILTIN_DOMAIN: u32 = 32;

/// A security identifier (MS-DTYP 2.4.2), such as `S-1-5-21-1-2-3-512`.
///
/// Always well formed: revision 1, a 48-bit authority and one to fifteen sub-authorities. Serialized as its text form.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sid {
    authority: u64,
    sub_authorities: Vec<u32>,
}

/// The input is not a security identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a security identifier")]
#[non_exhaustive]
pub struct InvalidSid;

impl Sid {
    /// Reads the binary form (MS-DTYP 2.4.2.2), as in `objectSid` and `tokenGroups`.
    ///
    /// # Errors
    /// Wrong revision, no or more than fifteen sub-authorities, too few bytes, or bytes left over.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidSid> {
        match Self::read(bytes)? {
            (sid, []) => Ok(sid),
            _ => Err(InvalidSid),
        }
    }

    /// A SID of NT AUTHORITY; sub-authorities beyond the most there may be are left out.
    pub(crate) fn nt(sub_authorities: &[u32]) -> Self {
        Self {
            authority: NT_AUTHORITY,
            sub_authorities: sub_authorities.iter().copied().take(MAX_SUB_AUTHORITIES).collect(),
        }
    }

    /// Reads a SID from the front of `bytes`, and says what follows it.
    pub(crate) fn read(bytes: &[u8]) -> Result<(Self, &[u8]), InvalidSid> {
        let (&[revision, count, a, b, c, d, e, f], rest) = bytes.split_first_chunk::<8>().ok_or(InvalidSid)?;
        let count = usize::from(count);
        if revision != 1 || count == 0 || count > MAX_SUB_AUTHORITIES {
            return Err(InvalidSid);
        }
        let (subs, rest) = rest.split_at_checked(count * 4).ok_or(InvalidSid)?;
        let (subs, _) = subs.as_chunks::<4>();
        let sid = Self {
            authority: u64::from_be_bytes([0, 0, a, b, c, d, e, f]),
            sub_authorities: subs.iter().map(|sub| u32::from_le_bytes(*sub)).collect(),
        };
        Ok((sid, rest))
    }

    /// The binary form (MS-DTYP 2.4.2.2).
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // At most fifteen by construction, so the count always fits.
        let count = u8::try_from(self.sub_authorities.len()).unwrap_or_default();
        let mut bytes = Vec::with_capacity(8 + self.sub_authorities.len() * 4);
        bytes.extend([1, count]);
        bytes.extend(self.authority.to_be_bytes().into_iter().skip(2));
        for sub in &self.sub_authorities {
            bytes.extend(sub.to_le_bytes());
        }
        bytes
    }

    /// The relative identifier: the last sub-authority of a SID that some domain issued.
    ///
    /// `None` for a SID with a single sub-authority, such as Everyone (`S-1-1-0`), which no domain issued.
    #[must_use]
    pub fn rid(&self) -> Option<u32> {
        match self.sub_authorities.as_slice() {
            [_, .., rid] => Some(*rid),
            _ => None,
        }
    }

    /// The SID without its last sub-authority: the domain that issued it.
    ///
    /// `None` exactly where [`rid`](Self::rid) is.
    #[must_use]
    pub fn domain(&self) -> Option<Sid> {
        match self.sub_authorities.as_slice() {
            [domain @ .., _] if !domain.is_empty() => Some(Self {
                authority: self.authority,
                sub_authorities: domain.to_vec(),
            }),
            _ => None,
        }
    }

    /// Whether this is `S-1-5-21-a-b-c-rid`: an account or group of a domain (MS-DTYP 2.4.2.4).
    #[must_use]
    pub fn is_domain_sid_based(&self) -> bool {
        self.authority == NT_AUTHORITY && matches!(self.sub_authorities.as_slice(), [NT_NON_UNIQUE, _, _, _, _])
    }

    /// Whether this is `S-1-5-32-rid`: an alias of the built-in domain, such as Administrators.
    #[must_use]
    pub fn is_builtin(&self) -> bool {
        self.authority == NT_AUTHORITY && matches!(self.sub_authorities.as_slice(), [BUILTIN_DOMAIN, _])
    }
}

/// The text form of MS-DTYP 2.4.2.1: the authority in decimal below 2^32, else as twelve hexadecimal digits.
impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.authority > u64::from(u32::MAX) {
            write!(f, "S-1-0x{:012X}", self.authority)?;
        } else {
            write!(f, "S-1-{}", self.authority)?;
        }
        self.sub_authorities.iter().try_for_each(|sub| write!(f, "-{sub}"))
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Sid {
    type Err = InvalidSid;

    /// Reads the text form (MS-DTYP 2.4.2.1). The `S` may be small; nothing else may vary, so that no two accounts
    /// can be meant by one text.
    fn from_str(text: &str) -> Result<Self, InvalidSid> {
        let mut parts = text.split('-');
        let prefix = parts.next().is_some_and(|s| s.eq_ignore_ascii_case("s"));
        if !prefix || parts.next() != Some("1") {
            return Err(InvalidSid);
        }
        let authority = parse_authority(parts.next().ok_or(InvalidSid)?)?;
        let mut sub_authorities = Vec::new();
        for part in parts {
            if sub_authorities.len() == MAX_SUB_AUTHORITIES {
                return Err(InvalidSid);
            }
            sub_authorities.push(parse_decimal(part)?);
        }
        if sub_authorities.is_empty() {
            return Err(InvalidSid);
        }
        Ok(Self {
            authority,
            sub_authorities,
        })
    }
}

/// `IdentifierAuthorityDec` (below 2^32) or `IdentifierAuthorityHex` (`0x` and twelve digits).
fn parse_authority(text: &str) -> Result<u64, InvalidSid> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) if hex.len() == 12 && hex.bytes().all(|b| b.is_ascii_hexdigit()) => {
            u64::from_str_radix(hex, 16).map_err(|_| InvalidSid)
        }
        Some(_) => Err(InvalidSid),
        None => parse_decimal(text).map(u64::from),
    }
}

/// One to ten digits, and no sign, which `u32::from_str` would let pass.
fn parse_decimal(text: &str) -> Result<u32, InvalidSid> {
    let digits = (1..=10).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse() {
        Ok(number) if digits => Ok(number),
        _ => Err(InvalidSid),
    }
}

impl TryFrom<String> for Sid {
    type Error = InvalidSid;

    fn try_from(text: String) -> Result<Self, InvalidSid> {
        text.parse()
    }
}

impl From<Sid> for String {
    fn from(sid: Sid) -> Self {
        sid.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sid(text: &str) -> Sid {
        text.parse().unwrap()
    }

    #[test]
    fn well_known_bytes() {
        let administrators = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0];
        assert_eq!(Sid::from_bytes(&administrators), Ok(sid("S-1-5-32-544")));
        assert_eq!(sid("S-1-5-32-544").to_bytes(), administrators);
        let everyone = [1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
        assert_eq!(Sid::from_bytes(&everyone).unwrap().to_string(), "S-1-1-0");
    }

    #[test]
    fn a_domain_account() {
        let admins = sid("S-1-5-21-397955417-626881126-188441444-512");
        assert_eq!(admins.rid(), Some(512));
        assert_eq!(admins.domain(), Some(sid("S-1-5-21-397955417-626881126-188441444")));
        assert!(admins.is_domain_sid_based() && !admins.is_builtin());
        assert!(!admins.domain().unwrap().is_domain_sid_based());
        assert!(!sid("S-1-4-21-1-2-3-4").is_domain_sid_based());
    }

    #[test]
    fn builtin_and_single_part_sids() {
        let operators = sid("S-1-5-32-548");
        assert!(operators.is_builtin() && !operators.is_domain_sid_based());
        assert_eq!(operators.domain(), Some(sid("S-1-5-32")));
        assert!(!sid("S-1-5-32").is_builtin());
        assert_eq!(sid("S-1-1-0").rid(), None);
        assert_eq!(sid("S-1-1-0").domain(), None);
    }

    #[test]
    fn hexadecimal_authority() {
        let high = sid("S-1-0x0000FFFFFFFFFFFF-1".replace("0x0000", "0x").as_str());
        assert_eq!(high.to_string(), "S-1-0xFFFFFFFFFFFF-1");
        assert_eq!(sid("S-1-0x000000000005-18"), sid("S-1-5-18"));
        assert_eq!(sid("s-1-5-18"), sid("S-1-5-18"));
    }

    #[test]
    fn refused_texts() {
        let too_many = format!("S-1-5{}", "-1".repeat(16));
        for text in [
            "",
            "S",
            "S-1",
            "S-1-5",
            "S-1-5-",
            "S-2-5-18",
            "S-1-5-4294967296",
            "S-1-4294967296-1",
            "S-1-5--18",
            "S-1-5-+18",
            "S-1-+5-18",
            " S-1-5-18",
            "S-1-5-18 ",
            "S-1-0x5-18",
            "S-1-0x00000000000g-1",
            "S-1-5-00000000018",
            too_many.as_str(),
        ] {
            assert_eq!(text.parse::<Sid>(), Err(InvalidSid), "{text:?}");
        }
    }

    #[test]
    fn refused_bytes() {
        let good = sid("S-1-5-32-544").to_bytes();
        for len in 0..good.len() {
            assert!(Sid::from_bytes(&good[..len]).is_err());
        }
        let longer = [good.as_slice(), &[0]].concat();
        assert!(Sid::from_bytes(&longer).is_err());
        assert!(Sid::from_bytes(&[2, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0]).is_err());
        assert!(Sid::from_bytes(&[1, 0, 0, 0, 0, 0, 0, 5]).is_err());
        let sixteen = [&[1, 16, 0, 0, 0, 0, 0, 5][..], &[0; 64]].concat();
        assert!(Sid::from_bytes(&sixteen).is_err());
        let fifteen = [&[1, 15, 0, 0, 0, 0, 0, 5][..], &[0; 60]].concat();
        assert!(Sid::from_bytes(&fifteen).is_ok());
    }

    #[test]
    fn serialized_as_text() {
        let json = serde_json::to_string(&sid("S-1-5-18")).unwrap();
        assert_eq!(json, r#""S-1-5-18""#);
        assert_eq!(serde_json::from_str::<Sid>(&json).unwrap(), sid("S-1-5-18"));
        assert!(serde_json::from_str::<Sid>(r#""S-1-5""#).is_err());
    }

    proptest! {
        #[test]
        fn both_forms_round_trip(
            authority in 0u64..1 << 48,
            sub_authorities in prop::collection::vec(any::<u32>(), 1..=15),
        ) {
            let sid = Sid { authority, sub_authorities };
            prop_assert_eq!(&Sid::from_bytes(&sid.to_bytes()), &Ok(sid.clone()));
            prop_assert_eq!(sid.to_string().parse::<Sid>(), Ok(sid));
        }

        #[test]
        fn arbitrary_bytes_are_read_exactly_or_refused(
            bytes in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            if let Ok(sid) = Sid::from_bytes(&bytes) {
                prop_assert_eq!(sid.to_bytes(), bytes);
            }
        }

        #[test]
        fn arbitrary_text_never_panics(text in "[Ss0-9x-]{0,40}|.{0,20}") {
            let _ = text.parse::<Sid>();
        }
    }
}
