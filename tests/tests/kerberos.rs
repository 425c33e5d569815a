//! Logging on with Kerberos, to Samba's own KDC. The client is a process of its own each time: see the program `kerberos_client`.

mod kerberos {
    pub(crate) mod client;
    pub(crate) mod middle;
    pub(crate) mod package;
}

use kerberos::client::{Client, Clock, Realm};
use kerberos::middle::Middle;
use kerberos::package::Package;
use password_writeback::{Code, Outcome, Reason};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::samba::{Change, DomainController, NewUser, Policy, ProcessModel, Release, require};

/// Samba 4.17 refuses Kerberos inside TLS unless it is told not to, and then looks at no channel binding.
const LENIENT: &str = "ldap server require strong auth = allow_sasl_over_tls";

async fn start(release: Release) -> Option<DomainController> {
    let release = require(release)?;
    let settings: &[&str] = match release {
        Release::V4_17 => &[LENIENT],
        Release::V4_24 => &[],
    };
    let dc = DomainController::start_with(release, ProcessModel::Single, settings).await;
    Some(dc.unwrap())
}

/// Lets a password be replaced at once.
async fn allow_any_age(dc: &DomainController) {
    let no_minimum_age = Policy {
        min_age: Duration::ZERO,
        ..Policy::default()
    };
    dc.admin().set_policy(&no_minimum_age).await.unwrap();
}

fn assert_refused(answer: &Value, reason: Reason) -> String {
    let error = &answer["error"];
    let said = error.to_string();
    assert_eq!(error["code"], Code::BindFailed.as_str(), "{said}");
    assert_eq!(error["outcome"], Outcome::NotApplied.as_str(), "{said}");
    assert_eq!(error["reason"], reason.as_str(), "{said}");
    error["message"].as_str().unwrap_or_default().to_owned()
}

fn assert_found(answer: &Value) {
    assert_eq!(answer["ok"]["sam_account_name"], "alice", "{answer}");
}

/// The whole path with each source of tickets, over LDAPS and over StartTLS.
async fn every_source_of_tickets(release: Release) {
    let Some(dc) = start(release).await else { return };
    allow_any_age(&dc).await;
    let user = dc.admin().create_user(&NewUser::new("alice")).await.unwrap();
    let realm = Realm::of(&dc);
    dc.export_keytab(dc.service_user(), &realm.keytab()).unwrap();
    let cache = realm.kinit(&realm.keytab(), "1h");
    let sources = [
        realm.with_keytab(),
        json!({ "credential_cache": cache }),
        json!({ "credential_cache": format!("FILE:{cache}"), "principal": realm.principal() }),
        json!({ "credential_cache": true }),
    ];
    for (number, source) in sources.iter().enumerate() {
        for scheme in ["ldaps", "ldap"] {
            let url = format!("{scheme}://{}", dc.host());
            let mut client = Client::new(&realm).default_cache(&cache).start(&url, source);
            assert_found(&client.find("alice"));
            let new = format!("Zx9-correct-{scheme}-{number}");
            let receipt = client.reset("alice", &new);
            assert_eq!(receipt["ok"]["verification"], "re_read", "{receipt}");
            assert!(dc.binds(&user.dn, &new).await.unwrap().accepted());
        }
    }
    assert_eq!(realm.files_left_by_a_keytab(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_source_of_tickets_on_4_17() {
    every_source_of_tickets(Release::V4_17).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_source_of_tickets_on_4_24() {
    every_source_of_tickets(Release::V4_24).await;
}

/// The packages of other languages, built with Kerberos, log on too.
async fn a_package_logs_on(package: Package) {
    let Some(dc) = start(Release::V4_24).await else { return };
    allow_any_age(&dc).await;
    let user = dc.admin().create_user(&NewUser::new("alice")).await.unwrap();
    let realm = Realm::of(&dc);
    dc.export_keytab(dc.service_user(), &realm.keytab()).unwrap();
    let new = "Zx9-from-a-package";
    let mut command = package.command(&Client::new(&realm));
    command.arg(dc.kerberos_url()).arg(dc.ca_file()).arg(realm.keytab());
    command.arg(realm.principal()).arg("alice").env("NEW_PASSWORD", new);
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    // Two ways to log on at once are refused.
    assert_eq!(String::from_utf8_lossy(&done.stdout), "CONFIGURATION\n");
    assert!(dc.binds(&user.dn, new).await.unwrap().accepted());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_package_logs_on() {
    a_package_logs_on(Package::python()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_native_part_of_the_node_package_logs_on() {
    a_package_logs_on(Package::node()).await;
}

/// Somebody in between, whose certificate the client trusts: a logon passed on is refused by the domain controller, since it is
/// bound to the other certificate. The same bytes sent straight on are taken, so that nothing else can be the cause.
#[tokio::test(flavor = "multi_thread")]
async fn a_logon_cannot_be_passed_on() {
    let Some(dc) = start(Release::V4_24).await else { return };
    dc.admin().create_user(&NewUser::new("alice")).await.unwrap();
    let realm = Realm::of(&dc);
    dc.export_keytab(dc.service_user(), &realm.keytab()).unwrap();

    let middle = Middle::start(&dc).await;
    let mut client = Client::new(&realm)
        .resolving(middle.address())
        .trusting(middle.ca_file())
        .start(&middle.url(&dc), &realm.with_keytab());
    let said = assert_refused(&client.find("alice"), Reason::ChannelBindingMismatch);
    assert!(said.contains("certificate"), "{said}");
    assert_eq!(middle.passed_on(), 1);

    let mut client = Client::new(&realm).start(&dc.kerberos_url(), &realm.with_keytab());
    assert_found(&client.find("alice"));
}

/// Somebody in between who leaves the service account's logon alone, and ends TLS where the new password is to be tried: what the
/// logon has proven does not hold for that certificate, and nothing is said to it.
#[tokio::test(flavor = "multi_thread")]
async fn a_users_password_goes_only_where_the_logon_has_proven_it() {
    let Some(dc) = start(Release::V4_24).await else { return };
    allow_any_age(&dc).await;
    let user = dc.admin().create_user(&NewUser::new("alice")).await.unwrap();
    let realm = Realm::of(&dc);
    dc.export_keytab(dc.service_user(), &realm.keytab()).unwrap();
    for (honest, verification) in [(1, "re_read"), (2, "bind")] {
        let middle = Middle::start_after(&dc, honest).await;
        let authorities = realm.file("authorities.pem");
        let both = [middle.ca_file(), dc.ca_file().to_owned()].map(|file| std::fs::read_to_string(file).unwrap());
        std::fs::write(&authorities, both.concat()).unwrap();
        let mut settings = realm.with_keytab();
        settings["rules"] = json!({ "history": "if_supported", "verify_by_bind": true });
        let mut client = Client::new(&realm)
            .resolving(middle.address())
            .trusting(authorities)
            .start(&middle.url(&dc), &settings);
        let new = format!("Zx9-between-{honest}");
        let receipt = client.reset("alice", &new);
        assert_eq!(receipt["ok"]["verification"], verification, "{receipt}");
        assert!(dc.binds(&user.dn, &new).await.unwrap().accepted());
        assert_eq!((middle.passed_on(), middle.overheard()), (2 - honest, 0));
    }
}

/// With Samba 4.17 as it comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_demands_a_layer_inside_tls_is_named() {
    let Some(release) = require(Release::V4_17) else { return };
    let dc = DomainController::start(release, ProcessModel::Single).await.unwrap();
    let realm = Realm::of(&dc);
    dc.export_keytab(dc.service_user(), &realm.keytab()).unwrap();
    let mut client = Client::new(&realm).start(&dc.kerberos_url(), &realm.with_keytab());
    assert_refused(&client.find("alice"), Reason::SigningRequired);
}

/// One process, while the time runs on by more than the life of a ticket, twice; the second time with a new key in the same file.
#[tokio::test(flavor = "multi_thread")]
async fn tickets_and_keys_are_renewed_without_a_restart() {
    let Some(mut dc) = start(Release::V4_24).await else {
        return;
    };
    dc.admin().create_user(&NewUser::new("alice")).await.unwrap();
    let realm = Realm::of(&dc);
    dc.export_keytab(dc.service_user(), &realm.keytab()).unwrap();
    let clock = realm.clock();
    let mut client = Client::new(&realm)
        .clock_of(&clock)
        .start(&dc.kerberos_url(), &realm.with_keytab());
    assert_found(&client.find("alice"));
    assert_found(&client.find("alice"));
    assert_eq!(realm.asked_for_tickets(), 1, "tickets that last are used again");
    pass_time(&mut dc, &clock, "+11h").await;
    assert_found(&client.find("alice"));
    assert_eq!(realm.asked_for_tickets(), 2, "tickets of 10 hours have ended");

    let service = service_dn(&dc).await;
    dc.admin().set_password(&service, "Svc-Rotated-1").await.unwrap();
    pass_time(&mut dc, &clock, "+22h").await;
    assert_refused(&client.find("alice"), Reason::WrongKey);
    dc.export_keytab(dc.service_user(), &realm.keytab()).unwrap();
    assert_found(&client.find("alice"));
}

/// Lets the clocks of the domain controller and of a client run on together.
async fn pass_time(dc: &mut DomainController, clock: &Clock, by: &str) {
    dc.restart_at(Some(by)).await.unwrap();
    clock.set(by);
}

/// By the true clock, over more than one life of a ticket. A Samba KDC takes no ticket with less than two minutes left.
#[tokio::test(flavor = "multi_thread")]
async fn tickets_are_renewed_before_they_end() {
    if std::env::var("PASSWORD_WRITEBACK_TESTS").as_deref() != Ok("full") {
        return;
    }
    let Some(dc) = start(Release::V4_24).await else { return };
    dc.admin().create_user(&NewUser::new("alice")).await.unwrap();
    let realm = Realm::of(&dc).ticket_lifetime("5m");
    dc.export_keytab(dc.service_user(), &realm.keytab()).unwrap();
    let mut client = Client::new(&realm).start(&dc.kerberos_url(), &realm.with_keytab());
    for _ in 0..32 {
        assert_found(&client.find("alice"));
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    let asked = realm.asked_for_tickets();
    assert!(
        (3..=4).contains(&asked),
        "asked {asked} times in 320 s for tickets of 300 s"
    );
}

/// A disabled account is named, and logs on again once it is enabled.
#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_account_is_named() {
    let Some(dc) = start(Release::V4_24).await else { return };
    dc.admin().create_user(&NewUser::new("alice")).await.unwrap();
    let realm = Realm::of(&dc);
    dc.export_keytab(dc.service_user(), &realm.keytab()).unwrap();
    let mut client = Client::new(&realm).start(&dc.kerberos_url(), &realm.with_keytab());
    let service = service_dn(&dc).await;
    dc.admin()
        .set_user_account_control(&service, ACCOUNT_DISABLE, 0)
        .await
        .unwrap();
    assert_refused(&client.find("alice"), Reason::Revoked);
    dc.admin()
        .set_user_account_control(&service, 0, ACCOUNT_DISABLE)
        .await
        .unwrap();
    assert_found(&client.find("alice"));
}

/// ADS_UF_ACCOUNT_DISABLE (MS-ADTS 2.2.16).
const ACCOUNT_DISABLE: u32 = 2;

async fn service_dn(dc: &DomainController) -> String {
    let found = dc
        .admin()
        .search(dc.base_dn(), "(sAMAccountName=svc-writeback)", &["cn"])
        .await;
    found.unwrap().remove(0).dn
}

/// What is wrong with the keytab, the cache or the principal.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_log_on_with_says_why() {
    let Some(dc) = start(Release::V4_24).await else { return };
    let realm = Realm::of(&dc);
    dc.export_keytab(dc.service_user(), &realm.keytab()).unwrap();
    let keytab = realm.keytab().display().to_string();
    let garbage = realm.file("garbage");
    std::fs::write(&garbage, "this is neither a keytab nor a cache").unwrap();
    let principal = realm.principal();
    let stranger = format!("stranger@{}", realm.name());
    let stranger_keytab = realm.keytab_with_password("stranger.keytab", &stranger, "Some-Passw0rd!");
    let wrong_keytab = realm.keytab_with_password("wrong.keytab", &principal, "Not-The-Passw0rd!");
    let cache = realm.kinit(&realm.keytab(), "1h");
    let expired = realm.kinit(&realm.keytab(), "2s");
    tokio::time::sleep(Duration::from_secs(3)).await;

    for (source, reason) in [
        (
            json!({ "keytab": "/nowhere.keytab", "principal": principal }),
            Reason::NoCredentials,
        ),
        (
            json!({ "keytab": garbage, "principal": principal }),
            Reason::NoCredentials,
        ),
        (
            json!({ "keytab": keytab, "principal": stranger }),
            Reason::NoCredentials,
        ),
        (json!({ "credential_cache": "/nowhere.cache" }), Reason::NoCredentials),
        (json!({ "credential_cache": garbage }), Reason::NoCredentials),
        (json!({ "credential_cache": "NONSENSE:x" }), Reason::NoCredentials),
        (json!({ "credential_cache": true }), Reason::NoCredentials),
        (
            json!({ "credential_cache": cache, "principal": stranger }),
            Reason::NoCredentials,
        ),
        (json!({ "credential_cache": expired }), Reason::TicketExpired),
        (
            json!({ "keytab": stranger_keytab, "principal": stranger }),
            Reason::UnknownPrincipal,
        ),
        (
            json!({ "keytab": wrong_keytab, "principal": principal }),
            Reason::WrongKey,
        ),
    ] {
        let mut client = Client::new(&realm).start(&dc.kerberos_url(), &source);
        let said = assert_refused(&client.find("alice"), reason);
        // Whatever is named in the settings is named in the error, where it is at fault.
        if let (Some(keytab), Reason::NoCredentials) = (source["keytab"].as_str(), reason) {
            assert!(said.contains(keytab), "{source}: {said}");
        }
    }
}

/// What is wrong around it: the service's name, the clocks, the KDC.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_around_the_logon_says_so() {
    let Some(mut dc) = start(Release::V4_24).await else {
        return;
    };
    dc.admin().create_user(&NewUser::new("alice")).await.unwrap();
    let realm = Realm::of(&dc);
    dc.export_keytab(dc.service_user(), &realm.keytab()).unwrap();
    let cache = realm.kinit(&realm.keytab(), "1h");
    let in_cache = json!({ "credential_cache": cache });

    // The Kerberos library heals a wrong clock by the KDC's, with a keytab; a cache was filled by a clock that was right.
    let mut client = Client::new(&realm)
        .clock("+20m")
        .start(&dc.kerberos_url(), &realm.with_keytab());
    assert_found(&client.find("alice"));
    let mut client = Client::new(&realm).clock("+20m").start(&dc.kerberos_url(), &in_cache);
    let said = assert_refused(&client.find("alice"), Reason::ClockSkew);
    assert!(said.contains("synchronise"), "{said}");
    let strict = Realm::of(&dc).keytab_of(&realm).without_healing_clocks();
    let mut client = Client::new(&strict)
        .clock("-20m")
        .start(&dc.kerberos_url(), &strict.with_keytab());
    assert_refused(&client.find("alice"), Reason::ClockSkew);

    let mut client = Client::new(&realm).start(&dc.kerberos_url(), &realm.with_keytab());
    let names = remove_service_names(&dc).await;
    let said = assert_refused(&client.find("alice"), Reason::UnknownSpn);
    assert!(
        said.contains(&format!("ldap/{}", dc.host())) && said.contains("setspn"),
        "{said}"
    );
    let (computer, names) = names;
    let names: Vec<Change> = names
        .iter()
        .map(|name| Change::add("servicePrincipalName", name.as_str()))
        .collect();
    for name in &names {
        dc.admin().modify(&computer, std::slice::from_ref(name)).await.unwrap();
    }
    assert_found(&client.find("alice"));

    // A KDC that is gone, beside a domain controller that serves.
    let lonely = Realm::of(&dc).keytab_of(&realm).kdc("127.88.0.1");
    let mut client = Client::new(&lonely).start(&dc.kerberos_url(), &lonely.with_keytab());
    let said = assert_refused(&client.find("alice"), Reason::KdcUnreachable);
    assert!(said.contains("88"), "{said}");
    let mut client = Client::new(&lonely).start(&dc.kerberos_url(), &in_cache);
    assert_refused(&client.find("alice"), Reason::KdcUnreachable);

    dc.kill();
    let mut client = Client::new(&realm).start(&dc.kerberos_url(), &realm.with_keytab());
    let answer = client.find("alice");
    assert_eq!(answer["error"]["code"], Code::Unreachable.as_str(), "{answer}");
}

/// Takes every `ldap/` name from the domain controller's account. Gives the account, and the names.
async fn remove_service_names(dc: &DomainController) -> (String, Vec<String>) {
    let found = dc
        .admin()
        .search(dc.base_dn(), "(sAMAccountName=DC1$)", &["servicePrincipalName"])
        .await
        .unwrap()
        .remove(0);
    let all = found.all("servicePrincipalName").into_iter();
    let names = all.map(|name| String::from_utf8(name).unwrap());
    let names: Vec<String> = names.filter(|name| name.starts_with("ldap/")).collect();
    assert!(!names.is_empty());
    for name in &names {
        let change = Change::delete("servicePrincipalName", name.as_str());
        dc.admin().modify(&found.dn, &[change]).await.unwrap();
    }
    (found.dn, names)
}

/// A silent KDC takes no longer than a logon may, and it is the KDC that is named.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_kdc_is_given_up_in_time() {
    let Some(dc) = start(Release::V4_24).await else { return };
    let silent = std::net::UdpSocket::bind("127.88.0.2:88").unwrap();
    let accepts = std::net::TcpListener::bind("127.88.0.2:88").unwrap();
    let realm = Realm::of(&dc).kdc("127.88.0.2");
    dc.export_keytab(dc.service_user(), &realm.keytab()).unwrap();
    let began = std::time::Instant::now();
    let mut client = Client::new(&realm).start(&dc.kerberos_url(), &realm.with_keytab());
    let said = assert_refused(&client.find("alice"), Reason::KdcUnreachable);
    assert!(said.contains("in time"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    drop((silent, accepts));
}

/// An address instead of a name is refused before anything is sent.
#[test]
fn an_address_instead_of_a_name_is_refused() {
    use password_writeback::{ActiveDirectory, Kerberos, Settings};
    let kerberos = Kerberos::keytab("/etc/svc.keytab", "svc@CORP.EXAMPLE");
    let refused = ActiveDirectory::new(Settings::kerberos(["ldaps://127.0.0.1"], kerberos)).unwrap_err();
    assert_eq!(refused.code(), Code::Configuration);
    assert!(refused.message().contains("host name"), "{refused}");
}
