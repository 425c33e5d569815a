//! The eight operations, through the audit layer, with every text of what goes in and what comes out said aloud.

use super::capture::{self, Kind, password};
use password_writeback::layer::Audit;
use password_writeback::{
    ActiveDirectory, AuditEvent, AuditSink, ChangePassword, CheckPassword, Diagnose, Error, FindAccount, Initiator,
    JsonLinesSink, PasswordWriteback, ReadPolicy, RequirePasswordChange, ResetPassword, Rules, Settings, SinkError,
    TracingSink, UnlockAccount,
};
use serde::Serialize;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;
use testkit::fake::{FakeDc, SERVICE_USER, Script, User};

/// Says every event.
#[derive(Debug)]
struct Saying;

impl AuditSink for Saying {
    fn record(&self, event: &AuditEvent) -> Result<(), SinkError> {
        capture::debug("event", event);
        capture::json("event", event);
        Ok(())
    }
}

/// With every sink there is.
pub(super) fn audited(directory: impl PasswordWriteback + 'static) -> impl PasswordWriteback + 'static {
    let lines = JsonLinesSink::new(capture::writer());
    let audited = Audit::new(directory, Arc::new(lines));
    Audit::new(Audit::new(audited, Arc::new(TracingSink)), Arc::new(Saying))
}

/// One of the eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Reset,
    Change,
    Unlock,
    RequireChange,
    Check,
    Find,
    Policy,
    Diagnose,
}

pub(super) const ALL: [Operation; 8] = [
    Operation::Reset,
    Operation::Change,
    Operation::Unlock,
    Operation::RequireChange,
    Operation::Check,
    Operation::Find,
    Operation::Policy,
    Operation::Diagnose,
];

pub(super) const WRITES: [Operation; 4] = [
    Operation::Reset,
    Operation::Change,
    Operation::Unlock,
    Operation::RequireChange,
];

/// Says a request, carries it out, and says what came back. Returns the code of a failure.
macro_rules! told {
    ($of:expr, $directory:expr, $method:ident, $request:expr) => {{
        let request = $request
            .initiator(Initiator::Administrator)
            .actor("bob@corp.example.test");
        capture::debug($of, &request);
        tell($of, &$directory.$method(request).await)
    }};
}

fn tell<T: Debug + Serialize>(of: &str, result: &Result<T, Error>) -> Option<String> {
    capture::debug(of, result);
    match result {
        Ok(value) => {
            capture::json(of, value);
            None
        }
        Err(error) => {
            tell_error(of, error);
            Some(error.code().to_string())
        }
    }
}

/// Every text of an error, and of what it says is its source.
pub(super) fn tell_error(of: &str, error: &Error) {
    capture::debug(of, error);
    capture::display(of, error);
    capture::json(of, error);
    capture::say(of, error.message());
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        capture::say(of, &format!("{cause} {cause:?} {cause:#?}"));
        source = cause.source();
    }
}

impl Operation {
    /// Carries it out on alice, with passwords that nothing else has; returns the code of a failure.
    pub(super) async fn run(self, of: &str, directory: &dyn PasswordWriteback) -> Option<String> {
        let of = &format!("{of}, {self:?}");
        let new = || password(Kind::New, of);
        match self {
            Operation::Reset => {
                let reset = ResetPassword::new("alice", new()).unlock(true).require_change(true);
                told!(of, directory, reset_password, reset)
            }
            Operation::Change => {
                let old = password(Kind::Old, "alice");
                told!(of, directory, change_password, ChangePassword::new("alice", old, new()))
            }
            Operation::Unlock => told!(of, directory, unlock_account, UnlockAccount::new("alice")),
            Operation::RequireChange => {
                told!(
                    of,
                    directory,
                    require_password_change,
                    RequirePasswordChange::new("alice")
                )
            }
            Operation::Check => {
                let candidate = password(Kind::Candidate, of);
                told!(of, directory, check_password, CheckPassword::new("alice", candidate))
            }
            Operation::Find => told!(of, directory, find_account, FindAccount::new("alice")),
            Operation::Policy => told!(of, directory, password_policy, ReadPolicy::new("alice")),
            Operation::Diagnose => told!(of, directory, diagnose, Diagnose::account("alice")),
        }
    }
}

/// The rules with everything on that handles a password, and little patience.
pub(super) fn rules() -> Rules {
    let mut rules = Rules::default();
    rules.verify_by_bind = true;
    rules.grace = Duration::from_millis(200);
    rules.deadline = Duration::from_secs(8);
    rules
}

/// A domain with alice and a service account, whose passwords have the stems of their kinds.
pub(super) fn domain() -> Script {
    let service = User::new(SERVICE_USER)
        .password(&password(Kind::Bind, "service"))
        .password_never_expires();
    let alice = User::new("alice").password(&password(Kind::Old, "alice")).locked();
    Script::windows().user(service).user(alice)
}

/// As [`domain`], where alice is not locked out, so that she may change her password.
pub(super) fn domain_with(alice: User) -> Script {
    let script = domain();
    script.user(alice.password(&password(Kind::Old, "alice")))
}

pub(super) fn settings(dc: &FakeDc, url: String) -> Settings {
    Settings::new([url], dc.service_user(), password(Kind::Bind, "service"))
        .ca_file(dc.ca_file())
        .connect_timeout(Duration::from_secs(3))
        // Each operation is to connect and log on.
        .warm_connections(0)
        .rules(rules())
}

/// The whole stack on a domain controller.
pub(super) fn stack(dc: &FakeDc) -> impl PasswordWriteback + 'static {
    audited(ActiveDirectory::new(settings(dc, dc.ldaps_url())).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_by_what_succeeds() {
    capture::begin();
    for operation in ALL {
        let alice = match operation {
            Operation::Change => User::new("alice"),
            _ => User::new("alice").locked(),
        };
        let dc = FakeDc::start(domain_with(alice)).await;
        for url in [dc.ldaps_url(), dc.ldap_url()] {
            let settings = settings(&dc, url.clone());
            capture::debug("settings", &settings);
            let directory = ActiveDirectory::new(settings).unwrap();
            capture::debug("directory", &directory);
            let directory = audited(directory);
            if operation == Operation::Change {
                dc.set_password("alice", &password(Kind::Old, "alice"));
            }
            let failed = operation.run(&url, &directory).await;
            assert_eq!(failed, None, "{operation:?}");
        }
        dc.all_closed_within(Duration::from_secs(2)).await;
    }
    capture::assert_clean();
}
