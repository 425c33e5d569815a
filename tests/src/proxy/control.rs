//! What all connections of a proxy share: the plan, and what passed.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::plan::{Next, Plan, Side};
use super::record::Kind;

/// A chunk that came from one side, forwarded or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// The connection's number since the plan was armed, from 1.
    pub connection: u64,
    /// Who sent it.
    pub side: Side,
    /// What it is.
    pub kind: Kind,
    /// Its length in bytes, header included.
    pub length: usize,
}

impl Passed {
    /// The record that says nothing in TLS 1.3 (RFC 8446 D.4), and is sent before all of the server's flight is there.
    fn is_change_cipher_spec(&self) -> bool {
        (self.kind, self.length) == (Kind::Other, 6)
    }
}

/// What passed since a plan was armed, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Every chunk.
    pub chunks: Vec<Passed>,
}

impl Traffic {
    /// How many connections sent anything.
    pub fn connections(&self) -> u64 {
        self.chunks.iter().map(|chunk| chunk.connection).max().unwrap_or(0)
    }

    /// How many records of application data the client sent on that connection.
    pub fn client_records(&self, connection: u64) -> u64 {
        self.records(connection, Side::Client)
    }

    /// How many records of application data the server sent on that connection.
    pub fn server_records(&self, connection: u64) -> u64 {
        self.records(connection, Side::Server)
    }

    /// How often the client waited for the server on that connection: changes of direction from the client's bytes to the
    /// server's.
    ///
    /// What the server sends unasked, TLS tickets above all, is told apart only where the client's chunks are delayed
    /// ([`super::Plan::delay_every`]): then all of a flight has arrived here before the server answers any of it.
    pub fn round_trips(&self, connection: u64) -> usize {
        let of_it: Vec<Side> = self
            .chunks
            .iter()
            .filter(|chunk| chunk.connection == connection && !chunk.is_change_cipher_spec())
            .map(|chunk| chunk.side)
            .collect();
        of_it
            .windows(2)
            .filter(|pair| *pair == [Side::Client, Side::Server])
            .count()
    }

    fn records(&self, connection: u64, side: Side) -> u64 {
        let of =
            |chunk: &&Passed| chunk.connection == connection && chunk.side == side && chunk.kind == Kind::Application;
        self.chunks.iter().filter(of).count() as u64
    }
}

#[derive(Debug)]
pub(super) struct Control {
    pub(super) upstream: SocketAddr,
    armed: Mutex<Armed>,
    open: AtomicUsize,
    accepted: AtomicUsize,
}

#[derive(Debug)]
struct Armed {
    plan: Plan,
    generation: u64,
    connections: u64,
    traffic: Traffic,
    struck: usize,
}

/// Where a connection stands under the plan in force.
#[derive(Debug, Default)]
pub(super) struct Place {
    generation: u64,
    number: u64,
    client: Count,
    server: Count,
}

/// What one side has sent.
#[derive(Debug, Default)]
struct Count {
    chunks: u64,
    records: u64,
}

impl Control {
    pub(super) fn new(upstream: SocketAddr) -> Self {
        let armed = Armed {
            plan: Plan::new(),
            generation: 1,
            connections: 0,
            traffic: Traffic::default(),
            struck: 0,
        };
        Control {
            upstream,
            armed: Mutex::new(armed),
            open: AtomicUsize::new(0),
            accepted: AtomicUsize::new(0),
        }
    }

    fn armed(&self) -> MutexGuard<'_, Armed> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn arm(&self, plan: Plan) {
        let mut armed = self.armed();
        let generation = armed.generation + 1;
        *armed = Armed {
            plan,
            generation,
            connections: 0,
            traffic: Traffic::default(),
            struck: 0,
        };
    }

    pub(super) fn plan(&self) -> Plan {
        self.armed().plan.clone()
    }

    pub(super) fn traffic(&self) -> Traffic {
        self.armed().traffic.clone()
    }

    pub(super) fn struck(&self) -> usize {
        self.armed().struck
    }

    /// Gives the connection its number under the plan in force, once.
    pub(super) fn enter(&self, place: &mut Place) {
        let mut armed = self.armed();
        if place.generation != armed.generation {
            armed.connections += 1;
            *place = Place {
                generation: armed.generation,
                number: armed.connections,
                ..Place::default()
            };
        }
    }

    /// Notes a chunk, and says what the plan wants with it.
    pub(super) fn note(&self, place: &mut Place, side: Side, kind: Kind, length: usize) -> Option<super::Fault> {
        self.enter(place);
        let mut armed = self.armed();
        armed.traffic.chunks.push(Passed {
            connection: place.number,
            side,
            kind,
            length,
        });
        let count = match side {
            Side::Client => &mut place.client,
            Side::Server => &mut place.server,
        };
        count.chunks += 1;
        let is_record = kind == Kind::Application;
        count.records += u64::from(is_record);
        let next = Next {
            connection: place.number,
            side,
            chunk: count.chunks,
            record: is_record.then_some(count.records),
        };
        let fault = armed.plan.fault(next);
        armed.struck += usize::from(fault.is_some());
        fault
    }

    /// Counts a client as connected until the guard goes.
    pub(super) fn connected(&self) -> Connected<'_> {
        self.accepted.fetch_add(1, Ordering::SeqCst);
        self.open.fetch_add(1, Ordering::SeqCst);
        Connected(self)
    }

    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    pub(super) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

pub(super) struct Connected<'a>(&'a Control);

impl Drop for Connected<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}
