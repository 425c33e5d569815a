//! The port between the write path and a directory: what the path needs of one, and nothing of how it is asked.
//!
//! The Active Directory backend implements it over LDAP, the mock in memory. The rules stand above it, once.

use crate::ad::config::Address;
use crate::ad::diagnostic::{BindRefusal, Diagnostic, WriteRefusal};
use crate::diagnosis::Diagnosis;
use crate::error::Error;
use crate::facts::Readings;
use crate::grants::{Access, Service, Target};
use crate::identity::Name;
use crate::password::Password;
use crate::policy::PasswordPolicy;
use crate::sid::Sid;
use async_trait::async_trait;
use jiff::Timestamp;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::time::Instant;
use uuid::Uuid;

/// A directory that can be asked for a session with one of its domain controllers.
#[async_trait]
pub(crate) trait Directory: Send + Sync + fmt::Debug + 'static {
    /// A logged-on session with one writable domain controller, at the latest by `until`.
    async fn open(&self, until: Instant) -> Result<Box<dyn Session>, Error>;

    /// The same over a connection that nobody has used before, where one that was kept failed.
    async fn open_new(&self, until: Instant) -> Result<Box<dyn Session>, Error> {
        self.open(until).await
    }

    /// A session with the very domain controller that `server` describes, and no other.
    async fn reopen(&self, server: &Server, until: Instant) -> Result<Box<dyn Session>, Error>;

    /// Tries a user's password in a logon of its own to the domain controller that `server` describes.
    ///
    /// The user is named by its distinguished name, which every server takes in a bind.
    async fn try_logon(&self, server: &Server, user: &str, password: &Password, until: Instant) -> Logon;

    /// Examines the way to the directory, down to a session where one can be had.
    async fn examine(&self, until: Instant, diagnosis: &mut Diagnosis) -> Option<Box<dyn Session>>;
}

/// What a session knows of its domain controller.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    /// The DNS name it gives itself.
    pub(crate) name: String,
    /// How the backend finds it again.
    pub(crate) endpoint: Endpoint,
    /// What tells it from any other domain controller that may answer at the same place.
    pub(crate) identity: String,
    /// The policy-hints control it offers, if any.
    pub(crate) policy_hints: Option<&'static str>,
    /// The SIDs of the session's own security context.
    pub(crate) own_token: Vec<Sid>,
    /// Its time when the session began; this machine's where it does not tell.
    pub(crate) now: Timestamp,
    /// Whether it tells.
    pub(crate) tells_time: bool,
}

/// Where a domain controller was reached.
#[derive(Clone, Debug, Default)]
pub(crate) struct Endpoint {
    /// Where it listens, where there is a network.
    pub(crate) address: Option<Arc<Address>>,
    /// The network address behind it, once connected: a name may lead elsewhere the next time.
    pub(crate) peer: Option<SocketAddr>,
    /// The certificate it showed there, in DER.
    pub(crate) certificate: Option<Arc<[u8]>>,
}

/// The use of a connection to one domain controller, which ends when this is dropped.
#[async_trait]
pub(crate) trait Session: Send + Sync {
    /// The domain controller.
    fn server(&self) -> &Server;

    /// Whether its connection was kept from an earlier operation: it may have died unnoticed.
    fn is_warm(&self) -> bool {
        false
    }

    /// Whether another domain controller may take over, as long as nothing was written.
    fn is_replaceable(&self) -> bool {
        false
    }

    /// The users that have a name, at most two: more are not needed to know that it is ambiguous.
    async fn find(&mut self, name: &Name) -> Result<Vec<Uuid>, Error>;

    /// What can be read of one user; `None` where it is gone.
    async fn read(&mut self, user: Uuid) -> Result<Option<Readings>, Error>;

    /// The policy that applies to a user; unknown, with the reason, where it cannot be read.
    async fn policy(&mut self, of: &PolicyOf<'_>) -> Result<PasswordPolicy, Error>;

    /// Who the session is logged on as.
    async fn service_account(&mut self) -> Service;

    /// What the service account may do to a target; `None` where there is no such thing.
    async fn access(&mut self, target: Target<'_>) -> Result<Option<Access>, Error>;

    /// Writes, in one atomic modification.
    async fn write(&mut self, write: &Write<'_>) -> Reply;

    /// Goes on waiting for the reply to a write that was given up: [`Reply::Lost`] where none can come any more.
    async fn late_reply(&mut self) -> Reply {
        Reply::Lost("no reply can come any more")
    }
}

/// Whose policy is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PolicyOf<'a> {
    pub(crate) distinguished_name: &'a str,
    pub(crate) resultant_pso: &'a crate::reading::Reading<String>,
}

/// One atomic modification of one account.
#[derive(Debug)]
pub(crate) struct Write<'a> {
    /// The objectGUID: the modification is addressed by it, so that no rename or odd name can misdirect it.
    pub(crate) user: Uuid,
    /// The password part.
    pub(crate) password: Option<NewPassword<'a>>,
    /// Sets lockoutTime to 0.
    pub(crate) unlock: bool,
    /// Sets pwdLastSet to 0.
    pub(crate) require_change: bool,
    /// The policy-hints control to send, as critical.
    pub(crate) policy_hints: Option<&'static str>,
}

/// The two ways to set a password.
#[derive(Debug)]
pub(crate) enum NewPassword<'a> {
    Reset(&'a Password),
    Change { old: &'a Password, new: &'a Password },
}

/// What became of a write, as far as the connection tells.
#[derive(Debug)]
pub(crate) enum Reply {
    /// The server did it.
    Done,
    /// The server refused it.
    Refused(Refusal),
    /// It never left: the error says why.
    NotSent(Error),
    /// It left, and no reply came: the text says what ended the wait.
    Lost(&'static str),
}

/// A refusal in the server's own terms.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) result_code: u32,
    pub(crate) diagnostic: Diagnostic,
    pub(crate) kind: WriteRefusal,
}

/// What a user's own logon with a password proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Logon {
    /// The password is the account's.
    Right,
    /// It is not.
    Wrong,
    /// Nothing.
    Inconclusive,
}

/// Active Directory gives every reason but a lockout only to those who had the right password.
impl From<BindRefusal> for Logon {
    fn from(refusal: BindRefusal) -> Self {
        match refusal {
            BindRefusal::PasswordExpired
            | BindRefusal::MustChange
            | BindRefusal::LogonHours
            | BindRefusal::Workstation
            | BindRefusal::Disabled
            | BindRefusal::AccountExpired => Logon::Right,
            BindRefusal::WrongCredentials => Logon::Wrong,
            _ => Logon::Inconclusive,
        }
    }
}
