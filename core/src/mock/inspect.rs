//! What a test sees of a mock directory: everything, as no service account does.

use super::MockDirectory;
use super::logon::BindAnswer;
use crate::ad::attribute::FileTime;
use crate::identity::Identity;
use crate::password::Password;
use crate::sid::Sid;
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

/// An account as the directory stores it, whatever the service account may read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MockAccount {
    /// The distinguished name.
    pub distinguished_name: String,
    /// The objectGUID.
    pub guid: Uuid,
    /// The objectSid.
    pub sid: Sid,
    /// Every security group that it is in: direct, nested and primary.
    pub token_groups: Vec<Sid>,
    /// userAccountControl (MS-ADTS 2.2.16).
    pub user_account_control: u32,
    /// adminCount.
    pub admin_count: Option<i64>,
    /// When the password was set; absent where it must be changed.
    pub password_last_set: Option<Timestamp>,
    /// pwdLastSet is 0.
    pub must_change_password: bool,
    /// The password has expired, by age or because it must be changed.
    pub password_expired: bool,
    /// Locked out now.
    pub locked: bool,
    /// When it was locked out; absent after an unlock.
    pub lockout_time: Option<Timestamp>,
    /// badPwdCount.
    pub bad_password_count: u32,
    /// How often the password has been set.
    pub password_version: u32,
    /// uSNChanged: it moves with every change that is replicated.
    pub usn_changed: u64,
    /// The distinguished name of the fine-grained policy that applies.
    pub resultant_pso: Option<String>,
}

impl MockDirectory {
    /// An account as it is stored; `None` where there is none of this identity, or several.
    #[must_use]
    pub fn account(&self, user: impl Into<Identity>) -> Option<MockAccount> {
        let domain = self.domain();
        let entry = domain.named(&user.into())?;
        Some(MockAccount {
            distinguished_name: entry.distinguished_name.clone(),
            guid: entry.guid,
            sid: entry.sid.clone(),
            token_groups: domain.token_groups(entry).into_iter().collect(),
            user_account_control: entry.control.0,
            admin_count: entry.admin_count,
            password_last_set: entry.pwd_last_set.instant(),
            must_change_password: entry.pwd_last_set == FileTime::Zero,
            password_expired: domain.password_expired(entry),
            locked: domain.locked(entry),
            lockout_time: entry.lockout_time.and_then(FileTime::instant),
            bad_password_count: entry.bad_count,
            password_version: entry.password_version,
            usn_changed: entry.usn_changed,
            resultant_pso: domain.resultant(entry).map(|policy| policy.distinguished_name.clone()),
        })
    }

    /// Whether this is the account's password. It leaves nothing behind, and a lockout makes no difference.
    #[must_use]
    pub fn verify_password(&self, user: impl Into<Identity>, password: impl Into<Password>) -> bool {
        let domain = self.domain();
        let password = password.into();
        domain
            .named(&user.into())
            .is_some_and(|entry| entry.has_password(&password))
    }

    /// Logs a user on, as a simple bind does: a wrong password is counted and can lock the account, a right one clears the count.
    pub fn bind(&self, user: impl Into<Identity>, password: impl Into<Password>) -> BindAnswer {
        let mut domain = self.domain();
        let guid = domain.named(&user.into()).map(|entry| entry.guid);
        guid.map_or(BindAnswer::UnknownUser, |guid| domain.logon(guid, &password.into()))
    }

    /// How many bad passwords are counted; 0 for an account that is not there.
    #[must_use]
    pub fn bad_password_count(&self, user: impl Into<Identity>) -> u32 {
        self.account(user).map_or(0, |account| account.bad_password_count)
    }

    /// How many modifications the directory has carried out for this library.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.domain().writes
    }

    /// How many faults are armed yet, so that a test can see that all have struck.
    #[must_use]
    pub fn pending_faults(&self) -> usize {
        self.domain().faults.pending()
    }
}
