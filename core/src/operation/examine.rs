//! Examining whether one account can be written.

use super::deadline::Deadline;
use super::{Engine, Located};
use crate::diagnosis::{CheckStatus, Diagnosis};
use crate::directory::{Directory, Session};
use crate::error::Error;
use crate::identity::Name;
use crate::receipt::Operation;
use crate::request::Context;

impl<D: Directory> Engine<D> {
    /// Adds to a diagnosis what stands between the service account and one account.
    pub(super) async fn examine_account(
        &self,
        session: Box<dyn Session>,
        name: &Name,
        context: &Context,
        deadline: Deadline,
        diagnosis: &mut Diagnosis,
    ) {
        let located = deadline.limit(self.locate(session, name)).await;
        let admitted = located.and_then(|located| {
            located.pass_gates(Operation::Diagnose, context)?;
            Ok(located)
        });
        match admitted {
            Ok(mut located) => {
                diagnosis.add(
                    "account",
                    CheckStatus::Ok,
                    format!("found {}", located.facts.plain.distinguished_name),
                    None,
                );
                examine_protection(&located, diagnosis);
                examine_rights(&located, diagnosis);
                examine_inheritance(&located, diagnosis);
                examine_policy(&mut located, deadline, diagnosis).await;
            }
            Err(error) => diagnosis.add("account", CheckStatus::Failed, error.message(), grant(&error)),
        }
    }
}

fn grant(error: &Error) -> Option<String> {
    error
        .missing_right()
        .map(|right| format!("grant the service account the right: {right}"))
}

fn examine_protection(located: &Located, diagnosis: &mut Diagnosis) {
    match located.facts.protection {
        None => diagnosis.add("protection", CheckStatus::Ok, "no rule protects the account", None),
        Some(rule) => {
            let fix = (!rule.is_absolute()).then(|| {
                "if this account is meant to be written, open protected accounts for the initiator in the settings"
                    .to_owned()
            });
            diagnosis.add(
                "protection",
                CheckStatus::Failed,
                format!("the account is protected: {rule}"),
                fix,
            );
        }
    }
}

/// The rights the server itself tells. Reset Password is a control access right, which it does not.
fn examine_rights(located: &Located, diagnosis: &mut Diagnosis) {
    let facts = &located.facts;
    let rights = [
        ("unlock_right", "lockoutTime", facts.plain.may_write_lockout_time),
        ("require_change_right", "pwdLastSet", facts.plain.may_write_pwd_last_set),
    ];
    for (name, attribute, held) in rights {
        if held {
            diagnosis.add(name, CheckStatus::Ok, format!("{attribute} may be written"), None);
        } else {
            let fix = format!(
                "dsacls \"{}\" /G \"DOMAIN\\service-account:RPWP;{attribute}\"",
                located.facts.plain.distinguished_name
            );
            diagnosis.add(
                name,
                CheckStatus::Failed,
                format!("{attribute} may not be written"),
                Some(fix),
            );
        }
    }
    if let Some(held) = facts.plain.may_reset_password {
        let (status, detail, fix) = if held {
            (CheckStatus::Ok, "the password may be reset", None)
        } else {
            let fix = format!(
                "dsacls \"{}\" /G \"DOMAIN\\service-account:CA;Reset Password\"",
                located.facts.plain.distinguished_name
            );
            (CheckStatus::Failed, "the password may not be reset", Some(fix))
        };
        diagnosis.add("reset_right", status, detail, fix);
    }
}

/// An account that takes no access control entries from its parents has none of the rights that were granted on them.
fn examine_inheritance(located: &Located, diagnosis: &mut Diagnosis) {
    match located.facts.plain.inheritance_broken {
        Some(false) => diagnosis.add(
            "inheritance",
            CheckStatus::Ok,
            "rights are inherited from the parents",
            None,
        ),
        Some(true) => {
            let fix = format!("dsacls \"{}\" /P:N", located.facts.plain.distinguished_name);
            let detail = "the account inherits no rights: what is granted on its parents does not reach it";
            diagnosis.add("inheritance", CheckStatus::Warning, detail, Some(fix));
        }
        None => diagnosis.add(
            "inheritance",
            CheckStatus::Unknown,
            "its security descriptor may not be read",
            None,
        ),
    }
}

async fn examine_policy(located: &mut Located, deadline: Deadline, diagnosis: &mut Diagnosis) {
    match deadline.limit(located.policy()).await {
        Ok(policy) if policy.is_known() => {
            diagnosis.add("policy", CheckStatus::Ok, policy.source.to_string(), None);
        }
        Ok(policy) => {
            let fix = "grant the service account generic read on CN=Password Settings Container,CN=System and below";
            diagnosis.add(
                "policy",
                CheckStatus::Warning,
                policy.source.to_string(),
                Some(fix.to_owned()),
            );
        }
        Err(error) => diagnosis.add("policy", CheckStatus::Unknown, error.message(), None),
    }
}
