//! What was done, where, when, and how it was verified.

use crate::account::Account;
use crate::words::words;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

words! {
    /// The operations of the library.
    pub enum Operation {
        /// Set a password without the old one.
        ResetPassword = "reset_password",
        /// Set a password with the old one.
        ChangePassword = "change_password",
        /// Clear a lockout.
        UnlockAccount = "unlock_account",
        /// Force a new password at the next logon.
        RequirePasswordChange = "require_password_change",
        /// Judge a candidate without writing it.
        CheckPassword = "check_password",
        /// Read the facts of an account.
        FindAccount = "find_account",
        /// Read the policy that applies to an account.
        PasswordPolicy = "password_policy",
        /// Examine the deployment.
        Diagnose = "diagnose",
    }
}

impl Operation {
    /// Whether the operation is meant to change the directory.
    #[must_use]
    pub const fn writes(self) -> bool {
        match self {
            Operation::ResetPassword
            | Operation::ChangePassword
            | Operation::UnlockAccount
            | Operation::RequirePasswordChange => true,
            Operation::CheckPassword | Operation::FindAccount | Operation::PasswordPolicy | Operation::Diagnose => {
                false
            }
        }
    }
}

words! {
    /// Whether the server checked the password history (with it, the minimum age) for this write.
    pub enum HistoryEnforcement {
        /// It did.
        Enforced = "enforced",
        /// It did not: the request asked for none, or the server cannot and the request allowed that.
        NotEnforced = "not_enforced",
        /// The operation sets no password.
        NotApplicable = "not_applicable",
    }
}

words! {
    /// How it was verified that the write took effect, beyond the server's own reply.
    pub enum Verification {
        /// Not beyond the reply: the account could not be read back, or the rules leave that out.
        None = "none",
        /// The account was read back from the same domain controller.
        ReRead = "re_read",
        /// The user's new password was tried in a logon to the same domain controller.
        Bind = "bind",
    }
}

words! {
    /// Something the caller should know about a write that succeeded.
    pub enum Warning {
        /// The new password has expired already: the service account lacks the Unexpire Password right on the domain.
        ExpiredAtOnce = "expired_at_once",
        /// The account is disabled.
        AccountDisabled = "account_disabled",
        /// The account has expired.
        AccountExpired = "account_expired",
        /// The account is still locked out.
        StillLocked = "still_locked",
        /// The unlock was left out: the service account may not write lockoutTime.
        UnlockNotPermitted = "unlock_not_permitted",
    }
}

/// The proof of a write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Receipt {
    /// What was done.
    pub operation: Operation,
    /// The account, as read back afterwards where that was possible.
    pub account: Account,
    /// The DNS name of the one domain controller that did it.
    pub domain_controller: String,
    /// The request's correlation id.
    pub correlation_id: String,
    /// Whether history and minimum age were enforced.
    pub history: HistoryEnforcement,
    /// When the server recorded the password as set; absent while a change is required, or where it could not be read back.
    pub password_last_set: Option<Timestamp>,
    /// Whether this write unlocked: it set lockoutTime to 0, which ends a lockout and starts the count of bad passwords anew.
    ///
    /// It says what was done, not that the account was locked before: a lockout can come and go between a look and a write.
    pub unlocked: bool,
    /// Whether the user must change the password at the next logon.
    pub must_change_password: bool,
    /// How the write was verified.
    pub verification: Verification,
    /// What the caller should know.
    pub warnings: Vec<Warning>,
}
