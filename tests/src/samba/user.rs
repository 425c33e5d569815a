//! The accounts and groups a test asks for.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Value, file_time, unicode_pwd};

/// The password of a [`NewUser`] that asks for no other.
pub const USER_PASSWORD: &str = "Us3r-Passw0rd!";

/// userAccountControl, MS-ADTS 2.2.16.
pub(super) const ACCOUNT_DISABLED: u32 = 0x2;
pub(super) const PASSWORD_NOT_REQUIRED: u32 = 0x20;
pub(super) const NORMAL_ACCOUNT: u32 = 0x200;
pub(super) const INTERDOMAIN_TRUST_ACCOUNT: u32 = 0x800;
pub(super) const WORKSTATION_TRUST_ACCOUNT: u32 = 0x1000;

/// An object that has a security identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Its distinguished name.
    pub dn: String,
    /// Its objectGUID.
    pub guid: Uuid,
    /// Its objectSid, as `S-1-...`.
    pub sid: String,
}

/// A user to create. Fill in what differs from [`NewUser::new`].
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The distinguished name of what it is created in; `None` for `OU=People`, where the service
    /// account has its rights.
    pub container: Option<String>,
    /// The sAMAccountName.
    pub sam: String,
    /// The common name, unescaped: any character will do. `None` for the sAMAccountName.
    pub cn: Option<String>,
    /// The userPrincipalName.
    pub upn: Option<String>,
    /// The displayName.
    pub display_name: Option<String>,
    /// The password; `None` for an account that has none.
    pub password: Option<String>,
    /// Whether the password must be changed at the next logon.
    pub must_change: bool,
    /// Whether the account is disabled.
    pub disabled: bool,
    /// Further flags of userAccountControl (MS-ADTS 2.2.16).
    pub flags: u32,
    /// When the account expires; `None` for never.
    pub expires: Option<Timestamp>,
    /// Further attributes.
    pub attributes: Vec<(String, Vec<Value>)>,
}

impl NewUser {
    /// An ordinary enabled user with [`USER_PASSWORD`] and the userPrincipalName that goes with its
    /// sAMAccountName.
    #[must_use]
    pub fn new(sam: &str) -> Self {
        Self {
            container: None,
            sam: sam.to_owned(),
            cn: None,
            upn: Some(format!("{sam}@{}", super::domain_controller::DNS_DOMAIN)),
            display_name: None,
            password: Some(USER_PASSWORD.to_owned()),
            must_change: false,
            disabled: false,
            flags: 0,
            expires: None,
            attributes: Vec::new(),
        }
    }

    /// Its common name.
    pub(super) fn name(&self) -> &str {
        self.cn.as_deref().unwrap_or(&self.sam)
    }

    /// Its attributes, for one add.
    pub(super) fn values(&self) -> Vec<(String, Vec<Value>)> {
        let mut values: Vec<(String, Vec<Value>)> = Vec::new();
        let mut set = |attribute: &str, value: Value| values.push((attribute.to_owned(), vec![value]));
        set("objectClass", "user".into());
        set("sAMAccountName", self.sam.as_str().into());
        set("userAccountControl", i64::from(self.account_control()).into());
        if let Some(upn) = &self.upn {
            set("userPrincipalName", upn.as_str().into());
        }
        if let Some(name) = &self.display_name {
            set("displayName", name.as_str().into());
        }
        if let Some(password) = &self.password {
            set("unicodePwd", unicode_pwd(password));
        }
        if self.must_change {
            set("pwdLastSet", 0.into());
        }
        if let Some(when) = self.expires {
            set("accountExpires", file_time(when).into());
        }
        values.extend(self.attributes.iter().cloned());
        values
    }

    fn account_control(&self) -> u32 {
        let disabled = if self.disabled { ACCOUNT_DISABLED } else { 0 };
        let no_password = if self.password.is_none() {
            PASSWORD_NOT_REQUIRED
        } else {
            0
        };
        NORMAL_ACCOUNT | disabled | no_password | self.flags
    }
}

/// Where a security group counts (MS-ADTS 2.2.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupScope {
    /// In its own domain, with members from anywhere.
    DomainLocal,
    /// Everywhere, with members from its own domain.
    Global,
    /// Everywhere in the forest.
    Universal,
}

impl GroupScope {
    /// The attribute groupType of a security group.
    pub(super) fn group_type(self) -> i64 {
        const SECURITY_ENABLED: i32 = i32::MIN;
        let scope = match self {
            Self::Global => 2,
            Self::DomainLocal => 4,
            Self::Universal => 8,
        };
        i64::from(SECURITY_ENABLED | scope)
    }
}
