//! How often an operation waits for the network, counted on the wire before a live domain controller. Nothing is timed.

use password_writeback::{
    ActiveDirectory, History, Identity, PasswordWriteback, ResetPassword, Rules, Settings, Verification,
};
use std::net::SocketAddr;
use std::time::Duration;
use testkit::proxy::{Plan, Proxy, Side};
use testkit::samba::{DomainController, NewUser, ProcessModel, Release, require};

/// Every chunk of the client is held back for so long: what it sends at once is together before the server answers.
const DELAY: Duration = Duration::from_millis(100);

/// What the network saw of one operation.
#[derive(Debug, PartialEq, Eq)]
struct Trips {
    /// TCP handshakes: a round trip each.
    connects: usize,
    /// Round trips after those.
    others: usize,
}

impl Trips {
    /// Over a connection that was kept.
    fn warm(others: usize) -> Self {
        Trips { connects: 0, others }
    }

    fn cold(others: usize) -> Self {
        Trips { connects: 1, others }
    }
}

struct Bench {
    proxy: Proxy,
    directory: ActiveDirectory,
    verification: Verification,
    resets: usize,
}

impl Bench {
    async fn new(dc: &DomainController, scheme: &str, confirm: bool) -> Self {
        let port = if scheme == "ldaps" { 636 } else { 389 };
        let upstream = SocketAddr::from((dc.address(), port));
        let proxy = Proxy::start_on(upstream.ip(), upstream).await;
        let mut rules = Rules::default();
        (rules.confirm, rules.history) = (confirm, History::IfSupported);
        let url = format!("{scheme}://{}", proxy.address());
        let settings = Settings::new([url], dc.service_user(), dc.service_password())
            .ca_file(dc.ca_file())
            .connect_timeout(Duration::from_secs(10))
            .rules(rules);
        Bench {
            proxy,
            directory: ActiveDirectory::new(settings).unwrap(),
            verification: if confirm {
                Verification::ReRead
            } else {
                Verification::None
            },
            resets: 0,
        }
    }

    /// A guarded reset, and what it must cost.
    async fn reset(&mut self, what: &str, identity: Identity, expected: Trips) {
        self.resets += 1;
        let new = format!("Zx9-correct-horse-{}-{}", self.resets, self.proxy.address().port());
        let accepted = self.proxy.accepted();
        self.proxy.plan(Plan::new().delay_every(Side::Client, DELAY));
        // The minimum age is not what is measured.
        let reset = ResetPassword::new(identity, new.as_str()).history(History::Off);
        let receipt = self.directory.reset_password(reset).await.unwrap();
        let traffic = self.proxy.traffic();
        assert_eq!(receipt.verification, self.verification, "{what}");
        let trips = Trips {
            connects: self.proxy.accepted() - accepted,
            others: traffic.round_trips(1),
        };
        println!("{what}: {trips:?}");
        assert!(traffic.connections() <= 1, "{what}: {traffic:#?}");
        assert_eq!(trips, expected, "{what}: {traffic:#?}");
    }
}

async fn round_trips(release: Release) {
    let Some(release) = require(release) else { return };
    let dc = DomainController::start(release, ProcessModel::Single).await.unwrap();
    let alice = dc.admin().create_user(&NewUser::new("alice")).await.unwrap();
    let bob = dc.admin().create_user(&NewUser::new("bob")).await.unwrap();
    let upn = |name: &str| Identity::upn(format!("{name}@{}", dc.dns_domain()));

    let mut ldaps = Bench::new(&dc, "ldaps", true).await;
    // TLS, logon, rootDSE; find, read, write, read back.
    ldaps.reset("cold", upn("alice"), Trips::cold(7)).await;
    ldaps.reset("warm", upn("bob"), Trips::warm(4)).await;
    ldaps.reset("warm, known name", upn("bob"), Trips::warm(3)).await;
    ldaps
        .reset("sAMAccountName", Identity::sam("bob"), Trips::warm(4))
        .await;
    ldaps.reset("DN", Identity::dn(&alice.dn), Trips::warm(3)).await;
    ldaps.reset("GUID", Identity::guid(alice.guid), Trips::warm(3)).await;
    ldaps.reset("SID", Identity::sid(&bob.sid), Trips::warm(3)).await;

    let mut unconfirmed = Bench::new(&dc, "ldaps", false).await;
    unconfirmed
        .reset("cold, not confirmed", upn("alice"), Trips::cold(6))
        .await;
    unconfirmed
        .reset("warm, not confirmed", upn("bob"), Trips::warm(3))
        .await;
    unconfirmed
        .reset("known name, not confirmed", upn("bob"), Trips::warm(2))
        .await;

    let mut start_tls = Bench::new(&dc, "ldap", true).await;
    start_tls.reset("cold, StartTLS", upn("alice"), Trips::cold(8)).await;
    start_tls.reset("warm, StartTLS", upn("bob"), Trips::warm(4)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn round_trips_on_4_17() {
    round_trips(Release::V4_17).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn round_trips_on_4_24() {
    round_trips(Release::V4_24).await;
}
