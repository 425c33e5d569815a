//! What a call on a mock directory costs in Rust, for comparison with the packages: see `tests/bench/overhead`.
//!
//!     overhead COUNT
//!
//! Prints a line of JSON for each operation: `{"language", "operation", "microseconds"}`, the median of so many calls.

use async_trait::async_trait;
use password_writeback::layer::Audit;
use password_writeback::mock::{MockDirectory, MockUser};
use password_writeback::{AuditEvent, AuditSink, FindAccount, History, PasswordWriteback, ResetPassword, SinkError};
use serde_json::json;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The packages always have the audit layer; where nobody listens, its events go nowhere.
#[derive(Debug)]
struct Nobody;

impl AuditSink for Nobody {
    fn record(&self, _event: &AuditEvent) -> Result<(), SinkError> {
        Ok(())
    }
}

/// One operation, as often as it is asked for.
#[async_trait]
trait Call {
    async fn once(&self) -> bool;
}

struct Find<W>(Arc<W>);
struct Reset<W>(Arc<W>);

#[async_trait]
impl<W: PasswordWriteback> Call for Find<W> {
    async fn once(&self) -> bool {
        self.0.find_account(FindAccount::new("alice")).await.is_ok()
    }
}

#[async_trait]
impl<W: PasswordWriteback> Call for Reset<W> {
    async fn once(&self) -> bool {
        let request = ResetPassword::new("alice", "New-Passw0rd-2").history(History::Off);
        self.0.reset_password(request).await.is_ok()
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let Some(count) = std::env::args().nth(1).and_then(|count| count.parse::<usize>().ok()) else {
        eprintln!("how many calls?");
        return ExitCode::from(2);
    };
    let mock = MockDirectory::new();
    if let Err(error) = mock.add_user(MockUser::new("alice").password("Old-Passw0rd-1")) {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    let directory = Arc::new(Audit::new(mock, Arc::new(Nobody)));
    let calls: [(&str, Box<dyn Call>); 2] = [
        ("find_account", Box::new(Find(Arc::clone(&directory)))),
        ("reset_password", Box::new(Reset(directory))),
    ];
    for (operation, call) in calls {
        match median(call.as_ref(), count).await {
            Some(time) => println!(
                "{}",
                json!({"language": "rust", "operation": operation, "microseconds": time.as_secs_f64() * 1e6})
            ),
            None => return ExitCode::FAILURE,
        }
    }
    ExitCode::SUCCESS
}

/// The median of so many calls, after a tenth as many that do not count.
async fn median(call: &dyn Call, count: usize) -> Option<Duration> {
    let mut times = Vec::with_capacity(count);
    for number in 0..count + count / 10 {
        let began = Instant::now();
        if !call.once().await {
            eprintln!("a call failed");
            return None;
        }
        if number >= count / 10 {
            times.push(began.elapsed());
        }
    }
    times.sort();
    times.get(count / 2).copied()
}
