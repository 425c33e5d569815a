//! What all connections of a fake domain controller share.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::directory::Directory;
use super::log::{Counts, Event, Log, Seen};
use super::reaction::Reaction;
use super::when::{Point, When};

#[derive(Debug)]
pub(super) struct State {
    directory: Mutex<Directory>,
    events: Mutex<Vec<Event>>,
    rules: Mutex<Vec<Rule>>,
    open: AtomicUsize,
    connections: AtomicUsize,
}

#[derive(Debug)]
struct Rule {
    when: When,
    reaction: Reaction,
    matched: u64,
}

impl State {
    pub(super) fn new(directory: Directory, rules: Vec<(When, Reaction)>) -> Self {
        let state = State {
            directory: Mutex::new(directory),
            events: Mutex::default(),
            rules: Mutex::default(),
            open: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
        };
        rules
            .into_iter()
            .for_each(|(when, reaction)| state.add_rule(when, reaction));
        state
    }

    pub(super) fn directory(&self) -> MutexGuard<'_, Directory> {
        lock(&self.directory)
    }

    pub(super) fn add_rule(&self, when: When, reaction: Reaction) {
        lock(&self.rules).push(Rule {
            when,
            reaction,
            matched: 0,
        });
    }

    pub(super) fn clear_rules(&self) {
        lock(&self.rules).clear();
    }

    /// The first rule that fires. All that match count it, so that "the second" means the second for each of them.
    pub(super) fn reaction(&self, point: Point, event: &Event) -> Option<Reaction> {
        let mut chosen = None;
        for rule in lock(&self.rules)
            .iter_mut()
            .filter(|rule| rule.when.matches(point, event))
        {
            rule.matched += 1;
            if chosen.is_none() && rule.when.fires(rule.matched) {
                chosen = Some(rule.reaction.clone());
            }
        }
        chosen
    }

    pub(super) fn record(&self, event: Event) {
        lock(&self.events).push(event);
    }

    pub(super) fn log(&self) -> Log {
        Log {
            events: lock(&self.events).clone(),
        }
    }

    pub(super) fn clear_log(&self) {
        lock(&self.events).clear();
    }

    /// Counts a new connection and says its number.
    pub(super) fn opened(&self) -> u64 {
        self.open.fetch_add(1, Ordering::SeqCst);
        self.connections.fetch_add(1, Ordering::SeqCst) as u64 + 1
    }

    pub(super) fn closed(&self) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }

    pub(super) fn counts(&self) -> Counts {
        let directory = self.directory();
        let mut counts = Counts {
            connections: self.connections.load(Ordering::SeqCst),
            open: self.open.load(Ordering::SeqCst),
            modifies_applied: directory.modifies_applied,
            writes_applied: directory.writes_applied,
            ..Counts::default()
        };
        for event in lock(&self.events).iter() {
            match &event.what {
                Seen::Bind { .. } => counts.binds += 1,
                Seen::Search(_) => counts.searches += 1,
                Seen::Modify(modify) => {
                    counts.modifies += 1;
                    counts.password_writes += usize::from(modify.writes_password());
                }
                Seen::Extended(_) => counts.extended += 1,
                Seen::Unbind => counts.unbinds += 1,
                Seen::Abandon(_) => counts.abandons += 1,
                _ => {}
            }
        }
        counts
    }
}

/// A test that panicked must not make the others' asserts unreadable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
