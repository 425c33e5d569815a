//! What the runner needs of a directory to try a case on it.

use super::Result;
use super::hands::Opened;
use super::scene::{Scene, State};
use super::schema::{Capability, Case};
use async_trait::async_trait;
use jiff::Timestamp;
use password_writeback::Rules;
use std::fmt;
use std::time::{Duration, Instant};

pub use super::after::Logon;

/// A kind of directory that cases run over.
#[async_trait]
pub trait Backend: fmt::Debug + Send + Sync {
    /// Its name in the table of results.
    fn name(&self) -> &'static str;

    /// What it can do of what not every server can.
    fn capabilities(&self) -> &'static [Capability];

    /// A directory as a case describes it.
    ///
    /// # Errors
    /// What could not be set up.
    async fn set_up(&self, case: &Case) -> Result<Box<dyn Stage>>;
}

/// The directory of one case.
#[async_trait]
pub trait Stage: Send + Sync {
    /// When its building began: what came before was waiting for another case.
    fn begun(&self) -> Instant;

    /// The names in it.
    fn scene(&self) -> &Scene;

    /// What the case is tried with, under rules.
    ///
    /// # Errors
    /// What went wrong on the way; what the library itself says against the rules is within.
    async fn open(&self, rules: Rules) -> Result<Opened>;

    /// The commands with which another language makes the same directory under rules, or reaches it: see [`Foreign`].
    ///
    /// # Errors
    /// What cannot be described.
    ///
    /// [`Foreign`]: super::Foreign
    fn described(&self, rules: &Rules) -> Result<Vec<serde_json::Value>>;

    /// The directory's time.
    fn now(&self) -> Timestamp;

    /// Lets time pass.
    async fn advance(&self, by: Duration) -> Result<()>;

    /// A logon of the user itself, which counts as one.
    async fn logon(&self, account: &str, password: &str) -> Result<Logon>;

    /// An account as the administrator reads it.
    async fn state(&self, account: &str) -> Result<State>;

    /// Leaves the directory as it was found.
    async fn tear_down(&mut self) -> Result<()>;
}
