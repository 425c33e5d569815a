//! The network breaks, or the caller goes: at every record of an operation.

use super::bench::{GRACE, Target, accounts, assert_no_task_leaked, check, join, run, sam, start, tasks};
use super::case::{Kind, truth, write};
use password_writeback::layer::Audit;
use password_writeback::{AuditEvent, AuditSink, Code, FindAccount, Outcome, PasswordWriteback, Phase, SinkError};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::proxy::{At, Fault, Plan, Proxy};
use testkit::samba::{DomainController, Principal, ProcessModel, Release, require};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// How many operations run at once: two processors have to keep up with a process for each connection.
const AT_ONCE: usize = 6;

/// Where in the client's records the write is, and how many there are in all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Records {
    pub(crate) write: u64,
    pub(crate) all: u64,
}

/// Everything before the write is what finding the account takes.
pub(crate) async fn records(dc: &DomainController) -> Records {
    let target = Target::of(dc);
    let user = accounts(dc, "calibrate", &[Kind::Reset]).await.remove(0);
    let proxy = target.proxy().await;
    let directory = target.directory(&proxy);
    let find = directory.find_account(FindAccount::new(sam(&user)));
    let (found, finding) = proxy.calibrate(find).await;
    found.unwrap();
    let (receipt, writing) = proxy.calibrate(write(&directory, Kind::Reset, &sam(&user))).await;
    receipt.unwrap();
    assert_eq!((finding.connections(), writing.connections()), (1, 1));
    let (before, all) = (finding.client_records(1), writing.client_records(1));
    assert_eq!(all, before + 2, "the write, and reading back: {finding:?} {writing:?}");
    Records { write: before + 1, all }
}

/// The cuts at every record, and everything else that can happen to the write.
fn faults(records: Records) -> Vec<(Kind, u64, Fault)> {
    let cuts = [Fault::CutBefore, Fault::CutAfter, Fault::CutBeforeReply];
    let late = [Fault::CutThenDeliver(GRACE.mul_f32(0.4)), Fault::Hold(GRACE)];
    let only_once = [
        Fault::Stall,
        Fault::StallAfter,
        Fault::Swallow,
        Fault::Truncate(40),
        Fault::Corrupt(7),
        Fault::Duplicate,
    ];
    let every_record = (1..=records.all).flat_map(|record| cuts.map(|fault| (Kind::Reset, record, fault)));
    let other_kinds = Kind::ALL.into_iter().skip(1);
    let other_kinds = other_kinds.flat_map(|kind| cuts.map(|fault| (kind, records.write, fault)));
    let late = Kind::ALL
        .into_iter()
        .flat_map(|kind| late.map(|fault| (kind, records.write, fault)));
    let only_once = only_once.map(|fault| (Kind::Reset, records.write, fault));
    // Those that last until the deadline begin first.
    only_once
        .into_iter()
        .chain(late)
        .chain(other_kinds)
        .chain(every_record)
        .collect()
}

async fn every_fault(dc: &Arc<DomainController>, records: Records) {
    let cases = faults(records);
    let kinds: Vec<Kind> = cases.iter().map(|(kind, _, _)| *kind).collect();
    let users = accounts(dc, "cut", &kinds).await;
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut set = JoinSet::new();
    for (n, ((kind, record, fault), user)) in cases.into_iter().zip(users).enumerate() {
        let (dc, turns) = (Arc::clone(dc), Arc::clone(&turns));
        set.spawn(async move {
            let _turn = turns.acquire().await.unwrap();
            let what = format!("{fault:?} at record {record} of {records:?}");
            let plan = Plan::new().on(At::client(record).on_connection(1), fault);
            let plan = if n % 2 == 0 { plan } else { plan.rst() };
            let target = Target::of(&dc);
            let proxy = Arc::new(target.proxy().await);
            let ran = run(target, what, kind, user, Arc::clone(&proxy), plan).await;
            assert_eq!(proxy.struck(), 1, "{kind:?}, {}: nothing went wrong", ran.what);
            let said = check(&dc, &ran, false).await;
            let before_the_write = record < records.write;
            assert!(
                !before_the_write || said == Outcome::NotApplied,
                "{kind:?}, {}: {:?}",
                ran.what,
                ran.result
            );
        });
    }
    join(set).await;
}

/// Keeps the finish event.
#[derive(Debug, Default)]
struct Finish(Mutex<Vec<AuditEvent>>);

impl AuditSink for Finish {
    fn record(&self, event: &AuditEvent) -> Result<(), SinkError> {
        if event.phase == Phase::Finish {
            self.0.lock().unwrap().push(event.clone());
        }
        Ok(())
    }
}

impl Finish {
    async fn event(&self) -> AuditEvent {
        let found = async {
            loop {
                if let Some(event) = self.0.lock().unwrap().first() {
                    return event.clone();
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(25), found).await.expect("a finish event")
    }
}

/// Drops the future while one of its records is held back.
async fn drop_at(dc: &DomainController, kind: Kind, user: &Principal, record: u64, fault: Fault) -> AuditEvent {
    let target = Target::of(dc);
    let proxy: Proxy = target.proxy().await;
    proxy.plan(Plan::new().on(At::client(record).on_connection(1), fault));
    let finish = Arc::new(Finish::default());
    let audited = Audit::new(target.directory(&proxy), Arc::clone(&finish) as _);
    let struck = async {
        while proxy.struck() == 0 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    let name = sam(user);
    tokio::select! {
        result = write(&audited, kind, &name) => panic!("record {record}: it was over too soon: {result:?}"),
        () = struck => {}
    }
    let event = finish.event().await;
    assert!(
        proxy.all_closed_within(Duration::from_secs(8)).await,
        "a connection leaked"
    );
    event
}

async fn every_drop(dc: &Arc<DomainController>, records: Records) {
    let time = Duration::from_secs(2);
    let hold = Fault::Hold(time);
    let held = (1..=records.all).map(|record| (Kind::Reset, record, hold));
    // No reply comes at all: the finish event comes from the evidence.
    let lost = [Fault::Stall, Fault::StallAfter].map(|fault| (Kind::Reset, records.write, fault));
    let others = Kind::ALL.into_iter().skip(1).map(|kind| (kind, records.write, hold));
    let cases: Vec<_> = held.chain(lost).chain(others).collect();
    let kinds: Vec<Kind> = cases.iter().map(|(kind, _, _)| *kind).collect();
    let users = accounts(dc, "drop", &kinds).await;
    let mut set = JoinSet::new();
    for ((kind, record, fault), user) in cases.into_iter().zip(users) {
        let dc = Arc::clone(dc);
        set.spawn(async move {
            let event = drop_at(&dc, kind, &user, record, fault).await;
            // A request that was written to the connection before it was dropped would be executed by now.
            sleep(time).await;
            let truth = truth(&dc, kind, &user).await;
            let what = format!("{kind:?}, dropped at {fault:?} of record {record} of {records:?}: {event:?}");
            assert_eq!(event.outcome, Some(truth), "{what}");
            let cancelled = event.code == Some(Code::Cancelled);
            assert_eq!(cancelled, record < records.write, "{what}");
        });
    }
    join(set).await;
}

async fn the_network_breaks(release: Release, model: ProcessModel) {
    let Some(release) = require(release) else { return };
    let dc = Arc::new(start(release, model).await);
    let records = records(&dc).await;
    sleep(Duration::from_millis(200)).await;
    let before = tasks();
    every_drop(&dc, records).await;
    every_fault(&dc, records).await;
    assert_no_task_leaked(before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_network_breaks_on_4_17_standard() {
    the_network_breaks(Release::V4_17, ProcessModel::Standard).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_network_breaks_on_4_17_prefork() {
    the_network_breaks(Release::V4_17, ProcessModel::Prefork).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_network_breaks_on_4_24_standard() {
    the_network_breaks(Release::V4_24, ProcessModel::Standard).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_network_breaks_on_4_24_prefork() {
    the_network_breaks(Release::V4_24, ProcessModel::Prefork).await;
}
