//! The policies of a mock domain: its own, and fine-grained ones.

use crate::policy::{PasswordPolicy, PolicySource};
use std::time::Duration;
use uuid::Uuid;

const DAY: Duration = Duration::from_secs(86_400);

/// A password policy of a mock domain.
///
/// A new one is that of a new Active Directory domain: at least 7 characters, complex, the last 24 passwords refused, not younger
/// than a day, not older than 42 days, and no lockout. A duration of zero means what [`PasswordPolicy`] says of it.
///
/// ```
/// use password_writeback::mock::MockPolicy;
/// use std::time::Duration;
///
/// let policy = MockPolicy::new().min_length(12).min_age(Duration::ZERO).lockout(5, Duration::from_secs(1800), Duration::from_secs(600));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MockPolicy {
    pub(super) min_length: u32,
    pub(super) complexity: bool,
    pub(super) history_length: u32,
    pub(super) min_age: Duration,
    pub(super) max_age: Duration,
    pub(super) lockout_threshold: u32,
    pub(super) lockout_duration: Duration,
    pub(super) lockout_window: Duration,
}

impl MockPolicy {
    /// The policy of a new domain.
    #[must_use]
    pub fn new() -> Self {
        MockPolicy {
            min_length: 7,
            complexity: true,
            history_length: 24,
            min_age: DAY,
            max_age: 42 * DAY,
            lockout_threshold: 0,
            lockout_duration: Duration::from_secs(1800),
            lockout_window: Duration::from_secs(1800),
        }
    }

    /// A policy that refuses nothing.
    #[must_use]
    pub fn lenient() -> Self {
        MockPolicy {
            min_length: 0,
            complexity: false,
            history_length: 0,
            min_age: Duration::ZERO,
            max_age: Duration::ZERO,
            ..MockPolicy::new()
        }
    }

    /// The least length, in UTF-16 code units.
    #[must_use]
    pub fn min_length(mut self, units: u32) -> Self {
        self.min_length = units;
        self
    }

    /// Whether complexity is required.
    #[must_use]
    pub fn complexity(mut self, required: bool) -> Self {
        self.complexity = required;
        self
    }

    /// How many passwords are remembered, the current one among them; zero switches the rule off (MS-SAMR 3.1.1.7.1).
    #[must_use]
    pub fn history(mut self, length: u32) -> Self {
        self.history_length = length;
        self
    }

    /// How old a password must be before it may be changed.
    #[must_use]
    pub fn min_age(mut self, age: Duration) -> Self {
        self.min_age = age;
        self
    }

    /// How old a password may become; zero is for ever.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// How many bad passwords lock an account (zero: none do), for how long (zero: until it is unlocked), and for how long bad
    /// passwords are counted together.
    #[must_use]
    pub fn lockout(mut self, threshold: u32, duration: Duration, window: Duration) -> Self {
        self.lockout_threshold = threshold;
        self.lockout_duration = duration;
        self.lockout_window = window;
        self
    }

    /// The policy as the library reads one.
    pub(super) fn effective(&self, source: PolicySource) -> PasswordPolicy {
        PasswordPolicy {
            min_length: Some(self.min_length),
            complexity: Some(self.complexity),
            history_length: Some(self.history_length),
            min_age: Some(self.min_age),
            max_age: Some(self.max_age),
            lockout_threshold: Some(self.lockout_threshold),
            lockout_duration: Some(self.lockout_duration),
            lockout_window: Some(self.lockout_window),
            ..PasswordPolicy::empty(source)
        }
    }
}

impl Default for MockPolicy {
    fn default() -> Self {
        Self::new()
    }
}

/// A fine-grained policy (a password settings object), linked to users and groups.
///
/// One linked to the user itself beats every one linked to a group, whatever the precedence; then the lowest precedence wins, then
/// the smallest GUID. Only links to global security groups count, through nesting (MS-ADTS 3.1.1.4.5.36).
#[derive(Clone, Debug)]
pub struct MockFineGrainedPolicy {
    pub(super) name: String,
    pub(super) precedence: u32,
    pub(super) policy: MockPolicy,
    pub(super) guid: Option<Uuid>,
    pub(super) users: Vec<String>,
    pub(super) groups: Vec<String>,
}

impl MockFineGrainedPolicy {
    /// A fine-grained policy that is linked to nobody yet. Lower precedence wins.
    pub fn new(name: impl Into<String>, precedence: u32, policy: MockPolicy) -> Self {
        MockFineGrainedPolicy {
            name: name.into(),
            precedence,
            policy,
            guid: None,
            users: Vec::new(),
            groups: Vec::new(),
        }
    }

    /// Links it to a user, by sAMAccountName.
    #[must_use]
    pub fn for_user(mut self, user: impl Into<String>) -> Self {
        self.users.push(user.into());
        self
    }

    /// Links it to a group, by name.
    #[must_use]
    pub fn for_group(mut self, group: impl Into<String>) -> Self {
        self.groups.push(group.into());
        self
    }

    /// Gives it this objectGUID rather than a random one.
    #[must_use]
    pub fn guid(mut self, guid: Uuid) -> Self {
        self.guid = Some(guid);
        self
    }
}
