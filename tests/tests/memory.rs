//! What is left of a password in a process's memory after its use, measured from outside and from inside, with the zeroing
//! allocator and without.
//!
//! The process that writes is a child, the domain controller is here or Samba: what the server holds is not counted.

use futures_util::future::join;
use futures_util::stream::{self, StreamExt};
use std::collections::BTreeMap;
use std::fmt;
use std::io::{Read, Seek};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;
use testkit::fake::{FakeDc, Reaction, SERVICE_USER, Script, User, When};
use testkit::memory::{Encoding, Findings, Needle, random_password};
use testkit::samba::{DomainController, NewUser, Policy, ProcessModel, Release, require};
use testkit::victim::{Allocator, MARK, Order, Reach, Victim};

/// Whether this machine can search memory; says so loudly where it cannot.
fn possible() -> bool {
    if cfg!(target_os = "linux") {
        return true;
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "memory can be searched on Linux only"
    );
    let text = b"\n*** SKIPPED: what is left of passwords in memory: it can be searched on Linux only\n";
    let _ = std::io::Write::write_all(&mut std::io::stderr(), text);
    false
}

fn program(allocator: Allocator) -> &'static Path {
    Path::new(match allocator {
        Allocator::Zeroing => env!("CARGO_BIN_EXE_memory_victim_zeroing"),
        Allocator::Plain => env!("CARGO_BIN_EXE_memory_victim_plain"),
        Allocator::Witness => env!("CARGO_BIN_EXE_memory_victim_witness"),
    })
}

/// The three passwords of an operation.
struct Passwords {
    bind: String,
    old: String,
    new: String,
}

impl Passwords {
    fn random() -> Self {
        Passwords {
            bind: random_password(),
            old: random_password(),
            new: random_password(),
        }
    }
}

/// Copies of each of the three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Copies {
    new: usize,
    old: usize,
    bind: usize,
}

impl Copies {
    fn none(self) -> bool {
        self == Copies::default()
    }
}

impl fmt::Display for Copies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{} / {} / {}", self.new, self.old, self.bind))
    }
}

/// What was seen of one operation in one process.
#[derive(Debug)]
struct Seen {
    told: String,
    /// Before the operation, with the passwords held.
    held: Copies,
    /// After it, from outside.
    after: Copies,
    /// The same from inside.
    inside: Copies,
    /// After the directory was dropped too, from outside.
    dropped: Copies,
    /// What surrounds the copies left after it.
    surroundings: Vec<String>,
}

/// An operation, the domain controller's part in it, and how it must end.
struct Scenario {
    name: &'static str,
    order: Order,
    /// After how many milliseconds the caller drops the future.
    drop_after: Option<u64>,
    deadline: u64,
    verify_by_bind: bool,
    hook: Option<(When, Reaction)>,
    /// What the process is told, by its beginning.
    ends: &'static str,
    /// Whether the old password handed over is the wrong one.
    wrong_old: bool,
}

impl Scenario {
    fn new(name: &'static str, order: Order, ends: &'static str) -> Self {
        Scenario {
            name,
            order,
            drop_after: None,
            deadline: 8_000,
            verify_by_bind: false,
            hook: None,
            ends,
            wrong_old: false,
        }
    }

    fn on(mut self, when: When, reaction: Reaction) -> Self {
        self.hook = Some((when, reaction));
        self
    }

    fn dropped_after(mut self, milliseconds: u64) -> Self {
        self.drop_after = Some(milliseconds);
        self
    }

    fn deadline(mut self, milliseconds: u64) -> Self {
        self.deadline = milliseconds;
        self
    }
}

fn scenarios() -> Vec<Scenario> {
    let slow = Reaction::delay(Duration::from_millis(500));
    let refusal = "0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0\n\0";
    let mut verified = Scenario::new("reset, verified by a logon", Order::Reset, "done");
    verified.verify_by_bind = true;
    let mut wrong = Scenario::new(
        "change refused: wrong old password",
        Order::Change,
        "WRONG_PASSWORD not_applied",
    );
    wrong.wrong_old = true;
    let logon = "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 52e, v4f7c\0";
    vec![
        Scenario::new("reset", Order::Reset, "done"),
        Scenario::new("change", Order::Change, "done"),
        Scenario::new("check", Order::Check, "done"),
        verified,
        Scenario::new(
            "reset refused by the policy",
            Order::Reset,
            "POLICY_VIOLATION not_applied",
        )
        .on(When::modify(), Reaction::result(53, refusal)),
        wrong,
        Scenario::new("reset, logon refused", Order::Reset, "BIND_FAILED not_applied")
            .on(When::bind(), Reaction::result(49, logon)),
        Scenario::new("reset cut before it was applied", Order::Reset, "")
            .on(When::modify().first(), Reaction::close().rst()),
        Scenario::new("reset cut after it was applied", Order::Reset, "done")
            .on(When::modify().first(), Reaction::close_after_apply().rst()),
        Scenario::new("change cut after it was applied", Order::Change, "done")
            .on(When::modify().first(), Reaction::close_after_apply()),
        Scenario::new("reset, half a reply, then silence", Order::Reset, "")
            .on(When::modify().first(), Reaction::half_reply_then_stall())
            .deadline(4_000),
        Scenario::new("reset, no reply in time", Order::Reset, "")
            .on(When::modify().first(), Reaction::hang())
            .deadline(4_000),
        Scenario::new(
            "change, timeout before it was sent",
            Order::Change,
            "TIMEOUT not_applied",
        )
        .on(When::search_for("sAMAccountName"), Reaction::hang())
        .deadline(10_000),
        Scenario::new("reset dropped at the logon", Order::Reset, "dropped")
            .on(When::bind(), slow.clone())
            .dropped_after(250),
        Scenario::new("reset dropped before it was sent", Order::Reset, "dropped")
            .on(When::search_for("sAMAccountName"), slow.clone())
            .dropped_after(250),
        Scenario::new("change dropped when it was on its way", Order::Change, "dropped")
            .on(When::modify(), slow)
            .dropped_after(250),
    ]
}

/// Where a process writes: what it needs to know, and how to wait until it is gone from there.
struct Target {
    reach: Reach,
    fake: Option<FakeDc>,
}

impl Target {
    /// Waits until the operation is over and its connection is gone.
    async fn left(&self) {
        if let Some(dc) = &self.fake {
            assert!(
                dc.all_closed_within(Duration::from_secs(5)).await,
                "a connection stays open"
            );
        }
    }
}

/// The directory keeps one copy of the bind password, on purpose: it logs on for every operation.
const KEPT: Copies = Copies {
    new: 0,
    old: 0,
    bind: 1,
};

struct Needles {
    new: Needle,
    old: Needle,
    bind: Needle,
}

impl Needles {
    fn outside(&self, victim: &Victim) -> Copies {
        // Searching takes long: the domain controllers must not wait for it.
        let count = |needle| tokio::task::block_in_place(|| victim.search(needle)).unwrap().total();
        Copies {
            new: count(&self.new),
            old: count(&self.old),
            bind: count(&self.bind),
        }
    }

    /// Searches until nothing more goes away: a task that was aborted needs a moment to be dropped.
    async fn settled(&self, victim: &Victim, expected: Copies) -> Copies {
        let mut copies = self.outside(victim);
        for _ in 0..10 {
            if copies == expected {
                break;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
            copies = self.outside(victim);
        }
        copies
    }

    /// What surrounds each copy that is left.
    fn surroundings(&self, victim: &Victim) -> Vec<String> {
        [("new", &self.new), ("old", &self.old), ("bind", &self.bind)]
            .into_iter()
            .flat_map(|(which, needle)| {
                let found = victim.search(needle).unwrap();
                describe(victim, &found)
                    .into_iter()
                    .map(move |form| format!("{which}: {form}"))
            })
            .collect()
    }
}

/// Tells a copy inside a whole LDAP request from one that stands alone.
fn describe(victim: &Victim, findings: &Findings) -> Vec<String> {
    let memory = std::fs::File::open(format!("/proc/{}/mem", victim.id())).unwrap();
    let describe = |found: &testkit::memory::Found| {
        let mut before = [0; 96];
        let _ = memory.read_at(&mut before, found.address.saturating_sub(96));
        let holds = |part: &[u8]| before.windows(part.len()).any(|window| window == part);
        let form = match (found.encoding, holds(b"unicodePwd"), holds(SERVICE_USER.as_bytes())) {
            (Encoding::Utf16, true, _) => "in a modify request",
            (Encoding::Utf16, false, _) => "as the value of unicodePwd alone",
            (Encoding::Utf8, _, true) => "in a bind request",
            (Encoding::Utf8, _, false) => "as text",
            _ => "otherwise encoded",
        };
        let place = if found.mapping == "[stack]" {
            ", on the main stack"
        } else {
            ""
        };
        format!("{form}{place}")
    };
    findings.found.iter().map(describe).collect()
}

/// Has a process do it, and searches the process before and after.
async fn observe(allocator: Allocator, scenario: &Scenario, target: &Target, passwords: Passwords) -> Seen {
    let Passwords { bind, old, new } = passwords;
    let mut victim = Victim::start(program(allocator)).unwrap();
    victim.reach(&target.reach).await.unwrap();
    victim.order(Order::Bind, bind.as_bytes()).await.unwrap();
    let wrong = random_password();
    let handed = if scenario.wrong_old { &wrong } else { &old };
    if scenario.order == Order::Change {
        victim.order(Order::Old, handed.as_bytes()).await.unwrap();
    }
    victim.order(Order::New, new.as_bytes()).await.unwrap();
    let needles = Needles {
        new: Needle::new(new.clone()),
        old: Needle::new(handed.clone()),
        bind: Needle::new(bind.clone()),
    };
    let held = needles.outside(&victim);
    let drop_after = scenario.drop_after.map(|time| time.to_string()).unwrap_or_default();
    let told = victim.order(scenario.order, drop_after.as_bytes()).await.unwrap();
    target.left().await;

    let after = needles.settled(&victim, KEPT).await;
    let surroundings = needles.surroundings(&victim);
    let mut inside = Copies::default();
    for (password, count) in [
        (&new, &mut inside.new),
        (handed, &mut inside.old),
        (&bind, &mut inside.bind),
    ] {
        let answer = victim.order(Order::Search, password.as_bytes()).await.unwrap();
        *count = answer.parse().unwrap_or_else(|_| panic!("{answer}"));
    }
    victim.order(Order::Drop, b"").await.unwrap();
    let dropped = needles.settled(&victim, Copies::default()).await;
    Seen {
        told,
        held,
        after,
        inside,
        dropped,
        surroundings,
    }
}

/// A domain controller of its own for one scenario.
async fn fake(scenario: &Scenario, passwords: &Passwords) -> Target {
    let service = User::new(SERVICE_USER)
        .password(&passwords.bind)
        .password_never_expires();
    let mut script = Script::windows()
        .user(service)
        .user(User::new("alice").password(&passwords.old));
    if let Some((when, reaction)) = &scenario.hook {
        script = script.on(when.clone(), reaction.clone());
    }
    let dc = FakeDc::start(script).await;
    let reach = Reach {
        url: dc.ldaps_url(),
        ca_file: dc.ca_file(),
        user: dc.service_user(),
        account: "alice".to_owned(),
        deadline: scenario.deadline,
        grace: 500,
        verify_by_bind: scenario.verify_by_bind,
        warm_connections: 0,
    };
    Target { reach, fake: Some(dc) }
}

async fn against_the_fake(allocator: Allocator, scenario: &Scenario) -> Seen {
    let passwords = Passwords::random();
    let target = fake(scenario, &passwords).await;
    let seen = observe(allocator, scenario, &target, passwords).await;
    assert!(seen.told.starts_with(scenario.ends), "{}: {}", scenario.name, seen.told);
    seen
}

/// One line of the table for each scenario.
fn table(title: &str, rows: &[(&str, Seen, Seen)]) {
    println!("\nCopies left in memory, {title}: new / old / bind password");
    println!(
        "{:<40} {:<32} {:>10} {:>12} {:>12} {:>10}",
        "operation", "ended", "while held", "with zeroing", "dropped too", "without"
    );
    for (name, zeroing, plain) in rows {
        println!(
            "{name:<40} {:<32} {:>10} {:>12} {:>12} {:>10}",
            zeroing.told, zeroing.held, zeroing.after, zeroing.dropped, plain.after
        );
    }
    println!("\nOf those, without the zeroing allocator, by what surrounds them:");
    for (name, _, plain) in rows {
        let mut forms: Vec<_> = plain.surroundings.clone();
        forms.sort();
        let counted = forms
            .chunk_by(|a, b| a == b)
            .map(|same| format!("{} {}", same.len(), same[0]));
        println!("{name:<40} {}", counted.collect::<Vec<_>>().join("; "));
    }
}

/// What must hold of a process, whatever its allocator.
fn faults(name: &str, changes: bool, seen: &Seen) -> Vec<String> {
    let mut faults = Vec::new();
    let held = Copies {
        new: 1,
        old: usize::from(changes),
        bind: 1,
    };
    if seen.held != held {
        faults.push(format!(
            "{name}: while held the search sees {} instead of {held}",
            seen.held
        ));
    }
    for (from, copies) in [("outside", seen.after), ("inside", seen.inside)] {
        if copies != KEPT {
            let where_they_are = seen.surroundings.join("; ");
            faults.push(format!(
                "{name} ({}): from {from}, {copies} are left: {where_they_are}",
                seen.told
            ));
        }
    }
    if !seen.dropped.none() {
        faults.push(format!("{name}: {} are left of a dropped directory", seen.dropped));
    }
    faults
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_with_and_without_the_zeroing_allocator() {
    if !possible() {
        return;
    }
    let runs = scenarios().into_iter().map(|scenario| {
        tokio::spawn(async move {
            let (zeroing, plain) = join(
                against_the_fake(Allocator::Zeroing, &scenario),
                against_the_fake(Allocator::Plain, &scenario),
            )
            .await;
            let changes = scenario.order == Order::Change;
            let mut faults = faults(scenario.name, changes, &zeroing);
            faults.extend(self::faults(&format!("{}, plain", scenario.name), changes, &plain));
            ((scenario.name, zeroing, plain), faults)
        })
    });
    // More at once would run into timeouts on a small machine.
    let done: Vec<_> = stream::iter(runs).buffered(4).map(Result::unwrap).collect().await;
    let (rows, faults): (Vec<_>, Vec<_>) = done.into_iter().unzip();
    table("fake domain controller", &rows);
    let faults: Vec<_> = faults.into_iter().flatten().collect();
    // That the search sees what there is shows while the passwords are held.
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// One step of a row of operations over one connection: what is asked, and how it must end.
const ROW: [(Order, &str); 7] = [
    (Order::Reset, "done"),
    (Order::Change, "done"),
    (Order::Check, "done"),
    (Order::Reset, "POLICY_VIOLATION not_applied"),
    (Order::Change, "done"),
    (Order::Reset, "done"),
    (Order::Check, "done"),
];

/// Several operations in a row over a connection that is kept: the process is searched while it is still open.
async fn in_a_row(allocator: Allocator, url: impl Fn(&FakeDc) -> String) -> Vec<String> {
    let refusal = Reaction::result(
        53,
        "0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0\n\0",
    );
    let scenario = Scenario::new("in a row", Order::Reset, "").on(When::modify().nth(3), refusal);
    let passwords = Passwords::random();
    let mut target = fake(&scenario, &passwords).await;
    let dc = target.fake.take().unwrap();
    (target.reach.warm_connections, target.reach.url) = (1, url(&dc));
    let mut victim = Victim::start(program(allocator)).unwrap();
    victim.reach(&target.reach).await.unwrap();
    victim.order(Order::Bind, passwords.bind.as_bytes()).await.unwrap();
    let mut current = passwords.old;
    let mut used = Vec::new();
    for (order, ends) in ROW {
        let new = random_password();
        if order == Order::Change {
            victim.order(Order::Old, current.as_bytes()).await.unwrap();
        }
        victim.order(Order::New, new.as_bytes()).await.unwrap();
        assert_eq!(victim.order(order, b"").await.unwrap(), ends, "{order:?}");
        used.push((order, new.clone()));
        if ends == "done" && order != Order::Check {
            used.push((order, std::mem::replace(&mut current, new)));
        }
    }
    let counts = dc.counts();
    assert_eq!(
        (counts.connections, counts.open),
        (1, 1),
        "{allocator:?}: one connection, still open"
    );
    let mut left = Vec::new();
    let search = |password: &str| {
        let needle = Needle::new(password.to_owned());
        let found = tokio::task::block_in_place(|| victim.search(&needle)).unwrap();
        describe(&victim, &found)
    };
    for (order, password) in &used {
        left.extend(
            search(password)
                .into_iter()
                .map(|form| format!("{allocator:?}, {order:?}: {form}")),
        );
    }
    let bind = search(&passwords.bind);
    if bind.len() != KEPT.bind {
        left.push(format!("{allocator:?}, the bind password: {bind:?}"));
    }
    victim.order(Order::Drop, b"").await.unwrap();
    assert!(
        dc.all_closed_within(Duration::from_secs(5)).await,
        "what was kept stays open"
    );
    left
}

/// With the offered allocator and without: what is kept holds nothing.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_in_a_connection_that_is_kept() {
    if !possible() {
        return;
    }
    for allocator in [Allocator::Zeroing, Allocator::Plain] {
        for url in [FakeDc::ldaps_url, FakeDc::ldap_url] {
            let left = in_a_row(allocator, url).await;
            assert!(left.is_empty(), "{}", left.join("\n"));
        }
    }
}

/// Who frees one password of an operation unwiped, and how often.
async fn freed_by(order: Order, which: &str) -> BTreeMap<String, usize> {
    let password = |of: &str| match of == which {
        true => format!("Aa1{}{of}", MARK.to_string().repeat(12)),
        false => random_password(),
    };
    let passwords = Passwords {
        bind: password("bind"),
        old: password("old"),
        new: password("new"),
    };
    let target = fake(&Scenario::new("", order, "done"), &passwords).await;
    let mut errors = tempfile::tempfile().unwrap();
    let program = program(Allocator::Witness);
    let mut victim = Victim::start_with(program, errors.try_clone().unwrap().into()).unwrap();
    victim.reach(&target.reach).await.unwrap();
    victim.order(Order::Bind, passwords.bind.as_bytes()).await.unwrap();
    victim.order(Order::Old, passwords.old.as_bytes()).await.unwrap();
    victim.order(Order::New, passwords.new.as_bytes()).await.unwrap();
    assert_eq!(victim.order(order, b"").await.unwrap(), "done");
    target.left().await;
    victim.order(Order::Drop, b"").await.unwrap();
    // The client's driver is dropped after its connection is gone, and taking a backtrace takes time.
    tokio::time::sleep(Duration::from_millis(300)).await;
    drop(victim);

    let mut told = String::new();
    errors.rewind().unwrap();
    errors.read_to_string(&mut told).unwrap();
    let mut counts = BTreeMap::new();
    for line in told.lines() {
        *counts.entry(line.to_owned()).or_default() += 1;
    }
    counts
}

/// Nobody frees a password unwiped, so that nothing stays behind without the allocator either.
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(debug_assertions),
    ignore = "an optimised build has no names of the functions that free"
)]
async fn nobody_frees_passwords_unwiped() {
    if !possible() {
        return;
    }
    let cases = [
        (Order::Reset, "new"),
        (Order::Change, "new"),
        (Order::Change, "old"),
        (Order::Check, "new"),
        (Order::Check, "bind"),
    ];
    for (order, which) in cases {
        let counts = freed_by(order, which).await;
        println!(
            "{order:?}, {which} password: freed unwiped {} times",
            counts.values().sum::<usize>()
        );
        assert!(counts.is_empty(), "{order:?}, {which}: {counts:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_after_writing_to_samba() {
    if !possible() {
        return;
    }
    let Some(release) = require(Release::V4_24) else { return };
    let dc = DomainController::start(release, ProcessModel::Single).await.unwrap();
    let policy = Policy {
        min_age: Duration::ZERO,
        ..Policy::default()
    };
    dc.admin().set_policy(&policy).await.unwrap();
    let scenarios = [
        Scenario::new("reset", Order::Reset, "done"),
        Scenario::new("change", Order::Change, "done"),
        Scenario::new("change over StartTLS", Order::Change, "done"),
    ];
    let mut rows = Vec::new();
    let mut broken = Vec::new();
    for (scenario, url) in scenarios.iter().zip([dc.ldaps_url(), dc.ldaps_url(), dc.ldap_url()]) {
        let mut both = Vec::new();
        for allocator in [Allocator::Zeroing, Allocator::Plain] {
            let passwords = Passwords {
                bind: dc.service_password().to_owned(),
                ..Passwords::random()
            };
            let sam = format!("u{}{}", rows.len(), both.len());
            let mut user = NewUser::new(&sam);
            user.password = Some(passwords.old.clone());
            dc.admin().create_user(&user).await.unwrap();
            let reach = Reach {
                url: url.clone(),
                ca_file: dc.ca_file().to_owned(),
                user: dc.service_user().to_owned(),
                account: sam,
                deadline: 20_000,
                grace: 500,
                verify_by_bind: true,
                warm_connections: 0,
            };
            let target = Target { reach, fake: None };
            let seen = observe(allocator, scenario, &target, passwords).await;
            assert!(seen.told.starts_with(scenario.ends), "{}: {}", scenario.name, seen.told);
            both.push(seen);
        }
        let (plain, zeroing) = (both.pop().unwrap(), both.pop().unwrap());
        for seen in [&zeroing, &plain] {
            broken.extend(faults(scenario.name, scenario.order == Order::Change, seen));
        }
        rows.push((scenario.name, zeroing, plain));
    }
    table("live Samba", &rows);
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
