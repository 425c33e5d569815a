//! BindRequest (RFC 4511 4.2) in octets. Made here, since it holds a secret: every buffer is wiped.

use zeroize::Zeroizing;

/// The messageID of every bind: it is the only request under way on its connection.
pub(crate) const MESSAGE_ID: i32 = 1;

/// Identifier octets (X.690 8.1.2, RFC 4511 4.2).
mod tag {
    pub(super) const INTEGER: u8 = 0x02;
    pub(super) const OCTET_STRING: u8 = 0x04;
    pub(super) const SEQUENCE: u8 = 0x30;
    pub(super) const BIND_REQUEST: u8 = 0x60;
    pub(super) const SIMPLE: u8 = 0x80;
}

/// A simple bind of a user, with the password as the text it is.
pub(crate) fn simple(user: &str, password: &[u8]) -> Zeroizing<Vec<u8>> {
    let user = element(tag::OCTET_STRING, &[user.as_bytes()]);
    message(&user, &element(tag::SIMPLE, &[password]))
}

/// LDAPMessage with version 3, a name, and the choice of authentication.
fn message(name: &[u8], authentication: &[u8]) -> Zeroizing<Vec<u8>> {
    let id = element(tag::INTEGER, &[&MESSAGE_ID.to_be_bytes()[3..]]);
    let version = element(tag::INTEGER, &[&[3]]);
    let bind = element(tag::BIND_REQUEST, &[&version, name, authentication]);
    element(tag::SEQUENCE, &[&id, &bind])
}

/// One element, made with exact capacity so that no copy is left behind by a reallocation. Its length is always in the form of
/// four octets, which BER allows, and Active Directory itself uses.
fn element(tag: u8, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let length = parts.iter().map(|part| part.len()).sum::<usize>();
    let mut out = Zeroizing::new(Vec::with_capacity(6 + length));
    out.extend_from_slice(&[tag, 0x84]);
    // What is bound with is far below 4 GiB: a password has a limit, and a ticket too.
    out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ad::frame::{RequestKind, inspect_request};

    #[test]
    fn a_simple_bind_is_one_well_formed_message() {
        let request = simple("svc@corp.example", b"Secret-1");
        assert_eq!(inspect_request(&request), Ok((MESSAGE_ID, RequestKind::Bind)));
        assert!(request.ends_with(b"\x04\x84\0\0\0\x10svc@corp.example\x80\x84\0\0\0\x08Secret-1"));
        assert_eq!(request.capacity(), request.len());
    }
}
