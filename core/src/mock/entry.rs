//! The objects of a mock directory, as it stores them.

use super::group::GroupScope;
use super::rights::MockRight;
use crate::ad::attribute::{FileTime, UserAccountControl};
use crate::password::Password;
use crate::sid::Sid;
use jiff::Timestamp;
use std::collections::{BTreeSet, VecDeque};
use uuid::Uuid;

/// The most passwords that are kept: the greatest history a policy may ask for (MS-SAMR 3.1.1.6).
const MOST_REMEMBERED: usize = 1024;

/// An account.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) guid: Uuid,
    pub(super) sid: Sid,
    pub(super) common_name: String,
    pub(super) distinguished_name: String,
    pub(super) sam: String,
    pub(super) upn: Option<String>,
    pub(super) display_name: Option<String>,
    pub(super) consistency_guid: Option<Uuid>,
    pub(super) classes: Vec<String>,
    pub(super) control: UserAccountControl,
    /// The groups that it is listed in, and its primary group.
    pub(super) groups: BTreeSet<Sid>,
    pub(super) admin_count: Option<i64>,
    pub(super) secondary_krbtgt: Option<i64>,
    /// The passwords it has and had, the current one first, wiped when they are dropped. A policy may look at fewer.
    pub(super) passwords: VecDeque<Password>,
    pub(super) pwd_last_set: FileTime,
    pub(super) password_version: u32,
    pub(super) lockout_time: Option<FileTime>,
    pub(super) bad_count: u32,
    pub(super) bad_time: Option<Timestamp>,
    pub(super) last_logon: Option<Timestamp>,
    pub(super) expires: FileTime,
    pub(super) cannot_change: bool,
    /// Inherits no rights from its container.
    pub(super) inheritance_broken: bool,
    /// The rights that the service account does not have on this account.
    pub(super) revoked: BTreeSet<MockRight>,
    pub(super) usn_changed: u64,
}

impl Entry {
    pub(super) fn is(&self, flag: UserAccountControl) -> bool {
        self.control.contains(flag)
    }

    /// Whether this is the current password.
    pub(super) fn has_password(&self, password: &Password) -> bool {
        self.passwords.front().is_some_and(|current| current.same_as(password))
    }

    /// Whether a password is among the last so many, the current one included (MS-SAMR 3.1.1.7.1).
    pub(super) fn remembers(&self, password: &Password, length: u32) -> bool {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        self.passwords.iter().take(length).any(|known| known.same_as(password))
    }

    /// Stores a new password.
    pub(super) fn set_password(&mut self, password: Password, set: FileTime) {
        self.passwords.push_front(password);
        self.passwords.truncate(MOST_REMEMBERED);
        self.password_version = self.password_version.wrapping_add(1);
        self.pwd_last_set = set;
    }
}

/// A group.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) sid: Sid,
    pub(super) scope: GroupScope,
    pub(super) security: bool,
    pub(super) member_of: BTreeSet<Sid>,
}
