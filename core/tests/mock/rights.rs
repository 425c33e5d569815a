//! What happens where the service account lacks a right.

use crate::support::*;
use password_writeback::mock::{MockDirectory, MockPolicy, MockRight, Refusals};
use password_writeback::{
    Code, Error, FindAccount, PasswordWriteback, RequirePasswordChange, ResetPassword, Unlock, UnlockAccount, Warning,
};

#[track_caller]
fn assert_missing<T: std::fmt::Debug>(result: Result<T, Error>, code: Code, right: &str) {
    let error = result.unwrap_err();
    assert_eq!((error.code(), error.missing_right()), (code, Some(right)), "{error}");
}

#[tokio::test]
async fn each_right_to_write_is_named() {
    for refusals in [Refusals::Windows, Refusals::Stated] {
        let directory = under(MockPolicy::new(), refusals, alice().locked());
        for (right, on_all) in MockRight::ALL
            .iter()
            .flat_map(|right| [(*right, true), (*right, false)])
        {
            let revoke = || match on_all {
                true => directory.revoke(right),
                false => directory.revoke_on("alice", right).unwrap(),
            };
            match right {
                MockRight::ResetPassword => {
                    revoke();
                    assert_missing(reset(&directory, NEW).await, Code::PermissionDenied, "reset password");
                }
                MockRight::WriteLockoutTime => {
                    revoke();
                    let request = UnlockAccount::new("alice");
                    assert_missing(
                        directory.unlock_account(request).await,
                        Code::PermissionDenied,
                        "write lockoutTime",
                    );
                }
                MockRight::WritePwdLastSet => {
                    revoke();
                    let request = RequirePasswordChange::new("alice");
                    assert_missing(
                        directory.require_password_change(request).await,
                        Code::PermissionDenied,
                        "write pwdLastSet",
                    );
                }
                _ => {}
            }
            directory.grant(right);
            directory.grant_on("alice", right).unwrap();
        }
        assert_eq!(directory.writes(), 0);
    }
}

#[tokio::test]
async fn a_missing_right_to_change_is_a_constraint_violation() {
    for refusals in [Refusals::Windows, Refusals::Stated] {
        let directory = under(MockPolicy::new(), refusals, alice().without(MockRight::ChangePassword));
        let error = change(&directory, OLD, NEW).await.unwrap_err();
        assert_eq!(error.result_code(), Some(19));
        assert_eq!(
            (error.code(), error.missing_right()),
            (Code::ChangeNotPermitted, Some("change password"))
        );
        assert_eq!(directory.bad_password_count("alice"), 0);
    }
}

#[tokio::test]
async fn an_unlock_if_permitted_is_left_out_with_a_warning() {
    let directory = holding(
        MockDirectory::builder(),
        alice().locked().without(MockRight::WriteLockoutTime),
    );
    let request = ResetPassword::new("alice", NEW).unlock(Unlock::IfPermitted);
    let receipt = directory.reset_password(request).await.unwrap();
    assert_eq!(receipt.warnings, [Warning::UnlockNotPermitted, Warning::StillLocked]);
    assert!(!receipt.unlocked);
}

#[tokio::test]
async fn without_unexpire_password_a_reset_expires_at_once_and_a_change_does_not() {
    let directory = with_alice();
    directory.revoke(MockRight::UnexpirePassword);
    change(&directory, OLD, NEW).await.unwrap();
    assert!(!directory.account("alice").unwrap().must_change_password);
    directory.clock().advance(2 * DAY);
    let receipt = reset(&directory, "Newer-Passw0rd-2").await.unwrap();
    assert_eq!(receipt.warnings, [Warning::ExpiredAtOnce]);
    assert!(receipt.must_change_password && directory.account("alice").unwrap().must_change_password);
}

#[tokio::test]
async fn what_protection_stands_on_must_be_readable() {
    for right in [
        MockRight::ReadObjectSid,
        MockRight::ReadUserAccountControl,
        MockRight::ReadComputedControl,
        MockRight::ReadTokenGroups,
        MockRight::ReadAdminCount,
        MockRight::ReadPwdLastSet,
        MockRight::ReadAccountExpires,
    ] {
        let directory = holding(MockDirectory::builder(), alice().without(right));
        assert_missing(reset(&directory, NEW).await, Code::PermissionDenied, right.as_str());
        assert_eq!(directory.writes(), 0);
    }
    let krbtgt = password_writeback::mock::MockUser::new("krbtgt_123").without(MockRight::ReadSecondaryKrbTgtNumber);
    let directory = holding(MockDirectory::builder(), krbtgt);
    let request = FindAccount::new("krbtgt_123");
    assert_missing(
        directory.find_account(request).await,
        Code::PermissionDenied,
        "read msDS-SecondaryKrbTgtNumber",
    );
}

#[tokio::test]
async fn what_nothing_stands_on_may_be_hidden() {
    for right in [
        MockRight::ReadDisplayName,
        MockRight::ReadUserPrincipalName,
        MockRight::ReadConsistencyGuid,
        MockRight::ReadLockoutTime,
        MockRight::ReadPasswordExpiry,
        MockRight::ReadResultantPso,
        MockRight::ReadPasswordSettings,
        MockRight::ReadDomainPolicy,
        MockRight::ReadBadPwdCount,
        MockRight::ReadUsnChanged,
        MockRight::ReadReplPropertyMetaData,
    ] {
        let directory = holding(MockDirectory::builder(), alice().without(right));
        reset(&directory, NEW).await.unwrap();
    }
}

#[tokio::test]
async fn nobody_is_found_by_a_name_that_may_not_be_read() {
    let directory = holding(MockDirectory::builder(), alice().without(MockRight::ReadSamAccountName));
    assert_refused(reset(&directory, NEW).await, Code::AccountNotFound);
    let guid = directory.account("alice").unwrap().guid;
    let by_guid = directory.reset_password(ResetPassword::new(guid, NEW)).await;
    assert_missing(by_guid, Code::PermissionDenied, "read sAMAccountName");
}

#[tokio::test]
async fn a_diagnosis_names_what_is_missing() {
    let directory = holding(MockDirectory::builder(), alice().without(MockRight::ResetPassword));
    let diagnosis = directory
        .diagnose(password_writeback::Diagnose::account("alice"))
        .await
        .unwrap();
    assert!(!diagnosis.is_healthy());
    let failed: Vec<_> = diagnosis
        .checks
        .iter()
        .filter(|check| check.status == password_writeback::CheckStatus::Failed)
        .map(|check| check.name.as_str())
        .collect();
    assert_eq!(failed, ["reset_right"]);
    let healthy = with_alice();
    let diagnosis = healthy.diagnose(password_writeback::Diagnose::account("alice")).await;
    assert!(diagnosis.unwrap().is_healthy());
}

#[tokio::test]
async fn broken_inheritance_takes_what_is_delegated() {
    let directory = holding(MockDirectory::builder(), alice().inheritance_broken());
    assert_missing(reset(&directory, NEW).await, Code::PermissionDenied, "reset password");
    let diagnosis = directory
        .diagnose(password_writeback::Diagnose::account("alice"))
        .await
        .unwrap();
    assert!(
        diagnosis
            .checks
            .iter()
            .any(|check| check.name == "inheritance" && check.status != password_writeback::CheckStatus::Ok),
        "{diagnosis:?}"
    );
    change(&directory, OLD, NEW).await.unwrap();
}
