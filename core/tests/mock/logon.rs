//! What a bind answers, and how the state of an account meets the rules of a write.

use crate::support::*;
use password_writeback::mock::{BindAnswer, MockDirectory, MockUser};
use password_writeback::{
    Code, Initiator, PasswordWriteback, Reason, RequirePasswordChange, ResetPassword, Rules, Verification, Warning,
};

/// What alice gets with the right password, and with a wrong one.
fn answers(user: MockUser) -> (BindAnswer, BindAnswer) {
    let directory = holding(MockDirectory::builder(), user);
    (directory.bind("alice", OLD), directory.bind("alice", "Wrong-Passw0rd"))
}

#[test]
fn a_bind_tells_its_reason_to_the_right_password_only() {
    use BindAnswer::*;
    let past = "2025-12-31T23:59:59Z".parse().unwrap();
    for (user, right) in [
        (alice(), Success),
        (alice().disabled(), Disabled),
        (alice().expires_at(past), AccountExpired),
        (alice().must_change(), MustChange),
        (alice().password_age(43 * DAY), PasswordExpired),
        (alice().password_age(43 * DAY).password_never_expires(), Success),
        (alice().smartcard_required(), WrongPassword),
        (alice().disabled().must_change(), Disabled),
    ] {
        let shown = format!("{user:?}");
        assert_eq!(answers(user), (right, WrongPassword), "{shown}");
    }
    assert_eq!(answers(alice().locked()), (LockedOut, LockedOut));
    assert_eq!(with_alice().bind("nobody", OLD), UnknownUser);
    assert_eq!(MustChange.to_string(), "773");
}

#[tokio::test]
async fn a_disabled_or_expired_account_is_for_administrators() {
    let past = "2025-12-31T23:59:59Z".parse().unwrap();
    for (user, code, warning) in [
        (alice().disabled(), Code::AccountDisabled, Warning::AccountDisabled),
        (alice().expires_at(past), Code::AccountExpired, Warning::AccountExpired),
    ] {
        let directory = holding(MockDirectory::builder(), user);
        assert_refused(reset(&directory, NEW).await, code);
        let by_administrator = ResetPassword::new("alice", NEW).initiator(Initiator::Administrator);
        let receipt = directory.reset_password(by_administrator).await.unwrap();
        assert_eq!(receipt.warnings, [warning]);
    }
}

#[tokio::test]
async fn a_required_change_is_stored_with_the_password() {
    let directory = with_alice();
    let request = ResetPassword::new("alice", NEW).require_change(true);
    let receipt = directory.reset_password(request).await.unwrap();
    assert!(receipt.must_change_password && receipt.password_last_set.is_none());
    assert_eq!(directory.bind("alice", NEW), BindAnswer::MustChange);
    assert_eq!(directory.writes(), 1);
    change(&directory, NEW, "Newer-Passw0rd-2").await.unwrap();
    assert_eq!(directory.bind("alice", "Newer-Passw0rd-2"), BindAnswer::Success);
}

#[tokio::test]
async fn a_change_that_would_not_bite_is_refused() {
    for (user, reason) in [
        (alice().password_never_expires(), Reason::PasswordNeverExpires),
        (alice().cannot_change_password(), Reason::CannotChange),
        (alice().smartcard_required(), Reason::SmartcardRequired),
    ] {
        let directory = holding(MockDirectory::builder(), user);
        let error = directory
            .require_password_change(RequirePasswordChange::new("alice"))
            .await
            .unwrap_err();
        assert_eq!(
            (error.code(), error.reason()),
            (Code::ChangeNotEnforceable, Some(reason))
        );
        assert_eq!(directory.writes(), 0);
    }
}

#[tokio::test]
async fn a_user_who_cannot_change_can_be_reset() {
    let directory = holding(MockDirectory::builder(), alice().cannot_change_password());
    assert_refused(change(&directory, OLD, NEW).await, Code::ChangeNotPermitted);
    reset(&directory, NEW).await.unwrap();
}

#[tokio::test]
async fn a_write_can_be_verified_by_a_logon() {
    let mut rules = Rules::default();
    rules.verify_by_bind = true;
    let directory = holding(MockDirectory::builder().rules(rules), alice());
    let receipt = reset(&directory, NEW).await.unwrap();
    assert_eq!(receipt.verification, Verification::Bind);
    assert_eq!(directory.bad_password_count("alice"), 0);
}
