//! What stands in a case before its steps: the directory as the case finds it. A misspelt field is an error.

mod account;
mod capability;
mod layers;
mod policy;
mod rules;
mod service;

pub use account::{Account, Group, Kind};
pub use capability::Capability;
pub use layers::RateLimit;
pub(super) use layers::stack;
pub use policy::{FineGrainedPolicy, PolicySettings};
pub use rules::RuleSettings;
pub use service::{Right, Service};

use super::Result;
use super::step::Step;
use serde::Deserialize;
use serde_json::Value;

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
    /// The rate limit around the backend.
    pub rate_limit: Option<RateLimit>,
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
            super::resolve::check_choices(step).map_err(|error| format!("{}: {error}", self.name))?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A case with one value at one place put in.
    fn check(pointer: &str, name: &str, value: Value) -> Result<()> {
        let mut case = json!({
            "name": "reset", "why": "A reason.", "rules": {}, "policy": {}, "accounts": [{"name": "alice"}],
            "steps": [{
                "reset_password": {"identity": {"sam": "alice"}, "new_password": "New-Passw0rd-2"},
                "expect": {"error": {"code": "POLICY_VIOLATION", "violations": [{"rule": "history"}]}},
                "after": {"alice": {"binds": {}}},
            }],
        });
        let place = case.pointer_mut(pointer).and_then(Value::as_object_mut);
        place.expect("the place").insert(name.to_owned(), value);
        read::<Case>(&case)?.check()
    }

    #[test]
    fn what_is_misspelt_is_refused() {
        assert_eq!(check("", "needs", json!(["policy_hints"])), Ok(()));
        for (pointer, name, value) in [
            ("", "need", json!([])),
            ("", "needs", json!(["samba"])),
            ("", "why", json!("")),
            ("/rules", "histroy", json!("off")),
            ("/rules", "history", json!("of")),
            ("", "rate_limit", json!({"per_account": {"count": 1, "period": 60}})),
            ("", "rate_limit", json!({"per_user": {"count": 1, "period": "60s"}})),
            ("/policy", "min_lenght", json!(7)),
            ("/policy", "min_age", json!("1 day")),
            ("/accounts/0", "disable", json!(true)),
            ("/accounts/0", "kind", json!("robot")),
            ("", "service", json!({"without": ["write_everything"]})),
            ("/steps/0", "expects", json!({})),
            ("/steps/0", "advance", json!("1d")),
            ("/steps/0/reset_password", "newpassword", json!("x")),
            ("/steps/0/reset_password/identity", "name", json!("alice")),
            ("/steps/0/expect", "receipt", json!({})),
            ("/steps/0/expect/error", "cause", json!("x")),
            ("/steps/0/expect/error", "code", json!("POLICY_VIOLATED")),
            ("/steps/0/expect/error/violations/0", "certainty", json!("certain")),
            ("/steps/0/expect/error/violations/0", "retry_at", json!("tomorrow")),
            (
                "/steps/0/expect/error",
                "reason",
                json!({"if": "windows", "then": null, "else": null}),
            ),
            ("/steps/0/after/alice", "lock", json!(true)),
            ("/steps/0/after/alice/binds", "x", json!("yes")),
        ] {
            assert!(check(pointer, name, value).is_err(), "{pointer} {name}");
        }
    }
}
