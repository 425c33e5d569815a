//! A scriptable fake domain controller: LDAPv3 over real TLS on loopback, with a small directory behind it.
//!
//! Left alone it answers as a small Windows Server domain controller would: logon sub-codes, policy, history under the
//! policy-hints control, lockout, computed attributes. A script makes it fail on cue.
//!
//! ```
//! use testkit::fake::{FakeDc, Reaction, Script, User, When};
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let dc = FakeDc::start(
//!     Script::windows()
//!         .user(User::new("alice").password("Old-Pa55word"))
//!         .on(When::password_write().first(), Reaction::close_after_apply()),
//! )
//! .await;
//! let (url, ca) = (dc.ldaps_url(), dc.ca_file());
//! // ... a client resets alice's password and loses the connection ...
//! assert_eq!(dc.password_of("alice").as_deref(), Some("Old-Pa55word"));
//! assert_eq!(dc.counts().writes_applied, 0);
//! # let _ = (url, ca); }
//! ```
//!
//! Its memory holds every password that it was sent. Whoever looks for secrets in a client's memory runs the client in
//! another process than the fake domain controller.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use uuid::Uuid;

use crate::pki::Pki;

mod answer;
mod ber;
mod computed;
mod connection;
mod directory;
mod dn;
mod entry;
mod filter;
mod log;
mod policy;
mod raw;
mod reaction;
mod reply;
mod request;
mod root_dse;
mod script;
pub mod sid;
mod state;
mod time;
mod user;
mod when;
mod wire;
mod write;

pub use answer::Answer;
pub use directory::Found;
pub use entry::Entry;
pub use log::{BindSeen, ChangeSeen, ControlSeen, Counts, Event, Log, ModifySeen, SearchSeen, Seen, ValuesSeen};
pub use policy::Policy;
pub use raw::Raw;
pub use reaction::Reaction;
pub use request::{Operation, Scope};
pub use script::Script;
pub use user::User;
pub use when::When;

use connection::Kind;
use directory::Directory;
use state::State;

/// The domain's DNS name.
pub const DOMAIN: &str = "corp.example.test";
/// The domain's distinguished name.
pub const BASE: &str = "DC=corp,DC=example,DC=test";
/// The domain's NetBIOS name.
pub const NETBIOS: &str = "CORP";
/// The domain's SID.
pub const DOMAIN_SID: &str = "S-1-5-21-1004336348-1177238915-682003330";
/// The domain controller's short name.
pub const SERVER: &str = "DC1";
/// The domain controller's DNS name, unless the script gives another.
pub const HOST: &str = "dc1.corp.example.test";
/// The service account's sAMAccountName.
pub const SERVICE_USER: &str = "svc-writeback";
/// The service account's password: a fixture, no secret.
pub const SERVICE_PASSWORD: &str = "Svc-F1xture-Passphrase";
/// Which domain controller wrote, in replication metadata.
const INVOCATION_ID: Uuid = Uuid::from_u128(0x3f2a_51c6_9f0d_4b7e_a1c2_77d1_0c5e_9b42);
/// The first committed USN.
const FIRST_USN: u64 = 12_000;

/// The configuration naming context.
pub fn configuration() -> String {
    format!("CN=Configuration,{BASE}")
}

/// Where fine-grained policies live.
pub fn password_settings_container() -> String {
    format!("CN=Password Settings Container,CN=System,{BASE}")
}

fn server_object() -> String {
    format!(
        "CN={SERVER},CN=Servers,CN=Default-First-Site-Name,CN=Sites,{}",
        configuration()
    )
}

fn ntds_settings() -> String {
    format!("CN=NTDS Settings,{}", server_object())
}

/// A running fake domain controller; dropping it stops it and cuts its connections.
#[derive(Debug)]
pub struct FakeDc {
    state: Arc<State>,
    pki: Pki,
    host: String,
    ldaps: SocketAddr,
    ldap: SocketAddr,
    global_catalog: SocketAddr,
    listeners: Vec<JoinHandle<()>>,
}

impl FakeDc {
    /// Starts it on free ports of the script's loopback address.
    ///
    /// # Panics
    /// Where it cannot listen there.
    pub async fn start(script: Script) -> FakeDc {
        let pki = Pki::new();
        let config = server_config(&script, &pki);
        let host = script.options.host_name.clone();
        let address = script.address;
        let state = Arc::new(State::new(directory_of(&script), script.rules));
        let mut listeners = Vec::new();
        let mut addresses = Vec::new();
        for kind in [Kind::Ldaps, Kind::Ldap, Kind::GlobalCatalog] {
            let listener = TcpListener::bind((address, 0)).await.expect("a free loopback port");
            addresses.push(listener.local_addr().expect("a bound listener has an address"));
            listeners.push(tokio::spawn(listen(
                listener,
                kind,
                Arc::clone(&config),
                Arc::clone(&state),
            )));
        }
        FakeDc {
            state,
            pki,
            host,
            ldaps: addresses[0],
            ldap: addresses[1],
            global_catalog: addresses[2],
            listeners,
        }
    }

    /// Where TLS comes first.
    pub fn ldaps_address(&self) -> SocketAddr {
        self.ldaps
    }

    /// Where StartTLS is on offer.
    pub fn ldap_address(&self) -> SocketAddr {
        self.ldap
    }

    /// Where the global catalogue answers, over TLS.
    pub fn global_catalog_address(&self) -> SocketAddr {
        self.global_catalog
    }

    /// `ldaps://127.0.0.1:port`.
    pub fn ldaps_url(&self) -> String {
        format!("ldaps://{}", self.ldaps)
    }

    /// `ldap://127.0.0.1:port`, for StartTLS.
    pub fn ldap_url(&self) -> String {
        format!("ldap://{}", self.ldap)
    }

    /// `ldaps://127.0.0.1:port` of the global catalogue.
    pub fn global_catalog_url(&self) -> String {
        format!("ldaps://{}", self.global_catalog)
    }

    /// The PEM file that a client is to trust.
    pub fn ca_file(&self) -> PathBuf {
        self.pki.ca_file()
    }

    /// The authority behind the certificate.
    pub fn pki(&self) -> &Pki {
        &self.pki
    }

    /// The DNS name that the certificate carries beside the address.
    pub fn host_name(&self) -> &str {
        &self.host
    }

    /// The service account's userPrincipalName.
    pub fn service_user(&self) -> String {
        format!("{SERVICE_USER}@{DOMAIN}")
    }

    /// The service account's password.
    pub fn service_password(&self) -> &'static str {
        SERVICE_PASSWORD
    }

    /// A copy of what was seen up to now.
    pub fn log(&self) -> Log {
        self.state.log()
    }

    /// Forgets what was seen, but for the connections and writes counted.
    pub fn clear_log(&self) {
        self.state.clear_log();
    }

    /// How often things happened.
    pub fn counts(&self) -> Counts {
        self.state.counts()
    }

    /// Waits until no connection is open; false where one still is after `time`.
    pub async fn all_closed_within(&self, time: Duration) -> bool {
        let closed = async {
            while self.counts().open > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(time, closed).await.is_ok()
    }

    /// Adds a rule while running; it comes after those there are.
    pub fn on(&self, when: When, reaction: Reaction) {
        self.state.add_rule(when, reaction);
    }

    /// Takes all rules away.
    pub fn clear_rules(&self) {
        self.state.clear_rules();
    }

    /// The current password of an account, named by sAMAccountName or DN.
    pub fn password_of(&self, name: &str) -> Option<String> {
        let directory = self.state.directory();
        directory.entries[directory.find(name)?]
            .account
            .as_ref()?
            .password
            .clone()
    }

    /// Whether an account's password was written since the start.
    pub fn was_written(&self, name: &str) -> bool {
        let directory = self.state.directory();
        let account = directory
            .find(name)
            .and_then(|at| directory.entries[at].account.as_ref());
        account.is_some_and(|account| account.password_usn > FIRST_USN)
    }

    /// An entry as a search would show it, computed attributes and all; named by sAMAccountName or DN.
    pub fn entry(&self, name: &str) -> Option<Entry> {
        let directory = self.state.directory();
        let at = directory.find(name)?;
        Some(directory.visible(at, directory::Caller::default()))
    }

    /// The DN of an entry.
    ///
    /// # Panics
    /// Where there is none of that name.
    pub fn dn_of(&self, name: &str) -> String {
        self.entry(name)
            .unwrap_or_else(|| panic!("no entry {name}"))
            .dn()
            .to_owned()
    }

    /// The objectGUID of an entry.
    ///
    /// # Panics
    /// Where there is none of that name, or it has no GUID.
    pub fn guid_of(&self, name: &str) -> Uuid {
        let entry = self.entry(name).unwrap_or_else(|| panic!("no entry {name}"));
        let bytes = entry.values("objectGUID").first().expect("an objectGUID");
        Uuid::from_slice_le(bytes).expect("16 bytes")
    }

    /// Sets an attribute behind the client's back, as another administrator might; no value takes it away.
    ///
    /// # Panics
    /// Where there is no such entry.
    pub fn set<V: AsRef<[u8]>>(&self, name: &str, attribute: &str, values: impl IntoIterator<Item = V>) {
        let values = values.into_iter().map(|value| value.as_ref().to_vec()).collect();
        self.change(name, |directory, at| {
            directory.entries[at].set(attribute, values);
            directory.touch(at);
        });
    }

    /// Sets a password behind the client's back, as another writer might.
    ///
    /// # Panics
    /// Where there is no such entry.
    pub fn set_password(&self, name: &str, password: &str) {
        self.change(name, |directory, at| {
            directory.set_password(at, password.to_owned());
            directory.touch(at);
        });
    }

    /// Moves an entry's uSNChanged and nothing else, as a logon does.
    ///
    /// # Panics
    /// Where there is no such entry.
    pub fn touch(&self, name: &str) {
        self.change(name, Directory::touch);
    }

    /// Takes an entry away.
    ///
    /// # Panics
    /// Where there is no such entry.
    pub fn delete(&self, name: &str) {
        // The place stays, so that bound accounts keep theirs; the name is one that nobody can have.
        self.change(name, |directory, at| {
            directory.entries[at] = Entry::new("CN=deleted,CN=nowhere").unreadable()
        });
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut Directory, usize)) {
        let mut directory = self.state.directory();
        let at = directory.find(name).unwrap_or_else(|| panic!("no entry {name}"));
        change(&mut directory, at);
    }
}

impl Drop for FakeDc {
    fn drop(&mut self) {
        self.listeners.iter().for_each(JoinHandle::abort);
    }
}

async fn listen(listener: TcpListener, kind: Kind, config: Arc<ServerConfig>, state: Arc<State>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(connection::serve(stream, kind, Arc::clone(&config), Arc::clone(&state)));
        while connections.try_join_next().is_some() {}
    }
}

fn server_config(script: &Script, pki: &Pki) -> Arc<ServerConfig> {
    let address = script.address.to_string();
    let usual = || vec![script.options.host_name.clone(), "localhost".to_owned(), address];
    let names = script.names.clone().unwrap_or_else(usual);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let identity = match script.flaw {
        Some(flaw) => pki.flawed(flaw, &names),
        None => pki.server(&names),
    };
    identity.server_config(script.tls)
}

fn directory_of(script: &Script) -> Directory {
    let users = script
        .users
        .iter()
        .zip(1104..)
        .map(|(user, rid)| user.clone().build(rid, FIRST_USN));
    let mut entries = containers(&script.options);
    for entry in users.chain(script.entries.iter().cloned()) {
        entries.retain(|known: &Entry| known.name != entry.name);
        entries.push(entry);
    }
    Directory {
        entries,
        usn: FIRST_USN,
        options: script.options.clone(),
        modifies_applied: 0,
        writes_applied: 0,
    }
}

/// What a domain has besides its users, as far as a password writer looks.
fn containers(options: &script::Options) -> Vec<Entry> {
    let head = Entry::new(BASE)
        .with_all("objectClass", ["top", "domain", "domainDNS"])
        .with("objectSid", sid::sid(DOMAIN_SID))
        .with("objectGUID", Uuid::new_v4().to_bytes_le())
        .with("fSMORoleOwner", ntds_settings())
        .with("msDS-Behavior-Version", options.functional_level.to_string())
        .with("uSNChanged", FIRST_USN.to_string());
    let container = |dn: &str, class: &str| Entry::new(dn).with_all("objectClass", ["top", class]);
    let configuration = configuration();
    let partition = container(&format!("CN={NETBIOS},CN=Partitions,{configuration}"), "crossRef")
        .with("nETBIOSName", NETBIOS)
        .with("dnsRoot", DOMAIN)
        .with("nCName", BASE)
        .with("systemFlags", "3");
    vec![
        options.policy.describe_domain(head),
        container(&format!("OU=People,{BASE}"), "organizationalUnit"),
        container(&format!("CN=Users,{BASE}"), "container"),
        container(&format!("CN=System,{BASE}"), "container"),
        container(&password_settings_container(), "msDS-PasswordSettingsContainer"),
        container(&configuration, "configuration"),
        container(&format!("CN=Partitions,{configuration}"), "crossRefContainer"),
        partition,
        container(&server_object(), "server").with("dNSHostName", &options.host_name),
        container(&ntds_settings(), "nTDSDSA").with("msDS-isRODC", if options.read_only { "TRUE" } else { "FALSE" }),
    ]
}
