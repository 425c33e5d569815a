//! The policies of a case: its domain's, and fine-grained ones.

use super::super::span::Span;
use serde::Deserialize;

/// A password and lockout policy. The default is that of a new Active Directory domain.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicySettings {
    /// The least number of UTF-16 code units.
    pub min_length: u32,
    /// Whether complexity is required.
    pub complexity: bool,
    /// How many former passwords are remembered.
    pub history_length: u32,
    /// How old a password must be before it may be changed.
    pub min_age: Span,
    /// When a password expires; zero for never.
    pub max_age: Span,
    /// How many wrong passwords lock an account; zero for never.
    pub lockout_threshold: u32,
    /// How long a lockout lasts; zero until somebody unlocks it.
    pub lockout_duration: Span,
    /// For how long wrong passwords are counted together.
    pub lockout_window: Span,
}

impl Default for PolicySettings {
    fn default() -> Self {
        const DAY: i64 = 86_400;
        PolicySettings {
            min_length: 7,
            complexity: true,
            history_length: 24,
            min_age: Span::seconds(DAY),
            max_age: Span::seconds(42 * DAY),
            lockout_threshold: 0,
            lockout_duration: Span::seconds(1800),
            lockout_window: Span::seconds(1800),
        }
    }
}

/// A fine-grained policy. Of several, the lowest precedence wins; one that is applied to a user beats those of groups.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FineGrainedPolicy {
    /// Its common name.
    pub name: String,
    /// Its precedence.
    pub precedence: u32,
    /// The accounts and global groups it applies to, by name.
    pub applies_to: Vec<String>,
    /// Its rules.
    #[serde(default)]
    pub policy: PolicySettings,
}
