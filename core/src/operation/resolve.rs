//! Finding out what became of a write whose reply never came: by evidence from the same domain controller, or not at all.

use super::confirm::Seen;
use super::deadline::Deadline;
use super::write::{Attempted, Intent, Plan, RequireChange};
use super::{Engine, Located};
use crate::directory::{Directory, Logon, Reply, Server, Session};
use crate::error::{Code, Error};
use crate::facts::Facts;
use crate::receipt::Receipt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// The pause between two tries to reach the server.
const PAUSE: Duration = Duration::from_millis(250);

/// What a write that arrives at the end of the grace is given to be carried out: some 30 ms on a quiet server.
const MARGIN: Duration = Duration::from_millis(250);

/// What a verdict needs at the end: one more look, or a logon.
const TO_END: Duration = Duration::from_millis(1000);

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

/// A write without a reply.
#[derive(Clone, Copy)]
struct Lost<'a> {
    server: &'a Server,
    before: &'a Facts,
    plan: Plan,
    /// Whether its connection is still open.
    may_reply: &'a AtomicBool,
}

/// How long the absence of a write proves nothing.
struct Patience {
    grace: Duration,
    /// The last moment from which there is time to end.
    last: Instant,
    asked: Instant,
    alive_since: Option<Instant>,
    slowest: Duration,
}

impl Patience {
    fn new(grace: Duration, deadline: Deadline) -> Self {
        Patience {
            grace,
            last: deadline.end() - TO_END,
            asked: Instant::now(),
            alive_since: None,
            slowest: Duration::ZERO,
        }
    }

    fn asks(&mut self) {
        self.asked = Instant::now();
    }

    /// The server gives a sign of life. One that took long may only now begin with what it had received: it stood still, or
    /// was cut off.
    fn answered(&mut self) {
        let took = self.asked.elapsed();
        let stood_still = took > (self.grace / 2).max(2 * self.slowest);
        if self.alive_since.is_none() || stood_still {
            self.alive_since = Some(Instant::now());
        }
        self.slowest = self.slowest.max(took.min(self.grace / 2));
    }

    /// The grace is time in which the server is seen to be alive, and longer on a slow one. While a reply may still come, its
    /// absence proves less than that of anything else.
    fn is_over(&self, may_reply: bool) -> bool {
        let alive = self.alive_since.map_or(Duration::ZERO, |since| since.elapsed());
        let needed = self.grace.saturating_add(MARGIN + 2 * self.slowest);
        alive >= needed && (!may_reply || Instant::now() >= self.last)
    }
}

impl Finding {
    fn is_there(self) -> bool {
        matches!(self, Finding::Applied | Finding::LooksApplied)
    }
}

/// How a lost write was settled.
enum Settled {
    /// The reply came after all.
    Replied(Reply),
    /// It was done: with what was then read of the account.
    Applied(Box<Located>, Logon),
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
        let unreachable = |message: String| Error::new(Code::Unreachable, message);
        let error = match self.settled(intent, &mut attempted, deadline).await {
            Settled::Replied(Reply::Done) => return self.confirm(intent, attempted, deadline).await,
            Settled::Replied(Reply::Refused(refusal)) => {
                return Err(self.explain(intent, attempted, &refusal, deadline).await);
            }
            Settled::Replied(Reply::NotSent(error)) => error,
            Settled::Applied(located, logon) => {
                attempted.located = *located;
                let seen = Seen { read_back: true, logon };
                return self.finish(intent, attempted, seen, deadline).await;
            }
            Settled::NotApplied => unreachable(format!(
                "the connection failed during the write ({what}); it was verified that nothing was written"
            )),
            Settled::Unknown | Settled::Replied(Reply::Lost(_)) => Error::new(
                Code::OutcomeUnknown,
                format!("the write was sent, {what}, and no evidence settles its outcome"),
            ),
        };
        Err(attempted.located.annotate(error))
    }

    /// By the reply itself, where it still comes; else by evidence.
    async fn settled(&self, intent: &Intent, attempted: &mut Attempted, deadline: Deadline) -> Settled {
        let Located { session, facts } = &mut attempted.located;
        let server = session.server().clone();
        let may_reply = AtomicBool::new(true);
        let lost = Lost {
            server: &server,
            before: facts,
            plan: attempted.plan,
            may_reply: &may_reply,
        };
        let evidence = self.settle(intent, lost, deadline);
        tokio::select! {
            biased;
            reply = reply_after_all(session.as_mut(), &may_reply) => Settled::Replied(reply),
            settled = timeout_at(deadline.end(), evidence) => settled.unwrap_or(Settled::Unknown),
        }
    }

    /// Looks at the account until what was asked for is there, or could be no more: the grace is time in which the server is
    /// seen to be alive.
    async fn settle(&self, intent: &Intent, lost: Lost<'_>, deadline: Deadline) -> Settled {
        let judge = |located: &Located| judge(lost.before, &located.facts, intent.secret.is_some(), lost.plan);
        let mut patience = Patience::new(self.rules.given.grace, deadline);
        let Some(mut located) = self.look_until_answered(lost).await else {
            return Settled::Unknown;
        };
        patience.answered();
        let mut finding = judge(&located);
        // On a live server a look within 20 ms of a cut was wrong 24 times out of 24: it was still at work.
        while !finding.is_there() && !patience.is_over(lost.may_reply.load(Ordering::Acquire)) {
            sleep(PAUSE).await;
            patience.asks();
            if self.read_again(&mut located).await.is_err() {
                located = match self.look_until_answered(lost).await {
                    Some(located) => located,
                    None => return Settled::Unknown,
                };
            }
            patience.answered();
            finding = judge(&located);
        }
        match finding {
            Finding::Applied => Settled::Applied(Box::new(located), Logon::Inconclusive),
            Finding::NotApplied => Settled::NotApplied,
            Finding::LooksApplied | Finding::Undecided => {
                match (self.try_new_password(intent, &mut located, deadline).await, finding) {
                    (Logon::Right, _) => Settled::Applied(Box::new(located), Logon::Right),
                    (Logon::Inconclusive, Finding::LooksApplied) => {
                        Settled::Applied(Box::new(located), Logon::Inconclusive)
                    }
                    // The one password that was written is not this one: somebody else's, before or after.
                    _ => Settled::Unknown,
                }
            }
        }
    }

    /// Looks until the domain controller answers; the caller holds the deadline. `None` where it refuses the service
    /// account's logon: repeating that could lock the account.
    async fn look_until_answered(&self, lost: Lost<'_>) -> Option<Located> {
        loop {
            match self.look_again(lost.server, lost.before).await {
                Ok(located) => return Some(located),
                Err(error) if error.is_refused_logon() => return None,
                Err(_) => sleep(PAUSE).await,
            }
        }
    }

    /// Reads the account over the connection there is.
    async fn read_again(&self, located: &mut Located) -> Result<(), Error> {
        let again = self.facts(located.session.as_mut(), located.facts.plain.guid);
        located.facts = timeout_at(Instant::now() + ONE_LOOK, again)
            .await
            .unwrap_or_else(|_| Err(silent()))?;
        Ok(())
    }

    /// Reads the account from the very same domain controller, over a new connection.
    async fn look_again(&self, server: &Server, before: &Facts) -> Result<Located, Error> {
        let until = Instant::now() + ONE_LOOK;
        let look = async {
            let mut session = self.directory.reopen(server, until).await?;
            let facts = self.facts(session.as_mut(), before.plain.guid).await?;
            Ok(Located { session, facts })
        };
        timeout_at(until, look).await.unwrap_or_else(|_| Err(silent()))
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

/// The reply on the connection that carried the write. As long as that is open, it may come.
async fn reply_after_all(session: &mut dyn Session, may_come: &AtomicBool) -> Reply {
    match session.late_reply().await {
        Reply::Lost(_) => {
            may_come.store(false, Ordering::Release);
            std::future::pending().await
        }
        reply => reply,
    }
}

fn silent() -> Error {
    Error::new(Code::Unreachable, "the domain controller does not answer")
}

/// Whether one more bad password is sure not to lock the account.
fn can_bear_a_bad_password(facts: &Facts, threshold: Option<u32>) -> bool {
    match (threshold, facts.plain.bad_password_count) {
        (Some(0), _) => true,
        (Some(threshold), Some(count)) => count.saturating_add(1) < threshold,
        // A threshold of one is not in use anywhere: the first typing error would lock the account.
        (None, Some(0)) => true,
        _ => false,
    }
}

/// Judges the facts before a write and after the last moment it could arrive.
fn judge(before: &Facts, after: &Facts, sets_password: bool, plan: Plan) -> Finding {
    if before.plain.usn_changed.is_some() && before.plain.usn_changed == after.plain.usn_changed {
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
    let written = match (before.plain.password_version, after.plain.password_version) {
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
    (plan.require_change != RequireChange::Together || after.must_change()) && (!plan.unlock || after.unlocked())
}

/// Without a password the state itself is the evidence: it is as asked for, or as it was.
fn judge_state(before: &Facts, after: &Facts, plan: Plan) -> Finding {
    if fits(after, plan) {
        Finding::Applied
    } else if before.plain.lockout_time == after.plain.lockout_time && before.pwd_last_set == after.pwd_last_set {
        Finding::NotApplied
    } else {
        Finding::Undecided
    }
}
