//! Testing your own program, without a domain and with one.
//!
//! # Without a domain
//!
//! [`MockDirectory`](crate::mock::MockDirectory) is a directory in memory that implements [`PasswordWriteback`](crate::PasswordWriteback). It has a
//! policy, accounts, groups, a clock that stands still until you move it, and faults on request. What stands above it (the protection rules, the
//! explanation of refusals, the settling of lost writes) is the code that writes to a real domain. It takes the same
//! [`Rules`](crate::Rules). Let your program hold an `Arc<dyn PasswordWriteback>`, and hand it the mock in its tests:
//!
//! ```
//! use password_writeback::mock::{MockDirectory, MockUser};
//! use password_writeback::{Code, Error, PasswordWriteback, ResetPassword};
//! use std::sync::Arc;
//!
//! /// The program under test: a page that sets a new password.
//! struct Portal(Arc<dyn PasswordWriteback>);
//!
//! impl Portal {
//!     async fn submit(&self, user: &str, password: &str) -> &'static str {
//!         match self.0.reset_password(ResetPassword::new(user, password)).await.map_err(|error| error.code()) {
//!             Ok(_) => "done",
//!             Err(Code::PolicyViolation) => "choose another one",
//!             Err(_) => "call the help desk",
//!         }
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Error> {
//! let directory = MockDirectory::new();
//! directory.add_user(MockUser::new("alice").password("Old-Passw0rd"))?;
//! directory.add_user(MockUser::new("carol").group("Domain Admins"))?;
//! let portal = Portal(Arc::new(directory.clone()));
//!
//! assert_eq!(portal.submit("alice", "short").await, "choose another one");
//! assert_eq!(portal.submit("alice", "Correct-horse-1").await, "done");
//! assert!(directory.verify_password("alice", "Correct-horse-1"));
//! assert_eq!(portal.submit("carol", "Correct-horse-1").await, "call the help desk");
//! assert_eq!(directory.writes(), 1, "the refused ones never reached the directory, or changed nothing");
//! # Ok(())
//! # }
//! ```
//!
//! # Time
//!
//! The clock is the domain controller's. Ages, expiry and lockouts go by it; deadlines go by tokio's, which
//! `#[tokio::test(start_paused = true)]` makes run ahead by itself (tokio's feature `test-util`).
//!
//! ```
//! use password_writeback::mock::{MockDirectory, MockUser};
//! use password_writeback::{ChangePassword, Error, PasswordWriteback, Rule};
//! use std::time::Duration;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Error> {
//! let directory = MockDirectory::new();
//! directory.add_user(MockUser::new("alice").password("Old-Passw0rd").password_age(Duration::ZERO))?;
//!
//! let error = directory.change_password(ChangePassword::new("alice", "Old-Passw0rd", "Correct-horse-1")).await.unwrap_err();
//! assert_eq!(error.violations()[0].rule, Rule::MinAge);
//!
//! directory.clock().advance(Duration::from_secs(24 * 60 * 60));
//! directory.change_password(ChangePassword::new("alice", "Old-Passw0rd", "Correct-horse-1")).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Faults
//!
//! What a program gets wrong is what it never saw in a test: a lost reply. [`Fault`](crate::mock::Fault) has every kind; here the write is
//! sent, and the domain controller is gone.
//!
//! ```
//! use password_writeback::mock::{Fault, MockDirectory, MockUser};
//! use password_writeback::{Error, Outcome, PasswordWriteback, ResetPassword};
//! use std::time::Duration;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Error> {
//! let directory = MockDirectory::new();
//! directory.add_user(MockUser::new("alice").password("Old-Passw0rd"))?;
//!
//! directory.fail_next(Fault::GoneAfter { applied: true });
//! let reset = ResetPassword::new("alice", "Correct-horse-1").deadline(Duration::from_millis(500));
//! let error = directory.reset_password(reset).await.unwrap_err();
//! assert_eq!(error.outcome(), Outcome::Unknown);
//!
//! // The same loss, but the domain controller can be asked again: the evidence settles it.
//! directory.come_back();
//! directory.add_user(MockUser::new("bob").password("Old-Passw0rd"))?;
//! directory.fail_next(Fault::CutAfterRequest { applied: true });
//! directory.reset_password(ResetPassword::new("bob", "Correct-horse-2")).await?;
//! assert!(directory.verify_password("bob", "Correct-horse-2"));
//! # Ok(())
//! # }
//! ```
//!
//! # Rights
//!
//! [`MockDirectory::revoke`](crate::mock::MockDirectory::revoke) takes a [`MockRight`](crate::mock::MockRight) from the service account, so that a test sees what a
//! missing grant looks like.
//!
//! # With a domain
//!
//! Before a release, run against a domain controller: a Samba one in a container does, from 4.24 on it knows policy hints. Give it a certificate from an
//! authority of the test's own and name that in [`ca_file`](crate::Settings::ca_file). Samba differs from Windows in its texts (it names the rule), in its complexity rule (it does
//! not look at names), and it does not apply AdminSDHolder.
