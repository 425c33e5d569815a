//! The fault proxy, in front of a fake domain controller.

use std::time::{Duration, Instant};

use testkit::fake::{FakeDc, Script, User};
use testkit::pki::TlsVersions;
use testkit::proxy::{At, Fault, Plan, Proxy, Side};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::client::{ldap_over, quoted, replace, tls};

const SHORT: Duration = Duration::from_secs(2);

async fn behind(versions: TlsVersions) -> (FakeDc, Proxy) {
    let script = Script::windows().user(User::new("alice").password("Old-Pa55phrase"));
    let dc = FakeDc::start(script.tls(versions)).await;
    let proxy = Proxy::start(dc.ldaps_address()).await;
    (dc, proxy)
}

/// Connects, binds, resets alice's password, and goes. Whether the reset was answered.
async fn operation(dc: &FakeDc, proxy: &Proxy, password: &str) -> Option<u32> {
    let stream = tls(
        proxy.address(),
        dc.pki().client_config(TlsVersions::Both),
        dc.host_name(),
    )
    .await
    .ok()?;
    let mut ldap = ldap_over(stream).await;
    ldap.simple_bind(&dc.service_user(), dc.service_password())
        .await
        .ok()?
        .success()
        .ok()?;
    let write = vec![replace("unicodePwd", quoted(password))];
    let result = ldap.modify(&dc.dn_of("alice"), write).await.ok()?;
    ldap.unbind().await.ok()?;
    Some(result.rc)
}

#[tokio::test]
async fn every_client_record_can_be_cut() {
    for versions in [TlsVersions::Only12, TlsVersions::Only13] {
        let (dc, proxy) = behind(versions).await;
        let (outcome, clean) = proxy.calibrate(operation(&dc, &proxy, "New-Pa55phrase-0")).await;
        assert_eq!(outcome, Some(0));
        let records = clean.client_records(1);
        assert!(records >= 3, "bind, modify and unbind at least: {clean:?}");
        assert_eq!(clean.connections(), 1);
        let handshake = if versions == TlsVersions::Only13 { 1 } else { 0 };
        for record in 1..=records {
            let password = format!("New-Pa55phrase-{record}");
            for (fault, written_from) in [(Fault::CutBefore, 3), (Fault::CutBeforeReply, 2)] {
                let before = dc.counts().writes_applied;
                proxy.plan(Plan::new().on(At::client(record), fault));
                let outcome = operation(&dc, &proxy, &format!("{password}-{fault:?}")).await;
                let answered = record >= handshake + 3;
                assert_eq!(
                    outcome == Some(0),
                    answered,
                    "{versions:?} {record} {fault:?}: {outcome:?}"
                );
                assert!(
                    proxy.all_closed_within(SHORT * 5).await,
                    "{versions:?} {record} {fault:?}"
                );
                let due = record >= handshake + written_from;
                let written = written_since(&dc, before, due).await;
                assert_eq!(written, due, "{versions:?} {record} {fault:?}");
            }
        }
    }
}

/// Whether a write was applied: waits for one that is due, and a little for one that is not.
async fn written_since(dc: &FakeDc, before: usize, due: bool) -> bool {
    let tries = if due { 5000 } else { 10 };
    for _ in 0..tries {
        if dc.counts().writes_applied > before {
            return true;
        }
        sleep(Duration::from_millis(3)).await;
    }
    false
}

/// The record that carries the reset, under TLS 1.2.
const RESET: u64 = 2;

#[tokio::test]
async fn a_record_can_arrive_after_its_sender_was_cut() {
    let (dc, proxy) = behind(TlsVersions::Only12).await;
    proxy.plan(Plan::new().on(At::client(RESET), Fault::CutThenDeliver(SHORT * 2)));
    assert_eq!(operation(&dc, &proxy, "New-Pa55phrase").await, None);
    assert!(proxy.all_closed_within(SHORT).await);
    assert_eq!(dc.counts().writes_applied, 0);
    assert!(written_since(&dc, 0, true).await);
    assert_eq!(dc.password_of("alice").as_deref(), Some("New-Pa55phrase"));
}

#[tokio::test]
async fn records_can_be_held_stalled_swallowed_and_spoilt() {
    let (dc, proxy) = behind(TlsVersions::Only12).await;
    let start = Instant::now();
    proxy.plan(Plan::new().on(At::client(RESET), Fault::Hold(SHORT)));
    assert_eq!(operation(&dc, &proxy, "New-Pa55phrase-1").await, Some(0));
    assert!(start.elapsed() >= SHORT);
    for (fault, written) in [(Fault::Stall, 0), (Fault::StallAfter, 1)] {
        let before = dc.counts().writes_applied;
        proxy.plan(Plan::new().on(At::client(RESET), fault));
        assert!(
            timeout(SHORT, operation(&dc, &proxy, "New-Pa55phrase-2"))
                .await
                .is_err(),
            "{fault:?}"
        );
        assert_eq!(dc.counts().writes_applied - before, written, "{fault:?}");
        assert!(proxy.all_closed_within(SHORT * 10).await);
    }
    for fault in [
        Fault::Truncate(20),
        Fault::Corrupt(30),
        Fault::Duplicate,
        Fault::Swallow,
    ] {
        let before = dc.counts().writes_applied;
        let plan = Plan::new().on(At::client(RESET), fault).server_lingers(Duration::ZERO);
        proxy.plan(plan);
        let outcome = timeout(SHORT, operation(&dc, &proxy, "New-Pa55phrase-3")).await;
        // TLS notices a replayed record; whether the first copy counts is a matter of timing.
        let most = usize::from(fault == Fault::Duplicate);
        assert!(dc.counts().writes_applied - before <= most, "{fault:?} {outcome:?}");
        assert_eq!(proxy.struck(), 1);
    }
}

#[tokio::test]
async fn connections_can_be_refused_silent_and_slow() {
    let (dc, proxy) = behind(TlsVersions::Both).await;
    proxy.refuse().await;
    let refused = TcpStream::connect(proxy.address()).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    proxy.accept().await;
    proxy.plan(Plan::new().accept_then_silence());
    assert!(timeout(SHORT, operation(&dc, &proxy, "New-Pa55phrase")).await.is_err());
    let (side, each) = (Side::Server, Duration::from_millis(30));
    proxy.plan(Plan::new().delay_every(side, each));
    let start = Instant::now();
    assert_eq!(operation(&dc, &proxy, "New-Pa55phrase").await, Some(0));
    assert!(start.elapsed() >= each * 3);
    proxy.plan(Plan::new().on(At::client(1), Fault::CutAfter).rst());
    assert_eq!(operation(&dc, &proxy, "New-Pa55phrase-4").await, None);
}

#[tokio::test]
async fn start_tls_passes_and_counts_only_tls() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (dc, _) = behind(TlsVersions::Only12).await;
    let proxy = Proxy::start(dc.ldap_address()).await;
    let start_tls = async {
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        stream.write_all(super::client::START_TLS).await.unwrap();
        let mut header = [0; 2];
        stream.read_exact(&mut header).await.unwrap();
        let mut answer = vec![0; usize::from(header[1])];
        stream.read_exact(&mut answer).await.unwrap();
        let name = rustls::pki_types::ServerName::try_from(dc.host_name().to_owned()).unwrap();
        let connector = tokio_rustls::TlsConnector::from(dc.pki().client_config(TlsVersions::Both));
        let mut ldap = ldap_over(connector.connect(name, stream).await.unwrap()).await;
        ldap.simple_bind(&dc.service_user(), dc.service_password())
            .await
            .unwrap()
            .rc
    };
    let (code, clean) = proxy.calibrate(start_tls).await;
    assert_eq!((code, clean.client_records(1)), (0, 1), "{clean:?}");
    assert!(clean.chunks[0].kind == testkit::proxy::Kind::Plain);
}
