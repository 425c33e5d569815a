//! Password writeback for Active Directory.
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
mod identity;
pub mod layer;
pub mod mock;
mod operation;
pub mod options;
mod password;
mod policy;
mod protection;
mod receipt;
mod request;
mod rules;
mod sid;
mod task;
mod words;
mod writeback;

pub use account::Account;
pub use ad::{ActiveDirectory, BindPassword, Settings};
pub use audit::{AuditEvent, AuditSink, JsonLinesSink, Phase, SinkError, TracingSink};
pub use clock::{Clock, SystemClock};
pub use diagnosis::{Check, CheckStatus, Diagnosis};
pub use error::{Code, Error, ErrorKind, Outcome, Reason};
pub use identity::{Identity, IdentityKind};
pub use mock::{MockDirectory, MockUser};
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
