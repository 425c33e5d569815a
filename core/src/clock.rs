//! Where the time comes from. Rules take the time as a parameter; only the outermost code asks a clock.

use jiff::Timestamp;
use std::fmt;
use std::time::Duration;

/// A time further away than a clock can reckon is as good as this, and nothing here takes longer.
pub(crate) const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// A source of the current time.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
