//! ModifyRequest (RFC 4511 4.6) in octets. Made here and not by the LDAP client, which would keep copies of the password in
//! it: every buffer is wiped.

use super::element::{element, tag};
use zeroize::Zeroizing;

/// Identifier octets (RFC 4511 4.1.1, 4.6).
const MODIFY_REQUEST: u8 = 0x66;
const CONTROLS: u8 = 0xA0;

/// One part of a modification. The value is wiped when it is dropped.
#[derive(Debug)]
pub(crate) enum Change {
    Add(&'static str, Zeroizing<Vec<u8>>),
    Delete(&'static str, Zeroizing<Vec<u8>>),
    Replace(&'static str, Zeroizing<Vec<u8>>),
}

/// A modification of one object, with a critical control of an object identifier and value, if any.
pub(crate) fn modify_request(
    id: i32,
    dn: &str,
    changes: &[Change],
    control: Option<(&str, &[u8])>,
) -> Zeroizing<Vec<u8>> {
    let id = element(tag::INTEGER, &[&id.to_be_bytes()]);
    let changes: Vec<_> = changes.iter().map(change).collect();
    let changes: Vec<&[u8]> = changes.iter().map(|change| change.as_slice()).collect();
    let dn = element(tag::OCTET_STRING, &[dn.as_bytes()]);
    let modify = element(MODIFY_REQUEST, &[&dn, &element(tag::SEQUENCE, &changes)]);
    match control.map(critical) {
        Some(control) => element(tag::SEQUENCE, &[&id, &modify, &element(CONTROLS, &[&control])]),
        None => element(tag::SEQUENCE, &[&id, &modify]),
    }
}

fn change(change: &Change) -> Zeroizing<Vec<u8>> {
    let (operation, name, value) = match change {
        Change::Add(name, value) => (0, name, value),
        Change::Delete(name, value) => (1, name, value),
        Change::Replace(name, value) => (2, name, value),
    };
    let name = element(tag::OCTET_STRING, &[name.as_bytes()]);
    let values = element(tag::SET, &[&element(tag::OCTET_STRING, &[value])]);
    let attribute = element(tag::SEQUENCE, &[&name, &values]);
    element(tag::SEQUENCE, &[&element(tag::ENUMERATED, &[&[operation]]), &attribute])
}

/// A control (RFC 4511 4.1.11).
fn critical((oid, value): (&str, &[u8])) -> Zeroizing<Vec<u8>> {
    let oid = element(tag::OCTET_STRING, &[oid.as_bytes()]);
    let yes = element(tag::BOOLEAN, &[&[0xFF]]);
    element(tag::SEQUENCE, &[&oid, &yes, &element(tag::OCTET_STRING, &[value])])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ad::frame::{RequestKind, inspect_request};

    fn value(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(bytes.to_vec())
    }

    #[test]
    fn a_change_is_one_well_formed_message() {
        let changes = [
            Change::Delete("unicodePwd", value(b"old")),
            Change::Add("unicodePwd", value(b"new")),
        ];
        let request = modify_request(1 << 30, "<GUID=1>", &changes, None);
        assert_eq!(inspect_request(&request), Ok((1 << 30, RequestKind::Modify)));
        assert!(request.starts_with(
            b"\x30\x84\0\0\0\x88\x02\x84\0\0\0\x04\x40\0\0\0\x66\x84\0\0\0\x78\x04\x84\0\0\0\x08<GUID=1>"
        ));
        assert!(request.ends_with(
            b"\x30\x84\0\0\0\x2c\x0a\x84\0\0\0\x01\0\x30\x84\0\0\0\x1f\x04\x84\0\0\0\x0aunicodePwd\x31\x84\0\0\0\x09\x04\x84\0\0\0\x03new"
        ));
        assert_eq!(request.capacity(), request.len());
    }

    #[test]
    fn a_control_is_critical() {
        let request = modify_request(
            7,
            "CN=x",
            &[Change::Replace("lockoutTime", value(b"0"))],
            Some(("1.2", b"v")),
        );
        assert_eq!(inspect_request(&request), Ok((7, RequestKind::Modify)));
        let control =
            b"\xa0\x84\0\0\0\x1d\x30\x84\0\0\0\x17\x04\x84\0\0\0\x031.2\x01\x84\0\0\0\x01\xff\x04\x84\0\0\0\x01v";
        assert!(request.ends_with(control), "{request:02x?}");
    }
}
