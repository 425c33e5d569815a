//! Bytes that no honest domain controller sends.

use super::answer::Answer;
use super::ber::{self, tlv};
use super::reply;

/// A wrong reply to a request.
#[derive(Debug, Clone)]
pub enum Raw {
    /// Just these bytes.
    Bytes(Vec<u8>),
    /// A message whose inner lengths do not add up.
    Malformed,
    /// A message of so many SEQUENCEs in each other.
    Nested(usize),
    /// A header that announces 4 GiB, and nothing more.
    HugeLength,
    /// A header that announces an indefinite length, which LDAP forbids (RFC 4511 5.1).
    IndefiniteLength,
    /// A success of the right kind under another message id.
    WrongMessageId,
    /// A success of another kind: a delete response.
    WrongOperation,
    /// An operation that LDAP does not define.
    UnknownOperation,
    /// A response of the right kind with nothing in it.
    EmptyResult,
    /// A result code of nine octets.
    HugeResultCode,
    /// A result whose diagnostic message is not UTF-8.
    NotUtf8,
    /// A search entry without attributes or name.
    EmptyEntry,
    /// A search reference, and then the end of the search.
    ReferenceInsteadOfEntry,
    /// A notice of disconnection: 52, unavailable.
    NoticeOfDisconnection,
    /// What a web server says.
    Http,
}

impl Raw {
    /// Every kind but [`Raw::Bytes`], for tests that go through all of them. Nested 20,000 deep.
    pub fn all() -> Vec<Raw> {
        vec![
            Raw::Malformed,
            Raw::Nested(20_000),
            Raw::HugeLength,
            Raw::IndefiniteLength,
            Raw::WrongMessageId,
            Raw::WrongOperation,
            Raw::UnknownOperation,
            Raw::EmptyResult,
            Raw::HugeResultCode,
            Raw::NotUtf8,
            Raw::EmptyEntry,
            Raw::ReferenceInsteadOfEntry,
            Raw::NoticeOfDisconnection,
            Raw::Http,
        ]
    }

    /// The bytes in answer to request `id`, where `tag` is the right operation's.
    pub(super) fn bytes(&self, id: u32, tag: u8) -> Vec<u8> {
        let success = Answer::success();
        match self {
            Raw::Bytes(bytes) => bytes.clone(),
            Raw::Malformed => tlv(
                ber::SEQUENCE,
                [ber::integer(id.into()), vec![tag, 0x7f, 0x0a, 0x40, 0]].concat(),
            ),
            Raw::Nested(depth) => nested(*depth),
            Raw::HugeLength => vec![ber::SEQUENCE, 0x84, 0xff, 0xff, 0xff, 0xff],
            Raw::IndefiniteLength => [vec![ber::SEQUENCE, 0x80], ber::integer(id.into()), vec![tag, 0x80]].concat(),
            Raw::WrongMessageId => reply::result(id.wrapping_add(7_000), tag, &success),
            Raw::WrongOperation => reply::result(id, 0x6b, &success),
            Raw::UnknownOperation => reply::result(id, 0x7e, &success),
            Raw::EmptyResult => reply::message(id, &tlv(tag, []), &[]),
            Raw::HugeResultCode => {
                let body = [tlv(ber::ENUMERATED, [0x7f; 9]), ber::octets(""), ber::octets("")].concat();
                reply::message(id, &tlv(tag, body), &[])
            }
            Raw::NotUtf8 => reply::result(id, tag, &Answer::new(53, [0x30, 0xff, 0xfe, 0x80, 0xc3])),
            Raw::EmptyEntry => {
                let entry = reply::message(id, &tlv(reply::SEARCH_ENTRY, []), &[]);
                [entry, reply::result(id, reply::SEARCH_DONE, &success)].concat()
            }
            Raw::ReferenceInsteadOfEntry => {
                let reference = reply::reference(id, "ldap://elsewhere.example.test/DC=elsewhere");
                [reference, reply::result(id, reply::SEARCH_DONE, &success)].concat()
            }
            Raw::NoticeOfDisconnection => reply::notice(&Answer::new(52, "0000200E: the server is going down")),
            Raw::Http => b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec(),
        }
    }
}

/// Built from the inside, in one pass: each level's header depends on how much it holds.
fn nested(depth: usize) -> Vec<u8> {
    let mut reversed: Vec<u8> = Vec::new();
    for _ in 0..depth {
        let header = [vec![ber::SEQUENCE], ber::length(reversed.len())].concat();
        reversed.extend(header.iter().rev());
    }
    reversed.reverse();
    reversed
}
