//! Oracles: for each decoder, what must hold for every input. The fuzz targets call them, and so do property tests.

use jiff::Timestamp;

use crate::account::Account;
use crate::ad::attribute::{self, FileTime, UserAccountControl};
use crate::ad::config::Address;
use crate::ad::descriptor::{SecurityDescriptor, schema};
use crate::ad::diagnostic::{self, Diagnostic, Operation, WriteRefusal};
use crate::ad::dn::{self, Dn};
use crate::ad::frame::{self, Frames, ResponseKind};
use crate::ad::netlogon::Netlogon;
use crate::ad::session::Entry;
use crate::ad::{entry, metadata, policy, server};
use crate::directory::Endpoint;
use crate::facts::Facts;
use crate::sid::Sid;

/// A small bound, so that the fuzzer meets it.
const MAX_MESSAGE: usize = 1024;

/// LDAP messages: what the guard accepts, the client survives; and a stream gives the same messages in any pieces.
pub fn frame(data: &[u8]) {
    if let Ok(message) = frame::inspect(data) {
        let clean = frame::sanitise(data);
        let Ok(after) = frame::inspect(&clean) else {
            panic!("a sanitised message is refused");
        };
        assert!(!after.needs_sanitising);
        assert_eq!(
            (after.id, after.kind, after.result_code),
            (message.id, message.kind, message.result_code)
        );
        assert!(frame::inspect_request(data).is_err());
        frame::feed_to_client(&clean, message.kind);
    }
    let whole = cut(data, data.len().max(1));
    for size in [1, 5] {
        assert_eq!(cut(data, size), whole);
    }
}

/// The messages of a stream that comes in pieces of this size, and whether the stream broke.
fn cut(data: &[u8], size: usize) -> (Vec<Vec<u8>>, bool) {
    let mut frames = Frames::new(MAX_MESSAGE);
    let mut seen = Vec::new();
    for piece in data.chunks(size) {
        frames.push(piece);
        loop {
            match frames.next_frame() {
                Ok(Some(frame)) => seen.push(frame.to_vec()),
                Ok(None) => break,
                Err(_) => return (seen, true),
            }
        }
    }
    (seen, false)
}

/// A whole stream of a server's, as far as it goes: cut, guarded, parsed by the client, and taken for an account, a policy, a rootDSE or
/// a refusal. Whatever it is, it ends in a value or a typed error.
pub fn reply(data: &[u8]) {
    let mut frames = Frames::new(64 * 1024);
    frames.push(data);
    while let Ok(Some(frame)) = frames.next_frame() {
        let Ok(message) = frame::inspect(frame) else { return };
        let clean = frame::sanitise(frame);
        if message.kind == ResponseKind::SearchEntry {
            let read = Entry::from_frame(&clean);
            understand(&read.expect("the client takes every accepted entry"));
        } else if let Ok((code, text)) = frame::read_result(&clean) {
            let said = Diagnostic::parse(&text);
            let _ = diagnostic::classify_bind(code, &said);
            for operation in [
                Operation::Reset,
                Operation::Change,
                Operation::Unlock,
                Operation::RequireChange,
            ] {
                let _ = diagnostic::classify_write(operation, code, &said);
            }
        }
        if message.kind == ResponseKind::Bind {
            assert!(frame::read_bind_response(frame, message.id).is_ok());
        }
    }
}

/// An entry with values of the fuzzer's: each begins with the place of its attribute among those that are asked for, and its length.
pub fn entry(data: &[u8]) {
    let names = [
        entry::ATTRIBUTES,
        server::ATTRIBUTES,
        policy::DOMAIN_ATTRIBUTES,
        policy::FINE_GRAINED_ATTRIBUTES,
    ]
    .concat();
    let mut values = Vec::new();
    let mut rest = data;
    while let [place, length, after @ ..] = rest {
        let (value, after) = after.split_at(after.len().min(usize::from(*length)));
        values.extend(
            names
                .get(usize::from(*place) % names.len())
                .map(|name| (*name, value.to_vec())),
        );
        rest = after;
    }
    understand(&Entry::of("CN=Fuzz,DC=corp,DC=example", values));
}

/// Reads an entry as everything that entries are read as. What is concluded of an account never opens what absence closes.
fn understand(entry: &Entry) {
    let own_token: Vec<Sid> = "S-1-5-21-1-2-3-1104".parse().into_iter().collect();
    let _ = entry::Names::of(entry, &own_token);
    let _ = policy::of_domain(entry);
    let _ = policy::of_fine_grained(entry, "CN=Fuzz");
    if let Ok(address) = Address::parse("ldaps://dc1.corp.example") {
        let _ = server::understand(entry, &address, Endpoint::default());
    }
    let Ok(readings) = entry::readings(entry, &own_token) else {
        return;
    };
    let missing = readings.sid.is_none() || readings.token_groups.is_none() || readings.control.is_none();
    let concluded = Facts::conclude(readings, &own_token, &[]);
    assert!(!missing || concluded.is_err());
    if let Ok(facts) = concluded {
        let account = facts.account(None);
        let text = serde_json::to_string(&account).expect("an account is serialized");
        assert_eq!(serde_json::from_str::<Account>(&text).ok(), Some(account));
    }
}

/// Diagnostic texts: a rule is only stated of a refused password, and only with its marker.
pub fn diagnostic(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let said = Diagnostic::parse(&text);
    assert!(said.limit.is_none() || said.stated.is_some());
    assert!(said.stated.is_none() || text.contains("check_password_restrictions: "));
    for result in 0..=80 {
        let _ = diagnostic::classify_bind(result, &said);
        for operation in [Operation::Unlock, Operation::RequireChange] {
            let refusal = diagnostic::classify_write(operation, result, &said);
            assert!(!matches!(
                refusal,
                WriteRefusal::PolicyRefused(_) | WriteRefusal::WrongOldPassword
            ));
        }
        for operation in [Operation::Reset, Operation::Change] {
            let _ = diagnostic::classify_write(operation, result, &said);
        }
    }
}

/// Security descriptors: nobody has at most what somebody has, where nothing denies by the owner.
pub fn descriptor(data: &[u8]) {
    let Ok(descriptor) = SecurityDescriptor::parse(data) else {
        return;
    };
    let _ = descriptor.inheritance_broken();
    let everyone: Vec<Sid> = "S-1-1-0".parse().into_iter().collect();
    let set = Some(schema::ACCOUNT_RESTRICTIONS);
    for token in [&[][..], &everyone] {
        let _ = descriptor.can_read_property(token, schema::LOCKOUT_TIME, None);
        let _ = descriptor.has_control_access(token, schema::RESET_PASSWORD);
        let _ = descriptor.can_read_property(token, schema::USER_ACCOUNT_CONTROL, set);
    }
    if descriptor.can_read_property(&[], schema::ADMIN_COUNT, None) {
        // Only a descriptor without a list grants to a token without SIDs, and then to all.
        assert!(descriptor.can_read_property(&everyone, schema::LOCKOUT_TIME, None));
    }
}

/// Security identifiers: both forms are read back as they were.
pub fn sid(data: &[u8]) {
    if let Ok(sid) = Sid::from_bytes(data) {
        assert_eq!(sid.to_bytes(), data);
        assert_eq!(sid.to_string().parse(), Ok(sid.clone()));
        assert_eq!(sid.rid().is_some(), sid.domain().is_some());
        assert!(!(sid.is_builtin() && sid.is_domain_sid_based()));
    }
    if let Ok(sid) = String::from_utf8_lossy(data).parse::<Sid>() {
        assert_eq!(Sid::from_bytes(&sid.to_bytes()), Ok(sid));
    }
}

/// Attribute values: times round-trip, and escaped text holds nothing special.
pub fn attribute(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(FileTime::At(at)) = FileTime::parse(&text)
        && at < Timestamp::MAX
    {
        assert_eq!(attribute::file_time_of(at), attribute::integer(&text));
    }
    let _ = attribute::generalized_time(&text);
    let _ = attribute::min_password_age(&text);
    let _ = attribute::max_password_age(&text);
    let _ = attribute::lockout_duration(&text);
    let _ = attribute::lockout_window(&text);
    let _ = UserAccountControl::parse(&text);
    if let Some(guid) = attribute::guid(data) {
        assert_eq!(attribute::guid_bytes(guid), data);
    }
    let escaped = attribute::filter_value(data);
    assert!(escaped.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'\\'));
    let _ = metadata::version_of(data, metadata::UNICODE_PWD);
    let _ = metadata::version_of(data, 0);
}

/// Distinguished names, two of them parted by a line break: being inside one another means being equal.
pub fn dn(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (first, second) = text.split_once('\n').unwrap_or((&text, ""));
    if dn::is_within(first, second) && dn::is_within(second, first) {
        assert_eq!(first.parse::<Dn>(), second.parse::<Dn>());
    }
    if let Ok(name) = first.parse::<Dn>() {
        assert!(name.is_within(&name) && name.rdns().len() > 0);
        assert!(dn::is_within(&format!("CN=x,{first}"), first));
        let _ = name.dns_domain();
    }
}

/// Netlogon answers: names of a length that DNS allows, or nothing.
pub fn netlogon(data: &[u8]) {
    if let Some(answer) = Netlogon::read(data) {
        assert!(answer.client_site.len() <= 255);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::path::Path;

    /// What the fuzzer found worth keeping.
    #[test]
    fn oracles_hold_for_the_corpora() {
        let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
        for (name, oracle) in [("reply", super::reply as fn(&[u8])), ("entry", super::entry)] {
            let mut read = 0;
            for input in std::fs::read_dir(corpora.join(name)).unwrap() {
                oracle(&std::fs::read(input.unwrap().path()).unwrap());
                read += 1;
            }
            assert!(read > 100, "the corpus of {name} is gone");
        }
    }

    proptest! {
        #[test]
        fn oracles_hold_for_arbitrary_bytes(data in prop::collection::vec(any::<u8>(), 0..120)) {
            for oracle in [super::frame, super::reply, super::entry, super::diagnostic, super::descriptor, super::sid, super::attribute, super::dn, super::netlogon] {
                oracle(&data);
            }
        }

        #[test]
        fn oracles_hold_for_names(text in "((CN|dc|2.5.4.11)=[a-zé\\\\ ,+]{1,8},?){1,3}\n?(dc=[a-z]{1,3})?") {
            super::dn(text.as_bytes());
        }

        #[test]
        fn oracles_hold_for_numbers(number in any::<i64>()) {
            super::attribute(number.to_string().as_bytes());
        }
    }
}
