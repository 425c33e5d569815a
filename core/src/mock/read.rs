//! What the service account sees of an account.

use super::domain::Domain;
use super::entry::Entry;
use super::rights::MockRight;
use crate::directory::PolicyOf;
use crate::facts::{Plain, Readings};
use crate::policy::PasswordPolicy;
use crate::reading::Reading;

impl Domain {
    /// Reads an account; what may not be read is absent.
    pub(super) fn readings(&self, entry: &Entry) -> Readings {
        let resultant = self.resultant(entry).map(|policy| policy.distinguished_name.clone());
        Readings {
            plain: Plain {
                distinguished_name: entry.distinguished_name.clone(),
                guid: entry.guid,
                user_principal_name: self
                    .readable(MockRight::ReadUserPrincipalName, entry, entry.upn.clone())
                    .flatten(),
                display_name: self
                    .readable(MockRight::ReadDisplayName, entry, entry.display_name.clone())
                    .flatten(),
                consistency_guid: self.reading(MockRight::ReadConsistencyGuid, entry, entry.consistency_guid),
                lockout_time: self.reading(MockRight::ReadLockoutTime, entry, entry.lockout_time),
                password_expires: self.readable(MockRight::ReadPasswordExpiry, entry, self.password_expires(entry)),
                resultant_pso: self.reading(MockRight::ReadResultantPso, entry, resultant),
                cannot_change: entry.cannot_change,
                may_write_lockout_time: self.holds(MockRight::WriteLockoutTime, entry),
                may_write_pwd_last_set: self.holds(MockRight::WritePwdLastSet, entry),
                bad_password_count: self.readable(MockRight::ReadBadPwdCount, entry, entry.bad_count),
                usn_changed: self.readable(MockRight::ReadUsnChanged, entry, entry.usn_changed),
                password_version: self.readable(MockRight::ReadReplPropertyMetaData, entry, entry.password_version),
            },
            sid: self.readable(MockRight::ReadObjectSid, entry, entry.sid.clone()),
            sam_account_name: self.readable(MockRight::ReadSamAccountName, entry, entry.sam.clone()),
            object_classes: entry.classes.clone(),
            control: self.readable(MockRight::ReadUserAccountControl, entry, entry.control),
            computed_control: self.readable(MockRight::ReadComputedControl, entry, self.computed_control(entry)),
            token_groups: self.readable(
                MockRight::ReadTokenGroups,
                entry,
                self.token_groups(entry).into_iter().collect(),
            ),
            admin_count: self.reading(MockRight::ReadAdminCount, entry, entry.admin_count),
            secondary_krbtgt: self.reading(MockRight::ReadSecondaryKrbTgtNumber, entry, entry.secondary_krbtgt),
            pwd_last_set: self.readable(MockRight::ReadPwdLastSet, entry, entry.pwd_last_set),
            account_expires: self.reading(MockRight::ReadAccountExpires, entry, Some(entry.expires)),
        }
    }

    fn reading<T>(&self, right: MockRight, entry: &Entry, value: Option<T>) -> Reading<T> {
        Reading::of(value, self.holds(right, entry))
    }

    /// The policy as the service account may read it.
    pub(super) fn policy(&self, of: &PolicyOf<'_>) -> PasswordPolicy {
        let account = self
            .accounts
            .iter()
            .find(|entry| entry.distinguished_name == of.distinguished_name);
        let Some(account) = account else {
            return PasswordPolicy::unknown("the account is gone");
        };
        let settings_readable = self.holds(MockRight::ReadPasswordSettings, account);
        match of.resultant_pso {
            Reading::Unreadable => PasswordPolicy::unknown("the service account may not read msDS-ResultantPSO"),
            Reading::Value(dn) if !settings_readable => {
                PasswordPolicy::unknown(format!("the service account may not read the fine-grained policy {dn}"))
            }
            Reading::Unset if !settings_readable => PasswordPolicy::unknown(
                "the service account may not read CN=Password Settings Container, \
                 so it is not known whether a fine-grained policy applies",
            ),
            Reading::Unset if !self.holds(MockRight::ReadDomainPolicy, account) => {
                PasswordPolicy::unknown("the service account may not read the policy of the domain")
            }
            _ => self.policy_of(account),
        }
    }
}
