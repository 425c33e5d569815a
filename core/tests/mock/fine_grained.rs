//! Fine-grained policies: which one applies.

use crate::support::*;
use password_writeback::mock::{
    GroupScope, MockDirectory, MockFineGrainedPolicy, MockGroup, MockPolicy, MockRight, MockUser,
};
use password_writeback::{Certainty, PasswordPolicy, PasswordWriteback, PolicySource, ReadPolicy, Rule};
use uuid::Uuid;

fn policy(name: &str, precedence: u32, min_length: u32) -> MockFineGrainedPolicy {
    MockFineGrainedPolicy::new(name, precedence, MockPolicy::new().min_length(min_length))
}

async fn effective(directory: &MockDirectory) -> PasswordPolicy {
    directory.password_policy(ReadPolicy::new("alice")).await.unwrap()
}

async fn min_length(directory: &MockDirectory) -> Option<u32> {
    effective(directory).await.min_length
}

#[tokio::test]
async fn one_on_the_user_beats_one_on_a_group_whatever_the_precedence() {
    let directory = holding(MockDirectory::builder(), alice().group("Staff"));
    assert_eq!(effective(&directory).await.source, PolicySource::Domain);
    directory
        .add_fine_grained_policy(policy("staff", 1, 10).for_group("Staff"))
        .unwrap();
    assert_eq!(min_length(&directory).await, Some(10));
    directory
        .add_fine_grained_policy(policy("alice", 99, 20).for_user("alice"))
        .unwrap();
    let found = effective(&directory).await;
    assert_eq!(found.min_length, Some(20));
    let dn = "CN=alice,CN=Password Settings Container,CN=System,DC=corp,DC=example";
    assert_eq!(found.source, PolicySource::FineGrained(dn.to_owned()));
    // It is enforced, not only shown.
    assert_eq!(
        violations(reset(&directory, NEW).await),
        [(Rule::MinLength, Certainty::Computed)]
    );
    assert_eq!(directory.account("alice").unwrap().resultant_pso.as_deref(), Some(dn));
}

#[tokio::test]
async fn the_lowest_precedence_wins_and_then_the_smallest_guid() {
    let directory = holding(MockDirectory::builder(), alice().group("A").group("B"));
    for (name, precedence, guid, group) in [("x", 5, 3, "A"), ("y", 5, 2, "B"), ("z", 6, 1, "A")] {
        let given = policy(name, precedence, 10 + guid).for_group(group);
        directory
            .add_fine_grained_policy(given.guid(Uuid::from_u128(guid.into())))
            .unwrap();
    }
    assert_eq!(min_length(&directory).await, Some(12));
    directory
        .add_fine_grained_policy(policy("w", 1, 30).for_group("A"))
        .unwrap();
    assert_eq!(min_length(&directory).await, Some(30));
}

#[tokio::test]
async fn only_global_security_groups_count_through_nesting() {
    let directory = MockDirectory::new();
    directory.add_group(MockGroup::new("Outer")).unwrap();
    directory.add_group(MockGroup::new("Inner").member_of("Outer")).unwrap();
    for (name, scope) in [("Uni", GroupScope::Universal), ("Local", GroupScope::DomainLocal)] {
        directory.add_group(MockGroup::new(name).scope(scope)).unwrap();
    }
    directory.add_group(MockGroup::new("Mail").distribution()).unwrap();
    let user = ["Inner", "Uni", "Local", "Mail"]
        .iter()
        .fold(alice(), |user, group| user.group(*group));
    directory.add_user(user).unwrap();
    for group in ["Uni", "Local", "Mail"] {
        directory
            .add_fine_grained_policy(policy(group, 1, 30).for_group(group))
            .unwrap();
    }
    assert_eq!(min_length(&directory).await, Some(7));
    directory
        .add_fine_grained_policy(policy("outer", 9, 11).for_group("Outer"))
        .unwrap();
    assert_eq!(min_length(&directory).await, Some(11));
}

#[tokio::test]
async fn the_primary_group_counts() {
    let directory = with_alice();
    directory
        .add_fine_grained_policy(policy("everybody", 9, 15).for_group("Domain Users"))
        .unwrap();
    assert_eq!(min_length(&directory).await, Some(15));
}

#[tokio::test]
async fn a_policy_that_may_not_be_read_is_unknown_and_enforced_all_the_same() {
    let directory = with_alice();
    directory
        .add_fine_grained_policy(policy("long", 1, 20).for_user("alice"))
        .unwrap();
    directory.add_user(MockUser::new("bob").password(OLD)).unwrap();
    for right in [MockRight::ReadPasswordSettings, MockRight::ReadResultantPso] {
        directory.revoke(right);
        assert!(!effective(&directory).await.is_known());
        let of_bob = directory.password_policy(ReadPolicy::new("bob")).await.unwrap();
        assert!(!of_bob.is_known(), "absence is no proof without the right");
        assert_eq!(
            violations(reset(&directory, NEW).await),
            [(Rule::Unknown, Certainty::Unknown)]
        );
        directory.grant(right);
    }
    assert!(effective(&directory).await.is_known());
}
