//! A domain of several domain controllers that replicate: two that are written to, in two sites, and a read-only one.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use super::address::Fixed;
use super::certificate::Authority;
use super::directory::{Directory, Snapshot};
use super::domain_controller::{BASE_DN, DNS_DOMAIN, SERVICE_PASSWORD, SERVICE_USER};
use super::process::Server;
use super::release::or_loudly;
use super::session::Endpoint;
use super::{Admin, BindAnswer, Error, ProcessModel, Release, Result};

/// The members, and the addresses that domain.conf gives them.
const MEMBERS: [(&str, &str, u8); 3] = [
    ("dc1", "dc1.corp.example.test", 1),
    ("dc2", "dc2.corp.example.test", 2),
    ("rodc3", "rodc3.corp.example.test", 3),
];

/// So that a logon leaves a trace.
const SETTINGS: &[&str] = &["log level = 1 auth_audit:3"];

/// A domain, serving until dropped. One at a time on a machine: its addresses are fixed.
#[derive(Debug)]
pub struct Domain {
    /// The one with every role, the PDC emulator's among them, in the first site.
    pub dc1: Member,
    /// The second one, in the site [`Self::BRANCH`].
    pub dc2: Member,
    /// The read-only one, in that site too. It knows the service account's password.
    pub rodc3: Member,
    ca_file: PathBuf,
    _addresses: Fixed,
}

/// Whether this machine has the domain. If not, says so loudly.
///
/// # Panics
/// With `CI=true` in the environment: there, a test left out is a failure.
#[must_use]
pub fn require_domain() -> bool {
    or_loudly(Release::V4_24, Release::V4_24.has_domain())
}

impl Domain {
    /// The site that every client on this machine is in.
    pub const BRANCH: &'static str = "Branch";

    /// Starts it, as new; waits for whoever has it.
    ///
    /// # Errors
    /// If it is not set up, or a server does not come to serve.
    pub async fn start() -> Result<Self> {
        Release::V4_24.has_domain().map_err(Error::Kit)?;
        let addresses = Fixed::take().await?;
        let authority = Authority::new()?;
        let [dc1, dc2, rodc3] = MEMBERS.map(|member| Member::prepare(member, &authority));
        let (mut dc1, mut dc2, mut rodc3) = (dc1?, dc2?, rodc3?);
        tokio::try_join!(dc1.restart(), dc2.restart(), rodc3.restart())?;
        Ok(Self {
            ca_file: dc1.directory.ca_file().to_owned(),
            dc1,
            dc2,
            rodc3,
            _addresses: addresses,
        })
    }

    /// Its DNS name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        DNS_DOMAIN
    }

    /// Its DNS servers: the two that are written to.
    #[must_use]
    pub fn dns_servers(&self) -> [String; 2] {
        [self.dc1.address.to_string(), self.dc2.address.to_string()]
    }

    /// The certificate of the authority that all its certificates are from.
    #[must_use]
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// The service account, as for the domain of one.
    #[must_use]
    pub fn service_user(&self) -> &'static str {
        SERVICE_USER
    }

    /// Its password.
    #[must_use]
    pub fn service_password(&self) -> &'static str {
        SERVICE_PASSWORD
    }

    /// The sAMAccountNames of the users that there are, all with [`USER_PASSWORD`](super::USER_PASSWORD).
    #[must_use]
    pub fn users(&self) -> Vec<String> {
        (1..=40).map(|number| format!("user{number:02}")).collect()
    }

    /// The distinguished name of one of them.
    #[must_use]
    pub fn dn_of(&self, user: &str) -> String {
        format!("CN={user},OU=People,{BASE_DN}")
    }

    /// The member with this host name.
    #[must_use]
    pub fn member(&self, host: &str) -> Option<&Member> {
        [&self.dc1, &self.dc2, &self.rodc3]
            .into_iter()
            .find(|member| member.host == host)
    }
}

/// One domain controller of a domain.
#[derive(Debug)]
pub struct Member {
    host: &'static str,
    address: IpAddr,
    server: Option<Server>,
    endpoint: Endpoint,
    directory: Directory,
}

impl Member {
    fn prepare((name, host, last): (&'static str, &'static str, u8), authority: &Authority) -> Result<Self> {
        let address = IpAddr::V4(Ipv4Addr::new(127, 88, 2, last));
        let directory = Directory::copy(Release::V4_24, Snapshot::Of(name), address, SETTINGS)?;
        authority.issue(&directory.outside("private/tls"), host, address)?;
        Ok(Self {
            host,
            address,
            server: None,
            endpoint: Endpoint::new(address, authority.der())?,
            directory,
        })
    }

    /// Its host name.
    #[must_use]
    pub fn host(&self) -> &'static str {
        self.host
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// Starts it, killing it first if it runs, with the data as it then lies. One process for each connection: two that
    /// replicate would wait for each other with a single one.
    ///
    /// # Errors
    /// If it does not come to serve.
    pub async fn restart(&mut self) -> Result<()> {
        self.kill();
        self.server = Some(self.directory.serve(ProcessModel::Standard, None)?);
        self.endpoint.wait_until_served(|| self.directory.log_tail()).await
    }

    /// Kills every process of it.
    pub fn kill(&mut self) {
        self.server = None;
    }

    /// Stops every process where it stands.
    ///
    /// # Errors
    /// If it does not run.
    pub fn freeze(&self) -> Result<()> {
        self.running()?.freeze()
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// If it does not run.
    pub fn thaw(&self) -> Result<()> {
        self.running()?.thaw()
    }

    fn running(&self) -> Result<&Server> {
        self.server
            .as_ref()
            .ok_or_else(|| Error::Kit(format!("{} was killed", self.host)))
    }

    /// Whether it takes this password.
    ///
    /// # Errors
    /// If it cannot be asked.
    pub async fn binds(&self, user: &str, password: &str) -> Result<BindAnswer> {
        let (mut ldap, answer) = self.endpoint.bind(user, password).await?;
        let _ = ldap.unbind().await;
        Ok(answer)
    }

    /// How many logons with a password it has seen, as its log tells.
    #[must_use]
    pub fn logons_seen(&self) -> usize {
        self.directory.log().matches("Auth: [LDAP,simple bind").count()
    }

    /// What it has written.
    #[must_use]
    pub fn log(&self) -> String {
        self.directory.log()
    }

    /// Its own database, read and written beside the server.
    ///
    /// # Errors
    /// If the helper does not start.
    pub fn admin(&self) -> Result<Admin> {
        Ok(Admin::new(self.directory.helper()?))
    }
}
