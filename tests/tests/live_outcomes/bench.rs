//! A live domain controller with accounts for many cases, and proxies in front of it.

use super::case::{Kind, said, truth, write};
use password_writeback::{ActiveDirectory, Error, Outcome, Receipt, Rules, Settings};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use testkit::proxy::{Plan, Proxy};
use testkit::samba::{DomainController, NewUser, Policy, Principal, ProcessModel, Release};
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

pub(crate) const DEADLINE: Duration = Duration::from_secs(8);
pub(crate) const GRACE: Duration = Duration::from_millis(1000);
/// What a busy machine may add to a deadline.
const SLACK: Duration = Duration::from_secs(4);

/// How to reach a domain controller; it outlives a crash of the server.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    ldaps: SocketAddr,
    user: String,
    password: String,
    ca_file: std::path::PathBuf,
    deadline: Duration,
    grace: Duration,
}

impl Target {
    pub(crate) fn of(dc: &DomainController) -> Self {
        Target {
            ldaps: (dc.address(), 636).into(),
            user: dc.service_user().to_owned(),
            password: dc.service_password().to_owned(),
            ca_file: dc.ca_file().to_owned(),
            deadline: DEADLINE,
            grace: GRACE,
        }
    }

    /// With another deadline than [`DEADLINE`].
    pub(crate) fn within(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// With another grace than [`GRACE`].
    pub(crate) fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// On the server's own address, which its certificate is for.
    pub(crate) async fn proxy(&self) -> Proxy {
        Proxy::start_on(self.ldaps.ip(), self.ldaps).await
    }

    pub(crate) fn directory(&self, proxy: &Proxy) -> ActiveDirectory {
        let mut rules = Rules::default();
        rules.grace = self.grace;
        rules.deadline = self.deadline;
        let url = format!("ldaps://{}", proxy.address());
        let settings = Settings::new([url], self.user.as_str(), self.password.as_str())
            .ca_file(&self.ca_file)
            // What is broken is counted from the beginning of a connection, and none may be left.
            .warm_connections(0)
            .rules(rules);
        ActiveDirectory::new(settings).unwrap()
    }
}

/// Starts a domain controller whose accounts may change their password at any age.
pub(crate) async fn start(release: Release, model: ProcessModel) -> DomainController {
    let dc = DomainController::start(release, model).await.unwrap();
    let no_minimum_age = Policy {
        min_age: Duration::ZERO,
        ..Policy::default()
    };
    dc.admin().set_policy(&no_minimum_age).await.unwrap();
    dc
}

/// One account for each kind, as that kind needs it.
pub(crate) async fn accounts(dc: &DomainController, prefix: &str, kinds: &[Kind]) -> Vec<Principal> {
    let users: Vec<NewUser> = (0..kinds.len())
        .map(|n| NewUser::new(&format!("{prefix}{n}")))
        .collect();
    let users = dc.admin().create_users(&users).await.unwrap();
    for (user, _) in users.iter().zip(kinds).filter(|(_, kind)| kind.locks()) {
        let now = jiff::Timestamp::now();
        dc.admin().set_lockout_time(&user.dn, Some(now)).await.unwrap();
    }
    users
}

/// An operation that is over.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) what: String,
    pub(crate) kind: Kind,
    pub(crate) user: Principal,
    pub(crate) result: Result<Receipt, Error>,
    pub(crate) took: Duration,
    pub(crate) deadline: Duration,
}

/// The sAMAccountName that [`accounts`] gave.
pub(crate) fn sam(user: &Principal) -> String {
    let rdn = user.dn.split(',').next().unwrap_or_default();
    rdn.trim_start_matches("CN=").to_owned()
}

/// Runs one operation through a proxy of its own, which must be empty again afterwards.
pub(crate) async fn run(
    target: Target,
    what: String,
    kind: Kind,
    user: Principal,
    proxy: Arc<Proxy>,
    plan: Plan,
) -> Ran {
    proxy.plan(plan);
    let directory = target.directory(&proxy);
    let began = Instant::now();
    let result = write(&directory, kind, &sam(&user)).await;
    let took = began.elapsed();
    assert!(
        proxy.all_closed_within(Duration::from_secs(6)).await,
        "{what}: a connection leaked"
    );
    Ran {
        what,
        kind,
        user,
        result,
        took,
        deadline: target.deadline,
    }
}

/// What is said must be true, within the deadline; unknown only where that is allowed.
pub(crate) async fn check(dc: &DomainController, ran: &Ran, may_be_unknown: bool) -> Outcome {
    let Ran { what, kind, user, .. } = ran;
    assert!(ran.took < ran.deadline + SLACK, "{kind:?}, {what}: took {:?}", ran.took);
    let truth = truth(dc, *kind, user).await;
    let said = said(&ran.result);
    match said {
        Outcome::Unknown => assert!(
            may_be_unknown,
            "{kind:?}, {what}: undecided after {:?}, in truth {truth}: {:?}",
            ran.took, ran.result
        ),
        _ => assert_eq!(said, truth, "{kind:?}, {what}: {:?}", ran.result),
    }
    said
}

/// How many tasks there are but the test's own.
pub(crate) fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// No task of an operation outlives it.
pub(crate) async fn assert_no_task_leaked(before: usize) {
    let back = async {
        while tasks() > before {
            sleep(Duration::from_millis(20)).await;
        }
    };
    let leaked = timeout(Duration::from_secs(8), back).await.is_err();
    assert!(!leaked, "{} tasks, {before} before", tasks());
}

/// All results of a set; a panic inside is the test's.
pub(crate) async fn join<T: 'static>(mut set: JoinSet<T>) -> Vec<T> {
    let mut all = Vec::new();
    while let Some(joined) = set.join_next().await {
        match joined {
            Ok(value) => all.push(value),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
    all
}
