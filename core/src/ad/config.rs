//! The settings of the Active Directory backend, and what becomes of them once they are validated.

use super::credentials::{BindPassword, Credentials, Kerberos, service_name};
use super::srv::host_name;
use crate::error::{Code, Error};
use crate::rules::Rules;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

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
    /// StartTLS. One that fails is tried last for a while. Empty where `domain` is given.
    pub servers: Vec<String>,
    /// The DNS name of the domain, whose domain controllers are then found by DNS: instead of `servers`. Takes the feature
    /// `discovery`, which is on by default.
    pub domain: Option<String>,
    /// With `domain`: the DNS servers to ask, `ip` or `ip:port`, instead of the system's.
    pub dns_servers: Vec<String>,
    /// With `domain`: the Active Directory site whose domain controllers come before others. `None` takes the one that the
    /// directory finds by this machine's address.
    pub site: Option<String>,
    /// With `domain`: whether to use StartTLS on the LDAP port that DNS gives. Default: no, LDAPS on port 636.
    pub start_tls: bool,
    /// How the service account logs on.
    pub credentials: Credentials,
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
    /// What `connect_timeout` is where nothing else is said.
    pub(crate) const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

    /// A service account that logs on with its password, and everything else at its default. `bind_user` is a user principal
    /// name, `DOMAIN\name` or a distinguished name.
    pub fn new<S: Into<String>>(
        servers: impl IntoIterator<Item = S>,
        bind_user: impl Into<String>,
        bind_password: impl Into<BindPassword>,
    ) -> Self {
        Self::with_credentials(servers, Credentials::password(bind_user, bind_password))
    }

    /// A service account that logs on with Kerberos, and everything else at its default. The servers must be given by the host
    /// names that their service principal names have, `ldap/host`.
    pub fn kerberos<S: Into<String>>(servers: impl IntoIterator<Item = S>, kerberos: Kerberos) -> Self {
        Self::with_credentials(servers, kerberos.into())
    }

    /// Settings for any way to log on.
    pub(crate) fn with_credentials<S: Into<String>>(
        servers: impl IntoIterator<Item = S>,
        credentials: Credentials,
    ) -> Self {
        Settings {
            servers: servers.into_iter().map(Into::into).collect(),
            domain: None,
            dns_servers: Vec::new(),
            site: None,
            start_tls: false,
            credentials,
            ca_file: None,
            connect_timeout: Self::DEFAULT_CONNECT_TIMEOUT,
            warm_connections: 4,
            rules: Rules::default(),
        }
    }

    /// Sets how the service account logs on.
    #[must_use]
    pub fn credentials(mut self, credentials: impl Into<Credentials>) -> Self {
        self.credentials = credentials.into();
        self
    }

    /// Settings for the domain controllers that DNS names for a domain, with everything else at its default.
    ///
    /// ```no_run
    /// use password_writeback::{ActiveDirectory, Settings};
    ///
    /// # fn main() -> Result<(), password_writeback::Error> {
    /// let settings = Settings::for_domain("corp.example", "svc-writeback@corp.example", "its password")
    ///     .dns_servers(["10.0.0.53"])
    ///     .ca_file("corp-ca.pem");
    /// let directory = ActiveDirectory::new(settings)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn for_domain(
        domain: impl Into<String>,
        bind_user: impl Into<String>,
        bind_password: impl Into<BindPassword>,
    ) -> Self {
        Settings {
            domain: Some(domain.into()),
            ..Settings::new::<String>([], bind_user, bind_password)
        }
    }

    /// Asks these DNS servers, each `ip` or `ip:port`, instead of the system's.
    #[must_use]
    pub fn dns_servers<S: Into<String>>(mut self, servers: impl IntoIterator<Item = S>) -> Self {
        self.dns_servers = servers.into_iter().map(Into::into).collect();
        self
    }

    /// Prefers the domain controllers of a site.
    #[must_use]
    pub fn site(mut self, site: impl Into<String>) -> Self {
        self.site = Some(site.into());
        self
    }

    /// Uses StartTLS on the LDAP port that DNS gives, instead of LDAPS on port 636.
    #[must_use]
    pub fn start_tls(mut self, start_tls: bool) -> Self {
        self.start_tls = start_tls;
        self
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

    /// Where the domain controllers are to be had from, read.
    pub(crate) fn whereabouts(&self) -> Result<Whereabouts, Error> {
        match (&self.domain, self.servers.is_empty()) {
            (Some(_), false) => Err(configuration("servers, domain: both are given")),
            (Some(name), true) => self.domain_named(name).map(Whereabouts::Domain),
            (None, true) => Err(configuration("servers, domain: none of them is given")),
            (None, false) => {
                let misplaced = [
                    ("dns_servers", !self.dns_servers.is_empty()),
                    ("site", self.site.is_some()),
                    ("start_tls", self.start_tls),
                ];
                if let Some((setting, _)) = misplaced.iter().find(|(_, given)| *given) {
                    return Err(configuration(format!(
                        "{setting}: it belongs to domain, which is not given"
                    )));
                }
                let addresses = self.servers.iter().map(|server| Address::parse(server));
                addresses.collect::<Result<_, _>>().map(Whereabouts::Listed)
            }
        }
    }

    fn domain_named(&self, name: &str) -> Result<Domain, Error> {
        if cfg!(not(feature = "discovery")) {
            return Err(no_discovery());
        }
        let faulty =
            |setting: &str, text: &str, what: &str| configuration(format!("{setting}: {text:?} is not {what}"));
        let server = |text: &String| {
            let address = text
                .parse()
                .or_else(|_| text.parse().map(|ip| SocketAddr::new(ip, DNS_PORT)));
            address.map_err(|_| faulty("dns_servers", text, "an IP address with or without a port"))
        };
        if let Some(site) = &self.site
            && !is_site(site)
        {
            return Err(faulty("site", site, "the name of a site, as DNS has it"));
        }
        Ok(Domain {
            name: host_name(name).ok_or_else(|| faulty("domain", name, "a DNS name"))?,
            dns_servers: self.dns_servers.iter().map(server).collect::<Result<_, _>>()?,
            site: self.site.clone(),
            security: if self.start_tls {
                Security::StartTls
            } else {
                Security::Ldaps
            },
        })
    }

    /// Refuses what could not work.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        self.credentials.validate()?;
        if let Credentials::Kerberos(_) = self.credentials {
            for address in self.servers.iter().filter_map(|server| Address::parse(server).ok()) {
                service_name(&address.host)?;
            }
        }
        if self.connect_timeout.is_zero() {
            return Err(configuration("connect_timeout: it must be longer than zero"));
        }
        Ok(())
    }
}

/// Where domain controllers are had from.
#[derive(Clone, Debug)]
pub(crate) enum Whereabouts {
    /// They are listed.
    Listed(Vec<Address>),
    /// DNS names them.
    Domain(Domain),
}

/// A domain whose domain controllers DNS names.
#[derive(Clone, Debug)]
pub(crate) struct Domain {
    /// In lower case, without a dot at its end.
    pub(crate) name: String,
    /// Empty for the system's.
    #[cfg_attr(not(feature = "discovery"), allow(dead_code, reason = "nothing asks DNS then"))]
    pub(crate) dns_servers: Vec<SocketAddr>,
    pub(crate) site: Option<String>,
    pub(crate) security: Security,
}

const DNS_PORT: u16 = 53;

/// Whether this is a site's name that can stand in the name of a DNS record: one label.
pub(crate) fn is_site(name: &str) -> bool {
    !name.contains('.') && host_name(name).is_some()
}

pub(crate) fn no_discovery() -> Error {
    configuration("domain: this library was built without the feature discovery")
}

pub(crate) fn configuration(message: impl Into<String>) -> Error {
    Error::new(Code::Configuration, message)
}

/// How TLS begins on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Security {
    /// With the first byte.
    Ldaps,
    /// After the StartTLS operation (RFC 4511 4.14).
    StartTls,
}

/// Where a domain controller listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Address {
    pub(crate) security: Security,
    /// A DNS name or an IP address, without brackets: what the certificate must be for.
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// Ports of the global catalogue, a partial read-only copy (MS-ADTS 3.1.1.3.1.10): never written to.
pub(crate) const GLOBAL_CATALOGUE: [u16; 2] = [3268, 3269];

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

    fn refusal(settings: &Settings) -> String {
        let error = settings.whereabouts().unwrap_err();
        assert_eq!(error.code(), Code::Configuration);
        error.message().to_owned()
    }

    #[test]
    fn either_servers_or_a_domain() {
        let servers = || Settings::new(["ldaps://dc1"], "svc", "x");
        let mut both = servers();
        both.domain = Some("corp.example".into());
        assert!(refusal(&both).starts_with("servers, domain: both"));
        assert!(refusal(&Settings::new::<String>([], "svc", "x")).starts_with("servers, domain: none"));
        assert!(refusal(&servers().site("Branch")).starts_with("site:"));
        assert!(refusal(&servers().start_tls(true)).starts_with("start_tls:"));
        assert!(refusal(&servers().dns_servers(["10.0.0.53"])).starts_with("dns_servers:"));
    }

    #[cfg(feature = "discovery")]
    #[test]
    fn a_domain_is_read() {
        let domain = |name: &str| Settings::for_domain(name, "svc", "x");
        let Whereabouts::Domain(read) = domain("Corp.Example.")
            .dns_servers(["10.0.0.53", "[::1]:5353"])
            .whereabouts()
            .unwrap()
        else {
            panic!("a domain was given")
        };
        assert_eq!((read.name.as_str(), read.security), ("corp.example", Security::Ldaps));
        assert_eq!(
            read.dns_servers.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["10.0.0.53:53", "[::1]:5353"]
        );
        for name in ["", ".", "corp..example", "corp example", "10.0.0.1"] {
            assert!(refusal(&domain(name)).starts_with("domain:"), "{name}");
        }
        assert!(refusal(&domain("corp.example").dns_servers(["ns1.corp.example"])).starts_with("dns_servers:"));
        for site in ["", "A.B", "two words"] {
            assert!(
                refusal(&domain("corp.example").site(site)).starts_with("site:"),
                "{site}"
            );
        }
    }

    #[test]
    fn settings_show_no_password() {
        let settings = Settings::new(["ldaps://dc1"], "svc", "Secret-1");
        assert!(!format!("{settings:?}").contains("Secret"));
    }

    #[test]
    fn kerberos_needs_host_names() {
        let reach = |server: &str| Settings::kerberos([server], Kerberos::default_cache()).validate();
        reach("ldaps://dc1.corp.example").unwrap();
        let refused = reach("ldaps://10.0.0.1").unwrap_err();
        assert_eq!(refused.code(), Code::Configuration);
        assert!(refused.message().contains("10.0.0.1"), "{refused}");
    }
}
