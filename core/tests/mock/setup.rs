//! Setting a mock directory up wrongly.

use crate::support::*;
use password_writeback::mock::{MockDirectory, MockFineGrainedPolicy, MockGroup, MockPolicy, MockUser};
use password_writeback::{Code, Error, Rules};
use uuid::Uuid;

#[track_caller]
fn assert_faulty<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert_eq!(result.unwrap_err().code(), Code::Configuration);
}

#[test]
fn what_is_taken_or_malformed_is_refused() {
    let directory = with_alice();
    directory
        .add_user(MockUser::new("x").guid(Uuid::nil()).rid(5000))
        .unwrap();
    for user in [
        MockUser::new("ALICE"),
        MockUser::new("Domain Admins"),
        MockUser::new("y").guid(Uuid::nil()),
        MockUser::new("y").rid(5000),
        MockUser::new("y").rid(512),
        MockUser::new("y").container("nonsense"),
        MockUser::new("y").group("a*b"),
        MockUser::new("y").group("alice"),
        MockUser::new("y").group("Y"),
        MockUser::new("a*b"),
        MockUser::new("CORP\\y"),
        MockUser::new(""),
    ] {
        assert_faulty(directory.add_user(user));
    }
    assert_faulty(directory.add_group(MockGroup::new("Alice")));
    assert_faulty(directory.add_group(MockGroup::new("G").rid(5000)));
    assert_faulty(directory.nest_group("Nobody", "Domain Admins"));
    let policy = |name: &str| MockFineGrainedPolicy::new(name, 1, MockPolicy::new());
    assert_faulty(directory.add_fine_grained_policy(policy("p").for_user("nobody")));
    assert_faulty(directory.add_fine_grained_policy(policy("p").for_group("Nobody")));
    assert_eq!(
        directory.remove_user("nobody").unwrap_err().code(),
        Code::AccountNotFound
    );
    // What was refused has left nothing behind.
    directory.add_user(MockUser::new("y")).unwrap();
}

#[test]
fn settings_that_cannot_work_are_refused() {
    assert_faulty(MockDirectory::builder().domain("corp..example").build());
    let mut rules = Rules::default();
    rules.allowed_subtrees = vec!["nonsense".into()];
    assert_faulty(MockDirectory::builder().rules(rules).build());
}

#[test]
fn an_odd_name_is_escaped() {
    let directory = holding(MockDirectory::builder(), MockUser::new("#Ann #1 "));
    let account = directory
        .account(password_writeback::Identity::sam("#Ann #1 "))
        .unwrap();
    assert_eq!(
        account.distinguished_name,
        "CN=\\#Ann #1\\ ,CN=Users,DC=corp,DC=example"
    );
}

#[test]
fn nothing_shows_a_password() {
    let directory = with_alice();
    let shown = format!("{directory:?} {:?} {:?}", alice(), directory.account("alice"));
    assert!(!shown.contains("Passw0rd"), "{shown}");
}

#[tokio::test]
async fn another_domain_has_its_own_names() {
    let builder = MockDirectory::builder()
        .domain("ad.contoso.example")
        .netbios_name("CONTOSO");
    let directory = holding(builder, alice());
    let receipt = reset(&directory, NEW).await.unwrap();
    assert_eq!(receipt.domain_controller, "dc1.ad.contoso.example");
    assert_eq!(
        receipt.account.distinguished_name,
        "CN=alice,CN=Users,DC=ad,DC=contoso,DC=example"
    );
    assert!(directory.account("CONTOSO\\alice").is_some() && directory.account("AD\\alice").is_none());
}
