//! Running one case on one backend.

use super::after::{After, PasswordSet};
use super::backend::{Backend, Stage};
use super::compare::{Times, differences, fill_in};
use super::hands::Hands;
use super::perform::{Answer, answer};
use super::resolve::resolve;
use super::schema::{Case, RuleSettings, read};
use super::step::{Action, Step};
use super::{Result, State};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// A password that nobody has.
const WRONG: &str = "Not-the-Passw0rd";

/// Runs a case, and tells how long it took. The error says everything that was not as expected.
///
/// # Errors
/// Where the case fails, or could not be set up.
pub async fn run(case: &Case, backend: &dyn Backend) -> Result<Duration> {
    let mut stage = backend
        .set_up(case)
        .await
        .map_err(|error| format!("the case could not be set up: {error}"))?;
    let played = Play {
        case,
        backend,
        stage: stage.as_ref(),
    }
    .play()
    .await;
    let left = stage.tear_down().await;
    played.map_err(|error| format!("{error}\nwhy: {}", case.why))?;
    left.map_err(|error| format!("the case could not be cleared away: {error}"))?;
    Ok(stage.begun().elapsed())
}

/// A case on its stage.
struct Play<'a> {
    case: &'a Case,
    backend: &'a dyn Backend,
    stage: &'a dyn Stage,
}

impl Play<'_> {
    async fn play(&self) -> Result<()> {
        let rules: RuleSettings = read(&self.resolve(&self.case.rules)?)?;
        let opened = self.stage.open(rules.into()).await?;
        for (number, written) in self.case.steps.iter().enumerate() {
            let differences = match &opened {
                Ok(hands) => self.step(written, hands.as_ref()).await?,
                // Settings that are refused are the answer to every operation.
                Err(error) => self.judge(written, answer::<()>("", Err(error.clone())), &BTreeMap::new())?,
            };
            if !differences.is_empty() {
                let number = number + 1;
                return Err(format!("step {number}: {written}\n  {}", differences.join("\n  ")));
            }
        }
        Ok(())
    }

    fn resolve(&self, value: &Value) -> Result<Value> {
        resolve(value, self.stage.scene(), self.backend.capabilities())
    }

    async fn step(&self, written: &Value, hands: &dyn Hands) -> Result<Vec<String>> {
        let resolved = self.resolve(written)?;
        let step: Step = read(&resolved)?;
        let before = self.states(&step).await?;
        let mut differences = Vec::new();
        match (&step.action, hands.perform(&resolved).await?) {
            (_, Some(answer)) => {
                differences.extend(leaks(&step.action, &answer));
                differences.extend(self.judge(written, answer, &before)?);
            }
            (Action::Advance(by), None) => self.stage.advance(by.length()).await?,
            (Action::WrongPasswords(times), None) => self.try_wrong_passwords(*times).await?,
            _ => {}
        }
        for (account, after) in &step.after {
            differences.extend(self.look_after(account, after, before.get(account)).await?);
        }
        Ok(differences)
    }

    async fn try_wrong_passwords(&self, times: u32) -> Result<()> {
        let account = self.case.main_account().ok_or("the case has no account")?;
        for _ in 0..times {
            self.stage.logon(account, WRONG).await?;
        }
        Ok(())
    }

    /// The states that a step's expectations refer to, before it.
    async fn states(&self, step: &Step) -> Result<BTreeMap<String, State>> {
        let main = self.case.main_account().into_iter();
        let mut states = BTreeMap::new();
        for account in main.chain(step.after.keys().map(String::as_str)) {
            states.insert(account.to_owned(), self.stage.state(account).await?);
        }
        Ok(states)
    }

    fn judge(&self, written: &Value, got: Answer, before: &BTreeMap<String, State>) -> Result<Vec<String>> {
        let written = self.resolve(written)?;
        let expected = written.get("expect").and_then(Value::as_object);
        let Some((kind, expected)) = expected.and_then(|expected| expected.iter().next()) else {
            return Err("the step has no expect".into());
        };
        if kind != got.kind {
            return Ok(vec![format!(
                "expected {kind} {expected}, got {} {}",
                got.kind, got.json
            )]);
        }
        let mut expected = expected.as_object().cloned().unwrap_or_default();
        fill_in(kind, &mut expected);
        let main = self.case.main_account().and_then(|account| before.get(account));
        let times = Times {
            now: self.stage.now(),
            password_set: main.and_then(|state| state.password_set),
        };
        Ok(differences(kind, &Value::Object(expected), &got.json, times))
    }

    async fn look_after(&self, account: &str, after: &After, before: Option<&State>) -> Result<Vec<String>> {
        let state = self.stage.state(account).await?;
        let mut differences = state_differences(account, after, &state, before, self.stage.now());
        for (password, expected) in &after.binds {
            let got = self.stage.logon(account, password).await?;
            if got != *expected {
                differences.push(format!(
                    "{account} with {password:?}: expected {expected:?}, got {got:?}"
                ));
            }
        }
        Ok(differences)
    }
}

fn state_differences(
    account: &str,
    after: &After,
    state: &State,
    before: Option<&State>,
    now: jiff::Timestamp,
) -> Vec<String> {
    let mut differences = Vec::new();
    let mut compare = |what: &str, expected: Option<String>, got: String| {
        if let Some(expected) = expected.filter(|expected| *expected != got) {
            differences.push(format!("{account}.{what}: expected {expected}, got {got}"));
        }
    };
    let text = |flag: Option<bool>| flag.map(|flag| flag.to_string());
    compare("enabled", text(after.enabled), state.enabled.to_string());
    compare("locked", text(after.locked), state.locked.to_string());
    compare(
        "must_change_password",
        text(after.must_change_password),
        state.must_change_password.to_string(),
    );
    compare(
        "bad_password_count",
        after.bad_password_count.map(|count| count.to_string()),
        state.bad_password_count.to_string(),
    );
    let set = match (state.password_set, before.and_then(|before| before.password_set)) {
        (now, before) if now == before => "Unchanged".to_owned(),
        (Some(set), _) if now.duration_since(set).as_secs().abs() <= 5 => "Now".to_owned(),
        (other, _) => format!("{other:?}"),
    };
    compare(
        "password_set",
        after.password_set.map(|expected: PasswordSet| format!("{expected:?}")),
        set,
    );
    differences
}

/// Passwords that show in an answer.
fn leaks(action: &Action, answer: &Answer) -> Vec<String> {
    // Shorter ones occur by chance.
    let long = action.secrets().into_iter().filter(|secret| secret.len() >= 8);
    let text = answer.json.to_string();
    long.filter(|secret| text.contains(secret) || answer.printed.contains(secret))
        .map(|_| format!("the answer holds a password: {text}"))
        .collect()
}
