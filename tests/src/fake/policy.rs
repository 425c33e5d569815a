//! The password policy that a fake domain enforces.

use std::time::Duration;

use super::entry::Entry;
use super::time;

/// A password and lockout policy. The default is a fresh Windows domain's, but for a minimum age of nothing, so that a
/// test may write twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The fewest characters.
    pub min_length: u32,
    /// Whether three of five character classes are needed.
    pub complexity: bool,
    /// How many earlier passwords are refused.
    pub history: u32,
    /// How long a password must stay.
    pub min_age: Duration,
    /// When a password expires; `None` for never.
    pub max_age: Option<Duration>,
    /// How many wrong passwords lock an account; 0 for never.
    pub lockout_threshold: u32,
    /// How long a lockout lasts; `None` until an administrator ends it.
    pub lockout_duration: Option<Duration>,
    /// How long a wrong password counts.
    pub lockout_window: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            min_length: 7,
            complexity: true,
            history: 24,
            min_age: Duration::ZERO,
            max_age: Some(Duration::from_secs(42 * 86_400)),
            lockout_threshold: 0,
            lockout_duration: Some(Duration::from_secs(30 * 60)),
            lockout_window: Duration::from_secs(30 * 60),
        }
    }
}

impl Policy {
    /// The attributes of the domain head that say so.
    pub(super) fn describe_domain(&self, head: Entry) -> Entry {
        head.with("minPwdLength", self.min_length.to_string())
            .with("pwdHistoryLength", self.history.to_string())
            .with("pwdProperties", u8::from(self.complexity).to_string())
            .with("minPwdAge", interval(Some(self.min_age)))
            .with("maxPwdAge", interval(self.max_age))
            .with("lockoutThreshold", self.lockout_threshold.to_string())
            .with("lockoutDuration", interval(self.lockout_duration))
            .with("lockOutObservationWindow", interval(Some(self.lockout_window)))
    }

    /// A fine-grained policy of this name in the Password Settings Container, for [`super::Script::entry`].
    pub fn as_pso(&self, name: &str, precedence: u32) -> Entry {
        Entry::new(&format!("CN={name},{}", super::password_settings_container()))
            .with_all("objectClass", ["top", "msDS-PasswordSettings"])
            .with("msDS-PasswordSettingsPrecedence", precedence.to_string())
            .with("msDS-MinimumPasswordLength", self.min_length.to_string())
            .with("msDS-PasswordHistoryLength", self.history.to_string())
            .with(
                "msDS-PasswordComplexityEnabled",
                if self.complexity { "TRUE" } else { "FALSE" },
            )
            .with("msDS-PasswordReversibleEncryptionEnabled", "FALSE")
            .with("msDS-MinimumPasswordAge", interval(Some(self.min_age)))
            .with("msDS-MaximumPasswordAge", interval(self.max_age))
            .with("msDS-LockoutThreshold", self.lockout_threshold.to_string())
            .with("msDS-LockoutDuration", interval(self.lockout_duration))
            .with("msDS-LockoutObservationWindow", interval(Some(self.lockout_window)))
    }

    /// What a fine-grained policy's entry says.
    pub(super) fn of_pso(pso: &Entry) -> Policy {
        let count = |name| {
            pso.number(name)
                .and_then(|value| u32::try_from(value).ok())
                .unwrap_or(0)
        };
        let time = |name| pso.number(name).and_then(duration);
        Policy {
            min_length: count("msDS-MinimumPasswordLength"),
            complexity: pso.text("msDS-PasswordComplexityEnabled").as_deref() == Some("TRUE"),
            history: count("msDS-PasswordHistoryLength"),
            min_age: time("msDS-MinimumPasswordAge").unwrap_or_default(),
            max_age: time("msDS-MaximumPasswordAge"),
            lockout_threshold: count("msDS-LockoutThreshold"),
            lockout_duration: time("msDS-LockoutDuration"),
            lockout_window: time("msDS-LockoutObservationWindow").unwrap_or_default(),
        }
    }

    /// Whether length and complexity allow it (MS-SAMR 3.1.1.7.1 and 3.1.1.7.2).
    pub(super) fn allows(&self, password: &str, user: &Entry) -> bool {
        let length = password.encode_utf16().count();
        let complex = || classes(password) >= 3 && !names_the_user(password, user);
        length >= self.min_length as usize && length <= 256 && (!self.complexity || complex())
    }
}

/// A duration as a negative count of 100 ns; "never" as the smallest number.
fn interval(duration: Option<Duration>) -> String {
    duration
        .map(|duration| -(time::ticks(duration) as i64))
        .unwrap_or(i64::MIN)
        .to_string()
}

fn duration(interval: i64) -> Option<Duration> {
    let ticks = interval.checked_neg()?;
    Some(Duration::from_nanos(u64::try_from(ticks).ok()?.saturating_mul(100)))
}

fn classes(password: &str) -> usize {
    let has = |of: fn(char) -> bool| usize::from(password.chars().any(of));
    has(|c| c.is_ascii_uppercase())
        + has(|c| c.is_ascii_lowercase())
        + has(|c| c.is_ascii_digit())
        + has(|c| c.is_ascii_punctuation())
        + has(|c| !c.is_ascii() && c.is_alphabetic())
}

fn names_the_user(password: &str, user: &Entry) -> bool {
    let password = password.to_lowercase();
    let holds = |part: &str| part.chars().count() > 2 && password.contains(&part.to_lowercase());
    let display = user.text("displayName").unwrap_or_default();
    let mut parts = display.split([',', '.', '-', '_', '#', ' ', '\t']);
    holds(&user.text("sAMAccountName").unwrap_or_default()) || parts.any(holds)
}
