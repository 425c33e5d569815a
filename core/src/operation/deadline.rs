//! How the time of an operation is divided.

use crate::clock::LONGEST;
use crate::error::{Code, Error};
use crate::request::Context;
use crate::rules::Rules;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// What a write needs after the grace period to look at the evidence.
const TO_LOOK: Duration = Duration::from_millis(2500);

/// The end of an operation, and the moments before it by which a write must be sent and answered, so that time is left to find
/// out what became of a write whose reply does not come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    start: Instant,
    total: Duration,
    reserve: Duration,
}

impl Deadline {
    pub(super) fn start(rules: &Rules, context: &Context) -> Self {
        let total = context.deadline.unwrap_or(rules.deadline).min(LONGEST);
        // A deadline too short for the whole reserve still leaves two fifths for the write itself.
        let reserve = (rules.grace.saturating_add(TO_LOOK)).min(total.mul_f32(0.6));
        Deadline {
            start: Instant::now(),
            total,
            reserve,
        }
    }

    /// When the operation ends, whatever happens.
    pub(super) fn end(&self) -> Instant {
        self.start + self.total
    }

    /// When a write must have been answered.
    pub(super) fn reply_by(&self) -> Instant {
        self.start + (self.total - self.reserve)
    }

    /// When a write must have been sent: a server is given a tenth of the time, at most a second, to answer.
    pub(super) fn send_by(&self) -> Instant {
        let to_answer = (self.total / 10).min(Duration::from_secs(1));
        self.start + (self.total - self.reserve).saturating_sub(to_answer)
    }

    /// Runs what precedes a write, or reads only: nothing has been sent when the time is over.
    pub(super) async fn limit<T>(&self, future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        before(self.end(), future).await
    }

    /// The same for what precedes a write.
    pub(super) async fn limit_before_write<T>(
        &self,
        future: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        before(self.send_by(), future).await
    }
}

async fn before<T>(end: Instant, future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    timeout_at(end, future).await.unwrap_or_else(|_| {
        Err(Error::new(
            Code::Timeout,
            "the deadline passed before anything was sent",
        ))
    })
}
