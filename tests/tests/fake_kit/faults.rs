//! What the fake domain controller does on cue.

use std::time::{Duration, Instant};

use testkit::fake::{Answer, FakeDc, Raw, Reaction, Script, User, When};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::client::{bound, quoted, replace, reset, search, start_tls, tls, tls_to};

/// Long enough to call it a hang.
const SHORT: Duration = Duration::from_secs(2);
/// Longer than a busy machine takes to tell of an end.
const LONG: Duration = Duration::from_secs(10);

fn script() -> Script {
    Script::windows().user(User::new("alice").password("Old-Pa55phrase"))
}

/// Starts a server with one rule and tries one reset; `None` where no answer came in time, `Some(None)` where the
/// connection was lost.
async fn try_reset(reaction: Reaction, within: Duration) -> (FakeDc, Option<Option<(u32, String)>>) {
    let dc = FakeDc::start(script().on(When::password_write(), reaction)).await;
    let mut ldap = bound(&dc).await;
    let write = vec![replace("unicodePwd", quoted("New-Pa55phrase"))];
    let dn = dc.dn_of("alice");
    let outcome = timeout(within, ldap.modify(&dn, write)).await.ok();
    (
        dc,
        outcome.map(|outcome| outcome.ok().map(|result| (result.rc, result.text))),
    )
}

#[tokio::test]
async fn the_connection_can_be_lost_at_every_point_of_a_write() {
    for (reaction, applied) in [
        (Reaction::close(), 0),
        (Reaction::close().rst(), 0),
        (Reaction::close_after_apply(), 1),
        (Reaction::close_after_apply().rst(), 1),
        (Reaction::half_reply_then_close(), 1),
    ] {
        let (dc, outcome) = try_reset(reaction.clone(), LONG).await;
        assert_eq!(outcome, Some(None), "{reaction:?}");
        assert_eq!(dc.counts().writes_applied, applied, "{reaction:?}");
        assert!(dc.all_closed_within(LONG).await, "{reaction:?}");
    }
}

#[tokio::test]
async fn a_server_can_hang_at_every_point_of_a_write() {
    let stalls = [
        (Reaction::hang(), 0),
        (Reaction::hang_after_apply(), 1),
        (Reaction::half_reply_then_stall(), 1),
    ];
    for (reaction, applied) in stalls {
        let (dc, outcome) = try_reset(reaction.clone(), SHORT).await;
        assert_eq!(outcome, None, "{reaction:?}");
        assert_eq!(dc.counts().writes_applied, applied, "{reaction:?}");
    }
}

#[tokio::test]
async fn a_write_can_be_applied_late() {
    let (dc, outcome) = try_reset(Reaction::apply_late(LONG / 3), LONG).await;
    assert_eq!((outcome, dc.counts().writes_applied), (Some(None), 0));
    sleep(LONG / 3 + SHORT).await;
    assert_eq!(dc.password_of("alice").as_deref(), Some("New-Pa55phrase"));
}

#[tokio::test]
async fn results_are_as_told_and_rules_count() {
    let referral = Answer {
        referrals: vec!["ldap://b".into()],
        ..Answer::new(10, "0000202B: x")
    };
    let dc = FakeDc::start(
        script()
            .on(When::modify().nth(2), Reaction::result(51, "busy"))
            .on(When::modify().nth(3), Reaction::answer(referral))
            .on(
                When::modify().nth(4),
                Reaction::result(53, "applied all the same").applied(),
            )
            .on(When::modify().nth(5), Reaction::delay(Duration::from_millis(60))),
    )
    .await;
    let mut ldap = bound(&dc).await;
    let mut codes = Vec::new();
    for password in ["One-Pa55", "Two-Pa55", "Three-Pa55", "Four-Pa55"] {
        codes.push(reset(&mut ldap, &dc.dn_of("alice"), password).await.0);
    }
    assert_eq!(codes, [0, 51, 10, 53]);
    assert_eq!(dc.password_of("alice").as_deref(), Some("Four-Pa55"));
    let start = Instant::now();
    assert_eq!(reset(&mut ldap, &dc.dn_of("alice"), "Five-Pa55").await.0, 0);
    assert!(start.elapsed() >= Duration::from_millis(60));
    dc.on(When::search_for("alice"), Reaction::drop_attributes(&["pwdlastset"]));
    let found = search(&mut ldap, &dc.dn_of("alice"), "(cn=alice)", &["cn", "pwdLastSet"])
        .await
        .remove(0);
    assert!(found.attrs.contains_key("cn") && !found.attrs.contains_key("pwdLastSet"));
}

#[tokio::test]
async fn raw_replies_arrive_as_they_are() {
    for raw in Raw::all() {
        let dc = FakeDc::start(script().on(When::request(), Reaction::raw(raw.clone()).then_close())).await;
        let mut stream = tls_to(&dc).await;
        stream.write_all(WHO_AM_I).await.unwrap();
        let mut answer = Vec::new();
        let _ = timeout(LONG, stream.read_to_end(&mut answer))
            .await
            .expect("the end in time");
        match raw {
            Raw::HugeLength => assert_eq!(answer, [0x30, 0x84, 0xff, 0xff, 0xff, 0xff]),
            Raw::Nested(depth) => assert!(answer.len() > 2 * depth && answer.ends_with(&[0x30, 2, 0x30, 0])),
            Raw::Http => assert!(answer.starts_with(b"HTTP/1.1 400")),
            _ => assert!(answer.len() > 6, "{raw:?}"),
        }
    }
}

/// A "Who am I?" under message id 5.
const WHO_AM_I: &[u8] = b"\x30\x1e\x02\x01\x05\x77\x19\x80\x171.3.6.1.4.1.4203.1.11.3";

#[tokio::test]
async fn entries_can_come_without_end() {
    let dc = FakeDc::start(script().on(When::search_for("alice"), Reaction::endless_entries())).await;
    let mut ldap = bound(&dc).await;
    let base = dc.dn_of("alice");
    let mut stream = ldap
        .streaming_search(&base, ldap3::Scope::Base, "(cn=*)", vec!["cn"])
        .await
        .unwrap();
    for _ in 0..500 {
        assert!(stream.next().await.unwrap().is_some());
    }
}

#[tokio::test]
async fn connections_can_fail_before_ldap() {
    let garbage = Reaction::raw(Raw::Bytes(b"\0\0garbage".to_vec())).then_stall();
    for reaction in [Reaction::close(), Reaction::close().rst(), garbage] {
        let dc = FakeDc::start(script().on(When::connect(), reaction)).await;
        let config = dc.pki().client_config(Default::default());
        assert!(
            timeout(SHORT, tls(dc.ldaps_address(), config, dc.host_name()))
                .await
                .unwrap()
                .is_err()
        );
    }
    let dc = FakeDc::start(script().on(When::connect(), Reaction::hang())).await;
    let config = dc.pki().client_config(Default::default());
    assert!(
        timeout(SHORT, tls(dc.ldaps_address(), config, dc.host_name()))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_message_can_stay_unread() {
    let dc = FakeDc::start(script().on(When::before_message(2), Reaction::close())).await;
    let mut ldap = bound(&dc).await;
    let write = vec![replace("unicodePwd", quoted("New-Pa55phrase"))];
    assert!(ldap.modify(&dc.dn_of("alice"), write).await.is_err());
    assert_eq!(dc.counts().modifies, 0);
}

#[tokio::test]
async fn plaintext_can_be_injected_after_start_tls() {
    let injected = b"\x30\x0c\x02\x01\x02\x61\x07\x0a\x01\x00\x04\x00\x04\x00".to_vec();
    let dc = FakeDc::start(script().on(When::start_tls(), Reaction::usual_followed_by(injected))).await;
    assert!(start_tls(&dc).await.is_err(), "the injected bytes are no TLS");
    let dc = FakeDc::start(script().on(When::start_tls(), Reaction::result(52, "no TLS today"))).await;
    let mut stream = TcpStream::connect(dc.ldap_address()).await.unwrap();
    stream
        .write_all(b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037")
        .await
        .unwrap();
    let mut answer = [0; 10];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer[9], 52);
}

#[tokio::test]
async fn nothing_secret_is_taken_in_the_clear() {
    let dc = FakeDc::start(script()).await;
    let mut stream = TcpStream::connect(dc.ldap_address()).await.unwrap();
    stream
        .write_all(b"\x30\x0e\x02\x01\x01\x60\x09\x02\x01\x03\x04\x01a\x80\x01b")
        .await
        .unwrap();
    let mut answer = [0; 20];
    stream.read_exact(&mut answer).await.unwrap();
    assert!(answer.windows(3).any(|part| part == [0x0a, 1, 8]), "{answer:x?}");
}

#[tokio::test]
async fn dropping_it_cuts_its_connections() {
    let dc = FakeDc::start(script()).await;
    let mut stream = tls_to(&dc).await;
    let address = dc.ldaps_address();
    drop(dc);
    let mut end = Vec::new();
    let _ = timeout(LONG, stream.read_to_end(&mut end)).await.expect("the end");
    assert!(TcpStream::connect(address).await.is_err());
}
