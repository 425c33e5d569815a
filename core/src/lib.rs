//! Writes passwords back to on-premises Active Directory over LDAP: each write safe, explained and audited.
//!
//! | operation | does |
//! |---|---|
//! | [`reset_password`](PasswordWriteback::reset_password) | sets a password without the old one; unlocks and requires a change in the same write |
//! | [`change_password`](PasswordWriteback::change_password) | sets a password with the old one |
//! | [`unlock_account`](PasswordWriteback::unlock_account) | clears a lockout |
//! | [`require_password_change`](PasswordWriteback::require_password_change) | forces a new password at the next logon |
//! | [`check_password`](PasswordWriteback::check_password) | judges a candidate and writes nothing |
//! | [`find_account`](PasswordWriteback::find_account) | reads an account's facts and state |
//! | [`password_policy`](PasswordWriteback::password_policy) | reads the policy that applies to an account |
//! | [`diagnose`](PasswordWriteback::diagnose) | says what works, what does not, and what to grant |
//!
//! They are the methods of [`PasswordWriteback`]. [`ActiveDirectory`] implements it over LDAP, [`MockDirectory`] in memory, for tests;
//! layers such as [`layer::Audit`] and [`layer::RateLimit`] wrap either. [`PasswordWritebackExt::reset_many`] resets many passwords at once.
//!
//! ```
//! use password_writeback::mock::{MockDirectory, MockUser};
//! use password_writeback::{Code, Error, Outcome, PasswordWriteback, ResetPassword};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Error> {
//! // For a real domain: ActiveDirectory::new(Settings::new(["ldaps://dc1.corp.example"], "svc-writeback@corp.example", password))?
//! let directory = MockDirectory::new();
//! directory.add_user(MockUser::new("alice").password("Old-Passw0rd"))?;
//!
//! let refused = directory.reset_password(ResetPassword::new("alice", "short")).await.unwrap_err();
//! assert_eq!((refused.code(), refused.outcome()), (Code::PolicyViolation, Outcome::NotApplied));
//! assert_eq!(refused.violations()[0].limit, Some(7));
//!
//! let receipt = directory.reset_password(ResetPassword::new("alice", "Correct-horse-1").unlock(true)).await?;
//! assert_eq!(receipt.domain_controller, "dc1.corp.example");
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//!
//! 1. Never a wrong write: exactly one account, checked against the rules of [`Protection`], on one writable domain controller, over verified TLS. A check that cannot be made
//!    counts as failed.
//! 2. Never an unknown outcome presented as a known one: every [`Error`] carries an [`Outcome`], and a lost reply is settled by evidence. Its limits are in [`manual::outcomes`].
//! 3. Never a secret left behind in a log, an error, a `Debug` text or an event, nor in memory by this library's own code. What the LDAP client leaves, and the one line against
//!    it, are in [`manual::threat_model`].
//! 4. Always a reason: which rule refused a password, how sure that is, and when the next try can succeed.
//!
//! # Where to read on
//!
//! The [`manual`]: start with [`manual::concepts`], grant what [`manual::permissions`] lists, and read [`manual::outcomes`] before going live.
#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![cfg_attr(
    not(test),
    warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod account;
mod ad;
mod audit;
mod clock;
mod diagnosis;
mod directory;
mod error;
mod facts;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
mod gate;
mod generate;
mod grants;
mod identity;
pub mod layer;
pub mod manual;
mod many;
pub mod mock;
mod operation;
pub mod options;
mod pace;
mod password;
mod policy;
mod protection;
mod reading;
mod receipt;
mod remedy;
mod request;
mod rules;
mod sid;
mod task;
mod words;
mod writeback;

pub use account::Account;
pub use ad::{ActiveDirectory, BindPassword, Credentials, Kerberos, Settings};
pub use audit::{AuditEvent, AuditSink, JsonLinesFile, JsonLinesSink, Phase, SinkError, TracingSink};
pub use clock::{Clock, SystemClock};
pub use diagnosis::{Check, CheckName, CheckStatus, Command, Diagnosis, Tool};
pub use error::{Code, Error, ErrorKind, Outcome, Reason};
pub use identity::{Identity, IdentityKind};
pub use many::{DEFAULT_CONCURRENCY, PasswordWritebackExt, ResetMany, ResetResult};
pub use mock::{MockDirectory, MockUser};
pub use pace::Pace;
pub use password::{MAX_UTF16_UNITS, Password};
pub use policy::{Acceptable, Certainty, PasswordPolicy, PolicySource, Rule, Verdict, Violation};
pub use protection::Protection;
pub use receipt::{HistoryEnforcement, Operation, Receipt, Verification, Warning};
pub use request::{
    ChangePassword, CheckPassword, Context, Diagnose, FindAccount, History, Initiator, ReadPolicy,
    RequirePasswordChange, ResetPassword, Unlock, UnlockAccount,
};
pub use rules::Rules;
pub use sid::{InvalidSid, Sid};
pub use task::Cancellation;
pub use words::UnknownWord;
pub use writeback::PasswordWriteback;
