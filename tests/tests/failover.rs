//! From one domain controller to another, and when not: on scripted ones, where each moment can be chosen.

use password_writeback::{
    ActiveDirectory, BindPassword, Code, FindAccount, Outcome, PasswordWriteback, Reason, ResetPassword, Rules,
    Settings,
};
use std::time::{Duration, Instant};
use testkit::fake::{FakeDc, Reaction, Script, User, When};

const OLD: &str = "Old-Pa55word";
const NEW: &str = "New-Pa55word-1";
const PATIENCE: Duration = Duration::from_secs(3);

fn script(name: &str) -> Script {
    let alice = User::new("alice")
        .password(OLD)
        .password_age(Duration::from_secs(30 * 86_400));
    Script::windows().host_name(name).user(alice)
}

/// Two domain controllers, and a backend that prefers the first.
struct Pair {
    first: FakeDc,
    second: FakeDc,
    directory: ActiveDirectory,
    _authorities: tempfile::TempDir,
}

impl Pair {
    async fn start(first: Script) -> Self {
        // A search that hangs takes twice the patience, and the other one has its turn after that.
        Self::within(Duration::from_secs(20), PATIENCE, first).await
    }

    async fn within(deadline: Duration, connect_timeout: Duration, first: Script) -> Self {
        let first = FakeDc::start(first).await;
        let second = FakeDc::start(script("dc2.corp.example.test")).await;
        let authorities = tempfile::tempdir().unwrap();
        let ca_file = authorities.path().join("ca.pem");
        let both = [first.ca_file(), second.ca_file()].map(|file| std::fs::read_to_string(file).unwrap());
        std::fs::write(&ca_file, both.concat()).unwrap();
        let mut rules = Rules::default();
        rules.deadline = deadline;
        rules.grace = Duration::from_millis(500);
        let urls = [first.ldaps_url(), second.ldaps_url()];
        let settings = Settings::new(urls, first.service_user(), first.service_password())
            .ca_file(&ca_file)
            .connect_timeout(connect_timeout)
            .rules(rules);
        Pair {
            directory: ActiveDirectory::new(settings).unwrap(),
            first,
            second,
            _authorities: authorities,
        }
    }

    async fn reset(&self) -> Result<password_writeback::Receipt, password_writeback::Error> {
        self.directory.reset_password(ResetPassword::new("alice", NEW)).await
    }

    fn writes(&self) -> (u64, u64) {
        (
            self.first.counts().writes_applied as u64,
            self.second.counts().writes_applied as u64,
        )
    }
}

fn first() -> Script {
    script("dc1.corp.example.test")
}

/// Whatever breaks or hangs before the write is sent, the other takes over from the beginning, and next time at once.
#[tokio::test(flavor = "multi_thread")]
async fn another_takes_over_before_the_write() {
    for (when, reaction) in [
        (When::connect(), Reaction::close()),
        (When::connect(), Reaction::hang()),
        (When::bind(), Reaction::close()),
        (When::bind(), Reaction::hang()),
        (When::root_dse(), Reaction::hang()),
        (When::search_for("alice"), Reaction::close()),
        (When::search_for("alice"), Reaction::hang()),
        (When::search_asking("pwdLastSet"), Reaction::close()),
        (When::search_asking("pwdLastSet"), Reaction::hang()),
        // Busy, and unavailable.
        (When::root_dse(), Reaction::result(52, "")),
        (When::search_for("alice"), Reaction::result(51, "")),
        (When::search_asking("pwdLastSet"), Reaction::result(52, "")),
    ] {
        let what = format!("{when:?} {reaction:?}");
        let pair = Pair::start(first().on(when, reaction)).await;
        let receipt = pair.reset().await.unwrap_or_else(|error| panic!("{what}: {error:?}"));
        assert_eq!(receipt.domain_controller, "dc2.corp.example.test", "{what}");
        assert_eq!(pair.writes(), (0, 1), "{what}");
        let tries = pair.first.counts().connections;
        pair.directory.find_account(FindAccount::new("alice")).await.unwrap();
        assert_eq!(
            pair.first.counts().connections,
            tries,
            "{what}: the dead one was tried again at once"
        );
    }
}

/// Where the time is shorter than what one may take, half of it is left for the other.
#[tokio::test(flavor = "multi_thread")]
async fn another_takes_over_within_a_short_time() {
    const SHORT: Duration = Duration::from_secs(10);
    for when in [When::bind(), When::root_dse(), When::search_asking("pwdLastSet")] {
        let what = format!("{when:?}");
        let pair = Pair::within(SHORT, SHORT, first().on(when, Reaction::hang())).await;
        let receipt = pair.reset().await.unwrap_or_else(|error| panic!("{what}: {error:?}"));
        assert_eq!(receipt.domain_controller, "dc2.corp.example.test", "{what}");
    }
    let pair = Pair::within(SHORT, SHORT, first()).await;
    // Once over a new connection, and once over one that was kept.
    for (kept, new) in [(false, OLD), (true, NEW)] {
        if kept {
            // Until the first has rested.
            tokio::time::sleep(Duration::from_secs(6)).await;
            pair.directory.find_account(FindAccount::new("alice")).await.unwrap();
        }
        pair.first.on(When::search_for("alice"), Reaction::hang());
        let reset = ResetPassword::new("alice", new).history(password_writeback::History::Off);
        let receipt = pair.directory.reset_password(reset).await.unwrap();
        assert_eq!(receipt.domain_controller, "dc2.corp.example.test", "kept: {kept}");
        pair.first.clear_rules();
    }
}

/// The search for the domain's name in `DOMAIN\name` fails as any other does.
#[tokio::test(flavor = "multi_thread")]
async fn another_takes_over_before_the_domain_is_known() {
    for reaction in [Reaction::close(), Reaction::hang(), Reaction::result(51, "")] {
        let what = format!("{reaction:?}");
        let pair = Pair::start(first().on(When::search_for("CN=Partitions"), reaction)).await;
        let reset = pair.directory.reset_password(ResetPassword::new("CORP\\alice", NEW));
        assert_eq!(
            reset.await.unwrap().domain_controller,
            "dc2.corp.example.test",
            "{what}"
        );
    }
    // Where it may not be read, no other is asked.
    let hidden = Reaction::drop_attributes(&["nETBIOSName"]);
    let pair = Pair::start(first().on(When::search_for("CN=Partitions"), hidden)).await;
    let reset = pair.directory.reset_password(ResetPassword::new("CORP\\alice", NEW));
    assert_eq!(reset.await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(pair.second.counts().connections, 0);
}

/// An attribute that anybody may fill with anything, and that this operation does not need, is no fault of the domain controller.
#[tokio::test(flavor = "multi_thread")]
async fn an_odd_source_anchor_is_no_reason_to_move() {
    let odd = User::new("odd").password(OLD).bytes("mS-DS-ConsistencyGuid", [1, 2, 3]);
    let pair = Pair::start(first().user(odd)).await;
    for name in ["odd", "CORP\\odd"] {
        let found = pair.directory.find_account(FindAccount::new(name)).await.unwrap();
        assert_eq!(found.source_anchor, None);
    }
    let reset = ResetPassword::new("odd", NEW).history(password_writeback::History::Off);
    let receipt = pair.directory.reset_password(reset).await.unwrap();
    assert_eq!(receipt.domain_controller, "dc1.corp.example.test");
}

/// One that was passed over is tried again once it has rested, and preferred again.
#[tokio::test(flavor = "multi_thread")]
async fn the_preferred_one_is_used_again() {
    let pair = Pair::start(first().on(When::connect().first(), Reaction::hang())).await;
    assert_eq!(pair.reset().await.unwrap().domain_controller, "dc2.corp.example.test");
    let began = Instant::now();
    loop {
        let found = pair
            .directory
            .reset_password(ResetPassword::new("alice", OLD).history(password_writeback::History::Off));
        if found.await.unwrap().domain_controller == "dc1.corp.example.test" {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "it is never used again");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    assert!(began.elapsed() > Duration::from_secs(2), "it had no rest");
}

/// A write that was sent is never sent to another, whatever becomes of its reply.
#[tokio::test(flavor = "multi_thread")]
async fn never_another_after_the_write() {
    for (reaction, outcome) in [
        (Reaction::close(), Outcome::NotApplied),
        (Reaction::close_after_apply(), Outcome::Applied),
        (Reaction::hang(), Outcome::NotApplied),
        (Reaction::hang_after_apply(), Outcome::Applied),
    ] {
        let what = format!("{reaction:?}");
        let pair = Pair::start(first().on(When::password_write(), reaction)).await;
        // Where nothing answers the deadline is the end of it.
        let write = ResetPassword::new("alice", NEW).deadline(Duration::from_secs(10));
        let result = pair.directory.reset_password(write).await;
        let seen = result
            .as_ref()
            .map_or_else(password_writeback::Error::outcome, |_| Outcome::Applied);
        assert_eq!(seen, outcome, "{what}: {result:?}");
        assert_eq!(pair.writes(), (u64::from(outcome == Outcome::Applied), 0), "{what}");
        assert!(!pair.second.was_written("alice"), "{what}");
    }
}

/// A refused logon is not repeated elsewhere: it would count towards a lockout on every domain controller.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_logon_is_refused_once() {
    let refused = "80090308: LdapErr: DSID-0C090446, comment: AcceptSecurityContext error, data 52e, v4563\0";
    // Also where the other was being connected to already, since the first was slow.
    for script in [first(), first().on(When::connect(), Reaction::delay(PATIENCE / 2))] {
        let pair = Pair::start(script.on(When::bind(), Reaction::result(49, refused))).await;
        let second_is_slow_too = Reaction::delay(PATIENCE);
        pair.second.on(When::connect(), second_is_slow_too);
        let error = pair.reset().await.unwrap_err();
        assert_eq!((error.code(), error.outcome()), (Code::BindFailed, Outcome::NotApplied));
        assert_eq!(pair.first.log().binds().len(), 1);
        assert!(pair.second.log().binds().is_empty());
    }
}

/// Whoever keeps the service account's password may be slow: no domain controller is blamed for it, and none is told a password.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_source_of_passwords_is_named() {
    let pair = Pair::start(first()).await;
    let slow = BindPassword::provider(|| {
        std::thread::sleep(3 * PATIENCE);
        Some(NEW.into())
    });
    let settings = Settings::new(
        [pair.first.ldaps_url(), pair.second.ldaps_url()],
        pair.first.service_user(),
        slow,
    );
    let settings = settings
        .ca_file(pair._authorities.path().join("ca.pem"))
        .connect_timeout(PATIENCE);
    let directory = ActiveDirectory::new(settings).unwrap();
    let error = directory.find_account(FindAccount::new("alice")).await.unwrap_err();
    assert_eq!(
        (error.code(), error.reason()),
        (Code::BindFailed, Some(Reason::NoPassword)),
        "{error:?}"
    );
    assert_eq!((pair.first.counts().binds, pair.second.counts().binds), (0, 0));
}
