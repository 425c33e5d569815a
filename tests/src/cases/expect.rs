//! What a case may expect of an answer, and of an account afterwards. These types say which fields and words there are; the
//! comparison itself works on the JSON, so that other languages do the same.

use password_writeback::{
    Acceptable, Certainty, CheckStatus, Code, HistoryEnforcement, Operation, Outcome, Protection, Reason, Rule,
    Verification, Warning,
};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// The answer of an operation: of exactly one of these kinds.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Expect {
    Receipt(Receipt),
    Error(Error),
    Account(Account),
    Policy(Policy),
    Verdict(Verdict),
    Diagnosis(Diagnosis),
}

/// A field that may be expected to be absent, by `null`.
pub(super) type Nullable<T> = Option<Option<T>>;

fn nullable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Nullable<T>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Declares what may be expected of one type: the fields that may be `null`, then those that may not.
macro_rules! expected {
    ($name:ident { $($nullable:ident: $ntype:ty,)* ; $($field:ident: $type:ty,)* }) => {
        #[derive(Clone, Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            $(#[serde(default, deserialize_with = "nullable")] pub(super) $nullable: Nullable<$ntype>,)*
            $(pub(super) $field: Option<$type>,)*
        }

        impl $name {
            /// That every field is there to be read; the comparison reads the JSON.
            pub(super) fn is_empty(&self) -> bool {
                true $(&& self.$nullable.is_none())* $(&& self.$field.is_none())*
            }
        }
    };
}

expected!(Receipt {
    password_last_set: When,;
    operation: Operation,
    account: Box<Account>,
    correlation_id: String,
    history: HistoryEnforcement,
    unlocked: bool,
    must_change_password: bool,
    verification: Verification,
    warnings: Vec<Warning>,
});

expected!(Error {
    reason: Reason,
    missing_right: String,
    protection: Protection,
    account: Box<Account>,;
    code: Code,
    outcome: Outcome,
    violations: Vec<Violation>,
});

expected!(Violation {
    limit: u64,
    retry_at: When,;
    rule: Rule,
    certainty: OneOf<Certainty>,
});

expected!(Account {
    user_principal_name: String,
    display_name: String,
    locked_until: When,
    password_last_set: When,
    password_expires_at: When,
    account_expires_at: When,
    protection: Protection,;
    distinguished_name: String,
    sam_account_name: String,
    object_guid: String,
    object_sid: String,
    source_anchor: String,
    enabled: bool,
    locked: bool,
    must_change_password: bool,
    password_expired: bool,
});

expected!(Policy {
    min_length: u32,
    complexity: bool,
    history_length: u32,
    min_age: u64,
    max_age: u64,
    lockout_threshold: u32,
    lockout_duration: u64,
    lockout_window: u64,;
    source: Source,
});

expected!(Verdict {;
    acceptable: Acceptable,
    violations: Vec<Violation>,
    unchecked: Vec<Rule>,
});

/// The checks, by name; others may be there too.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Diagnosis {
    pub(super) checks: BTreeMap<String, CheckStatus>,
}

/// Where a policy comes from. Why one is unknown is a sentence for people, and not compared.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Source {
    Domain,
    FineGrained(String),
    Unknown,
}

/// One word, or several of which one must be the answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOf<T> {
    One(T),
    Any(Vec<T>),
}

/// A time: `now` or `password_set`, either with a length of time added to or taken from it.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct When {
    pub(super) from: Anchor,
    pub(super) by: super::span::Span,
}

/// What a time is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Now,
    PasswordSet,
}

impl TryFrom<String> for When {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (from, rest) = match text.strip_prefix("password_set") {
            Some(rest) => (Anchor::PasswordSet, rest),
            None => match text.strip_prefix("now") {
                Some(rest) => (Anchor::Now, rest),
                None => {
                    return Err(format!(
                        "{text:?} is no time such as \"now+30m\" or \"password_set+1d\""
                    ));
                }
            },
        };
        let by = if rest.is_empty() { "0s" } else { rest };
        Ok(When { from, by: by.parse()? })
    }
}

/// What a user's own logon with a password answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Logon {
    /// In.
    Ok,
    /// Not the password.
    Wrong,
    /// The right one, and it must be changed first.
    MustChange,
    /// The right one, and it has expired.
    PasswordExpired,
    /// Locked out, whatever the password.
    Locked,
    /// The right one, of a disabled account.
    Disabled,
    /// The right one, of an account that has expired.
    AccountExpired,
}

/// Whether a password was set in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PasswordSet {
    Now,
    Unchanged,
}

/// An account after a step, as the directory's administrator and its owner see it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct After {
    pub(super) enabled: Option<bool>,
    pub(super) locked: Option<bool>,
    pub(super) must_change_password: Option<bool>,
    pub(super) bad_password_count: Option<u32>,
    pub(super) password_set: Option<PasswordSet>,
    pub(super) binds: BTreeMap<String, Logon>,
}
