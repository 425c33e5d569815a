//! The server freezes or dies at the write.

use super::bench::{DEADLINE, Ran, Target, accounts, assert_no_task_leaked, check, join, run, start, tasks};
use super::case::{Kind, said};
use super::network::{Records, records};
use password_writeback::Outcome;
use std::sync::Arc;
use std::time::Duration;
use testkit::proxy::{At, Fault, Plan, Proxy};
use testkit::samba::{DomainController, Principal, ProcessModel, Release, require};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// How long the writes are held back, so that all operations come to theirs.
const HOLD: Duration = Duration::from_secs(4);

const KINDS: [Kind; 6] = [
    Kind::Reset,
    Kind::ResetUnlockRequire,
    Kind::Change,
    Kind::Unlock,
    Kind::Require,
    Kind::Reset,
];

/// The deadline of operations whose server is killed and started again: that may take a busy machine long, and costs them nothing
/// where it does not.
const TO_RESTART: Duration = Duration::from_secs(26);

/// The deadline of operations whose server is frozen, and a grace for what a busy machine does late once it is thawed.
const TO_THAW: Duration = Duration::from_secs(15);
const GRACE: Duration = Duration::from_secs(2);

/// The client is cut off at its write, which still reaches the server.
const CUT: Fault = Fault::CutThenDeliver(Duration::from_millis(400));

/// When the server stops, as the writes see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// As soon as the first is on its way.
    First,
    /// Before any write reaches it.
    Before,
    /// While they reach it: some are done, some under way, some still to come.
    Amid,
}

/// Operations that have come to their write.
struct Held {
    began: Instant,
    running: JoinSet<Ran>,
    proxies: Vec<Arc<Proxy>>,
}

async fn hold_writes(dc: &DomainController, target: Target, prefix: &str, records: Records, fault: Fault) -> Held {
    let users: Vec<Principal> = accounts(dc, prefix, &KINDS).await;
    let (mut running, mut proxies) = (JoinSet::new(), Vec::new());
    for (kind, user) in KINDS.into_iter().zip(users) {
        let proxy = Arc::new(target.proxy().await);
        let at = At::client(records.write).on_connection(1);
        let plan = Plan::new().on(at, fault);
        running.spawn(run(
            target.clone(),
            prefix.to_owned(),
            kind,
            user,
            Arc::clone(&proxy),
            plan,
        ));
        proxies.push(proxy);
    }
    Held {
        began: Instant::now(),
        running,
        proxies,
    }
}

impl Held {
    async fn until(&self, moment: Moment) {
        let wanted = match moment {
            Moment::Before => self.proxies.len(),
            Moment::First | Moment::Amid => 1,
        };
        let struck = async {
            while self.proxies.iter().filter(|proxy| proxy.struck() > 0).count() < wanted {
                sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(HOLD, struck).await.expect("every operation at its write");
        if moment == Moment::Amid {
            sleep(HOLD + Duration::from_millis(40)).await;
        }
    }

    async fn results(self) -> Vec<Ran> {
        join(self.running).await
    }
}

async fn check_all(dc: &DomainController, ran: &[Ran], may_be_unknown: bool) -> Vec<Outcome> {
    let mut said = Vec::new();
    for ran in ran {
        said.push(check(dc, ran, may_be_unknown).await);
    }
    said
}

/// Freezes the server, and thaws it at that time after the operations began.
async fn freeze(dc: &DomainController, records: Records, prefix: &str, moment: Moment, thaw: Duration) -> Vec<Ran> {
    let fault = if moment == Moment::First {
        CUT
    } else {
        Fault::Hold(HOLD)
    };
    let target = Target::of(dc).within(TO_THAW).with_grace(GRACE);
    let held = hold_writes(dc, target, prefix, records, fault).await;
    held.until(moment).await;
    dc.freeze().unwrap();
    let thaw = held.began + thaw;
    let results = async {
        let results = held.results().await;
        (results, Instant::now())
    };
    let (results, ()) = tokio::join!(results, async {
        sleep_until(thaw).await;
        dc.thaw().unwrap();
    });
    let (results, ended) = results;
    if ended < thaw {
        // What the server had received it may do only now, one write after the other.
        sleep(Duration::from_secs(4)).await;
    }
    results
}

async fn the_server_freezes(release: Release, model: ProcessModel) {
    let Some(release) = require(release) else { return };
    let (early, late) = tokio::join!(start(release, model), start(release, model));
    let records = records(&early).await;
    sleep(Duration::from_millis(200)).await;
    let before = tasks();
    tokio::join!(freezes_early(&early, records), freezes_late(&late, records));
    assert_no_task_leaked(before).await;
}

async fn the_server_dies(release: Release, model: ProcessModel) {
    let Some(release) = require(release) else { return };
    let mut dc = start(release, model).await;
    let records = records(&dc).await;
    sleep(Duration::from_millis(200)).await;
    let before = tasks();
    dies(&mut dc, records).await;
    assert_no_task_leaked(before).await;
}

async fn freezes_early(dc: &DomainController, records: Records) {
    // While the reply is waited for: after the writes were let go, and before the library gives the reply up.
    let results = freeze(dc, records, "waited", Moment::Before, TO_THAW.mul_f32(0.5)).await;
    let said = check_all(dc, &results, false).await;
    assert!(said.iter().all(|said| *said == Outcome::Applied), "{results:?}");
    // No reply can come any more, and the server lived when the evidence was first looked at.
    let results = freeze(dc, records, "cut", Moment::First, TO_THAW.mul_f32(0.4)).await;
    check_all(dc, &results, false).await;
}

async fn freezes_late(dc: &DomainController, records: Records) {
    // After the wait for the reply, while the evidence is looked for.
    let results = freeze(dc, records, "looked", Moment::Amid, TO_THAW.mul_f32(0.75)).await;
    check_all(dc, &results, false).await;
    // Not before the deadline.
    let later = TO_THAW + Duration::from_secs(3);
    let results = freeze(dc, records, "gone", Moment::Before, later).await;
    for ran in &results {
        assert_eq!(said(&ran.result), Outcome::Unknown, "{ran:?}");
    }
    check_all(dc, &results, true).await;
}

/// Kills the server while the writes reach it.
async fn kill(dc: &mut DomainController, records: Records, prefix: &str, restart: bool) -> Vec<Ran> {
    let deadline = if restart { TO_RESTART } else { DEADLINE };
    let target = Target::of(dc).within(deadline);
    let held = hold_writes(dc, target, prefix, records, Fault::Hold(HOLD)).await;
    held.until(Moment::Amid).await;
    dc.kill();
    if restart {
        dc.restart().await.unwrap();
    }
    let results = held.results().await;
    if !restart {
        dc.restart().await.unwrap();
    }
    results
}

async fn dies(dc: &mut DomainController, records: Records) {
    let results = kill(dc, records, "restarted", true).await;
    check_all(dc, &results, false).await;
    let results = kill(dc, records, "dead", false).await;
    for ran in &results {
        // What was answered before the server died is known; of the rest nothing can be.
        assert!(ran.result.is_ok() || said(&ran.result) == Outcome::Unknown, "{ran:?}");
    }
    check_all(dc, &results, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_freezes_on_4_17_standard() {
    the_server_freezes(Release::V4_17, ProcessModel::Standard).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_freezes_on_4_17_prefork() {
    the_server_freezes(Release::V4_17, ProcessModel::Prefork).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_freezes_on_4_24_standard() {
    the_server_freezes(Release::V4_24, ProcessModel::Standard).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_freezes_on_4_24_prefork() {
    the_server_freezes(Release::V4_24, ProcessModel::Prefork).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_dies_on_4_17_prefork() {
    the_server_dies(Release::V4_17, ProcessModel::Prefork).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_dies_on_4_24_standard() {
    the_server_dies(Release::V4_24, ProcessModel::Standard).await;
}
