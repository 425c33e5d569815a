//! Which rule holds for which operation, before anything is written. Pure.

use crate::ad::dn::Dn;
use crate::error::{Code, Error, Reason};
use crate::facts::Facts;
use crate::protection::Protection;
use crate::receipt::{Operation, Warning};
use crate::request::{Initiator, Unlock};
use crate::rules::ReadRules;
use jiff::Timestamp;

/// What is about to be done, as far as the rules care.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    pub(super) operation: Operation,
    pub(super) initiator: Initiator,
    pub(super) require_change: bool,
    pub(super) unlock: Unlock,
}

/// Refuses what must not be written, the absolute rules first.
///
/// # Errors
/// `PROTECTED_ACCOUNT`, `OUT_OF_SCOPE`, `ACCOUNT_DISABLED`, `ACCOUNT_EXPIRED`, `CHANGE_NOT_ENFORCEABLE`, `PERMISSION_DENIED`.
pub(super) fn guard(attempt: Attempt, facts: &Facts, rules: &ReadRules, now: Timestamp) -> Result<Vec<Warning>, Error> {
    absolutely_protected(facts)?;
    in_scope(facts, rules)?;
    protected(attempt, facts, rules)?;
    let warnings = alive(attempt.initiator, facts, now)?;
    if attempt.require_change {
        enforceable(facts)?;
    }
    permitted(attempt, facts)?;
    Ok(warnings)
}

fn absolutely_protected(facts: &Facts) -> Result<(), Error> {
    facts
        .protection
        .filter(|rule| rule.is_absolute())
        .map_or(Ok(()), |rule| Err(refusal(rule)))
}

pub(super) fn in_scope(facts: &Facts, rules: &ReadRules) -> Result<(), Error> {
    // A name that cannot be read is inside nothing.
    let name = facts.plain.distinguished_name.parse::<Dn>().ok();
    let inside = |subtree: &Dn| name.as_ref().is_some_and(|name| name.is_within(subtree));
    if rules.allowed_subtrees.is_empty() || rules.allowed_subtrees.iter().any(inside) {
        return Ok(());
    }
    Err(Error::new(
        Code::OutOfScope,
        "the account is outside the allowed subtrees",
    ))
}

/// A change proves knowledge of the old password, so it is the owner's, and allowed.
fn protected(attempt: Attempt, facts: &Facts, rules: &ReadRules) -> Result<(), Error> {
    let opened = match attempt.initiator {
        Initiator::SelfService => rules.given.allow_self_service_on_protected,
        Initiator::Administrator => rules.given.allow_administrator_on_protected,
    };
    match facts.protection {
        Some(rule) if attempt.operation != Operation::ChangePassword && !opened => Err(refusal(rule)),
        _ => Ok(()),
    }
}

fn refusal(rule: Protection) -> Error {
    let why = match rule {
        Protection::Krbtgt => "it is the key distribution centre's own account",
        Protection::Trust => "it is the account of a trust",
        Protection::Computer => "it is a computer",
        Protection::ManagedServiceAccount => "the directory itself manages its password",
        Protection::ProtectedGroup => "it is a member of a protected group",
        Protection::AdminCount => "adminCount is set: it is, or once was, a member of a protected group",
        Protection::ServiceAccount => "it is the service account itself",
    };
    Error::new(Code::ProtectedAccount, format!("the account is protected: {why}")).with_protection(rule)
}

fn alive(initiator: Initiator, facts: &Facts, now: Timestamp) -> Result<Vec<Warning>, Error> {
    let states = [
        (
            facts.disabled(),
            Code::AccountDisabled,
            "the account is disabled",
            Warning::AccountDisabled,
        ),
        (
            facts.expired(now),
            Code::AccountExpired,
            "the account has expired",
            Warning::AccountExpired,
        ),
    ];
    let mut warnings = Vec::new();
    for (holds, code, message, warning) in states {
        match initiator {
            _ if !holds => {}
            Initiator::SelfService => return Err(Error::new(code, message)),
            Initiator::Administrator => warnings.push(warning),
        }
    }
    Ok(warnings)
}

fn enforceable(facts: &Facts) -> Result<(), Error> {
    let (reason, why) = if facts.smartcard_required() {
        (Reason::SmartcardRequired, "it logs on with a smart card only")
    } else if facts.password_never_expires() {
        (Reason::PasswordNeverExpires, "its password never expires")
    } else if facts.plain.cannot_change {
        (Reason::CannotChange, "its user cannot change the password")
    } else {
        return Ok(());
    };
    let message = format!("a change at next logon would have no effect on this account: {why}");
    Err(Error::new(Code::ChangeNotEnforceable, message).with_reason(reason))
}

/// The rights that can be known beforehand, so that a missing one is named instead of denying the whole write.
fn permitted(attempt: Attempt, facts: &Facts) -> Result<(), Error> {
    if attempt.unlock == Unlock::Yes && !facts.plain.may_write_lockout_time {
        return Err(missing("write lockoutTime"));
    }
    if attempt.require_change && !facts.plain.may_write_pwd_last_set {
        return Err(missing("write pwdLastSet"));
    }
    Ok(())
}

fn missing(right: &str) -> Error {
    Error::new(
        Code::PermissionDenied,
        format!("the service account lacks a right on the account: {right}"),
    )
    .with_missing_right(right)
}
