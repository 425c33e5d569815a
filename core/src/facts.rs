//! What one domain controller said of one account, and what follows from what it did not say. Pure.

use crate::account::Account;
use crate::ad::attribute::{FileTime, UserAccountControl, guid_bytes};
use crate::ad::dn::Dn;
use crate::error::Error;
use crate::identity::Name;
use crate::policy::{Names, PasswordPolicy, add};
use crate::protection::{Protection, Subject, protection_of};
use crate::reading::{Reading, unreadable};
use crate::sid::Sid;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use uuid::Uuid;

/// What needs no conclusion: a missing one of these hides nothing that a rule depends on, or says so itself.
#[derive(Clone, Debug)]
pub(crate) struct Plain {
    pub(crate) distinguished_name: String,
    pub(crate) guid: Uuid,
    pub(crate) user_principal_name: Option<String>,
    pub(crate) display_name: Option<String>,
    pub(crate) consistency_guid: Reading<Uuid>,
    pub(crate) lockout_time: Reading<FileTime>,
    pub(crate) password_expires: Option<FileTime>,
    pub(crate) resultant_pso: Reading<String>,
    pub(crate) cannot_change: bool,
    pub(crate) may_write_lockout_time: bool,
    pub(crate) may_write_pwd_last_set: bool,
    pub(crate) bad_password_count: Option<u32>,
    pub(crate) usn_changed: Option<u64>,
    pub(crate) password_version: Option<u32>,
}

/// The answer of a domain controller, attribute by attribute, before anything is concluded from it.
#[derive(Clone, Debug)]
pub(crate) struct Readings {
    pub(crate) plain: Plain,
    pub(crate) sid: Option<Sid>,
    pub(crate) sam_account_name: Option<String>,
    pub(crate) object_classes: Vec<String>,
    pub(crate) control: Option<UserAccountControl>,
    pub(crate) computed_control: Option<UserAccountControl>,
    pub(crate) token_groups: Option<Vec<Sid>>,
    pub(crate) admin_count: Reading<i64>,
    pub(crate) secondary_krbtgt: Reading<i64>,
    pub(crate) pwd_last_set: Option<FileTime>,
    pub(crate) account_expires: Reading<FileTime>,
}

/// The proven facts of one account.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) plain: Plain,
    pub(crate) sid: Sid,
    pub(crate) sam_account_name: String,
    pub(crate) control: UserAccountControl,
    pub(crate) computed_control: UserAccountControl,
    pub(crate) pwd_last_set: FileTime,
    pub(crate) account_expires: Option<FileTime>,
    pub(crate) protection: Option<Protection>,
}

impl Facts {
    /// Concludes the facts, and refuses where a rule of protection would stand on something that could not be read.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], naming the missing right.
    pub(crate) fn conclude(readings: Readings, own_token: &[Sid], also_protected: &[Sid]) -> Result<Self, Error> {
        let sid = readings.sid.ok_or_else(|| unreadable("objectSid"))?;
        let sam_account_name = readings.sam_account_name.ok_or_else(|| unreadable("sAMAccountName"))?;
        let control = readings.control.ok_or_else(|| unreadable("userAccountControl"))?;
        let computed_control = readings
            .computed_control
            .ok_or_else(|| unreadable("msDS-User-Account-Control-Computed"))?;
        let token_groups = readings.token_groups.ok_or_else(|| unreadable("tokenGroups"))?;
        let pwd_last_set = readings.pwd_last_set.ok_or_else(|| unreadable("pwdLastSet"))?;
        let admin_count = readings.admin_count.proven("adminCount")?;
        let account_expires = readings.account_expires.proven("accountExpires")?;
        let secondary_krbtgt = secondary_krbtgt(readings.secondary_krbtgt, &sam_account_name)?;
        let subject = Subject {
            sid: &sid,
            token_groups: &token_groups,
            object_classes: &readings.object_classes,
            control,
            admin_count,
            secondary_krbtgt,
        };
        let protection = protection_of(subject, own_token, also_protected);
        Ok(Facts {
            plain: readings.plain,
            sid,
            sam_account_name,
            control,
            computed_control,
            pwd_last_set,
            account_expires,
            protection,
        })
    }

    pub(crate) fn names(&self) -> Names<'_> {
        Names {
            sam_account_name: &self.sam_account_name,
            display_name: self.plain.display_name.as_deref(),
        }
    }

    pub(crate) fn disabled(&self) -> bool {
        self.control.contains(UserAccountControl::ACCOUNT_DISABLED)
    }

    pub(crate) fn expired(&self, now: Timestamp) -> bool {
        self.expires_at().is_some_and(|at| at <= now)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.account_expires.and_then(FileTime::instant)
    }

    pub(crate) fn locked(&self) -> bool {
        self.computed_control.contains(UserAccountControl::LOCKED_OUT)
    }

    /// Whether lockoutTime is cleared; where it may not be read, whether the computed state says so.
    pub(crate) fn unlocked(&self) -> bool {
        match self.plain.lockout_time {
            Reading::Value(time) => time == FileTime::Zero,
            Reading::Unset => true,
            Reading::Unreadable => !self.locked(),
        }
    }

    pub(crate) fn must_change(&self) -> bool {
        self.pwd_last_set == FileTime::Zero
    }

    pub(crate) fn password_never_expires(&self) -> bool {
        self.control.contains(UserAccountControl::PASSWORD_NEVER_EXPIRES)
    }

    pub(crate) fn smartcard_required(&self) -> bool {
        self.control.contains(UserAccountControl::SMARTCARD_REQUIRED)
    }

    /// Whether length, complexity and history do not apply (MS-SAMR 3.1.1.7.1).
    pub(crate) fn password_not_required(&self) -> bool {
        self.control.contains(UserAccountControl::PASSWORD_NOT_REQUIRED)
    }

    /// mS-DS-ConsistencyGuid, else objectGUID; `None` where it is not known which.
    fn source_anchor(&self) -> Option<Uuid> {
        match self.plain.consistency_guid {
            Reading::Value(anchor) => Some(anchor),
            Reading::Unset => Some(self.plain.guid),
            Reading::Unreadable => None,
        }
    }

    /// Whether a name is one of this account's.
    pub(crate) fn is_named(&self, name: &Name) -> bool {
        let same = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
        let dn = || self.plain.distinguished_name.parse::<Dn>().ok();
        match name {
            Name::Guid(guid) => *guid == self.plain.guid,
            Name::Sid(sid) => *sid == self.sid,
            Name::SourceAnchor(anchor) => self.source_anchor() == Some(*anchor),
            Name::Dn(text) => text.parse::<Dn>().is_ok_and(|other| dn().as_ref() == Some(&other)),
            Name::Upn(text) => match &self.plain.user_principal_name {
                Some(upn) => same(upn, text),
                None => dn()
                    .and_then(|dn| dn.dns_domain())
                    .is_some_and(|domain| same(&format!("{}@{domain}", self.sam_account_name), text)),
            },
            // The NetBIOS name of the domain is not a fact of the account, so a name with one proves nothing.
            Name::Sam { domain, name } => domain.is_none() && same(&self.sam_account_name, name),
        }
    }

    /// What a caller sees. The policy, where it was read, says when a lockout ends.
    pub(crate) fn account(&self, policy: Option<&PasswordPolicy>) -> Account {
        Account {
            distinguished_name: self.plain.distinguished_name.clone(),
            sam_account_name: self.sam_account_name.clone(),
            user_principal_name: self.plain.user_principal_name.clone(),
            display_name: self.plain.display_name.clone(),
            object_guid: self.plain.guid,
            object_sid: self.sid.to_string(),
            source_anchor: self.source_anchor().map(|anchor| STANDARD.encode(guid_bytes(anchor))),
            enabled: !self.disabled(),
            locked: self.locked(),
            locked_until: policy.and_then(|policy| self.locked_until(policy)),
            must_change_password: self.must_change(),
            password_expired: self.computed_control.contains(UserAccountControl::PASSWORD_EXPIRED),
            password_last_set: self.pwd_last_set.instant(),
            password_expires_at: self.plain.password_expires.and_then(FileTime::instant),
            account_expires_at: self.expires_at(),
            protection: self.protection,
        }
    }

    fn locked_until(&self, policy: &PasswordPolicy) -> Option<Timestamp> {
        let Reading::Value(FileTime::At(since)) = self.plain.lockout_time else {
            return None;
        };
        if !self.locked() {
            return None;
        }
        add(since, policy.lockout_duration.filter(|duration| !duration.is_zero())?)
    }
}

/// Whether the account is the krbtgt of a read-only domain controller. Where the attribute may not be read, an account of
/// that name is refused: the name only ever adds to the refusals.
fn secondary_krbtgt(reading: Reading<i64>, sam_account_name: &str) -> Result<bool, Error> {
    match reading {
        Reading::Value(_) => Ok(true),
        Reading::Unset => Ok(false),
        Reading::Unreadable if sam_account_name.to_ascii_lowercase().starts_with("krbtgt") => {
            Err(unreadable("msDS-SecondaryKrbTgtNumber"))
        }
        Reading::Unreadable => Ok(false),
    }
}
