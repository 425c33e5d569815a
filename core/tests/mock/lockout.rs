//! Lockout by wrong passwords: threshold, window, duration, and what ends it.

use crate::support::*;
use password_writeback::mock::{BindAnswer, MockDirectory, MockPolicy, Refusals};
use password_writeback::{Code, FindAccount, PasswordWriteback, ResetPassword, Unlock, UnlockAccount, Warning};
use std::time::Duration;

const DURATION: Duration = Duration::from_secs(1800);
const WINDOW: Duration = Duration::from_secs(600);
const WRONG: &str = "Wrong-Passw0rd";

fn locking(threshold: u32, duration: Duration) -> MockDirectory {
    let policy = MockPolicy::new().lockout(threshold, duration, WINDOW);
    under(policy, Refusals::Windows, alice())
}

fn locked(directory: &MockDirectory) -> bool {
    directory.account("alice").unwrap().locked
}

#[tokio::test]
async fn the_threshold_locks_and_the_answer_that_does_is_still_wrong_password() {
    let directory = locking(3, DURATION);
    for _ in 0..3 {
        assert_eq!(directory.bind("alice", WRONG), BindAnswer::WrongPassword);
    }
    assert!(locked(&directory));
    assert_eq!(directory.bind("alice", OLD), BindAnswer::LockedOut);
    assert_eq!(directory.bind("alice", WRONG), BindAnswer::LockedOut);
    assert_eq!(directory.bad_password_count("alice"), 3);
}

#[tokio::test]
async fn wrong_old_passwords_lock_as_well_and_then_no_change_goes_through() {
    for refusals in [Refusals::Windows, Refusals::Stated] {
        let policy = MockPolicy::new().lockout(2, DURATION, WINDOW);
        let directory = under(policy, refusals, alice());
        for _ in 0..2 {
            assert_refused(change(&directory, WRONG, NEW).await, Code::WrongPassword);
        }
        assert!(locked(&directory));
        assert_refused(change(&directory, OLD, NEW).await, Code::AccountLocked);
        assert_eq!(directory.bad_password_count("alice"), 2);
    }
}

#[tokio::test]
async fn a_lockout_ends_with_its_duration_and_the_count_begins_anew() {
    let directory = locking(2, DURATION);
    for _ in 0..2 {
        directory.bind("alice", WRONG);
    }
    let account = directory.find_account(FindAccount::new("alice")).await.unwrap();
    assert!(account.locked);
    let end = account.locked_until.unwrap();
    directory.clock().advance(DURATION - Duration::from_secs(1));
    assert!(locked(&directory));
    directory.clock().set(end);
    directory.clock().advance(Duration::from_secs(1));
    assert!(!locked(&directory));
    assert_eq!(directory.bind("alice", WRONG), BindAnswer::WrongPassword);
    assert_eq!((directory.bad_password_count("alice"), locked(&directory)), (1, false));
    assert_eq!(directory.bind("alice", OLD), BindAnswer::Success);
    assert_eq!(directory.bad_password_count("alice"), 0);
}

#[tokio::test]
async fn a_duration_of_zero_ends_with_an_unlock_only() {
    let directory = locking(1, Duration::ZERO);
    directory.bind("alice", WRONG);
    directory.clock().advance(3650 * DAY);
    let account = directory.find_account(FindAccount::new("alice")).await.unwrap();
    assert_eq!((account.locked, account.locked_until), (true, None));
    let receipt = directory.unlock_account(UnlockAccount::new("alice")).await.unwrap();
    assert!(receipt.unlocked && !receipt.account.locked && !locked(&directory));
    assert_eq!(directory.bad_password_count("alice"), 0);
}

#[tokio::test]
async fn the_window_forgets_bad_passwords() {
    let directory = locking(2, DURATION);
    directory.bind("alice", WRONG);
    directory.clock().advance(WINDOW + Duration::from_secs(1));
    directory.bind("alice", WRONG);
    assert_eq!((directory.bad_password_count("alice"), locked(&directory)), (1, false));
    directory.clock().advance(WINDOW);
    directory.bind("alice", WRONG);
    assert!(locked(&directory));
}

#[tokio::test]
async fn without_a_threshold_bad_passwords_are_counted_and_lock_nobody() {
    let directory = with_alice();
    for _ in 0..100 {
        directory.bind("alice", WRONG);
    }
    assert_eq!(
        (directory.bad_password_count("alice"), locked(&directory)),
        (100, false)
    );
}

#[tokio::test]
async fn a_reset_unlocks_only_where_it_is_asked_to() {
    let directory = holding(MockDirectory::builder(), alice().locked().bad_passwords(5));
    let receipt = reset(&directory, NEW).await.unwrap();
    assert_eq!(receipt.warnings, [Warning::StillLocked]);
    assert!(!receipt.unlocked && locked(&directory));
    directory.clock().advance(Duration::from_secs(1));
    let unlocking = ResetPassword::new("alice", "Newer-Passw0rd-2")
        .unlock(Unlock::Yes)
        .history(password_writeback::History::Off);
    let receipt = directory.reset_password(unlocking).await.unwrap();
    assert!(receipt.unlocked && receipt.warnings.is_empty() && !locked(&directory));
    assert_eq!(directory.bad_password_count("alice"), 0);
}

#[tokio::test]
async fn a_count_moves_no_update_sequence_number_and_a_lockout_does() {
    let directory = locking(2, DURATION);
    let usn = || directory.account("alice").unwrap().usn_changed;
    let before = usn();
    directory.bind("alice", WRONG);
    assert_eq!(usn(), before);
    directory.bind("alice", WRONG);
    assert!(usn() > before);
}

#[tokio::test]
async fn the_two_passwords_before_are_not_counted_as_wrong() {
    let directory = holding(MockDirectory::builder(), alice().former_password("Former-Passw0rd"));
    assert_eq!(directory.bind("alice", "Former-Passw0rd"), BindAnswer::WrongPassword);
    assert_eq!(directory.bad_password_count("alice"), 0);
}

#[tokio::test]
async fn after_a_lockout_that_ended_by_itself_the_count_begins_anew_even_within_the_window() {
    let minute = Duration::from_secs(60);
    let policy = MockPolicy::new().lockout(3, minute, WINDOW);
    let directory = under(policy, Refusals::Windows, alice().locked().bad_passwords(3));
    assert!(locked(&directory));
    directory.clock().advance(2 * minute);
    directory.bind("alice", WRONG);
    assert_eq!((directory.bad_password_count("alice"), locked(&directory)), (1, false));
}
