//! What the tests share.

use jiff::Timestamp;
use password_writeback::mock::{MockDirectory, MockDirectoryBuilder, MockPolicy, MockUser, Refusals};
use password_writeback::{
    Certainty, ChangePassword, Code, Error, Outcome, PasswordWriteback, Receipt, ResetPassword, Rule,
};
use std::time::Duration;

pub(crate) const OLD: &str = "Old-Passw0rd";
pub(crate) const NEW: &str = "New-Passw0rd-1";
pub(crate) const DAY: Duration = Duration::from_secs(86_400);

/// A directory with alice in it, whose password was set ten days ago.
pub(crate) fn with_alice() -> MockDirectory {
    holding(MockDirectory::builder(), alice())
}

pub(crate) fn alice() -> MockUser {
    MockUser::new("alice").password(OLD)
}

pub(crate) fn holding(builder: MockDirectoryBuilder, user: MockUser) -> MockDirectory {
    let directory = builder.build().unwrap();
    directory.add_user(user).unwrap();
    directory
}

pub(crate) fn under(policy: MockPolicy, refusals: Refusals, user: MockUser) -> MockDirectory {
    holding(MockDirectory::builder().policy(policy).refusals(refusals), user)
}

pub(crate) async fn reset(directory: &MockDirectory, new: &str) -> Result<Receipt, Error> {
    directory.reset_password(ResetPassword::new("alice", new)).await
}

pub(crate) async fn change(directory: &MockDirectory, old: &str, new: &str) -> Result<Receipt, Error> {
    directory.change_password(ChangePassword::new("alice", old, new)).await
}

pub(crate) fn now(directory: &MockDirectory) -> Timestamp {
    use password_writeback::Clock;
    directory.clock().now()
}

/// The code and the outcome of a refusal.
#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> (Code, Outcome) {
    let error = result.unwrap_err();
    (error.code(), error.outcome())
}

/// That an operation was refused with this code, and did nothing.
#[track_caller]
pub(crate) fn assert_refused<T: std::fmt::Debug>(result: Result<T, Error>, code: Code) {
    assert_eq!(refused(result), (code, Outcome::NotApplied));
}

/// The rules of a refusal by policy, and how sure each is.
#[track_caller]
pub(crate) fn violations<T: std::fmt::Debug>(result: Result<T, Error>) -> Vec<(Rule, Certainty)> {
    let error = result.unwrap_err();
    assert_eq!(
        (error.code(), error.outcome()),
        (Code::PolicyViolation, Outcome::NotApplied),
        "{error}"
    );
    error
        .violations()
        .iter()
        .map(|violation| (violation.rule, violation.certainty))
        .collect()
}
