//! BindRequest (RFC 4511 4.2) in octets. Made here, since it holds a secret: every buffer is wiped.

use super::element::{element, tag};
use zeroize::Zeroizing;

/// The messageID of every bind: it is the only request under way on its connection.
pub(crate) const MESSAGE_ID: i32 = 1;

/// Identifier octets of the bind (RFC 4511 4.2).
const BIND_REQUEST: u8 = 0x60;
const SIMPLE: u8 = 0x80;

/// A simple bind of a user, with the password as the text it is.
pub(crate) fn simple(user: &str, password: &[u8]) -> Zeroizing<Vec<u8>> {
    let user = element(tag::OCTET_STRING, &[user.as_bytes()]);
    message(&user, &element(SIMPLE, &[password]))
}

/// LDAPMessage with version 3, a name, and the choice of authentication.
fn message(name: &[u8], authentication: &[u8]) -> Zeroizing<Vec<u8>> {
    let id = element(tag::INTEGER, &[&MESSAGE_ID.to_be_bytes()[3..]]);
    let version = element(tag::INTEGER, &[&[3]]);
    let bind = element(BIND_REQUEST, &[&version, name, authentication]);
    element(tag::SEQUENCE, &[&id, &bind])
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
