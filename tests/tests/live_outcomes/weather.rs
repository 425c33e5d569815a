//! What goes wrong with one operation, drawn from a seed: the same seed and number always give the same.

use super::bench::GRACE;
use super::case::Kind;
use super::network::Records;
use fastrand::Rng;
use std::time::Duration;
use testkit::proxy::{At, Fault, Plan, Side};

/// The faults of one operation.
#[derive(Debug)]
pub(crate) struct Weather {
    pub(crate) kind: Kind,
    pub(crate) plan: Plan,
    /// Nobody listens for this long from the start.
    pub(crate) refused: Option<Duration>,
    /// Whether the evidence itself is out of reach for so long that the deadline may come first.
    pub(crate) may_be_unknown: bool,
}

impl Weather {
    /// The weather of the n-th operation under a seed.
    pub(crate) fn draw(seed: u64, n: u64, records: Records) -> Weather {
        let mut rng = Rng::with_seed(seed ^ n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut weather = Weather {
            kind: Kind::ALL[rng.usize(..Kind::ALL.len())],
            plan: Plan::new(),
            refused: None,
            may_be_unknown: false,
        };
        weather.strike(&mut rng, records);
        if rng.u8(..4) == 0 {
            weather.plan = weather.plan.rst();
        }
        if rng.u8(..4) == 0 {
            let side = side(&mut rng);
            weather.plan = weather.plan.delay_every(side, milliseconds(&mut rng, 1..40));
        }
        weather
    }

    /// One fault in seven of ten operations, two in two, and no way to connect in one.
    fn strike(&mut self, rng: &mut Rng, records: Records) {
        match rng.u8(..10) {
            0 => self.no_connection(rng),
            1 => {
                let at = At::chunk(side(rng), rng.u64(1..=4)).on_connection(1);
                self.add(at, fault(rng));
            }
            2 | 3 => {
                self.add(anywhere(rng, records).on_connection(1), fault(rng));
                // What the evidence is looked for with breaks too: the cut ends at once, the stall takes its time.
                let second = fault(rng);
                self.add(anywhere(rng, records).on_connection(2), second);
                self.may_be_unknown = lasts(second);
            }
            // The write is where it matters.
            4..=6 => {
                let at = At::client(records.write).on_connection(1);
                self.add(at, fault(rng));
            }
            _ => self.add(anywhere(rng, records).on_connection(1), fault(rng)),
        }
    }

    fn no_connection(&mut self, rng: &mut Rng) {
        if rng.bool() {
            self.refused = Some(milliseconds(rng, 1..500));
        } else {
            self.plan = self.plan.clone().accept_then_silence();
        }
    }

    fn add(&mut self, at: At, fault: Fault) {
        self.plan = self.plan.clone().on(at, fault);
    }
}

/// Whether the connection stays open with nothing coming over it.
fn lasts(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::Stall | Fault::StallAfter | Fault::Swallow | Fault::Hold(_)
    )
}

/// Either side's record, up to one beyond the last.
fn anywhere(rng: &mut Rng, records: Records) -> At {
    let record = rng.u64(1..=records.all + 1);
    match side(rng) {
        Side::Client => At::client(record),
        Side::Server => At::server(record),
    }
}

fn side(rng: &mut Rng) -> Side {
    if rng.bool() { Side::Client } else { Side::Server }
}

/// A proxy that cuts delivers what it holds within the grace, or never.
fn fault(rng: &mut Rng) -> Fault {
    match rng.u8(..11) {
        0 => Fault::CutBefore,
        1 => Fault::CutAfter,
        2 => Fault::CutBeforeReply,
        3 => Fault::Hold(milliseconds(rng, 1..2 * as_ms(GRACE))),
        4 | 5 => Fault::CutThenDeliver(milliseconds(rng, 1..as_ms(GRACE) * 8 / 10)),
        6 => Fault::Stall,
        7 => Fault::StallAfter,
        8 => Fault::Truncate(rng.usize(..80)),
        9 => Fault::Corrupt(rng.usize(..200)),
        _ => {
            if rng.bool() {
                Fault::Duplicate
            } else {
                Fault::Swallow
            }
        }
    }
}

fn as_ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn milliseconds(rng: &mut Rng, range: std::ops::Range<u64>) -> Duration {
    Duration::from_millis(rng.u64(range))
}

#[test]
fn the_weather_of_a_seed_is_always_the_same() {
    let records = Records { write: 5, all: 6 };
    let draw = |seed| {
        (0..50)
            .map(|n| format!("{:?}", Weather::draw(seed, n, records)))
            .collect::<Vec<_>>()
    };
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7), draw(8));
}
