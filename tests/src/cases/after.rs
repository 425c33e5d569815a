//! What a case may expect of an account after a step.

use serde::Deserialize;
use std::collections::BTreeMap;

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
