//! One operation on one account of its own, and the truth about it.

use password_writeback::{
    ChangePassword, Error, History, Outcome, PasswordWriteback, Receipt, RequirePasswordChange, ResetPassword,
    UnlockAccount,
};
use std::time::Duration;
use testkit::samba::{DomainController, Principal, USER_PASSWORD};

pub(crate) const NEW: &str = "Zx9-correct-horse-7";

/// Every kind of write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Reset,
    ResetUnlockRequire,
    Change,
    Unlock,
    Require,
}

impl Kind {
    pub(crate) const ALL: [Kind; 5] = [
        Kind::Reset,
        Kind::ResetUnlockRequire,
        Kind::Change,
        Kind::Unlock,
        Kind::Require,
    ];

    /// Whether the account is locked out beforehand.
    pub(crate) fn locks(self) -> bool {
        matches!(self, Kind::ResetUnlockRequire | Kind::Unlock)
    }
}

pub(crate) async fn write(directory: &dyn PasswordWriteback, kind: Kind, sam: &str) -> Result<Receipt, Error> {
    let reset = || ResetPassword::new(sam, NEW).history(History::IfSupported);
    // Samba 4.24 takes every password for too young whose age it checks while the same write sets pwdLastSet to 0.
    let all = || reset().history(History::Off).unlock(true).require_change(true);
    match kind {
        Kind::Reset => directory.reset_password(reset()).await,
        Kind::ResetUnlockRequire => directory.reset_password(all()).await,
        Kind::Change => {
            let change = ChangePassword::new(sam, USER_PASSWORD, NEW);
            directory.change_password(change).await
        }
        Kind::Unlock => directory.unlock_account(UnlockAccount::new(sam)).await,
        Kind::Require => directory.require_password_change(RequirePasswordChange::new(sam)).await,
    }
}

pub(crate) fn said(result: &Result<Receipt, Error>) -> Outcome {
    result.as_ref().map_or_else(Error::outcome, |_| Outcome::Applied)
}

/// What the directory holds, once it has come to rest: a server that was frozen may be at work for seconds after it is thawed.
pub(crate) async fn truth(dc: &DomainController, kind: Kind, user: &Principal) -> Outcome {
    let mut seen = Vec::new();
    for _ in 0..40 {
        let held = held(dc, kind, user).await;
        if held.is_some() && seen.last() == Some(&held) {
            return held.unwrap_or(Outcome::Unknown);
        }
        seen.push(held);
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    panic!("{}: a write in halves, or neither password is right: {seen:?}", user.dn);
}

/// What the directory holds now. One atomic write is there whole or not at all: `None` is neither.
async fn held(dc: &DomainController, kind: Kind, user: &Principal) -> Option<Outcome> {
    let read = dc.admin().read(&user.dn, &["lockoutTime", "pwdLastSet"]).await.unwrap();
    let unlocked = read.number("lockoutTime").unwrap_or(0) == 0;
    let required = read.number("pwdLastSet").unwrap() == 0;
    let applied = match kind {
        Kind::Unlock => Some(unlocked),
        Kind::Require => Some(required),
        Kind::Reset | Kind::Change => has_new_password(dc, user).await,
        // Whoever is locked takes no password, right or wrong: the state tells.
        Kind::ResetUnlockRequire if unlocked && required => has_new_password(dc, user).await.filter(|new| *new),
        Kind::ResetUnlockRequire => (!unlocked && !required).then_some(false),
    };
    applied.map(|applied| if applied { Outcome::Applied } else { Outcome::NotApplied })
}

/// Exactly one of the two passwords is right: `None` is neither.
async fn has_new_password(dc: &DomainController, user: &Principal) -> Option<bool> {
    let new = takes(dc, user, NEW).await;
    let old = takes(dc, user, USER_PASSWORD).await;
    (new != old).then_some(new)
}

/// Asked by a logon. "Must change" is told only to those who have the right password.
async fn takes(dc: &DomainController, user: &Principal, password: &str) -> bool {
    let answer = dc.binds(&user.dn, password).await.unwrap();
    match (answer.code, answer.data.as_deref()) {
        (0, _) | (49, Some("773")) => true,
        (49, Some("52e")) => false,
        _ => panic!("{}: a logon that tells nothing: {answer:?}", user.dn),
    }
}
