//! The story of an operation, the same for every backend: locate, protect, write, confirm, explain.

mod backend;
mod canary;
mod confirm;
mod deadline;
mod examine;
mod explain;
mod guard;
mod locate;
mod resolve;
mod write;

pub(crate) use backend::backend;

use crate::account::Account;
use crate::diagnosis::Diagnosis;
use crate::directory::{Directory, PolicyOf, Server, Session};
use crate::error::{Code, Error, Reason};
use crate::facts::Facts;
use crate::gate::Target;
use crate::identity::{Identity, Name};
use crate::policy::{PasswordPolicy, Verdict};
use crate::receipt::{Operation, Receipt};
use crate::request::{
    ChangePassword, CheckPassword, Context, Diagnose, FindAccount, History, ReadPolicy, Request, RequirePasswordChange,
    ResetPassword, UnlockAccount,
};
use crate::rules::ReadRules;
use crate::task;
use deadline::Deadline;
use std::pin::Pin;
use std::sync::Arc;
use write::Intent;

/// A directory with the rules that hold for writing to it.
#[derive(Debug)]
pub(crate) struct Engine<D> {
    pub(crate) directory: D,
    pub(crate) rules: ReadRules,
}

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// An account that was found, and the session it was found in.
struct Located {
    session: Box<dyn Session>,
    facts: Facts,
}

impl<D: Directory> Engine<D> {
    pub(crate) fn new(directory: D, rules: ReadRules) -> Arc<Self> {
        Arc::new(Engine { directory, rules })
    }

    pub(crate) async fn reset_password(self: &Arc<Self>, request: ResetPassword) -> Result<Receipt, Error> {
        self.write(Intent::from(request)).await
    }

    pub(crate) async fn change_password(self: &Arc<Self>, request: ChangePassword) -> Result<Receipt, Error> {
        self.write(Intent::from(request)).await
    }

    pub(crate) async fn unlock_account(self: &Arc<Self>, request: UnlockAccount) -> Result<Receipt, Error> {
        self.write(Intent::from(request)).await
    }

    pub(crate) async fn require_password_change(
        self: &Arc<Self>,
        request: RequirePasswordChange,
    ) -> Result<Receipt, Error> {
        self.write(Intent::from(request)).await
    }

    pub(crate) async fn check_password(self: &Arc<Self>, request: CheckPassword) -> Result<Verdict, Error> {
        request.candidate.validate()?;
        // A reset that leaves history out leaves the minimum age out as well.
        let ages = self.rules.given.history != History::Off;
        self.read(Operation::CheckPassword, request, move |request, mut located| {
            Box::pin(async move {
                let policy = located.policy().await?;
                let facts = &located.facts;
                let verdict = match facts.password_not_required() {
                    true => Verdict::exempt(),
                    false => Verdict::of(&policy, &request.candidate, facts.names()),
                };
                let now = located.server().now;
                Ok(if ages {
                    verdict.with_age(&policy, facts.pwd_last_set.instant(), now)
                } else {
                    verdict
                })
            })
        })
        .await
    }

    pub(crate) async fn find_account(self: &Arc<Self>, request: FindAccount) -> Result<Account, Error> {
        self.read(Operation::FindAccount, request, |_, mut located| {
            Box::pin(async move { Ok(located.account().await) })
        })
        .await
    }

    pub(crate) async fn password_policy(self: &Arc<Self>, request: ReadPolicy) -> Result<PasswordPolicy, Error> {
        self.read(Operation::PasswordPolicy, request, |_, mut located| {
            Box::pin(async move { located.policy().await })
        })
        .await
    }

    pub(crate) async fn diagnose(self: &Arc<Self>, request: Diagnose) -> Result<Diagnosis, Error> {
        let name = request
            .identity
            .as_ref()
            .map(|identity| self.accept(identity))
            .transpose()?;
        if request.canary && name.is_none() {
            return Err(Error::new(Code::InvalidIdentity, "a canary has to be named"));
        }
        let engine = Arc::clone(self);
        let deadline = Deadline::start(&self.rules.given, &request.context);
        task::run(request.context.cancellation.clone(), async move {
            let mut diagnosis = Diagnosis::default();
            let session = engine.directory.examine(deadline.end(), &mut diagnosis).await;
            engine
                .examine(session, name.as_ref(), &request, deadline, &mut diagnosis)
                .await;
            Ok(diagnosis)
        })
        .await
    }

    /// Runs an operation that only reads: finds the account, then does what is particular to it.
    async fn read<R: Request + Send + 'static, T: Send + 'static>(
        self: &Arc<Self>,
        operation: Operation,
        request: R,
        then: impl FnOnce(R, Located) -> BoxFuture<Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let name = self.accept(request.identity())?;
        let engine = Arc::clone(self);
        let deadline = Deadline::start(&self.rules.given, request.context());
        task::run(request.context().cancellation.clone(), async move {
            deadline
                .limit(async {
                    let located = engine.open_and_locate(&name, false, deadline.end()).await?;
                    located.pass_gates(operation, request.context())?;
                    then(request, located).await
                })
                .await
        })
        .await
    }

    /// Reads an identity, and refuses a kind that the rules do not accept.
    fn accept(&self, identity: &Identity) -> Result<Name, Error> {
        let name = identity.read()?;
        let accepted = &self.rules.given.accepted_identities;
        if accepted.is_empty() || accepted.contains(&name.kind()) {
            return Ok(name);
        }
        Err(Error::new(
            Code::InvalidIdentity,
            format!("an identity of the kind {} is not accepted", name.kind()),
        )
        .with_reason(Reason::NotAccepted))
    }
}

impl Located {
    fn server(&self) -> &Server {
        self.session.server()
    }

    /// Passes the gates of the request with the account that was found.
    fn pass_gates(&self, operation: Operation, context: &Context) -> Result<(), Error> {
        let target = Target::new(operation, self.facts.plain.guid, &self.server().name);
        context.pass_gates(&target).map_err(|error| self.annotate(error))
    }

    /// The policy of the account; a policy that cannot be read is unknown, an error is a lost connection.
    async fn policy(&mut self) -> Result<PasswordPolicy, Error> {
        let of = PolicyOf {
            distinguished_name: &self.facts.plain.distinguished_name,
            resultant_pso: &self.facts.plain.resultant_pso,
        };
        let policy = self.session.policy(&of).await;
        policy.map_err(|error| self.annotate(error))
    }

    /// The account as a caller sees it. Only a lockout's end needs the policy, so only then is it read.
    async fn account(&mut self) -> Account {
        let policy = if self.facts.locked() {
            self.policy().await.ok()
        } else {
            None
        };
        self.facts.account(policy.as_ref())
    }

    /// Says in an error which account and which domain controller it is about.
    fn annotate(&self, error: Error) -> Error {
        error
            .with_account(self.facts.account(None))
            .with_domain_controller(&self.server().name)
    }
}
