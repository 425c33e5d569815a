//! The service account of a case.

use serde::Deserialize;

/// A right of the service account.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Right {
    /// Reset Password on the accounts.
    ResetPassword,
    /// Writing lockoutTime.
    WriteLockoutTime,
    /// Writing pwdLastSet.
    WritePwdLastSet,
    /// Unexpire Password on the domain.
    UnexpirePassword,
    /// Reading the fine-grained policies.
    PasswordSettingsContainer,
    /// Reading an attribute of the accounts, by its LDAP name.
    Read(String),
}

impl<'de> Deserialize<'de> for Right {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(match text.as_str() {
            "reset_password" => Right::ResetPassword,
            "write_lockout_time" => Right::WriteLockoutTime,
            "write_pwd_last_set" => Right::WritePwdLastSet,
            "unexpire_password" => Right::UnexpirePassword,
            "password_settings_container" => Right::PasswordSettingsContainer,
            other => match other.strip_prefix("read:") {
                Some(attribute) if !attribute.is_empty() => Right::Read(attribute.to_owned()),
                _ => return Err(serde::de::Error::custom(format!("no right is called {other:?}"))),
            },
        })
    }
}

/// The service account of a case.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The rights it lacks.
    #[serde(default)]
    pub without: Vec<Right>,
}

impl Service {
    /// Whether it has a right.
    #[must_use]
    pub fn has(&self, right: &Right) -> bool {
        !self.without.contains(right)
    }

    /// The attributes it may not read.
    pub fn unreadable(&self) -> impl Iterator<Item = &str> {
        self.without.iter().filter_map(|right| match right {
            Right::Read(attribute) => Some(attribute.as_str()),
            _ => None,
        })
    }
}
