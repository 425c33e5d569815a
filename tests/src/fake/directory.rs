//! The in-memory directory behind a fake domain controller: its entries, logons and searches.

use super::answer::{self, Answer};
use super::dn::{Dn, Target};
use super::entry::Entry;
use super::log::{BindSeen, ControlSeen};
use super::policy::Policy;
use super::request::{Scope, Search};
use super::root_dse;
use super::script::Options;
use super::{BASE, DOMAIN, NETBIOS, computed, filter, sid, time};

/// LDAP_SERVER_SD_FLAGS_OID (MS-ADTS 3.1.1.3.4.1.11).
pub(super) const SD_FLAGS: &str = "1.2.840.113556.1.4.801";
/// LDAP_PAGED_RESULT_OID_STRING (RFC 2696).
pub(super) const PAGED: &str = "1.2.840.113556.1.4.319";
/// LDAP_SERVER_DOMAIN_SCOPE_OID: no references.
pub(super) const DOMAIN_SCOPE: &str = "1.2.840.113556.1.4.1339";
/// LDAP_SERVER_SHOW_DELETED_OID: understood, nothing is ever deleted here.
const SHOW_DELETED: &str = "1.2.840.113556.1.4.417";

/// Everything the server knows.
#[derive(Debug)]
pub(super) struct Directory {
    pub entries: Vec<Entry>,
    pub usn: u64,
    pub options: Options,
    pub modifies_applied: usize,
    pub writes_applied: usize,
}

/// An entry of a search's answer: its name and the chosen attributes.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The distinguished name.
    pub dn: String,
    /// Attributes in answer order, each with its values.
    pub attributes: Vec<(String, Vec<Vec<u8>>)>,
}

/// What a search answers.
#[derive(Debug, Default)]
pub(super) struct Results {
    pub entries: Vec<Found>,
    pub references: Vec<String>,
    pub answer: Answer,
}

impl Results {
    fn refused(answer: Answer) -> Self {
        Results {
            answer,
            ..Results::default()
        }
    }
}

/// Who speaks on a connection, and over what.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Caller {
    /// The bound account's place in the directory.
    pub bound: Option<usize>,
    pub encrypted: bool,
    pub global_catalog: bool,
}

impl Directory {
    pub(super) fn now(&self) -> u64 {
        time::now(self.options.clock_skew)
    }

    pub(super) fn position(&self, target: &Target) -> Option<usize> {
        self.entries.iter().position(|entry| match target {
            Target::Dn(name) => entry.name == *name,
            Target::Guid(guid) => entry.values("objectGUID").contains(guid),
            Target::Sid(sid) => entry.values("objectSid").contains(sid),
        })
    }

    /// Finds an account as a test names it: DN or sAMAccountName.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        let by_dn = || {
            Dn::parse(name)
                .filter(|_| name.contains('='))
                .and_then(|dn| self.position(&Target::Dn(dn)))
        };
        let is = |entry: &Entry| {
            entry
                .text("sAMAccountName")
                .is_some_and(|sam| sam.eq_ignore_ascii_case(name))
        };
        by_dn().or_else(|| self.entries.iter().position(is))
    }

    /// Finds an account as a simple bind names it (MS-ADTS 5.1.1.1.1): DN, UPN, `DOMAIN\name`, SID.
    fn find_logon(&self, name: &str) -> Option<usize> {
        if let Some(sam) = name.strip_prefix(&format!("{NETBIOS}\\")) {
            return self.find(sam);
        }
        let is = |entry: &Entry| {
            entry
                .text("userPrincipalName")
                .is_some_and(|upn| upn.eq_ignore_ascii_case(name))
        };
        let by_upn = || self.entries.iter().position(is);
        let implicit = || name.strip_suffix(&format!("@{DOMAIN}")).and_then(|sam| self.find(sam));
        let by_sid = || self.position(&Target::Sid(sid::parse(name)?));
        let by_dn = || Dn::parse(name).and_then(|dn| self.position(&Target::Dn(dn)));
        by_upn().or_else(implicit).or_else(by_sid).or_else(by_dn)
    }

    /// The policy that applies to an account: its fine-grained one, else the domain's.
    pub(super) fn policy_of(&self, account: usize) -> Policy {
        let pso = self.entries[account]
            .text("msDS-ResultantPSO")
            .and_then(|dn| self.find(&dn));
        pso.map(|pso| Policy::of_pso(&self.entries[pso]))
            .unwrap_or_else(|| self.options.policy.clone())
    }

    /// What the log may say of a simple bind's password.
    pub(super) fn judge_password(&self, name: &str, password: &[u8]) -> BindSeen {
        match self.find_logon(name) {
            _ if password.is_empty() => BindSeen::Empty,
            None => BindSeen::UnknownAccount,
            Some(account) if self.password_matches(account, password) => BindSeen::Right,
            Some(_) => BindSeen::Wrong,
        }
    }

    /// A simple bind. The answer follows the account's state as a Windows logon does.
    pub(super) fn bind(&mut self, name: &str, password: &[u8]) -> (Answer, Option<usize>) {
        if password.is_empty() {
            return (Answer::success(), None);
        }
        let Some(account) = self.find_logon(name) else {
            return (answer::logon_failure("52e"), None);
        };
        let right = self.password_matches(account, password);
        match self.logon_obstacle(account, right) {
            Some(data) => {
                if !right {
                    self.count_bad_password(account);
                }
                (answer::logon_failure(data), None)
            }
            None => (Answer::success(), Some(account)),
        }
    }

    pub(super) fn password_matches(&self, account: usize, password: &[u8]) -> bool {
        let known = self.entries[account]
            .account
            .as_ref()
            .and_then(|account| account.password.as_ref());
        known.is_some_and(|known| known.as_bytes() == password)
    }

    /// The sub-code that refuses the logon. A lockout shows to anyone, the rest only to who knows the password.
    fn logon_obstacle(&self, account: usize, right: bool) -> Option<&'static str> {
        let entry = &self.entries[account];
        let flags = computed::control_flags(self, account);
        let expires = entry.number("accountExpires").unwrap_or(0);
        let account_expired = expires != 0 && expires != i64::MAX && (expires as u64) < self.now();
        if flags & computed::LOCKOUT != 0 {
            Some("775")
        } else if !right {
            Some("52e")
        } else if entry.number("userAccountControl").unwrap_or(0) & 2 != 0 {
            Some("533")
        } else if account_expired {
            Some("701")
        } else if flags & computed::PASSWORD_EXPIRED != 0 {
            Some(if entry.number("pwdLastSet").unwrap_or(0) == 0 {
                "773"
            } else {
                "532"
            })
        } else {
            None
        }
    }

    /// Counts a wrong password, and locks the account where that was one too many.
    pub(super) fn count_bad_password(&mut self, account: usize) {
        let threshold = self.policy_of(account).lockout_threshold;
        let now = self.now();
        let entry = &mut self.entries[account];
        let count = entry.number("badPwdCount").unwrap_or(0) + 1;
        entry.set_text("badPwdCount", count);
        entry.set_text("badPasswordTime", now);
        if threshold > 0 && count >= i64::from(threshold) {
            entry.set_text("lockoutTime", now);
        }
    }

    /// Whether a critical control is one this server does not know.
    pub(super) fn refuses_control(&self, controls: &[ControlSeen]) -> bool {
        controls
            .iter()
            .any(|control| control.critical && !self.supported_controls().contains(&control.oid))
    }

    pub(super) fn supported_controls(&self) -> Vec<String> {
        let base = [PAGED, SD_FLAGS, SHOW_DELETED, DOMAIN_SCOPE].map(str::to_owned);
        base.into_iter().chain(self.options.hints.iter().cloned()).collect()
    }

    pub(super) fn search(&self, search: &Search, controls: &[ControlSeen], caller: Caller) -> Results {
        if search.base.is_empty() && search.scope == Scope::Base {
            let root = self.project_root(&root_dse::entry(self, caller), search);
            return Results {
                entries: vec![root],
                ..Results::default()
            };
        }
        if caller.bound.is_none() {
            return Results::refused(answer::bind_first());
        }
        if self.refuses_control(controls) {
            return Results::refused(answer::control_unknown());
        }
        if search.scope != Scope::Base && asks(search, "tokenGroups") {
            return Results::refused(answer::service(1, "00002020", "5012 (DIR_ERROR)"));
        }
        let Some(target) = Target::parse(&search.base) else {
            return Results::refused(answer::bad_name(&search.base));
        };
        match self.position(&target) {
            Some(base) => self.search_below(base, search, controls, caller),
            None => Results::refused(answer::no_object(BASE)),
        }
    }

    fn search_below(&self, base: usize, search: &Search, controls: &[ControlSeen], caller: Caller) -> Results {
        let base = &self.entries[base].name;
        let in_scope = |entry: &Entry| match search.scope {
            Scope::Base => entry.name == *base,
            Scope::One => entry.name.is_child_of(base),
            Scope::Subtree => entry.name.is_within(base) && !self.crosses_context(base, &entry.name),
        };
        let visible = |at: usize| self.visible(at, caller);
        let hits = (0..self.entries.len()).filter(|at| self.entries[*at].readable && in_scope(&self.entries[*at]));
        let hits = hits.map(visible).filter(|entry| filter::matches(&search.filter, entry));
        let mut entries: Vec<Found> = hits.map(|entry| project(&entry, search, controls)).collect();
        let limit = if search.size_limit == 0 {
            usize::MAX
        } else {
            search.size_limit as usize
        };
        let mut answer = Answer::success();
        if entries.len() > limit {
            entries.truncate(limit);
            answer = answer::service(4, "00002023", "5008 (SIZE_LIMIT_EXCEEDED)");
        }
        if controls.iter().any(|control| control.oid == PAGED) {
            answer
                .controls
                .push((PAGED.to_owned(), false, Some(vec![0x30, 5, 2, 1, 0, 4, 0])));
        }
        Results {
            entries,
            references: self.references(base, search, controls, caller),
            answer,
        }
    }

    /// A search of the domain does not go down into the configuration.
    fn crosses_context(&self, base: &Dn, name: &Dn) -> bool {
        let configuration = Dn::parse(&super::configuration()).expect("a constant name");
        name.is_within(&configuration) && !base.is_within(&configuration)
    }

    /// The other naming contexts below the domain (MS-ADTS 3.1.1.3.4.6).
    fn references(&self, base: &Dn, search: &Search, controls: &[ControlSeen], caller: Caller) -> Vec<String> {
        let from_the_head = Dn::parse(BASE).as_ref() == Some(base) && search.scope == Scope::Subtree;
        let unwanted = controls.iter().any(|control| control.oid == DOMAIN_SCOPE);
        if !from_the_head || unwanted || caller.global_catalog || !self.options.references {
            return Vec::new();
        }
        let zone = |name: &str| format!("ldap://{name}.{DOMAIN}/DC={name},{BASE}");
        let configuration = format!("ldap://{DOMAIN}/CN=Configuration,{BASE}");
        vec![zone("ForestDnsZones"), zone("DomainDnsZones"), configuration]
    }

    /// The entry as a reader sees it: computed attributes there, unreadable ones gone.
    pub(super) fn visible(&self, at: usize, caller: Caller) -> Entry {
        let mut entry = self.entries[at].clone();
        computed::add(self, at, &mut entry);
        let partial = |name: &str| !caller.global_catalog || computed::in_global_catalog(name);
        let hidden = entry.hidden.clone();
        entry
            .attributes
            .retain(|(name, _)| partial(name) && !hidden.iter().any(|hid| hid.eq_ignore_ascii_case(name)));
        entry
    }

    fn project_root(&self, entry: &Entry, search: &Search) -> Found {
        let all = search.attributes.is_empty() || search.attributes.iter().any(|name| name == "*");
        let chosen = |name: &str| (all && !name.eq_ignore_ascii_case("tokenGroups")) || asks(search, name);
        let attributes = entry.attributes.iter().filter(|(name, _)| chosen(name)).cloned();
        Found {
            dn: String::new(),
            attributes: attributes.collect(),
        }
    }
}

fn asks(search: &Search, name: &str) -> bool {
    search.attributes.iter().any(|asked| asked.eq_ignore_ascii_case(name))
}

/// Picks the attributes asked for; the computed ones only by name.
fn project(entry: &Entry, search: &Search, controls: &[ControlSeen]) -> Found {
    let all = search.attributes.is_empty() || search.attributes.iter().any(|name| name == "*");
    let chosen = |name: &str| asks(search, name) || (all && !computed::only_by_name(name));
    let secret = |name: &str| name.eq_ignore_ascii_case("unicodePwd");
    let described = |name: &str| !name.eq_ignore_ascii_case("nTSecurityDescriptor") || reads_descriptor(controls);
    let attributes = entry
        .attributes
        .iter()
        .filter(|(name, _)| chosen(name) && described(name) && !secret(name));
    let values = |values: &Vec<Vec<u8>>| if search.types_only { Vec::new() } else { values.clone() };
    let attributes = attributes.map(|(name, found)| (name.clone(), values(found)));
    Found {
        dn: entry.dn.clone(),
        attributes: attributes.collect(),
    }
}

/// The descriptor shows only to who does not also ask for the SACL, which the absent control does
/// (MS-ADTS 3.1.1.3.4.1.11).
fn reads_descriptor(controls: &[ControlSeen]) -> bool {
    let flags = controls
        .iter()
        .find(|control| control.oid == SD_FLAGS)
        .and_then(|control| control.value.as_ref());
    flags.and_then(|value| value.last()).is_some_and(|flags| flags & 8 == 0)
}
