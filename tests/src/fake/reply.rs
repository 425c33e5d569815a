//! Replies as bytes (RFC 4511 4).

use super::answer::Answer;
use super::ber::{self, tlv};
use super::directory::{Found, Results};

/// Tags of the replies' protocol operations.
pub(super) const BIND_RESPONSE: u8 = 0x61;
pub(super) const SEARCH_ENTRY: u8 = 0x64;
pub(super) const SEARCH_DONE: u8 = 0x65;
pub(super) const MODIFY_RESPONSE: u8 = 0x67;
pub(super) const SEARCH_REFERENCE: u8 = 0x73;
pub(super) const EXTENDED_RESPONSE: u8 = 0x78;

/// The OID of a notice of disconnection (RFC 4511 4.4.1).
const NOTICE_OF_DISCONNECTION: &str = "1.3.6.1.4.1.1466.20036";

/// A whole message.
pub(super) fn message(id: u32, operation: &[u8], controls: &[(String, bool, Option<Vec<u8>>)]) -> Vec<u8> {
    let mut body = [ber::integer(id.into()), operation.to_vec()].concat();
    if !controls.is_empty() {
        let controls: Vec<u8> = controls.iter().flat_map(control).collect();
        body.extend(tlv(0xa0, controls));
    }
    tlv(ber::SEQUENCE, body)
}

fn control((oid, critical, value): &(String, bool, Option<Vec<u8>>)) -> Vec<u8> {
    let mut body = ber::octets(oid);
    if *critical {
        body.extend([1, 1, 0xff]);
    }
    body.extend(value.iter().flat_map(ber::octets));
    tlv(ber::SEQUENCE, body)
}

/// A message with a result.
pub(super) fn result(id: u32, tag: u8, answer: &Answer) -> Vec<u8> {
    message(id, &tlv(tag, components(answer)), &answer.controls)
}

/// An extended response with a name or a value.
pub(super) fn extended(id: u32, answer: &Answer, name: Option<&str>, value: Option<&str>) -> Vec<u8> {
    let mut body = components(answer);
    body.extend(name.iter().flat_map(|name| tlv(0x8a, name)));
    body.extend(value.iter().flat_map(|value| tlv(0x8b, value)));
    message(id, &tlv(EXTENDED_RESPONSE, body), &answer.controls)
}

/// A notice of disconnection with this result.
pub(super) fn notice(answer: &Answer) -> Vec<u8> {
    extended(0, answer, Some(NOTICE_OF_DISCONNECTION), None)
}

/// The components of an LDAPResult.
fn components(answer: &Answer) -> Vec<u8> {
    let mut out = tlv(ber::ENUMERATED, ber::number(answer.code.into()));
    out.extend(ber::octets(&answer.matched));
    out.extend(ber::octets(&answer.diagnostic));
    if !answer.referrals.is_empty() {
        let urls: Vec<u8> = answer.referrals.iter().flat_map(ber::octets).collect();
        out.extend(tlv(0xa3, urls));
    }
    out
}

/// A message with a search entry.
pub(super) fn entry(id: u32, found: &Found) -> Vec<u8> {
    let attribute = |(name, values): &(String, Vec<Vec<u8>>)| {
        let values: Vec<u8> = values.iter().flat_map(ber::octets).collect();
        tlv(ber::SEQUENCE, [ber::octets(name), tlv(ber::SET, values)].concat())
    };
    let attributes: Vec<u8> = found.attributes.iter().flat_map(attribute).collect();
    let body = [ber::octets(&found.dn), tlv(ber::SEQUENCE, attributes)].concat();
    message(id, &tlv(SEARCH_ENTRY, body), &[])
}

/// A message with a search reference.
pub(super) fn reference(id: u32, url: &str) -> Vec<u8> {
    message(id, &tlv(SEARCH_REFERENCE, ber::octets(url)), &[])
}

/// All messages of a search's answer.
pub(super) fn results(id: u32, results: &Results) -> Vec<u8> {
    let entries = results.entries.iter().flat_map(|found| entry(id, found));
    let references = results.references.iter().flat_map(|url| reference(id, url));
    entries
        .chain(references)
        .chain(result(id, SEARCH_DONE, &results.answer))
        .collect()
}
