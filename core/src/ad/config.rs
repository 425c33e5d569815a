//! The settings of the Active Directory backend, and what becomes of them once they are validated.

use crate::error::{Code, Error};
use crate::password::Password;
use crate::rules::Rules;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The password of the service account.
#[derive(Clone)]
pub struct BindPassword(Source);

#[derive(Clone)]
enum Source {
    Fixed(Arc<Password>),
    Provider(Arc<dyn Fn() -> Option<Password> + Send + Sync>),
}

impl BindPassword {
    /// Asks for the password at every logon (not at every operation: see [`Settings::warm_connections`]), so that it can rotate without a restart. `None` means that it cannot be had
    /// now: the operation then fails with `BIND_FAILED` and the reason `no_password`.
    ///
    /// The provider may block; it is called on a thread of its own.
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

/// How to reach Active Directory, and under which rules to write to it.
///
/// ```no_run
/// use password_writeback::{ActiveDirectory, Settings};
///
/// # fn main() -> Result<(), password_writeback::Error> {
/// let settings = Settings::new(["ldaps://dc1.corp.example"], "svc-writeback@corp.example", "its password")
///     .ca_file("corp-ca.pem");
/// let directory = ActiveDirectory::new(settings)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// The domain controllers, in the order they are tried: `ldaps://host[:port]`, or `ldap://host[:port]`, which always means
    /// StartTLS. The one that answered last is tried first.
    pub servers: Vec<String>,
    /// The service account: a user principal name, `DOMAIN\name` or a distinguished name.
    pub bind_user: String,
    /// Its password.
    pub bind_password: BindPassword,
    /// A PEM file with the certificate authorities to trust, and no others. `None` trusts those of the operating system.
    pub ca_file: Option<PathBuf>,
    /// How long one domain controller may take to accept a connection and finish the TLS handshake, and again to accept the
    /// logon. Default: 5 s.
    pub connect_timeout: Duration,
    /// How many connections are kept open between operations for the next ones, in each tokio runtime: connected, verified and
    /// logged on. Nothing is connected before the first operation; one that is not used is closed after two minutes. 0 keeps
    /// none: each operation then connects and logs on anew. Default: 4.
    pub warm_connections: usize,
    /// The rules of writing.
    pub rules: Rules,
}

impl Settings {
    /// Settings with everything else at its default.
    pub fn new<S: Into<String>>(
        servers: impl IntoIterator<Item = S>,
        bind_user: impl Into<String>,
        bind_password: impl Into<BindPassword>,
    ) -> Self {
        Settings {
            servers: servers.into_iter().map(Into::into).collect(),
            bind_user: bind_user.into(),
            bind_password: bind_password.into(),
            ca_file: None,
            connect_timeout: Duration::from_secs(5),
            warm_connections: 4,
            rules: Rules::default(),
        }
    }

    /// Trusts the certificate authorities of a PEM file, and no others.
    #[must_use]
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }

    /// Limits how long one domain controller may take to accept a connection.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Says how many connections are kept open between operations; 0 keeps none.
    #[must_use]
    pub fn warm_connections(mut self, most: usize) -> Self {
        self.warm_connections = most;
        self
    }

    /// Sets the rules of writing.
    #[must_use]
    pub fn rules(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }

    /// The addresses, read.
    pub(crate) fn addresses(&self) -> Result<Vec<Address>, Error> {
        if self.servers.is_empty() {
            return Err(configuration("servers: none is given"));
        }
        self.servers.iter().map(|server| Address::parse(server)).collect()
    }

    /// Refuses what could not work.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        if self.bind_user.is_empty() || self.bind_user.contains('\0') {
            return Err(configuration("bind_user: none is given"));
        }
        // An empty password would be an unauthenticated bind, which the server answers with success (RFC 4513 5.1.2).
        if matches!(&self.bind_password.0, Source::Fixed(password) if password.expose().is_empty()) {
            return Err(configuration("bind_password: it is empty"));
        }
        if self.connect_timeout.is_zero() {
            return Err(configuration("connect_timeout: it must be longer than zero"));
        }
        Ok(())
    }
}

pub(crate) fn configuration(message: impl Into<String>) -> Error {
    Error::new(Code::Configuration, message)
}

/// How TLS begins on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Security {
    /// With the first byte.
    Ldaps,
    /// After the StartTLS operation (RFC 4511 4.14).
    StartTls,
}

/// Where a domain controller listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) security: Security,
    /// A DNS name or an IP address, without brackets: what the certificate must be for.
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// Ports of the global catalogue, a partial read-only copy (MS-ADTS 3.1.1.3.1.10): never written to.
const GLOBAL_CATALOGUE: [u16; 2] = [3268, 3269];

impl Address {
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let unreadable = || {
            configuration(format!(
                "servers: {text:?} is not ldaps://host[:port] or ldap://host[:port]"
            ))
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(unreadable)?;
        let (security, default_port) = match scheme.to_ascii_lowercase().as_str() {
            "ldaps" => (Security::Ldaps, 636),
            "ldap" => (Security::StartTls, 389),
            _ => return Err(unreadable()),
        };
        let (host, port) = host_and_port(rest.strip_suffix('/').unwrap_or(rest)).ok_or_else(unreadable)?;
        let port = port.map_or(Some(default_port), |port| port.parse().ok().filter(|port| *port != 0));
        let port = port.ok_or_else(unreadable)?;
        if GLOBAL_CATALOGUE.contains(&port) {
            return Err(configuration(format!(
                "servers: {text:?} is a global catalogue, which cannot be written to"
            )));
        }
        Ok(Address {
            security,
            host: host.to_owned(),
            port,
        })
    }
}

/// Splits `host`, `host:port`, `[v6]` and `[v6]:port`.
fn host_and_port(text: &str) -> Option<(&str, Option<&str>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (
                host,
                if after.is_empty() {
                    None
                } else {
                    Some(after.strip_prefix(':')?)
                },
            )
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    (!host.is_empty() && host.chars().all(legal)).then_some((host, port))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.security {
            Security::Ldaps => "ldaps",
            Security::StartTls => "ldap",
        };
        match self.host.contains(':') {
            true => write!(f, "{scheme}://[{}]:{}", self.host, self.port),
            false => write!(f, "{scheme}://{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        for (text, printed) in [
            ("ldaps://dc1.corp.example", "ldaps://dc1.corp.example:636"),
            ("LDAP://dc1.corp.example/", "ldap://dc1.corp.example:389"),
            ("ldaps://10.0.0.1:1636", "ldaps://10.0.0.1:1636"),
            ("ldaps://[::1]", "ldaps://[::1]:636"),
            ("ldap://[fe80::1]:1389", "ldap://[fe80::1]:1389"),
        ] {
            assert_eq!(Address::parse(text).unwrap().to_string(), printed);
        }
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        for text in [
            "",
            "dc1",
            "http://dc1",
            "ldaps://",
            "ldaps://dc1:0",
            "ldaps://dc1:x",
            "ldaps://dc1:636:1",
            "ldaps://::1",
            "ldaps://user@dc1",
            "ldaps://dc1/DC=corp",
            "ldap://dc1:3268",
            "ldaps://dc1:3269",
        ] {
            assert_eq!(Address::parse(text).unwrap_err().code(), Code::Configuration, "{text}");
        }
    }

    #[test]
    fn settings_show_no_password() {
        let settings = Settings::new(["ldaps://dc1"], "svc", "Secret-1");
        assert!(!format!("{settings:?}").contains("Secret"));
    }
}
