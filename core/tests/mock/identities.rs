//! Every kind of name, and names that lead to several accounts.

use crate::support::*;
use password_writeback::mock::{MockDirectory, MockRight, MockUser};
use password_writeback::{Code, FindAccount, Identity, PasswordWriteback, ResetPassword};
use uuid::Uuid;

async fn found(directory: &MockDirectory, identity: impl Into<Identity>) -> Result<String, Code> {
    let found = directory.find_account(FindAccount::new(identity)).await;
    found
        .map(|account| account.sam_account_name)
        .map_err(|error| error.code())
}

/// The base64 of a GUID whose bytes are all the same.
fn anchor(guid: Uuid) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(guid.to_bytes_le())
}

#[tokio::test]
async fn every_kind_of_name_finds_its_account() {
    let user = MockUser::new("Bob.Ünal")
        .upn("bob@mail.example")
        .container("OU=Staff,OU=People");
    let directory = holding(MockDirectory::builder(), user);
    let facts = directory.account("bob.ünal").unwrap();
    assert_eq!(
        facts.distinguished_name,
        "CN=Bob.Ünal,OU=Staff,OU=People,DC=corp,DC=example"
    );
    for identity in [
        Identity::sam("BOB.ÜNAL"),
        Identity::sam("CORP\\bob.ünal"),
        Identity::sam("corp.example\\bob.ünal"),
        Identity::upn("BOB@mail.example"),
        Identity::dn("cn=bob.ünal, ou=staff, ou=people, dc=corp, dc=example"),
        Identity::guid(facts.guid),
        Identity::sid(facts.sid.to_string()),
        Identity::source_anchor(anchor(facts.guid)),
    ] {
        let shown = identity.to_string();
        assert_eq!(found(&directory, identity).await.as_deref(), Ok("Bob.Ünal"), "{shown}");
    }
    for identity in [
        Identity::sam("OTHER\\bob.ünal"),
        Identity::upn("bob.ünal@corp.example"),
        Identity::sam("bob"),
        Identity::guid(Uuid::nil()),
    ] {
        assert_eq!(found(&directory, identity).await, Err(Code::AccountNotFound));
    }
}

#[tokio::test]
async fn an_account_without_an_explicit_upn_has_an_implicit_one() {
    let directory = with_alice();
    assert_eq!(found(&directory, "ALICE@corp.example").await.as_deref(), Ok("alice"));
    assert_eq!(
        found(&directory, "alice@mail.example").await,
        Err(Code::AccountNotFound)
    );
}

#[tokio::test]
async fn a_upn_that_two_accounts_have_is_ambiguous() {
    let directory = with_alice();
    directory
        .add_user(MockUser::new("eve").upn("alice@corp.example"))
        .unwrap();
    assert_eq!(
        found(&directory, "alice@corp.example").await,
        Err(Code::AmbiguousIdentity)
    );
    let request = ResetPassword::new("alice@corp.example", NEW);
    assert_refused(directory.reset_password(request).await, Code::AmbiguousIdentity);
    assert!(directory.account("alice@corp.example").is_none());
    for name in ["x", "y"] {
        directory
            .add_user(MockUser::new(name).upn("both@mail.example"))
            .unwrap();
    }
    assert_eq!(
        found(&directory, "both@mail.example").await,
        Err(Code::AmbiguousIdentity)
    );
}

#[tokio::test]
async fn a_source_anchor_is_the_consistency_guid_first() {
    let (a, b, c) = (Uuid::from_u128(0xa), Uuid::from_u128(0xb), Uuid::from_u128(0xc));
    let directory = MockDirectory::new();
    directory.add_user(MockUser::new("moved").consistency_guid(a)).unwrap();
    directory.add_user(MockUser::new("other").guid(a)).unwrap();
    directory
        .add_user(MockUser::new("stale").guid(b).consistency_guid(c))
        .unwrap();
    let by = |guid| Identity::source_anchor(anchor(guid));
    assert_eq!(found(&directory, by(a)).await.as_deref(), Ok("moved"));
    assert_eq!(found(&directory, by(b)).await, Err(Code::AccountNotFound));
    assert_eq!(found(&directory, by(c)).await.as_deref(), Ok("stale"));
    directory.add_user(MockUser::new("twin").consistency_guid(a)).unwrap();
    assert_eq!(found(&directory, by(a)).await, Err(Code::AmbiguousIdentity));
}

#[tokio::test]
async fn an_anchor_that_may_not_be_read_finds_nobody() {
    let anchored = Uuid::from_u128(0xa);
    let user = alice()
        .consistency_guid(anchored)
        .without(MockRight::ReadConsistencyGuid);
    let directory = holding(MockDirectory::builder(), user);
    let identity = Identity::source_anchor(anchor(anchored));
    assert_eq!(found(&directory, identity).await, Err(Code::AccountNotFound));
}

#[tokio::test]
async fn a_move_changes_the_distinguished_name_alone() {
    let directory = with_alice();
    let before = directory.account("alice").unwrap();
    directory.move_user("alice", "OU=Leavers").unwrap();
    let after = directory.account("alice").unwrap();
    assert_eq!(after.distinguished_name, "CN=alice,OU=Leavers,DC=corp,DC=example");
    assert_eq!((after.guid, after.sid), (before.guid, before.sid));
    assert_eq!(
        found(&directory, Identity::dn(before.distinguished_name)).await,
        Err(Code::AccountNotFound)
    );
    directory.remove_user("alice").unwrap();
    assert_eq!(found(&directory, "alice").await, Err(Code::AccountNotFound));
}

#[tokio::test]
async fn only_accounts_in_scope_are_written() {
    let mut rules = password_writeback::Rules::default();
    rules.allowed_subtrees = vec!["OU=People,DC=corp,DC=example".into()];
    let directory = holding(
        MockDirectory::builder().rules(rules),
        alice().container("OU=Staff,OU=People"),
    );
    reset(&directory, NEW).await.unwrap();
    directory.move_user("alice", "OU=Elsewhere").unwrap();
    assert_refused(change(&directory, NEW, OLD).await, Code::OutOfScope);
}
