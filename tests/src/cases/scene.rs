//! What a backend says of the directory it has set up: the names, and an account's state.

use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// One object of a case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Its distinguished name.
    pub dn: String,
    /// Its objectGUID; none of a container.
    pub guid: Option<uuid::Uuid>,
    /// Its objectSid; none of a container.
    pub sid: Option<String>,
    /// Its sAMAccountName; none of a container.
    pub sam: Option<String>,
}

/// The names of a directory that a case can speak of.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// The domain's DNS name.
    pub dns_domain: String,
    /// The domain's NetBIOS name.
    pub netbios_domain: String,
    /// The domain's distinguished name.
    pub domain_dn: String,
    /// The case's own organizational unit.
    pub ou: String,
    /// The service account.
    pub service: Place,
    /// The accounts, groups, containers and fine-grained policies of the case, by name.
    pub places: BTreeMap<String, Place>,
}

/// An account's state as the administrator reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct State {
    /// Not disabled.
    pub enabled: bool,
    /// Locked out.
    pub locked: bool,
    /// The password must be changed at the next logon.
    pub must_change_password: bool,
    /// How many wrong passwords are counted.
    pub bad_password_count: u32,
    /// When the password was set; none while it must be changed.
    pub password_set: Option<Timestamp>,
}
