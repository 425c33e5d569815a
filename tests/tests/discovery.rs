//! Finding the right domain controller by DNS, and staying in business when one dies: on a live domain of two that replicate and
//! a read-only one.

#[path = "discovery/stream.rs"]
mod stream;

use password_writeback::{
    ActiveDirectory, CheckStatus, Code, Diagnose, Error, FindAccount, Outcome, PasswordWriteback, Receipt,
    ResetPassword, Settings, UnlockAccount, Verification,
};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use stream::{Stream, progress};
use testkit::dns::FakeDns;
use testkit::samba::{Domain, USER_PASSWORD, require_domain};

/// A password that no account has had.
fn fresh() -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    format!("Zx9-correct-horse-{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// The domain, with its own DNS; and with patience, so that a busy machine does not look like a dead one.
fn settings(domain: &Domain) -> Settings {
    Settings::for_domain(domain.name(), domain.service_user(), domain.service_password())
        .dns_servers(domain.dns_servers())
        .ca_file(domain.ca_file())
        .connect_timeout(Duration::from_secs(20))
}

/// The domain, with a DNS server that says what the test wants.
fn with_dns(domain: &Domain, dns: &FakeDns) -> ActiveDirectory {
    ActiveDirectory::new(settings(domain).dns_servers([dns.server()])).unwrap()
}

/// One that knows where the three are, and of no service yet.
async fn dns_with_hosts(domain: &Domain) -> FakeDns {
    let dns = FakeDns::start().await;
    for member in [&domain.dc1, &domain.dc2, &domain.rodc3] {
        dns.host(member.host(), member.address());
    }
    dns
}

async fn reset(directory: &ActiveDirectory, user: &str) -> Result<Receipt, Error> {
    directory.reset_password(ResetPassword::new(user, fresh())).await
}

/// Who did it: in lower case, as DNS has no case.
fn by(receipt: Result<Receipt, Error>) -> String {
    receipt.unwrap().domain_controller.to_lowercase()
}

/// Everything by the domain's own records: the PDC emulator does the work, the read-only one is not even logged on to.
#[tokio::test(flavor = "multi_thread")]
async fn the_pdc_emulator_is_found_and_preferred() {
    if !require_domain() {
        return;
    }
    let domain = Domain::start().await.unwrap();
    for settings in [settings(&domain), settings(&domain).start_tls(true)] {
        let directory = ActiveDirectory::new(settings).unwrap();
        for user in ["user01", "user02", "user03"] {
            let new = fresh();
            let reset = ResetPassword::new(user, new.as_str());
            let receipt = directory.reset_password(reset).await.unwrap();
            assert_eq!(receipt.domain_controller.to_lowercase(), domain.dc1.host());
            assert_eq!(receipt.verification, Verification::ReRead);
            let truth = domain.dc1.binds(&domain.dn_of(user), &new).await.unwrap();
            assert!(truth.accepted(), "{truth:?}");
        }
        directory.unlock_account(UnlockAccount::new("user01")).await.unwrap();

        let before = domain.rodc3.logons_seen();
        let diagnosis = directory.diagnose(Diagnose::deployment()).await.unwrap();
        let detail = |name: &str| {
            let checks = diagnosis.checks.iter().filter(move |check| check.name == name);
            checks
                .map(|check| (check.status, check.detail.as_str()))
                .collect::<Vec<_>>()
        };
        assert!(diagnosis.is_healthy(), "{diagnosis:#?}");
        let [(CheckStatus::Ok, named)] = detail("discovery")[..] else {
            panic!("{diagnosis:#?}")
        };
        assert!(named.contains("dc1.corp") && named.contains("rodc3.corp"), "{named}");
        let [(_, first), (_, second)] = detail("bind")[..] else {
            panic!("{diagnosis:#?}")
        };
        assert!(
            first.contains("dc1.corp") && second.contains("dc2.corp"),
            "{first}, {second}"
        );
        let left_alone = |(status, detail): &(CheckStatus, &str)| {
            *status == CheckStatus::Ok && detail.contains("rodc3.corp") && detail.contains("read-only")
        };
        assert_eq!(
            detail("writable").iter().filter(|check| left_alone(check)).count(),
            1,
            "{diagnosis:#?}"
        );
        assert_eq!(domain.rodc3.logons_seen(), before);
    }
    // That a logon there would have been seen.
    let known = domain
        .rodc3
        .binds(domain.service_user(), domain.service_password())
        .await
        .unwrap();
    assert!(
        known.accepted(),
        "the read-only domain controller knows the service account: {known:?}"
    );
    assert!(domain.rodc3.logons_seen() > 0);
}

/// What DNS may say, and what comes of it.
#[tokio::test(flavor = "multi_thread")]
async fn dns_decides_the_order_and_nothing_else() {
    if !require_domain() {
        return;
    }
    let mut domain = Domain::start().await.unwrap();
    only_a_read_only_one(&domain).await;
    those_of_the_site_first(&domain).await;
    names_that_lead_elsewhere(&domain).await;
    another_domain(&domain).await;
    dns_that_dies(&domain).await;
    the_read_only_one_is_left(&mut domain).await;
}

/// The only one left is read-only: nothing is written, and the service account's password does not go there.
async fn only_a_read_only_one(domain: &Domain) {
    let dns = dns_with_hosts(domain).await;
    dns.service("dc._msdcs.corp.example.test", 0, 389, domain.rodc3.host());
    let logons = domain.rodc3.logons_seen();
    let error = reset(&with_dns(domain, &dns), "user04").await.unwrap_err();
    assert_eq!(
        (error.code(), error.outcome()),
        (Code::ReadOnlyDirectory, Outcome::NotApplied)
    );
    assert_eq!(error.domain_controller(), Some(domain.rodc3.host()));
    assert_eq!(domain.rodc3.logons_seen(), logons);

    // One that is listed is logged on to, and refused all the same.
    let url = format!("ldaps://{}", domain.rodc3.address());
    let listed = Settings::new([url], domain.service_user(), domain.service_password()).ca_file(domain.ca_file());
    let error = reset(&ActiveDirectory::new(listed).unwrap(), "user04")
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::ReadOnlyDirectory);
    let truth = domain.dc1.binds(&domain.dn_of("user04"), USER_PASSWORD).await.unwrap();
    assert!(truth.accepted());
}

/// Without a PDC emulator the site decides, which the first domain controller tells.
async fn those_of_the_site_first(domain: &Domain) {
    let dns = dns_with_hosts(domain).await;
    dns.service("dc._msdcs.corp.example.test", 0, 389, domain.dc1.host());
    dns.service("dc._msdcs.corp.example.test", 10, 389, domain.dc2.host());
    dns.service("branch._sites.dc._msdcs.corp.example.test", 0, 389, domain.rodc3.host());
    dns.service("branch._sites.dc._msdcs.corp.example.test", 10, 389, domain.dc2.host());
    let directory = with_dns(domain, &dns);
    let logons = domain.rodc3.logons_seen();
    assert_eq!(by(reset(&directory, "user05").await), domain.dc1.host());
    for _ in 0..3 {
        assert_eq!(by(reset(&directory, "user06").await), domain.dc2.host());
    }
    assert_eq!(domain.rodc3.logons_seen(), logons);

    // A site in the settings needs no telling, and is not replaced by what is told.
    let named = settings(domain).dns_servers([dns.server()]).site(Domain::BRANCH);
    let receipt = reset(&ActiveDirectory::new(named).unwrap(), "user07").await.unwrap();
    assert_eq!(receipt.domain_controller.to_lowercase(), domain.dc2.host());
    let elsewhere = settings(domain).dns_servers([dns.server()]).site("Elsewhere");
    let directory = ActiveDirectory::new(elsewhere).unwrap();
    for _ in 0..2 {
        assert_eq!(by(reset(&directory, "user08").await), domain.dc1.host());
    }
    assert!(
        dns.asked()
            .contains(&"_ldap._tcp.elsewhere._sites.dc._msdcs.corp.example.test".to_owned())
    );
}

/// Records that lead outside the domain, to a global catalogue, or to somebody with another name's certificate.
async fn names_that_lead_elsewhere(domain: &Domain) {
    let dns = dns_with_hosts(domain).await;
    dns.host("dc1.evil.test", domain.dc1.address());
    dns.service("pdc._msdcs.corp.example.test", 0, 389, "dc1.evil.test");
    dns.service("dc._msdcs.corp.example.test", 0, 3268, domain.dc1.host());
    let error = reset(&with_dns(domain, &dns), "user09").await.unwrap_err();
    assert_eq!(error.code(), Code::Unreachable, "{error}");
    assert!(!dns.asked().contains(&"dc1.evil.test".to_owned()));

    // A name of the domain, and behind it a machine of another name: its certificate says so, and the next one is taken.
    dns.host("dc9.corp.example.test", domain.dc1.address());
    dns.service("pdc._msdcs.corp.example.test", 0, 389, "dc9.corp.example.test");
    let error = reset(&with_dns(domain, &dns), "user09").await.unwrap_err();
    assert_eq!(error.code(), Code::Tls, "{error}");
    dns.service("dc._msdcs.corp.example.test", 0, 389, domain.dc2.host());
    let receipt = reset(&with_dns(domain, &dns), "user09").await.unwrap();
    assert_eq!(receipt.domain_controller.to_lowercase(), domain.dc2.host());
}

/// A domain controller with a good certificate and a fitting name, but of another domain than the one that was asked for.
async fn another_domain(domain: &Domain) {
    let dns = dns_with_hosts(domain).await;
    dns.service("dc._msdcs.example.test", 0, 389, domain.dc1.host());
    let settings = Settings::for_domain("example.test", domain.service_user(), domain.service_password())
        .dns_servers([dns.server()])
        .ca_file(domain.ca_file());
    let logons = domain.dc1.logons_seen();
    let error = reset(&ActiveDirectory::new(settings).unwrap(), "user10")
        .await
        .unwrap_err();
    assert_eq!(
        (error.code(), error.outcome()),
        (Code::Unsupported, Outcome::NotApplied),
        "{error}"
    );
    assert!(error.message().contains("corp.example.test"), "{error}");
    assert_eq!(domain.dc1.logons_seen(), logons);
}

/// DNS says nothing: at first an error in time, later nothing that anybody notices, also when a domain controller dies then.
async fn dns_that_dies(domain: &Domain) {
    let dns = dns_with_hosts(domain).await;
    dns.silence();
    let began = Instant::now();
    let lookup = FindAccount::new("user11").deadline(Duration::from_secs(4));
    let error = with_dns(domain, &dns).find_account(lookup).await.unwrap_err();
    assert!(matches!(error.code(), Code::Unreachable | Code::Timeout), "{error}");
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());

    let dns = dns_with_hosts(domain).await;
    // Nobody listens there: loopback refuses at once.
    dns.host("dc8.corp.example.test", "127.88.2.8".parse().unwrap());
    dns.service("pdc._msdcs.corp.example.test", 0, 389, domain.dc1.host());
    dns.service("dc._msdcs.corp.example.test", 0, 389, "dc8.corp.example.test");
    dns.service("dc._msdcs.corp.example.test", 9, 389, domain.dc2.host());
    let directory = with_dns(domain, &dns);
    assert_eq!(by(reset(&directory, "user12").await), domain.dc1.host());
    dns.silence();
    for _ in 0..2 {
        assert_eq!(by(reset(&directory, "user12").await), domain.dc1.host());
    }
    domain.dc1.freeze().unwrap();
    let receipt = reset(&directory, "user12").await;
    domain.dc1.thaw().unwrap();
    assert_eq!(by(receipt), domain.dc2.host());
}

/// The two that can be written to die: the third one does not take over.
async fn the_read_only_one_is_left(domain: &mut Domain) {
    let dns = dns_with_hosts(domain).await;
    for member in [&domain.dc1, &domain.dc2, &domain.rodc3] {
        dns.service("dc._msdcs.corp.example.test", 0, 389, member.host());
    }
    let directory = with_dns(domain, &dns);
    reset(&directory, "user13").await.unwrap();
    let logons = domain.rodc3.logons_seen();
    domain.dc1.kill();
    domain.dc2.kill();
    for _ in 0..2 {
        let error = reset(&directory, "user13").await.unwrap_err();
        assert_eq!(
            (error.code(), error.outcome()),
            (Code::ReadOnlyDirectory, Outcome::NotApplied)
        );
    }
    assert_eq!(domain.rodc3.logons_seen(), logons);
}

/// Each of the three is killed, frozen and started again while a stream of resets goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_survives_every_death() {
    if !require_domain() {
        return;
    }
    let mut domain = Domain::start().await.unwrap();
    let (dc1, dc2) = (domain.dc1.host(), domain.dc2.host());
    let mut stream = Stream::start(settings(&domain), domain.users());

    // The preferred one dies; the other takes over; it comes back, and is preferred again.
    progress!(stream, domain, dc1, 4);
    domain.dc1.kill();
    progress!(stream, domain, dc2, 6);
    domain.dc1.restart().await.unwrap();
    progress!(stream, domain, dc1, 4);

    // The same where it hangs instead, with its connections open.
    domain.dc1.freeze().unwrap();
    progress!(stream, domain, dc2, 6);
    domain.dc1.thaw().unwrap();
    progress!(stream, domain, dc1, 4);

    // The others are not missed.
    let before = stream.failures();
    domain.dc2.kill();
    domain.rodc3.freeze().unwrap();
    progress!(stream, domain, dc1, 4);
    domain.dc2.restart().await.unwrap();
    domain.rodc3.thaw().unwrap();
    domain.dc2.freeze().unwrap();
    domain.rodc3.kill();
    progress!(stream, domain, dc1, 4);
    domain.dc2.thaw().unwrap();
    assert_eq!(
        stream.failures(),
        before,
        "an operation needed a domain controller that was not preferred"
    );

    let seen = stream.end(&domain).await;
    assert!(seen.resets >= 32, "{seen:?}");
    println!("{seen:?}");
}
