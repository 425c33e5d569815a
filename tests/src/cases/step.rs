//! The steps of a case: an operation of the library, or something that happens to the account in between.

use super::after::After;
use super::expect::Expect;
use super::span::Span;
use password_writeback::{History, Identity, IdentityKind, Initiator, Unlock};
use serde::Deserialize;
use std::collections::BTreeMap;

/// One step, its names in `${}` replaced. What it expects is read for its faults, and compared as JSON.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Written")]
pub(super) struct Step {
    pub(super) action: Action,
    pub(super) after: BTreeMap<String, After>,
}

/// What is done in a step.
#[derive(Clone, Debug)]
pub(super) enum Action {
    Reset(Reset),
    Change(Change),
    Unlock(Plain),
    RequireChange(Plain),
    Check(Check),
    Find(Plain),
    Policy(Plain),
    Diagnose(Diagnosed),
    /// Lets time pass.
    Advance(Span),
    /// Somebody tries that many wrong passwords on the case's first account.
    WrongPasswords(u32),
}

/// A step as it stands in the data: exactly one of the actions.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    reset_password: Option<Reset>,
    change_password: Option<Change>,
    unlock_account: Option<Plain>,
    require_password_change: Option<Plain>,
    check_password: Option<Check>,
    find_account: Option<Plain>,
    password_policy: Option<Plain>,
    diagnose: Option<Diagnosed>,
    advance: Option<Span>,
    wrong_password_binds: Option<u32>,
    expect: Option<Expect>,
    #[serde(default)]
    after: BTreeMap<String, After>,
}

impl TryFrom<Written> for Step {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let given = [
            written.reset_password.map(Action::Reset),
            written.change_password.map(Action::Change),
            written.unlock_account.map(Action::Unlock),
            written.require_password_change.map(Action::RequireChange),
            written.check_password.map(Action::Check),
            written.find_account.map(Action::Find),
            written.password_policy.map(Action::Policy),
            written.diagnose.map(Action::Diagnose),
            written.advance.map(Action::Advance),
            written.wrong_password_binds.map(Action::WrongPasswords),
        ];
        let mut given = given.into_iter().flatten();
        let (Some(action), None) = (given.next(), given.next()) else {
            return Err("a step does exactly one thing".into());
        };
        let operation = !matches!(action, Action::Advance(_) | Action::WrongPasswords(_));
        if operation != written.expect.is_some() {
            return Err("an operation, and nothing else, has an expect".into());
        }
        Ok(Step {
            action,
            after: written.after,
        })
    }
}

/// An identity: a plain string, or its kind with the text.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Name {
    Plain(String),
    Typed(BTreeMap<IdentityKind, String>),
}

impl From<&Name> for Identity {
    fn from(name: &Name) -> Identity {
        match name {
            Name::Plain(text) => Identity::from(text.as_str()),
            Name::Typed(typed) => match typed.iter().next() {
                Some((kind, text)) => Identity::typed(Some(*kind), text.as_str()),
                None => Identity::from(""),
            },
        }
    }
}

/// `true`, `false`, or a word.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum UnlockGiven {
    Flag(bool),
    Word(Unlock),
}

impl From<UnlockGiven> for Unlock {
    fn from(given: UnlockGiven) -> Unlock {
        match given {
            UnlockGiven::Flag(flag) => flag.into(),
            UnlockGiven::Word(word) => word,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reset {
    pub(super) identity: Name,
    pub(super) new_password: String,
    pub(super) unlock: Option<UnlockGiven>,
    pub(super) require_change: Option<bool>,
    pub(super) history: Option<History>,
    pub(super) initiator: Option<Initiator>,
    pub(super) actor: Option<Name>,
    pub(super) correlation_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    pub(super) identity: Name,
    pub(super) old_password: String,
    pub(super) new_password: String,
    pub(super) initiator: Option<Initiator>,
    pub(super) actor: Option<Name>,
    pub(super) correlation_id: Option<String>,
}

/// A request that carries nothing but the account and who asks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plain {
    pub(super) identity: Name,
    pub(super) initiator: Option<Initiator>,
    pub(super) actor: Option<Name>,
    pub(super) correlation_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Check {
    pub(super) identity: Name,
    pub(super) candidate: String,
    pub(super) initiator: Option<Initiator>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Diagnosed {
    pub(super) identity: Option<Name>,
    #[serde(default)]
    pub(super) canary: bool,
}

impl Action {
    /// The passwords in it, none of which may show in any answer.
    pub(super) fn secrets(&self) -> Vec<&str> {
        match self {
            Action::Reset(reset) => vec![&reset.new_password],
            Action::Change(change) => vec![&change.old_password, &change.new_password],
            Action::Check(check) => vec![&check.candidate],
            _ => Vec::new(),
        }
    }
}
