//! The policy-hints control: what a reset checks with it, and without.

use crate::support::*;
use password_writeback::mock::{MockDirectory, PolicyHintsSupport};
use password_writeback::{Code, History, HistoryEnforcement, PasswordWriteback, ResetPassword, Rule, Rules};
use std::time::Duration;

fn offering(hints: PolicyHintsSupport) -> MockDirectory {
    holding(MockDirectory::builder().policy_hints(hints), alice())
}

#[tokio::test]
async fn each_wish_against_each_control() {
    for hints in [PolicyHintsSupport::Current, PolicyHintsSupport::Deprecated] {
        for wish in [History::Required, History::IfSupported] {
            let directory = offering(hints);
            let again = ResetPassword::new("alice", OLD).history(wish);
            assert_eq!(violations(directory.reset_password(again).await)[0].0, Rule::History);
            let fresh = ResetPassword::new("alice", NEW).history(wish);
            let receipt = directory.reset_password(fresh).await.unwrap();
            assert_eq!(receipt.history, HistoryEnforcement::Enforced);
        }
    }
    for (hints, wish) in [
        (PolicyHintsSupport::Current, History::Off),
        (PolicyHintsSupport::Deprecated, History::Off),
        (PolicyHintsSupport::Absent, History::Off),
        (PolicyHintsSupport::Absent, History::IfSupported),
    ] {
        let directory = offering(hints);
        let again = ResetPassword::new("alice", OLD).history(wish);
        let receipt = directory.reset_password(again).await.unwrap();
        assert_eq!(receipt.history, HistoryEnforcement::NotEnforced, "{hints} {wish}");
    }
    let directory = offering(PolicyHintsSupport::Absent);
    assert_refused(reset(&directory, NEW).await, Code::PolicyHintsUnsupported);
    assert_eq!(directory.writes(), 0);
}

#[tokio::test]
async fn a_plain_reset_checks_neither_age_nor_history_but_length() {
    let builder = MockDirectory::builder().rules({
        let mut rules = Rules::default();
        rules.history = History::Off;
        rules
    });
    let directory = holding(builder, alice().password_age(Duration::ZERO));
    reset(&directory, OLD).await.unwrap();
    assert_eq!(violations(reset(&directory, "Ab1-").await)[0].0, Rule::MinLength);
}

#[tokio::test]
async fn a_change_needs_no_control() {
    let directory = offering(PolicyHintsSupport::Absent);
    assert_eq!(violations(change(&directory, OLD, OLD).await)[0].0, Rule::History);
    let receipt = change(&directory, OLD, NEW).await.unwrap();
    assert_eq!(receipt.history, HistoryEnforcement::Enforced);
}
