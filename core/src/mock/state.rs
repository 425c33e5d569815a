//! What follows from an account's stored state and the time: the computed attributes.

use super::domain::Domain;
use super::entry::Entry;
use crate::ad::attribute::{FileTime, UserAccountControl};
use crate::policy::add;
use jiff::Timestamp;
use std::time::Duration;
use uuid::Uuid;

impl Domain {
    /// Whether an account is locked out now (MS-ADTS 3.1.1.4.5.17).
    pub(super) fn locked(&self, entry: &Entry) -> bool {
        match entry.lockout_time {
            _ if trusts(entry) => false,
            Some(FileTime::At(since)) => match self.settings_of(entry).lockout_duration {
                duration if duration.is_zero() => true,
                duration => add(since, duration).is_none_or(|end| end >= self.now()),
            },
            Some(FileTime::Max) => true,
            Some(FileTime::Zero) | None => false,
        }
    }

    /// When the password expires (msDS-UserPasswordExpiryTimeComputed, MS-ADTS 3.1.1.4.5.33).
    pub(super) fn password_expires(&self, entry: &Entry) -> FileTime {
        let max_age = self.settings_of(entry).max_age;
        match entry.pwd_last_set {
            _ if never_expires(entry) => FileTime::Max,
            FileTime::Zero => FileTime::Zero,
            _ if max_age.is_zero() => FileTime::Max,
            FileTime::At(set) => add(set, max_age).map_or(FileTime::Max, FileTime::At),
            FileTime::Max => FileTime::Max,
        }
    }

    /// Whether the password has expired, by age or because it must be changed.
    pub(super) fn password_expired(&self, entry: &Entry) -> bool {
        match self.password_expires(entry) {
            FileTime::Zero => true,
            FileTime::At(end) => end < self.now(),
            FileTime::Max => false,
        }
    }

    /// msDS-User-Account-Control-Computed.
    pub(super) fn computed_control(&self, entry: &Entry) -> UserAccountControl {
        let mut computed = UserAccountControl::default();
        if self.locked(entry) {
            computed = computed.union(UserAccountControl::LOCKED_OUT);
        }
        if self.password_expired(entry) {
            computed = computed.union(UserAccountControl::PASSWORD_EXPIRED);
        }
        computed
    }

    pub(super) fn account_expired(&self, entry: &Entry) -> bool {
        entry.expires.instant().is_some_and(|at| at <= self.now())
    }

    /// Counts a bad password, and locks the account where that was one too many. A count is each domain controller's own and moves
    /// no update sequence number; a lockout is replicated and does.
    pub(super) fn count_bad_password(&mut self, guid: Uuid) {
        let now = self.now();
        let Some(entry) = self.account(guid) else { return };
        let policy = self.settings_of(entry);
        let (threshold, window) = (policy.lockout_threshold, policy.lockout_window);
        let was_locked = matches!(entry.lockout_time, Some(FileTime::At(_) | FileTime::Max));
        let counted = if was_locked || forgotten(entry.bad_time, window, now) {
            0
        } else {
            entry.bad_count
        };
        let count = counted.saturating_add(1);
        let locks = threshold > 0 && count >= threshold && !trusts(entry);
        let usn = (locks || was_locked).then(|| self.next_usn());
        let Some(entry) = self.account_mut(guid) else { return };
        entry.bad_count = count;
        entry.bad_time = Some(now);
        if locks {
            entry.lockout_time = Some(FileTime::At(now));
        } else if was_locked {
            // The lockout had ended by itself, and the count begins anew.
            entry.lockout_time = Some(FileTime::Zero);
        }
        if let Some(usn) = usn {
            entry.usn_changed = usn;
        }
    }
}

/// Whether earlier bad passwords no longer count.
fn forgotten(last: Option<Timestamp>, window: Duration, now: Timestamp) -> bool {
    last.is_none_or(|last| add(last, window).is_some_and(|end| end < now))
}

/// Whether this is a computer's or a trust's account, which neither locks nor expires.
pub(super) fn trusts(entry: &Entry) -> bool {
    let machine = UserAccountControl::WORKSTATION_TRUST_ACCOUNT
        .union(UserAccountControl::SERVER_TRUST_ACCOUNT)
        .union(UserAccountControl::INTERDOMAIN_TRUST_ACCOUNT);
    entry.control.intersects(machine)
}

fn never_expires(entry: &Entry) -> bool {
    let never = UserAccountControl::PASSWORD_NEVER_EXPIRES.union(UserAccountControl::SMARTCARD_REQUIRED);
    entry.control.intersects(never) || trusts(entry)
}
