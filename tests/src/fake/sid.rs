//! Security identifiers and a security descriptor, as the bytes a domain controller answers (MS-DTYP 2.4).

/// The binary form of a SID such as `S-1-5-32-544` (MS-DTYP 2.4.2.2).
///
/// # Panics
/// On anything that is not a SID.
pub fn sid(text: &str) -> Vec<u8> {
    parse(text).unwrap_or_else(|| panic!("{text} is not a SID"))
}

/// As [`sid`], `None` on anything else.
pub fn parse(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.strip_prefix("S-1-")?.split('-');
    let authority: u64 = parts.next()?.parse().ok()?;
    let parts: Vec<u32> = parts.map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let mut out = vec![1, u8::try_from(parts.len()).ok()?];
    out.extend(&authority.to_be_bytes()[2..]);
    out.extend(parts.iter().flat_map(|part| part.to_le_bytes()));
    Some(out)
}

/// `S-1-...` of a binary SID; empty where the bytes are none.
pub fn text(bytes: &[u8]) -> String {
    if bytes.len() < 8 || bytes.len() != 8 + 4 * usize::from(bytes[1]) {
        return String::new();
    }
    let authority = bytes[2..8].iter().fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte));
    let parts = bytes[8..]
        .chunks(4)
        .map(|part| u32::from_le_bytes([part[0], part[1], part[2], part[3]]));
    parts.fold(format!("S-1-{authority}"), |text, part| format!("{text}-{part}"))
}

/// The right User-Change-Password, as an access control entry names it (MS-ADTS 5.1.3.2.1).
pub const USER_CHANGE_PASSWORD: &str = "ab721a53-1e2f-11d0-9819-00aa0040529b";

/// An entry of a discretionary access control list.
#[derive(Debug, Clone)]
pub struct Ace {
    allow: bool,
    right: Option<uuid::Uuid>,
    mask: u32,
    trustee: Vec<u8>,
}

impl Ace {
    /// Allows everything of `mask` (MS-DTYP 2.4.3) to `trustee`.
    pub fn allow(mask: u32, trustee: &str) -> Self {
        Ace {
            allow: true,
            right: None,
            mask,
            trustee: sid(trustee),
        }
    }

    /// Allows one extended right to `trustee`.
    pub fn allow_right(right: &str, trustee: &str) -> Self {
        Ace {
            allow: true,
            right: Some(guid(right)),
            mask: CONTROL_ACCESS,
            trustee: sid(trustee),
        }
    }

    /// Denies one extended right to `trustee`.
    pub fn deny_right(right: &str, trustee: &str) -> Self {
        Ace {
            allow: false,
            ..Self::allow_right(right, trustee)
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let kind = match (self.right.is_some(), self.allow) {
            (false, true) => 0,
            (false, false) => 1,
            (true, true) => 5,
            (true, false) => 6,
        };
        let mut body = self.mask.to_le_bytes().to_vec();
        if let Some(right) = self.right {
            body.extend(1u32.to_le_bytes());
            body.extend(right.to_bytes_le());
        }
        body.extend(&self.trustee);
        let mut out = vec![kind, 0];
        out.extend(((body.len() + 4) as u16).to_le_bytes());
        out.extend(body);
        out
    }
}

/// ACTRL_DS_CONTROL_ACCESS.
const CONTROL_ACCESS: u32 = 0x100;

fn guid(text: &str) -> uuid::Uuid {
    text.parse().expect("a GUID")
}

/// Everyone.
pub const EVERYONE: &str = "S-1-1-0";
/// The object itself.
pub const SELF: &str = "S-1-5-10";
/// Authenticated Users.
pub const AUTHENTICATED: &str = "S-1-5-11";

/// What an ordinary user object carries: everyone may change the password who knows it, the authenticated may read.
pub fn permissive() -> Vec<u8> {
    descriptor(&[
        Ace::allow_right(USER_CHANGE_PASSWORD, EVERYONE),
        Ace::allow_right(USER_CHANGE_PASSWORD, SELF),
        Ace::allow(0x0002_0094, AUTHENTICATED),
    ])
}

/// What "User cannot change password" leaves: both denied.
pub fn change_denied() -> Vec<u8> {
    descriptor(&[
        Ace::deny_right(USER_CHANGE_PASSWORD, EVERYONE),
        Ace::deny_right(USER_CHANGE_PASSWORD, SELF),
        Ace::allow(0x0002_0094, AUTHENTICATED),
    ])
}

/// A self-relative security descriptor with these entries as its DACL (MS-DTYP 2.4.6).
pub fn descriptor(entries: &[Ace]) -> Vec<u8> {
    let body: Vec<u8> = entries.iter().flat_map(Ace::bytes).collect();
    let mut out = vec![1, 0];
    // SE_SELF_RELATIVE and SE_DACL_PRESENT, then the offsets: no owner, group or SACL; the DACL follows the header.
    out.extend(0x8004u16.to_le_bytes());
    out.extend([0; 12]);
    out.extend(20u32.to_le_bytes());
    out.extend([4, 0]);
    out.extend(((body.len() + 8) as u16).to_le_bytes());
    out.extend((entries.len() as u16).to_le_bytes());
    out.extend([0, 0]);
    out.extend(body);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sids_go_both_ways() {
        let administrators = sid("S-1-5-32-544");
        assert_eq!(administrators, [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0]);
        assert_eq!(text(&administrators), "S-1-5-32-544");
        assert_eq!(parse("S-1-5-x"), None);
    }

    #[test]
    fn the_descriptor_says_its_length() {
        let bytes = permissive();
        let dacl = &bytes[20..];
        assert_eq!(usize::from(u16::from_le_bytes([dacl[2], dacl[3]])), dacl.len());
    }
}
