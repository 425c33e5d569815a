//! Operations with faults of their own drawn from a seed, on domain controllers of several processes; and at the end of each
//! stream storms, in which the server is frozen or killed. After each operation the truth is found by logging on.
//!
//! The full tests do two thousand, the others a part of them. `PASSWORD_WRITEBACK_CHAOS_SEED` repeats a run, `PASSWORD_WRITEBACK_CHAOS_OPERATIONS` says how many operations there are in all.

use super::bench::{DEADLINE, Ran, Target, accounts, assert_no_task_leaked, check, join, run, start, tasks};
use super::case::Kind;
use super::network::{Records, records};
use super::weather::Weather;
use fastrand::Rng;
use password_writeback::{Code, Outcome};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use testkit::proxy::{At, Fault, Plan};
use testkit::samba::{DomainController, Principal, ProcessModel, Release, require};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// How many operations run at once on one domain controller: where two processors cannot keep up, evidence comes too late to settle
/// what it could.
const AT_ONCE: u64 = 8;

/// How many operations a storm meets, and how many storms a stream ends with.
const IN_A_STORM: u64 = 10;
const STORMS: u64 = 2;

/// The domain controllers that share the operations.
const STREAMS: [(Release, ProcessModel); 4] = [
    (Release::V4_24, ProcessModel::Prefork),
    (Release::V4_24, ProcessModel::Standard),
    (Release::V4_17, ProcessModel::Prefork),
    (Release::V4_17, ProcessModel::Standard),
];

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is not a number: {text}")),
    )
}

fn seed() -> u64 {
    number("PASSWORD_WRITEBACK_CHAOS_SEED").unwrap_or(20_170_813)
}

fn operations() -> u64 {
    let full = std::env::var("PASSWORD_WRITEBACK_TESTS").is_ok_and(|tests| tests == "full");
    number("PASSWORD_WRITEBACK_CHAOS_OPERATIONS").unwrap_or(if full { 2240 } else { 160 })
}

/// What was said, counted.
#[derive(Debug, Default)]
struct Tally {
    struck: u64,
    said: BTreeMap<String, u64>,
}

impl Tally {
    fn add(&mut self, ran: &Ran, struck: bool) {
        let word = match &ran.result {
            Ok(receipt) => format!("ok, {}", receipt.verification),
            Err(error) => format!("{}, {}", error.code(), error.outcome()),
        };
        self.struck += u64::from(struck);
        *self.said.entry(word).or_default() += 1;
    }

    fn unknown(&self) -> u64 {
        self.said.get("OUTCOME_UNKNOWN, unknown").copied().unwrap_or(0)
    }
}

/// Runs the operations `from..to` of the seed, each through its own weather.
async fn stream(dc: &Arc<DomainController>, records: Records, from: u64, to: u64) -> Tally {
    let weathers: Vec<Weather> = (from..to).map(|n| Weather::draw(seed(), n, records)).collect();
    let kinds: Vec<Kind> = weathers.iter().map(|weather| weather.kind).collect();
    let users = accounts(dc, &format!("chaos{from}-"), &kinds).await;
    let turns = Arc::new(Semaphore::new(usize::try_from(AT_ONCE).unwrap()));
    let mut set = JoinSet::new();
    for ((n, weather), user) in (from..to).zip(weathers).zip(users) {
        let (dc, turns) = (Arc::clone(dc), Arc::clone(&turns));
        set.spawn(async move {
            let _turn = turns.acquire().await.unwrap();
            under(&dc, n, weather, user).await
        });
    }
    let mut tally = Tally::default();
    for (ran, struck) in join(set).await {
        tally.add(&ran, struck);
    }
    tally
}

async fn under(dc: &DomainController, n: u64, weather: Weather, user: Principal) -> (Ran, bool) {
    let what = format!("seed {}, operation {n}: {weather:?}", seed());
    let target = Target::of(dc);
    let proxy = Arc::new(target.proxy().await);
    let listening = async {
        if let Some(time) = weather.refused {
            proxy.refuse().await;
            sleep(time).await;
            proxy.accept().await;
        }
    };
    let running = run(target, what, weather.kind, user, Arc::clone(&proxy), weather.plan);
    let ((), ran) = tokio::join!(listening, running);
    let silenced = weather.refused.is_some() || matches!(&ran.result, Err(error) if error.code() == Code::Unreachable);
    let struck = proxy.struck() > 0 || silenced;
    check(dc, &ran, weather.may_be_unknown).await;
    (ran, struck)
}

/// The server stops at a moment of its own in the middle of writes, and comes back at another: before the deadline or after it.
async fn storm(dc: &mut Arc<DomainController>, records: Records, n: u64) -> Tally {
    let mut rng = Rng::with_seed(seed().rotate_left(17) ^ n);
    let kinds: Vec<Kind> = (0..IN_A_STORM)
        .map(|_| Kind::ALL[rng.usize(..Kind::ALL.len())])
        .collect();
    let users = accounts(dc, &format!("storm{n}-"), &kinds).await;
    let target = Target::of(dc);
    let mut set = JoinSet::new();
    for (kind, user) in kinds.into_iter().zip(users) {
        let proxy = Arc::new(target.proxy().await);
        let hold = Fault::Hold(Duration::from_millis(rng.u64(1..1500)));
        let plan = Plan::new().on(At::client(records.write).on_connection(1), hold);
        let what = format!("seed {}, storm {n}: {hold:?}", seed());
        set.spawn(run(target.clone(), what, kind, user, proxy, plan));
    }
    sleep(Duration::from_millis(rng.u64(100..1800))).await;
    let down = Duration::from_millis(rng.u64(50..u64::try_from(DEADLINE.as_millis()).unwrap() + 1000));
    let killed = rng.bool();
    let server = Arc::get_mut(dc).expect("no operation of the stream runs");
    if killed {
        server.kill();
        sleep(down).await;
        server.restart().await.unwrap();
    } else {
        server.freeze().unwrap();
        sleep(down).await;
        server.thaw().unwrap();
        // What it had received it may do only now, one write after the other.
        sleep(Duration::from_secs(4)).await;
    }
    let mut tally = Tally::default();
    for ran in join(set).await {
        check(dc, &ran, true).await;
        tally.add(&ran, true);
    }
    tally
}

async fn chaos(place: u64, (release, model): (Release, ProcessModel)) {
    let Some(release) = require(release) else { return };
    let share = operations().div_ceil(STREAMS.len() as u64);
    let mut dc = Arc::new(start(release, model).await);
    let records = records(&dc).await;
    sleep(Duration::from_millis(200)).await;
    let before = tasks();
    let calm = stream(&dc, records, place * share, (place + 1) * share).await;
    println!(
        "{release} {model:?}, seed {}: {} of {share} operations struck: {:?}",
        seed(),
        calm.struck,
        calm.said
    );
    assert!(
        calm.struck * 10 >= share * 8,
        "too few operations met their fault: {calm:?}"
    );
    // Each was asked by itself whether it may be; of few, one is soon a large share.
    assert!(calm.unknown() * 10 <= share, "too much is unknown: {calm:?}");
    for n in 0..STORMS {
        let storm = storm(&mut dc, records, place * STORMS + n).await;
        println!("{release} {model:?}, storm {n}: {:?}", storm.said);
    }
    assert_no_task_leaked(before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chaos_on_4_24_prefork() {
    chaos(0, STREAMS[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chaos_on_4_24_standard() {
    chaos(1, STREAMS[1]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chaos_on_4_17_prefork() {
    chaos(2, STREAMS[2]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chaos_on_4_17_standard() {
    chaos(3, STREAMS[3]).await;
}

/// That the outcomes are counted at all.
#[test]
fn an_unknown_outcome_is_counted() {
    let ran = Ran {
        what: String::new(),
        kind: Kind::Reset,
        user: Principal {
            dn: String::new(),
            guid: uuid::Uuid::nil(),
            sid: String::new(),
        },
        result: Err(password_writeback::Error::new(Code::OutcomeUnknown, "")),
        took: Duration::ZERO,
        deadline: DEADLINE,
    };
    let mut tally = Tally::default();
    tally.add(&ran, true);
    assert_eq!((tally.unknown(), tally.struck), (1, 1));
    assert_eq!(ran.result.unwrap_err().outcome(), Outcome::Unknown);
}
