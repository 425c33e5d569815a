//! The accounts of a case, and the groups they are in.

use super::super::span::Span;
use serde::Deserialize;
use uuid::Uuid;

/// A password, for accounts of which the case says nothing else.
const PASSWORD: &str = "Old-Passw0rd-1";

/// A global security group.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// The groups it is in: of the case's own that stand before it, or well-known ones such as `Domain Admins`.
    #[serde(default)]
    pub member_of: Vec<String>,
}

/// What an account is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// A person's.
    #[default]
    User,
    /// A member computer's.
    Computer,
    /// A group managed service account.
    GroupManagedServiceAccount,
    /// That of a trust.
    Trust,
    /// The krbtgt account of a read-only domain controller.
    RodcKrbtgt,
    /// One that every domain has: krbtgt, Administrator.
    BuiltIn,
}

/// An account as the case finds it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// What the case calls it, and its sAMAccountName (a computer's and a managed account's gets a `$`).
    pub name: String,
    /// What it is.
    #[serde(default)]
    pub kind: Kind,
    /// Its password.
    #[serde(default = "password")]
    pub password: String,
    /// Its former passwords, the oldest first.
    #[serde(default)]
    pub former_passwords: Vec<String>,
    /// When its password was set, from now.
    #[serde(default = "two_days_ago")]
    pub password_set: Span,
    /// The common name, where it is not the name.
    #[serde(default)]
    pub common_name: Option<String>,
    /// The organizational unit below the case's own that it lies in; the case's own where absent.
    #[serde(default)]
    pub container: Option<String>,
    /// The explicit user principal name: absent for `name@domain`, `null` for none.
    #[serde(default = "usual_name")]
    pub user_principal_name: Option<String>,
    /// The display name.
    #[serde(default)]
    pub display_name: Option<String>,
    /// mS-DS-ConsistencyGuid.
    #[serde(default)]
    pub consistency_guid: Option<Uuid>,
    /// adminCount.
    #[serde(default)]
    pub admin_count: Option<u32>,
    /// The groups it is in.
    #[serde(default)]
    pub member_of: Vec<String>,
    /// Its primary group, of which it is then a member.
    #[serde(default)]
    pub primary_group: Option<String>,
    /// When it expires, from now.
    #[serde(default)]
    pub expires: Option<Span>,
    /// It is disabled.
    #[serde(default)]
    pub disabled: bool,
    /// Its password must be changed at the next logon.
    #[serde(default)]
    pub must_change_password: bool,
    /// Its password never expires.
    #[serde(default)]
    pub password_never_expires: bool,
    /// Its user cannot change the password.
    #[serde(default)]
    pub cannot_change_password: bool,
    /// It logs on with a smart card only.
    #[serde(default)]
    pub smartcard_required: bool,
    /// It needs no password.
    #[serde(default)]
    pub password_not_required: bool,
    /// It inherits no rights from its container, so that what is delegated there does not reach it.
    #[serde(default)]
    pub inheritance_broken: bool,
    /// When it was locked out, from now.
    #[serde(default)]
    pub locked: Option<Span>,
}

/// The user principal name that goes with a sAMAccountName.
const USUAL_NAME: &str = "${name}@${domain.dns}";

fn usual_name() -> Option<String> {
    Some(USUAL_NAME.to_owned())
}

fn password() -> String {
    PASSWORD.to_owned()
}

fn two_days_ago() -> Span {
    Span::seconds(-2 * 86_400)
}

impl Account {
    /// An ordinary user of that name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Account {
            name: name.to_owned(),
            kind: Kind::User,
            password: password(),
            former_passwords: Vec::new(),
            password_set: two_days_ago(),
            common_name: None,
            container: None,
            user_principal_name: usual_name(),
            display_name: None,
            consistency_guid: None,
            admin_count: None,
            member_of: Vec::new(),
            primary_group: None,
            expires: None,
            disabled: false,
            must_change_password: false,
            password_never_expires: false,
            cannot_change_password: false,
            smartcard_required: false,
            password_not_required: false,
            inheritance_broken: false,
            locked: None,
        }
    }

    /// The explicit user principal name in a domain.
    #[must_use]
    pub fn upn(&self, dns_domain: &str) -> Option<String> {
        let name = self.user_principal_name.as_deref()?;
        Some(name.replace("${name}", &self.name).replace("${domain.dns}", dns_domain))
    }
}
