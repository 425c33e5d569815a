//! What goes wrong, and where.

use std::time::Duration;

/// Who sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The client, towards the server.
    Client,
    /// The server, towards the client.
    Server,
}

/// The n-th record of application data from one side, or its n-th chunk of anything, on one connection or any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    side: Side,
    place: Place,
    connection: Option<u64>,
}

/// How the place of a fault is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Record(u64),
    Chunk(u64),
}

/// The next chunk of a connection, as it is counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Next {
    pub(super) connection: u64,
    pub(super) side: Side,
    /// The number among all chunks of the side.
    pub(super) chunk: u64,
    /// The number among its records of application data, where it is one.
    pub(super) record: Option<u64>,
}

impl At {
    /// The client's n-th record, from 1.
    pub fn client(record: u64) -> Self {
        At {
            side: Side::Client,
            place: Place::Record(record),
            connection: None,
        }
    }

    /// The server's n-th record, from 1.
    pub fn server(record: u64) -> Self {
        At {
            side: Side::Server,
            place: Place::Record(record),
            connection: None,
        }
    }

    /// A side's n-th chunk of anything, from 1: what StartTLS says in the clear and the handshake count too.
    pub fn chunk(side: Side, number: u64) -> Self {
        At {
            side,
            place: Place::Chunk(number),
            connection: None,
        }
    }

    fn is(&self, next: &Next) -> bool {
        let here = match self.place {
            Place::Record(number) => next.record == Some(number),
            Place::Chunk(number) => next.chunk == number,
        };
        here && self.side == next.side && self.connection.is_none_or(|number| number == next.connection)
    }

    /// On the k-th connection since the plan was armed, from 1, instead of any.
    pub fn on_connection(mut self, number: u64) -> Self {
        self.connection = Some(number);
        self
    }
}

/// What becomes of a record, and of the connection.
///
/// A cut ends the client's side at once. The server's side stays up for [`Plan::server_lingers`], as where a network
/// breaks and only one end sees it; otherwise a server might drop the request that a test wants executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Cut; the record is not forwarded.
    CutBefore,
    /// Forwarded, then cut.
    CutAfter,
    /// Forwarded; cut when the other side's next record arrives, which is not delivered.
    CutBeforeReply,
    /// Held back, then forwarded as if nothing had happened.
    Hold(Duration),
    /// The client is cut at once; the record is forwarded only after this time.
    CutThenDeliver(Duration),
    /// Neither this record nor anything after it is forwarded, either way; both sides stay connected.
    Stall,
    /// Forwarded; nothing after it is, either way; both sides stay connected.
    StallAfter,
    /// Only so many bytes of the record are forwarded, header included; then cut.
    Truncate(usize),
    /// One byte is inverted, counted after the record's header and cyclic in its length.
    Corrupt(usize),
    /// Forwarded twice.
    Duplicate,
    /// Not forwarded, while everything after it is.
    Swallow,
}

/// All that is to go wrong until the next plan.
#[derive(Debug, Clone)]
pub struct Plan {
    faults: Vec<(At, Fault)>,
    pub(super) delays: Vec<(Side, Duration)>,
    pub(super) silent: bool,
    pub(super) reset: bool,
    pub(super) linger: Duration,
}

impl Default for Plan {
    fn default() -> Self {
        Self::new()
    }
}

impl Plan {
    /// Nothing goes wrong.
    pub fn new() -> Self {
        Plan {
            faults: Vec::new(),
            delays: Vec::new(),
            silent: false,
            reset: false,
            linger: Duration::from_secs(3),
        }
    }

    /// This fault at this record.
    pub fn on(mut self, at: At, fault: Fault) -> Self {
        self.faults.push((at, fault));
        self
    }

    /// Every chunk of that side, handshakes too, takes so much longer.
    pub fn delay_every(mut self, side: Side, time: Duration) -> Self {
        self.delays.push((side, time));
        self
    }

    /// Connections are accepted, and then nothing happens on them.
    pub fn accept_then_silence(mut self) -> Self {
        self.silent = true;
        self
    }

    /// Cuts reach the client as a TCP reset instead of an orderly end.
    pub fn rst(mut self) -> Self {
        self.reset = true;
        self
    }

    /// How long the server's side of a cut connection stays up, with its answers thrown away; 3 s unless told.
    pub fn server_lingers(mut self, time: Duration) -> Self {
        self.linger = time;
        self
    }

    pub(super) fn fault(&self, next: Next) -> Option<Fault> {
        self.faults.iter().find(|(at, _)| at.is(&next)).map(|(_, fault)| *fault)
    }

    pub(super) fn delay(&self, side: Side) -> Duration {
        self.delays
            .iter()
            .filter(|(of, _)| *of == side)
            .map(|(_, time)| *time)
            .sum()
    }
}
