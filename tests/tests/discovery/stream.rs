//! A stream of resets over everything that happens to the domain controllers, each compared with the truth.

use password_writeback::{
    ActiveDirectory, Code, Error, Outcome, PasswordWriteback, Receipt, ResetPassword, Rules, Settings,
};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use testkit::samba::Domain;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

const DEADLINE: Duration = Duration::from_secs(15);
/// What a busy machine may add to a deadline.
const SLACK: Duration = Duration::from_secs(5);
const WORKERS: usize = 3;
/// How long the stream may take to get where a test waits for it: a rest of two minutes at most, and a busy machine.
const LIMIT: Duration = Duration::from_secs(180);

/// A reset that is over.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) result: Result<Receipt, Error>,
    pub(crate) took: Duration,
}

/// What was seen in all.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) resets: usize,
    pub(crate) failed: usize,
    pub(crate) unknown: usize,
    pub(crate) slowest: Duration,
    /// What could not be proven yet: its domain controller was not there to be asked.
    later: Vec<Ran>,
}

/// Resets under way. Each user is reset by one worker at a time, and again once the last reset of it is proven.
pub(crate) struct Stream {
    workers: JoinSet<()>,
    over: Arc<AtomicBool>,
    free: Arc<Mutex<Vec<String>>>,
    results: mpsc::UnboundedReceiver<Ran>,
    seen: Seen,
}

impl Stream {
    pub(crate) fn start(settings: Settings, users: Vec<String>) -> Self {
        let mut rules = Rules::default();
        rules.deadline = DEADLINE;
        rules.grace = Duration::from_secs(1);
        let directory = ActiveDirectory::new(settings.connect_timeout(Duration::from_secs(5)).rules(rules)).unwrap();
        let (over, free) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(users)));
        let (sender, results) = mpsc::unbounded_channel();
        let number = Arc::new(AtomicUsize::new(0));
        let mut workers = JoinSet::new();
        for _ in 0..WORKERS {
            let (directory, over, free) = (directory.clone(), Arc::clone(&over), Arc::clone(&free));
            let (sender, number) = (sender.clone(), Arc::clone(&number));
            workers.spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    let Some(user) = free.lock().unwrap().pop() else {
                        sleep(Duration::from_millis(50)).await;
                        continue;
                    };
                    let password = format!("Zx9-horse-{}", number.fetch_add(1, Ordering::Relaxed));
                    let began = Instant::now();
                    let result = directory
                        .reset_password(ResetPassword::new(user.as_str(), password.as_str()))
                        .await;
                    let took = began.elapsed();
                    let _ = sender.send(Ran {
                        user,
                        password,
                        result,
                        took,
                    });
                    // Two a second and worker: the stream is there to be disturbed, not to fill the machine.
                    sleep(Duration::from_millis(150)).await;
                }
            });
        }
        Stream {
            workers,
            over,
            free,
            results,
            seen: Seen::default(),
        }
    }

    /// Takes the next result, proves it, and says which domain controller did it.
    pub(crate) async fn next(&mut self, domain: &Domain) -> Option<String> {
        let ran = timeout(LIMIT, self.results.recv())
            .await
            .expect("the stream stands still")?;
        assert!(ran.took < DEADLINE + SLACK, "{ran:?} took longer than its deadline");
        self.seen.resets += 1;
        self.seen.slowest = self.seen.slowest.max(ran.took);
        if let Err(error) = &ran.result {
            self.seen.failed += 1;
            println!("{} after {:?}: {error}", error.outcome(), ran.took);
        }
        let by = ran
            .result
            .as_ref()
            .ok()
            .map(|receipt| receipt.domain_controller.to_lowercase());
        if prove(domain, &ran).await {
            self.free.lock().unwrap().insert(0, ran.user);
        } else {
            self.seen.later.push(ran);
        }
        by.or(Some(String::new()))
    }

    /// How many resets have failed so far.
    pub(crate) fn failures(&self) -> usize {
        self.seen.failed
    }

    /// Ends it, with all domain controllers running, and proves what is left to prove.
    pub(crate) async fn end(mut self, domain: &Domain) -> Seen {
        self.over.store(true, Ordering::Relaxed);
        while self.workers.join_next().await.is_some() {}
        while let Ok(ran) = self.results.try_recv() {
            self.seen.resets += 1;
            self.seen.failed += usize::from(ran.result.is_err());
            self.seen.later.push(ran);
        }
        for ran in std::mem::take(&mut self.seen.later) {
            assert!(prove(domain, &ran).await, "{ran:?} could not be proven in the end");
            self.seen.unknown += usize::from(outcome(&ran) == Outcome::Unknown);
        }
        self.seen
    }
}

fn outcome(ran: &Ran) -> Outcome {
    ran.result.as_ref().map_or_else(Error::outcome, |_| Outcome::Applied)
}

/// Compares a result with what its domain controller takes now; false where that cannot be asked yet.
async fn prove(domain: &Domain, ran: &Ran) -> bool {
    let by = match &ran.result {
        Ok(receipt) => Some(receipt.domain_controller.to_lowercase()),
        Err(error) => {
            let expected = [
                Code::Unreachable,
                Code::Timeout,
                Code::OutcomeUnknown,
                Code::MalformedReply,
            ];
            assert!(expected.contains(&error.code()), "{ran:?}");
            error.domain_controller().map(str::to_lowercase)
        }
    };
    // Where no domain controller is named, none was written to: each one may be asked.
    let members = match by.as_deref() {
        Some(host) => vec![
            domain
                .member(host)
                .unwrap_or_else(|| panic!("{ran:?} names a stranger")),
        ],
        None => vec![&domain.dc1, &domain.dc2],
    };
    assert_ne!(by.as_deref(), Some(domain.rodc3.host()), "{ran:?}");
    for member in members {
        let user = domain.dn_of(&ran.user);
        let asked = timeout(Duration::from_millis(1500), member.binds(&user, &ran.password));
        let Ok(Ok(answer)) = asked.await else { return false };
        match outcome(ran) {
            Outcome::Applied => assert!(answer.accepted(), "not true on {}: {ran:?}", member.host()),
            Outcome::NotApplied => assert!(!answer.accepted(), "not true on {}: {ran:?}", member.host()),
            Outcome::Unknown => {}
            other => panic!("{other:?}"),
        }
    }
    true
}

/// Waits until one domain controller has done so many resets in all from now on.
macro_rules! progress {
    ($stream:ident, $domain:ident, $host:ident, $count:literal) => {{
        let (mut done, began) = (0, std::time::Instant::now());
        while done < $count {
            assert!(
                began.elapsed() < Duration::from_secs(180),
                "{} does not take over",
                $host
            );
            let by = $stream.next(&$domain).await.expect("the workers go on");
            done += usize::from(by == $host);
        }
        println!("{} after {:?}", $host, began.elapsed());
    }};
}
pub(crate) use progress;
