//! The port to a mock directory, with the faults between.

use super::answer::Answer;
use super::domain::Domain;
use super::entry::Entry;
use super::fault::{Fault, Stage};
use super::find::same;
use super::logon::BindAnswer;
use super::owned::OwnedWrite;
use crate::ad::diagnostic::{Diagnostic, classify_bind};
use crate::ad::doctor;
use crate::diagnosis::{CheckName, Diagnosis};
use crate::directory::{Directory, Endpoint, Logon, PolicyOf, Refusal, Reply, Server, Session, Write};
use crate::error::{Code, Error};
use crate::facts::Readings;
use crate::grants::{Access, Service, Target};
use crate::identity::{Identity, Name};
use crate::password::Password;
use crate::policy::PasswordPolicy;
use crate::sid::Sid;
use async_trait::async_trait;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout_at};
use uuid::Uuid;

/// The sAMAccountName of the service account.
pub(super) const SERVICE_ACCOUNT: &str = "svc-writeback";

/// The SIDs of everybody who is logged on: Everyone and Authenticated Users (MS-DTYP 2.4.2.4).
const EVERYBODY: [&str; 2] = ["S-1-1-0", "S-1-5-11"];

/// A domain in memory, behind the port.
#[derive(Clone)]
pub(crate) struct MemoryDirectory(Arc<Mutex<Domain>>);

impl MemoryDirectory {
    pub(super) fn new(domain: Domain) -> Self {
        MemoryDirectory(Arc::new(Mutex::new(domain)))
    }

    /// The domain. The lock is never held while waiting; a panic elsewhere leaves the domain as it was.
    pub(super) fn domain(&self) -> MutexGuard<'_, Domain> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes a stage that is not the write, with what strikes there.
    async fn pass(&self, stage: Stage, user: Option<Uuid>) -> Result<(), Error> {
        let struck = self.domain().faults.strike(stage, user.is_some());
        for fault in struck {
            match fault {
                Fault::Slow(_, delay) => sleep(delay).await,
                Fault::OtherWriter { password, .. } => self.other_writer(user, password),
                Fault::Hang(_) => std::future::pending().await,
                fault => return Err(failure(fault)),
            }
        }
        if self.domain().gone {
            return Err(unreachable("the domain controller does not answer"));
        }
        Ok(())
    }

    fn other_writer(&self, user: Option<Uuid>, password: Password) {
        if let Some(user) = user {
            self.domain().other_writer(user, password);
        }
    }

    fn session(&self, stage: Stage) -> Box<dyn Session> {
        Box::new(MemorySession {
            server: self.server(),
            directory: self.clone(),
            reads: stage,
            cut: false,
            pending: None,
        })
    }

    fn server(&self) -> Server {
        let domain = self.domain();
        let everybody = EVERYBODY.iter().filter_map(|text| text.parse().ok());
        let own = domain.accounts.iter().find(|entry| same(&entry.sam, SERVICE_ACCOUNT));
        let own_token: Vec<Sid> = own.map_or_else(Vec::new, |entry| token(&domain, entry));
        Server {
            name: domain.server_name(),
            endpoint: Endpoint::default(),
            identity: domain.server_name(),
            policy_hints: domain.hints.control(),
            own_token: own_token.into_iter().chain(everybody).collect(),
            now: domain.now(),
            tells_time: true,
        }
    }
}

fn token(domain: &Domain, entry: &Entry) -> Vec<Sid> {
    let mut sids: Vec<Sid> = domain.token_groups(entry).into_iter().collect();
    sids.push(entry.sid.clone());
    sids
}

impl fmt::Debug for MemoryDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let domain = self.domain();
        f.debug_struct("MemoryDirectory")
            .field("domain", &domain.dns_name)
            .field("accounts", &domain.accounts.len())
            .field("writes", &domain.writes)
            .finish_non_exhaustive()
    }
}

fn unreachable(why: &str) -> Error {
    Error::new(Code::Unreachable, why)
}

/// The error of a fault that ends a stage.
fn failure(fault: Fault) -> Error {
    match fault {
        Fault::Tls(reason) => Error::new(Code::Tls, "the TLS handshake failed").with_reason(reason),
        Fault::BindFailed(reason) => {
            Error::new(Code::BindFailed, "the logon of the service account was refused").with_reason(reason)
        }
        Fault::ReadOnly => read_only(),
        Fault::Fail(_, error) => error,
        Fault::Unreachable => unreachable("no domain controller answers"),
        _ => unreachable("the connection was lost"),
    }
}

fn read_only() -> Error {
    Error::new(Code::ReadOnlyDirectory, "the domain controller is read-only")
}

#[async_trait]
impl Directory for MemoryDirectory {
    async fn open(&self, until: Instant) -> Result<Box<dyn Session>, Error> {
        let opened = timeout_at(until, self.pass(Stage::Open, None)).await;
        opened.unwrap_or_else(|_| Err(unreachable("the domain controller did not answer in time")))?;
        if self.domain().read_only {
            return Err(read_only());
        }
        Ok(self.session(Stage::Read))
    }

    async fn reopen(&self, _server: &Server, until: Instant) -> Result<Box<dyn Session>, Error> {
        let opened = timeout_at(until, self.pass(Stage::ReadBack, None)).await;
        opened.unwrap_or_else(|_| Err(unreachable("the domain controller did not answer in time")))?;
        Ok(self.session(Stage::ReadBack))
    }

    async fn try_logon(&self, _server: &Server, user: &str, password: &Password, until: Instant) -> Logon {
        if !matches!(timeout_at(until, self.pass(Stage::Logon, None)).await, Ok(Ok(()))) {
            return Logon::Inconclusive;
        }
        let mut domain = self.domain();
        let guid = domain.named(&Identity::dn(user)).map(|entry| entry.guid);
        let answer = guid.map_or(BindAnswer::UnknownUser, |guid| domain.logon(guid, password));
        if answer == BindAnswer::Success {
            return Logon::Right;
        }
        let text =
            format!("80090308: LdapErr: DSID-0C090569, comment: AcceptSecurityContext error, data {answer}, v4563");
        classify_bind(INVALID_CREDENTIALS, &Diagnostic::parse(&text)).into()
    }

    async fn examine(&self, until: Instant, diagnosis: &mut Diagnosis) -> Option<Box<dyn Session>> {
        let name = self.domain().server_name();
        let session = match self.open(until).await {
            Ok(session) => session,
            Err(error) => {
                doctor::failed(diagnosis, &name, Some(SERVICE_ACCOUNT), &error);
                return None;
            }
        };
        doctor::passed(diagnosis, &name);
        doctor::logged_on(diagnosis, &name, Some(SERVICE_ACCOUNT));
        doctor::examine_server(diagnosis, session.server());
        diagnosis.ok(
            CheckName::ReplicationPartner,
            "the directory lists no other domain controller of this domain",
        );
        Some(session)
    }
}

/// The result code of a refused bind (RFC 4511 4.1.9).
const INVALID_CREDENTIALS: u32 = 49;

/// A session with the one domain controller.
struct MemorySession {
    directory: MemoryDirectory,
    server: Server,
    /// The stage at which it reads: before or after a write.
    reads: Stage,
    /// The connection is gone.
    cut: bool,
    /// The reply to a request that the server has not carried out yet.
    pending: Option<oneshot::Receiver<Result<(), Refusal>>>,
}

impl MemorySession {
    async fn pass(&mut self, stage: Stage, user: Option<Uuid>) -> Result<(), Error> {
        if self.cut {
            return Err(unreachable("the connection was lost"));
        }
        let passed = self.directory.pass(stage, user).await;
        self.cut = passed.as_ref().is_err_and(|error| error.code() == Code::Unreachable);
        passed
    }

    /// The server's part of a write: what it does with a request that has reached it.
    fn serve(&mut self, write: &Write<'_>) -> Reply {
        let mut domain = self.directory.domain();
        match domain.modify(write) {
            Ok(()) => Reply::Done,
            Err(denial) => Reply::Refused(domain.refusals.answer(&denial).refusal(write)),
        }
    }

    /// A request that the server carries out after a while, whether or not anybody waits for the reply.
    async fn serve_late(&mut self, write: &Write<'_>, delay: Duration) -> Reply {
        let (reply, replied) = oneshot::channel();
        let late = OwnedWrite::of(write);
        let directory = self.directory.clone();
        tokio::spawn(async move {
            sleep(delay).await;
            let write = late.borrowed();
            let mut domain = directory.domain();
            let done = domain.modify(&write);
            let refusal = done.map_err(|denial| domain.refusals.answer(&denial).refusal(&write));
            drop(domain);
            let _ = reply.send(refusal);
        });
        self.pending = Some(replied);
        self.late_reply().await
    }

    /// Loses the connection after the request.
    fn lose(&mut self) -> Reply {
        self.cut = true;
        Reply::Lost("the connection was lost")
    }

    /// What ends a write otherwise than by the server's own reply.
    async fn strike(&mut self, write: &Write<'_>, fault: Fault) -> Reply {
        match fault {
            Fault::CutAfterRequest { applied } => {
                if applied {
                    self.serve(write);
                }
                self.lose()
            }
            Fault::AppliedLate(delay) => {
                let late = OwnedWrite::of(write);
                let directory = self.directory.clone();
                tokio::spawn(async move {
                    sleep(delay).await;
                    // Its refusal, if it is one, reaches nobody.
                    let _ = directory.domain().modify(&late.borrowed());
                });
                self.lose()
            }
            Fault::GoneAfter { applied } => {
                if applied {
                    self.serve(write);
                }
                self.directory.domain().gone = true;
                self.lose()
            }
            Fault::CutAfterReply => {
                let reply = self.serve(write);
                self.cut = true;
                reply
            }
            Fault::Refuse {
                result_code,
                diagnostic,
            } => Reply::Refused(Answer::new(result_code, diagnostic).refusal(write)),
            Fault::Hang(_) => std::future::pending().await,
            fault => {
                self.cut = true;
                Reply::NotSent(failure(fault))
            }
        }
    }
}

#[async_trait]
impl Session for MemorySession {
    fn server(&self) -> &Server {
        &self.server
    }

    async fn find(&mut self, name: &Name) -> Result<Vec<Uuid>, Error> {
        self.pass(Stage::Find, None).await?;
        self.directory.domain().find(name)
    }

    async fn read(&mut self, user: Uuid) -> Result<Option<Readings>, Error> {
        self.pass(self.reads, Some(user)).await?;
        let domain = self.directory.domain();
        Ok(domain.account(user).map(|entry| domain.readings(entry)))
    }

    async fn policy(&mut self, of: &PolicyOf<'_>) -> Result<PasswordPolicy, Error> {
        self.pass(Stage::Policy, None).await?;
        Ok(self.directory.domain().policy(of))
    }

    async fn service_account(&mut self) -> Service {
        self.directory.domain().service_account()
    }

    async fn access(&mut self, target: Target<'_>) -> Result<Option<Access>, Error> {
        let user = match target {
            Target::User(user) => Some(user),
            Target::Below(_) | Target::Domain => None,
        };
        self.pass(self.reads, user).await?;
        Ok(self.directory.domain().access(target))
    }

    async fn write(&mut self, write: &Write<'_>) -> Reply {
        if self.cut {
            return Reply::NotSent(unreachable("the connection was lost"));
        }
        let struck = {
            let mut domain = self.directory.domain();
            if domain.gone {
                return Reply::NotSent(unreachable("the domain controller does not answer"));
            }
            domain.faults.strike(Stage::Write, true)
        };
        self.reads = Stage::ReadBack;
        let mut delay = Duration::ZERO;
        for fault in struck {
            match fault {
                Fault::Slow(_, by) => delay += by,
                Fault::OtherWriter { password, .. } => self.directory.domain().other_writer(write.user, password),
                fault => {
                    sleep(delay).await;
                    return self.strike(write, fault).await;
                }
            }
        }
        if delay.is_zero() {
            self.serve(write)
        } else {
            self.serve_late(write, delay).await
        }
    }

    async fn late_reply(&mut self) -> Reply {
        let Some(replied) = &mut self.pending else {
            return Reply::Lost("no reply can come any more");
        };
        let reply = match replied.await {
            Ok(Ok(())) => Reply::Done,
            Ok(Err(refusal)) => Reply::Refused(refusal),
            Err(_) => Reply::Lost("the connection was lost"),
        };
        self.pending = None;
        reply
    }
}
