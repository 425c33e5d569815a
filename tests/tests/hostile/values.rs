//! Attribute values that are not what the attribute holds.

use super::victim::{Deed, NEW, OLD, all, attack, attack_before_write, finding, reading, script, server};
use password_writeback::Code;
use testkit::fake::{FakeDc, Reaction, When};

/// Nothing that any attribute could rightly hold, but for a number here and there.
fn wrong_values() -> Vec<Vec<Vec<u8>>> {
    let sid = |bytes: &[u8]| vec![bytes.to_vec()];
    vec![
        vec![],
        vec![vec![]],
        vec![vec![], vec![]],
        vec![b"garbage".to_vec()],
        vec![b"-1".to_vec()],
        vec![b"-9223372036854775809".to_vec()],
        vec![b"99999999999999999999999999999999".to_vec()],
        vec![vec![b'9'; 70_000]],
        vec![b" 512".to_vec(), b"0".to_vec()],
        vec![b"\0".to_vec()],
        vec![b"\xff\xfe\x80".to_vec()],
        vec![vec![0xff; 16]],
        vec![vec![0; 15]],
        vec![vec![0; 17]],
        // A SID of no sub-authorities, of more than it holds, and one cut off.
        sid(&[1, 0, 0, 0, 0, 0, 0, 5]),
        sid(&[1, 255, 0, 0, 0, 0, 0, 5, 1, 2, 3, 4]),
        sid(&[1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1]),
        vec![b"CN=\\zz,,=,DC".to_vec()],
        vec!["\u{202e}\u{0}\u{feff}".as_bytes().to_vec()],
    ]
}

fn with(attribute: &'static str, values: Vec<Vec<u8>>) -> Reaction {
    Reaction::edit(move |found| {
        found
            .attributes
            .retain(|(name, _)| !name.eq_ignore_ascii_case(attribute));
        found.attributes.push((attribute.to_owned(), values.clone()));
    })
}

/// What the rules of protection and the write's address stand on: without it nothing is written.
const LOAD_BEARING: [&str; 7] = [
    "objectGUID",
    "objectSid",
    "sAMAccountName",
    "userAccountControl",
    "msDS-User-Account-Control-Computed",
    "tokenGroups",
    "pwdLastSet",
];

const OTHERS: [&str; 16] = [
    "distinguishedName",
    "objectClass",
    "userPrincipalName",
    "displayName",
    "mS-DS-ConsistencyGuid",
    "adminCount",
    "msDS-SecondaryKrbTgtNumber",
    "lockoutTime",
    "accountExpires",
    "badPwdCount",
    "msDS-UserPasswordExpiryTimeComputed",
    "msDS-ResultantPSO",
    "allowedAttributesEffective",
    "nTSecurityDescriptor",
    "uSNChanged",
    "replPropertyMetaData",
];

/// One server for an attribute; the values come one after the other.
async fn each_value(attribute: &'static str, when: fn() -> When, deed: Deed) -> Vec<(String, bool, usize)> {
    let dc = FakeDc::start(script()).await;
    let mut results = Vec::new();
    for values in wrong_values() {
        dc.clear_rules();
        dc.set_password("alice", OLD);
        dc.set("alice", "pwdLastSet", ["132000000000000000"]);
        let what = format!(
            "{attribute} as {:?}",
            values.iter().map(|value| shown(value)).collect::<Vec<_>>()
        );
        dc.on(when(), with(attribute, values));
        let before = dc.counts().modifies;
        let error = attack(&dc, deed, dc.ldaps_url(), &what).await;
        results.push((
            format!("{what}: {error:?}"),
            error.is_none(),
            dc.counts().modifies - before,
        ));
    }
    results
}

fn shown(value: &[u8]) -> String {
    value[..value.len().min(24)].escape_ascii().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_protection_stands_on_must_be_readable() {
    all(LOAD_BEARING.map(|attribute| async move {
        for (what, done, modifies) in each_value(attribute, reading, Deed::Reset).await {
            // A number is a number, and a name a name.
            let plausible = match attribute {
                "sAMAccountName" => !what.contains("[]") && !what.contains("[\"\""),
                _ => what.contains("as [\"-1\"]") || what.contains("00\\x00\\x00\\x05\"]"),
            };
            assert!(!done || plausible, "{what}");
            assert!(done || modifies == 0, "{what}");
        }
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_other_attribute_may_be_anything() {
    all(OTHERS.map(|attribute| async move {
        for deed in [Deed::Reset, Deed::Find] {
            each_value(attribute, reading, deed).await;
        }
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_back_may_be_anything() {
    let all_attributes = LOAD_BEARING.into_iter().chain(OTHERS);
    all(all_attributes.map(|attribute| async move {
        for (what, done, _) in each_value(attribute, || reading().nth(2), Deed::Reset).await {
            assert!(done, "{what}");
        }
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_of_nonsense_is_no_domain_controller() {
    let attributes = [
        "defaultNamingContext",
        "configurationNamingContext",
        "dnsHostName",
        "dsServiceName",
        "supportedControl",
        "supportedCapabilities",
        "currentTime",
        "tokenGroups",
    ];
    all(attributes.map(|attribute| async move {
        for (what, done, _) in each_value(attribute, When::root_dse, Deed::Reset).await {
            let needed = attribute == "defaultNamingContext";
            assert!(!(needed && done), "{what}");
        }
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_of_nonsense_is_no_policy() {
    let attributes = [
        "minPwdLength",
        "pwdProperties",
        "pwdHistoryLength",
        "minPwdAge",
        "maxPwdAge",
        "lockoutThreshold",
        "lockoutDuration",
        "lockOutObservationWindow",
    ];
    let policy = || When::search_asking("minPwdLength");
    all(attributes.map(|attribute| async move {
        for deed in [Deed::Policy, Deed::Check] {
            each_value(attribute, policy, deed).await;
        }
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_found_is_the_account_read() {
    // Found is alice; read is bob, whom nobody asked for.
    let dc = FakeDc::start(script()).await;
    let (bob, bobs_dn) = (dc.guid_of("bob").to_bytes_le().to_vec(), dc.dn_of("bob"));
    dc.on(
        reading(),
        with("objectGUID", vec![bob]).and_edit(move |found| found.dn = bobs_dn.clone()),
    );
    let error = attack_before_write(&dc, dc.ldaps_url(), "another account than asked for").await;
    assert_eq!(error.code(), Code::MalformedReply, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_entries_where_there_is_one_are_ambiguous_or_wrong() {
    let guid = |n: u8| vec![0x04, 16, n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
    let name = b"objectGUID";
    let entry = |id: u8, n: u8| {
        let set = [&[0x31, 18][..], &guid(n)].concat();
        let attribute = [&[0x04, 10][..], name, &set].concat();
        let list = [
            &[0x30, attribute.len() as u8 + 2, 0x30, attribute.len() as u8][..],
            &attribute,
        ]
        .concat();
        let entry = [&[0x64, list.len() as u8 + 2, 0x04, 0][..], &list].concat();
        [&[0x30, entry.len() as u8 + 3, 2, 1, id][..], &entry].concat()
    };
    let done = |id: u8| vec![0x30, 12, 2, 1, id, 0x65, 7, 10, 1, 0, 4, 0, 4, 0];
    let mut ambiguous = 0;
    for id in 2..=5 {
        let bytes = [entry(id, 1), entry(id, 2), done(id)].concat();
        let dc = server(finding(), Reaction::raw(testkit::fake::Raw::Bytes(bytes))).await;
        let error = attack_before_write(&dc, dc.ldaps_url(), "two accounts").await;
        ambiguous += usize::from(error.code() == Code::AmbiguousIdentity);
    }
    assert_eq!(ambiguous, 1, "one of the message ids was the right one");
}

/// A self-relative security descriptor (MS-DTYP 2.4.6) with one entry for everybody.
fn descriptor() -> Vec<u8> {
    let everybody = [1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
    let ace = [&[0, 0, 20, 0, 0xff, 0x01, 0x0f, 0][..], &everybody].concat();
    let acl = [&[2, 0, 8 + ace.len() as u8, 0, 1, 0, 0, 0][..], &ace].concat();
    let header = [&[1, 0, 4, 0x80][..], &[0; 12], &[20, 0, 0, 0]].concat();
    [header, acl].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_security_descriptor_may_end_anywhere() {
    let whole = descriptor();
    let dc = FakeDc::start(script()).await;
    for length in 0..=whole.len() {
        dc.clear_rules();
        dc.set_password("alice", OLD);
        dc.set("alice", "pwdLastSet", ["132000000000000000"]);
        dc.on(reading(), with("nTSecurityDescriptor", vec![whole[..length].to_vec()]));
        let error = attack(
            &dc,
            Deed::Reset,
            dc.ldaps_url(),
            &format!("{length} bytes of a descriptor"),
        )
        .await;
        let written = dc.password_of("alice").as_deref() == Some(NEW);
        assert_eq!(error.is_none(), written, "{length}: {error:?}");
        assert!(
            length < whole.len() || error.is_none(),
            "the whole one is good: {error:?}"
        );
        assert!(
            length == whole.len() || error.is_some(),
            "{length} of {} bytes are no descriptor",
            whole.len()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_sid_among_many_spoils_them_all() {
    let group = |n: u32| {
        let mut sid = vec![1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0];
        sid.extend(n.to_le_bytes());
        sid
    };
    let many: Vec<Vec<u8>> = (5_000..8_000).map(group).collect();
    let mut spoilt = many.clone();
    spoilt.insert(1_500, b"S-1-5-21-1-2-3-512".to_vec());
    let dc = server(reading(), with("tokenGroups", spoilt)).await;
    let error = attack_before_write(&dc, dc.ldaps_url(), "a SID as text").await;
    assert_eq!(error.code(), Code::MalformedReply);
    let dc = server(reading(), with("tokenGroups", many)).await;
    let error = attack(&dc, Deed::Reset, dc.ldaps_url(), "3000 groups").await;
    assert!(error.is_none(), "{error:?}");
}
