//! A backend whose operations another language carries out, through its own package. The directory is made, set up, watched and
//! compared here; a mock directory is the other language's own, made from the same description.
//!
//! Every command is a JSON object that says what to `do`; every answer is one with `ok`, or with `error`: the error of the
//! library, serialized. The README beside the cases lists the commands.

use super::backend::{Backend, Logon, Stage};
use super::hands::{Hands, Opened};
use super::perform::Answer;
use super::scene::{Scene, State};
use super::schema::{Capability, Case};
use super::{Live, Mock, Result};
use async_trait::async_trait;
use jiff::Timestamp;
use password_writeback::{Error, Rules};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The way to the other language.
#[async_trait]
pub trait Wire: fmt::Debug + Send + Sync {
    /// Sends a command and waits for its answer.
    ///
    /// # Errors
    /// Where the other side has gone.
    async fn ask(&self, command: Value) -> Result<Value>;
}

/// A backend, seen through another language.
#[derive(Debug)]
pub struct Foreign {
    inner: Box<dyn Backend>,
    wire: Arc<dyn Wire>,
    /// The directory is in the other language's memory.
    theirs: bool,
}

impl Foreign {
    /// A mock directory of the other language.
    pub fn mock(kind: Mock, wire: Arc<dyn Wire>) -> Self {
        Foreign {
            inner: Box::new(kind),
            wire,
            theirs: true,
        }
    }

    /// A live domain controller.
    pub fn live(live: Live, wire: Arc<dyn Wire>) -> Self {
        Foreign {
            inner: Box::new(live),
            wire,
            theirs: false,
        }
    }
}

#[async_trait]
impl Backend for Foreign {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn capabilities(&self) -> &'static [Capability] {
        self.inner.capabilities()
    }

    async fn set_up(&self, case: &Case) -> Result<Box<dyn Stage>> {
        Ok(Box::new(ForeignStage {
            inner: self.inner.set_up(case).await?,
            wire: Arc::clone(&self.wire),
            theirs: self.theirs,
        }))
    }
}

struct ForeignStage {
    inner: Box<dyn Stage>,
    wire: Arc<dyn Wire>,
    theirs: bool,
}

/// What the other side answers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reply {
    #[serde(default)]
    ok: Value,
    error: Option<Error>,
    /// Everything that is printed of the answer.
    #[serde(default)]
    printed: String,
}

async fn ask(wire: &dyn Wire, command: Value) -> Result<Reply> {
    let reply = wire.ask(command.clone()).await?;
    Reply::deserialize(&reply).map_err(|error| format!("{command} was answered with {reply}: {error}"))
}

impl ForeignStage {
    /// An answer that cannot be an error.
    async fn get(&self, command: Value) -> Result<Value> {
        let reply = ask(self.wire.as_ref(), command).await?;
        match reply.error {
            Some(error) => Err(error.to_string()),
            None => Ok(reply.ok),
        }
    }

    /// What the account is called in an operation.
    fn sam(&self, account: &str) -> Result<&str> {
        let place = self.scene().places.get(account);
        place
            .and_then(|place| place.sam.as_deref())
            .ok_or_else(|| format!("the case has no {account}"))
    }
}

#[async_trait]
impl Stage for ForeignStage {
    fn begun(&self) -> Instant {
        self.inner.begun()
    }

    fn scene(&self) -> &Scene {
        self.inner.scene()
    }

    async fn open(&self, rules: Rules) -> Result<Opened> {
        for command in self.described(&rules)? {
            let reply = ask(self.wire.as_ref(), command).await?;
            if let Some(error) = reply.error {
                return Ok(Err(error));
            }
        }
        Ok(Ok(Box::new(TheirHands(Arc::clone(&self.wire)))))
    }

    fn described(&self, rules: &Rules) -> Result<Vec<Value>> {
        self.inner.described(rules)
    }

    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    async fn advance(&self, by: Duration) -> Result<()> {
        self.inner.advance(by).await?;
        if self.theirs {
            self.get(json!({"do": "advance", "seconds": by.as_secs_f64()})).await?;
        }
        Ok(())
    }

    async fn logon(&self, account: &str, password: &str) -> Result<Logon> {
        if !self.theirs {
            return self.inner.logon(account, password).await;
        }
        let command = json!({"do": "bind", "account": self.sam(account)?, "password": password});
        let answer = self.get(command).await?;
        Logon::deserialize(&answer).map_err(|_| format!("a logon was answered with {answer}"))
    }

    async fn state(&self, account: &str) -> Result<State> {
        if !self.theirs {
            return self.inner.state(account).await;
        }
        let answer = self
            .get(json!({"do": "account", "account": self.sam(account)?}))
            .await?;
        Stored::deserialize(&answer)
            .map(State::from)
            .map_err(|error| format!("{account}: {error}: {answer}"))
    }

    async fn tear_down(&mut self) -> Result<()> {
        let closed = self.get(json!({"do": "close"})).await;
        self.inner.tear_down().await?;
        closed.map(|_| ())
    }
}

/// What is looked at of a stored account.
#[derive(Deserialize)]
struct Stored {
    user_account_control: u32,
    locked: bool,
    must_change_password: bool,
    bad_password_count: u32,
    password_last_set: Option<Timestamp>,
}

/// ACCOUNTDISABLE (MS-ADTS 2.2.16).
const DISABLED: u32 = 0x2;

impl From<Stored> for State {
    fn from(stored: Stored) -> State {
        State {
            enabled: stored.user_account_control & DISABLED == 0,
            locked: stored.locked,
            must_change_password: stored.must_change_password,
            bad_password_count: stored.bad_password_count,
            password_set: stored.password_last_set,
        }
    }
}

/// The other language.
#[derive(Debug)]
struct TheirHands(Arc<dyn Wire>);

/// The operations, as a step writes them, and what each answers.
const OPERATIONS: [(&str, &str); 8] = [
    ("reset_password", "receipt"),
    ("change_password", "receipt"),
    ("unlock_account", "receipt"),
    ("require_password_change", "receipt"),
    ("check_password", "verdict"),
    ("find_account", "account"),
    ("password_policy", "policy"),
    ("diagnose", "diagnosis"),
];

#[async_trait]
impl Hands for TheirHands {
    async fn perform(&self, step: &Value) -> Result<Option<Answer>> {
        let written = OPERATIONS
            .iter()
            .find_map(|(operation, kind)| Some((operation, kind, step.get(operation)?)));
        let Some((operation, kind, request)) = written else {
            return Ok(None);
        };
        let command = json!({"do": "perform", "operation": operation, "request": request});
        let reply = ask(self.0.as_ref(), command).await?;
        Ok(Some(match reply.error {
            Some(error) => Answer {
                kind: "error",
                json: serde_json::to_value(&error).map_err(|error| error.to_string())?,
                printed: reply.printed,
            },
            None => Answer {
                kind,
                json: reply.ok,
                printed: reply.printed,
            },
        }))
    }
}
