//! Proving the whole path on an account that is there for it: a required change, a reset, a logon, a change, an unlock.
//!
//! Each write is an ordinary one: it passes the same rules and the same confirmation as any other.

use super::Engine;
use super::deadline::Deadline;
use super::write::Intent;
use crate::diagnosis::{Check, CheckName, CheckStatus, Diagnosis};
use crate::directory::{Directory, Logon};
use crate::error::{Code, Error, Outcome};
use crate::facts::Facts;
use crate::identity::{Identity, Name};
use crate::password::Password;
use crate::policy::PasswordPolicy;
use crate::receipt::{Receipt, Warning};
use crate::request::{ChangePassword, Context, History, RequirePasswordChange, ResetPassword, Unlock, UnlockAccount};
use std::sync::Arc;
use tokio::time::Instant;

/// What the name of an account must hold for it to be one: whoever is named so is not somebody's own.
const MARK: &str = "canary";

/// The account, and what its passwords must be like.
pub(super) struct Canary<'a> {
    pub(super) facts: &'a Facts,
    pub(super) policy: PasswordPolicy,
    pub(super) context: &'a Context,
    pub(super) deadline: Deadline,
}

impl<D: Directory> Engine<D> {
    /// Adds what became of each step. Whatever fails, the account is left with a random password that nobody knows.
    pub(super) async fn canary(self: &Arc<Self>, canary: Canary<'_>, diagnosis: &mut Diagnosis) {
        diagnosis.outcome = Some(Outcome::NotApplied);
        let refused = refusal(canary.facts);
        let passwords = (Password::generate(&canary.policy), Password::generate(&canary.policy));
        let ((Ok(first), Ok(second)), None) = (passwords, &refused) else {
            let why = refused.unwrap_or_else(|| "no password could be generated".to_owned());
            let check = Check::new(CheckName::Canary, CheckStatus::Failed, why);
            diagnosis.push(check.fix(format!(
                "create an ordinary account for this alone, unprotected, whose sAMAccountName holds the word {MARK:?}"
            )));
            return;
        };
        let detail = format!("{} is used as a canary", canary.facts.plain.distinguished_name);
        diagnosis.ok(CheckName::Canary, detail);
        let mut run = Run {
            engine: self,
            canary,
            diagnosis,
        };
        run.steps(first, second).await;
    }
}

/// Why an account must not be used.
fn refusal(facts: &Facts) -> Option<String> {
    let name = facts.sam_account_name.to_lowercase();
    if let Some(rule) = facts.protection {
        Some(format!("the account is protected: {rule}"))
    } else if !name.contains(MARK) {
        let name = &facts.sam_account_name;
        Some(format!("{name} is not named as a canary: it may be somebody's own"))
    } else {
        None
    }
}

struct Run<'a, 'b, D> {
    engine: &'a Arc<Engine<D>>,
    canary: Canary<'a>,
    diagnosis: &'b mut Diagnosis,
}

impl<D: Directory> Run<'_, '_, D> {
    async fn steps(&mut self, first: Password, second: Password) {
        // A password that must be changed has no minimum age, so that neither the reset nor the change comes too early.
        let expired = self.require_change(CheckName::CanaryRequireChange).await;
        let history = (!expired).then_some(History::Off);
        let Some(receipt) = self.reset(first.duplicate(), history).await else {
            return self.left_out(&[CheckName::CanaryLogon, CheckName::CanaryChange, CheckName::CanaryUnlock]);
        };
        self.logon(CheckName::CanaryLogon, &receipt, &first).await;
        if expired {
            self.write(RequirePasswordChange::new(self.identity()).into())
                .await
                .ok();
        }
        match self.change(first, second.duplicate()).await {
            Some(receipt) => self.logon(CheckName::CanaryChange, &receipt, &second).await,
            // Otherwise it would be left with a change required.
            None if expired => {
                let again = ResetPassword::new(self.identity(), second).history(History::Off);
                self.write(again.into()).await.ok();
            }
            None => {}
        }
        let unlocked = self.write(UnlockAccount::new(self.identity()).into()).await;
        self.told(CheckName::CanaryUnlock, unlocked, "unlocked");
    }

    fn left_out(&mut self, names: &[CheckName]) {
        for name in names {
            let check = Check::new(*name, CheckStatus::Unknown, "not tried, since the reset failed");
            self.diagnosis.push(check.fix("mend the reset first"));
        }
    }

    async fn require_change(&mut self, name: CheckName) -> bool {
        let required = self.write(RequirePasswordChange::new(self.identity()).into()).await;
        self.told(name, required, "a change was required").is_some()
    }

    async fn reset(&mut self, password: Password, history: Option<History>) -> Option<Receipt> {
        let mut request = ResetPassword::new(self.identity(), password).unlock(Unlock::IfPermitted);
        request.history = history;
        let reset = self.write(request.into()).await;
        self.told(CheckName::CanaryReset, reset, "reset")
    }

    async fn change(&mut self, old: Password, new: Password) -> Option<Receipt> {
        match self.write(ChangePassword::new(self.identity(), old, new).into()).await {
            // Its check is added by the logon that follows.
            Ok(receipt) => Some(receipt),
            failed => self.told(CheckName::CanaryChange, failed, "changed"),
        }
    }

    /// Tries the password where it was written.
    async fn logon(&mut self, name: CheckName, receipt: &Receipt, password: &Password) {
        let user = &receipt.account.distinguished_name;
        let answer = self.try_logon(&receipt.domain_controller, user, password).await;
        let check = match answer {
            Some(Logon::Right) => Check::new(
                name,
                CheckStatus::Ok,
                format!("{}: logged on with the new password", receipt.domain_controller),
            ),
            Some(Logon::Wrong) => {
                let detail = format!(
                    "{} does not take the password that was written",
                    receipt.domain_controller
                );
                Check::new(name, CheckStatus::Failed, detail)
                    .fix("see whether something else sets this account's password, and what the domain controller's log says")
            }
            Some(Logon::Inconclusive) | None => {
                let detail = format!("{}: the logon could not be tried", receipt.domain_controller);
                Check::new(name, CheckStatus::Unknown, detail)
                    .fix("see that the account is not locked out, and may log on at this hour and from here")
            }
        };
        self.diagnosis.push(check);
    }

    async fn try_logon(&self, domain_controller: &str, user: &str, password: &Password) -> Option<Logon> {
        let until = self.canary.deadline.end();
        let session = self.engine.directory.open(until).await.ok()?;
        let server = session.server();
        // Another one may not know the password yet.
        if server.name != domain_controller {
            return None;
        }
        Some(self.engine.directory.try_logon(server, user, password, until).await)
    }

    fn identity(&self) -> Identity {
        Identity::guid(self.canary.facts.plain.guid)
    }

    /// One write, in the time that is left, as the caller asked for it.
    async fn write(&mut self, intent: Intent) -> Result<Receipt, Error> {
        let left = self.canary.deadline.end().saturating_duration_since(Instant::now());
        let intent = Intent {
            context: Context {
                deadline: Some(left),
                ..self.canary.context.clone()
            },
            ..intent
        };
        let name = Name::Guid(self.canary.facts.plain.guid);
        let written = self.engine.write_to(name, intent).await;
        let outcome = written.as_ref().map_or_else(Error::outcome, |_| Outcome::Applied);
        self.diagnosis.outcome = Some(worst(self.diagnosis.outcome, outcome));
        written
    }

    /// Adds what became of a write.
    fn told(&mut self, name: CheckName, written: Result<Receipt, Error>, done: &str) -> Option<Receipt> {
        let check = match &written {
            Ok(receipt) => {
                let detail = format!(
                    "{}: {done}, verified by {}",
                    receipt.domain_controller, receipt.verification
                );
                warned(Check::new(name, CheckStatus::Ok, detail), receipt)
            }
            Err(error) => {
                let status = match error.outcome() {
                    Outcome::Unknown => CheckStatus::Unknown,
                    _ => CheckStatus::Failed,
                };
                Check::new(name, status, format!("{}: {}", error.code(), error.message())).fix(fix(error))
            }
        };
        self.diagnosis.push(check);
        written.ok()
    }
}

/// What a receipt warns of is a warning of the check.
fn warned(check: Check, receipt: &Receipt) -> Check {
    let counts = |warning: &&Warning| **warning != Warning::AccountDisabled && **warning != Warning::AccountExpired;
    let warnings: Vec<&str> = receipt
        .warnings
        .iter()
        .filter(counts)
        .map(|warning| warning.as_str())
        .collect();
    if warnings.is_empty() {
        return check;
    }
    let detail = format!("{}; warnings: {}", check.detail, warnings.join(", "));
    let warned = Check {
        status: CheckStatus::Warning,
        detail,
        ..check
    };
    warned.fix("see what the checks of the rights say")
}

fn fix(error: &Error) -> &'static str {
    match error.code() {
        Code::PermissionDenied => "see what the checks of the rights say",
        Code::PolicyHintsUnsupported => "update the domain controller, or set history to if_supported or off",
        Code::AccountDisabled | Code::AccountExpired => "enable the canary, and let it never expire",
        Code::ChangeNotEnforceable => "let the canary's password expire, and let the canary change it",
        Code::OutOfScope => "move the canary into one of allowed_subtrees",
        _ => "look the code up in the manual's page on errors",
    }
}

/// Of the outcomes of several writes the one that says more: unknown, then applied.
fn worst(one: Option<Outcome>, other: Outcome) -> Outcome {
    match (one, other) {
        (Some(Outcome::Unknown), _) | (_, Outcome::Unknown) => Outcome::Unknown,
        (Some(Outcome::Applied), _) | (_, Outcome::Applied) => Outcome::Applied,
        _ => Outcome::NotApplied,
    }
}
