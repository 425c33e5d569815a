//! Password and lockout rules, for the domain and for fine-grained policies alike.

use std::time::Duration;

use super::{Change, Value};

/// The rules of a domain (MS-ADTS 3.1.1.3.1.5.2) or of one fine-grained policy. Times have the
/// directory's resolution of 100 ns. The default is what a new domain has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The least number of characters.
    pub min_length: u32,
    /// Whether three of the character categories are asked for.
    pub complexity: bool,
    /// How many passwords are remembered.
    pub history: u32,
    /// How old a password must be before its owner may change it.
    pub min_age: Duration,
    /// When a password expires; `None` for never.
    pub max_age: Option<Duration>,
    /// After how many wrong passwords an account is locked; 0 for never.
    pub lockout_threshold: u32,
    /// How long it stays locked; `None` until an administrator unlocks it.
    pub lockout_duration: Option<Duration>,
    /// After how long without a wrong password the count starts again.
    pub lockout_window: Duration,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const HALF_HOUR: Duration = Duration::from_secs(30 * 60);

impl Default for Policy {
    fn default() -> Self {
        Self {
            min_length: 7,
            complexity: true,
            history: 24,
            min_age: DAY,
            max_age: Some(42 * DAY),
            lockout_threshold: 0,
            lockout_duration: Some(HALF_HOUR),
            lockout_window: HALF_HOUR,
        }
    }
}

impl Policy {
    /// The attributes of the domain's head.
    pub(super) fn on_the_domain(&self) -> Vec<Change> {
        let set = |attribute, value| Change::replace(attribute, Value::from(value));
        vec![
            set("minPwdLength", i64::from(self.min_length)),
            // DOMAIN_PASSWORD_COMPLEX, MS-SAMR 2.2.4.3.
            set("pwdProperties", i64::from(self.complexity)),
            set("pwdHistoryLength", i64::from(self.history)),
            set("minPwdAge", interval(Some(self.min_age))),
            set("maxPwdAge", interval(self.max_age)),
            set("lockoutThreshold", i64::from(self.lockout_threshold)),
            set("lockoutDuration", interval(self.lockout_duration)),
            set("lockOutObservationWindow", interval(Some(self.lockout_window))),
        ]
    }

    /// The attributes of a fine-grained policy.
    pub(super) fn on_a_pso(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("msDS-MinimumPasswordLength", i64::from(self.min_length).into()),
            ("msDS-PasswordComplexityEnabled", boolean(self.complexity)),
            ("msDS-PasswordReversibleEncryptionEnabled", boolean(false)),
            ("msDS-PasswordHistoryLength", i64::from(self.history).into()),
            ("msDS-MinimumPasswordAge", interval(Some(self.min_age)).into()),
            ("msDS-MaximumPasswordAge", interval(self.max_age).into()),
            ("msDS-LockoutThreshold", i64::from(self.lockout_threshold).into()),
            ("msDS-LockoutDuration", interval(self.lockout_duration).into()),
            (
                "msDS-LockoutObservationWindow",
                interval(Some(self.lockout_window)).into(),
            ),
        ]
    }
}

/// Intervals are negative, and the most negative means never.
fn interval(length: Option<Duration>) -> i64 {
    length
        .and_then(|length| i64::try_from(length.as_nanos() / 100).ok())
        .map_or(i64::MIN, |steps| -steps)
}

fn boolean(value: bool) -> Value {
    Value::from(if value { "TRUE" } else { "FALSE" })
}
