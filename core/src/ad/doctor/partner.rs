//! The other domain controllers that the directory lists: do they answer?

use super::super::backend::{LdapDirectory, LdapSession};
use super::super::config::{Address, Security};
use super::super::dn::{Dn, parent};
use super::super::session::{Depth, Entry, Search};
use super::super::tls::client_config;
use super::super::transport;
use crate::diagnosis::{Check, CheckName, CheckStatus, Diagnosis};
use crate::directory::Session;
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// More are not looked at: an examination is no census.
const AT_MOST: usize = 50;

/// How long they are given, all at once.
const PATIENCE: Duration = Duration::from_secs(3);

/// A domain controller as the directory lists it (MS-ADTS 6.1.1.2.2.1.2.1).
#[derive(Debug, PartialEq, Eq)]
struct Listed {
    host: String,
    own: bool,
}

/// Adds whether each answers.
pub(super) async fn examine(
    directory: &LdapDirectory,
    session: &mut LdapSession,
    until: Instant,
    diagnosis: &mut Diagnosis,
) {
    let name = CheckName::ReplicationPartner;
    let listed = timeout_at(until, listed(session)).await;
    let Some(listed) = listed.ok().flatten() else {
        let detail = "the domain controllers of the domain cannot be read from its configuration";
        let check = Check::new(name, CheckStatus::Unknown, detail);
        diagnosis
            .push(check.fix("let the service account read CN=Sites in the configuration, as everybody may by default"));
        return;
    };
    let others: Vec<Listed> = listed.into_iter().filter(|server| !server.own).collect();
    if others.is_empty() {
        diagnosis.ok(name, "the directory lists no other domain controller of this domain");
        return;
    }
    let endpoint = &session.server().endpoint;
    let security = endpoint
        .address
        .as_ref()
        .map_or(Security::Ldaps, |address| address.security);
    let until = until.min(Instant::now() + PATIENCE);
    let answers = others
        .iter()
        .map(|server| answer(directory, &server.host, security, until));
    diagnosis.checks.extend(join_all(answers).await);
}

async fn answer(directory: &LdapDirectory, host: &str, security: Security, until: Instant) -> Check {
    let name = CheckName::ReplicationPartner;
    let port = match security {
        Security::Ldaps => 636,
        Security::StartTls => 389,
    };
    let address = Arc::new(Address {
        security,
        host: host.to_owned(),
        port,
    });
    let connected = async {
        let config = client_config(directory.settings.ca_file.as_deref())?;
        let peers = directory.domain_controllers.peers(&address, until).await?;
        transport::connect(&address, &peers, &config, until).await
    };
    let connected = connected.await;
    match connected {
        Ok(_) => Check::new(
            name,
            CheckStatus::Ok,
            format!("{address}: answers, and its certificate is trusted"),
        ),
        Err(error) => {
            let detail = format!("{address}: {}", error.message());
            Check::new(name, CheckStatus::Warning, detail).fix(
                "see that it runs and can be reached from here: a password that is set reaches it late, and it cannot stand in; \
                 where it is gone for good, remove it from the directory",
            )
        }
    }
}

/// The domain controllers of the domain; `None` where they cannot be read.
async fn listed(session: &mut LdapSession) -> Option<Vec<Listed>> {
    let base = format!("CN=Sites,{}", session.logged_on.naming.configuration);
    let search = Search {
        base: &base,
        depth: Depth::Subtree,
        filter: "(|(objectClass=nTDSDSA)(objectClass=server))",
        attributes: &["objectClass", "dNSHostName", "serverReference"],
        at_most: 4 * AT_MOST,
    };
    let entries = session.logged_on.connection.search(&search).await.ok()?;
    let domain = session.logged_on.naming.domain.parse::<Dn>().ok()?;
    let own = parent(&session.server.identity).and_then(|server| server.parse::<Dn>().ok());
    let servers = of_the_domain(&entries, &domain, own.as_ref());
    // The one that answers is among them, unless they cannot be read.
    servers.iter().any(|server| server.own).then_some(servers)
}

/// The servers that hold a directory (a server without it has been demoted), of this domain.
fn of_the_domain(entries: &[Entry], domain: &Dn, own: Option<&Dn>) -> Vec<Listed> {
    let is = |entry: &Entry, class: &str| {
        entry
            .all("objectClass")
            .iter()
            .any(|value| value.eq_ignore_ascii_case(class.as_bytes()))
    };
    let directories: Vec<Dn> = entries
        .iter()
        .filter(|entry| is(entry, "nTDSDSA"))
        .filter_map(|entry| parent(&entry.dn)?.parse().ok())
        .collect();
    let listed = entries.iter().filter(|entry| is(entry, "server")).filter_map(|entry| {
        let dn = entry.dn.parse::<Dn>().ok()?;
        let account = entry.text("serverReference")?.parse::<Dn>().ok()?;
        let host = entry.text("dNSHostName")?;
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let counts = directories.contains(&dn) && account.is_within(domain) && host.chars().all(legal);
        counts.then(|| Listed {
            host: host.to_owned(),
            own: own == Some(&dn),
        })
    });
    listed.take(AT_MOST).collect()
}
