//! Doing an operation through the library's trait, and its answer as JSON.

use super::step::{Action, Change, Check, Plain, Reset};
use password_writeback::{
    ChangePassword, CheckPassword, Context, Diagnose, Error, FindAccount, Identity, Initiator, PasswordWriteback,
    ReadPolicy, RequirePasswordChange, ResetPassword, UnlockAccount,
};
use serde::Serialize;
use serde_json::Value;

/// An answer: which kind it is, its JSON, and everything else it can be printed as.
#[derive(Clone, Debug)]
pub struct Answer {
    /// `receipt`, `error`, `account`, `policy`, `verdict` or `diagnosis`.
    pub kind: &'static str,
    /// What it holds.
    pub json: Value,
    /// Everything that is printed of it.
    pub printed: String,
}

/// Does an operation; `None` for a step that is none.
pub(super) async fn perform(action: &Action, directory: &dyn PasswordWriteback) -> Option<Answer> {
    let answer = match action {
        Action::Reset(reset) => answer("receipt", directory.reset_password(reset.into()).await),
        Action::Change(change) => answer("receipt", directory.change_password(change.into()).await),
        Action::Unlock(plain) => {
            let mut request = UnlockAccount::new(Identity::from(&plain.identity));
            plain.fill(&mut request.context);
            answer("receipt", directory.unlock_account(request).await)
        }
        Action::RequireChange(plain) => {
            let mut request = RequirePasswordChange::new(Identity::from(&plain.identity));
            plain.fill(&mut request.context);
            answer("receipt", directory.require_password_change(request).await)
        }
        Action::Check(check) => answer("verdict", directory.check_password(check.into()).await),
        Action::Find(plain) => {
            let request = FindAccount::new(Identity::from(&plain.identity));
            answer("account", directory.find_account(request).await)
        }
        Action::Policy(plain) => {
            let request = ReadPolicy::new(Identity::from(&plain.identity));
            answer("policy", directory.password_policy(request).await)
        }
        Action::Diagnose(diagnosed) => {
            let mut request = match &diagnosed.identity {
                Some(identity) => Diagnose::account(Identity::from(identity)),
                None => Diagnose::deployment(),
            };
            request.canary = diagnosed.canary;
            answer("diagnosis", directory.diagnose(request).await)
        }
        Action::Advance(_) | Action::WrongPasswords(_) => return None,
    };
    Some(answer)
}

/// An answer, or an error, as JSON.
pub(super) fn answer<T: Serialize + std::fmt::Debug>(kind: &'static str, result: Result<T, Error>) -> Answer {
    match result {
        Ok(value) => Answer {
            kind,
            json: serde_json::to_value(&value).unwrap_or_default(),
            printed: format!("{value:?}"),
        },
        Err(error) => Answer {
            kind: "error",
            json: serde_json::to_value(&error).unwrap_or_default(),
            printed: format!("{error:?} {error}"),
        },
    }
}

impl From<&Reset> for ResetPassword {
    fn from(reset: &Reset) -> ResetPassword {
        let mut request = ResetPassword::new(Identity::from(&reset.identity), reset.new_password.as_str())
            .require_change(reset.require_change.unwrap_or_default());
        if let Some(unlock) = reset.unlock {
            request = request.unlock(unlock);
        }
        request.history = reset.history;
        let actor = reset.actor.as_ref().map(Identity::from);
        fill(&mut request.context, reset.initiator, actor, &reset.correlation_id);
        request
    }
}

impl From<&Change> for ChangePassword {
    fn from(change: &Change) -> ChangePassword {
        let identity = Identity::from(&change.identity);
        let mut request = ChangePassword::new(identity, change.old_password.as_str(), change.new_password.as_str());
        let actor = change.actor.as_ref().map(Identity::from);
        fill(&mut request.context, change.initiator, actor, &change.correlation_id);
        request
    }
}

impl From<&Check> for CheckPassword {
    fn from(check: &Check) -> CheckPassword {
        let mut request = CheckPassword::new(Identity::from(&check.identity), check.candidate.as_str());
        fill(&mut request.context, check.initiator, None, &None);
        request
    }
}

impl Plain {
    fn fill(&self, context: &mut Context) {
        let actor = self.actor.as_ref().map(Identity::from);
        fill(context, self.initiator, actor, &self.correlation_id);
    }
}

fn fill(context: &mut Context, initiator: Option<Initiator>, actor: Option<Identity>, correlation: &Option<String>) {
    context.initiator = initiator;
    context.actor = actor;
    if let Some(id) = correlation {
        context.correlation_id.clone_from(id);
    }
}
