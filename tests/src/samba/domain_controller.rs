//! One domain controller: from the snapshot to a served domain, and gone without a trace.

use std::net::IpAddr;
use std::path::Path;

use ldap3::Ldap;

use super::address::Address;
use super::certificate::Authority;
use super::directory::{Directory, Snapshot};
use super::process::Server;
use super::session::Endpoint;
use super::{Admin, BindAnswer, Error, ProcessModel, Release, Result};

// What provision.sh makes: one domain, always the same.
pub(super) const BASE_DN: &str = "DC=corp,DC=example,DC=test";
pub(super) const DNS_DOMAIN: &str = "corp.example.test";
const NETBIOS_DOMAIN: &str = "CORP";
const HOST: &str = "dc1.corp.example.test";
pub(super) const ADMIN_PASSWORD: &str = "Admin-Passw0rd!";
pub(super) const SERVICE_USER: &str = "svc-writeback@corp.example.test";
pub(super) const SERVICE_PASSWORD: &str = "Svc-Passw0rd!";

/// A domain controller of its own, serving until dropped. A killed test process takes it along.
#[derive(Debug)]
pub struct DomainController {
    release: Release,
    model: ProcessModel,
    server: Option<Server>,
    admin: Admin,
    endpoint: Endpoint,
    service_sid: String,
    directory: Directory,
    address: Address,
}

impl DomainController {
    /// Starts one, as new.
    ///
    /// # Errors
    /// If the release is not [available](Release::available), or the server does not come to serve.
    pub async fn start(release: Release, model: ProcessModel) -> Result<Self> {
        Self::start_with(release, model, &[]).await
    }

    /// Starts one with further settings, such as `ldap server require strong auth = no`.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_with(release: Release, model: ProcessModel, settings: &[&str]) -> Result<Self> {
        release.available().map_err(Error::Kit)?;
        let address = Address::take()?;
        let directory = Directory::copy(release, Snapshot::One, address.ip, settings)?;
        let authority = Authority::new()?;
        authority.issue(&directory.outside("private/tls"), HOST, address.ip)?;
        let endpoint = Endpoint::new(address.ip, authority.der())?;
        let server = directory.serve(model, None)?;
        let admin = Admin::new(directory.helper()?);
        let _: () = admin
            .call("set_host_address", serde_json::json!({ "address": address.ip }))
            .await?;
        let service_sid = admin.sid_of("svc-writeback").await?;
        let started = Self {
            release,
            model,
            server: Some(server),
            admin,
            endpoint,
            service_sid,
            directory,
            address,
        };
        started.wait_until_served().await?;
        Ok(started)
    }

    async fn wait_until_served(&self) -> Result<()> {
        self.endpoint.wait_until_served(|| self.log_tail()).await
    }

    /// Kills every process of the server; a restart finds the data as it then lies.
    pub fn kill(&mut self) {
        self.server = None;
    }

    /// Starts it again, killing it first if it runs, on the same address with the same data.
    ///
    /// # Errors
    /// If the server does not come to serve.
    pub async fn restart(&mut self) -> Result<()> {
        self.restart_at(None).await
    }

    /// The same with a clock that is off by so much, such as `+11h`.
    ///
    /// # Errors
    /// As [`Self::restart`], and without libfaketime.
    pub async fn restart_at(&mut self, clock: Option<&str>) -> Result<()> {
        self.kill();
        self.server = Some(self.directory.serve(self.model, clock)?);
        self.wait_until_served().await
    }

    /// Stops every process where it stands: connections stay open and nothing answers.
    ///
    /// # Errors
    /// If the server does not run.
    pub fn freeze(&self) -> Result<()> {
        self.running()?.freeze()
    }

    /// Lets a frozen server go on.
    ///
    /// # Errors
    /// If the server does not run.
    pub fn thaw(&self) -> Result<()> {
        self.running()?.thaw()
    }

    fn running(&self) -> Result<&Server> {
        let stopped = || Error::Kit("the domain controller was killed".into());
        self.server.as_ref().ok_or_else(stopped)
    }

    /// The directory's administrator.
    #[must_use]
    pub fn admin(&self) -> Admin {
        self.admin.clone()
    }

    /// Whether the directory takes this password, asked on a connection of its own over LDAPS.
    /// `user` is a userPrincipalName, `DOMAIN\name` or a distinguished name.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub async fn binds(&self, user: &str, password: &str) -> Result<BindAnswer> {
        let (mut ldap, answer) = self.endpoint.bind(user, password).await?;
        let _ = ldap.unbind().await;
        Ok(answer)
    }

    /// An LDAPS connection bound as this user, to see what it sees.
    ///
    /// # Errors
    /// If the server cannot be reached or refuses the bind.
    pub async fn connect_as(&self, user: &str, password: &str) -> Result<Ldap> {
        match self.endpoint.bind(user, password).await? {
            (ldap, answer) if answer.accepted() => Ok(ldap),
            (_, answer) => Err(Error::Directory {
                code: answer.code,
                message: format!("the bind as {user} was refused, data {:?}", answer.data),
            }),
        }
    }

    /// Locks an account by wrong passwords, which needs a policy with a threshold.
    ///
    /// # Errors
    /// If it is not locked after 50 of them.
    pub async fn lock_out(&self, dn: &str) -> Result<()> {
        for _ in 0..50 {
            self.binds(dn, "not the password").await?;
            let entry = self.admin.read(dn, &["lockoutTime"]).await?;
            if entry.number("lockoutTime").is_some_and(|time| time > 0) {
                return Ok(());
            }
        }
        Err(Error::Kit(format!("{dn} is not locked; is a lockout threshold set?")))
    }

    /// Where it listens: LDAP on 389, LDAPS on 636, the global catalog, Kerberos and DNS.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.address.ip
    }

    /// Its host name, which its DNS resolves and its certificate carries.
    #[must_use]
    pub fn host(&self) -> &'static str {
        HOST
    }

    /// `ldap://` and the address.
    #[must_use]
    pub fn ldap_url(&self) -> String {
        format!("ldap://{}", self.address.ip)
    }

    /// `ldaps://` and the address, which the certificate carries too.
    #[must_use]
    pub fn ldaps_url(&self) -> String {
        format!("ldaps://{}", self.address.ip)
    }

    /// The certificate of the authority, made for this server alone, in PEM.
    #[must_use]
    pub fn ca_file(&self) -> &Path {
        self.directory.ca_file()
    }

    /// The distinguished name of the domain.
    #[must_use]
    pub fn base_dn(&self) -> &'static str {
        BASE_DN
    }

    /// The DNS name of the domain.
    #[must_use]
    pub fn dns_domain(&self) -> &'static str {
        DNS_DOMAIN
    }

    /// The NetBIOS name of the domain.
    #[must_use]
    pub fn netbios_domain(&self) -> &'static str {
        NETBIOS_DOMAIN
    }

    /// The organizational unit on whose users the service account has its rights.
    #[must_use]
    pub fn people(&self) -> String {
        format!("OU=People,{BASE_DN}")
    }

    /// The Samba release.
    #[must_use]
    pub fn release(&self) -> Release {
        self.release
    }

    /// The password of `Administrator@corp.example.test`.
    #[must_use]
    pub fn admin_password(&self) -> &'static str {
        ADMIN_PASSWORD
    }

    /// The userPrincipalName of the service account: an ordinary user that may reset passwords and
    /// write lockoutTime and pwdLastSet below [`Self::people`].
    #[must_use]
    pub fn service_user(&self) -> &'static str {
        SERVICE_USER
    }

    /// The service account's password.
    #[must_use]
    pub fn service_password(&self) -> &'static str {
        SERVICE_PASSWORD
    }

    /// The service account's SID.
    #[must_use]
    pub fn service_sid(&self) -> &str {
        &self.service_sid
    }

    pub(super) fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Its settings, as the chroot sees them.
    pub(super) fn config(&self) -> String {
        self.directory.config()
    }

    /// The end of the server's log.
    #[must_use]
    pub fn log_tail(&self) -> String {
        self.directory.log_tail()
    }
}
