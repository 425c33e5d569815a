//! What a case may expect of an answer. These types say which fields and words there are; the
//! comparison itself works on the JSON, so that other languages do the same.

#![allow(dead_code, reason = "reading the data is all these types are for")]

use super::when::When;
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
    retry_at: When,
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
    /// What became of a canary's writes; absent where none was asked for.
    pub(super) outcome: Option<Outcome>,
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
