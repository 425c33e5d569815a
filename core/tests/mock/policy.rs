//! Length, complexity, history, age and filters: what the server refuses, and what the library makes of it.

use crate::support::*;
use password_writeback::mock::{MockDirectory, MockPolicy, Refusals};
use password_writeback::{Certainty, ChangePassword, CheckPassword, History, PasswordWriteback, ResetPassword, Rule};
use std::time::Duration;

#[tokio::test]
async fn a_reset_of_a_good_password_is_stored() {
    let directory = with_alice();
    let receipt = reset(&directory, NEW).await.unwrap();
    assert_eq!(receipt.password_last_set, Some(now(&directory)));
    assert!(directory.verify_password("alice", NEW) && !directory.verify_password("alice", OLD));
    assert_eq!(directory.writes(), 1);
}

#[tokio::test]
async fn length_and_complexity_hold_for_resets_and_changes() {
    let names = || alice().display_name("Erin M. Hagens");
    for (candidate, rule) in [
        ("Ab1-ef", Rule::MinLength),
        ("onlysmallletters", Rule::Complexity),
        ("xAlIcE-12345", Rule::AccountName),
        ("Xy-hagens-12", Rule::DisplayName),
    ] {
        let computed = vec![(rule, Certainty::Computed)];
        let directory = under(MockPolicy::new(), Refusals::Windows, names());
        assert_eq!(violations(reset(&directory, candidate).await), computed, "{candidate}");
        assert_eq!(
            violations(change(&directory, OLD, candidate).await),
            computed,
            "{candidate}"
        );
        // Samba names a rule on names as complexity, which is where Active Directory has it.
        let stated = if rule == Rule::MinLength {
            rule
        } else {
            Rule::Complexity
        };
        let directory = under(MockPolicy::new(), Refusals::Stated, names());
        assert_eq!(
            violations(reset(&directory, candidate).await),
            vec![(stated, Certainty::Stated)],
            "{candidate}"
        );
        assert!(directory.verify_password("alice", OLD));
        assert_eq!(directory.writes(), 0);
    }
}

#[tokio::test]
async fn where_the_texts_disagree_windows_decides() {
    // Small letters, a digit and an accented small letter: three classes to MS-SAMR, two to passfilt.dll.
    let directory = with_alice();
    let found = violations(reset(&directory, "ärger123").await);
    assert!(found.contains(&(Rule::Complexity, Certainty::Inferred)), "{found:?}");
    reset(&directory, "Ärger123").await.unwrap();
    reset(&directory, "日本語pass1").await.unwrap_err();
}

#[tokio::test]
async fn an_account_that_needs_no_password_is_exempt_but_for_its_age() {
    let directory = under(
        MockPolicy::new().min_age(Duration::ZERO),
        Refusals::Windows,
        alice().password_not_required(),
    );
    reset(&directory, "x").await.unwrap();
    reset(&directory, "x").await.unwrap();
    directory.set_policy(MockPolicy::new());
    assert_eq!(
        violations(reset(&directory, "y").await),
        [(Rule::MinAge, Certainty::Computed)]
    );
}

#[tokio::test]
async fn history_refuses_as_many_as_the_policy_says_with_the_current_one_among_them() {
    let policy = MockPolicy::new().history(3).min_age(Duration::ZERO);
    let directory = under(
        policy,
        Refusals::Stated,
        alice()
            .former_password("Former-Passw0rd-1")
            .former_password("Former-Passw0rd-2")
            .former_password("Former-Passw0rd-3"),
    );
    let history = vec![(Rule::History, Certainty::Stated)];
    for remembered in [OLD, "Former-Passw0rd-3", "Former-Passw0rd-2"] {
        assert_eq!(violations(reset(&directory, remembered).await), history);
        assert_eq!(violations(change(&directory, OLD, remembered).await), history);
    }
    let limit = reset(&directory, OLD).await.unwrap_err().violations()[0].limit;
    assert_eq!(limit, Some(3));
    reset(&directory, "Former-Passw0rd-1").await.unwrap();
    // The first of the three has fallen out by that.
    reset(&directory, "Former-Passw0rd-2").await.unwrap();
}

#[tokio::test]
async fn without_history_the_current_password_may_be_set_again() {
    let policy = MockPolicy::new().history(0).min_age(Duration::ZERO);
    let directory = under(policy, Refusals::Windows, alice());
    reset(&directory, OLD).await.unwrap();
}

#[tokio::test]
async fn windows_leaves_history_or_a_filter_to_be_inferred() {
    let directory = with_alice();
    let either = [
        (Rule::History, Certainty::Inferred),
        (Rule::Filter, Certainty::Inferred),
    ];
    assert_eq!(violations(reset(&directory, OLD).await), either);
    assert_eq!(violations(change(&directory, OLD, OLD).await), either);
}

#[tokio::test]
async fn a_filter_has_its_say_on_every_write() {
    let filtered = |refusals| {
        let builder = MockDirectory::builder().refusals(refusals).banned_word("Contoso");
        holding(builder, alice())
    };
    let directory = filtered(Refusals::Stated);
    let filter = vec![(Rule::Filter, Certainty::Stated)];
    assert_eq!(violations(reset(&directory, "My-cOnToSo-1").await), filter);
    assert_eq!(violations(change(&directory, OLD, "My-cOnToSo-1").await), filter);
    let directory = filtered(Refusals::Windows);
    let off = ResetPassword::new("alice", "My-cOnToSo-1").history(History::Off);
    assert_eq!(
        violations(directory.reset_password(off).await),
        [(Rule::Filter, Certainty::Inferred)]
    );
}

#[tokio::test]
async fn minimum_age_comes_before_everything_and_heals_with_time() {
    for refusals in [Refusals::Windows, Refusals::Stated] {
        let directory = under(
            MockPolicy::new(),
            refusals,
            alice().password_age(Duration::from_secs(3600)),
        );
        let certainty = match refusals {
            Refusals::Stated => Certainty::Stated,
            _ => Certainty::Computed,
        };
        let error = change(&directory, OLD, NEW).await.unwrap_err();
        let violation = &error.violations()[0];
        assert_eq!(
            (violation.rule, violation.certainty, violation.limit),
            (Rule::MinAge, certainty, Some(86_400))
        );
        let retry_at = violation.retry_at.unwrap();
        assert_eq!(violations(reset(&directory, OLD).await)[0].0, Rule::MinAge);
        directory.clock().advance(DAY - Duration::from_secs(3601));
        assert_eq!(violations(reset(&directory, NEW).await)[0].0, Rule::MinAge);
        directory.clock().set(retry_at);
        change(&directory, OLD, NEW).await.unwrap();
    }
}

#[tokio::test]
async fn a_password_that_must_be_changed_is_never_too_young() {
    let directory = holding(MockDirectory::builder(), alice().must_change());
    change(&directory, OLD, NEW).await.unwrap();
    assert!(!directory.account("alice").unwrap().must_change_password);
}

#[tokio::test]
async fn a_wrong_old_password_is_told_before_the_policy_is_asked() {
    for refusals in [Refusals::Windows, Refusals::Stated] {
        let directory = under(MockPolicy::new(), refusals, alice());
        let request = ChangePassword::new("alice", "Wrong-Passw0rd", "x");
        assert_refused(
            directory.change_password(request).await,
            password_writeback::Code::WrongPassword,
        );
        assert_eq!(directory.bad_password_count("alice"), 1);
        assert_eq!(directory.writes(), 0);
    }
}

#[tokio::test]
async fn a_dry_run_leaves_nothing_behind() {
    let directory = with_alice();
    let before = directory.account("alice");
    let verdict = directory
        .check_password(CheckPassword::new("alice", "short"))
        .await
        .unwrap();
    assert!(
        verdict
            .violations
            .iter()
            .any(|violation| violation.rule == Rule::MinLength)
    );
    assert_eq!((directory.account("alice"), directory.writes()), (before, 0));
}

#[tokio::test]
async fn a_password_expires_with_its_age() {
    let directory = with_alice();
    assert!(!directory.account("alice").unwrap().password_expired);
    directory.clock().advance(32 * DAY);
    assert!(!directory.account("alice").unwrap().password_expired);
    directory.clock().advance(Duration::from_secs(1));
    assert!(directory.account("alice").unwrap().password_expired);
    // The owner, who knows the old one, can still change it.
    change(&directory, OLD, NEW).await.unwrap();
    assert!(!directory.account("alice").unwrap().password_expired);

    let never = holding(MockDirectory::builder(), alice().password_never_expires());
    never.clock().advance(1000 * DAY);
    assert!(!never.account("alice").unwrap().password_expired);
}
