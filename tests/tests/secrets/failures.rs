//! Every way in which an operation can fail, told by every text of the failure.

use super::capture::{self, EXPECTED, Kind, password};
use super::operations::{ALL, Operation, WRITES, audited, domain, domain_with, settings, stack};
use futures_util::future::{join, join_all};
use futures_util::stream::{self, StreamExt};
use password_writeback::layer::Audit;
use password_writeback::mock::{Fault, MockDirectory, MockUser};
use password_writeback::{
    ActiveDirectory, AuditEvent, AuditSink, BindPassword, Cancellation, Credentials, Password, PasswordWriteback,
    ResetPassword, SinkError,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use testkit::fake::{Answer, FakeDc, Raw, Reaction, Script, User, When};
use testkit::pki::Flaw;

/// How many operations go on at once: more would run into timeouts on a small machine.
const AT_ONCE: usize = 12;

/// When something goes wrong.
type Moment = fn() -> When;

/// The codes of failures.
type Codes = BTreeSet<String>;

async fn some_at_once(runs: impl IntoIterator<Item = impl Future<Output = Option<String>> + Send + 'static>) -> Codes {
    let runs = stream::iter(runs).map(tokio::spawn).buffer_unordered(AT_ONCE);
    let codes: Vec<_> = runs.collect().await;
    codes.into_iter().filter_map(Result::unwrap).collect()
}

/// Runs an operation on a domain controller of its own.
async fn one(of: String, operation: Operation, script: Script) -> Option<String> {
    let dc = FakeDc::start(script).await;
    let code = operation.run(&of, &stack(&dc)).await;
    dc.all_closed_within(Duration::from_millis(500)).await;
    code
}

/// Runs an operation under each reaction, one after the other on one domain controller.
async fn in_turn(operation: Operation, when: impl Fn() -> When, reactions: Vec<(String, Reaction)>) -> Codes {
    let dc = FakeDc::start(domain_with(User::new("alice"))).await;
    let directory = stack(&dc);
    let mut codes = Codes::new();
    for (of, reaction) in reactions {
        dc.clear_rules();
        dc.on(when(), reaction);
        dc.set_password("alice", &password(Kind::Old, "alice"));
        codes.extend(operation.run(&of, &directory).await);
    }
    dc.all_closed_within(Duration::from_millis(500)).await;
    codes
}

/// A server's words that quote every password, as text and as numbers.
fn echo(win32: &str, of: &str) -> Vec<u8> {
    let passwords = [Kind::New, Kind::Old, Kind::Candidate, Kind::Bind].map(|kind| password(kind, of));
    let numbers = passwords
        .each_ref()
        .map(|password| format!("{:?}", password.as_bytes()));
    format!(
        "{win32}: SvcErr: you sent {passwords:?} {numbers:?} {}, data 0\n\0",
        passwords.concat()
    )
    .into_bytes()
}

/// Every result code of LDAP (RFC 4511 4.1.9), and what Windows refuses passwords with, in a server's words that quote what it was sent.
fn refusals() -> Vec<(String, Reaction)> {
    let words = [
        "0000052D", "00000056", "00000005", "00000775", "00002098", "0000202B", "000004DC", "0000001F", "80090308",
    ];
    let codes = [
        1, 2, 3, 8, 10, 11, 12, 16, 19, 20, 32, 34, 49, 50, 51, 52, 53, 64, 65, 68, 80, 90, 123, 4096,
    ];
    let plain = codes.map(|code| (code, "0000052D"));
    let windows = words
        .into_iter()
        .flat_map(|win32| [(19, win32), (53, win32), (50, win32)]);
    plain
        .into_iter()
        .chain(windows)
        .map(|(code, win32)| {
            let mut answer = Answer::new(code, echo(win32, "echoed"));
            answer.matched = password(Kind::New, "as a name");
            answer.referrals = vec![format!("ldap://{}", password(Kind::Bind, "as a referral"))];
            answer.controls = vec![("1.2.3".to_owned(), false, Some(echo(win32, "in a control")))];
            (format!("refused {code} {win32}"), Reaction::answer(answer))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_by_a_refused_write() {
    capture::begin();
    let (mut codes, changes) = join(
        in_turn(Operation::Reset, When::modify, refusals()),
        in_turn(Operation::Change, When::modify, refusals()),
    )
    .await;
    codes.extend(changes);
    for code in [
        "POLICY_VIOLATION",
        "WRONG_PASSWORD",
        "PERMISSION_DENIED",
        "ACCOUNT_LOCKED",
        "DIRECTORY",
    ] {
        assert!(codes.contains(code), "{code} is not among {codes:?}");
    }
    capture::assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_by_a_refused_search_or_logon() {
    capture::begin();
    let logons = [
        "525", "52e", "530", "531", "532", "533", "701", "773", "775", "80090346",
    ]
    .map(|data| {
        let words = [
            b"80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data ".as_slice(),
            data.as_bytes(),
        ];
        let text = [&words.concat(), b", ".as_slice(), &echo("v4f7c", data)].concat();
        (format!("logon {data}"), Reaction::result(49, text))
    });
    let codes = in_turn(Operation::Reset, When::bind, logons.into()).await;
    assert_eq!(codes, BTreeSet::from(["BIND_FAILED".to_owned()]));
    let some = || refusals().into_iter().step_by(3).collect::<Vec<_>>();
    in_turn(Operation::Change, When::bind, some()).await;
    in_turn(Operation::Reset, When::root_dse, some()).await;
    in_turn(Operation::Check, || When::search_asking("tokenGroups"), some()).await;
    in_turn(Operation::Diagnose, When::search, some()).await;
    capture::assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_by_a_broken_connection() {
    capture::begin();
    let breaks: Vec<(&str, Reaction)> = vec![
        ("closed", Reaction::close()),
        ("reset", Reaction::close().rst()),
        ("closed after it was applied", Reaction::close_after_apply()),
        ("hangs", Reaction::hang()),
        ("half a reply", Reaction::half_reply_then_close()),
        ("half a reply, then silence", Reaction::half_reply_then_stall()),
    ];
    let moments: [(&str, Moment); 6] = [
        ("connect", When::connect),
        ("secured", When::secured),
        ("bind", When::bind),
        ("rootDSE", When::root_dse),
        ("search", || When::search_for("sAMAccountName")),
        ("modify", When::modify),
    ];
    let mut runs = Vec::new();
    for (moment, when) in moments {
        for (how, reaction) in &breaks {
            for operation in [Operation::Reset, Operation::Change] {
                let script = domain_with(User::new("alice")).on(when(), reaction.clone());
                runs.push(one(format!("{how} at {moment}"), operation, script));
            }
        }
    }
    let codes = some_at_once(runs).await;
    assert!(codes.contains("UNREACHABLE"), "{codes:?}");
    capture::assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_by_a_reply_that_breaks_the_protocol() {
    capture::begin();
    let mut raws = Raw::all();
    let quoted = [Kind::New, Kind::Bind].map(|kind| password(kind, "raw").into_bytes());
    raws.extend(quoted.map(Raw::Bytes));
    let mut message = vec![0x30, 0x82, 0x01, 0x00, 0x02, 0x01, 0x02, 0x61];
    message.extend(echo("0000052D", "raw"));
    raws.push(Raw::Bytes(message));
    let moments: [(Operation, Moment); 4] = [
        (Operation::Reset, When::bind),
        (Operation::Change, When::root_dse),
        (Operation::Check, || When::search_for("sAMAccountName")),
        (Operation::Reset, When::modify),
    ];
    let runs = moments.into_iter().flat_map(|(operation, when)| {
        let scripts = raws
            .iter()
            .map(move |raw| domain_with(User::new("alice")).on(when(), Reaction::raw(raw.clone())));
        scripts.map(move |script| one("raw".to_owned(), operation, script))
    });
    let codes = some_at_once(runs).await;
    assert!(codes.contains("MALFORMED_REPLY"), "{codes:?}");
    capture::assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_by_a_channel_that_cannot_be_trusted() {
    capture::begin();
    for flaw in Flaw::ALL {
        let code = one(format!("{flaw:?}"), Operation::Reset, domain().bad_certificate(flaw)).await;
        assert_eq!(code.as_deref(), Some("TLS"), "{flaw:?}");
    }
    let dc = FakeDc::start(domain().on(When::start_tls(), Reaction::result(52, echo("0000200E", "StartTLS")))).await;
    let directory = audited(ActiveDirectory::new(settings(&dc, dc.ldap_url())).unwrap());
    let code = Operation::Reset.run("StartTLS refused", &directory).await;
    assert_eq!(code.as_deref(), Some("INSECURE_CHANNEL"));
    capture::assert_clean();
}

/// What a state of the account is refused as.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_by_a_refusal_of_the_account() {
    capture::begin();
    let states = [
        ("disabled", User::new("alice").disabled()),
        ("protected", User::new("alice").member_of_rid(512)),
        ("may not change", User::new("alice").cannot_change()),
        ("denied", User::new("alice").reset_denied()),
        ("without rights", User::new("alice").writable(&[])),
        ("unreadable", User::new("alice").without("tokenGroups")),
        ("somebody else", User::new("carol")),
        ("locked", User::new("alice").locked()),
        ("smart card", User::new("alice").flags(0x4_0000)),
    ];
    let runs = states.into_iter().flat_map(|(state, user)| {
        WRITES.map(|operation| {
            let user = user.clone().password(&password(Kind::Old, "alice"));
            one(
                state.to_owned(),
                operation,
                Script::windows().user(service()).user(user),
            )
        })
    });
    let codes = some_at_once(runs).await;
    for code in [
        "PROTECTED_ACCOUNT",
        "ACCOUNT_NOT_FOUND",
        "PERMISSION_DENIED",
        "CHANGE_NOT_PERMITTED",
        "CHANGE_NOT_ENFORCEABLE",
    ] {
        assert!(codes.contains(code), "{code} is not among {codes:?}");
    }
    capture::assert_clean();
}

fn service() -> User {
    User::new(testkit::fake::SERVICE_USER)
        .password(&password(Kind::Bind, "service"))
        .password_never_expires()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_by_a_provider_of_the_bind_password() {
    capture::begin();
    let dc = FakeDc::start(domain()).await;
    let held = password(Kind::Bind, "held by a provider");
    let providers = [
        (
            "panics",
            BindPassword::provider(move || {
                let _held = Password::from(held.as_str());
                panic!("{EXPECTED}: the vault is closed")
            }),
        ),
        ("has none", BindPassword::provider(|| None)),
        ("has an empty one", BindPassword::provider(|| Some(Password::from("")))),
        (
            "has a wrong one",
            BindPassword::provider(|| Some(Password::from(password(Kind::Bind, "wrong")))),
        ),
    ];
    for (how, provider) in providers {
        let mut settings = settings(&dc, dc.ldaps_url());
        settings.credentials = Credentials::password(dc.service_user(), provider);
        capture::debug(how, &settings);
        let directory = audited(ActiveDirectory::new(settings).unwrap());
        for operation in [Operation::Reset, Operation::Check, Operation::Diagnose] {
            let code = operation.run(how, &directory).await;
            assert_eq!(
                code.is_some(),
                operation != Operation::Diagnose,
                "{how} {operation:?} {code:?}"
            );
        }
    }
    capture::assert_clean();
}

/// Panics, or cannot take an event.
#[derive(Debug)]
struct BadSink(bool);

impl AuditSink for BadSink {
    fn record(&self, event: &AuditEvent) -> Result<(), SinkError> {
        if self.0 && event.phase == password_writeback::Phase::Finish {
            panic!("{EXPECTED}: the disk is full");
        }
        if self.0 {
            Ok(())
        } else {
            Err(SinkError("the disk is full".to_owned()))
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_by_a_sink_that_fails() {
    capture::begin();
    for panics in [true, false] {
        let dc = FakeDc::start(domain()).await;
        let directory = ActiveDirectory::new(settings(&dc, dc.ldaps_url())).unwrap();
        let directory = Audit::new(audited(directory), Arc::new(BadSink(panics)));
        for operation in ALL {
            // The reset before the change took the password that it proves.
            dc.set_password("alice", &password(Kind::Old, "alice"));
            let code = operation.run("bad sink", &directory).await;
            // One that fails at the start closes the door; at the end it is too late.
            assert_eq!(code.is_some(), !panics, "{operation:?}: {code:?}");
        }
    }
    capture::assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_of_what_is_dropped_or_cancelled() {
    capture::begin();
    let moments: [(&str, Moment); 4] = [
        ("connect", When::connect),
        ("bind", When::bind),
        ("search", When::search),
        ("modify", When::modify),
    ];
    let runs = moments.into_iter().map(|(moment, when)| async move {
        let slow = Reaction::delay(Duration::from_millis(300));
        let dc = FakeDc::start(domain_with(User::new("alice")).on(when(), slow)).await;
        let directory = stack(&dc);
        let _ = tokio::time::timeout(Duration::from_millis(150), Operation::Reset.run(moment, &directory)).await;
        let cancellation = Cancellation::new();
        let request = ResetPassword::new("alice", password(Kind::New, moment)).cancellation(cancellation.clone());
        let cancel = async {
            tokio::time::sleep(Duration::from_millis(150)).await;
            cancellation.cancel();
        };
        let (result, ()) = join(directory.reset_password(request), cancel).await;
        capture::debug(moment, &result);
        dc.all_closed_within(Duration::from_secs(2)).await;
    });
    join_all(runs).await;
    capture::assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_by_the_directory_in_memory() {
    capture::begin();
    let quoted = String::from_utf8(echo("0000052D", "mock")).unwrap();
    let faults: [fn(&str) -> Option<Fault>; 7] = [
        |_| None,
        |_| Some(Fault::Unreachable),
        |_| Some(Fault::CutBeforeWrite),
        |_| Some(Fault::CutAfterRequest { applied: true }),
        |_| Some(Fault::CutAfterRequest { applied: false }),
        |_| Some(Fault::CutAfterReply),
        |quoted| {
            Some(Fault::Refuse {
                result_code: 53,
                diagnostic: quoted.to_owned(),
            })
        },
    ];
    for fault in faults {
        for operation in ALL {
            let directory = MockDirectory::builder()
                .rules(super::operations::rules())
                .build()
                .unwrap();
            let alice = MockUser::new("alice").password(password(Kind::Old, "alice"));
            capture::debug("mock user", &alice);
            directory.add_user(alice).unwrap();
            if let Some(fault) = fault(&quoted) {
                directory.fail_next(fault);
            }
            operation.run("mock", &audited(directory.clone())).await;
            capture::debug("mock", &directory);
            capture::debug("mock account", &directory.account("alice"));
        }
    }
    capture::assert_clean();
}
