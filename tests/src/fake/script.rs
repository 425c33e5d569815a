//! What a fake domain controller is and does, told before it starts.

use std::net::{IpAddr, Ipv4Addr};

use crate::pki::{Flaw, TlsVersions};

use super::entry::Entry;
use super::policy::Policy;
use super::reaction::Reaction;
use super::user::User;
use super::when::When;
use super::write::POLICY_HINTS;
use super::{HOST, SERVICE_PASSWORD, SERVICE_USER};

/// Settings of the server that hold for all requests.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub policy: Policy,
    pub hints: Vec<String>,
    pub read_only: bool,
    pub writable_host: String,
    pub references: bool,
    pub may_unexpire: bool,
    pub global_catalog: bool,
    pub plain_binds: bool,
    pub clock_skew: i64,
    pub host_name: String,
    pub functional_level: u8,
    pub root_dse_with: Vec<(String, Vec<Vec<u8>>)>,
    pub root_dse_without: Vec<String>,
}

/// A domain controller to start.
///
/// Begin with [`Script::windows`], add users and other entries, change settings, and hook requests with [`Script::on`].
#[derive(Debug, Clone)]
pub struct Script {
    pub(super) options: Options,
    pub(super) entries: Vec<Entry>,
    pub(super) users: Vec<User>,
    pub(super) rules: Vec<(When, Reaction)>,
    pub(super) tls: TlsVersions,
    pub(super) flaw: Option<Flaw>,
    pub(super) names: Option<Vec<String>>,
    pub(super) address: IpAddr,
}

impl Script {
    /// A small Windows Server domain controller of `corp.example.test` with one service account.
    pub fn windows() -> Self {
        let options = Options {
            policy: Policy::default(),
            hints: POLICY_HINTS.map(str::to_owned).to_vec(),
            read_only: false,
            writable_host: HOST.to_owned(),
            references: true,
            may_unexpire: true,
            global_catalog: true,
            plain_binds: false,
            clock_skew: 0,
            host_name: HOST.to_owned(),
            functional_level: 7,
            root_dse_with: Vec::new(),
            root_dse_without: Vec::new(),
        };
        let service = User::new(SERVICE_USER)
            .password(SERVICE_PASSWORD)
            .password_never_expires();
        Script {
            options,
            entries: Vec::new(),
            users: vec![service],
            rules: Vec::new(),
            tls: TlsVersions::Both,
            flaw: None,
            names: None,
            address: Ipv4Addr::LOCALHOST.into(),
        }
    }

    /// With a user. One named as the service account takes its place.
    pub fn user(mut self, user: User) -> Self {
        self.users.push(user);
        self
    }

    /// With any other entry: a group, a computer, a fine-grained policy. One of the same name is replaced.
    pub fn entry(mut self, entry: Entry) -> Self {
        self.entries.push(entry);
        self
    }

    /// Reacts so to every request that matches; where several rules match, the first one that was given counts.
    pub fn on(mut self, when: When, reaction: Reaction) -> Self {
        self.rules.push((when, reaction));
        self
    }

    /// With this domain policy.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.options.policy = policy;
        self
    }

    /// Offering just these policy-hints controls: `2239`, `2066`, both, or none.
    pub fn hints(mut self, last_arcs: &[u32]) -> Self {
        self.options.hints = last_arcs
            .iter()
            .map(|arc| format!("1.2.840.113556.1.4.{arc}"))
            .collect();
        self
    }

    /// A read-only domain controller: says so in supportedCapabilities and refers every write to `writable_host`.
    pub fn read_only(mut self, writable_host: &str) -> Self {
        self.options.read_only = true;
        self.options.writable_host = writable_host.to_owned();
        self
    }

    /// Without search references after a search of the whole domain.
    pub fn no_references(mut self) -> Self {
        self.options.references = false;
        self
    }

    /// Whose service account lacks Unexpire-Password: every password write ends with pwdLastSet 0.
    pub fn no_unexpire_right(mut self) -> Self {
        self.options.may_unexpire = false;
        self
    }

    /// Saying isGlobalCatalogReady FALSE.
    pub fn no_global_catalog(mut self) -> Self {
        self.options.global_catalog = false;
        self
    }

    /// Accepting simple binds without TLS, as domains did by default before Windows Server 2025.
    pub fn plain_binds(mut self) -> Self {
        self.options.plain_binds = true;
        self
    }

    /// Whose clock is so many seconds ahead of the test's, or behind.
    pub fn clock_skew(mut self, seconds: i64) -> Self {
        self.options.clock_skew = seconds;
        self
    }

    /// Calling itself so in rootDSE, and in its certificate.
    pub fn host_name(mut self, name: &str) -> Self {
        self.options.host_name = name.to_owned();
        self
    }

    /// With this domain, forest and domain controller functional level; 7 is Windows Server 2016.
    pub fn functional_level(mut self, level: u8) -> Self {
        self.options.functional_level = level;
        self
    }

    /// With these values of a rootDSE attribute.
    pub fn root_dse<V: AsRef<[u8]>>(mut self, name: &str, values: impl IntoIterator<Item = V>) -> Self {
        let values = values.into_iter().map(|value| value.as_ref().to_vec()).collect();
        self.options.root_dse_with.push((name.to_owned(), values));
        self
    }

    /// Without a rootDSE attribute.
    pub fn root_dse_without(mut self, name: &str) -> Self {
        self.options.root_dse_without.push(name.to_owned());
        self
    }

    /// Offering these TLS versions.
    pub fn tls(mut self, versions: TlsVersions) -> Self {
        self.tls = versions;
        self
    }

    /// Showing a certificate with one thing wrong.
    pub fn bad_certificate(mut self, flaw: Flaw) -> Self {
        self.flaw = Some(flaw);
        self
    }

    /// Showing a certificate for just these names instead of host name, `localhost` and address.
    pub fn certificate_names(mut self, names: &[&str]) -> Self {
        self.names = Some(names.iter().map(|name| name.to_string()).collect());
        self
    }

    /// Listening on this loopback address.
    ///
    /// # Panics
    /// On any other address: a test server is nobody else's to reach.
    pub fn address(mut self, address: IpAddr) -> Self {
        assert!(address.is_loopback(), "a test server listens on loopback only");
        self.address = address;
        self
    }
}
