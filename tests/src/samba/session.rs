//! LDAP connections of the kit's own, over verified TLS, to see what a client would see.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, Scope, StdStream};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{Error, Result};

const START_LIMIT: Duration = Duration::from_secs(30);

/// What a domain controller says to a simple bind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindAnswer {
    /// The LDAP result code (RFC 4511 4.1.9): 0 accepted, 49 refused.
    pub code: u32,
    /// Why it was refused: the hexadecimal digits after `data` in the diagnostic text, such as
    /// `52e` for a wrong password or `775` for a lockout.
    pub data: Option<String>,
}

impl BindAnswer {
    /// Whether the password was right and the account may log on.
    #[must_use]
    pub fn accepted(&self) -> bool {
        self.code == 0
    }

    fn new(code: u32, text: &str) -> Self {
        let data = text
            .split_once(", data ")
            .and_then(|(_, after)| after.split(',').next())
            .map(str::to_owned);
        Self { code, data }
    }
}

/// How to reach one server: its address and the authority its certificate is from.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    address: IpAddr,
    tls: Arc<ClientConfig>,
}

impl Endpoint {
    pub(super) fn new(address: IpAddr, authority: Vec<u8>) -> Result<Self> {
        let doing = |error: rustls::Error| Error::doing("the TLS settings", error);
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(authority)).map_err(doing)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(doing)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            address,
            tls: Arc::new(tls),
        })
    }

    /// A connection nobody is bound on yet.
    pub(super) async fn connect(&self) -> Result<Ldap> {
        let doing = |error: &dyn std::fmt::Display| Error::doing("connecting over LDAPS", error);
        let tcp = TcpStream::connect((self.address, 636))
            .await
            .map_err(|error| doing(&error))?;
        tcp.set_nodelay(true).map_err(|error| doing(&error))?;
        let mut tls = TlsConnector::from(self.tls.clone())
            .connect(ServerName::from(self.address), tcp)
            .await
            .map_err(|error| doing(&error))?;

        // ldap3 takes a socket, not a stream: it gets one end of a pair, and this task the other.
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().map_err(|error| doing(&error))?;
        ours.set_nonblocking(true).map_err(|error| doing(&error))?;
        let mut ours = tokio::net::UnixStream::from_std(ours).map_err(|error| doing(&error))?;
        tokio::spawn(async move {
            let _ = tokio::io::copy_bidirectional(&mut ours, &mut tls).await;
        });
        let settings = LdapConnSettings::new().set_std_stream(StdStream::Unix(theirs));
        let (connection, ldap) = LdapConnAsync::with_settings(settings, "ldapi://pair")
            .await
            .map_err(|error| doing(&error))?;
        tokio::spawn(async move {
            let _ = connection.drive().await;
        });
        Ok(ldap)
    }

    /// A simple bind on a connection of its own.
    pub(super) async fn bind(&self, user: &str, password: &str) -> Result<(Ldap, BindAnswer)> {
        let mut ldap = self.connect().await?;
        let result = ldap
            .simple_bind(user, password)
            .await
            .map_err(|error| Error::doing("a bind", error))?;
        let answer = BindAnswer::new(result.rc, &result.text);
        Ok((ldap, answer))
    }

    /// Waits until the server has come up; `log` is for the reader of a failure.
    pub(super) async fn wait_until_served(&self, log: impl Fn() -> String) -> Result<()> {
        let limit = Instant::now() + START_LIMIT;
        loop {
            // A server that accepts and then says nothing must not hold the test either.
            let last = match tokio::time::timeout(Duration::from_secs(5), self.serves()).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => error.to_string(),
                Err(_) => "no answer".to_owned(),
            };
            if Instant::now() > limit {
                return Err(Error::Kit(format!(
                    "{} does not serve: {last}\n{}",
                    self.address,
                    log()
                )));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Whether the server answers for its root.
    pub(super) async fn serves(&self) -> Result<()> {
        let mut ldap = self.connect().await?;
        let (entries, _) = ldap
            .search("", Scope::Base, "(objectClass=*)", vec!["defaultNamingContext"])
            .await
            .and_then(ldap3::SearchResult::success)
            .map_err(|error| Error::doing("reading the root", error))?;
        let _ = ldap.unbind().await;
        match entries.len() {
            1 => Ok(()),
            _ => Err(Error::Kit("the root has no entry".into())),
        }
    }
}
