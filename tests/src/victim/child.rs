//! The process's own side: orders in through standard input, answers out through standard output.

use super::{Order, Reach};
use crate::memory::{Needle, scan};
use password_writeback::{
    ActiveDirectory, ChangePassword, CheckPassword, Error, Password, PasswordWriteback, ResetPassword, Rules, Settings,
};
use std::io::{self, Write};
use std::time::Duration;
use tokio::runtime::Runtime;

/// Obeys until standard input ends.
///
/// # Panics
/// On whatever the test that gives the orders did wrong.
pub fn serve() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let mut held = Held::default();
    while let Some((order, bytes)) = next() {
        let answer = held.obey(&runtime, order, bytes);
        let mut out = io::stdout();
        writeln!(out, "{answer}")
            .and_then(|()| out.flush())
            .expect("the test reads");
    }
}

/// One order. Standard input is read without a buffer, which would keep a copy.
fn next() -> Option<(Order, Vec<u8>)> {
    let mut head = [0; 5];
    fill(&mut head)?;
    let mut bytes = vec![0; u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize];
    fill(&mut bytes)?;
    Some((Order::of(head[0]).expect("a known order"), bytes))
}

fn fill(mut rest: &mut [u8]) -> Option<()> {
    while !rest.is_empty() {
        let read = rustix::io::read(rustix::stdio::stdin(), &mut *rest).expect("standard input is a pipe");
        if read == 0 {
            return None;
        }
        rest = &mut rest[read..];
    }
    Some(())
}

#[derive(Default)]
struct Held {
    reach: Option<Reach>,
    directory: Option<ActiveDirectory>,
    old: Option<Password>,
    new: Option<Password>,
}

impl Held {
    fn obey(&mut self, runtime: &Runtime, order: Order, bytes: Vec<u8>) -> String {
        match order {
            Order::Reach => self.reach = Some(serde_json::from_slice(&bytes).expect("a reach")),
            Order::Bind => self.directory = Some(self.directory(password(bytes))),
            Order::Old => self.old = Some(password(bytes)),
            Order::New => self.new = Some(password(bytes)),
            Order::Drop => (self.directory, self.old, self.new) = (None, None, None),
            Order::Search => {
                let needle = Needle::new(String::from_utf8(bytes).expect("UTF-8"));
                return scan(&needle).map_or_else(|error| error.to_string(), |found| found.total().to_string());
            }
            Order::Reset | Order::Change | Order::Check => return self.write(runtime, order, &bytes),
        }
        "ok".to_owned()
    }

    fn directory(&self, bind_password: Password) -> ActiveDirectory {
        let reach = self.reach.as_ref().expect("a reach first");
        let mut rules = Rules::default();
        rules.deadline = Duration::from_millis(reach.deadline);
        rules.grace = Duration::from_millis(reach.grace);
        rules.verify_by_bind = reach.verify_by_bind;
        rules.history = password_writeback::History::IfSupported;
        let settings = Settings::new([&reach.url], &reach.user, bind_password)
            .ca_file(&reach.ca_file)
            .warm_connections(reach.warm_connections)
            .rules(rules);
        ActiveDirectory::new(settings).expect("usable settings")
    }

    /// One operation with the held passwords; says how it ended.
    fn write(&mut self, runtime: &Runtime, order: Order, drop_after: &[u8]) -> String {
        let directory = self.directory.as_ref().expect("a directory first");
        let account = self
            .reach
            .as_ref()
            .map(|reach| reach.account.clone())
            .unwrap_or_default();
        let new = self.new.take().expect("a new password first");
        let old = self.old.take();
        let operation = async {
            match (order, old) {
                (Order::Change, Some(old)) => {
                    let change = ChangePassword::new(account, old, new);
                    directory.change_password(change).await.map(drop)
                }
                (Order::Check, _) => directory
                    .check_password(CheckPassword::new(account, new))
                    .await
                    .map(drop),
                _ => directory
                    .reset_password(ResetPassword::new(account, new))
                    .await
                    .map(drop),
            }
        };
        let drop_after = std::str::from_utf8(drop_after)
            .ok()
            .and_then(|digits| digits.parse().ok());
        let patience = Duration::from_millis(drop_after.unwrap_or(60_000));
        match runtime.block_on(async { tokio::time::timeout(patience, operation).await }) {
            Ok(Ok(())) => "done".to_owned(),
            Ok(Err(error)) => told(&error),
            Err(_) => "dropped".to_owned(),
        }
    }
}

fn told(error: &Error) -> String {
    format!("{} {}", error.code(), error.outcome())
}

fn password(bytes: Vec<u8>) -> Password {
    Password::from_utf8(bytes).expect("UTF-8")
}
