//! What a guarded, confirmed reset costs beside a naive one with the bare LDAP client, on a live domain controller: latency and
//! processor time of this process, in one run. `cargo bench -p password-writeback-tests --bench resets`.

use ldap3::{Ldap, Mod, Scope, SearchEntry};
use password_writeback::{ActiveDirectory, History, Identity, PasswordWriteback, ResetPassword, Rules, Settings};
use std::collections::HashSet;
use std::time::{Duration, Instant};
use testkit::samba::{DomainController, NewUser, ProcessModel, Release, require};

/// Resets of each kind.
const RESETS: usize = 24;

/// One kind of reset, and what it cost.
struct Kind {
    name: &'static str,
    latency: Vec<Duration>,
    processor: Duration,
}

/// The processor time of this process: the 14th and 15th field of its line, in hundredths of a second (proc(5)).
fn processor() -> Duration {
    let line = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = line.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks: u64 = fields[11..13]
        .iter()
        .filter_map(|ticks| ticks.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}

async fn measure<F: Future<Output = ()>>(name: &'static str, mut reset: impl FnMut(usize) -> F) -> Kind {
    let before = processor();
    let mut latency = Vec::new();
    for n in 0..RESETS {
        let began = Instant::now();
        reset(n).await;
        latency.push(began.elapsed());
    }
    latency.sort();
    Kind {
        name,
        latency,
        processor: (processor() - before) / RESETS as u32,
    }
}

/// What a quick script does: search, and modify without a check before or after.
async fn naive(ldap: &mut Ldap, dc: &DomainController, upn: &str, new: &str) {
    let filter = format!("(userPrincipalName={upn})");
    let found = ldap
        .search(dc.base_dn(), Scope::Subtree, &filter, vec!["distinguishedName"])
        .await;
    let (entries, _) = found.and_then(ldap3::SearchResult::success).unwrap();
    let dn = SearchEntry::construct(entries.into_iter().find(|entry| !entry.is_ref()).unwrap()).dn;
    let value: Vec<u8> = format!("\"{new}\"").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let change = Mod::Replace(b"unicodePwd".to_vec(), HashSet::from([value]));
    ldap.modify(&dn, vec![change])
        .await
        .and_then(ldap3::LdapResult::success)
        .unwrap();
}

fn directory(dc: &DomainController, warm: usize, confirm: bool) -> ActiveDirectory {
    let mut rules = Rules::default();
    (rules.history, rules.confirm) = (History::Off, confirm);
    let settings = Settings::new([dc.ldaps_url()], dc.service_user(), dc.service_password())
        .ca_file(dc.ca_file())
        .warm_connections(warm)
        .rules(rules);
    ActiveDirectory::new(settings).unwrap()
}

async fn guarded(directory: &ActiveDirectory, upn: &str, new: &str) {
    let reset = ResetPassword::new(Identity::upn(upn), new);
    directory.reset_password(reset).await.unwrap();
}

async fn run(dc: &DomainController) -> Vec<Kind> {
    let users: Vec<NewUser> = (0..RESETS).map(|n| NewUser::new(&format!("u{n}"))).collect();
    dc.admin().create_users(&users).await.unwrap();
    let upn = |n: usize| format!("u{n}@{}", dc.dns_domain());
    let new = |n: usize| format!("Zx9-correct-horse-{n}");
    let service = || dc.connect_as(dc.service_user(), dc.service_password());
    let kept = service().await.unwrap();
    let (cold, warm, unconfirmed) = (directory(dc, 0, true), directory(dc, 1, true), directory(dc, 1, false));
    guarded(&warm, &upn(0), &new(0)).await;
    guarded(&unconfirmed, &upn(0), &new(0)).await;
    vec![
        measure("naive, new connection", |n| async move {
            let mut ldap = service().await.unwrap();
            naive(&mut ldap, dc, &upn(n), &new(n)).await;
            let _ = ldap.unbind().await;
        })
        .await,
        measure("naive, kept connection", |n| {
            let mut ldap = kept.clone();
            async move { naive(&mut ldap, dc, &upn(n), &new(n)).await }
        })
        .await,
        measure("guarded, confirmed, cold", |n| guarded_owned(&cold, upn(n), new(n))).await,
        measure("guarded, confirmed, warm", |n| guarded_owned(&warm, upn(n), new(n))).await,
        measure("the same, known name", |n| guarded_owned(&warm, upn(n), new(n))).await,
        measure("guarded, not confirmed, warm", |n| {
            guarded_owned(&unconfirmed, upn(n), new(n))
        })
        .await,
    ]
}

async fn guarded_owned(directory: &ActiveDirectory, upn: String, new: String) {
    guarded(directory, &upn, &new).await;
}

fn print(kinds: &[Kind]) {
    let median = |kind: &Kind| kind.latency[RESETS / 2].as_secs_f64() * 1e3;
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "{:<30} {:>12} {:>8} {:>14} {:>8}",
        "reset by UPN", "median ms", "x naive", "processor ms", "x naive"
    );
    for kind in kinds {
        let naive = match kind.name.contains("cold") || kind.name.contains("new connection") {
            true => &kinds[0],
            false => &kinds[1],
        };
        println!(
            "{:<30} {:>12.1} {:>8.2} {:>14.1} {:>8.2}",
            kind.name,
            median(kind),
            median(kind) / median(naive),
            milliseconds(kind.processor),
            milliseconds(kind.processor) / milliseconds(naive.processor).max(0.01),
        );
    }
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let Some(release) = require(Release::V4_24) else { return };
    runtime.block_on(async {
        let dc = DomainController::start(release, ProcessModel::Single).await.unwrap();
        print(&run(&dc).await);
    });
}
