//! Whom the library trusts, which domain controller it turns to, and how it logs on: over a channel that is encrypted and
//! verified, or not at all.

use password_writeback::{
    ActiveDirectory, BindPassword, Code, Credentials, Diagnose, Error, FindAccount, History, Outcome, Password,
    PasswordWriteback, Reason, ResetPassword, Rules, Settings,
};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use testkit::fake::{FakeDc, Reaction, SERVICE_USER, Script, Seen, User, When};
use testkit::pki::{Flaw, Pki, TlsVersions};
use tokio::net::TcpListener;
use tokio::time::timeout;

const OLD: &str = "Old-Pa55word";
const NEW: &str = "New-Pa55word-1";
const CONNECT: Duration = Duration::from_secs(3);

/// What a small machine with much else to do may take longer.
const SLACK: Duration = Duration::from_secs(3);

fn windows() -> Script {
    Script::windows().user(User::new("alice").password(OLD))
}

/// Both ways to reach a domain controller.
fn urls(dc: &FakeDc) -> [String; 2] {
    [dc.ldaps_url(), dc.ldap_url()]
}

fn service() -> String {
    format!("{SERVICE_USER}@{}", testkit::fake::DOMAIN)
}

fn settings<S: Into<String>>(servers: impl IntoIterator<Item = S>, ca_file: &Path) -> Settings {
    Settings::new(servers, service(), testkit::fake::SERVICE_PASSWORD)
        .ca_file(ca_file)
        .connect_timeout(CONNECT)
        // Each operation is to connect.
        .warm_connections(0)
}

fn directory<S: Into<String>>(servers: impl IntoIterator<Item = S>, ca_file: &Path) -> ActiveDirectory {
    ActiveDirectory::new(settings(servers, ca_file)).unwrap()
}

async fn reset(directory: &ActiveDirectory) -> Result<(), Error> {
    // Some tests write the same password twice.
    let reset = ResetPassword::new("alice", NEW).history(History::Off);
    directory.reset_password(reset).await.map(|_| ())
}

/// Nothing was written, and nobody logged on.
fn assert_untouched(dc: &FakeDc) {
    let counts = dc.counts();
    assert_eq!(
        (counts.binds, counts.searches, counts.modifies),
        (0, 0, 0),
        "{:?}",
        dc.log()
    );
    assert_eq!(dc.password_of("alice").as_deref(), Some(OLD));
}

/// Everything but StartTLS itself went over TLS.
fn assert_sealed(dc: &FakeDc) {
    for event in dc.log().events() {
        let secret = matches!(event.what, Seen::Bind { .. } | Seen::Search(_) | Seen::Modify(_));
        assert!(event.encrypted || !secret, "in the clear: {event:?}");
    }
}

/// One file with the authorities of several domain controllers.
fn joint_ca(of: &[&FakeDc], extra: &[PathBuf]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let all = of.iter().map(|dc| dc.ca_file()).chain(extra.iter().cloned());
    let text: String = all.map(|path| std::fs::read_to_string(path).unwrap() + "\n").collect();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flawed_certificate_is_refused_before_anything_is_sent() {
    for flaw in Flaw::ALL {
        let dc = FakeDc::start(windows().bad_certificate(flaw)).await;
        for url in urls(&dc) {
            let error = reset(&directory([&url], &dc.ca_file())).await.unwrap_err();
            let reason = match flaw {
                Flaw::Expired => Reason::CertificateExpired,
                Flaw::NotYetValid => Reason::CertificateNotYetValid,
                Flaw::WrongName => Reason::WrongName,
                Flaw::UnknownAuthority | Flaw::SelfSigned => Reason::UnknownIssuer,
            };
            assert_eq!(
                (error.code(), error.reason(), error.outcome()),
                (Code::Tls, Some(reason), Outcome::NotApplied),
                "{flaw:?} at {url}: {error}"
            );
        }
        assert_untouched(&dc);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_given_authorities_are_trusted() {
    let dc = FakeDc::start(windows()).await;
    for url in urls(&dc) {
        let error = reset(&directory([&url], &dc.pki().stranger_ca_file()))
            .await
            .unwrap_err();
        assert_eq!((error.code(), error.reason()), (Code::Tls, Some(Reason::UnknownIssuer)));
        // The operating system does not know the test's authority either.
        let mut system = settings([&url], Path::new(""));
        system.ca_file = None;
        let error = reset(&ActiveDirectory::new(system).unwrap()).await.unwrap_err();
        assert_eq!(error.code(), Code::Tls, "{error}");
    }
    assert_untouched(&dc);
    let several = joint_ca(&[&dc], &[dc.pki().stranger_ca_file(), Pki::new().ca_file()]);
    reset(&directory([dc.ldaps_url()], several.path())).await.unwrap();
    assert_sealed(&dc);
}

#[test]
fn a_ca_file_that_cannot_work_is_named_at_once() {
    let pki = Pki::new();
    let good = std::fs::read_to_string(pki.ca_file()).unwrap();
    let broken = good.replacen("MII", "???", 1);
    let key = std::fs::read_to_string(pki.server(&["x"]).key_file()).unwrap();
    let not_a_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let texts: [&[u8]; 7] = [
        b"",
        b"garbage",
        b"\xff\xfe\x00\x01",
        broken.as_bytes(),
        key.as_bytes(),
        not_a_certificate.as_bytes(),
        &good.as_bytes()[..good.len() / 2],
    ];
    for text in texts {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let error = ActiveDirectory::new(settings(["ldaps://dc1"], file.path())).unwrap_err();
        assert_eq!(error.code(), Code::Configuration);
        assert!(error.message().contains("ca_file"), "{error}");
    }
    for path in ["/nonexistent/ca.pem", "/", ""] {
        let error = ActiveDirectory::new(settings(["ldaps://dc1"], Path::new(path))).unwrap_err();
        assert_eq!(error.code(), Code::Configuration, "{path:?}");
        assert!(error.message().contains("ca_file"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_1_2_and_1_3_work_alone() {
    for versions in [TlsVersions::Only12, TlsVersions::Only13] {
        let dc = FakeDc::start(windows().tls(versions)).await;
        for url in urls(&dc) {
            reset(&directory([url], &dc.ca_file())).await.unwrap();
        }
        assert_sealed(&dc);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_must_be_for_the_name_that_was_given() {
    let by_name = FakeDc::start(windows().certificate_names(&["localhost"])).await;
    let by_address = FakeDc::start(windows().certificate_names(&["127.0.0.1"])).await;
    for (dc, host, works) in [
        (&by_name, "localhost", true),
        (&by_name, "127.0.0.1", false),
        (&by_address, "localhost", false),
        (&by_address, "127.0.0.1", true),
    ] {
        let urls = [
            format!("ldaps://{host}:{}", dc.ldaps_address().port()),
            format!("ldap://{host}:{}", dc.ldap_address().port()),
        ];
        for url in urls {
            let result = reset(&directory([&url], &dc.ca_file())).await;
            match works {
                true => assert!(result.is_ok(), "{url}: {result:?}"),
                false => {
                    let error = result.unwrap_err();
                    assert_eq!(
                        (error.code(), error.reason()),
                        (Code::Tls, Some(Reason::WrongName)),
                        "{url}"
                    );
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_ldap_behind_an_ldaps_address_is_no_tls() {
    let dc = FakeDc::start(windows().plain_binds()).await;
    let error = reset(&directory([format!("ldaps://{}", dc.ldap_address())], &dc.ca_file()))
        .await
        .unwrap_err();
    assert!(matches!(error.code(), Code::Tls | Code::Unreachable), "{error}");
    // And TLS behind an LDAP one answers no StartTLS.
    let error = reset(&directory([format!("ldap://{}", dc.ldaps_address())], &dc.ca_file()))
        .await
        .unwrap_err();
    assert!(
        matches!(error.code(), Code::MalformedReply | Code::Unreachable),
        "{error}"
    );
    assert_untouched(&dc);
}

#[tokio::test(flavor = "multi_thread")]
async fn start_tls_that_does_not_come_about_sends_nothing() {
    let not_ldap = Reaction::raw(testkit::fake::Raw::Http);
    let injected = |bytes: &[u8]| Reaction::usual_followed_by(bytes);
    let bind_success = b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00";
    for (how, reaction, codes) in [
        (
            "refused",
            Reaction::result(52, "no certificate"),
            &[Code::InsecureChannel][..],
        ),
        ("garbage", not_ldap, &[Code::MalformedReply]),
        ("never", Reaction::hang(), &[Code::Unreachable]),
        ("closed", Reaction::close(), &[Code::Unreachable]),
        (
            "a success for another",
            Reaction::raw(testkit::fake::Raw::WrongMessageId),
            &[Code::MalformedReply],
        ),
        ("injected", injected(bind_success), &[Code::Tls, Code::Unreachable]),
        (
            "garbage injected",
            injected(&[0x16; 4000]),
            &[Code::Tls, Code::Unreachable],
        ),
    ] {
        // Even a server that would take a bind in the clear is sent none.
        let dc = FakeDc::start(windows().plain_binds().on(When::start_tls(), reaction)).await;
        let began = Instant::now();
        let error = reset(&directory([dc.ldap_url()], &dc.ca_file())).await.unwrap_err();
        assert!(codes.contains(&error.code()), "{how}: {error}");
        assert!(began.elapsed() < CONNECT + SLACK, "{how}: {:?}", began.elapsed());
        assert_untouched(&dc);
        if how == "refused" {
            assert_eq!(
                (error.reason(), error.result_code()),
                (Some(Reason::StartTlsRefused), Some(52))
            );
        }
    }
}

/// Accepts connections and says nothing; counts them.
async fn silent_server() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let accepted = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&accepted);
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            kept.push(stream);
        }
    });
    (address, accepted)
}

/// Nobody listens there. A free port that was given back could be somebody else's by now.
fn dead_address() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 1))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_server_steps_in_and_is_kept() {
    let flawed = |flaw| FakeDc::start(windows().bad_certificate(flaw));
    let first = [
        (
            "read-only",
            FakeDc::start(windows().read_only("dc2.corp.example.test")).await,
        ),
        ("expired certificate", flawed(Flaw::Expired).await),
        ("wrong name", flawed(Flaw::WrongName).await),
        (
            "hangs at the logon",
            FakeDc::start(windows().on(When::bind(), Reaction::hang())).await,
        ),
        (
            "closes at the logon",
            FakeDc::start(windows().on(When::bind(), Reaction::close())).await,
        ),
        (
            "busy",
            FakeDc::start(windows().on(When::bind(), Reaction::result(51, "busy"))).await,
        ),
        (
            "hangs before TLS",
            FakeDc::start(windows().on(When::connect(), Reaction::hang())).await,
        ),
    ];
    for (how, bad) in &first {
        let good = FakeDc::start(windows()).await;
        let ca = joint_ca(&[bad, &good], &[]);
        let directory = directory([bad.ldaps_url(), good.ldaps_url()], ca.path());
        let receipt = directory.reset_password(ResetPassword::new("alice", NEW)).await;
        assert!(receipt.is_ok(), "{how}: {receipt:?}");
        assert_eq!(good.password_of("alice").as_deref(), Some(NEW));
        assert_eq!((bad.counts().modifies, bad.counts().connections), (0, 1), "{how}");
        directory.find_account(FindAccount::new("alice")).await.unwrap();
        assert_eq!(
            (bad.counts().connections, good.counts().connections),
            (1, 2),
            "{how}: no affinity"
        );
        assert_sealed(bad);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_or_silent_server_costs_one_connect_timeout_once() {
    let (silent, accepted) = silent_server().await;
    for bad in [dead_address(), silent] {
        for scheme in ["ldaps", "ldap"] {
            let good = FakeDc::start(windows()).await;
            let directory = directory([format!("{scheme}://{bad}"), good.ldaps_url()], &good.ca_file());
            let began = Instant::now();
            reset(&directory).await.unwrap();
            assert!(began.elapsed() < CONNECT + SLACK, "{:?}", began.elapsed());
            directory.find_account(FindAccount::new("alice")).await.unwrap();
        }
    }
    assert_eq!(
        accepted.load(Ordering::SeqCst),
        2,
        "the one that answered is asked first"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_kept_server_goes_the_first_is_asked_again() {
    let (a, b) = (FakeDc::start(windows()).await, FakeDc::start(windows()).await);
    let ca = joint_ca(&[&a, &b], &[]);
    let directory = directory([a.ldaps_url(), b.ldaps_url()], ca.path());
    a.on(When::bind().first(), Reaction::close());
    directory.find_account(FindAccount::new("alice")).await.unwrap();
    assert_eq!((a.counts().connections, b.counts().connections), (1, 1));
    drop(b);
    directory.find_account(FindAccount::new("alice")).await.unwrap();
    directory.find_account(FindAccount::new("alice")).await.unwrap();
    assert_eq!(a.counts().connections, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_logon_is_not_tried_on_another_server() {
    let (a, b) = (FakeDc::start(windows()).await, FakeDc::start(windows()).await);
    let ca = joint_ca(&[&a, &b], &[]);
    let mut wrong = settings([a.ldaps_url(), b.ldaps_url()], ca.path());
    wrong.credentials = Credentials::password(service(), "Wrong-Pa55word");
    let directory = ActiveDirectory::new(wrong).unwrap();
    let error = reset(&directory).await.unwrap_err();
    assert_eq!(
        (error.code(), error.reason()),
        (Code::BindFailed, Some(Reason::WrongCredentials))
    );
    assert_eq!(
        a.counts().binds + b.counts().binds,
        1,
        "each try counts towards a lockout"
    );
    let diagnosis = directory.diagnose(Diagnose::deployment()).await.unwrap();
    assert!(!diagnosis.is_healthy());
    assert_eq!(
        a.counts().binds + b.counts().binds,
        2,
        "an examination tries it once too: {diagnosis:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logon_refused_while_the_outcome_is_sought_is_not_repeated() {
    // As where the service account's password changes between the write and the look at its evidence.
    let refused = "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 52e, v4f7c\0";
    let script = windows()
        .on(When::modify().first(), Reaction::close_after_apply())
        .on(When::bind().nth(2), Reaction::result(49, refused));
    let dc = FakeDc::start(script).await;
    let mut rules = Rules::default();
    (rules.deadline, rules.grace) = (Duration::from_secs(10), Duration::from_millis(300));
    let directory = ActiveDirectory::new(settings([dc.ldaps_url()], &dc.ca_file()).rules(rules)).unwrap();
    let error = reset(&directory).await.unwrap_err();
    assert_eq!(
        (error.code(), error.outcome()),
        (Code::OutcomeUnknown, Outcome::Unknown),
        "{error}"
    );
    assert_eq!(dc.counts().binds, 2, "each wrong one counts towards a lockout");
}

#[test]
fn global_catalogue_ports_are_refused() {
    for url in [
        "ldaps://dc1:3269",
        "ldap://dc1:3268",
        "ldaps://dc1:3268",
        "ldap://[::1]:3269/",
    ] {
        let pki = Pki::new();
        let error = ActiveDirectory::new(settings([url], &pki.ca_file())).unwrap_err();
        assert_eq!(error.code(), Code::Configuration);
        assert!(error.message().contains("global catalogue"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_shorter_than_the_connect_timeout_holds() {
    let (silent, _) = silent_server().await;
    let pki = Pki::new();
    let slow = FakeDc::start(windows().on(When::bind(), Reaction::hang())).await;
    let deadline = Duration::from_millis(500);
    for (url, ca) in [
        (format!("ldaps://{silent}"), pki.ca_file()),
        (format!("ldap://{silent}"), pki.ca_file()),
        (slow.ldaps_url(), slow.ca_file()),
    ] {
        let patient = settings([url], &ca).connect_timeout(Duration::from_secs(60));
        let directory = ActiveDirectory::new(patient).unwrap();
        let began = Instant::now();
        let write = ResetPassword::new("alice", NEW).deadline(deadline);
        let read = FindAccount::new("alice").deadline(deadline);
        let errors = [
            directory.reset_password(write).await.unwrap_err(),
            directory.find_account(read).await.unwrap_err(),
        ];
        assert!(began.elapsed() < deadline * 2 + SLACK, "{:?}", began.elapsed());
        for error in errors {
            assert!(matches!(error.code(), Code::Timeout | Code::Unreachable), "{error}");
            assert_eq!(error.outcome(), Outcome::NotApplied);
        }
        let examine = Diagnose::deployment().deadline(deadline);
        let began = Instant::now();
        assert!(!directory.diagnose(examine).await.unwrap().is_healthy());
        assert!(began.elapsed() < deadline + SLACK, "{:?}", began.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_examination_ends_in_time_wherever_it_is_stuck() {
    for stuck in [
        When::bind(),
        When::root_dse(),
        When::search_for("nTDSDSA"),
        When::search_for("alice"),
    ] {
        let what = format!("{stuck:?}");
        let dc = FakeDc::start(windows().on(stuck, Reaction::hang())).await;
        let directory = directory([dc.ldaps_url()], &dc.ca_file());
        let examination = directory.diagnose(Diagnose::account("alice").deadline(Duration::from_secs(2)));
        let diagnosis = timeout(Duration::from_secs(20), examination)
            .await
            .expect(&what)
            .unwrap();
        assert!(!diagnosis.is_healthy(), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bind_password_is_asked_for_at_every_logon() {
    let dc = FakeDc::start(windows()).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let provider = BindPassword::provider(move || {
        let n = counter.fetch_add(1, Ordering::SeqCst);
        let words = [testkit::fake::SERVICE_PASSWORD, "Rotated-Pa55word"];
        words.get(n).map(|word| Password::from(*word))
    });
    let mut rotating = settings([dc.ldaps_url()], &dc.ca_file());
    rotating.credentials = Credentials::password(service(), provider);
    let directory = ActiveDirectory::new(rotating).unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 0, "a constructor asks for nothing");
    directory.find_account(FindAccount::new("alice")).await.unwrap();
    dc.set_password(SERVICE_USER, "Rotated-Pa55word");
    directory.find_account(FindAccount::new("alice")).await.unwrap();
    let error = directory.find_account(FindAccount::new("alice")).await.unwrap_err();
    assert_eq!(
        (error.code(), error.reason()),
        (Code::BindFailed, Some(Reason::NoPassword))
    );
    assert_eq!(
        (asked.load(Ordering::SeqCst), dc.counts().binds),
        (3, 2),
        "nothing is sent without a password"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_without_a_password_sends_no_bind() {
    type Provider = fn() -> Option<Password>;
    let providers: [(&str, Provider); 3] = [
        ("none", || None),
        ("empty", || Some(Password::from(""))),
        ("panics", || panic!("seen in the test")),
    ];
    let dc = FakeDc::start(windows()).await;
    for (how, provider) in providers {
        let mut settings = settings(urls(&dc), &dc.ca_file());
        settings.credentials = Credentials::password(service(), BindPassword::provider(provider));
        let error = reset(&ActiveDirectory::new(settings).unwrap()).await.unwrap_err();
        assert_eq!(
            (error.code(), error.reason()),
            (Code::BindFailed, Some(Reason::NoPassword)),
            "{how}"
        );
    }
    assert_untouched(&dc);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_provider_is_given_up_in_time() {
    let dc = FakeDc::start(windows()).await;
    let mut settings = settings([dc.ldaps_url()], &dc.ca_file());
    let provider = BindPassword::provider(|| {
        std::thread::sleep(CONNECT + SLACK * 3);
        None
    });
    settings.credentials = Credentials::password(service(), provider);
    let began = Instant::now();
    let error = reset(&ActiveDirectory::new(settings).unwrap()).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotApplied);
    assert!(began.elapsed() < CONNECT + SLACK, "{:?}", began.elapsed());
    assert_eq!(dc.counts().binds, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_logon_says_why() {
    let logon = |data: &str| {
        format!("80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data {data}, v4f7c\0")
    };
    let signing = "00002028: LdapErr: DSID-0C090259, comment: The server requires binds to turn on integrity checking if \
                   SSL\\TLS are not already active on the connection, data 0, v4f7c\0";
    let rows = [
        (49, logon("52e"), Some(Reason::WrongCredentials)),
        (49, logon("525"), Some(Reason::WrongCredentials)),
        (49, logon("530"), Some(Reason::LogonRestricted)),
        (49, logon("531"), Some(Reason::LogonRestricted)),
        (49, logon("532"), Some(Reason::PasswordExpired)),
        (49, logon("533"), Some(Reason::Disabled)),
        (49, logon("701"), Some(Reason::Expired)),
        (49, logon("773"), Some(Reason::MustChangePassword)),
        (49, logon("775"), Some(Reason::LockedOut)),
        (49, logon("80090346"), Some(Reason::ChannelBindingRequired)),
        (8, signing.to_owned(), Some(Reason::SigningRequired)),
        (49, String::new(), None),
        (50, "no".to_owned(), None),
    ];
    for (code, text, reason) in rows {
        let dc = FakeDc::start(windows().on(When::bind(), Reaction::result(code, &text))).await;
        let error = reset(&directory([dc.ldaps_url()], &dc.ca_file())).await.unwrap_err();
        assert_eq!(
            (error.code(), error.result_code(), error.outcome()),
            (Code::BindFailed, Some(code), Outcome::NotApplied),
            "{text}"
        );
        assert!(reason.is_none() || error.reason() == reason, "{text}: {error:?}");
        assert_eq!((dc.counts().binds, dc.counts().searches), (1, 0), "{text}");
    }
}
