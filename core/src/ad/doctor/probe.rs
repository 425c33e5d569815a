//! The way to one domain controller, stage by stage, up to where one would log on.

use super::super::backend::LdapDirectory;
use super::super::config::{Address, Security, Settings};
use super::super::tls::recording_config;
use super::super::transport::{self, Connected};
use super::{certificate, fix};
use crate::clock::{Clock, SystemClock};
use crate::diagnosis::{Check, CheckName, CheckStatus, Diagnosis};
use crate::error::{Code, Error};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::lookup_host;
use tokio::time::{Instant, timeout_at};

/// Adds each stage; gives whether all went well.
pub(super) async fn examine(
    directory: &LdapDirectory,
    address: &Arc<Address>,
    until: Instant,
    diagnosis: &mut Diagnosis,
) -> bool {
    let settings = &directory.settings;
    let until = until.min(Instant::now() + settings.connect_timeout);
    let Some(peers) = resolve(directory, address, until, diagnosis).await else {
        return false;
    };
    let Some(peer) = reach(address, &peers, until, diagnosis).await else {
        return false;
    };
    shake_hands(settings, address, peer, until, diagnosis).await
}

async fn resolve(
    directory: &LdapDirectory,
    address: &Arc<Address>,
    until: Instant,
    diagnosis: &mut Diagnosis,
) -> Option<Vec<SocketAddr>> {
    let name = CheckName::NameResolution;
    let mut peers = directory
        .domain_controllers
        .peers(address, until)
        .await
        .unwrap_or_default();
    if peers.is_empty() && directory.domain_controllers.domain().is_none() {
        let resolved = timeout_at(until, lookup_host((address.host.as_str(), address.port))).await;
        if let Ok(Ok(resolved)) = resolved {
            peers = resolved.collect();
        }
    }
    if peers.is_empty() {
        let detail = format!("{address}: the name leads to no address");
        let fix = "correct the name in servers, or let this machine ask the DNS servers of the domain";
        diagnosis.push(Check::new(name, CheckStatus::Failed, detail).fix(fix));
        return None;
    }
    let addresses: Vec<String> = peers.iter().map(|peer| peer.ip().to_string()).collect();
    diagnosis.ok(name, format!("{address}: {}", addresses.join(", ")));
    Some(peers)
}

/// The first address that takes a connection.
async fn reach(
    address: &Address,
    peers: &[SocketAddr],
    until: Instant,
    diagnosis: &mut Diagnosis,
) -> Option<SocketAddr> {
    match transport::dial_in_turn(peers, until)
        .await
        .and_then(|stream| stream.peer_addr())
    {
        Ok(peer) => {
            diagnosis.ok(CheckName::Port, format!("{address}: {peer} takes connections"));
            Some(peer)
        }
        Err(error) => {
            let check = Check::new(
                CheckName::Port,
                CheckStatus::Failed,
                format!("{address}: {}", error.kind()),
            );
            diagnosis
                .push(check.fix("see that the domain controller runs, and that no firewall keeps the port closed"));
            None
        }
    }
}

async fn shake_hands(
    settings: &Settings,
    address: &Address,
    peer: SocketAddr,
    until: Instant,
    diagnosis: &mut Diagnosis,
) -> bool {
    let (config, recording) = match recording_config(settings.ca_file.as_deref()) {
        Ok(made) => made,
        Err(error) => {
            let check = Check::new(CheckName::Tls, CheckStatus::Failed, error.message());
            diagnosis.push(check.fix("correct ca_file"));
            return false;
        }
    };
    let connected = transport::connect(address, &[peer], &config, until).await;
    let chain = recording.shown();
    let of_the_chain = certificate::check(address, &chain, SystemClock.now());
    match connected {
        Ok(connected) => {
            diagnosis.ok(
                CheckName::Tls,
                format!("{address}: the certificate is trusted, and for {}", address.host),
            );
            diagnosis.checks.extend(of_the_chain);
            diagnosis.ok(CheckName::Encryption, encryption(address, &connected));
            true
        }
        Err(error) => {
            diagnosis.push(broken(address, &error));
            diagnosis.checks.extend(of_the_chain);
            false
        }
    }
}

fn broken(address: &Address, error: &Error) -> Check {
    let name = match error.code() {
        Code::InsecureChannel => CheckName::Encryption,
        _ => CheckName::Tls,
    };
    let check = Check::new(name, CheckStatus::Failed, format!("{address}: {}", error.message()));
    check.fix(fix(error))
}

fn encryption(address: &Address, connected: &Connected) -> String {
    let (_, tls) = connected.stream.get_ref();
    let version = tls.protocol_version().and_then(|version| version.as_str());
    let suite = tls.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str());
    let began = match address.security {
        Security::Ldaps => "LDAPS",
        Security::StartTls => "StartTLS",
    };
    let spoken = |name: Option<&str>| name.unwrap_or("an unnamed one").to_owned();
    format!("{address}: {began}, {}, {}", spoken(version), spoken(suite))
}
