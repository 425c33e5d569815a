//! The client under attack, and what must hold of it afterwards.

use password_writeback::{
    ActiveDirectory, CheckPassword, Error, FindAccount, History, Outcome, PasswordWriteback, ReadPolicy, ResetPassword,
    Rules, Settings,
};
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};
use testkit::fake::{FakeDc, Reaction, Script, User, When};

pub(crate) const OLD: &str = "Old-Pa55word";
pub(crate) const NEW: &str = "New-Pa55word-1";
pub(crate) const DEADLINE: Duration = Duration::from_secs(7);
/// What a busy machine may add to a deadline.
const SLACK: Duration = Duration::from_secs(4);

/// Panics outside the tests' own code, in any thread or task: the library catches those of its client, but none may happen.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

pub(crate) fn watch_for_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let tests_own = info.location().is_some_and(|at| at.file().contains("tests/"));
            if !tests_own {
                PANICS
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(info.to_string());
            }
            usual(info);
        }));
    });
}

pub(crate) fn assert_no_panic() {
    let panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(panics.is_empty(), "{panics:#?}");
}

pub(crate) fn script() -> Script {
    let month = Duration::from_secs(30 * 86_400);
    let user = |name| User::new(name).password(OLD).password_age(month);
    Script::windows().user(user("alice")).user(user("bob"))
}

pub(crate) async fn server(when: When, reaction: Reaction) -> FakeDc {
    FakeDc::start(script().on(when, reaction)).await
}

pub(crate) fn directory(dc: &FakeDc, url: String) -> ActiveDirectory {
    let mut rules = Rules::default();
    (rules.deadline, rules.grace) = (DEADLINE, Duration::from_millis(300));
    let settings = Settings::new([url], dc.service_user(), dc.service_password())
        .ca_file(dc.ca_file())
        .connect_timeout(Duration::from_millis(2000))
        .rules(rules);
    ActiveDirectory::new(settings).unwrap()
}

/// What the client was doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Reset,
    Find,
    Check,
    Policy,
}

/// Lets the client do it, and checks what must hold. The error, if there was one.
pub(crate) async fn attack(dc: &FakeDc, deed: Deed, url: String, what: &str) -> Option<Error> {
    watch_for_panics();
    let directory = directory(dc, url);
    let before = dc.password_of("alice");
    // Some tests write the same password many times.
    let reset = ResetPassword::new("alice", NEW).history(History::Off);
    let began = Instant::now();
    let error = match deed {
        Deed::Reset => directory.reset_password(reset).await.err(),
        Deed::Find => directory.find_account(FindAccount::new("alice")).await.err(),
        Deed::Check => directory.check_password(CheckPassword::new("alice", NEW)).await.err(),
        Deed::Policy => directory.password_policy(ReadPolicy::new("alice")).await.err(),
    };
    let took = began.elapsed();
    assert!(took < DEADLINE + SLACK, "{what}: {deed:?} took {took:?}");
    let outcome = match (&error, deed) {
        (Some(error), _) => error.outcome(),
        (None, Deed::Reset) => Outcome::Applied,
        (None, _) => Outcome::NotApplied,
    };
    let after = dc.password_of("alice");
    match outcome {
        Outcome::Applied => assert_eq!(after.as_deref(), Some(NEW), "{what}: said to be written: {error:?}"),
        Outcome::NotApplied => assert_eq!(after, before, "{what}: said not to be written: {error:?}"),
        _ => assert_eq!(deed, Deed::Reset, "{what}: {error:?}"),
    }
    assert_eq!(
        dc.password_of("bob").as_deref(),
        Some(OLD),
        "{what}: another account was written"
    );
    assert_no_panic();
    error
}

/// The same, before a write: nothing may have been sent.
pub(crate) async fn attack_before_write(dc: &FakeDc, url: String, what: &str) -> Error {
    let error = attack(dc, Deed::Reset, url, what).await;
    let error = error.unwrap_or_else(|| panic!("{what}: the reset succeeded"));
    assert_eq!(
        (error.outcome(), dc.counts().modifies),
        (Outcome::NotApplied, 0),
        "{what}: {error}"
    );
    error
}

/// The search that reads the account, as against the one that finds it.
pub(crate) fn reading() -> When {
    When::search_asking("pwdLastSet")
}

pub(crate) fn finding() -> When {
    When::search_for("sAMAccountName=")
}

/// Everything at once, each against a server of its own.
pub(crate) async fn all(runs: impl IntoIterator<Item = impl Future<Output = ()> + Send + 'static>) {
    let runs: Vec<_> = runs.into_iter().map(tokio::spawn).collect();
    for run in runs {
        if let Err(failed) = run.await {
            std::panic::resume_unwind(failed.into_panic());
        }
    }
}
