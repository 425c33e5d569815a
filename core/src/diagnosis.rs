//! What an examination of the deployment found.

use crate::error::Outcome;
use crate::words::words;
use serde::{Deserialize, Serialize};
use std::fmt;

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

words! {
    /// The fixed names of the checks. The manual says what each means and what mends it.
    pub enum CheckName {
        /// DNS names the domain controllers of the domain, where the settings name a domain.
        Discovery = "discovery",
        /// The name of a domain controller leads to an address.
        NameResolution = "name_resolution",
        /// The port takes a connection.
        Port = "port",
        /// The handshake succeeds, and the certificate is trusted and for the name.
        Tls = "tls",
        /// How long the certificates of the chain remain valid.
        Certificate = "certificate",
        /// What protects the channel.
        Encryption = "encryption",
        /// The service account can log on.
        Bind = "bind",
        /// The domain controller takes writes.
        Writable = "writable",
        /// Password history can be enforced on a reset.
        PolicyHints = "policy_hints",
        /// The clocks agree.
        ClockSkew = "clock_skew",
        /// The other domain controllers of the domain answer.
        ReplicationPartner = "replication_partner",
        /// The right Unexpire Password on the domain.
        UnexpirePassword = "unexpire_password",
        /// Fine-grained policies can be read.
        FineGrainedPolicies = "fine_grained_policies",
        /// The account was found, and what must be known of it can be read.
        Account = "account",
        /// The subtree was found.
        Subtree = "subtree",
        /// The settings allow writing there.
        Scope = "scope",
        /// No rule protects the account.
        Protection = "protection",
        /// No mark of a former membership in a protected group is left.
        AdminCount = "admin_count",
        /// Rights that are granted on the parents reach the object.
        Inheritance = "inheritance",
        /// The right Reset Password.
        ResetRight = "reset_right",
        /// The right Change Password.
        ChangeRight = "change_right",
        /// The right to write lockoutTime.
        UnlockRight = "unlock_right",
        /// The right to write pwdLastSet.
        RequireChangeRight = "require_change_right",
        /// The rights to read what the library goes by.
        ReadRights = "read_rights",
        /// The policy of the account can be read.
        Policy = "policy",
        /// The account may be used as a canary.
        Canary = "canary",
        /// A change was required of the canary.
        CanaryRequireChange = "canary_require_change",
        /// The canary's password was reset.
        CanaryReset = "canary_reset",
        /// The canary logged on with it.
        CanaryLogon = "canary_logon",
        /// The canary's password was changed, and the canary logged on with the new one.
        CanaryChange = "canary_change",
        /// The canary was unlocked.
        CanaryUnlock = "canary_unlock",
    }
}

words! {
    /// What carries a command out.
    pub enum Tool {
        /// `dsacls`, at a Windows command prompt.
        Dsacls = "dsacls",
        /// PowerShell with the module ActiveDirectory.
        PowerShell = "powershell",
        /// `samba-tool` in a shell of root on a Samba domain controller; for what it cannot do, `ldbmodify`, which comes with it.
        SambaTool = "samba_tool",
    }
}

/// A command that mends what a check found. Run it as an administrator of the domain, and read it first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Command {
    /// What carries it out.
    pub tool: Tool,
    /// One line.
    pub command: String,
}

impl Command {
    pub(crate) fn new(tool: Tool, command: String) -> Self {
        Command { tool, command }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.command)
    }
}

/// One check of an examination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Check {
    /// The fixed name of the check: one of [`CheckName`], or of a later version's.
    pub name: String,
    /// How it ended.
    pub status: CheckStatus,
    /// What was seen.
    pub detail: String,
    /// What mends it, for people; absent where nothing needs mending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// The commands that mend it. Each tool alone suffices; several of one tool are all needed, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<Command>,
}

impl Check {
    pub(crate) fn new(name: CheckName, status: CheckStatus, detail: impl Into<String>) -> Self {
        Check {
            name: name.as_str().to_owned(),
            status,
            detail: detail.into(),
            fix: None,
            commands: Vec::new(),
        }
    }

    pub(crate) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    pub(crate) fn commands(mut self, commands: Vec<Command>) -> Self {
        self.commands = commands;
        self
    }

    /// Whether this is the check of that name.
    #[must_use]
    pub fn is(&self, name: CheckName) -> bool {
        self.name == name.as_str()
    }
}

/// Whether a deployment is able to do its job, and if not, what to fix.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The checks, in the order they were made.
    pub checks: Vec<Check>,
    /// What became of the writes of a canary; absent where none was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

impl Diagnosis {
    /// Whether nothing failed and nothing is unknown.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.checks
            .iter()
            .all(|check| matches!(check.status, CheckStatus::Ok | CheckStatus::Warning))
    }

    /// The checks of a name, one for each domain controller or account it was made of.
    pub fn named(&self, name: CheckName) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(move |check| check.is(name))
    }

    pub(crate) fn push(&mut self, check: Check) {
        self.checks.push(check);
    }

    pub(crate) fn ok(&mut self, name: CheckName, detail: impl Into<String>) {
        self.push(Check::new(name, CheckStatus::Ok, detail));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_tells_of_every_check() {
        let manual = include_str!("manual/doctor.rs");
        let rows = manual.lines().filter_map(|line| line.strip_prefix("//! | `"));
        let mut told: Vec<&str> = rows.filter_map(|row| row.split('`').next()).collect();
        let tools = Tool::ALL.iter().map(|tool| tool.as_str());
        let mut known: Vec<&str> = CheckName::ALL.iter().map(|name| name.as_str()).chain(tools).collect();
        told.sort_unstable();
        known.sort_unstable();
        assert_eq!(told, known);
    }

    #[test]
    fn an_older_answer_is_read() {
        let old = r#"{"checks": [{"name": "of_a_later_version", "status": "ok", "detail": ""}]}"#;
        let read: Diagnosis = serde_json::from_str(old).unwrap();
        assert!(read.is_healthy() && read.checks[0].commands.is_empty() && read.outcome.is_none());
        assert_eq!(read.named(CheckName::Bind).count(), 0);
    }
}
