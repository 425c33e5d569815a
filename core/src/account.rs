//! The facts of one account, as a caller sees them.

use crate::protection::Protection;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One user account as one domain controller describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Account {
    /// The distinguished name, for people: it changes with a rename or a move.
    pub distinguished_name: String,
    /// The logon name within the domain.
    pub sam_account_name: String,
    /// The explicit user principal name; an account may have none.
    pub user_principal_name: Option<String>,
    /// The display name.
    pub display_name: Option<String>,
    /// The objectGUID, which never changes.
    pub object_guid: Uuid,
    /// The security identifier, in text form.
    pub object_sid: String,
    /// The source anchor (ImmutableId): base64 of mS-DS-ConsistencyGuid, else of objectGUID. Absent where the service account may
    /// not read mS-DS-ConsistencyGuid, so that it is not known which.
    pub source_anchor: Option<String>,
    /// Not disabled.
    pub enabled: bool,
    /// Locked out at this moment.
    pub locked: bool,
    /// When the lockout ends by itself; absent where it is not locked, where only an administrator ends it, or where the policy could not be read.
    pub locked_until: Option<Timestamp>,
    /// The user must change the password at the next logon.
    pub must_change_password: bool,
    /// The password has expired, by age or by a required change.
    pub password_expired: bool,
    /// When the password was set; absent while a change is required.
    pub password_last_set: Option<Timestamp>,
    /// When the password expires; absent where it never does, or where a change is required.
    pub password_expires_at: Option<Timestamp>,
    /// When the account itself expires; absent where it never does.
    pub account_expires_at: Option<Timestamp>,
    /// The rule that protects the account from being written, or none.
    pub protection: Option<Protection>,
}
