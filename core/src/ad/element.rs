//! One BER element in a buffer that is wiped: what the requests are made of that hold a secret.

use zeroize::Zeroizing;

/// Identifier octets of the universal types (X.690 8.1.2) that requests share.
pub(crate) mod tag {
    pub(crate) const BOOLEAN: u8 = 0x01;
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const ENUMERATED: u8 = 0x0A;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const SET: u8 = 0x31;
}

/// One element, made with exact capacity so that no copy is left behind by a reallocation. Its length is always in the form of
/// four octets, which BER allows, and Active Directory itself uses.
pub(crate) fn element(tag: u8, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let length = parts.iter().map(|part| part.len()).sum::<usize>();
    let mut out = Zeroizing::new(Vec::with_capacity(6 + length));
    out.extend_from_slice(&[tag, 0x84]);
    // What is sent is far below 4 GiB: a password has a limit, and a ticket too.
    out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}
