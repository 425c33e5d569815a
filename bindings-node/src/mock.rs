//! What a Node test does to a mock directory, beside the operations: one command, by its name, with its parts as JSON.

use crate::answer::{answer, misuse};
use crate::directory::Directory;
use crate::secret::{Secret, password};
use napi_derive::napi;
use password_writeback::mock::options::{
    FaultOptions, MockFineGrainedPolicyOptions, MockGroupOptions, MockPolicyOptions, MockUserOptions,
};
use password_writeback::mock::{MockDirectory, MockRight};
use password_writeback::options::IdentityOptions;
use password_writeback::{Clock, Error, Identity, Password};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;

/// The parts of a command; each takes those it needs.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Parts {
    /// What is added, set or armed.
    given: Value,
    identity: Option<IdentityOptions>,
    text: Option<String>,
    right: Option<MockRight>,
    times: Option<u32>,
    seconds: Option<f64>,
}

impl Parts {
    fn given<T: DeserializeOwned>(&self, what: &str) -> Result<T, Error> {
        T::deserialize(&self.given).map_err(|error| misuse(&format!("{what} cannot be read: {error}")))
    }

    fn identity(&self) -> Result<Identity, Error> {
        let identity = self.identity.clone().ok_or_else(|| misuse("no identity is given"))?;
        identity.identity()
    }

    fn text(&self) -> Result<&str, Error> {
        self.text.as_deref().ok_or_else(|| misuse("a name is missing"))
    }

    fn right(&self) -> Result<MockRight, Error> {
        self.right.ok_or_else(|| misuse("no right is given"))
    }
}

fn carry_out(mock: &MockDirectory, command: &str, parts: &Parts, mut passwords: Vec<Password>) -> Result<Value, Error> {
    Ok(match command {
        "add_user" => {
            let current = (!passwords.is_empty()).then(|| passwords.remove(0));
            let user: MockUserOptions = parts.given("the user")?;
            json!(mock.add_user(user.user(current, passwords)?)?)
        }
        "add_group" => {
            let group: MockGroupOptions = parts.given("the group")?;
            json!(mock.add_group(group.group()?)?.to_string())
        }
        "add_fine_grained_policy" => {
            let policy: MockFineGrainedPolicyOptions = parts.given("the fine-grained policy")?;
            json!(mock.add_fine_grained_policy(policy.fine_grained_policy())?)
        }
        "nest_group" => {
            let (member, group): (String, String) = parts.given("the groups")?;
            json!(mock.nest_group(&member, &group)?)
        }
        "set_policy" => {
            let policy: MockPolicyOptions = parts.given("the policy")?;
            json!(mock.set_policy(policy.policy()))
        }
        "move_user" => json!(mock.move_user(parts.identity()?, parts.text()?)?),
        "remove_user" => json!(mock.remove_user(parts.identity()?)?),
        "revoke" if parts.identity.is_some() => json!(mock.revoke_on(parts.identity()?, parts.right()?)?),
        "revoke" => json!(mock.revoke(parts.right()?)),
        "grant" if parts.identity.is_some() => json!(mock.grant_on(parts.identity()?, parts.right()?)?),
        "grant" => json!(mock.grant(parts.right()?)),
        "protect_administrators" => json!(mock.protect_administrators()),
        "fail" => json!(fail(mock, parts, passwords.pop())?),
        "clear_faults" => json!(mock.clear_faults()),
        "come_back" => json!(mock.come_back()),
        "account" => json!(mock.account(parts.identity()?)),
        "verify_password" => json!(mock.verify_password(parts.identity()?, needed(passwords.pop())?)),
        "bind" => json!(mock.bind(parts.identity()?, needed(passwords.pop())?).as_str()),
        "bad_password_count" => json!(mock.bad_password_count(parts.identity()?)),
        "writes" => json!(mock.writes()),
        "pending_faults" => json!(mock.pending_faults()),
        "now" => json!(mock.clock().now()),
        "set_now" => json!(mock.clock().set(parts.given("the time")?)),
        "advance" => json!(mock.clock().advance(seconds(parts.seconds)?)),
        _ => return Err(misuse("a mock directory has no such command")),
    })
}

fn fail(mock: &MockDirectory, parts: &Parts, password: Option<Password>) -> Result<(), Error> {
    let fault = parts.given::<FaultOptions>("the fault")?.fault(password)?;
    match parts.times {
        Some(times) => mock.fail_times(times, fault),
        None => mock.fail_always(fault),
    }
    Ok(())
}

fn needed(password: Option<Password>) -> Result<Password, Error> {
    password.ok_or_else(|| misuse("a password is missing"))
}

fn seconds(seconds: Option<f64>) -> Result<Duration, Error> {
    let duration = Duration::try_from_secs_f64(seconds.unwrap_or(-1.0));
    duration.map_err(|_| misuse("seconds must be a number, not below zero"))
}

#[napi]
impl Directory {
    /// Does something to the mock directory below the layers.
    #[napi(catch_unwind)]
    pub fn play(&self, command: String, parts: String, secrets: Vec<Secret<'_>>) -> String {
        answer(self.play_it(&command, &parts, &secrets))
    }
}

impl Directory {
    fn play_it(&self, command: &str, parts: &str, secrets: &[Secret<'_>]) -> Result<Value, Error> {
        let mock = self.mock()?;
        let parts: Parts =
            serde_json::from_str(parts).map_err(|error| misuse(&format!("the command cannot be read: {error}")))?;
        let passwords = secrets.iter().map(password).collect::<Result<_, _>>()?;
        carry_out(&mock, command, &parts, passwords)
    }
}
