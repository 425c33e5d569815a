//! The server's own rules for a modification of a password: who may, what the policy says, and what is stored.

use super::answer::{Broken, Denial};
use super::builder::PolicyHintsSupport;
use super::domain::Domain;
use super::entry::Entry;
use super::rights::MockRight;
use crate::ad::attribute::{FileTime, UserAccountControl};
use crate::directory::{NewPassword, Write};
use crate::password::Password;
use crate::policy::{Names, Rule, complex_to_windows};
use uuid::Uuid;
use zeroize::Zeroizing;

impl Domain {
    /// Carries out one modification, as a whole or not at all.
    pub(super) fn modify(&mut self, write: &Write<'_>) -> Result<(), Denial> {
        if self.referring {
            return Err(Denial::Referral);
        }
        if write.policy_hints.is_some() && write.policy_hints != self.hints.control() {
            return Err(Denial::UnknownControl);
        }
        let entry = self.account(write.user).ok_or(Denial::Gone)?;
        self.permit(entry, write)?;
        let judged = match &write.password {
            Some(NewPassword::Change { old, new }) => self.judge_change(entry, old, new),
            Some(NewPassword::Reset(new)) => self.judge(entry, new, write.policy_hints.is_some(), false),
            None => Ok(()),
        };
        if judged == Err(Denial::WrongOldPassword) {
            self.count_bad_password(write.user);
        }
        judged?;
        self.store(write);
        Ok(())
    }

    /// The access check comes before everything else, and denies the modification as a whole.
    fn permit(&self, entry: &Entry, write: &Write<'_>) -> Result<(), Denial> {
        match write.password {
            Some(NewPassword::Reset(_)) if !self.holds(MockRight::ResetPassword, entry) => {
                return Err(Denial::NoReset);
            }
            Some(NewPassword::Change { .. })
                if entry.cannot_change || !self.holds(MockRight::ChangePassword, entry) =>
            {
                return Err(Denial::NoChange);
            }
            _ => {}
        }
        let attributes = [
            (write.unlock, MockRight::WriteLockoutTime),
            (write.require_change, MockRight::WritePwdLastSet),
        ];
        for (written, right) in attributes {
            if written && !self.holds(right, entry) {
                return Err(Denial::NoWrite(entry.distinguished_name.clone()));
            }
        }
        Ok(())
    }

    /// A change: the lockout first, then the old password, then the whole policy.
    fn judge_change(&self, entry: &Entry, old: &Password, new: &Password) -> Result<(), Denial> {
        if self.locked(entry) {
            return Err(Denial::LockedOut);
        }
        if !entry.has_password(old) {
            return Err(Denial::WrongOldPassword);
        }
        self.judge(entry, new, true, true)
    }

    fn judge(&self, entry: &Entry, new: &Password, ages: bool, change: bool) -> Result<(), Denial> {
        let broken = self.broken(entry, new, ages);
        broken.map_or(Ok(()), |broken| Err(Denial::Policy { broken, change }))
    }

    /// The first rule that a new password breaks, in the order of a server: minimum age, length, complexity, history, filters.
    /// `ages` says whether minimum age and history count.
    fn broken(&self, entry: &Entry, new: &Password, ages: bool) -> Option<Broken> {
        let policy = self.policy_of(entry);
        if ages && policy.judge_age(entry.pwd_last_set.instant(), self.now()).is_some() {
            return Some(Broken::MinAge);
        }
        let exempt = entry.is(UserAccountControl::PASSWORD_NOT_REQUIRED);
        if !exempt {
            let names = Names {
                sam_account_name: &entry.sam,
                display_name: entry.display_name.as_deref(),
            };
            let findings = policy.judge(new, names);
            if let Some(violation) = findings.violations.first() {
                return Some(match violation.rule {
                    Rule::MinLength => Broken::MinLength(policy.min_length.unwrap_or_default()),
                    _ => Broken::Complexity,
                });
            }
            if findings.undecided.contains(&Rule::Complexity) && !complex_to_windows(new) {
                return Some(Broken::Complexity);
            }
        }
        if ages && !exempt {
            let length = policy.history_length.unwrap_or_default();
            if length > 0 && entry.has_password(new) {
                return Some(Broken::CurrentPassword);
            }
            if entry.remembers(new, length) {
                return Some(Broken::History);
            }
        }
        self.is_banned(new).then_some(Broken::Filter)
    }

    /// Whether the password filter refuses a password: filters have their say on a reset too.
    fn is_banned(&self, new: &Password) -> bool {
        let small = Zeroizing::new(new.expose().to_lowercase());
        self.banned_words.iter().any(|word| small.contains(word.as_str()))
    }

    fn store(&mut self, write: &Write<'_>) {
        let now = FileTime::At(self.now());
        let usn = self.next_usn();
        let may_unexpire = self
            .account(write.user)
            .is_some_and(|entry| self.holds(MockRight::UnexpirePassword, entry));
        let Some(entry) = self.account_mut(write.user) else {
            return;
        };
        match &write.password {
            // Without the right, a password that somebody else set is for one logon only (MS-SAMR 3.1.1.8.7).
            Some(NewPassword::Reset(new)) if !may_unexpire => entry.set_password(new.duplicate(), FileTime::Zero),
            Some(NewPassword::Reset(new) | NewPassword::Change { new, .. }) => {
                entry.set_password(new.duplicate(), now);
            }
            None => {}
        }
        if write.unlock {
            entry.lockout_time = Some(FileTime::Zero);
            entry.bad_count = 0;
        }
        if write.require_change {
            entry.pwd_last_set = FileTime::Zero;
        }
        entry.usn_changed = usn;
        self.writes += 1;
    }

    /// Somebody else's reset, as an administrator of the domain does it.
    pub(super) fn other_writer(&mut self, user: Uuid, password: Password) {
        let now = FileTime::At(self.now());
        let usn = self.next_usn();
        if let Some(entry) = self.account_mut(user) {
            entry.set_password(password, now);
            entry.usn_changed = usn;
        }
    }
}

impl PolicyHintsSupport {
    /// The control's number.
    pub(super) fn control(self) -> Option<&'static str> {
        use crate::ad::control::{POLICY_HINTS, POLICY_HINTS_DEPRECATED};
        match self {
            PolicyHintsSupport::Current => Some(POLICY_HINTS),
            PolicyHintsSupport::Deprecated => Some(POLICY_HINTS_DEPRECATED),
            PolicyHintsSupport::Absent => None,
        }
    }
}
