//! The rights that writeback needs, by every name they have. Pure.

use super::access::Wanted;
use super::descriptor::schema;
use std::fmt;
use uuid::Uuid;

/// A right of the service account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Right {
    /// User-Force-Change-Password.
    ResetPassword,
    /// User-Change-Password.
    ChangePassword,
    /// Writing lockoutTime.
    WriteLockoutTime,
    /// Writing pwdLastSet.
    WritePwdLastSet,
    /// Reading one attribute of an account.
    Read(&'static Attribute),
    /// Reading the security descriptor of an account.
    ReadControl,
    /// Unexpire-Password, on the domain.
    UnexpirePassword,
    /// Reading the Password Settings Container and what is in it.
    ReadPasswordSettings,
}

/// An attribute of an account that the library reads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    pub(crate) guid: Uuid,
    pub(crate) set: Option<Uuid>,
    /// What is lost without it; `None` where nothing works without it.
    pub(crate) loses: Option<&'static str>,
}

const fn attribute(name: &'static str, guid: Uuid, set: Option<Uuid>, loses: Option<&'static str>) -> Attribute {
    Attribute { name, guid, set, loses }
}

const RESTRICTIONS: Option<Uuid> = Some(schema::ACCOUNT_RESTRICTIONS);
const GENERAL: Option<Uuid> = Some(schema::GENERAL_INFORMATION);
const PUBLIC: Option<Uuid> = Some(schema::PUBLIC_INFORMATION);

/// What the library reads of an account (the manual's page on permissions has the same list).
pub(crate) const READ: &[Attribute] = &[
    attribute("objectGUID", schema::OBJECT_GUID, PUBLIC, None),
    attribute("objectClass", schema::OBJECT_CLASS, PUBLIC, None),
    attribute("objectSid", schema::OBJECT_SID, GENERAL, None),
    attribute("sAMAccountName", schema::SAM_ACCOUNT_NAME, GENERAL, None),
    attribute("userAccountControl", schema::USER_ACCOUNT_CONTROL, RESTRICTIONS, None),
    attribute(
        "msDS-User-Account-Control-Computed",
        schema::USER_ACCOUNT_CONTROL_COMPUTED,
        RESTRICTIONS,
        None,
    ),
    attribute("pwdLastSet", schema::PWD_LAST_SET, RESTRICTIONS, None),
    attribute("accountExpires", schema::ACCOUNT_EXPIRES, RESTRICTIONS, None),
    attribute(
        "tokenGroups",
        schema::TOKEN_GROUPS,
        Some(schema::REMOTE_ACCESS_INFORMATION),
        None,
    ),
    attribute("adminCount", schema::ADMIN_COUNT, None, None),
    attribute(
        "allowedAttributesEffective",
        schema::ALLOWED_ATTRIBUTES_EFFECTIVE,
        PUBLIC,
        Some("unlocking and requiring a change"),
    ),
    attribute(
        "userPrincipalName",
        schema::USER_PRINCIPAL_NAME,
        PUBLIC,
        Some("finding accounts by it"),
    ),
    attribute(
        "displayName",
        schema::DISPLAY_NAME,
        GENERAL,
        Some("the rule that keeps names out of passwords"),
    ),
    attribute("lockoutTime", schema::LOCKOUT_TIME, None, Some("when a lockout ends")),
    attribute(
        "msDS-SecondaryKrbTgtNumber",
        schema::SECONDARY_KRBTGT_NUMBER,
        None,
        Some("accounts whose names begin with krbtgt"),
    ),
    attribute("msDS-ResultantPSO", schema::RESULTANT_PSO, None, Some("the policy")),
    attribute(
        "mS-DS-ConsistencyGuid",
        schema::CONSISTENCY_GUID,
        None,
        Some("source anchors"),
    ),
    attribute(
        "msDS-UserPasswordExpiryTimeComputed",
        schema::PASSWORD_EXPIRY_COMPUTED,
        RESTRICTIONS,
        Some("when a password expires"),
    ),
    attribute(
        "badPwdCount",
        schema::BAD_PWD_COUNT,
        Some(schema::LOGON_INFORMATION),
        Some("whether a trial logon could lock the account"),
    ),
    attribute("uSNChanged", schema::USN_CHANGED, None, Some("settling a lost write")),
    attribute(
        "replPropertyMetaData",
        schema::REPL_PROPERTY_META_DATA,
        None,
        Some("settling a lost write"),
    ),
];

impl Right {
    /// What the access check asks for; `None` for a right that is more than one bit on one object.
    pub(crate) fn wanted(self) -> Option<Wanted> {
        Some(match self {
            Right::ResetPassword => Wanted::control(schema::RESET_PASSWORD),
            Right::ChangePassword => Wanted::control(schema::CHANGE_PASSWORD),
            Right::WriteLockoutTime => Wanted::write(schema::LOCKOUT_TIME, None),
            Right::WritePwdLastSet => Wanted::write(schema::PWD_LAST_SET, RESTRICTIONS),
            Right::Read(attribute) => Wanted::read(attribute.guid, attribute.set),
            Right::ReadControl => Wanted::read_control(),
            Right::UnexpirePassword => Wanted::control(schema::UNEXPIRE_PASSWORD),
            Right::ReadPasswordSettings => return None,
        })
    }

    /// What is lost without it; `None` where nothing works without it.
    pub(crate) fn loses(self) -> Option<&'static str> {
        match self {
            Right::Read(attribute) => attribute.loses,
            Right::ReadControl => Some("telling an absent attribute from a hidden one"),
            _ => None,
        }
    }
}

/// As [`Error::missing_right`](crate::Error::missing_right) spells it.
impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Right::ResetPassword => "reset password",
            Right::ChangePassword => "change password",
            Right::WriteLockoutTime => "write lockoutTime",
            Right::WritePwdLastSet => "write pwdLastSet",
            Right::Read(attribute) => return write!(f, "read {}", attribute.name),
            Right::ReadControl => "read the security descriptor",
            Right::UnexpirePassword => "unexpire password",
            Right::ReadPasswordSettings => "read password settings",
        })
    }
}
