//! What an error or a receipt says of a write is compared with the truth, after every kind of broken connection.

use futures_util::stream::{self, StreamExt};
use password_writeback::layer::Audit;
use password_writeback::{
    ActiveDirectory, AuditEvent, AuditSink, ChangePassword, Code, Error, FindAccount, Outcome, PasswordWriteback,
    Phase, Receipt, ResetPassword, Rules, Settings, SinkError,
};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use testkit::fake::{Counts, FakeDc, Raw, Reaction, Script, User, When};

const OLD: &str = "Old-Pa55word";
const NEW: &str = "New-Pa55word-1";
const GRACE: Duration = Duration::from_millis(600);
const DEADLINE: Duration = Duration::from_secs(8);

/// What a small machine with much else to do may take longer.
const SLACK: Duration = Duration::from_secs(3);

fn rules() -> Rules {
    let mut rules = Rules::default();
    rules.grace = GRACE;
    rules.deadline = DEADLINE;
    rules
}

fn directory(dc: &FakeDc) -> ActiveDirectory {
    let settings = Settings::new([dc.ldaps_url()], dc.service_user(), dc.service_password())
        .ca_file(dc.ca_file())
        .connect_timeout(Duration::from_secs(3))
        .rules(rules());
    ActiveDirectory::new(settings).unwrap()
}

fn alice() -> User {
    User::new("alice")
        .password(OLD)
        .password_age(Duration::from_secs(30 * 86_400))
}

/// The four writes that set a password.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Reset,
    ResetUnlockRequire,
    Change,
}

const KINDS: [Kind; 3] = [Kind::Reset, Kind::ResetUnlockRequire, Kind::Change];

async fn write(directory: &dyn PasswordWriteback, kind: Kind) -> Result<Receipt, Error> {
    match kind {
        Kind::Reset => directory.reset_password(ResetPassword::new("alice", NEW)).await,
        Kind::ResetUnlockRequire => {
            let reset = ResetPassword::new("alice", NEW).unlock(true).require_change(true);
            directory.reset_password(reset).await
        }
        Kind::Change => directory.change_password(ChangePassword::new("alice", OLD, NEW)).await,
    }
}

fn outcome(result: &Result<Receipt, Error>) -> Outcome {
    result.as_ref().map_or_else(Error::outcome, |_| Outcome::Applied)
}

fn truth(dc: &FakeDc) -> Outcome {
    match dc.password_of("alice").as_deref() {
        Some(NEW) => Outcome::Applied,
        Some(OLD) => Outcome::NotApplied,
        other => panic!("a third password: {other:?}"),
    }
}

/// A way to break the connection at the write, and whether the evidence must settle it.
fn breaks() -> Vec<(&'static str, Reaction)> {
    let late = GRACE.mul_f32(0.8);
    vec![
        ("closed before it was applied", Reaction::close()),
        ("reset before it was applied", Reaction::close().rst()),
        ("closed after it was applied", Reaction::close_after_apply()),
        ("reset after it was applied", Reaction::close_after_apply().rst()),
        ("closed after the reply", Reaction::close_after_reply()),
        ("applied late, within the grace", Reaction::apply_late(late)),
        ("hangs without applying", Reaction::hang()),
        ("hangs after applying", Reaction::hang_after_apply()),
        ("hangs and applies late", Reaction::hang_and_apply_late(late)),
        ("half a reply, then silence", Reaction::half_reply_then_stall()),
        (
            "half a reply, then closed, applied",
            Reaction::half_reply_then_close().applied(),
        ),
        (
            "half a reply, then closed, not applied",
            Reaction::half_reply_then_close().not_applied(),
        ),
    ]
}

/// How many combinations run at once: more would run into timeouts on a small machine.
const AT_ONCE: usize = 16;

/// Runs every combination, each against a domain controller of its own.
async fn all<T: Send + 'static>(runs: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>) -> Vec<T> {
    let runs = stream::iter(runs).map(tokio::spawn).buffer_unordered(AT_ONCE);
    runs.map(Result::unwrap).collect().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_is_cut_is_settled_and_told_right() {
    let cases = KINDS.into_iter().flat_map(|kind| {
        let breaks = [false, true].map(|warm| breaks().into_iter().map(move |broken| (warm, broken)));
        let breaks = breaks.into_iter().flatten();
        breaks.map(move |(warm, (how, reaction))| (kind, warm, how, reaction))
    });
    let runs = cases.map(|(kind, warm, how, reaction)| async move {
        let user = match kind {
            Kind::ResetUnlockRequire => alice().locked(),
            _ => alice(),
        };
        let dc = FakeDc::start(Script::windows().user(user).on(When::modify().first(), reaction)).await;
        let directory = directory(&dc);
        if warm {
            directory.find_account(FindAccount::new("alice")).await.unwrap();
        }
        let began = Instant::now();
        let result = write(&directory, kind).await;
        let took = began.elapsed();
        let what = format!("{kind:?}, warm {warm}, {how}");
        assert_eq!(outcome(&result), truth(&dc), "{what}: {result:?}");
        assert!(took < DEADLINE + SLACK, "{what}: took {took:?}");
        assert!(dc.counts().writes_applied <= 1, "{what}: written again");
    });
    assert_eq!(all(runs).await.len(), 72);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stays_away_leaves_it_unknown_within_the_deadline() {
    for reaction in [Reaction::close(), Reaction::close_after_apply(), Reaction::hang()] {
        let script = Script::windows().user(alice()).on(When::modify().first(), reaction);
        let dc = FakeDc::start(script).await;
        // From the write on, nobody gets in any more.
        dc.on(When::bind().nth(2), Reaction::hang());
        for nth in 3..40 {
            dc.on(When::bind().nth(nth), Reaction::hang());
        }
        let began = Instant::now();
        let error = write(&directory(&dc), Kind::Reset).await.unwrap_err();
        assert_eq!(
            (error.code(), error.outcome()),
            (Code::OutcomeUnknown, Outcome::Unknown),
            "{error}"
        );
        assert!(began.elapsed() < DEADLINE + SLACK, "{:?}", began.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logon_alone_is_no_evidence_of_a_write() {
    // The account's uSNChanged moves between the cut and the look, as a logon moves it, and nothing was written.
    let dc = Arc::new(
        FakeDc::start(
            Script::windows()
                .user(alice())
                .on(When::modify().first(), Reaction::close()),
        )
        .await,
    );
    let toucher = Arc::clone(&dc);
    let touching = tokio::spawn(async move {
        tokio::time::sleep(GRACE / 2).await;
        toucher.touch("alice");
    });
    let error = write(&directory(&dc), Kind::Reset).await.unwrap_err();
    touching.await.unwrap();
    assert_eq!(error.outcome(), truth(&dc), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_write_is_not_taken_for_ones_own() {
    let dc = Arc::new(
        FakeDc::start(
            Script::windows()
                .user(alice())
                .on(When::modify().first(), Reaction::close()),
        )
        .await,
    );
    let other = Arc::clone(&dc);
    let writing = tokio::spawn(async move {
        tokio::time::sleep(GRACE / 2).await;
        other.set_password("alice", "Somebody-Elses-1");
    });
    let error = write(&directory(&dc), Kind::Reset).await.unwrap_err();
    writing.await.unwrap();
    assert_ne!(error.outcome(), Outcome::Applied, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_breaks_the_protocol_is_settled_too() {
    let runs = Raw::all()
        .into_iter()
        .flat_map(|raw| [(raw.clone(), true), (raw, false)])
        .map(|(raw, applied)| async move {
            let reaction = match applied {
                true => Reaction::raw(raw.clone()).applied(),
                false => Reaction::raw(raw.clone()).not_applied(),
            };
            let dc = FakeDc::start(Script::windows().user(alice()).on(When::modify().first(), reaction)).await;
            let result = write(&directory(&dc), Kind::Reset).await;
            let said = outcome(&result);
            // A well-formed success or refusal is believed: that server lies, and nothing can be known from it.
            if !matches!(raw, Raw::NotUtf8) {
                assert_eq!(said, truth(&dc), "{raw:?} applied {applied}: {result:?}");
            }
        });
    all(runs).await;
}

/// Keeps the finish events.
#[derive(Debug, Default)]
struct Finishes(Mutex<Vec<AuditEvent>>);

impl AuditSink for Finishes {
    fn record(&self, event: &AuditEvent) -> Result<(), SinkError> {
        if event.phase == Phase::Finish {
            self.0.lock().unwrap().push(event.clone());
        }
        Ok(())
    }
}

impl Finishes {
    async fn one(&self) -> AuditEvent {
        for _ in 0..400 {
            if let Some(event) = self.0.lock().unwrap().first() {
                return event.clone();
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("no finish event came");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_future_is_cancelled_before_the_write_and_carried_through_after_it() {
    let slow = Duration::from_secs(2);
    type Reached = fn(&Counts) -> bool;
    let stages: [(_, _, Reached, _); 5] = [
        ("while connecting", When::secured(), |seen| seen.connections > 0, false),
        ("at the logon", When::bind(), |seen| seen.binds > 0, false),
        (
            "while locating",
            When::search_for("sAMAccountName"),
            |seen| seen.searches > 1,
            false,
        ),
        (
            "while reading",
            When::search_asking("tokenGroups").nth(2),
            |seen| seen.searches > 2,
            false,
        ),
        (
            "while the write is on its way",
            When::modify(),
            |seen| seen.modifies > 0,
            true,
        ),
    ];
    let runs = stages.into_iter().map(|(stage, when, reached, applied)| async move {
        let dc = FakeDc::start(Script::windows().user(alice()).on(when, Reaction::delay(slow))).await;
        let finishes = Arc::new(Finishes::default());
        let audited = Audit::new(directory(&dc), Arc::clone(&finishes) as _);
        let reached = async {
            while !reached(&dc.counts()) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::select! {
            _ = write(&audited, Kind::Reset) => panic!("{stage}: it was over before it could be dropped"),
            () = reached => {}
        }
        let event = finishes.one().await;
        tokio::time::sleep(slow).await;
        assert_eq!(event.outcome, Some(truth(&dc)), "{stage}: {event:?}");
        assert_eq!(truth(&dc) == Outcome::Applied, applied, "{stage}");
        assert_eq!(event.code, (!applied).then_some(Code::Cancelled), "{stage}: {event:?}");
    });
    all(runs).await;
}
