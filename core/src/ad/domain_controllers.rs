//! Which domain controllers there are, and in which order they are tried.

use super::config::{Address, Domain, Settings, Whereabouts, is_site};
use super::discover;
use super::health::{Health, UNFIT_REST};
use super::kept::Kept;
use crate::error::{Code, Error};
use futures_util::future::join_all;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// The domain controllers of a deployment.
#[derive(Debug)]
pub(crate) struct DomainControllers {
    known: Known,
    health: Mutex<Health>,
    /// How long one is waited for before another is tried beside it, and DNS where an old answer will do.
    patience: Duration,
}

#[derive(Debug)]
enum Known {
    Listed(Vec<Arc<Address>>),
    Discovered(Box<Discovered>),
}

/// The addresses behind the names.
type Peers = HashMap<Arc<Address>, Arc<Kept<Vec<SocketAddr>>>>;

/// What is known of the domain controllers that DNS names.
#[derive(Debug)]
struct Discovered {
    domain: Domain,
    order: Kept<Vec<Arc<Address>>>,
    peers: Mutex<Peers>,
    /// Those that have said that they may be logged on to, and when.
    introduced: Mutex<HashMap<Arc<Address>, Instant>>,
    /// The site that a domain controller finds this machine in.
    site: Mutex<Option<String>>,
}

impl DomainControllers {
    pub(crate) fn new(settings: &Settings) -> Result<Self, Error> {
        let known = match settings.whereabouts()? {
            Whereabouts::Listed(addresses) => Known::Listed(addresses.into_iter().map(Arc::new).collect()),
            Whereabouts::Domain(domain) => Known::Discovered(Box::new(Discovered {
                site: Mutex::new(domain.site.clone()),
                domain,
                order: Kept::default(),
                peers: Mutex::default(),
                introduced: Mutex::default(),
            })),
        };
        Ok(DomainControllers {
            known,
            health: Mutex::default(),
            patience: settings.connect_timeout / 5,
        })
    }

    /// How long one is waited for before another is tried beside it.
    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }

    /// The domain that all of them must be of, where they are found by it.
    pub(crate) fn domain(&self) -> Option<&str> {
        match &self.known {
            Known::Listed(_) => None,
            Known::Discovered(discovered) => Some(&discovered.domain.name),
        }
    }

    /// All of them, whether or not they work: those that are listed as they are, those that DNS names with the PDC emulator
    /// first and those of the site next.
    ///
    /// # Errors
    /// [`Code::Unreachable`] where DNS names none.
    pub(crate) async fn all(&self, until: Instant) -> Result<Vec<Arc<Address>>, Error> {
        match &self.known {
            Known::Listed(addresses) => Ok(addresses.clone()),
            Known::Discovered(discovered) => discovered.all(until, self.patience).await,
        }
    }

    /// All of them, in the order they are to be tried: one that has failed comes last until it has rested.
    ///
    /// # Errors
    /// As for [`Self::all`].
    pub(crate) async fn in_order(&self, until: Instant) -> Result<Vec<Arc<Address>>, Error> {
        let all = self.all(until).await?;
        Ok(lock(&self.health).order(all, Instant::now()))
    }

    /// The addresses of one; none where its name is the system's to resolve.
    ///
    /// # Errors
    /// [`Code::Unreachable`] where DNS knows none.
    pub(crate) async fn peers(&self, address: &Arc<Address>, until: Instant) -> Result<Vec<SocketAddr>, Error> {
        match &self.known {
            Known::Listed(_) => Ok(Vec::new()),
            Known::Discovered(discovered) => discovered.peers(address, until, self.patience).await,
        }
    }

    /// Whether one has to say who it is before anybody logs on to it. One that is listed is meant; one that DNS names may be
    /// read-only, and a read-only domain controller, which stands where it is less safe, is not given the service account's
    /// password.
    pub(crate) fn is_stranger(&self, address: &Arc<Address>) -> bool {
        match &self.known {
            Known::Listed(_) => false,
            Known::Discovered(discovered) => {
                let introduced = lock(&discovered.introduced).get(address).copied();
                introduced.is_none_or(|when| when.elapsed() > UNFIT_REST)
            }
        }
    }

    /// Takes note of one that has said that it is a writable domain controller of the domain, and which site it finds this
    /// machine in.
    pub(crate) fn introduced(&self, address: &Arc<Address>, site: Option<String>) {
        if let Known::Discovered(discovered) = &self.known {
            let mut introduced = lock(&discovered.introduced);
            introduced.retain(|_, when| when.elapsed() <= UNFIT_REST);
            introduced.insert(Arc::clone(address), Instant::now());
            drop(introduced);
            if let Some(site) = site.filter(|site| is_site(site)) {
                discovered.place(site);
            }
        }
    }

    /// Takes note of one that answered.
    pub(crate) fn answered(&self, address: &Arc<Address>) {
        lock(&self.health).answered(address);
    }

    /// Takes note of one that failed: it is tried last until it has rested.
    pub(crate) fn failed(&self, address: &Arc<Address>, why: Code) {
        let now = Instant::now();
        match why {
            Code::ReadOnlyDirectory | Code::Unsupported => lock(&self.health).unfit(address, now),
            _ => lock(&self.health).failed(address, now),
        }
        if let Known::Discovered(discovered) = &self.known {
            lock(&discovered.introduced).remove(address);
        }
    }

    /// Takes note that none of them would do: perhaps DNS knows better by now.
    pub(crate) fn exhausted(&self) {
        if let Known::Discovered(discovered) = &self.known {
            discovered.order.outdate();
        }
    }
}

impl Discovered {
    async fn all(&self, until: Instant, patience: Duration) -> Result<Vec<Arc<Address>>, Error> {
        let site = lock(&self.site).clone();
        let ask = async {
            let (services, good_for) = discover::services(&self.domain, site.as_deref()).await?;
            let order = services.in_order(&self.domain, random);
            if order.is_empty() {
                let why = format!("DNS names no domain controller below {}", self.domain.name);
                return Err(Error::new(Code::Unreachable, why));
            }
            let order: Vec<_> = order.into_iter().map(Arc::new).collect();
            // While DNS is there: it may be gone, with the domain controller it ran on, when the next one is needed.
            let ahead = order
                .iter()
                .take(AHEAD)
                .map(|address| self.peers(address, until, patience));
            // What is not known in time is asked for when it is needed: one name without an answer does not withhold the others.
            let _ = timeout(patience, join_all(ahead)).await;
            Ok((order, good_for))
        };
        self.order.get(until, patience, ask).await
    }

    async fn peers(
        &self,
        address: &Arc<Address>,
        until: Instant,
        patience: Duration,
    ) -> Result<Vec<SocketAddr>, Error> {
        let kept = {
            let mut peers = lock(&self.peers);
            // Names that are gone from DNS are not remembered for ever.
            if peers.len() > MOST_NAMES {
                peers.clear();
            }
            Arc::clone(peers.entry(Arc::clone(address)).or_default())
        };
        let ask = async {
            let (addresses, good_for) = discover::addresses(&self.domain, &address.host).await?;
            let peers = addresses.into_iter().map(|ip| SocketAddr::new(ip, address.port));
            Ok((peers.collect(), good_for))
        };
        kept.get(until, patience, ask).await
    }

    /// Has those of a site asked for from now on, unless the settings name one.
    fn place(&self, site: String) {
        if self.domain.site.is_some() {
            return;
        }
        let mut known = lock(&self.site);
        if known.as_ref() != Some(&site) {
            *known = Some(site);
            self.order.outdate();
        }
    }
}

/// The addresses of so many are asked for before they are needed.
const AHEAD: usize = 8;

/// More names than this are forgotten, all at once.
const MOST_NAMES: usize = 1024;

/// A number from zero up to and including `most`. It spreads load and guards nothing.
fn random(most: u64) -> u64 {
    getrandom::u64().map_or(0, |drawn| drawn % most.saturating_add(1))
}

/// A lock that a panic elsewhere has not spoilt: what it guards is whole after every statement.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
