//! Replies that are no LDAP, no answer, or one too many.

use super::victim::{Deed, all, attack, attack_before_write, finding, reading, server};
use password_writeback::{Code, Outcome};
use testkit::fake::{Answer, FakeDc, Raw, Reaction, Script, When};

/// Every point before the write at which a server can speak.
fn stages() -> Vec<(&'static str, When)> {
    vec![
        ("connecting", When::connect()),
        ("secured", When::secured()),
        ("bind", When::bind()),
        ("rootDSE", When::root_dse()),
        ("finding", finding()),
        ("reading", reading()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn raw_bytes_before_the_write_write_nothing() {
    let runs = stages().into_iter().flat_map(|(stage, when)| {
        Raw::all().into_iter().flat_map(move |raw| {
            let when = when.clone();
            [false, true].map(move |closes| (stage, when.clone(), raw.clone(), closes))
        })
    });
    all(runs.map(|(stage, when, raw, closes)| async move {
        let what = format!("{raw:?} at {stage}, closes {closes}");
        let reaction = Reaction::raw(raw.clone());
        let reaction = if closes { reaction.then_close() } else { reaction };
        // At "secured" the server goes on, and what came uninvited must not be taken for an answer later.
        let dc = server(when, reaction).await;
        attack_before_write(&dc, dc.ldaps_url(), &what).await;
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn raw_bytes_for_start_tls_send_no_password() {
    all(Raw::all().into_iter().map(|raw| async move {
        let what = format!("{raw:?} for StartTLS");
        let dc = server(When::start_tls(), Reaction::raw(raw)).await;
        attack_before_write(&dc, dc.ldap_url(), &what).await;
        assert_eq!(dc.counts().binds, 0, "{what}");
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn raw_bytes_after_the_write_do_not_undo_it() {
    let looks_back = || reading().nth(2);
    all(Raw::all()
        .into_iter()
        .flat_map(|raw| [false, true].map(|closes| (raw.clone(), closes)))
        .map(|(raw, closes)| async move {
            let what = format!("{raw:?} at reading back, closes {closes}");
            let reaction = Reaction::raw(raw);
            let reaction = if closes { reaction.then_close() } else { reaction };
            let dc = server(looks_back(), reaction).await;
            let error = attack(&dc, Deed::Reset, dc.ldaps_url(), &what).await;
            assert!(error.is_none(), "{what}: {error:?}");
        }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn raw_bytes_for_the_policy_are_an_error_or_no_policy() {
    let policy = || When::search_for("Password Settings Container");
    let domain = || When::search_asking("minPwdLength");
    let runs = Raw::all().into_iter().flat_map(|raw| {
        [policy(), domain()].into_iter().flat_map(move |when| {
            let raw = raw.clone();
            [Deed::Check, Deed::Policy].map(move |deed| (when.clone(), raw.clone(), deed))
        })
    });
    all(runs.map(|(when, raw, deed)| async move {
        let what = format!("{raw:?} for the policy");
        let dc = server(when, Reaction::raw(raw)).await;
        attack(&dc, deed, dc.ldaps_url(), &what).await;
    }))
    .await;
}

/// A success for a modify under that message id.
fn modify_response(id: u8, code: u8) -> Vec<u8> {
    vec![0x30, 12, 2, 1, id, 0x67, 7, 10, 1, code, 4, 0, 4, 0]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_a_question_not_yet_asked_is_no_answer() {
    let stages = stages().into_iter().skip(2);
    all(stages
        .flat_map(|(stage, when)| (1..=8).map(move |id| (stage, when.clone(), id)))
        .map(|(stage, when, id)| async move {
            let what = format!("a success for message {id} in advance, at {stage}");
            let dc = server(when, Reaction::usual_followed_by(modify_response(id, 0))).await;
            // The write itself would never be answered truly.
            dc.on(When::modify(), Reaction::hang());
            let error = attack(&dc, Deed::Reset, dc.ldaps_url(), &what).await;
            assert!(error.is_some(), "{what}");
        }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_answers_to_the_write_the_first_counts() {
    all((1..=8).map(|id| async move {
        for (code, applied) in [(0, true), (53, true)] {
            let twice = Reaction::usual_followed_by(modify_response(id, code));
            let dc = server(When::modify(), twice).await;
            let what = format!("a second answer {code} for message {id}, applied {applied}");
            let error = attack(&dc, Deed::Reset, dc.ldaps_url(), &what).await;
            assert!(error.is_none(), "{what}: {error:?}");
        }
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_answered_in_the_wrong_order_write_nothing() {
    let done = |id: u8| vec![0x30, 12, 2, 1, id, 0x65, 7, 10, 1, 0, 4, 0, 4, 0];
    let entry = |id: u8| vec![0x30, 9, 2, 1, id, 0x64, 4, 4, 0, 0x30, 0];
    all((1..=8)
        .flat_map(|id| [finding(), reading()].map(|when| (id, when)))
        .map(move |(id, when)| async move {
            for bytes in [
                [done(id), entry(id)].concat(),
                [done(id), done(id)].concat(),
                [entry(id), entry(id), done(id)].concat(),
                [entry(id), done(id), entry(id), done(id)].concat(),
            ] {
                let dc = server(when.clone(), Reaction::raw(Raw::Bytes(bytes))).await;
                attack_before_write(&dc, dc.ldaps_url(), &format!("message {id} out of order")).await;
            }
        }))
    .await;
}

fn all_stages() -> Vec<(&'static str, When)> {
    let mut stages = stages().split_off(2);
    stages.push(("write", When::modify()));
    stages.push(("reading back", reading().nth(2)));
    stages
}

#[tokio::test(flavor = "multi_thread")]
async fn referrals_are_followed_nowhere() {
    let elsewhere = std::sync::Arc::new(FakeDc::start(Script::windows()).await);
    let seen = std::sync::Arc::clone(&elsewhere);
    all(all_stages()
        .into_iter()
        .flat_map(|(stage, when)| [0, 9, 10].map(|code| (stage, when.clone(), code)))
        .map(move |(stage, when, code)| {
            let elsewhere = std::sync::Arc::clone(&seen);
            async move {
                let referrals = vec![elsewhere.ldap_url(), elsewhere.ldaps_url(), "\u{0}garbage".to_owned()];
                let answer = Answer {
                    referrals,
                    ..Answer::new(code, "0000202B: RefErr: DSID-031007F9, data 0, 1 access points")
                };
                // A server that says "done" has lied about it, unless it did it.
                let reaction = Reaction::answer(answer);
                let reaction = if code == 0 { reaction.applied() } else { reaction };
                let dc = server(when, reaction).await;
                attack(
                    &dc,
                    Deed::Reset,
                    dc.ldaps_url(),
                    &format!("a referral {code} at {stage}"),
                )
                .await;
            }
        }))
    .await;
    assert_eq!(elsewhere.counts().connections, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_that_are_no_text_break_nothing() {
    let texts: [&[u8]; 5] = [
        b"\xff\xfe\x80\xc3",
        b"0000052D: \xc3\x28 problem 5003",
        b"\0\0\0\0",
        b"80090308: LdapErr: comment: AcceptSecurityContext error, data ffffffffffffffffffffffff, v",
        &[b'9'; 300_000],
    ];
    all(all_stages()
        .into_iter()
        .flat_map(|(stage, when)| {
            texts.into_iter().flat_map(move |text| {
                let when = when.clone();
                [1, 19, 49, 53, 80, 4_000_000_000].map(move |code| (stage, when.clone(), text, code))
            })
        })
        .map(|(stage, when, text, code)| async move {
            let dc = server(when, Reaction::result(code, text)).await;
            let what = format!("result {code} with {} odd bytes at {stage}", text.len());
            let error = attack(&dc, Deed::Reset, dc.ldaps_url(), &what).await;
            let Some(error) = error else {
                assert_eq!(stage, "reading back", "{what}");
                return;
            };
            assert_eq!(error.outcome(), Outcome::NotApplied, "{what}");
            let rendered = format!("{error} {error:?}");
            assert!(rendered.len() < 4_000, "{what}: the server's text is passed on");
        }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_anywhere_ends_with_the_deadline() {
    let stages = stages().into_iter().chain([("write", When::modify())]);
    all(stages.map(|(stage, when)| async move {
        let dc = server(when, Reaction::hang()).await;
        let error = attack(&dc, Deed::Reset, dc.ldaps_url(), &format!("silence at {stage}")).await;
        let error = error.expect("an error");
        assert!(
            matches!(error.code(), Code::Timeout | Code::Unreachable),
            "{stage}: {error}"
        );
    }))
    .await;
}
