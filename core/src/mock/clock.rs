//! The clock of a mock directory: it stands still until a test moves it.

use crate::clock::Clock;
use crate::policy::add;
use jiff::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// When a [`MockClock`] starts: 2026-01-01T00:00:00Z, as seconds since 1970.
const START: i64 = 1_767_225_600;

/// A clock that moves only when it is told to. Clones show the same time.
///
/// It is the domain controller's time: ages, expiry and lockouts go by it. Deadlines do not; they go by tokio's time.
///
/// ```
/// use password_writeback::{Clock, mock::MockClock};
/// use std::time::Duration;
///
/// let clock = MockClock::new();
/// assert_eq!(clock.now().to_string(), "2026-01-01T00:00:00Z");
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now().to_string(), "2026-01-01T00:01:00Z");
/// ```
#[derive(Clone, Debug)]
pub struct MockClock(Arc<Mutex<Timestamp>>);

impl MockClock {
    /// A clock that shows 2026-01-01T00:00:00Z.
    #[must_use]
    pub fn new() -> Self {
        Self::at(Timestamp::from_second(START).unwrap_or(Timestamp::UNIX_EPOCH))
    }

    /// A clock that shows `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        MockClock(Arc::new(Mutex::new(now)))
    }

    /// Sets the time, forwards or back.
    pub fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// Moves the time forwards; at the end of time it stops.
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = add(*now, by).unwrap_or(Timestamp::MAX);
    }
}

impl Default for MockClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for MockClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
