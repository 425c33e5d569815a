//! Asks JavaScript for the bind password, at each logon.

use crate::port::{EVENTS, Port};
use password_writeback::Password;
use std::collections::HashMap;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The questions that JavaScript has not answered yet.
#[derive(Debug, Default)]
pub(crate) struct Questions(Mutex<Asked>);

#[derive(Debug, Default)]
struct Asked {
    last: u32,
    waiting: HashMap<u32, SyncSender<Option<Password>>>,
}

impl Questions {
    fn with<T>(&self, look: impl FnOnce(&mut Asked) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Asks, and waits on this thread. `None` where there is no answer in time.
    pub(crate) fn ask(&self, port: &Port, patience: Duration) -> Option<Password> {
        let (sender, answer) = sync_channel(1);
        let number = self.with(|asked| {
            asked.last = asked.last.checked_add(1).unwrap_or(EVENTS + 1);
            asked.waiting.insert(asked.last, sender);
            asked.last
        });
        if port.wake(number) {
            let password = answer.recv_timeout(patience).ok().flatten();
            self.with(|asked| asked.waiting.remove(&number));
            return password;
        }
        self.with(|asked| asked.waiting.remove(&number));
        None
    }

    /// JavaScript answers, or says that it has no password.
    pub(crate) fn answer(&self, number: u32, password: Option<Password>) {
        if let Some(sender) = self.with(|asked| asked.waiting.remove(&number)) {
            let _ = sender.send(password);
        }
    }

    /// Nobody answers any more.
    pub(crate) fn abandon(&self) {
        self.with(|asked| asked.waiting.clear());
    }
}
