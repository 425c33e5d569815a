//! What "not applied", "applied" and "unknown" mean, and what to do on each.
//!
//! An `Ok` receipt means that the write happened. Every [`Error`](crate::Error) carries an [`Outcome`](crate::Outcome):
//!
//! | outcome | meaning | what to do |
//! |---|---|---|
//! | `not_applied` | nothing was written | mend the cause, which [`errors`](super::errors) names; the request may then be made again |
//! | `applied` | the write happened, and a requested change at next logon did not take | do not reset again: ask for `require_password_change` |
//! | `unknown` | the write was sent, and neither a reply nor evidence says what became of it | do not repeat it blindly: see below |
//!
//! ```
//! use password_writeback::{Error, Outcome};
//!
//! fn tell_the_user(error: &Error) -> &'static str {
//!     match error.outcome() {
//!         Outcome::NotApplied => "Your password has not been changed.",
//!         Outcome::Applied => "Your new password is set.",
//!         _ => "Your password may have been changed. Try the new one first, then the old one.",
//!     }
//! }
//! ```
//!
//! # How a lost write is settled
//!
//! The connection may break, or the server fall silent, after the request was sent. A retry would be wrong: a repeated change meets
//! `WRONG_PASSWORD`, a repeated reset its own history. So the library looks.
//!
//! 1. It waits for the grace period ([`Rules::grace`](crate::Rules::grace), 2 s by default): until then the write may still arrive.
//! 2. It connects anew to the same network address, verifies the certificate again, and makes sure that the same domain controller
//!    answers (by its dsServiceName). It tries until the deadline.
//! 3. It reads the account. Where nothing shows, it goes on reading, in all for the grace and a little more in which the server is seen to answer: a server that answers may still be
//!    executing what it had received.
//! 4. It judges the evidence:
//!
//! | evidence | conclusion |
//! |---|---|
//! | uSNChanged is what it was | not applied |
//! | the version of unicodePwd in replPropertyMetaData is what it was | not applied |
//! | that version is one higher, and everything else that was requested shows | looks applied |
//! | that version is more than one higher | undecided: somebody else wrote too |
//! | no version can be read, and pwdLastSet moved | looks applied |
//! | no version can be read, and pwdLastSet stands still | not applied; undecided where it was zero before |
//! | no password was to be set: the account is in the state asked for | applied |
//! | no password was to be set: lockoutTime and pwdLastSet are what they were | not applied |
//!
//! 5. "Looks applied" and "undecided" are settled by a logon with the new password, where
//!    [`Rules::resolve_by_bind`](crate::Rules::resolve_by_bind) allows it, the account needs no smart card, and one more bad password is
//!    sure not to lock the account on that domain controller. Success proves the write, and so do the refusals that Active Directory gives only to
//!    the right password (expired, must change, disabled, outside logon hours). A lockout proves nothing.
//!
//! What comes of it:
//!
//! - Applied: an `Ok` receipt. Its `verification` is `bind` where the logon settled it, else `re_read`.
//! - Not applied: `UNREACHABLE` with the outcome `not_applied`. It may be made again.
//! - Neither: `OUTCOME_UNKNOWN`.
//!
//! The time for this is reserved: a write must be answered 4.5 s before the deadline (the grace and 2.5 s), or after two fifths of a
//! deadline too short for that.
//!
//! # What this does not promise
//!
//! - **Later than the grace.** A request that lies in the network or in the server's queue for longer than the grace and the looks after it, and is
//!   executed then, has been reported as not applied. So has one on which a password filter of the domain controller broods while the
//!   server answers everything else. Where such delays are real, raise `grace` and the deadline with it: as long as the connection is
//!   open, the reply is waited for until a second before the deadline.
//! - **Another writer in the same seconds.** Where the trial logon is switched off or cannot be made, one password that somebody else wrote in
//!   the seconds of the loss, instead of this one, looks the same and is reported as applied.
//! - **The end of the process.** The task ends with the runtime. A process that is killed after the send leaves no answer;
//!   the audit then has a start event without a finish event.
//!
//! # What to do on `OUTCOME_UNKNOWN`
//!
//! - Unlocking and requiring a change may be repeated: the second time changes nothing.
//! - A user in front of the screen tries the new password, then the old one.
//! - A program waits until the domain controller answers again, calls [`find_account`](crate::PasswordWriteback::find_account), and compares
//!   `password_last_set` with what it was before. A value from before the request means that it was not applied.
//! - An administrator's reset may be repeated with [`History::Off`](crate::History::Off): the same password twice does no harm.
//!
//! # Cancelling
//!
//! Dropping the future of an operation, a `tokio::time::timeout` around it, and [`Cancellation::cancel`](crate::Cancellation::cancel) all do the
//! same: before the write is sent they stop it, and nothing is written. Afterwards they stop nothing. The write is carried through,
//! verified and audited, whether or not anybody waits. `cancel` returns which of the two it was:
//!
//! ```
//! use password_writeback::{Cancellation, ResetPassword};
//!
//! let cancellation = Cancellation::new();
//! let request = ResetPassword::new("alice", "a new password").cancellation(cancellation.clone());
//! // ... elsewhere, when the user presses "Cancel":
//! assert!(cancellation.cancel(), "in time: nothing will be written");
//! ```
//!
//! Whoever still waits gets `CANCELLED`. Use a handle for one request: one that has seen a write sent cannot cancel another. A
//! [`Context`](crate::Context) that is cloned shares its handle.
