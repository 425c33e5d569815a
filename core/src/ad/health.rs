//! Which domain controllers have failed, and for how long they are only a last resort.

use super::config::Address;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long one rests after its first failure.
const FIRST_REST: Duration = Duration::from_secs(5);
/// The longest rest, however often it fails: one that comes back is found again within this.
const LONGEST_REST: Duration = Duration::from_secs(120);
/// How long one rests that works, but cannot be written to.
pub(super) const UNFIT_REST: Duration = Duration::from_secs(3600);

/// The failures that count.
#[derive(Debug, Default)]
pub(crate) struct Health(HashMap<Arc<Address>, Rest>);

#[derive(Clone, Copy, Debug)]
struct Rest {
    length: Duration,
    until: Instant,
    /// It is being tried again.
    on_trial: bool,
}

impl Health {
    /// The order to try them in: as given, but those that rest come last, the one whose rest ends first before the others.
    ///
    /// One whose rest is over is back in its place for this caller alone, and rests on for everybody else until it has
    /// answered: where it is still dead, one operation finds out, not all of them.
    pub(crate) fn order(&mut self, given: Vec<Arc<Address>>, now: Instant) -> Vec<Arc<Address>> {
        let resting = |address: &Arc<Address>| self.0.get(address).is_some_and(|rest| rest.until > now);
        let (mut last, mut order): (Vec<_>, Vec<_>) = given.into_iter().partition(resting);
        last.sort_by_key(|address| self.0.get(address).map(|rest| rest.until));
        for address in &order {
            if let Some(rest) = self.0.get_mut(address) {
                rest.until = now + rest.length;
                rest.on_trial = true;
            }
        }
        order.append(&mut last);
        order
    }

    /// One could not be reached, or not be used: it rests twice as long as the last time.
    pub(crate) fn failed(&mut self, address: &Arc<Address>, now: Instant) {
        // Names that are gone from DNS are not remembered for ever.
        self.0.retain(|_, rest| rest.until + UNFIT_REST > now);
        let length = match self.0.get(address) {
            // Several operations that failed together are one failure.
            Some(rest) if rest.until > now && !rest.on_trial => rest.length,
            Some(rest) => (rest.length * 2).min(LONGEST_REST),
            None => FIRST_REST,
        };
        self.rest(address, length, now);
    }

    /// One works, and cannot be written to.
    pub(crate) fn unfit(&mut self, address: &Arc<Address>, now: Instant) {
        self.rest(address, UNFIT_REST, now);
    }

    fn rest(&mut self, address: &Arc<Address>, length: Duration, now: Instant) {
        let rest = Rest {
            length,
            until: now + length,
            on_trial: false,
        };
        self.0.insert(Arc::clone(address), rest);
    }

    /// One answered.
    pub(crate) fn answered(&mut self, address: &Arc<Address>) {
        self.0.remove(address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Vec<Arc<Address>> {
        ["ldaps://dc1", "ldaps://dc2", "ldaps://dc3"]
            .map(|url| Arc::new(Address::parse(url).unwrap()))
            .to_vec()
    }

    fn names(order: &[Arc<Address>]) -> Vec<&str> {
        order.iter().map(|address| address.host.as_str()).collect()
    }

    #[test]
    fn one_that_failed_rests_and_comes_back() {
        let (all, now) = (three(), Instant::now());
        let mut health = Health::default();
        health.failed(&all[0], now);
        assert_eq!(names(&health.order(all.clone(), now)), ["dc2", "dc3", "dc1"]);
        let over = now + FIRST_REST;
        assert_eq!(names(&health.order(all.clone(), over)), ["dc1", "dc2", "dc3"]);
        // The next caller does not wait for it as well, until it has answered.
        assert_eq!(names(&health.order(all.clone(), over)), ["dc2", "dc3", "dc1"]);
        health.answered(&all[0]);
        assert_eq!(names(&health.order(all, over)), ["dc1", "dc2", "dc3"]);
    }

    #[test]
    fn rests_grow_to_a_limit_and_failures_at_once_count_once() {
        let (all, mut now) = (three(), Instant::now());
        let mut health = Health::default();
        let mut rests = Vec::new();
        for _ in 0..7 {
            health.failed(&all[0], now);
            health.failed(&all[0], now);
            let rest = health.0[&all[0]].length;
            rests.push(rest.as_secs());
            now += rest;
        }
        assert_eq!(rests, [5, 10, 20, 40, 80, 120, 120]);
        health.answered(&all[0]);
        health.failed(&all[0], now);
        assert_eq!(health.0[&all[0]].length, FIRST_REST);
    }

    /// The caller that tried it again held its place with a rest of the old length; its failure doubles that all the same.
    #[test]
    fn a_failed_second_try_doubles_the_rest() {
        let (all, now) = (three(), Instant::now());
        let mut health = Health::default();
        health.failed(&all[0], now);
        let again = now + FIRST_REST;
        health.order(all.clone(), again);
        health.failed(&all[0], again + Duration::from_secs(1));
        assert_eq!(health.0[&all[0]].length, FIRST_REST * 2);
    }

    #[test]
    fn where_all_rest_the_first_to_return_is_tried_first() {
        let (all, now) = (three(), Instant::now());
        let mut health = Health::default();
        health.unfit(&all[0], now);
        health.failed(&all[2], now);
        health.failed(&all[1], now + Duration::from_secs(1));
        let later = now + Duration::from_secs(2);
        assert_eq!(names(&health.order(all, later)), ["dc3", "dc2", "dc1"]);
    }
}
