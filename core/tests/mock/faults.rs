//! Faults, and whether what is reported of them is true.

use crate::support::*;
use password_writeback::mock::{Fault, MockDirectory, MockPolicy, MockRight, Refusals, Stage};
use password_writeback::{
    Code, Outcome, Password, PasswordWriteback, Reason, Receipt, RequirePasswordChange, ResetPassword, Rule, Rules,
    UnlockAccount, Verification,
};
use std::time::Duration;

/// Resets alice's password under a fault, and holds what is reported against what is stored.
async fn under_fault(directory: &MockDirectory, fault: Fault) -> Result<Receipt, password_writeback::Error> {
    directory.fail_next(fault);
    let result = reset(directory, NEW).await;
    let stored = directory.verify_password("alice", NEW);
    match &result {
        Ok(_) => assert!(stored, "reported as done"),
        Err(error) => match error.outcome() {
            Outcome::NotApplied => assert!(!stored, "reported as not done: {error}"),
            Outcome::Applied => assert!(stored, "reported as done: {error}"),
            _ => {}
        },
    }
    result
}

#[tokio::test]
async fn what_fails_before_anything_is_sent_says_so() {
    for (fault, code, reason) in [
        (Fault::Unreachable, Code::Unreachable, None),
        (Fault::ReadOnly, Code::ReadOnlyDirectory, None),
        (Fault::Tls(Reason::WrongName), Code::Tls, Some(Reason::WrongName)),
        (
            Fault::BindFailed(Reason::LockedOut),
            Code::BindFailed,
            Some(Reason::LockedOut),
        ),
        (Fault::Cut(Stage::Open), Code::Unreachable, None),
        (Fault::Cut(Stage::Find), Code::Unreachable, None),
        (Fault::Cut(Stage::Read), Code::Unreachable, None),
    ] {
        let directory = with_alice();
        let error = under_fault(&directory, fault).await.unwrap_err();
        assert_eq!(
            (error.code(), error.reason(), error.outcome()),
            (code, reason, Outcome::NotApplied)
        );
        assert_eq!((directory.writes(), directory.pending_faults()), (0, 0));
        reset(&directory, NEW).await.unwrap();
    }
}

#[tokio::test]
async fn a_write_that_never_left_is_tried_once_more() {
    let directory = with_alice();
    under_fault(&directory, Fault::CutBeforeWrite).await.unwrap();
    assert_eq!(directory.writes(), 1);

    let directory = with_alice();
    directory.fail_times(2, Fault::CutBeforeWrite);
    assert_refused(reset(&directory, NEW).await, Code::Unreachable);
    assert_eq!((directory.writes(), directory.pending_faults()), (0, 0));
}

#[tokio::test]
async fn a_forgotten_logon_is_tried_once_more() {
    let forgotten = || Fault::Refuse {
        result_code: 1,
        diagnostic:
            "000004DC: LdapErr: DSID-0C090A5C, comment: In order to perform this operation a successful bind must \
                     be completed on the connection., data 0, v4563"
                .to_owned(),
    };
    let directory = with_alice();
    under_fault(&directory, forgotten()).await.unwrap();
    directory.fail_always(forgotten());
    let unlock = || directory.unlock_account(UnlockAccount::new("alice"));
    assert_refused(unlock().await, Code::Directory);
    directory.clear_faults();
    unlock().await.unwrap();
}

#[tokio::test]
async fn the_servers_own_refusals_are_named() {
    let refuse = |result_code, diagnostic: &str| Fault::Refuse {
        result_code,
        diagnostic: diagnostic.to_owned(),
    };
    for (fault, code) in [
        (
            refuse(10, "0000202B: RefErr: DSID-0310082F, data 0, 1 access points"),
            Code::ReadOnlyDirectory,
        ),
        (refuse(12, ""), Code::PolicyHintsUnsupported),
        (refuse(51, "00002095: busy"), Code::Directory),
        (refuse(53, "0000001F: SvcErr: DSID-031A12D2"), Code::Directory),
        (refuse(80, "00000057: something else"), Code::Directory),
    ] {
        let directory = with_alice();
        let error = under_fault(&directory, fault).await.unwrap_err();
        assert_eq!((error.code(), error.outcome()), (code, Outcome::NotApplied), "{error}");
    }
    let directory = holding(MockDirectory::builder().referring(true), alice());
    assert_refused(reset(&directory, NEW).await, Code::ReadOnlyDirectory);
    let directory = holding(MockDirectory::builder().read_only(true), alice());
    assert_refused(reset(&directory, NEW).await, Code::ReadOnlyDirectory);
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_settled_by_evidence() {
    let directory = with_alice();
    let receipt = under_fault(&directory, Fault::CutAfterRequest { applied: true })
        .await
        .unwrap();
    assert_eq!(receipt.verification, Verification::Bind);
    assert_eq!(directory.bad_password_count("alice"), 0);

    let mut rules = Rules::default();
    rules.resolve_by_bind = false;
    let directory = holding(MockDirectory::builder().rules(rules), alice());
    let fault = Fault::CutAfterRequest { applied: true };
    let receipt = under_fault(&directory, fault).await.unwrap();
    assert_eq!(receipt.verification, Verification::ReRead);

    let directory = with_alice();
    let error = under_fault(&directory, Fault::CutAfterRequest { applied: false })
        .await
        .unwrap_err();
    assert_eq!(
        (error.code(), error.outcome()),
        (Code::Unreachable, Outcome::NotApplied)
    );
    assert_eq!(directory.bad_password_count("alice"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_was_lost_is_not_taken_for_a_write() {
    let directory = with_alice();
    directory.fail_next(Fault::CutAfterRequest { applied: true });
    let refused = directory.reset_password(ResetPassword::new("alice", "short")).await;
    assert_refused(refused, Code::Unreachable);
    assert!(directory.verify_password("alice", OLD));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_arrives_late_is_waited_for() {
    for delay in [10, 1_900, 2_000] {
        let directory = with_alice();
        let delay = Duration::from_millis(delay);
        under_fault(&directory, Fault::AppliedLate(delay)).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_unlock_and_a_lost_required_change_are_settled_too() {
    let unlock = |directory: &MockDirectory| {
        let directory = directory.clone();
        async move { directory.unlock_account(UnlockAccount::new("alice")).await }
    };
    for applied in [true, false] {
        let directory = holding(MockDirectory::builder(), alice().locked());
        directory.fail_next(Fault::CutAfterRequest { applied });
        assert_eq!(unlock(&directory).await.is_ok(), applied);
        assert_eq!(directory.account("alice").unwrap().locked, !applied);

        let directory = with_alice();
        directory.fail_next(Fault::CutAfterRequest { applied });
        let required = directory
            .require_password_change(RequirePasswordChange::new("alice"))
            .await;
        assert_eq!(required.is_ok(), applied);
        assert_eq!(directory.account("alice").unwrap().must_change_password, applied);
    }
}

#[tokio::test(start_paused = true)]
async fn a_domain_controller_that_is_gone_leaves_the_outcome_unknown() {
    for applied in [true, false] {
        let directory = with_alice();
        let error = under_fault(&directory, Fault::GoneAfter { applied }).await.unwrap_err();
        assert_eq!(
            (error.code(), error.outcome()),
            (Code::OutcomeUnknown, Outcome::Unknown)
        );
        assert_eq!(directory.verify_password("alice", NEW), applied);
        assert_refused(reset(&directory, NEW).await, Code::Unreachable);
        directory.come_back();
        directory.clock().advance(2 * DAY);
        reset(&directory, "Newer-Passw0rd-2").await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_domain_controller_that_comes_back_in_time_is_asked() {
    let directory = with_alice();
    directory.fail_next(Fault::GoneAfter { applied: true });
    let writing = directory.clone();
    let write = tokio::spawn(async move { reset(&writing, NEW).await });
    tokio::time::sleep(Duration::from_secs(10)).await;
    directory.come_back();
    let receipt = write.await.unwrap().unwrap();
    assert_eq!(receipt.verification, Verification::Bind);
}

#[tokio::test]
async fn a_connection_lost_after_the_reply_is_replaced() {
    let directory = with_alice();
    let receipt = under_fault(&directory, Fault::CutAfterReply).await.unwrap();
    assert_eq!(receipt.verification, Verification::ReRead);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_cannot_be_read_back_is_done_all_the_same() {
    for fault in [Fault::Cut(Stage::ReadBack), Fault::Hang(Stage::ReadBack)] {
        let directory = with_alice();
        directory.fail_always(fault);
        let receipt = reset(&directory, NEW).await.unwrap();
        assert_eq!(
            (receipt.verification, receipt.password_last_set),
            (Verification::None, None)
        );
        assert!(directory.verify_password("alice", NEW));
    }
}

#[tokio::test(start_paused = true)]
async fn what_hangs_before_the_write_ends_with_the_deadline() {
    for (stage, code) in [
        (Stage::Open, Code::Unreachable),
        (Stage::Find, Code::Timeout),
        (Stage::Read, Code::Timeout),
    ] {
        let directory = with_alice();
        let began = tokio::time::Instant::now();
        let error = under_fault(&directory, Fault::Hang(stage)).await.unwrap_err();
        assert_eq!((error.code(), error.outcome()), (code, Outcome::NotApplied));
        assert!(began.elapsed() <= Duration::from_secs(30));
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_hangs_is_found_not_to_have_happened() {
    let directory = with_alice();
    let error = under_fault(&directory, Fault::Hang(Stage::Write)).await.unwrap_err();
    assert_eq!(
        (error.code(), error.outcome()),
        (Code::Unreachable, Outcome::NotApplied)
    );
}

#[tokio::test(start_paused = true)]
async fn a_slow_write_is_waited_for_or_looked_for() {
    // The reply in time; the reply too late and the write within the grace period.
    for delay in [5, 27, 28] {
        let directory = with_alice();
        let delay = Duration::from_secs(delay);
        under_fault(&directory, Fault::Slow(Stage::Write, delay)).await.unwrap();
        assert_eq!(directory.writes(), 1);
    }
    for stage in [Stage::Open, Stage::Find, Stage::Read, Stage::ReadBack] {
        let directory = with_alice();
        under_fault(&directory, Fault::Slow(stage, Duration::from_secs(3)))
            .await
            .unwrap();
    }
}

fn somebody_else(before: Stage, password: &str) -> Fault {
    Fault::OtherWriter {
        before,
        password: Password::from(password),
    }
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_write_is_not_taken_for_ones_own() {
    for (applied, before) in [(false, Stage::ReadBack), (true, Stage::ReadBack), (false, Stage::Write)] {
        let directory = with_alice();
        directory.fail_next(somebody_else(before, "Others-Passw0rd-9"));
        let error = under_fault(&directory, Fault::CutAfterRequest { applied })
            .await
            .unwrap_err();
        assert_eq!(
            (error.code(), error.outcome()),
            (Code::OutcomeUnknown, Outcome::Unknown),
            "{applied} {before}"
        );
        assert_eq!(directory.pending_faults(), 0);
        assert!(directory.verify_password("alice", "Others-Passw0rd-9"));
    }
}

#[tokio::test(start_paused = true)]
async fn ones_own_write_after_somebody_elses_is_proven_by_a_logon() {
    let directory = with_alice();
    directory.fail_next(somebody_else(Stage::Write, "Others-Passw0rd-9"));
    directory.clock().advance(2 * DAY);
    directory.fail_next(Fault::CutAfterRequest { applied: true });
    let request = ResetPassword::new("alice", NEW).history(password_writeback::History::Off);
    let receipt = directory.reset_password(request).await.unwrap();
    assert_eq!(receipt.verification, Verification::Bind);
}

#[tokio::test(start_paused = true)]
async fn a_change_against_somebody_elses_new_password_fails() {
    let directory = with_alice();
    directory.fail_next(somebody_else(Stage::Write, "Others-Passw0rd-9"));
    assert_refused(change(&directory, OLD, NEW).await, Code::WrongPassword);
}

#[tokio::test(start_paused = true)]
async fn a_lost_write_is_settled_without_the_password_version_too() {
    for applied in [true, false] {
        let user = alice().without(MockRight::ReadReplPropertyMetaData);
        let directory = holding(MockDirectory::builder(), user);
        let result = under_fault(&directory, Fault::CutAfterRequest { applied }).await;
        assert_eq!(result.is_ok(), applied);

        let user = alice()
            .without(MockRight::ReadReplPropertyMetaData)
            .without(MockRight::ReadUsnChanged);
        let directory = holding(MockDirectory::builder(), user);
        let result = under_fault(&directory, Fault::CutAfterRequest { applied }).await;
        assert_eq!(result.is_ok(), applied);
    }
}

#[tokio::test(start_paused = true)]
async fn proof_by_logon_never_locks_an_account() {
    // One bad password short of the lockout, and only a logon could tell.
    let policy = MockPolicy::new().lockout(3, Duration::from_secs(1800), Duration::from_secs(1800));
    let directory = under(policy, Refusals::Windows, alice().bad_passwords(2));
    directory.fail_next(somebody_else(Stage::ReadBack, "Others-Passw0rd-9"));
    let error = under_fault(&directory, Fault::CutAfterRequest { applied: true })
        .await
        .unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown);
    let account = directory.account("alice").unwrap();
    assert_eq!((account.bad_password_count, account.locked), (2, false));
}

#[tokio::test(start_paused = true)]
async fn a_lost_password_with_a_required_change_is_settled() {
    for applied in [true, false] {
        let directory = with_alice();
        directory.fail_next(Fault::CutAfterRequest { applied });
        let request = ResetPassword::new("alice", NEW).require_change(true);
        let result = directory.reset_password(request).await;
        assert_eq!(result.is_ok(), applied);
        assert_eq!(directory.verify_password("alice", NEW), applied);
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_that_vanishes_after_the_write_does_not_make_it_undone() {
    let directory = with_alice();
    directory.fail_next(Fault::Slow(Stage::ReadBack, Duration::from_secs(2)));
    let writing = directory.clone();
    let write = tokio::spawn(async move { reset(&writing, NEW).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    directory.remove_user("alice").unwrap();
    let receipt = write.await.unwrap().unwrap();
    assert_eq!(receipt.verification, Verification::None);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_vanishes_before_the_write_is_not_found() {
    let directory = with_alice();
    directory.fail_next(Fault::Slow(Stage::Read, Duration::from_secs(2)));
    let writing = directory.clone();
    let write = tokio::spawn(async move { reset(&writing, NEW).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    directory.remove_user("alice").unwrap();
    assert_refused(write.await.unwrap(), Code::AccountNotFound);
}

#[tokio::test(start_paused = true)]
async fn a_lost_change_with_a_wrong_old_password_is_no_write_even_where_it_locks() {
    for threshold in [0, 1] {
        let policy = MockPolicy::new().lockout(threshold, Duration::from_secs(1800), Duration::from_secs(1800));
        let directory = under(policy, Refusals::Windows, alice());
        directory.fail_next(Fault::CutAfterRequest { applied: true });
        assert_refused(change(&directory, "Wrong-Passw0rd", NEW).await, Code::Unreachable);
        let account = directory.account("alice").unwrap();
        assert_eq!((account.bad_password_count, account.locked), (1, threshold == 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_concurrent_changes_with_one_old_password_one_is_done() {
    let directory = with_alice();
    let changes = (0..4).map(|number| {
        let directory = directory.clone();
        tokio::spawn(async move { change(&directory, OLD, &format!("{NEW}-{number}")).await })
    });
    let mut done = 0;
    for change in changes.collect::<Vec<_>>() {
        match change.await.unwrap() {
            Ok(_) => done += 1,
            Err(error) => assert_eq!(
                (error.code(), error.outcome()),
                (Code::WrongPassword, Outcome::NotApplied)
            ),
        }
    }
    assert_eq!((done, directory.writes()), (1, 1));
}

/// The answer of a server that judges the age of a password by the pwdLastSet that the same modification sets.
fn misjudged() -> Fault {
    Fault::Refuse {
        result_code: 53,
        diagnostic: "0000052D: Unwilling to perform - check_password_restrictions: password is too young to change!"
            .to_owned(),
    }
}

fn temporary() -> ResetPassword {
    ResetPassword::new("alice", NEW).require_change(true)
}

#[tokio::test(start_paused = true)]
async fn a_required_change_that_is_misjudged_is_written_on_its_own() {
    let directory = with_alice();
    directory.fail_next(misjudged());
    let receipt = directory.reset_password(temporary()).await.unwrap();
    assert!(receipt.must_change_password && directory.account("alice").unwrap().must_change_password);
    assert_eq!(directory.writes(), 2);

    // The password's reply is lost: the required change follows once that is settled.
    for applied in [true, false] {
        let directory = with_alice();
        directory.fail_next(misjudged());
        directory.fail_next(Fault::CutAfterRequest { applied });
        let result = directory.reset_password(temporary()).await;
        assert_eq!(result.is_ok(), applied);
        let account = directory.account("alice").unwrap();
        assert_eq!(account.must_change_password, applied);
        assert_eq!(directory.verify_password("alice", NEW), applied);
    }
}

#[tokio::test(start_paused = true)]
async fn a_required_change_on_its_own_needs_no_reading_back() {
    let mut rules = Rules::default();
    rules.confirm = false;
    let directory = holding(MockDirectory::builder().rules(rules), alice());
    directory.fail_next(misjudged());
    let receipt = directory.reset_password(temporary()).await.unwrap();
    assert!(receipt.must_change_password && directory.account("alice").unwrap().must_change_password);
}

#[tokio::test(start_paused = true)]
async fn a_required_change_on_its_own_whose_reply_is_lost_is_looked_for() {
    for applied in [true, false] {
        let directory = with_alice();
        directory.fail_next(misjudged());
        directory.fail_next(Fault::Slow(Stage::ReadBack, Duration::from_secs(2)));
        let writing = directory.clone();
        let write = tokio::spawn(async move { writing.reset_password(temporary()).await });
        tokio::time::sleep(Duration::from_secs(1)).await;
        directory.fail_next(Fault::CutAfterRequest { applied });
        let result = write.await.unwrap();
        assert_eq!(directory.pending_faults(), 0);
        assert!(directory.verify_password("alice", NEW));
        match result {
            Ok(receipt) => assert!(applied && receipt.must_change_password),
            Err(error) => {
                assert_eq!((error.outcome(), applied), (Outcome::Applied, false));
                assert!(error.message().contains("could not be found out"), "{error}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_required_change_that_fails_after_the_password_says_applied() {
    let directory = with_alice();
    directory.fail_next(misjudged());
    directory.fail_next(Fault::Slow(Stage::ReadBack, Duration::from_secs(2)));
    let writing = directory.clone();
    let write = tokio::spawn(async move { writing.reset_password(temporary()).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    directory.revoke(MockRight::WritePwdLastSet);
    let error = write.await.unwrap().unwrap_err();
    assert_eq!((error.code(), error.outcome()), (Code::Directory, Outcome::Applied));
    assert!(directory.verify_password("alice", NEW));
    assert!(!directory.account("alice").unwrap().must_change_password);
}

#[tokio::test(start_paused = true)]
async fn a_password_that_is_truly_too_young_stays_refused() {
    for refusals in [Refusals::Windows, Refusals::Stated] {
        let directory = under(
            MockPolicy::new(),
            refusals,
            alice().password_age(Duration::from_secs(60)),
        );
        let found = violations(directory.reset_password(temporary()).await);
        assert_eq!(found[0].0, Rule::MinAge);
        assert_eq!(directory.writes(), 0);
    }
}
