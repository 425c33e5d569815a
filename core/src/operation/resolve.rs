//! Finding out what became of a write whose reply never came: by evidence from the same domain controller, or not at all.

use super::confirm::Seen;
use super::deadline::Deadline;
use super::write::{Attempted, Intent, Plan, RequireChange};
use super::{Engine, Located};
use crate::ad::attribute::FileTime;
use crate::directory::{Directory, Logon};
use crate::error::{Code, Error};
use crate::facts::Facts;
use crate::receipt::Receipt;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// How long a server that answers again may still be executing a write it had received: on a live server a re-read
/// within 20 ms of a cut was wrong 24 times out of 24.
const SETTLE: Duration = Duration::from_millis(500);

/// The pause between two tries to reach the server.
const PAUSE: Duration = Duration::from_millis(250);

/// How long one look may take, so that a server that hangs and comes back is asked again.
const ONE_LOOK: Duration = Duration::from_secs(5);

/// What the evidence says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Finding {
    /// What was asked for is there, and cannot have come from anybody else, or it makes no difference.
    Applied,
    /// Nothing of it is there.
    NotApplied,
    /// A password was written, and everything about it fits this operation.
    LooksApplied,
    /// Neither, or somebody else wrote as well.
    Undecided,
}

/// How a lost write was settled.
enum Settled {
    Applied(Logon),
    NotApplied,
    Unknown,
}

impl<D: Directory> Engine<D> {
    /// Settles a lost write within the deadline, or reports its outcome as unknown.
    pub(super) async fn resolve(
        &self,
        intent: &Intent,
        mut attempted: Attempted,
        what: &'static str,
        deadline: Deadline,
    ) -> Result<Receipt, Error> {
        let plan = attempted.plan;
        let settling = self.settle(intent, &mut attempted.located, plan, deadline);
        let settled = timeout_at(deadline.end(), settling).await.unwrap_or(Settled::Unknown);
        let (code, message) = match settled {
            Settled::Applied(logon) => {
                let seen = Seen { read_back: true, logon };
                return self.finish(intent, attempted, seen, deadline).await;
            }
            Settled::NotApplied => (
                Code::Unreachable,
                format!("the connection failed during the write ({what}); it was verified that nothing was written"),
            ),
            Settled::Unknown => (
                Code::OutcomeUnknown,
                format!("the write was sent, {what}, and no evidence settles its outcome"),
            ),
        };
        Err(attempted.located.annotate(Error::new(code, message)))
    }

    /// Looks at the account until the write can no longer arrive, and then judges.
    async fn settle(&self, intent: &Intent, located: &mut Located, plan: Plan, deadline: Deadline) -> Settled {
        let before = located.facts.clone();
        let sets_password = intent.secret.is_some();
        // Until then the write can still be on its way.
        sleep(self.rules.given.grace).await;
        self.look_until_answered(located, &before).await;
        let mut finding = judge(&before, &located.facts, sets_password, plan);
        if !matches!(finding, Finding::Applied | Finding::LooksApplied) {
            // The server has just answered, so whatever it had received it has begun: give it the time to end.
            sleep(SETTLE).await;
            self.look_until_answered(located, &before).await;
            finding = judge(&before, &located.facts, sets_password, plan);
        }
        match finding {
            Finding::Applied => Settled::Applied(Logon::Inconclusive),
            Finding::NotApplied => Settled::NotApplied,
            Finding::LooksApplied | Finding::Undecided => {
                match (self.try_new_password(intent, located, deadline).await, finding) {
                    (Logon::Right, _) => Settled::Applied(Logon::Right),
                    (Logon::Inconclusive, Finding::LooksApplied) => Settled::Applied(Logon::Inconclusive),
                    // The one password that was written is not this one: somebody else's, before or after.
                    _ => Settled::Unknown,
                }
            }
        }
    }

    /// Looks until the domain controller answers; the caller holds the deadline.
    async fn look_until_answered(&self, located: &mut Located, before: &Facts) {
        while self.look_again(located, before).await.is_err() {
            sleep(PAUSE).await;
        }
    }

    /// Reads the account from the very same domain controller, over a new connection.
    async fn look_again(&self, located: &mut Located, before: &Facts) -> Result<(), Error> {
        let until = Instant::now() + ONE_LOOK;
        let look = async {
            let mut session = self.directory.reopen(located.session.server(), until).await?;
            let facts = self.facts(session.as_mut(), before.guid).await?;
            Ok((session, facts))
        };
        let (session, facts) = timeout_at(until, look).await.unwrap_or_else(|_| Err(silent()))?;
        (located.session, located.facts) = (session, facts);
        Ok(())
    }

    /// A logon with the new password, where the rules allow its price and the account can bear it.
    async fn try_new_password(&self, intent: &Intent, located: &mut Located, deadline: Deadline) -> Logon {
        if !self.rules.given.resolve_by_bind || intent.secret.is_none() || located.facts.smartcard_required() {
            return Logon::Inconclusive;
        }
        let threshold = located.policy().await.ok().and_then(|policy| policy.lockout_threshold);
        if !can_bear_a_bad_password(&located.facts, threshold) {
            return Logon::Inconclusive;
        }
        self.logon(located, intent, deadline).await
    }
}

fn silent() -> Error {
    Error::new(Code::Unreachable, "the domain controller does not answer")
}

/// Whether one more bad password is sure not to lock the account.
fn can_bear_a_bad_password(facts: &Facts, threshold: Option<u32>) -> bool {
    match (threshold, facts.bad_password_count) {
        (Some(0), _) => true,
        (Some(threshold), Some(count)) => count.saturating_add(1) < threshold,
        // A threshold of one is not in use anywhere: the first typing error would lock the account.
        (None, Some(0)) => true,
        _ => false,
    }
}

/// Judges the facts before a write and after the last moment it could arrive.
fn judge(before: &Facts, after: &Facts, sets_password: bool, plan: Plan) -> Finding {
    if before.usn_changed.is_some() && before.usn_changed == after.usn_changed {
        return Finding::NotApplied;
    }
    if sets_password {
        judge_password(before, after, plan)
    } else {
        judge_state(before, after, plan)
    }
}

/// A password write raises the version of unicodePwd by one, and moves pwdLastSet to now or to zero.
fn judge_password(before: &Facts, after: &Facts, plan: Plan) -> Finding {
    let written = match (before.password_version, after.password_version) {
        (Some(earlier), Some(later)) if later == earlier => return Finding::NotApplied,
        (Some(earlier), Some(later)) => later == earlier.wrapping_add(1),
        _ if before.pwd_last_set != after.pwd_last_set => true,
        _ if after.must_change() => return Finding::Undecided,
        _ => return Finding::NotApplied,
    };
    if written && fits(after, plan) {
        Finding::LooksApplied
    } else {
        Finding::Undecided
    }
}

/// Whether everything that was to be written together is there together.
fn fits(after: &Facts, plan: Plan) -> bool {
    (plan.require_change != RequireChange::Together || after.must_change()) && (!plan.unlock || unlocked(after))
}

/// Without a password the state itself is the evidence: it is as asked for, or as it was.
fn judge_state(before: &Facts, after: &Facts, plan: Plan) -> Finding {
    if fits(after, plan) {
        Finding::Applied
    } else if before.lockout_time == after.lockout_time && before.pwd_last_set == after.pwd_last_set {
        Finding::NotApplied
    } else {
        Finding::Undecided
    }
}

fn unlocked(facts: &Facts) -> bool {
    !matches!(facts.lockout_time, Some(FileTime::At(_) | FileTime::Max))
}
