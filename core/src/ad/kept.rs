//! An answer that is kept while it is fresh, and used beyond that where no new one can be had.

use crate::error::{Code, Error};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The shortest and the longest time that an answer is fresh, whatever its sender says: it is not trusted to make us ask all the
/// time, nor never again.
const FRESH: [Duration; 2] = [Duration::from_secs(30), Duration::from_secs(3600)];
/// How long an old answer is used before a new one is asked for again.
const RETRY: Duration = Duration::from_secs(10);

/// More often the wait is not doubled: it is an hour by then.
const MOST_DOUBLINGS: u32 = 12;

/// An answer, once there was one.
#[derive(Debug)]
pub(crate) struct Kept<T>(Mutex<Option<Answer<T>>>);

#[derive(Clone, Debug)]
struct Answer<T> {
    value: T,
    fresh_until: Instant,
    /// How often no newer one came in time since.
    missed: u32,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Kept(Mutex::new(None))
    }
}

impl<T: Clone> Kept<T> {
    /// The answer, asked for with `ask` where there is no fresh one. `ask` gives it with the time it is good for.
    ///
    /// The first answer is waited for until `until`. A later one no longer than `patience`, and by one caller: the others
    /// go on with the old one, and so does that caller where none comes. Each time that none comes the next caller waits twice as long,
    /// up to half of its time: a source that is slow is heard in the end.
    ///
    /// # Errors
    /// As `ask`, where there never was an answer.
    pub(crate) async fn get(
        &self,
        until: Instant,
        patience: Duration,
        ask: impl Future<Output = Result<(T, Duration), Error>>,
    ) -> Result<T, Error> {
        let now = Instant::now();
        let old = match &mut *self.lock() {
            Some(answer) if answer.fresh_until > now => return Ok(answer.value.clone()),
            Some(answer) => {
                answer.fresh_until = now + RETRY;
                answer.missed = answer.missed.saturating_add(1);
                Some((answer.value.clone(), answer.missed))
            }
            None => None,
        };
        let until = match old {
            Some((_, tries)) => {
                let half = until.saturating_duration_since(now) / 2;
                let longer = patience.saturating_mul(1 << (tries - 1).min(MOST_DOUBLINGS));
                until.min(now + longer.min(half.max(patience)))
            }
            None => until,
        };
        let old = old.map(|(value, _)| value);
        match timeout_at(until, ask).await {
            Ok(Ok((value, good_for))) => {
                let [shortest, longest] = FRESH;
                *self.lock() = Some(Answer {
                    value: value.clone(),
                    fresh_until: now + good_for.clamp(shortest, longest),
                    missed: 0,
                });
                Ok(value)
            }
            Ok(Err(error)) => old.ok_or(error),
            Err(_) => old.ok_or_else(|| Error::new(Code::Unreachable, "DNS did not answer in time")),
        }
    }

    /// Has a new answer asked for the next time.
    pub(crate) fn outdate(&self) {
        if let Some(answer) = &mut *self.lock() {
            answer.fresh_until = Instant::now();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Answer<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    const PATIENCE: Duration = Duration::from_secs(1);

    async fn get(kept: &Kept<u8>, answer: Option<(u8, u64)>) -> Result<u8, Error> {
        let until = Instant::now() + Duration::from_secs(60);
        let ask = async {
            let (value, seconds) = answer.ok_or_else(|| Error::new(Code::Unreachable, "none"))?;
            Ok((value, Duration::from_secs(seconds)))
        };
        kept.get(until, PATIENCE, ask).await
    }

    #[tokio::test(start_paused = true)]
    async fn fresh_then_new_then_old_where_there_is_no_new_one() {
        let kept = Kept::default();
        assert!(get(&kept, None).await.is_err());
        assert_eq!(get(&kept, Some((1, 100))).await.unwrap(), 1);
        advance(Duration::from_secs(99)).await;
        assert_eq!(get(&kept, Some((2, 100))).await.unwrap(), 1);
        advance(Duration::from_secs(1)).await;
        assert_eq!(get(&kept, Some((2, 100))).await.unwrap(), 2);
        advance(Duration::from_secs(1000)).await;
        assert_eq!(get(&kept, None).await.unwrap(), 2);
        // Not asked again at once.
        assert_eq!(get(&kept, Some((3, 100))).await.unwrap(), 2);
        advance(RETRY).await;
        assert_eq!(get(&kept, Some((3, 100))).await.unwrap(), 3);
        kept.outdate();
        assert_eq!(get(&kept, Some((4, 100))).await.unwrap(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_source_costs_one_caller_the_patience() {
        let kept = Kept::default();
        get(&kept, Some((1, 0))).await.unwrap();
        advance(FRESH[0]).await;
        let until = Instant::now() + Duration::from_secs(60);
        let begun = Instant::now();
        let silent = || std::future::pending::<Result<(u8, Duration), Error>>();
        let (one, other) = tokio::join!(kept.get(until, PATIENCE, silent()), get(&kept, None));
        assert_eq!((one.unwrap(), other.unwrap()), (1, 1));
        assert_eq!(begun.elapsed(), PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_source_is_heard_in_the_end() {
        let kept = Kept::default();
        get(&kept, Some((1, 0))).await.unwrap();
        let mut answers = Vec::new();
        for _ in 0..4 {
            advance(FRESH[0]).await;
            let slow = async {
                tokio::time::sleep(PATIENCE * 3).await;
                Ok((2_u8, Duration::ZERO))
            };
            let until = Instant::now() + Duration::from_secs(60);
            answers.push(kept.get(until, PATIENCE, slow).await.unwrap());
        }
        assert_eq!(answers, [1, 1, 2, 1 + 1]);
        // However long it is waited for, half of the time is left.
        for _ in 0..9 {
            advance(FRESH[0]).await;
            let silent = std::future::pending::<Result<(u8, Duration), Error>>();
            let begun = Instant::now();
            kept.get(begun + Duration::from_secs(10), PATIENCE, silent)
                .await
                .unwrap();
            assert!(begun.elapsed() <= Duration::from_secs(5));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn how_long_it_is_good_for_has_bounds() {
        let kept = Kept::default();
        get(&kept, Some((1, u64::from(u32::MAX)))).await.unwrap();
        advance(FRESH[1]).await;
        assert_eq!(get(&kept, Some((2, 0))).await.unwrap(), 2);
        advance(FRESH[0] - Duration::from_millis(1)).await;
        assert_eq!(get(&kept, Some((3, 0))).await.unwrap(), 2);
    }
}
