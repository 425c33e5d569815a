//! Connections that are kept between operations: connected, verified and logged on.
//!
//! What is kept holds no password: those of an operation, and that of the logon, never reach the LDAP client, and every buffer
//! beneath it is wiped. So a connection may be used again, whatever it has carried.

use super::config::Address;
use super::server::Naming;
use super::session::Connection;
use crate::directory::Server;
use std::fmt;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};

/// How long a connection is kept without being used: well below what servers (15 minutes, MaxConnIdleTime) and firewalls allow.
const LONGEST_IDLE: Duration = Duration::from_secs(120);

/// How long a logon is used: a change of the service account's groups shows at the latest after this.
const LONGEST_LOGON: Duration = Duration::from_secs(600);

/// A logged-on connection, with what the domain controller said of itself.
pub(crate) struct LoggedOn {
    pub(crate) connection: Connection,
    pub(crate) naming: Naming,
    server: Server,
    since: Instant,
    /// The runtime that drives it: it works in no other.
    runtime: Handle,
}

impl LoggedOn {
    /// To be called in the runtime that made the connection.
    pub(crate) fn new(connection: Connection, server: Server, naming: Naming) -> Self {
        LoggedOn {
            connection,
            naming,
            server,
            since: Instant::now(),
            runtime: Handle::current(),
        }
    }

    /// The domain controller, with the time that it is there now.
    pub(crate) fn server(&self) -> Server {
        let mut server = self.server.clone();
        server.now = server.now.checked_add(self.since.elapsed()).unwrap_or(server.now);
        server
    }

    fn leads_to(&self, address: &Arc<Address>) -> bool {
        self.server.endpoint.address.as_ref() == Some(address)
    }

    fn is_usable(&self) -> bool {
        self.connection.is_at_rest() && self.since.elapsed() < LONGEST_LOGON
    }
}

/// The connections that are kept.
pub(crate) struct Pool {
    most: usize,
    /// The process that they belong to.
    process: AtomicU32,
    /// The one used last is at the end.
    kept: Mutex<Vec<Kept>>,
}

struct Kept {
    logged_on: Arc<LoggedOn>,
    since: Instant,
    /// Closes it when it has been kept for too long, or the server is gone.
    expiry: AbortHandle,
}

impl Kept {
    /// Not where its runtime is gone: what drove the connection went with it.
    fn is_usable(&self) -> bool {
        self.logged_on.is_usable() && self.since.elapsed() < LONGEST_IDLE
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.expiry.abort();
    }
}

impl Pool {
    /// Keeps at most so many connections, in each runtime that uses it.
    pub(crate) fn new(most: usize) -> Self {
        Pool {
            most,
            process: AtomicU32::new(process::id()),
            kept: Mutex::default(),
        }
    }

    /// The connection to this domain controller that was used last, for one operation.
    pub(crate) fn take(&self, address: &Arc<Address>) -> Option<Arc<LoggedOn>> {
        let here = Handle::try_current().ok()?.id();
        self.with(|kept| {
            kept.retain(Kept::is_usable);
            let place = kept
                .iter()
                .rposition(|one| one.logged_on.runtime.id() == here && one.logged_on.leads_to(address))?;
            Some(Arc::clone(&kept.remove(place).logged_on))
        })?
    }

    /// Takes a connection back from an operation that has ended.
    pub(crate) fn put(self: &Arc<Self>, logged_on: &Arc<LoggedOn>) {
        if self.most == 0 || !logged_on.is_usable() {
            return;
        }
        let runtime = logged_on.runtime.id();
        let expiry = self.expire(logged_on);
        let surplus = self.with(|kept| {
            kept.retain(Kept::is_usable);
            kept.push(Kept {
                logged_on: Arc::clone(logged_on),
                since: Instant::now(),
                expiry,
            });
            let of_the_runtime = |one: &Kept| one.logged_on.runtime.id() == runtime;
            let surplus = kept.iter().filter(|one| of_the_runtime(one)).count() > self.most;
            let oldest = kept.iter().position(of_the_runtime).filter(|_| surplus)?;
            Some(kept.remove(oldest))
        });
        drop(surplus);
    }

    /// Closes them all.
    pub(crate) fn clear(&self) {
        drop(self.with(std::mem::take));
    }

    /// A task of the connection's own runtime that keeps neither the pool nor the connection.
    fn expire(self: &Arc<Self>, logged_on: &Arc<LoggedOn>) -> AbortHandle {
        let (pool, which) = (Arc::downgrade(self), Arc::downgrade(logged_on));
        let over = logged_on.connection.over_soon();
        let expiry = logged_on.runtime.spawn(async move {
            tokio::select! {
                () = sleep(LONGEST_IDLE) => {}
                () = over => {}
            }
            let Some(pool) = pool.upgrade() else { return };
            let gone = pool.with(|kept| {
                let place = kept
                    .iter()
                    .position(|one| Arc::downgrade(&one.logged_on).ptr_eq(&which))?;
                Some(kept.remove(place))
            });
            drop(gone);
        });
        expiry.abort_handle()
    }

    /// Nothing where the process was forked and nobody can tell in which state.
    fn with<T>(&self, use_them: impl FnOnce(&mut Vec<Kept>) -> T) -> Option<T> {
        let here = process::id();
        if self.process.load(Ordering::Acquire) == here {
            return Some(use_them(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner)));
        }
        // A thread that is not here may have held the lock: then nothing is kept in this process.
        let mut kept = self.kept.try_lock().ok()?;
        abandon(&mut kept);
        self.process.store(here, Ordering::Release);
        Some(use_them(&mut kept))
    }
}

/// Leaves connections alone that belong to the process this one was forked from: closing them here would touch what the two
/// share.
fn abandon(kept: &mut Vec<Kept>) {
    std::mem::take(kept).into_iter().for_each(std::mem::forget);
}

impl Drop for Pool {
    fn drop(&mut self) {
        if *self.process.get_mut() != process::id() {
            abandon(self.kept.get_mut().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("most", &self.most).finish_non_exhaustive()
    }
}
