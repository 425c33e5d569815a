//! Connections that are kept between operations: how many, for how long, and what becomes of an operation whose kept
//! connection has died.

use futures_util::future::join_all;
use password_writeback::{
    ActiveDirectory, BindPassword, Code, Credentials, FindAccount, History, Identity, Outcome, Password,
    PasswordWriteback, ResetPassword, Rules, Settings,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use testkit::fake::{FakeDc, Reaction, Script, User, When};
use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep;

const NEW: &str = "New-Pa55word-1";

fn script() -> Script {
    let old = Duration::from_secs(30 * 86_400);
    Script::windows().user(User::new("alice").password_age(old))
}

fn settings(dc: &FakeDc) -> Settings {
    let mut rules = Rules::default();
    rules.deadline = Duration::from_secs(12);
    rules.grace = Duration::from_millis(300);
    Settings::new([dc.ldaps_url()], dc.service_user(), dc.service_password())
        .ca_file(dc.ca_file())
        .connect_timeout(Duration::from_secs(10))
        .rules(rules)
}

fn directory(dc: &FakeDc, warm: usize) -> ActiveDirectory {
    ActiveDirectory::new(settings(dc).warm_connections(warm)).unwrap()
}

async fn find(directory: &ActiveDirectory) {
    directory.find_account(FindAccount::new("alice")).await.unwrap();
}

async fn reset(directory: &ActiveDirectory) {
    let reset = ResetPassword::new("alice", NEW).history(History::Off);
    directory.reset_password(reset).await.unwrap();
}

/// Waits until so many connections are open, and no others close or open.
async fn open(dc: &FakeDc, expected: usize) {
    for _ in 0..200 {
        if dc.counts().open == expected {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("{} are open instead of {expected}", dc.counts().open);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_serves_one_operation_after_the_other() {
    let dc = FakeDc::start(script()).await;
    let warm = directory(&dc, 1);
    assert_eq!(dc.counts().connections, 0, "a constructor does not connect");
    for _ in 0..3 {
        find(&warm).await;
        reset(&warm).await;
    }
    assert_eq!((dc.counts().connections, dc.counts().binds), (1, 1));
    let clone = warm.clone();
    drop(warm);
    find(&clone).await;
    assert_eq!((dc.counts().connections, dc.counts().open), (1, 1));
    drop(clone);
    assert!(
        dc.all_closed_within(Duration::from_secs(4)).await,
        "it outlives the last handle"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn none_is_kept_where_none_is_wanted() {
    let dc = FakeDc::start(script()).await;
    let cold = directory(&dc, 0);
    find(&cold).await;
    find(&cold).await;
    assert_eq!(dc.counts().connections, 2);
    assert!(dc.all_closed_within(Duration::from_secs(4)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_are_kept_than_wanted() {
    let dc = FakeDc::start(script().on(When::root_dse(), Reaction::delay(Duration::from_millis(200)))).await;
    let warm = directory(&dc, 2);
    join_all((0..6).map(|_| find(&warm))).await;
    assert!(dc.counts().connections > 2, "{:?}", dc.counts());
    open(&dc, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_connection_that_died_is_replaced_unnoticed() {
    let died = [
        ("closed while idle", None),
        ("closed at the next request", Some(Reaction::close())),
        ("reset at the next request", Some(Reaction::close().rst())),
        ("silent", Some(Reaction::hang())),
        ("half an answer", Some(Reaction::half_reply_then_close())),
        (
            "forgot the logon",
            Some(Reaction::result(
                1,
                "000004DC: LdapErr: DSID-0C090A5C, comment: In order to perform this operation a \
                 successful bind must be completed on the connection., data 0, v4f7c\0",
            )),
        ),
    ];
    for (how, reaction) in died {
        let dc = FakeDc::start(script()).await;
        let warm = directory(&dc, 2);
        find(&warm).await;
        match reaction {
            Some(reaction) => dc.on(When::search_for("sAMAccountName").on_connection(1).first(), reaction),
            None => dc.on(When::before_message(7).on_connection(1), Reaction::close()),
        }
        if how == "closed while idle" {
            // The rule strikes when the server is about to read the next message.
            find(&warm).await;
        }
        reset(&warm).await;
        assert_eq!(dc.password_of("alice").as_deref(), Some(NEW), "{how}");
        assert_eq!((dc.counts().connections, dc.counts().modifies), (2, 1), "{how}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_lost_on_a_kept_connection_is_not_repeated() {
    let dc = FakeDc::start(script()).await;
    let warm = directory(&dc, 2);
    find(&warm).await;
    dc.on(When::modify().first(), Reaction::close());
    let reset = ResetPassword::new("alice", NEW).history(History::Off);
    let error = warm.reset_password(reset).await.unwrap_err();
    assert_eq!(
        (error.code(), error.outcome()),
        (Code::Unreachable, Outcome::NotApplied)
    );
    assert_eq!(dc.counts().modifies, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_elsewhere_now_is_followed() {
    let dc = FakeDc::start(script().user(User::new("bob"))).await;
    let warm = directory(&dc, 1);
    let account = |name: &'static str| {
        let warm = warm.clone();
        async move {
            warm.find_account(FindAccount::new(Identity::sam(name)))
                .await
                .unwrap()
                .object_guid
        }
    };
    let (alice, bob) = (dc.guid_of("alice"), dc.guid_of("bob"));
    assert_eq!((account("alice").await, account("alice").await), (alice, alice));
    dc.set("alice", "sAMAccountName", ["carol"]);
    dc.set("bob", "sAMAccountName", ["alice"]);
    assert_eq!((account("alice").await, account("carol").await), (bob, alice));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_bind_password_is_asked_for_at_the_next_logon() {
    let dc = FakeDc::start(script()).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let password = dc.service_password();
    let provider = BindPassword::provider(move || {
        counter.fetch_add(1, Ordering::SeqCst);
        Some(Password::from(password))
    });
    let credentials = Credentials::password(dc.service_user(), provider);
    let warm = ActiveDirectory::new(settings(&dc).credentials(credentials)).unwrap();
    find(&warm).await;
    find(&warm).await;
    assert_eq!(
        asked.load(Ordering::SeqCst),
        1,
        "a logon that is kept needs no password"
    );
    dc.on(When::search_for("sAMAccountName").first(), Reaction::close());
    find(&warm).await;
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn each_runtime_has_its_own() {
    let server = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let dc = server.block_on(FakeDc::start(script()));
    let warm = directory(&dc, 1);
    let (first, second) = (runtime(), runtime());
    for _ in 0..2 {
        first.block_on(find(&warm));
        second.block_on(find(&warm));
    }
    assert_eq!((dc.counts().connections, dc.counts().open), (2, 2));
    drop(first);
    // What was driven by a runtime that is gone is gone too.
    second.block_on(async {
        find(&warm).await;
        open(&dc, 1).await;
    });
    let third = runtime();
    third.block_on(find(&warm));
    assert_eq!(dc.counts().connections, 3);
    drop(warm);
    third.block_on(open(&dc, 1));
    second.block_on(open(&dc, 0));
}

#[test]
fn one_that_is_not_used_is_closed_in_time() {
    let server = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let dc = server.block_on(FakeDc::start(script()));
    let warm = directory(&dc, 1);
    runtime().block_on(async {
        find(&warm).await;
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(100)).await;
        tokio::time::resume();
        find(&warm).await;
        assert_eq!(dc.counts().connections, 1, "it is still good");
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(121)).await;
        tokio::time::resume();
        open(&dc, 0).await;
        find(&warm).await;
        assert_eq!(dc.counts().connections, 2);
    });
}
