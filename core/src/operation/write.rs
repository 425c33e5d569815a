//! One write from intent to reply.

use super::deadline::Deadline;
use super::guard::{Attempt, guard};
use super::{Engine, Located};
use crate::ad::diagnostic::{StatedRule, WriteRefusal};
use crate::directory::{Directory, NewPassword, Reply, Write};
use crate::error::{Code, Error};
use crate::facts::Facts;
use crate::identity::{Identity, Name};
use crate::password::Password;
use crate::receipt::{HistoryEnforcement, Operation, Receipt, Warning};
use crate::request::{
    ChangePassword, Context, History, Initiator, RequirePasswordChange, ResetPassword, Unlock, UnlockAccount,
};
use crate::task;
use std::sync::Arc;
use tokio::time::timeout_at;

/// What a caller wants written, whichever operation it came from.
#[derive(Debug)]
pub(super) struct Intent {
    pub(super) operation: Operation,
    pub(super) identity: Identity,
    pub(super) secret: Option<Secret>,
    pub(super) unlock: Unlock,
    pub(super) require_change: bool,
    pub(super) history: Option<History>,
    pub(super) context: Context,
}

/// The passwords of an intent.
#[derive(Debug)]
pub(super) enum Secret {
    Reset(Password),
    Change { old: Password, new: Password },
}

impl Secret {
    pub(super) fn new_password(&self) -> &Password {
        match self {
            Secret::Reset(new) | Secret::Change { new, .. } => new,
        }
    }

    fn validate(&self) -> Result<(), Error> {
        match self {
            Secret::Reset(new) => new.validate(),
            Secret::Change { old, new } => old.validate().and_then(|()| new.validate()),
        }
    }

    fn as_new(&self) -> NewPassword<'_> {
        match self {
            Secret::Reset(new) => NewPassword::Reset(new),
            Secret::Change { old, new } => NewPassword::Change { old, new },
        }
    }
}

impl Intent {
    fn plain(operation: Operation, identity: Identity, context: Context) -> Self {
        Intent {
            operation,
            identity,
            secret: None,
            unlock: Unlock::No,
            require_change: false,
            history: None,
            context,
        }
    }
}

impl From<ResetPassword> for Intent {
    fn from(request: ResetPassword) -> Self {
        Intent {
            secret: Some(Secret::Reset(request.new_password)),
            unlock: request.unlock,
            require_change: request.require_change,
            history: request.history,
            ..Intent::plain(Operation::ResetPassword, request.identity, request.context)
        }
    }
}

impl From<ChangePassword> for Intent {
    fn from(request: ChangePassword) -> Self {
        Intent {
            secret: Some(Secret::Change {
                old: request.old_password,
                new: request.new_password,
            }),
            ..Intent::plain(Operation::ChangePassword, request.identity, request.context)
        }
    }
}

impl From<UnlockAccount> for Intent {
    fn from(request: UnlockAccount) -> Self {
        Intent {
            unlock: Unlock::Yes,
            ..Intent::plain(Operation::UnlockAccount, request.identity, request.context)
        }
    }
}

impl From<RequirePasswordChange> for Intent {
    fn from(request: RequirePasswordChange) -> Self {
        let plain = Intent::plain(Operation::RequirePasswordChange, request.identity, request.context);
        Intent {
            require_change: true,
            ..plain
        }
    }
}

/// When a change at next logon is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequireChange {
    /// Not at all.
    No,
    /// In the same modification as everything else.
    Together,
    /// In a modification of its own, after the password.
    Afterwards,
}

/// A write that has passed every check: what is sent, and what the receipt will say of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) sets_password: bool,
    pub(super) unlock: bool,
    pub(super) require_change: RequireChange,
    pub(super) policy_hints: Option<&'static str>,
    pub(super) history: HistoryEnforcement,
}

/// A write that was answered, or not.
pub(super) struct Attempted {
    pub(super) located: Located,
    /// The version of the password before the write, where it may be read.
    pub(super) version_before: Option<u32>,
    pub(super) plan: Plan,
    pub(super) warnings: Vec<Warning>,
    pub(super) reply: Reply,
}

impl<D: Directory> Engine<D> {
    /// Carries out an intent, as a task that a caller who stops waiting cannot cut in half.
    pub(super) async fn write(self: &Arc<Self>, intent: Intent) -> Result<Receipt, Error> {
        let name = self.accept(&intent.identity)?;
        self.write_to(name, intent).await
    }

    /// The same, on the account of a name that has been read.
    pub(super) async fn write_to(self: &Arc<Self>, name: Name, intent: Intent) -> Result<Receipt, Error> {
        intent.secret.as_ref().map_or(Ok(()), Secret::validate)?;
        let engine = Arc::clone(self);
        let deadline = Deadline::start(&self.rules.given, &intent.context);
        task::run(intent.context.cancellation.clone(), async move {
            let attempted = engine.attempt_twice(&intent, &name, deadline).await?;
            let attempted = engine.part_if_misjudged(&intent, attempted, deadline).await;
            match attempted.reply {
                Reply::Done => engine.confirm(&intent, attempted, deadline).await,
                Reply::Refused(ref refusal) => {
                    let refusal = refusal.clone();
                    Err(engine.explain(&intent, attempted, &refusal, deadline).await)
                }
                Reply::NotSent(ref error) => Err(attempted.located.annotate(error.clone())),
                Reply::Lost(what) => engine.resolve(&intent, attempted, what, deadline).await,
            }
        })
        .await
    }

    /// Attempts a write, and once more where the first attempt provably did nothing: it never left, or the server had
    /// forgotten the logon.
    async fn attempt_twice(&self, intent: &Intent, name: &Name, deadline: Deadline) -> Result<Attempted, Error> {
        let first = self.attempt(intent, name, false, deadline).await?;
        let nothing_done = match &first.reply {
            Reply::NotSent(_) => true,
            Reply::Refused(refusal) => refusal.kind == WriteRefusal::NotBoundRetryable,
            Reply::Done | Reply::Lost(_) => false,
        };
        if nothing_done {
            self.attempt(intent, name, true, deadline).await
        } else {
            Ok(first)
        }
    }

    /// Sends the password without the required change, which follows on its own, where a server refuses the two together.
    ///
    /// Samba 4.24 judges the minimum age of a reset under the policy-hints control by the pwdLastSet that the same
    /// modification sets: zero, which makes every password look too young. Its second answer is about the password alone.
    async fn part_if_misjudged(&self, intent: &Intent, mut attempted: Attempted, deadline: Deadline) -> Attempted {
        let too_young = WriteRefusal::PolicyRefused(Some(StatedRule::MinAge));
        let plan = &mut attempted.plan;
        let refused = matches!(&attempted.reply, Reply::Refused(refusal) if refusal.kind == too_young);
        if refused && plan.policy_hints.is_some() && plan.require_change == RequireChange::Together {
            plan.require_change = RequireChange::Afterwards;
            attempted.reply = send(&mut attempted.located, intent, attempted.plan, deadline).await;
        }
        attempted
    }

    /// Locates, protects, plans, passes the gates and sends; over a new connection, if so wanted.
    async fn attempt(
        &self,
        intent: &Intent,
        name: &Name,
        new_connection: bool,
        deadline: Deadline,
    ) -> Result<Attempted, Error> {
        let (mut located, plan, warnings) = deadline
            .limit_before_write(async {
                let located = self.open_and_locate(name, new_connection, deadline.send_by()).await?;
                let planned = self.plan(intent, &located);
                let (plan, warnings) = planned.map_err(|error| located.annotate(error))?;
                located.pass_gates(intent.operation, &intent.context)?;
                Ok((located, plan, warnings))
            })
            .await?;
        intent.context.cancellation.commit()?;
        let version_before = located.facts.plain.password_version;
        let reply = send(&mut located, intent, plan, deadline).await;
        Ok(Attempted {
            located,
            version_before,
            plan,
            warnings,
            reply,
        })
    }

    /// Checks the rules, and decides what exactly is sent.
    fn plan(&self, intent: &Intent, located: &Located) -> Result<(Plan, Vec<Warning>), Error> {
        let (facts, server) = (&located.facts, located.server());
        let initiator = self.initiator(intent, facts);
        let attempt = Attempt {
            operation: intent.operation,
            initiator,
            require_change: intent.require_change,
            unlock: intent.unlock,
        };
        let mut warnings = guard(attempt, facts, &self.rules, server.now)?;
        let unlock = intent.unlock != Unlock::No && facts.plain.may_write_lockout_time;
        if intent.unlock != Unlock::No && !unlock {
            warnings.push(Warning::UnlockNotPermitted);
        }
        let (policy_hints, history) = self.enforcement(intent, server.policy_hints)?;
        Ok((
            Plan {
                sets_password: intent.secret.is_some(),
                unlock,
                require_change: if intent.require_change {
                    RequireChange::Together
                } else {
                    RequireChange::No
                },
                policy_hints,
                history,
            },
            warnings,
        ))
    }

    /// Who asks: an actor who is the target counts as its owner.
    fn initiator(&self, intent: &Intent, facts: &Facts) -> Initiator {
        let owner = intent.context.actor.as_ref().and_then(|actor| actor.read().ok());
        if owner.is_some_and(|name| facts.is_named(&name)) {
            return Initiator::SelfService;
        }
        intent.context.initiator.unwrap_or(self.rules.given.initiator)
    }

    /// The control that makes the server enforce history, and what the receipt will say.
    fn enforcement(
        &self,
        intent: &Intent,
        offered: Option<&'static str>,
    ) -> Result<(Option<&'static str>, HistoryEnforcement), Error> {
        match (
            intent.operation,
            intent.history.unwrap_or(self.rules.given.history),
            offered,
        ) {
            (Operation::ChangePassword, _, _) => Ok((None, HistoryEnforcement::Enforced)),
            (Operation::ResetPassword, History::Off, _) => Ok((None, HistoryEnforcement::NotEnforced)),
            (Operation::ResetPassword, _, Some(control)) => Ok((Some(control), HistoryEnforcement::Enforced)),
            (Operation::ResetPassword, History::IfSupported, None) => Ok((None, HistoryEnforcement::NotEnforced)),
            (Operation::ResetPassword, History::Required, None) => Err(Error::new(
                Code::PolicyHintsUnsupported,
                "this domain controller cannot enforce password history on a reset; \
                 history \"if_supported\" resets without it",
            )),
            _ => Ok((None, HistoryEnforcement::NotApplicable)),
        }
    }
}

/// Sends a planned write and waits for its reply.
async fn send(located: &mut Located, intent: &Intent, plan: Plan, deadline: Deadline) -> Reply {
    let write = Write {
        user: located.facts.plain.guid,
        password: intent.secret.as_ref().map(Secret::as_new),
        unlock: plan.unlock,
        require_change: plan.require_change == RequireChange::Together,
        policy_hints: plan.policy_hints,
    };
    timeout_at(deadline.reply_by(), located.session.write(&write))
        .await
        .unwrap_or(Reply::Lost("no reply came in time"))
}
