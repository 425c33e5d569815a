//! Groups, and the protection that comes of them.

use crate::support::*;
use password_writeback::mock::{MockDirectory, MockGroup, MockUser};
use password_writeback::{
    Code, FindAccount, Initiator, PasswordWriteback, Protection, ResetPassword, Rules, UnlockAccount,
};

async fn protection(user: MockUser) -> Option<Protection> {
    let directory = holding(MockDirectory::builder(), user);
    protection_in(&directory).await
}

async fn protection_in(directory: &MockDirectory) -> Option<Protection> {
    let found = directory.find_account(FindAccount::new("alice")).await;
    found.unwrap().protection
}

#[tokio::test]
async fn every_kind_of_account_is_known_for_what_it_is() {
    for (user, rule) in [
        (alice(), None),
        (alice().group("Staff"), None),
        (alice().group("Domain Admins"), Some(Protection::ProtectedGroup)),
        (alice().group("Backup Operators"), Some(Protection::ProtectedGroup)),
        (alice().primary_group("Domain Admins"), Some(Protection::ProtectedGroup)),
        (alice().rid(9500).admin_count(1), Some(Protection::AdminCount)),
        (alice().admin_count(0), None),
        (alice().secondary_krbtgt(7), Some(Protection::Krbtgt)),
        (alice().computer(), Some(Protection::Computer)),
        (alice().domain_controller(), Some(Protection::Computer)),
        (alice().trust(), Some(Protection::Trust)),
        (
            alice().managed_service_account(),
            Some(Protection::ManagedServiceAccount),
        ),
        (
            alice().group_managed_service_account(),
            Some(Protection::ManagedServiceAccount),
        ),
    ] {
        let shown = format!("{user:?}");
        assert_eq!(protection(user).await, rule, "{shown}");
    }
}

#[tokio::test]
async fn nesting_protects_and_a_circle_ends() {
    let directory = MockDirectory::new();
    directory
        .add_group(MockGroup::new("Tier0").member_of("Domain Admins"))
        .unwrap();
    directory.add_group(MockGroup::new("Ops").member_of("Tier0")).unwrap();
    directory.nest_group("Tier0", "Ops").unwrap();
    directory.add_user(alice().group("Ops")).unwrap();
    assert_eq!(protection_in(&directory).await, Some(Protection::ProtectedGroup));
    // Ops, Tier0, Domain Admins, Administrators, Domain Users, Users.
    assert_eq!(directory.account("alice").unwrap().token_groups.len(), 6);
}

#[tokio::test]
async fn a_distribution_group_gives_nothing() {
    let directory = MockDirectory::new();
    let mail = MockGroup::new("Mail").distribution().member_of("Domain Admins");
    directory.add_group(mail).unwrap();
    directory.add_user(alice().group("Mail")).unwrap();
    assert_eq!(protection_in(&directory).await, None);
}

#[tokio::test]
async fn the_built_in_accounts_are_there_and_protected() {
    let directory = MockDirectory::new();
    for (name, rule) in [
        ("krbtgt", Protection::Krbtgt),
        ("Administrator", Protection::ProtectedGroup),
        ("svc-writeback", Protection::ServiceAccount),
    ] {
        let request = ResetPassword::new(name, NEW).initiator(Initiator::Administrator);
        let error = directory.reset_password(request).await.unwrap_err();
        assert_eq!((error.code(), error.protection()), (Code::ProtectedAccount, Some(rule)));
    }
    assert_eq!(directory.writes(), 0);
}

#[tokio::test]
async fn administrators_can_be_protected_as_the_directory_does() {
    let mut rules = Rules::default();
    rules.allow_administrator_on_protected = true;
    let directory = holding(MockDirectory::builder().rules(rules), alice().group("Domain Admins"));
    let request = || ResetPassword::new("alice", NEW).initiator(Initiator::Administrator);
    directory.protect_administrators();
    assert_eq!(directory.account("alice").unwrap().admin_count, Some(1));
    let error = directory.reset_password(request()).await.unwrap_err();
    assert_eq!(error.missing_right(), Some("reset password"));
    let unlock = UnlockAccount::new("alice").initiator(Initiator::Administrator);
    assert_refused(directory.unlock_account(unlock).await, Code::PermissionDenied);
    // The right to change is everybody's, there too.
    change(&directory, OLD, NEW).await.unwrap();
}
