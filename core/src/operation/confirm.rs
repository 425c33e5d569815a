//! Reading back, from the same domain controller, what a successful write left behind.

use super::deadline::Deadline;
use super::write::{Attempted, Intent, Plan, RequireChange};
use super::{Engine, Located};
use crate::directory::{Directory, Logon, Reply, Write};
use crate::error::{Code, Error, Outcome};
use crate::receipt::{Receipt, Verification, Warning};
use tokio::time::timeout_at;

impl<D: Directory> Engine<D> {
    /// Confirms a write that the server said it did, unless the rules leave that out. A failure to look does not make the write undone.
    pub(super) async fn confirm(
        &self,
        intent: &Intent,
        mut attempted: Attempted,
        deadline: Deadline,
    ) -> Result<Receipt, Error> {
        let read_back = self.rules.given.confirm && self.re_read(&mut attempted.located, deadline).await;
        let logon = if self.rules.given.verify_by_bind {
            self.logon(&attempted.located, intent, deadline).await
        } else {
            Logon::Inconclusive
        };
        self.finish(intent, attempted, Seen { read_back, logon }, deadline)
            .await
    }

    /// Ends a write that was done: with what is still to do, and the receipt.
    pub(super) async fn finish(
        &self,
        intent: &Intent,
        mut attempted: Attempted,
        seen: Seen,
        deadline: Deadline,
    ) -> Result<Receipt, Error> {
        let must_change = seen.read_back && attempted.located.facts.must_change();
        let overtaken = seen.read_back && overtaken(&attempted);
        let outstanding = match attempted.plan.require_change {
            RequireChange::No => false,
            RequireChange::Together => seen.read_back && !must_change && !overtaken,
            RequireChange::Afterwards => !must_change && !overtaken,
        };
        if outstanding {
            self.require_again(&mut attempted.located, deadline).await?;
        }
        let Attempted {
            located,
            plan,
            mut warnings,
            ..
        } = attempted;
        if seen.read_back {
            warnings.extend(found(&located, intent, plan));
        }
        Ok(receipt(intent, located, plan, warnings, seen, deadline).await)
    }

    /// Reads the account again: over the same connection, else over a new one to the same domain controller.
    pub(super) async fn re_read(&self, located: &mut Located, deadline: Deadline) -> bool {
        let user = located.facts.plain.guid;
        let again = async {
            if let Ok(facts) = self.facts(located.session.as_mut(), user).await {
                located.facts = facts;
                return Ok::<_, Error>(());
            }
            located.session = self.directory.reopen(located.session.server(), deadline.end()).await?;
            located.facts = self.facts(located.session.as_mut(), user).await?;
            Ok(())
        };
        matches!(timeout_at(deadline.end(), again).await, Ok(Ok(())))
    }

    /// Writes a required change, once, that did not take or could not be written together with the password.
    async fn require_again(&self, located: &mut Located, deadline: Deadline) -> Result<(), Error> {
        let write = Write {
            user: located.facts.plain.guid,
            password: None,
            unlock: false,
            require_change: true,
            policy_hints: None,
        };
        let reply = timeout_at(deadline.end(), located.session.write(&write)).await;
        let read = self.re_read(located, deadline).await;
        if read && located.facts.must_change() {
            return Ok(());
        }
        // What was sent may be done although no reply came, and what is not seen may be there.
        let message = match (reply, read) {
            (Ok(Reply::Done), true) | (Ok(Reply::Refused(_) | Reply::NotSent(_)), _) => {
                "the write was done, but the required change at next logon did not take"
            }
            _ => "the write was done; whether the required change at next logon took could not be found out",
        };
        Err(located.annotate(Error::new(Code::Directory, message).with_outcome(Outcome::Applied)))
    }

    /// Tries the new password, where the operation set one.
    pub(super) async fn logon(&self, located: &Located, intent: &Intent, deadline: Deadline) -> Logon {
        let Some(secret) = &intent.secret else {
            return Logon::Inconclusive;
        };
        let user = &located.facts.plain.distinguished_name;
        self.directory
            .try_logon(located.server(), user, secret.new_password(), deadline.end())
            .await
    }
}

/// Whether somebody else has set a password after this write: what is seen now is theirs, and must be left alone.
fn overtaken(attempted: &Attempted) -> bool {
    let own = u32::from(attempted.plan.sets_password);
    match (attempted.version_before, attempted.located.facts.plain.password_version) {
        (Some(before), Some(now)) => now != before.wrapping_add(own),
        _ => false,
    }
}

/// What the facts after a write warn of.
fn found(located: &Located, intent: &Intent, plan: Plan) -> Vec<Warning> {
    let facts = &located.facts;
    let mut warnings = Vec::new();
    if intent.secret.is_some() && plan.require_change == RequireChange::No && facts.must_change() {
        warnings.push(Warning::ExpiredAtOnce);
    }
    if facts.locked() {
        warnings.push(Warning::StillLocked);
    }
    warnings
}

/// How a write was looked at afterwards.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// The account was read again since.
    pub(super) read_back: bool,
    /// What a logon with the new password proved.
    pub(super) logon: Logon,
}

impl Seen {
    fn verification(self) -> Verification {
        match self {
            Seen {
                logon: Logon::Right, ..
            } => Verification::Bind,
            Seen { read_back: true, .. } => Verification::ReRead,
            Seen { read_back: false, .. } => Verification::None,
        }
    }
}

/// The receipt of a write that was done.
async fn receipt(
    intent: &Intent,
    mut located: Located,
    plan: Plan,
    warnings: Vec<Warning>,
    seen: Seen,
    deadline: Deadline,
) -> Receipt {
    let account = timeout_at(deadline.end(), located.account()).await;
    let account = account.unwrap_or_else(|_| located.facts.account(None));
    Receipt {
        operation: intent.operation,
        account,
        domain_controller: located.server().name.clone(),
        correlation_id: intent.context.correlation_id.clone(),
        history: plan.history,
        password_last_set: located.facts.pwd_last_set.instant().filter(|_| seen.read_back),
        unlocked: plan.unlock,
        must_change_password: if seen.read_back {
            located.facts.must_change()
        } else {
            plan.require_change != RequireChange::No
        },
        verification: seen.verification(),
        warnings,
    }
}
