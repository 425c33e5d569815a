//! Reaching several domain controllers, one after the other, without waiting long for a dead one.
//!
//! Only connections are made side by side: who logs on, and where, is up to the caller, one at a time.

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

type Try<'a, C, T> = Pin<Box<dyn Future<Output = (C, T)> + Send + 'a>>;

/// Tries under way and still to be made.
pub(crate) struct Race<'a, C, T> {
    waiting: VecDeque<C>,
    under_way: FuturesUnordered<Try<'a, C, T>>,
    /// Those that have begun, in the order they did, and have not ended.
    begun: Vec<C>,
    /// Those that ended while something else was waited for.
    ended: VecDeque<(C, T)>,
    passed_over: Vec<C>,
    attempt: Box<dyn Fn(C) -> Try<'a, C, T> + Send + Sync + 'a>,
    patience: Duration,
}

impl<'a, C: Clone + PartialEq + Send + 'a, T: Send + 'a> Race<'a, C, T> {
    /// For these candidates in this order. After `patience` without an answer the next one is tried beside the last.
    pub(crate) fn new<F: Future<Output = T> + Send + 'a>(
        candidates: impl IntoIterator<Item = C>,
        patience: Duration,
        attempt: impl Fn(C) -> F + Send + Sync + 'a,
    ) -> Self {
        Race {
            waiting: candidates.into_iter().collect(),
            under_way: FuturesUnordered::new(),
            begun: Vec::new(),
            ended: VecDeque::new(),
            passed_over: Vec::new(),
            attempt: Box::new(move |candidate| {
                let tried = attempt(candidate.clone());
                Box::pin(async move { (candidate, tried.await) })
            }),
            patience,
        }
    }

    /// The next try that ends, well or badly; `None` when there is none left.
    pub(crate) async fn next(&mut self) -> Option<(C, T)> {
        if let Some(ended) = self.ended.pop_front() {
            return Some(self.noted(ended));
        }
        loop {
            if let Some(candidate) = self.waiting.pop_front() {
                self.begun.push(candidate.clone());
                self.under_way.push((self.attempt)(candidate));
            }
            let next_turn = Instant::now() + self.patience;
            tokio::select! {
                biased;
                ended = self.under_way.next() => return ended.map(|ended| self.noted(ended)),
                () = sleep_until(next_turn), if !self.waiting.is_empty() => {}
            }
        }
    }

    /// Whether there is a try that has not been given out yet.
    pub(crate) fn has_more(&self) -> bool {
        !(self.waiting.is_empty() && self.under_way.is_empty() && self.ended.is_empty())
    }

    /// Does something else, while the tries that are under way go on.
    pub(crate) async fn meanwhile<O>(&mut self, work: impl Future<Output = O>) -> O {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                Some(ended) = self.under_way.next(), if !self.under_way.is_empty() => self.ended.push_back(ended),
            }
        }
    }

    fn noted(&mut self, ended: (C, T)) -> (C, T) {
        if let Some(place) = self.begun.iter().position(|begun| *begun == ended.0) {
            self.begun.remove(place);
            let slow = self.begun.iter().take(place);
            let slow = slow.filter(|begun| !self.ended.iter().any(|(ended, _)| ended == *begun));
            self.passed_over = slow.cloned().collect();
        }
        ended
    }

    /// Those that had begun before the one that ended last, and have not ended yet: they are slow, or dead.
    pub(crate) fn passed_over(&self) -> &[C] {
        &self.passed_over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(1);

    /// Candidates that take this many milliseconds each, and say when they ended.
    async fn run(times: &[u64], take: usize) -> (Vec<(u64, u128)>, Vec<u64>) {
        let start = Instant::now();
        let mut race = Race::new(times.iter().copied(), PATIENCE, |time: u64| async move {
            tokio::time::sleep(Duration::from_millis(time)).await;
        });
        let mut seen = Vec::new();
        while seen.len() < take
            && let Some((candidate, ())) = race.next().await
        {
            seen.push((candidate, start.elapsed().as_millis()));
        }
        (seen, race.passed_over().to_vec())
    }

    #[tokio::test(start_paused = true)]
    async fn a_quick_one_is_alone() {
        assert_eq!(run(&[20, 1], 1).await, (vec![(20, 20)], vec![]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_one_is_passed_over_after_the_patience() {
        assert_eq!(run(&[60_000, 20, 1], 1).await, (vec![(20, 1020)], vec![60_000]));
        assert_eq!(
            run(&[60_000, 50_000, 20], 1).await,
            (vec![(20, 2020)], vec![60_000, 50_000])
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_one_may_still_win() {
        assert_eq!(run(&[1500, 60_000], 1).await, (vec![(1500, 1500)], vec![]));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_under_way_goes_on_while_something_else_is_done() {
        let mut race = Race::new([1100_u64, 300], PATIENCE, |time| async move {
            tokio::time::sleep(Duration::from_millis(time)).await;
            Instant::now()
        });
        let start = Instant::now();
        assert_eq!(race.next().await.unwrap().0, 1100);
        assert!(race.passed_over().is_empty() && race.has_more());
        race.meanwhile(tokio::time::sleep(Duration::from_secs(5))).await;
        let (second, ended) = race.next().await.unwrap();
        assert_eq!((second, (ended - start).as_millis()), (300, 1300));
        assert!(race.passed_over().is_empty());
        assert!(!race.has_more() && race.next().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn all_end_in_the_end() {
        let (seen, left) = run(&[4000, 20, 30], 9).await;
        assert_eq!(seen, [(20, 1020), (30, 1050), (4000, 4000)]);
        assert!(left.is_empty());
    }
}
