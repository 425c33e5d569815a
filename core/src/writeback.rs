//! The contract: eight operations that every backend and every layer offers.

use crate::account::Account;
use crate::diagnosis::Diagnosis;
use crate::error::Error;
use crate::policy::{PasswordPolicy, Verdict};
use crate::receipt::Receipt;
use crate::request::{
    ChangePassword, CheckPassword, Diagnose, FindAccount, ReadPolicy, RequirePasswordChange, ResetPassword,
    UnlockAccount,
};
use async_trait::async_trait;
use std::fmt;
use std::sync::Arc;

/// Writes passwords back to a directory.
///
/// Backends ([`ActiveDirectory`](crate::ActiveDirectory), [`MockDirectory`](crate::MockDirectory)) and layers
/// ([`layer`](crate::layer)) implement it, and so may you. The trait is object-safe: hold an `Arc<dyn PasswordWriteback>`.
///
/// What holds for every operation:
///
/// - It needs a running tokio runtime with time and I/O enabled.
/// - It ends within the request's deadline, or the backend's where the request has none.
/// - Every [`Error`] says by its [outcome](Error::outcome) whether the write happened. Nothing is ever reported as known that is not.
/// - Dropping the future, or [cancelling](crate::Cancellation), before the write is sent means it is never sent. Afterwards the
///   write is carried through and verified, whether or not anybody waits.
/// - No error, receipt, event or log line holds a password.
/// - It talks to exactly one domain controller, over an encrypted and verified channel.
#[async_trait]
pub trait PasswordWriteback: Send + Sync + fmt::Debug {
    /// Sets a password without knowing the old one. Unlocking and requiring a change happen in the same atomic write; only
    /// where a server misjudges a required change together with the password is it written right after.
    ///
    /// Length, complexity and the server's password filters always apply. History and minimum age apply as
    /// [`History`](crate::History) says; the receipt tells whether they did. A lockout stays unless the request clears it.
    ///
    /// # Errors
    /// The account's state and the rules of protection are checked first, then the service account's rights, and only then is
    /// anything written: see [`Code`](crate::Code) for each cause. An error whose outcome is `applied` means that the password was
    /// set and a required change could not be.
    async fn reset_password(&self, request: ResetPassword) -> Result<Receipt, Error>;

    /// Sets a password, proving knowledge of the old one, as the user would. History and minimum age always apply.
    ///
    /// It works for an account whose password has expired or must be changed. A wrong old password counts towards the lockout.
    ///
    /// # Errors
    /// `WRONG_PASSWORD`, `ACCOUNT_LOCKED`, `CHANGE_NOT_PERMITTED`, `POLICY_VIOLATION`, and those of every write.
    async fn change_password(&self, request: ChangePassword) -> Result<Receipt, Error>;

    /// Clears a lockout. On an account that is not locked it resets the count of bad passwords and succeeds.
    ///
    /// # Errors
    /// `PERMISSION_DENIED` where the service account may not write lockoutTime, and those of every write.
    async fn unlock_account(&self, request: UnlockAccount) -> Result<Receipt, Error>;

    /// Makes the user choose a new password at the next logon.
    ///
    /// # Errors
    /// `CHANGE_NOT_ENFORCEABLE` where that would have no effect, `PERMISSION_DENIED` where the service account may not write
    /// pwdLastSet, and those of every write.
    async fn require_password_change(&self, request: RequirePasswordChange) -> Result<Receipt, Error>;

    /// Judges a candidate by the account's own policy and names, without writing anything and without costing the account a
    /// bad-password count.
    ///
    /// Active Directory's rules are applied whatever the server at hand enforces; the minimum age is among them, unless the settings
    /// leave history out of resets. History and password filters cannot be checked
    /// beforehand; the verdict lists them as unchecked.
    ///
    /// # Errors
    /// `INVALID_PASSWORD` for a candidate that could never be sent, and those of finding the account.
    async fn check_password(&self, request: CheckPassword) -> Result<Verdict, Error>;

    /// Reads the facts and the state of one account.
    ///
    /// # Errors
    /// `ACCOUNT_NOT_FOUND`, `AMBIGUOUS_IDENTITY`, and `PERMISSION_DENIED` where a fact that matters may not be read.
    async fn find_account(&self, request: FindAccount) -> Result<Account, Error>;

    /// Reads the policy that applies to one account: its fine-grained policy, else its domain's.
    ///
    /// A policy that cannot be read is [`Unknown`](crate::PolicySource::Unknown), with the reason, and never the domain's by default.
    ///
    /// # Errors
    /// Those of finding the account.
    async fn password_policy(&self, request: ReadPolicy) -> Result<PasswordPolicy, Error>;

    /// Examines whether this deployment can do its job, and for an account whether it can be written. What fails is a check of the
    /// diagnosis with what mends it, not an error.
    ///
    /// # Errors
    /// Only those of the request itself, such as `INVALID_IDENTITY`.
    async fn diagnose(&self, request: Diagnose) -> Result<Diagnosis, Error>;
}

/// Forwards every operation to what is inside.
macro_rules! forward {
    ($($wrapper:ident),+) => {$(
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<W: PasswordWriteback + ?Sized> PasswordWriteback for $wrapper<W> {
            async fn reset_password(&self, request: ResetPassword) -> Result<Receipt, Error> {
                (**self).reset_password(request).await
            }

            async fn change_password(&self, request: ChangePassword) -> Result<Receipt, Error> {
                (**self).change_password(request).await
            }

            async fn unlock_account(&self, request: UnlockAccount) -> Result<Receipt, Error> {
                (**self).unlock_account(request).await
            }

            async fn require_password_change(&self, request: RequirePasswordChange) -> Result<Receipt, Error> {
                (**self).require_password_change(request).await
            }

            async fn check_password(&self, request: CheckPassword) -> Result<Verdict, Error> {
                (**self).check_password(request).await
            }

            async fn find_account(&self, request: FindAccount) -> Result<Account, Error> {
                (**self).find_account(request).await
            }

            async fn password_policy(&self, request: ReadPolicy) -> Result<PasswordPolicy, Error> {
                (**self).password_policy(request).await
            }

            async fn diagnose(&self, request: Diagnose) -> Result<Diagnosis, Error> {
                (**self).diagnose(request).await
            }
        }
    )+};
}

forward!(Arc, Box);
