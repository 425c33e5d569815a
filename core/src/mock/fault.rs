//! Faults on request: what can go wrong between this library and a domain controller.

use crate::error::{Error, Reason};
use crate::password::Password;
use crate::words::words;
use std::time::Duration;

words! {
    /// A stage of an operation at which a [`Fault`] can strike.
    pub enum Stage {
        /// Connecting and logging on.
        Open = "open",
        /// Searching for the account.
        Find = "find",
        /// Reading the account, before any write.
        Read = "read",
        /// Reading the policy.
        Policy = "policy",
        /// The write itself.
        Write = "write",
        /// Everything after the write: connecting once more to the same domain controller, and reading the account back.
        ReadBack = "read_back",
        /// A logon with the user's own new password.
        Logon = "logon",
    }
}

/// Something that goes wrong, or somebody who gets in between.
///
/// A fault strikes where the next operation reaches its stage, in the order in which faults were armed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fault {
    /// No domain controller answers.
    Unreachable,
    /// The TLS handshake fails, for this reason.
    Tls(Reason),
    /// The service account's logon fails, for this reason.
    BindFailed(Reason),
    /// Only a read-only domain controller answers.
    ReadOnly,
    /// The connection is cut at a stage. At [`Stage::Write`] that is before the request is sent.
    Cut(Stage),
    /// The connection is cut before the write is sent.
    CutBeforeWrite,
    /// The connection is cut after the write was sent and before its reply.
    CutAfterRequest {
        /// Whether the server carries it out.
        applied: bool,
    },
    /// The connection is cut after the write was sent, and the server carries it out this much later.
    AppliedLate(Duration),
    /// The connection is cut after the reply to the write; a new one can be had.
    CutAfterReply,
    /// The connection is cut after the write was sent, and from then on the domain controller cannot be reached, until
    /// [`MockDirectory::come_back`](super::MockDirectory::come_back).
    GoneAfter {
        /// Whether the server carried it out.
        applied: bool,
    },
    /// A stage takes this long. A write that the library no longer waits for is carried out all the same.
    Slow(Stage, Duration),
    /// A stage never ends. A write that hangs is not carried out.
    Hang(Stage),
    /// The server answers the write with this LDAP result (RFC 4511 4.1.9) and text, and does nothing.
    Refuse {
        /// The LDAP result code.
        result_code: u32,
        /// The diagnostic text.
        diagnostic: String,
    },
    /// Somebody else sets another password on the account just before a stage: [`Stage::Read`], [`Stage::Write`] or
    /// [`Stage::ReadBack`], in which it comes before the account is read.
    OtherWriter {
        /// When.
        before: Stage,
        /// The other password.
        password: Password,
    },
    /// A stage fails with this error; [`Stage::Write`] as something that was never sent, and [`Stage::Logon`] as nothing proven.
    Fail(Stage, Error),
}

impl Fault {
    fn stage(&self) -> Stage {
        match self {
            Fault::Unreachable | Fault::Tls(_) | Fault::BindFailed(_) | Fault::ReadOnly => Stage::Open,
            Fault::CutBeforeWrite
            | Fault::CutAfterRequest { .. }
            | Fault::AppliedLate(_)
            | Fault::CutAfterReply
            | Fault::GoneAfter { .. }
            | Fault::Refuse { .. } => Stage::Write,
            Fault::Cut(stage)
            | Fault::Slow(stage, _)
            | Fault::Hang(stage)
            | Fault::OtherWriter { before: stage, .. }
            | Fault::Fail(stage, _) => *stage,
        }
    }

    /// A second one, for a fault that strikes more than once.
    fn again(&self) -> Fault {
        match self {
            Fault::Unreachable => Fault::Unreachable,
            Fault::Tls(reason) => Fault::Tls(*reason),
            Fault::BindFailed(reason) => Fault::BindFailed(*reason),
            Fault::ReadOnly => Fault::ReadOnly,
            Fault::Cut(stage) => Fault::Cut(*stage),
            Fault::CutBeforeWrite => Fault::CutBeforeWrite,
            Fault::CutAfterRequest { applied } => Fault::CutAfterRequest { applied: *applied },
            Fault::AppliedLate(delay) => Fault::AppliedLate(*delay),
            Fault::CutAfterReply => Fault::CutAfterReply,
            Fault::GoneAfter { applied } => Fault::GoneAfter { applied: *applied },
            Fault::Slow(stage, delay) => Fault::Slow(*stage, *delay),
            Fault::Hang(stage) => Fault::Hang(*stage),
            Fault::Refuse {
                result_code,
                diagnostic,
            } => Fault::Refuse {
                result_code: *result_code,
                diagnostic: diagnostic.clone(),
            },
            Fault::OtherWriter { before, password } => Fault::OtherWriter {
                before: *before,
                password: password.duplicate(),
            },
            Fault::Fail(stage, error) => Fault::Fail(*stage, error.clone()),
        }
    }
}

/// The faults that are armed, in the order of arming.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Armed>);

#[derive(Debug)]
struct Armed {
    fault: Fault,
    /// How often it strikes yet; `None` is always.
    times: Option<u32>,
}

impl Faults {
    pub(super) fn arm(&mut self, fault: Fault, times: Option<u32>) {
        if times != Some(0) {
            self.0.push(Armed { fault, times });
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn pending(&self) -> usize {
        self.0.len()
    }

    /// Takes what strikes now: delays and other writers, and the first fault that ends the stage. Who gets in between needs an
    /// account to write.
    pub(super) fn strike(&mut self, stage: Stage, has_account: bool) -> Vec<Fault> {
        let mut struck = Vec::new();
        let mut ended = false;
        for armed in self.0.iter_mut().filter(|armed| armed.fault.stage() == stage) {
            let strikes = match armed.fault {
                Fault::Slow(..) => true,
                Fault::OtherWriter { .. } => has_account,
                _ => !std::mem::replace(&mut ended, true),
            };
            if strikes {
                struck.push(armed.fault.again());
                armed.times = armed.times.map(|times| times.saturating_sub(1));
            }
        }
        self.0.retain(|armed| armed.times != Some(0));
        struck
    }
}
