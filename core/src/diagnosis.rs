//! What an examination of the deployment found.

use crate::words::words;
use serde::{Deserialize, Serialize};

words! {
    /// How a check ended.
    pub enum CheckStatus {
        /// It works.
        Ok = "ok",
        /// It works, with a reservation.
        Warning = "warning",
        /// It does not work.
        Failed = "failed",
        /// It could not be found out.
        Unknown = "unknown",
    }
}

/// One check of an examination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Check {
    /// The fixed name of the check.
    pub name: String,
    /// How it ended.
    pub status: CheckStatus,
    /// What was seen.
    pub detail: String,
    /// What mends it; absent where nothing needs mending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// Whether a deployment is able to do its job, and if not, what to fix.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The checks, in the order they were made.
    pub checks: Vec<Check>,
}

impl Diagnosis {
    /// Whether nothing failed and nothing is unknown.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.checks
            .iter()
            .all(|check| matches!(check.status, CheckStatus::Ok | CheckStatus::Warning))
    }

    pub(crate) fn add(&mut self, name: &str, status: CheckStatus, detail: impl Into<String>, fix: Option<String>) {
        self.checks.push(Check {
            name: name.to_owned(),
            status,
            detail: detail.into(),
            fix,
        });
    }
}
