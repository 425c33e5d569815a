//! The port to a directory, over LDAP.

use super::attribute::guid_dn;
use super::bind::{self, ServiceAccount};
use super::config::{Address, Settings};
use super::control::POLICY_HINTS_VALUE;
use super::diagnostic::{Diagnostic, Operation, WriteRefusal, classify_write};
use super::doctor::rights;
use super::domain_controllers::DomainControllers;
use super::entry::{ATTRIBUTES, readings};
use super::hints::Hints;
use super::modify_request::Change;
use super::pool::{LoggedOn, Pool};
use super::race::Race;
use super::server;
use super::session::{Answer, Connection, Depth, Pending, Search, Unanswered};
use super::transport::Connected;
use super::{find, introduction, policy, refused, tls, transport};
use crate::clock::LONGEST;
use crate::diagnosis::Diagnosis;
use crate::directory::{Directory, Endpoint, Logon, NewPassword, PolicyOf, Refusal, Reply, Server, Session, Write};
use crate::error::{Code, Error, Reason};
use crate::facts::Readings;
use crate::grants::{Access, Service, Target};
use crate::identity::Name;
use crate::password::Password;
use crate::policy::PasswordPolicy;
use async_trait::async_trait;
use futures_util::future::join;
use rustls::ClientConfig;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Active Directory, reached over LDAP.
#[derive(Debug)]
pub(crate) struct LdapDirectory {
    pub(super) settings: Settings,
    pub(super) domain_controllers: Arc<DomainControllers>,
    tls: Arc<ClientConfig>,
    pool: Arc<Pool>,
    hints: Arc<Hints>,
    service_account: ServiceAccount,
}

/// The use of a logged-on connection by one operation.
pub(super) struct LdapSession {
    pub(super) logged_on: Arc<LoggedOn>,
    pub(super) server: Server,
    domain_controllers: Arc<DomainControllers>,
    hints: Arc<Hints>,
    /// Where the connection goes afterwards, if it is to be kept.
    pool: Weak<Pool>,
    /// Whether something happened after which the connection is not to be used again.
    spent: bool,
    /// For a connection that was kept: how long its first answer may take. It may have died unnoticed.
    warm: Option<Duration>,
    /// How long an answer may take, where another domain controller can be asked instead.
    patience: Option<Duration>,
    /// When one must have been found that answers, as long as nothing was written.
    until: Option<Instant>,
    /// An account that was read while it was being found.
    ahead: Option<Box<Readings>>,
    /// The modification that has not been answered yet.
    pending: Option<Pending>,
    /// What the last write was, which says how its refusal is read.
    written: Operation,
}

impl LdapDirectory {
    pub(crate) fn new(mut settings: Settings) -> Result<Self, Error> {
        settings.validate()?;
        settings.connect_timeout = settings.connect_timeout.min(LONGEST);
        let domain_controllers = Arc::new(DomainControllers::new(&settings)?);
        let tls = tls::client_config(settings.ca_file.as_deref())?;
        let pool = Arc::new(Pool::new(settings.warm_connections));
        let service_account = ServiceAccount::new(&settings.credentials)?;
        Ok(LdapDirectory {
            settings,
            domain_controllers,
            tls,
            pool,
            hints: Arc::default(),
            service_account,
        })
    }

    /// An authenticated stream that nobody has logged on over. A `peer` given is dialled instead of what the name leads to now.
    async fn connect(
        &self,
        address: &Arc<Address>,
        peer: Option<SocketAddr>,
        until: Instant,
    ) -> Result<Connected, Error> {
        let until = until.min(Instant::now() + self.settings.connect_timeout);
        let peers = match peer {
            Some(peer) => vec![peer],
            None => self.domain_controllers.peers(address, until).await?,
        };
        transport::connect(address, &peers, &self.tls, until).await
    }

    /// The same, once one that nobody has vouched for has said what it is.
    async fn reach(&self, address: &Arc<Address>, until: Instant) -> Result<Connected, Error> {
        if let Some(domain) = self.domain_controllers.domain()
            && self.domain_controllers.is_stranger(address)
        {
            let connected = self.connect(address, None, until).await?;
            let until = until.min(Instant::now() + self.settings.connect_timeout);
            let introduced = timeout_at(until, introduction::ask(connected, address, domain));
            let site = introduced.await.unwrap_or_else(|_| Err(silent(address)))?;
            self.domain_controllers.introduced(address, site);
        }
        self.connect(address, None, until).await
    }

    /// A session with one domain controller, whatever became of it before.
    pub(super) async fn open_at(&self, address: &Arc<Address>, until: Instant) -> Result<LdapSession, Error> {
        let connected = self.reach(address, until).await;
        let connected = connected.map_err(|error| error.with_domain_controller(&address.host))?;
        self.log_on(address, connected, until).await
    }

    /// Makes a session of a stream.
    async fn log_on(
        &self,
        address: &Arc<Address>,
        mut connected: Connected,
        until: Instant,
    ) -> Result<LdapSession, Error> {
        let endpoint = Endpoint {
            address: Some(Arc::clone(address)),
            peer: Some(connected.peer),
            certificate: connected.certificate().map(|shown| shown.as_ref().into()),
        };
        let until = until.min(Instant::now() + self.settings.connect_timeout);
        let logged_on = timeout_at(until, async {
            self.service_account.bind(&mut connected, &address.host, until).await?;
            let connection = Connection::over(connected, &address.host).await?;
            let (server, naming) = server::read(&connection, address, endpoint).await?;
            introduction::belongs(&naming.dns_domain, address, self.domain_controllers.domain())?;
            Ok(self.session(Arc::new(LoggedOn::new(connection, server, naming)), None))
        });
        let logged_on = logged_on.await.unwrap_or_else(|_| Err(silent(address)));
        logged_on.map_err(|error| error.with_domain_controller(&address.host))
    }

    fn session(&self, logged_on: Arc<LoggedOn>, warm: Option<Duration>) -> LdapSession {
        LdapSession {
            server: logged_on.server(),
            logged_on,
            domain_controllers: Arc::clone(&self.domain_controllers),
            hints: Arc::clone(&self.hints),
            pool: Weak::new(),
            spent: false,
            warm,
            patience: None,
            until: None,
            ahead: None,
            pending: None,
            written: Operation::Reset,
        }
    }

    /// A session with the domain controller that comes first, over a connection that was kept, if so wanted and there is one; else
    /// over a new one with the first that gives one.
    async fn open_any(&self, warm: bool, until: Instant) -> Result<Box<dyn Session>, Error> {
        let order = self.domain_controllers.in_order(until).await?;
        // A search that takes as long as this is not slow but stuck.
        let patience = (order.len() > 1).then(|| self.settings.connect_timeout * 2);
        let kept = order
            .first()
            .filter(|_| warm)
            .and_then(|address| self.pool.take(address));
        let mut session = match kept {
            // It is worth less waiting than a new one: that leaves time to make one, and to try another domain controller.
            Some(logged_on) => {
                let patience = (self.settings.connect_timeout * 2 / 5).min((left(until) / 3).max(LEAST_PATIENCE));
                self.session(logged_on, Some(patience))
            }
            None => self.open_first(order, until).await?,
        };
        session.patience = patience;
        session.until = Some(until);
        session.pool = Arc::downgrade(&self.pool);
        Ok(Box::new(session))
    }

    /// A new session with the first of these that gives one. Connections are made side by side where the first is slow; logons follow
    /// one after the other.
    async fn open_first(&self, order: Vec<Arc<Address>>, until: Instant) -> Result<LdapSession, Error> {
        let (all, mut failure) = (&self.domain_controllers, None);
        let mut race = Race::new(order, all.patience(), |address| async move {
            self.reach(&address, until).await
        });
        while let Some((address, connected)) = race.next().await {
            let session = match connected {
                Ok(connected) => {
                    // The time that others take to give a password or a ticket is not the domain controller's.
                    let in_turn = race.has_more() && self.service_account.is_at_hand();
                    let until = if in_turn { transport::turn(until, 2) } else { until };
                    race.meanwhile(self.log_on(&address, connected, until)).await
                }
                Err(error) => Err(error.with_domain_controller(&address.host)),
            };
            match session {
                Ok(session) => {
                    race.passed_over()
                        .iter()
                        .for_each(|slow| all.failed(slow, Code::Unreachable));
                    all.answered(&address);
                    return Ok(session);
                }
                Err(error) if worth_another(&error) => {
                    all.failed(&address, error.code());
                    failure = Some(more_telling(failure, error));
                }
                Err(error) => return Err(error),
            }
        }
        all.exhausted();
        Err(failure.unwrap_or_else(|| Error::new(Code::Unreachable, "there is no domain controller")))
    }
}

/// A connection that was kept is not given up sooner: one far away is slower than this only where it is dead.
const LEAST_PATIENCE: Duration = Duration::from_millis(500);

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

/// Where the domain controller of a session listens.
fn address(server: &Server) -> Result<&Arc<Address>, Error> {
    let address = server.endpoint.address.as_ref();
    address.ok_or_else(|| Error::new(Code::Unreachable, "no such domain controller"))
}

fn silent(address: &Address) -> Error {
    Error::new(Code::Unreachable, format!("{address} did not answer in time"))
}

/// Whether another domain controller may do better. A refused logon may not be repeated elsewhere: a wrong password tried on
/// every domain controller would lock the service account. A service that the KDC does not know is one domain controller's, and so
/// is a certificate that a logon cannot be bound to.
fn worth_another(error: &Error) -> bool {
    matches!(
        error.reason(),
        Some(Reason::UnknownSpn | Reason::ChannelBindingUndefined)
    ) || matches!(
        error.code(),
        Code::Unreachable
            | Code::Tls
            | Code::InsecureChannel
            | Code::ReadOnlyDirectory
            | Code::MalformedReply
            | Code::Unsupported
    )
}

#[async_trait]
impl Directory for LdapDirectory {
    async fn open(&self, until: Instant) -> Result<Box<dyn Session>, Error> {
        self.open_any(true, until).await
    }

    async fn open_new(&self, until: Instant) -> Result<Box<dyn Session>, Error> {
        // One that was kept has failed: the others are no better.
        self.pool.clear();
        self.open_any(false, until).await
    }

    async fn reopen(&self, server: &Server, until: Instant) -> Result<Box<dyn Session>, Error> {
        let address = address(server)?;
        let session = async {
            let connected = self.connect(address, server.endpoint.peer, until).await?;
            self.log_on(address, connected, until).await
        };
        let session = session.await.inspect_err(|error| {
            if worth_another(error) {
                self.domain_controllers.failed(address, error.code());
            }
        })?;
        if session.server.identity != server.identity {
            return Err(Error::new(
                Code::Unreachable,
                "another domain controller answers at the same address",
            ));
        }
        Ok(Box::new(session))
    }

    async fn try_logon(&self, server: &Server, user: &str, password: &Password, until: Instant) -> Logon {
        let tried = async {
            let address = address(server).ok()?;
            let mut connected = self.connect(address, server.endpoint.peer, until).await.ok()?;
            // What a Kerberos logon has proven holds for the certificate it was bound to: a user's password goes to no other.
            if connected.certificate().map(AsRef::as_ref) != server.endpoint.certificate.as_deref() {
                return None;
            }
            Some(bind::try_logon(&mut connected.stream, &address.host, user, password).await)
        };
        timeout_at(until, tried)
            .await
            .ok()
            .flatten()
            .unwrap_or(Logon::Inconclusive)
    }

    async fn examine(&self, until: Instant, diagnosis: &mut Diagnosis) -> Option<Box<dyn Session>> {
        super::doctor::examine(self, until, diagnosis)
            .await
            .map(|session| Box::new(session) as _)
    }
}

/// Of two failures the one that says more: not being reached says least.
fn more_telling(earlier: Option<Error>, later: Error) -> Error {
    match earlier {
        Some(earlier) if later.code() == Code::Unreachable => earlier,
        _ => later,
    }
}

#[async_trait]
impl Session for LdapSession {
    fn server(&self) -> &Server {
        &self.server
    }

    fn is_warm(&self) -> bool {
        self.warm.is_some()
    }

    fn is_replaceable(&self) -> bool {
        self.patience.is_some()
    }

    async fn find(&mut self, name: &Name) -> Result<Vec<Uuid>, Error> {
        // A connection that was kept may have died unnoticed.
        let patience = self.warm.or_else(|| self.patience());
        let found = patiently(patience, self.look_for(name)).await;
        if let (Some(_), Ok(_), Some(address)) = (self.warm, &found, &self.server.endpoint.address) {
            self.domain_controllers.answered(address);
        }
        self.noted(found)
    }

    async fn read(&mut self, user: Uuid) -> Result<Option<Readings>, Error> {
        // What was read ahead counts once, and only where it is the very account that was found.
        if let Some(ahead) = self.ahead.take().filter(|readings| readings.plain.guid == user) {
            return Ok(Some(*ahead));
        }
        let read = read(&self.logged_on.connection, &self.server, user);
        let read = patiently(self.patience(), read).await;
        self.noted(read)
    }

    async fn policy(&mut self, of: &PolicyOf<'_>) -> Result<PasswordPolicy, Error> {
        let LoggedOn { connection, naming, .. } = &*self.logged_on;
        // Nobody takes over here any more.
        let policy = patiently(self.patience, policy::read(connection, naming, of)).await;
        self.noted(policy)
    }

    async fn service_account(&mut self) -> Service {
        rights::service_account(self).await
    }

    async fn access(&mut self, target: Target<'_>) -> Result<Option<Access>, Error> {
        rights::access(self, target).await
    }

    async fn write(&mut self, write: &Write<'_>) -> Reply {
        let control = write.policy_hints.map(|oid| (oid, POLICY_HINTS_VALUE.as_slice()));
        self.written = operation(write);
        self.ahead = None;
        self.until = None;
        let sent = self
            .logged_on
            .connection
            .modify(&guid_dn(write.user), &changes(write), control);
        match sent {
            Ok(pending) => self.pending = Some(pending),
            Err(error) => return Reply::NotSent(error),
        }
        self.late_reply().await
    }

    async fn late_reply(&mut self) -> Reply {
        let Some(pending) = &mut self.pending else {
            return Reply::Lost("no reply can come any more");
        };
        let answered = self.logged_on.connection.modified(pending).await;
        self.pending = None;
        let reply = reply(answered, self.written);
        self.spent |= !leaves_usable(&reply);
        if let (Some(address), Reply::NotSent(_) | Reply::Lost(_)) = (&self.server.endpoint.address, &reply) {
            self.domain_controllers.failed(address, Code::Unreachable);
        }
        reply
    }
}

impl LdapSession {
    /// How long an answer may take. However short the operation's time is, half of what is left is for another domain controller; after
    /// a write no other will do, and it has its own time.
    fn patience(&self) -> Option<Duration> {
        self.patience
            .map(|longest| self.until.map_or(longest, |until| longest.min(left(until) / 2)))
    }

    /// Finds a name, and reads in the same flight the account that it led to the last time.
    async fn look_for(&mut self, name: &Name) -> Result<Vec<Uuid>, Error> {
        let LoggedOn { connection, naming, .. } = &*self.logged_on;
        let hint = self.hints.of(name);
        let ahead = async {
            let read = read(connection, &self.server, hint?).await;
            read.ok().flatten()
        };
        let (found, ahead) = join(find::find(connection, naming, &self.server.own_token, name), ahead).await;
        let found = found?;
        if let [user] = *found.users {
            self.hints.remember(name, user);
        }
        self.ahead = found.readings.or(ahead.map(Box::new));
        Ok(found.users)
    }

    /// A connection over which something failed is not used again; and where it was new, another domain controller is tried next.
    fn noted<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        self.spent |= result.is_err();
        result.inspect_err(|error| {
            if let (Some(address), None, true) = (&self.server.endpoint.address, self.warm, worth_another(error)) {
                self.domain_controllers.failed(address, error.code());
            }
        })
    }
}

impl Drop for LdapSession {
    fn drop(&mut self) {
        if !self.spent
            && let Some(pool) = self.pool.upgrade()
        {
            pool.put(&self.logged_on);
        }
    }
}

/// Reads one user; `None` where it is gone.
async fn read(connection: &Connection, server: &Server, user: Uuid) -> Result<Option<Readings>, Error> {
    let base = guid_dn(user);
    let search = Search {
        base: &base,
        depth: Depth::Base,
        filter: "(objectClass=*)",
        attributes: ATTRIBUTES,
        at_most: 1,
    };
    match connection.search(&search).await {
        Ok(entries) => entries
            .first()
            .map(|entry| readings(entry, &server.own_token))
            .transpose(),
        Err(Ok(answer)) if answer.code == NO_SUCH_OBJECT => Ok(None),
        Err(Ok(answer)) => Err(refused("reading the account", &answer)),
        Err(Err(error)) => Err(error),
    }
}

/// Whether a connection is good for another operation after a write: not where the server forgets the logon, or is going.
fn leaves_usable(reply: &Reply) -> bool {
    match reply {
        Reply::Done => true,
        Reply::Refused(refusal) => !matches!(
            refusal.kind,
            WriteRefusal::NotBoundRetryable
                | WriteRefusal::Busy
                | WriteRefusal::Unavailable
                | WriteRefusal::StrongerAuthRequired
                | WriteRefusal::InsecureChannel
        ),
        Reply::NotSent(_) | Reply::Lost(_) => false,
    }
}

/// Gives up a question to a domain controller that another can be asked.
async fn patiently<T>(patience: Option<Duration>, asked: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    match patience {
        Some(patience) => timeout(patience, asked).await.unwrap_or_else(|_| {
            Err(Error::new(
                Code::Unreachable,
                "the domain controller did not answer in time",
            ))
        }),
        None => asked.await,
    }
}

fn reply(answered: Result<Answer, Unanswered>, written: Operation) -> Reply {
    match answered {
        Ok(answer) if answer.code == 0 => Reply::Done,
        Ok(answer) => {
            let diagnostic = Diagnostic::parse(&answer.text);
            let kind = classify_write(written, answer.code, &diagnostic);
            Reply::Refused(Refusal {
                result_code: answer.code,
                diagnostic,
                kind,
            })
        }
        Err(Unanswered::NotSent(error)) => Reply::NotSent(error),
        Err(Unanswered::Sent) => Reply::Lost("the connection was lost"),
    }
}

/// The result code of an object that is gone (RFC 4511 4.1.9).
const NO_SUCH_OBJECT: u32 = 32;

/// The one modification: MS-ADTS 3.1.1.3.1.5.1 for the password, 3.1.1.5.3.2 for lockoutTime and pwdLastSet. userAccountControl is
/// never touched.
fn changes(write: &Write<'_>) -> Vec<Change> {
    const UNICODE_PWD: &str = "unicodePwd";
    let zero = || Zeroizing::new(b"0".to_vec());
    let mut changes = match &write.password {
        Some(NewPassword::Reset(new)) => vec![Change::Replace(UNICODE_PWD, new.to_unicode_pwd())],
        Some(NewPassword::Change { old, new }) => vec![
            Change::Delete(UNICODE_PWD, old.to_unicode_pwd()),
            Change::Add(UNICODE_PWD, new.to_unicode_pwd()),
        ],
        None => Vec::new(),
    };
    if write.unlock {
        changes.push(Change::Replace("lockoutTime", zero()));
    }
    if write.require_change {
        changes.push(Change::Replace("pwdLastSet", zero()));
    }
    changes
}

/// The operation a refusal is read as.
fn operation(write: &Write<'_>) -> Operation {
    match write.password {
        Some(NewPassword::Reset(_)) => Operation::Reset,
        Some(NewPassword::Change { .. }) => Operation::Change,
        None if write.unlock => Operation::Unlock,
        None => Operation::RequireChange,
    }
}
