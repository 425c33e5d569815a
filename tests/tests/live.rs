//! The whole path, as an administrator would first try it, on live domain controllers.

use password_writeback::{
    ActiveDirectory, ChangePassword, Code, Diagnose, FindAccount, History, HistoryEnforcement, Outcome,
    PasswordWriteback, ResetPassword, Rule, Settings, Verification,
};
use std::time::Duration;
use testkit::samba::{DomainController, NewUser, Policy, ProcessModel, Release, require};

fn settings(dc: &DomainController, url: String) -> Settings {
    Settings::new([url], dc.service_user(), dc.service_password()).ca_file(dc.ca_file())
}

/// Each step on both kinds of channel: LDAPS, and LDAP with StartTLS.
async fn whole_path(release: Release) {
    let Some(release) = require(release) else { return };
    let dc = DomainController::start(release, ProcessModel::Single).await.unwrap();
    let no_minimum_age = Policy {
        min_age: Duration::ZERO,
        ..Policy::default()
    };
    dc.admin().set_policy(&no_minimum_age).await.unwrap();
    let user = dc.admin().create_user(&NewUser::new("alice")).await.unwrap();
    for (round, url) in [dc.ldaps_url(), dc.ldap_url()].into_iter().enumerate() {
        let directory = ActiveDirectory::new(settings(&dc, url)).unwrap();
        let found = directory.find_account(FindAccount::new("alice")).await.unwrap();
        assert_eq!(found.distinguished_name, user.dn);

        let new = format!("Zx9-correct-horse-{round}");
        let reset = ResetPassword::new("alice", new.as_str()).history(History::IfSupported);
        let receipt = directory.reset_password(reset).await.unwrap();
        assert_eq!(receipt.verification, Verification::ReRead);
        assert_eq!(
            receipt.history == HistoryEnforcement::Enforced,
            release == Release::V4_24
        );
        assert!(dc.binds(&user.dn, &new).await.unwrap().accepted());

        // With policy hints, Samba refuses the two in one modification; the caller must not notice.
        let new = format!("Zx9-correct-mule-{round}");
        let reset = ResetPassword::new("alice", new.as_str())
            .history(History::IfSupported)
            .require_change(true);
        let receipt = directory.reset_password(reset).await.unwrap();
        assert!(receipt.must_change_password, "{receipt:?}");
        dc.admin().set_password(&user.dn, &new).await.unwrap();

        let wrong = ChangePassword::new("alice", "not-the-old-one", "Zx9-battery-staple");
        let error = directory.change_password(wrong).await.unwrap_err();
        assert_eq!(
            (error.code(), error.outcome()),
            (Code::WrongPassword, Outcome::NotApplied)
        );

        let short = ResetPassword::new("alice", "x").history(History::Off);
        let error = directory.reset_password(short).await.unwrap_err();
        let [violation] = error.violations() else {
            panic!("{error:?}")
        };
        assert_eq!((violation.rule, violation.limit), (Rule::MinLength, Some(7)));
        assert!(dc.binds(&user.dn, &new).await.unwrap().accepted());

        let diagnosis = directory.diagnose(Diagnose::account("alice")).await.unwrap();
        assert!(diagnosis.is_healthy(), "{diagnosis:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_path_on_4_17() {
    whole_path(Release::V4_17).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_path_on_4_24() {
    whole_path(Release::V4_24).await;
}
