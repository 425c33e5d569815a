//! The library's rules as a case gives them.

use super::super::span::Span;
use password_writeback::{History, IdentityKind, Initiator, Rules};
use serde::Deserialize;

/// The library's [`Rules`], each of them optional.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSettings {
    initiator: Option<Initiator>,
    history: Option<History>,
    allowed_subtrees: Option<Vec<String>>,
    accepted_identities: Option<Vec<IdentityKind>>,
    allow_self_service_on_protected: Option<bool>,
    allow_administrator_on_protected: Option<bool>,
    protected_groups: Option<Vec<String>>,
    deadline: Option<Span>,
    grace: Option<Span>,
    confirm: Option<bool>,
    verify_by_bind: Option<bool>,
    resolve_by_bind: Option<bool>,
}

impl From<RuleSettings> for Rules {
    fn from(given: RuleSettings) -> Rules {
        let mut rules = Rules::default();
        set(&mut rules.initiator, given.initiator);
        set(&mut rules.history, given.history);
        set(&mut rules.allowed_subtrees, given.allowed_subtrees);
        set(&mut rules.accepted_identities, given.accepted_identities);
        set(
            &mut rules.allow_self_service_on_protected,
            given.allow_self_service_on_protected,
        );
        set(
            &mut rules.allow_administrator_on_protected,
            given.allow_administrator_on_protected,
        );
        set(&mut rules.protected_groups, given.protected_groups);
        set(&mut rules.deadline, given.deadline.map(Span::length));
        set(&mut rules.grace, given.grace.map(Span::length));
        set(&mut rules.confirm, given.confirm);
        set(&mut rules.verify_by_bind, given.verify_by_bind);
        set(&mut rules.resolve_by_bind, given.resolve_by_bind);
        rules
    }
}

fn set<T>(rule: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *rule = given;
    }
}
