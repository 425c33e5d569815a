//! From a refusal to its reason.

use super::deadline::Deadline;
use super::write::{Attempted, Intent, Plan};
use super::{Engine, Located};
use crate::ad::diagnostic::{StatedRule, WriteRefusal};
use crate::directory::{Directory, Refusal};
use crate::error::{Code, Error, Reason};
use crate::facts::Facts;
use crate::password::Password;
use crate::policy::{Certainty, PasswordPolicy, Rule, Violation};
use crate::receipt::{HistoryEnforcement, Operation};
use jiff::Timestamp;
use tokio::time::timeout_at;

impl<D: Directory> Engine<D> {
    /// Turns the server's refusal into an error that says why, and how that is known.
    pub(super) async fn explain(
        &self,
        intent: &Intent,
        attempted: Attempted,
        refusal: &Refusal,
        deadline: Deadline,
    ) -> Error {
        let Attempted { mut located, plan, .. } = attempted;
        if refusal.kind == WriteRefusal::PolicyRefused(None) {
            // The rule has to be found out, and somebody else may have set the password since the account was read.
            self.re_read(&mut located, deadline).await;
        }
        let error = match (refusal.kind, &intent.secret) {
            (WriteRefusal::PolicyRefused(stated), Some(secret)) => {
                let policy = known_policy(&mut located, deadline).await;
                let case = Case {
                    facts: &located.facts,
                    policy: &policy,
                    candidate: secret.new_password(),
                    ages: ages(intent, plan),
                    now: located.server().now,
                };
                policy_violation(case.violations(stated, refusal.diagnostic.limit))
            }
            (kind, _) => plain(kind, intent.operation),
        };
        located.annotate(error.with_result(refusal.result_code, refusal.diagnostic.win32))
    }
}

/// Whether history and minimum age took part in the server's judgement.
fn ages(intent: &Intent, plan: Plan) -> bool {
    intent.operation == Operation::ChangePassword || plan.history == HistoryEnforcement::Enforced
}

async fn known_policy(located: &mut Located, deadline: Deadline) -> PasswordPolicy {
    match timeout_at(deadline.end(), located.policy()).await {
        Ok(Ok(policy)) => policy,
        _ => PasswordPolicy::unknown("the policy could not be read in time"),
    }
}

/// A refusal whose cause needs no policy to be named.
fn plain(kind: WriteRefusal, operation: Operation) -> Error {
    match kind {
        WriteRefusal::WrongOldPassword => Error::new(Code::WrongPassword, "the old password does not match"),
        WriteRefusal::LockedOut => Error::new(Code::AccountLocked, "the account is locked out"),
        WriteRefusal::ChangeNotPermitted => not_permitted(),
        WriteRefusal::AccessDenied => denied(operation),
        WriteRefusal::ReadOnlyOrReferral => Error::new(
            Code::ReadOnlyDirectory,
            "the domain controller is read-only, or does not hold the account",
        ),
        WriteRefusal::ControlUnsupported => Error::new(
            Code::PolicyHintsUnsupported,
            "the domain controller refused the policy-hints control",
        ),
        WriteRefusal::NoSuchObject => Error::new(Code::AccountNotFound, "the account is gone"),
        WriteRefusal::StrongerAuthRequired => {
            Error::new(Code::BindFailed, "the domain controller wants a stronger logon")
                .with_reason(Reason::SigningRequired)
        }
        WriteRefusal::Busy | WriteRefusal::Unavailable => {
            Error::new(Code::Directory, "the domain controller is busy or shutting down")
        }
        WriteRefusal::NotBoundRetryable => Error::new(Code::Directory, "the domain controller forgot the logon, twice"),
        WriteRefusal::PolicyRefused(_) | WriteRefusal::InsecureChannel | WriteRefusal::Other => {
            Error::new(Code::Directory, "the domain controller refused the write")
        }
    }
}

fn not_permitted() -> Error {
    Error::new(Code::ChangeNotPermitted, "the account may not change its password")
        .with_missing_right("change password")
}

/// Rights to lockoutTime and pwdLastSet are known before a reset is sent, so what a reset lacks is its own right.
fn denied(operation: Operation) -> Error {
    let right = match operation {
        Operation::ChangePassword => return not_permitted(),
        Operation::UnlockAccount => "write lockoutTime",
        Operation::RequirePasswordChange => "write pwdLastSet",
        _ => "reset password",
    };
    Error::new(
        Code::PermissionDenied,
        format!("the service account lacks a right on the account: {right}"),
    )
    .with_missing_right(right)
}

/// What a refusal by policy is explained from.
struct Case<'a> {
    facts: &'a Facts,
    policy: &'a PasswordPolicy,
    candidate: &'a Password,
    ages: bool,
    now: Timestamp,
}

impl Case<'_> {
    /// The rule the server named; else what the policy and the facts prove; else what is left over.
    fn violations(&self, stated: Option<StatedRule>, limit: Option<u32>) -> Vec<Violation> {
        if let Some(rule) = stated {
            return vec![self.stated(rule, limit)];
        }
        if !self.policy.is_known() {
            return vec![Violation::new(Rule::Unknown, Certainty::Unknown)];
        }
        let (proven, undecided) = self.proven();
        if proven.is_empty() {
            self.left_over(&undecided)
        } else {
            proven
        }
    }

    fn stated(&self, rule: StatedRule, limit: Option<u32>) -> Violation {
        let stated = |rule| Violation::new(rule, Certainty::Stated);
        match rule {
            StatedRule::MinLength => stated(Rule::MinLength).limit(limit.or(self.policy.min_length).map(u64::from)),
            StatedRule::Complexity => stated(Rule::Complexity),
            StatedRule::History => stated(Rule::History).limit(self.policy.history_length.map(u64::from)),
            StatedRule::MinAge => self
                .policy
                .too_young(self.facts.pwd_last_set.instant(), Certainty::Stated),
            StatedRule::Filter => stated(Rule::Filter),
        }
    }

    /// What is certainly broken, and what cannot be decided from here.
    fn proven(&self) -> (Vec<Violation>, Vec<Rule>) {
        let findings = if self.facts.password_not_required() {
            Default::default()
        } else {
            self.policy.judge(self.candidate, self.facts.names())
        };
        let mut proven = findings.violations;
        if self.ages {
            proven.extend(self.policy.judge_age(self.facts.pwd_last_set.instant(), self.now));
        }
        (proven, findings.undecided)
    }

    /// Nothing that can be checked is broken: it is one of the rules that cannot.
    fn left_over(&self, undecided: &[Rule]) -> Vec<Violation> {
        let inferred = |rule| Violation::new(rule, Certainty::Inferred);
        let mut left: Vec<Violation> = undecided.iter().copied().map(inferred).collect();
        if self.ages && self.policy.history_length != Some(0) && !self.facts.password_not_required() {
            left.push(inferred(Rule::History).limit(self.policy.history_length.map(u64::from)));
        }
        left.push(inferred(Rule::Filter));
        left
    }
}

fn policy_violation(violations: Vec<Violation>) -> Error {
    let sentences: Vec<String> = violations.iter().map(sentence).collect();
    let joint = match violations.first().map(|violation| violation.certainty) {
        Some(Certainty::Inferred) if violations.len() > 1 => ", or ",
        _ => "; ",
    };
    let message = format!(
        "the password policy refused the new password: {}",
        sentences.join(joint)
    );
    Error::new(Code::PolicyViolation, message).with_violations(violations)
}

fn sentence(violation: &Violation) -> String {
    let limit = violation.limit.map(|limit| limit.to_string());
    match (violation.rule, limit) {
        (Rule::MinLength, Some(limit)) => format!("it is shorter than {limit} characters"),
        (Rule::MinLength, None) => "it is too short".to_owned(),
        (Rule::Complexity, _) => "it has fewer than three of the five character classes".to_owned(),
        (Rule::AccountName, _) => "it contains the account name".to_owned(),
        (Rule::DisplayName, _) => "it contains a part of the display name".to_owned(),
        (Rule::History, Some(limit)) => format!("it is among the last {limit} passwords"),
        (Rule::History, None) => "it has been used before".to_owned(),
        (Rule::MinAge, _) => match violation.retry_at {
            Some(at) => format!("the current password may not be changed before {at}"),
            None => "the current password is too young to be changed".to_owned(),
        },
        (Rule::Filter, _) => "a password filter of the domain controller refuses it".to_owned(),
        (Rule::Unknown, _) => {
            "the server does not say which rule, and the service account cannot read the policy".to_owned()
        }
    }
}
