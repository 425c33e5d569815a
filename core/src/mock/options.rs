//! What a mock directory holds, as text, for the bindings: everything but the passwords, which are handed over beside it.
//!
//! Names and values are the `snake_case` words of the builders in this module; durations are numbers of seconds, times are RFC 3339
//! texts. An unknown name is an error. What is left out is as in a new directory, user, group or policy.
//!
//! ```
//! use password_writeback::mock::options::{FaultOptions, MockDirectoryOptions, MockUserOptions};
//!
//! # fn main() -> Result<(), password_writeback::Error> {
//! let directory = MockDirectoryOptions::from_json(r#"{"policy": {"min_length": 12}, "rules": {"history": "off"}}"#)?.build()?;
//! let alice = MockUserOptions::from_json(r#"{"name": "alice", "groups": ["Staff"], "locked": true}"#)?;
//! directory.add_user(alice.user(Some("Old-Passw0rd".into()), Vec::new())?)?;
//! directory.fail_next(FaultOptions::from_json(r#"{"kind": "slow", "stage": "find", "duration": 0.5}"#)?.fault(None)?);
//! # Ok(())
//! # }
//! ```

use super::MockDirectory;
use super::builder::{MockDirectoryBuilder as Builder, PolicyHintsSupport, Refusals};
use super::clock::MockClock;
use super::fault::{Fault, Stage};
use super::group::{GroupScope, MockGroup};
use super::policy::{MockFineGrainedPolicy, MockPolicy};
use super::rights::MockRight;
use super::user::MockUser;
use crate::error::{Code, Error, Reason};
use crate::layer::Stack;
use crate::options::LayerOptions;
use crate::password::Password;
use crate::rules::Rules;
use crate::words::words;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use std::time::Duration;
use uuid::Uuid;

words! {
    /// What a [`MockUser`] is.
    pub enum MockUserKind {
        /// A person's account.
        User = "user",
        /// A computer.
        Computer = "computer",
        /// A writable domain controller.
        DomainController = "domain_controller",
        /// A managed service account.
        ManagedServiceAccount = "managed_service_account",
        /// A group managed service account.
        GroupManagedServiceAccount = "group_managed_service_account",
        /// The account of a trust.
        Trust = "trust",
    }
}

/// The settings of a mock directory.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MockDirectoryOptions {
    rules: Rules,
    layers: LayerOptions,
    domain: Option<String>,
    netbios_name: Option<String>,
    policy: MockPolicyOptions,
    policy_hints: Option<PolicyHintsSupport>,
    refusals: Option<Refusals>,
    now: Option<Timestamp>,
    read_only: bool,
    referring: bool,
    banned_words: Vec<String>,
}

/// An account, without its passwords.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MockUserOptions {
    name: String,
    upn: Option<String>,
    common_name: Option<String>,
    display_name: Option<String>,
    container: Option<String>,
    guid: Option<Uuid>,
    rid: Option<u32>,
    consistency_guid: Option<Uuid>,
    kind: Option<MockUserKind>,
    groups: Vec<String>,
    primary_group: Option<String>,
    admin_count: Option<i64>,
    secondary_krbtgt: Option<i64>,
    #[serde(deserialize_with = "seconds")]
    password_age: Option<Duration>,
    password_set_at: Option<Timestamp>,
    must_change: bool,
    disabled: bool,
    password_never_expires: bool,
    password_not_required: bool,
    smartcard_required: bool,
    cannot_change_password: bool,
    inheritance_broken: bool,
    expires_at: Option<Timestamp>,
    locked: bool,
    bad_passwords: Option<u32>,
    without: Vec<MockRight>,
}

/// A group.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MockGroupOptions {
    name: String,
    scope: Option<GroupScope>,
    distribution: bool,
    rid: Option<u32>,
    member_of: Vec<String>,
}

/// A policy: what is left out is as in a new domain, or as in [`MockPolicy::lenient`] where `lenient` is true.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MockPolicyOptions {
    lenient: bool,
    min_length: Option<u32>,
    complexity: Option<bool>,
    history_length: Option<u32>,
    #[serde(deserialize_with = "seconds")]
    min_age: Option<Duration>,
    #[serde(deserialize_with = "seconds")]
    max_age: Option<Duration>,
    lockout_threshold: Option<u32>,
    #[serde(deserialize_with = "seconds")]
    lockout_duration: Option<Duration>,
    #[serde(deserialize_with = "seconds")]
    lockout_window: Option<Duration>,
}

/// A fine-grained policy, and whom it is linked to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MockFineGrainedPolicyOptions {
    name: String,
    precedence: u32,
    #[serde(default)]
    policy: MockPolicyOptions,
    #[serde(default)]
    guid: Option<Uuid>,
    #[serde(default)]
    users: Vec<String>,
    #[serde(default)]
    groups: Vec<String>,
}

/// A fault, by its `kind`: the name of the [`Fault`] in `snake_case`, with its parts beside it.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct FaultOptions(FaultText);

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum FaultText {
    Unreachable {},
    Tls {
        reason: Reason,
    },
    BindFailed {
        reason: Reason,
    },
    ReadOnly {},
    Cut {
        stage: Stage,
    },
    CutBeforeWrite {},
    CutAfterRequest {
        applied: bool,
    },
    AppliedLate {
        delay: f64,
    },
    CutAfterReply {},
    GoneAfter {
        applied: bool,
    },
    Slow {
        stage: Stage,
        duration: f64,
    },
    Hang {
        stage: Stage,
    },
    Refuse {
        result_code: u32,
        #[serde(default)]
        diagnostic: String,
    },
    OtherWriter {
        before: Stage,
    },
    Fail {
        stage: Stage,
        error: Error,
    },
}

/// A duration as a number of seconds, zero included.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let seconds = Option::<f64>::deserialize(deserializer)?;
    seconds
        .map(|seconds| Duration::try_from_secs_f64(seconds).map_err(serde::de::Error::custom))
        .transpose()
}

/// Declares the reading of one kind of options from text.
macro_rules! from_json {
    ($($name:ident is $what:literal,)+) => {
        $(impl $name {
            /// Reads JSON.
            ///
            /// # Errors
            /// [`Code::Configuration`], naming the option.
            pub fn from_json(text: &str) -> Result<Self, Error> {
                serde_json::from_str(text)
                    .map_err(|error| Error::new(Code::Configuration, format!(concat!($what, " cannot be read: {}"), error)))
            }
        })+
    };
}

from_json! {
    MockDirectoryOptions is "the settings of the mock directory",
    MockUserOptions is "the user",
    MockGroupOptions is "the group",
    MockPolicyOptions is "the policy",
    MockFineGrainedPolicyOptions is "the fine-grained policy",
    FaultOptions is "the fault",
}

fn configuration(message: &str) -> Error {
    Error::new(Code::Configuration, message)
}

/// Applies a builder method where the value is given.
fn with<B, T>(builder: B, value: Option<T>, apply: impl FnOnce(B, T) -> B) -> B {
    match value {
        Some(value) => apply(builder, value),
        None => builder,
    }
}

/// Applies a builder method where the flag is set.
fn when<B>(builder: B, flag: bool, apply: impl FnOnce(B) -> B) -> B {
    if flag { apply(builder) } else { builder }
}

impl MockDirectoryOptions {
    /// The layers around the directory. Its [`clock`](MockDirectory::clock) is to be theirs.
    ///
    /// # Errors
    /// [`Code::Configuration`], naming the setting.
    pub fn stack(&self) -> Result<Stack, Error> {
        self.layers.stack(&self.rules)
    }

    /// The builder with these settings.
    pub fn builder(self) -> Builder {
        let mut builder = MockDirectory::builder()
            .rules(self.rules)
            .policy(self.policy.policy())
            .read_only(self.read_only)
            .referring(self.referring);
        builder = with(builder, self.domain, Builder::domain);
        builder = with(builder, self.netbios_name, Builder::netbios_name);
        builder = with(builder, self.policy_hints, Builder::policy_hints);
        builder = with(builder, self.refusals, Builder::refusals);
        builder = with(builder, self.now.map(MockClock::at), Builder::clock);
        self.banned_words.into_iter().fold(builder, Builder::banned_word)
    }

    /// Makes the directory.
    ///
    /// # Errors
    /// [`Code::Configuration`], as [`MockDirectoryBuilder::build`](super::MockDirectoryBuilder::build).
    pub fn build(self) -> Result<MockDirectory, Error> {
        self.builder().build()
    }
}

impl MockUserOptions {
    /// The account, with its current password and the former ones, the oldest first.
    ///
    /// # Errors
    /// [`Code::Configuration`] where it has no name, or where it is said in two ways when the password was set.
    pub fn user(self, password: Option<Password>, former: Vec<Password>) -> Result<MockUser, Error> {
        if self.name.is_empty() {
            return Err(configuration("the user has no name"));
        }
        let ages = [
            self.password_age.is_some(),
            self.password_set_at.is_some(),
            self.must_change,
        ];
        if ages.iter().filter(|given| **given).count() > 1 {
            return Err(configuration(
                "only one of password_age, password_set_at and must_change can hold",
            ));
        }
        let user = self.named(MockUser::new(self.name.clone()));
        let user = self.flagged(self.aged(user));
        let user = self.grouped(user);
        let user = with(user, password, MockUser::password);
        Ok(former.into_iter().fold(user, MockUser::former_password))
    }

    fn named(&self, user: MockUser) -> MockUser {
        let mut user = match self.kind.unwrap_or(MockUserKind::User) {
            MockUserKind::User => user,
            MockUserKind::Computer => user.computer(),
            MockUserKind::DomainController => user.domain_controller(),
            MockUserKind::ManagedServiceAccount => user.managed_service_account(),
            MockUserKind::GroupManagedServiceAccount => user.group_managed_service_account(),
            MockUserKind::Trust => user.trust(),
        };
        user = with(user, self.upn.clone(), MockUser::upn);
        user = with(user, self.common_name.clone(), MockUser::common_name);
        user = with(user, self.display_name.clone(), MockUser::display_name);
        user = with(user, self.container.clone(), MockUser::container);
        user = with(user, self.guid, MockUser::guid);
        user = with(user, self.rid, MockUser::rid);
        with(user, self.consistency_guid, MockUser::consistency_guid)
    }

    fn aged(&self, user: MockUser) -> MockUser {
        let user = with(user, self.password_age, MockUser::password_age);
        let user = with(user, self.password_set_at, MockUser::password_set_at);
        let user = when(user, self.must_change, MockUser::must_change);
        with(user, self.expires_at, MockUser::expires_at)
    }

    fn flagged(&self, mut user: MockUser) -> MockUser {
        user = when(user, self.disabled, MockUser::disabled);
        user = when(user, self.password_never_expires, MockUser::password_never_expires);
        user = when(user, self.password_not_required, MockUser::password_not_required);
        user = when(user, self.smartcard_required, MockUser::smartcard_required);
        user = when(user, self.cannot_change_password, MockUser::cannot_change_password);
        user = when(user, self.inheritance_broken, MockUser::inheritance_broken);
        user = when(user, self.locked, MockUser::locked);
        with(user, self.bad_passwords, MockUser::bad_passwords)
    }

    fn grouped(self, mut user: MockUser) -> MockUser {
        user = with(user, self.primary_group, MockUser::primary_group);
        user = with(user, self.admin_count, MockUser::admin_count);
        user = with(user, self.secondary_krbtgt, MockUser::secondary_krbtgt);
        user = self.groups.into_iter().fold(user, MockUser::group);
        self.without.into_iter().fold(user, MockUser::without)
    }
}

impl MockGroupOptions {
    /// The group.
    ///
    /// # Errors
    /// [`Code::Configuration`] where it has no name.
    pub fn group(self) -> Result<MockGroup, Error> {
        if self.name.is_empty() {
            return Err(configuration("the group has no name"));
        }
        let group = with(MockGroup::new(self.name), self.scope, MockGroup::scope);
        let group = when(group, self.distribution, MockGroup::distribution);
        let group = with(group, self.rid, MockGroup::rid);
        Ok(self.member_of.into_iter().fold(group, MockGroup::member_of))
    }
}

impl MockPolicyOptions {
    /// The policy.
    #[must_use]
    pub fn policy(self) -> MockPolicy {
        let base = if self.lenient {
            MockPolicy::lenient()
        } else {
            MockPolicy::new()
        };
        MockPolicy {
            min_length: self.min_length.unwrap_or(base.min_length),
            complexity: self.complexity.unwrap_or(base.complexity),
            history_length: self.history_length.unwrap_or(base.history_length),
            min_age: self.min_age.unwrap_or(base.min_age),
            max_age: self.max_age.unwrap_or(base.max_age),
            lockout_threshold: self.lockout_threshold.unwrap_or(base.lockout_threshold),
            lockout_duration: self.lockout_duration.unwrap_or(base.lockout_duration),
            lockout_window: self.lockout_window.unwrap_or(base.lockout_window),
        }
    }
}

impl MockFineGrainedPolicyOptions {
    /// The fine-grained policy.
    #[must_use]
    pub fn fine_grained_policy(self) -> MockFineGrainedPolicy {
        let policy = MockFineGrainedPolicy::new(self.name, self.precedence, self.policy.policy());
        let policy = with(policy, self.guid, MockFineGrainedPolicy::guid);
        let policy = self.users.into_iter().fold(policy, MockFineGrainedPolicy::for_user);
        self.groups.into_iter().fold(policy, MockFineGrainedPolicy::for_group)
    }
}

impl FaultOptions {
    /// The fault. Another writer needs the password it writes; the rest have none.
    ///
    /// # Errors
    /// [`Code::Configuration`] for a duration below zero, or a password that is missing or has no use.
    pub fn fault(self, password: Option<Password>) -> Result<Fault, Error> {
        if let FaultText::OtherWriter { before } = self.0 {
            let password = password.ok_or_else(|| configuration("another writer needs a password"))?;
            return Ok(Fault::OtherWriter { before, password });
        }
        if password.is_some() {
            return Err(configuration("this fault has no use for a password"));
        }
        self.without_password()
    }

    fn without_password(self) -> Result<Fault, Error> {
        let duration = |seconds| {
            Duration::try_from_secs_f64(seconds)
                .map_err(|_| configuration("the duration of a fault must be a number of seconds"))
        };
        Ok(match self.0 {
            FaultText::Unreachable {} => Fault::Unreachable,
            FaultText::Tls { reason } => Fault::Tls(reason),
            FaultText::BindFailed { reason } => Fault::BindFailed(reason),
            FaultText::ReadOnly {} => Fault::ReadOnly,
            FaultText::Cut { stage } => Fault::Cut(stage),
            FaultText::CutBeforeWrite {} => Fault::CutBeforeWrite,
            FaultText::CutAfterRequest { applied } => Fault::CutAfterRequest { applied },
            FaultText::AppliedLate { delay } => Fault::AppliedLate(duration(delay)?),
            FaultText::CutAfterReply {} => Fault::CutAfterReply,
            FaultText::GoneAfter { applied } => Fault::GoneAfter { applied },
            FaultText::Slow { stage, duration: time } => Fault::Slow(stage, duration(time)?),
            FaultText::Hang { stage } => Fault::Hang(stage),
            FaultText::Refuse {
                result_code,
                diagnostic,
            } => Fault::Refuse {
                result_code,
                diagnostic,
            },
            FaultText::OtherWriter { .. } => return Err(configuration("another writer needs a password")),
            FaultText::Fail { stage, error } => Fault::Fail(stage, error),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn nothing_said_is_a_new_directory() {
        let directory = MockDirectoryOptions::from_json("{}").unwrap().build().unwrap();
        assert_eq!(directory.clock().now().to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(MockPolicyOptions::default().policy(), MockPolicy::new());
        assert_eq!(
            MockPolicyOptions::from_json(r#"{"lenient": true}"#).unwrap().policy(),
            MockPolicy::lenient()
        );
    }

    #[test]
    fn everything_can_be_said() {
        let settings = r#"{"rules": {"initiator": "administrator"}, "domain": "other.example", "netbios_name": "OTH",
            "policy": {"min_length": 3, "lockout_threshold": 2, "lockout_duration": 0, "min_age": 1.5},
            "policy_hints": "absent", "refusals": "stated", "now": "2030-01-01T00:00:00Z", "banned_words": ["acme"]}"#;
        let directory = MockDirectoryOptions::from_json(settings).unwrap().build().unwrap();
        assert_eq!(directory.clock().now().to_string(), "2030-01-01T00:00:00Z");
        let group = r#"{"name": "Staff", "scope": "universal", "rid": 5000, "member_of": ["All"]}"#;
        let sid = directory
            .add_group(MockGroupOptions::from_json(group).unwrap().group().unwrap())
            .unwrap();
        let user = r#"{"name": "alice", "upn": "a@other.example", "kind": "user", "groups": ["Staff"], "locked": true,
            "bad_passwords": 2, "without": ["read adminCount"], "password_set_at": "2029-12-01T00:00:00Z"}"#;
        let user = MockUserOptions::from_json(user)
            .unwrap()
            .user(Some("Old-Passw0rd".into()), vec!["Older".into()])
            .unwrap();
        directory.add_user(user).unwrap();
        let account = directory.account("alice").unwrap();
        assert!(account.locked && account.token_groups.contains(&sid));
        assert_eq!(account.password_last_set.unwrap().to_string(), "2029-12-01T00:00:00Z");
        assert!(directory.verify_password("a@other.example", "Old-Passw0rd"));
        let policy = r#"{"name": "strict", "precedence": 1, "policy": {"min_length": 20}, "users": ["alice"]}"#;
        let policy = MockFineGrainedPolicyOptions::from_json(policy).unwrap();
        directory.add_fine_grained_policy(policy.fine_grained_policy()).unwrap();
        assert!(directory.account("alice").unwrap().resultant_pso.is_some());
    }

    #[test]
    fn every_fault_can_be_said() {
        for text in [
            r#"{"kind": "unreachable"}"#,
            r#"{"kind": "tls", "reason": "wrong_name"}"#,
            r#"{"kind": "bind_failed", "reason": "locked_out"}"#,
            r#"{"kind": "read_only"}"#,
            r#"{"kind": "cut", "stage": "find"}"#,
            r#"{"kind": "cut_before_write"}"#,
            r#"{"kind": "cut_after_request", "applied": true}"#,
            r#"{"kind": "applied_late", "delay": 0.5}"#,
            r#"{"kind": "cut_after_reply"}"#,
            r#"{"kind": "gone_after", "applied": false}"#,
            r#"{"kind": "slow", "stage": "read_back", "duration": 2}"#,
            r#"{"kind": "hang", "stage": "write"}"#,
            r#"{"kind": "refuse", "result_code": 53, "diagnostic": "0000052D"}"#,
            r#"{"kind": "fail", "stage": "read", "error": {"code": "DIRECTORY", "outcome": "not_applied", "message": "m"}}"#,
        ] {
            FaultOptions::from_json(text).unwrap().fault(None).unwrap();
        }
        let other = FaultOptions::from_json(r#"{"kind": "other_writer", "before": "write"}"#).unwrap();
        other.clone().fault(Some("x".into())).unwrap();
        assert_eq!(other.fault(None).unwrap_err().code(), Code::Configuration);
    }

    #[test]
    fn what_is_misspelt_or_contradicts_itself_is_an_error() {
        assert!(MockDirectoryOptions::from_json(r#"{"polisy": {}}"#).is_err());
        assert!(MockUserOptions::from_json(r#"{"name": "a", "password": "x"}"#).is_err());
        assert!(FaultOptions::from_json(r#"{"kind": "unreachable", "stage": "find"}"#).is_err());
        assert!(FaultOptions::from_json(r#"{"kind": "tlz"}"#).is_err());
        let nameless = MockUserOptions::default().user(None, Vec::new());
        assert_eq!(nameless.unwrap_err().code(), Code::Configuration);
        let twice = MockUserOptions::from_json(r#"{"name": "a", "must_change": true, "password_age": 1}"#).unwrap();
        assert_eq!(twice.user(None, Vec::new()).unwrap_err().code(), Code::Configuration);
        let endless = FaultOptions::from_json(r#"{"kind": "slow", "stage": "find", "duration": -1}"#).unwrap();
        assert!(endless.fault(None).is_err());
    }
}
