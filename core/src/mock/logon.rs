//! A user's own logon, with what it leaves behind.

use super::domain::Domain;
use super::entry::Entry;
use crate::ad::attribute::{FileTime, UserAccountControl};
use crate::password::Password;
use crate::words::words;
use jiff::Timestamp;
use uuid::Uuid;

words! {
    /// What a domain controller answers a user's logon. The texts are the logon errors of a refused bind (MS-ERREF 2.2).
    pub enum BindAnswer {
        /// Logged on.
        Success = "0",
        /// No such user.
        UnknownUser = "525",
        /// Wrong password; also the answer to an account that logs on with a smart card only.
        WrongPassword = "52e",
        /// Right password, and it has expired.
        PasswordExpired = "532",
        /// Right password, and the account is disabled.
        Disabled = "533",
        /// Right password, and the account has expired.
        AccountExpired = "701",
        /// Right password, and it must be changed first.
        MustChange = "773",
        /// Locked out, whatever the password.
        LockedOut = "775",
    }
}

/// How many former passwords a logon may try without being counted as a bad one.
const FORGIVEN: u32 = 2;

/// How old the last logon on record must be before a new one is recorded, in seconds (MS-ADTS 6.1.1.2.7, lastLogonTimestamp:
/// at most 14 days).
const LAST_LOGON_AGE: i64 = 14 * 86_400;

impl Domain {
    /// Logs a user on with a password.
    pub(super) fn logon(&mut self, guid: Uuid, password: &Password) -> BindAnswer {
        let Some(entry) = self.account(guid) else {
            return BindAnswer::UnknownUser;
        };
        if self.locked(entry) {
            return BindAnswer::LockedOut;
        }
        if !entry.has_password(password) {
            if !entry.remembers(password, FORGIVEN + 1) {
                self.count_bad_password(guid);
            }
            return BindAnswer::WrongPassword;
        }
        match self.hindrance(entry) {
            Some(answer) => answer,
            None => {
                self.logged_on(guid);
                BindAnswer::Success
            }
        }
    }

    /// What stands against a logon with the right password.
    fn hindrance(&self, entry: &Entry) -> Option<BindAnswer> {
        if entry.is(UserAccountControl::SMARTCARD_REQUIRED) {
            Some(BindAnswer::WrongPassword)
        } else if entry.is(UserAccountControl::ACCOUNT_DISABLED) {
            Some(BindAnswer::Disabled)
        } else if self.account_expired(entry) {
            Some(BindAnswer::AccountExpired)
        } else if !self.password_expired(entry) {
            None
        } else if entry.pwd_last_set == FileTime::Zero {
            Some(BindAnswer::MustChange)
        } else {
            Some(BindAnswer::PasswordExpired)
        }
    }

    /// A logon clears the count of bad passwords; only what is replicated moves the update sequence number.
    fn logged_on(&mut self, guid: Uuid) {
        let now = self.now();
        let Some(entry) = self.account(guid) else { return };
        let was_locked = matches!(entry.lockout_time, Some(FileTime::At(_) | FileTime::Max));
        let recorded = entry.last_logon.is_some_and(|last| !is_old(last, now));
        let usn = (was_locked || !recorded).then(|| self.next_usn());
        let Some(entry) = self.account_mut(guid) else { return };
        entry.bad_count = 0;
        if was_locked {
            entry.lockout_time = Some(FileTime::Zero);
        }
        if !recorded {
            entry.last_logon = Some(now);
        }
        if let Some(usn) = usn {
            entry.usn_changed = usn;
        }
    }
}

fn is_old(last: Timestamp, now: Timestamp) -> bool {
    now.duration_since(last).as_secs() >= LAST_LOGON_AGE
}
