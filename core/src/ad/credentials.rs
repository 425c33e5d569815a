//! How the service account logs on.

use super::config::configuration;
use crate::error::Error;
use crate::password::Password;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// How the service account logs on.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Credentials {
    /// With its name and password, over TLS.
    Password {
        /// A user principal name, `DOMAIN\name` or a distinguished name.
        user: String,
        /// Its password.
        password: BindPassword,
    },
    /// With a Kerberos ticket.
    Kerberos(Kerberos),
}

impl Credentials {
    /// A name and a password.
    pub fn password(user: impl Into<String>, password: impl Into<BindPassword>) -> Self {
        Credentials::Password {
            user: user.into(),
            password: password.into(),
        }
    }

    /// Who logs on, where the settings say so; else whoever the tickets are of.
    pub(crate) fn account(&self) -> Option<&str> {
        match self {
            Credentials::Password { user, .. } => Some(user),
            Credentials::Kerberos(kerberos) => kerberos.principal.as_deref(),
        }
    }

    /// Refuses what could not work.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        match self {
            Credentials::Password { user, .. } if user.is_empty() || user.contains('\0') => {
                Err(configuration("bind_user: none is given"))
            }
            // An empty password would be an unauthenticated bind, which the server answers with success (RFC 4513 5.1.2).
            Credentials::Password { password, .. } if password.is_empty() => {
                Err(configuration("bind_password: it is empty"))
            }
            Credentials::Password { .. } => Ok(()),
            Credentials::Kerberos(kerberos) => kerberos.validate(),
        }
    }
}

impl From<Kerberos> for Credentials {
    fn from(kerberos: Kerberos) -> Self {
        Credentials::Kerberos(kerberos)
    }
}

/// The password of the service account.
#[derive(Clone)]
pub struct BindPassword(Source);

#[derive(Clone)]
enum Source {
    Fixed(Arc<Password>),
    Provider(Arc<dyn Fn() -> Option<Password> + Send + Sync>),
}

impl BindPassword {
    /// Whether nobody need be asked for it.
    pub(crate) fn is_at_hand(&self) -> bool {
        matches!(self.0, Source::Fixed(_))
    }

    /// Asks for the password at every logon (not at every operation: see
    /// [`Settings::warm_connections`](crate::Settings::warm_connections)), so that it can rotate without a restart. `None` means
    /// that it cannot be had now: the operation then fails with `BIND_FAILED` and the reason `no_password`.
    ///
    /// The provider may block; it is called on a thread of its own. It has three quarters of
    /// [`connect_timeout`](crate::Settings::connect_timeout): a slower one counts as having no password, and its thread lasts as long as it
    /// does.
    pub fn provider(provider: impl Fn() -> Option<Password> + Send + Sync + 'static) -> Self {
        BindPassword(Source::Provider(Arc::new(provider)))
    }

    /// The password for one logon.
    pub(crate) async fn get(&self) -> Option<Arc<Password>> {
        match &self.0 {
            Source::Fixed(password) => Some(Arc::clone(password)),
            Source::Provider(provider) => {
                let provider = Arc::clone(provider);
                // A provider that panics is one that has no password.
                tokio::task::spawn_blocking(move || provider())
                    .await
                    .ok()
                    .flatten()
                    .map(Arc::new)
            }
        }
    }

    fn is_empty(&self) -> bool {
        matches!(&self.0, Source::Fixed(password) if password.expose().is_empty())
    }
}

impl<P: Into<Password>> From<P> for BindPassword {
    fn from(password: P) -> Self {
        BindPassword(Source::Fixed(Arc::new(password.into())))
    }
}

impl fmt::Debug for BindPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::Fixed(_) => "BindPassword([REDACTED])",
            Source::Provider(_) => "BindPassword(provider)",
        })
    }
}

/// A logon with a Kerberos ticket. It needs the cargo feature `gssapi`: see [`manual::kerberos`](crate::manual::kerberos).
///
/// ```no_run
/// use password_writeback::{ActiveDirectory, Kerberos, Settings};
///
/// # fn main() -> Result<(), password_writeback::Error> {
/// let kerberos = Kerberos::keytab("/etc/svc-writeback.keytab", "svc-writeback@CORP.EXAMPLE");
/// let settings = Settings::kerberos(["ldaps://dc1.corp.example"], kerberos).ca_file("corp-ca.pem");
/// # #[cfg(feature = "gssapi")]
/// let directory = ActiveDirectory::new(settings)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kerberos {
    pub(crate) tickets: Tickets,
    pub(crate) principal: Option<String>,
}

/// Where tickets come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tickets {
    Keytab(PathBuf),
    Cache(String),
    DefaultCache,
}

impl Kerberos {
    /// With the key of `principal` in a keytab file. Tickets are got with it as they are needed, are kept in memory only, and
    /// are renewed as they run out. The file is read at each renewal, so that the key can rotate without a restart.
    pub fn keytab(path: impl Into<PathBuf>, principal: impl Into<String>) -> Self {
        Kerberos {
            tickets: Tickets::Keytab(path.into()),
            principal: Some(principal.into()),
        }
    }

    /// With the tickets in a credential cache, which somebody else keeps filled: a path, or a name such as `KEYRING:persistent:0`.
    pub fn credential_cache(name: impl Into<String>) -> Self {
        Kerberos {
            tickets: Tickets::Cache(name.into()),
            principal: None,
        }
    }

    /// With the tickets in the credential cache that the environment (`KRB5CCNAME`) and the Kerberos configuration name.
    #[must_use]
    pub fn default_cache() -> Self {
        Kerberos {
            tickets: Tickets::DefaultCache,
            principal: None,
        }
    }

    /// Takes tickets of this principal, and no others.
    #[must_use]
    pub fn principal(mut self, principal: impl Into<String>) -> Self {
        self.principal = Some(principal.into());
        self
    }

    fn validate(&self) -> Result<(), Error> {
        let unusable = |text: &str| text.is_empty() || text.contains('\0');
        match &self.tickets {
            Tickets::Keytab(path) if path.to_str().is_none_or(unusable) => {
                return Err(configuration("keytab: it is not the name of a file"));
            }
            Tickets::Cache(name) if unusable(name) => {
                return Err(configuration("credential_cache: it is not the name of a cache"));
            }
            _ => {}
        }
        if self.principal.as_deref().is_some_and(unusable) {
            return Err(configuration("principal: none is given"));
        }
        Ok(())
    }
}

/// The name of the LDAP service on a host. With an empty realm the KDC says where it is, so that nothing need be configured. The
/// host is taken as it stands in the settings: to ask DNS for another name, as is the habit of Kerberos libraries, would let
/// whoever answers choose.
pub(crate) fn service_name(host: &str) -> Result<String, Error> {
    if host.parse::<IpAddr>().is_ok() {
        return Err(configuration(format!(
            "servers: Kerberos knows services by host name, and {host} is an IP address"
        )));
    }
    Ok(format!("ldap/{}@", host.trim_end_matches('.')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[test]
    fn what_cannot_work_is_refused() {
        for unusable in [
            Credentials::password("", "Secret-1"),
            Credentials::password("svc", ""),
            Kerberos::keytab("", "svc@CORP.EXAMPLE").into(),
            Kerberos::keytab("/etc/svc.keytab", "").into(),
            Kerberos::credential_cache("").into(),
            Kerberos::default_cache().principal("svc\0@CORP.EXAMPLE").into(),
        ] {
            let refused = unusable.validate().unwrap_err();
            assert_eq!(refused.code(), Code::Configuration, "{unusable:?}");
        }
        Credentials::from(Kerberos::default_cache()).validate().unwrap();
        Credentials::password("svc", "Secret-1").validate().unwrap();
    }

    #[test]
    fn a_service_is_known_by_its_host_name() {
        assert_eq!(service_name("dc1.corp.example").unwrap(), "ldap/dc1.corp.example@");
        assert_eq!(service_name("dc1.corp.example.").unwrap(), "ldap/dc1.corp.example@");
        for address in ["10.0.0.1", "::1"] {
            assert_eq!(service_name(address).unwrap_err().code(), Code::Configuration);
        }
    }
}
