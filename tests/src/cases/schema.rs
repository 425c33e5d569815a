//! What stands in a case before its steps: the directory as the case finds it. A misspelt field is an error.

use super::Result;
use super::span::Span;
use super::step::Step;
use password_writeback::{History, IdentityKind, Initiator, Rules};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

/// A password, for accounts of which the case says nothing else.
pub(super) const PASSWORD: &str = "Old-Passw0rd-1";

/// One behaviour.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its name, unique in the whole table.
    pub name: String,
    /// Why it matters, in one sentence.
    pub why: String,
    /// What a backend must be able to do for the case to apply to it.
    #[serde(default)]
    pub needs: Vec<Capability>,
    /// The library's rules, as far as they differ from the defaults; names in `${}` are not yet replaced.
    #[serde(default = "nothing")]
    pub rules: Value,
    /// The domain's policy, as far as it differs from a new domain's.
    #[serde(default)]
    pub policy: PolicySettings,
    /// Fine-grained policies.
    #[serde(default)]
    pub fine_grained_policies: Vec<FineGrainedPolicy>,
    /// Groups of the case's own.
    #[serde(default)]
    pub groups: Vec<Group>,
    /// The accounts; without any, there is one, alice.
    #[serde(default = "only_alice")]
    pub accounts: Vec<Account>,
    /// The service account, as far as it differs from the delegation of the manual.
    #[serde(default)]
    pub service: Service,
    /// What is done and what comes of it, in order; names in `${}` are not yet replaced.
    pub steps: Vec<Value>,
}

fn nothing() -> Value {
    Value::Object(serde_json::Map::new())
}

fn only_alice() -> Vec<Account> {
    vec![Account::named("alice")]
}

impl Case {
    /// Refuses a case whose templated parts cannot be read whatever the names stand for.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<()> {
        if self.why.is_empty() || !self.why.ends_with('.') {
            return Err(format!("{}: why must be one sentence", self.name));
        }
        read::<RuleSettings>(&self.rules).map_err(|error| format!("{}: rules: {error}", self.name))?;
        for (number, step) in self.steps.iter().enumerate() {
            for variant in super::resolve::variants(step) {
                read::<Step>(&variant).map_err(|error| format!("{}: step {}: {error}", self.name, number + 1))?;
            }
        }
        match self.steps.is_empty() {
            true => Err(format!("{}: no steps", self.name)),
            false => Ok(()),
        }
    }

    /// The first of its accounts: the one that relative times and wrong passwords are about.
    #[must_use]
    pub fn main_account(&self) -> Option<&str> {
        self.accounts.first().map(|account| account.name.as_str())
    }
}

/// Reads a value that is complete.
pub(super) fn read<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T> {
    T::deserialize(value).map_err(|error| error.to_string())
}

/// What not every server can do. Never a server's name: a new backend says what it can do, and the table follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Capability {
    /// Enforces password history on a reset when asked to.
    PolicyHints,
    /// Cannot.
    NoPolicyHints,
    /// Refuses passwords that contain the account's names.
    NameRules,
    /// Names the broken rule in its refusal.
    StatesRule,
    /// Answers the same for every broken rule, as Windows does.
    InfersRule,
    /// Can be given a password filter that refuses what contains "Forbidden".
    PasswordFilter,
    /// Can hold the krbtgt account of a read-only domain controller.
    RodcKrbtgt,
    /// Exempts an account that needs no password from length and complexity.
    NotRequiredExempt,
    /// Can give an account a common name that is not its sAMAccountName.
    CommonNames,
    /// Lets an account be named explicitly as another one is implicitly.
    ImpliedNames,
    /// Has a clock of its own, which may differ from this machine's.
    RealClock,
    /// Expires at once what a service account without the right to unexpire has set.
    UnexpireRight,
    /// Refuses every password of an account that logs on with a smart card only.
    SmartcardRefused,
}

impl Capability {
    /// The word for it in the data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PolicyHints => "policy_hints",
            Self::NoPolicyHints => "no_policy_hints",
            Self::NameRules => "name_rules",
            Self::StatesRule => "states_rule",
            Self::InfersRule => "infers_rule",
            Self::PasswordFilter => "password_filter",
            Self::RodcKrbtgt => "rodc_krbtgt",
            Self::NotRequiredExempt => "not_required_exempt",
            Self::CommonNames => "common_names",
            Self::ImpliedNames => "implied_names",
            Self::RealClock => "real_clock",
            Self::UnexpireRight => "unexpire_right",
            Self::SmartcardRefused => "smartcard_refused",
        }
    }
}

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

/// A global security group.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// The groups it is in: of the case's own that stand before it, or well-known ones such as `Domain Admins`.
    #[serde(default)]
    pub member_of: Vec<String>,
}

/// What an account is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// A person's.
    #[default]
    User,
    /// A member computer's.
    Computer,
    /// A group managed service account.
    GroupManagedServiceAccount,
    /// That of a trust.
    Trust,
    /// The krbtgt account of a read-only domain controller.
    RodcKrbtgt,
    /// One that every domain has: krbtgt, Administrator.
    BuiltIn,
}

/// An account as the case finds it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// What the case calls it, and its sAMAccountName (a computer's and a managed account's gets a `$`).
    pub name: String,
    /// What it is.
    #[serde(default)]
    pub kind: Kind,
    /// Its password.
    #[serde(default = "password")]
    pub password: String,
    /// Its former passwords, the oldest first.
    #[serde(default)]
    pub former_passwords: Vec<String>,
    /// When its password was set, from now.
    #[serde(default = "two_days_ago")]
    pub password_set: Span,
    /// The common name, where it is not the name.
    #[serde(default)]
    pub common_name: Option<String>,
    /// The organizational unit below the case's own that it lies in; the case's own where absent.
    #[serde(default)]
    pub container: Option<String>,
    /// The explicit user principal name: absent for `name@domain`, `null` for none.
    #[serde(default = "usual_name")]
    pub user_principal_name: Option<String>,
    /// The display name.
    #[serde(default)]
    pub display_name: Option<String>,
    /// mS-DS-ConsistencyGuid.
    #[serde(default)]
    pub consistency_guid: Option<Uuid>,
    /// adminCount.
    #[serde(default)]
    pub admin_count: Option<u32>,
    /// The groups it is in.
    #[serde(default)]
    pub member_of: Vec<String>,
    /// Its primary group, of which it is then a member.
    #[serde(default)]
    pub primary_group: Option<String>,
    /// When it expires, from now.
    #[serde(default)]
    pub expires: Option<Span>,
    /// It is disabled.
    #[serde(default)]
    pub disabled: bool,
    /// Its password must be changed at the next logon.
    #[serde(default)]
    pub must_change_password: bool,
    /// Its password never expires.
    #[serde(default)]
    pub password_never_expires: bool,
    /// Its user cannot change the password.
    #[serde(default)]
    pub cannot_change_password: bool,
    /// It logs on with a smart card only.
    #[serde(default)]
    pub smartcard_required: bool,
    /// It needs no password.
    #[serde(default)]
    pub password_not_required: bool,
    /// It inherits no rights from its container, so that what is delegated there does not reach it.
    #[serde(default)]
    pub inheritance_broken: bool,
    /// When it was locked out, from now.
    #[serde(default)]
    pub locked: Option<Span>,
}

/// The user principal name that goes with a sAMAccountName.
pub(super) const USUAL_NAME: &str = "${name}@${domain.dns}";

fn usual_name() -> Option<String> {
    Some(USUAL_NAME.to_owned())
}

fn password() -> String {
    PASSWORD.to_owned()
}

fn two_days_ago() -> Span {
    Span::seconds(-2 * 86_400)
}

impl Account {
    /// An ordinary user of that name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Account {
            name: name.to_owned(),
            kind: Kind::User,
            password: password(),
            former_passwords: Vec::new(),
            password_set: two_days_ago(),
            common_name: None,
            container: None,
            user_principal_name: usual_name(),
            display_name: None,
            consistency_guid: None,
            admin_count: None,
            member_of: Vec::new(),
            primary_group: None,
            expires: None,
            disabled: false,
            must_change_password: false,
            password_never_expires: false,
            cannot_change_password: false,
            smartcard_required: false,
            password_not_required: false,
            inheritance_broken: false,
            locked: None,
        }
    }

    /// The explicit user principal name in a domain.
    #[must_use]
    pub fn upn(&self, dns_domain: &str) -> Option<String> {
        let name = self.user_principal_name.as_deref()?;
        Some(name.replace("${name}", &self.name).replace("${domain.dns}", dns_domain))
    }
}

/// A right of the service account.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Right {
    /// Reset Password on the accounts.
    ResetPassword,
    /// Writing lockoutTime.
    WriteLockoutTime,
    /// Writing pwdLastSet.
    WritePwdLastSet,
    /// Unexpire Password on the domain.
    UnexpirePassword,
    /// Reading the fine-grained policies.
    PasswordSettingsContainer,
    /// Reading an attribute of the accounts, by its LDAP name.
    Read(String),
}

impl<'de> Deserialize<'de> for Right {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(match text.as_str() {
            "reset_password" => Right::ResetPassword,
            "write_lockout_time" => Right::WriteLockoutTime,
            "write_pwd_last_set" => Right::WritePwdLastSet,
            "unexpire_password" => Right::UnexpirePassword,
            "password_settings_container" => Right::PasswordSettingsContainer,
            other => match other.strip_prefix("read:") {
                Some(attribute) if !attribute.is_empty() => Right::Read(attribute.to_owned()),
                _ => return Err(serde::de::Error::custom(format!("no right is called {other:?}"))),
            },
        })
    }
}

/// The service account of a case.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The rights it lacks.
    #[serde(default)]
    pub without: Vec<Right>,
}

impl Service {
    /// Whether it has a right.
    #[must_use]
    pub fn has(&self, right: &Right) -> bool {
        !self.without.contains(right)
    }

    /// The attributes it may not read.
    pub fn unreadable(&self) -> impl Iterator<Item = &str> {
        self.without.iter().filter_map(|right| match right {
            Right::Read(attribute) => Some(attribute.as_str()),
            _ => None,
        })
    }
}
