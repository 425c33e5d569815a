//! Certificates and TLS.

use testkit::fake::{FakeDc, Script, Seen};
use testkit::pki::{Flaw, TlsVersions};

use super::client::{start_tls, tls, tls_to};

#[tokio::test]
async fn a_good_certificate_carries_name_and_address() {
    let dc = FakeDc::start(Script::windows()).await;
    let config = || dc.pki().client_config(TlsVersions::Both);
    for name in [dc.host_name(), "127.0.0.1", "localhost"] {
        tls(dc.ldaps_address(), config(), name).await.unwrap();
    }
    assert!(
        tls(dc.ldaps_address(), config(), "dc9.corp.example.test")
            .await
            .is_err()
    );
    let pem = std::fs::read_to_string(dc.ca_file()).unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"));
}

#[tokio::test]
async fn every_flaw_is_refused_for_its_own_reason() {
    for flaw in Flaw::ALL {
        let dc = FakeDc::start(Script::windows().bad_certificate(flaw)).await;
        let refused = tls(
            dc.ldaps_address(),
            dc.pki().client_config(TlsVersions::Both),
            dc.host_name(),
        )
        .await;
        let error = refused.unwrap_err().to_string();
        let reason = match flaw {
            Flaw::Expired => "expired",
            Flaw::NotYetValid => "not valid yet",
            Flaw::WrongName => "not valid for",
            Flaw::UnknownAuthority | Flaw::SelfSigned => "UnknownIssuer",
        };
        assert!(error.contains(reason), "{flaw:?}: {error}");
    }
}

#[tokio::test]
async fn the_versions_on_offer_are_the_script_s() {
    for (versions, name) in [(TlsVersions::Only12, "TLSv1_2"), (TlsVersions::Only13, "TLSv1_3")] {
        let dc = FakeDc::start(Script::windows().tls(versions)).await;
        tls_to(&dc).await;
        let other = if versions == TlsVersions::Only12 {
            TlsVersions::Only13
        } else {
            TlsVersions::Only12
        };
        tls(dc.ldaps_address(), dc.pki().client_config(other), dc.host_name())
            .await
            .unwrap_err();
        let seen = dc.log();
        assert!(
            seen.events()
                .iter()
                .any(|event| matches!(&event.what, Seen::Tls { version, .. } if version == name))
        );
        assert!(
            seen.events()
                .iter()
                .any(|event| matches!(event.what, Seen::TlsFailed(_)))
        );
    }
}

#[tokio::test]
async fn start_tls_upgrades_a_plain_connection() {
    let dc = FakeDc::start(Script::windows()).await;
    let mut ldap = super::client::ldap_over(start_tls(&dc).await.unwrap()).await;
    let result = ldap
        .simple_bind(&dc.service_user(), dc.service_password())
        .await
        .unwrap();
    assert_eq!(result.rc, 0);
    assert_eq!(dc.log().extended(), ["1.3.6.1.4.1.1466.20037"]);
}
