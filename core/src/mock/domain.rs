//! What a mock domain is, and what it holds.

use super::builder::{PolicyHintsSupport, Refusals};
use super::clock::MockClock;
use super::entry::{Entry, Group};
use super::fault::Faults;
use super::policy::MockPolicy;
use super::rights::MockRight;
use crate::clock::Clock;
use crate::sid::Sid;
use jiff::Timestamp;
use std::collections::BTreeSet;
use uuid::Uuid;

/// The domain's part of every SID in it: any three numbers will do.
const DOMAIN: [u32; 3] = [1_004_336_348, 1_177_238_915, 682_003_330];

/// The first relative identifier of an account that is not built in (MS-SAMR 3.1.1.9.2.1 leaves those below to the system).
const FIRST_RID: u32 = 1103;

/// A fine-grained policy in the directory.
#[derive(Clone, Debug)]
pub(super) struct FineGrained {
    pub(super) guid: Uuid,
    pub(super) distinguished_name: String,
    pub(super) precedence: u32,
    pub(super) policy: MockPolicy,
    pub(super) applies_to: BTreeSet<Sid>,
}

/// Everything one domain controller knows.
#[derive(Debug)]
pub(super) struct Domain {
    pub(super) dns_name: String,
    pub(super) netbios_name: String,
    pub(super) clock: MockClock,
    pub(super) policy: MockPolicy,
    pub(super) hints: PolicyHintsSupport,
    pub(super) refusals: Refusals,
    pub(super) read_only: bool,
    /// Refers every write to another domain controller.
    pub(super) referring: bool,
    /// Words that the domain controller's password filter refuses, in small letters.
    pub(super) banned_words: Vec<String>,
    pub(super) accounts: Vec<Entry>,
    pub(super) groups: Vec<Group>,
    pub(super) fine_grained: Vec<FineGrained>,
    /// The rights that the service account does not have anywhere.
    pub(super) revoked: BTreeSet<MockRight>,
    pub(super) faults: Faults,
    pub(super) gone: bool,
    pub(super) writes: u64,
    pub(super) usn: u64,
    pub(super) next_rid: u32,
}

impl Domain {
    /// A domain with nothing in it.
    pub(super) fn empty(dns_name: String, netbios_name: String, clock: MockClock) -> Self {
        Domain {
            dns_name,
            netbios_name,
            clock,
            policy: MockPolicy::new(),
            hints: PolicyHintsSupport::Current,
            refusals: Refusals::Windows,
            read_only: false,
            referring: false,
            banned_words: Vec::new(),
            accounts: Vec::new(),
            groups: Vec::new(),
            fine_grained: Vec::new(),
            revoked: BTreeSet::new(),
            faults: Faults::default(),
            gone: false,
            writes: 0,
            usn: 8_192,
            next_rid: FIRST_RID,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The distinguished name of the domain.
    pub(super) fn root(&self) -> String {
        let labels: Vec<String> = self.dns_name.split('.').map(|label| format!("DC={label}")).collect();
        labels.join(",")
    }

    /// The SID of a relative identifier in this domain.
    pub(super) fn sid(rid: u32) -> Sid {
        let [a, b, c] = DOMAIN;
        Sid::nt(&[21, a, b, c, rid])
    }

    /// A relative identifier that nobody has, and nobody else gets.
    pub(super) fn next_rid(&mut self) -> u32 {
        while self.has_sid(&Self::sid(self.next_rid)) {
            self.next_rid += 1;
        }
        let rid = self.next_rid;
        self.next_rid += 1;
        rid
    }

    pub(super) fn has_sid(&self, sid: &Sid) -> bool {
        self.accounts.iter().any(|entry| entry.sid == *sid) || self.groups.iter().any(|group| group.sid == *sid)
    }

    pub(super) fn next_usn(&mut self) -> u64 {
        self.usn += 1;
        self.usn
    }

    pub(super) fn account(&self, guid: Uuid) -> Option<&Entry> {
        self.accounts.iter().find(|entry| entry.guid == guid)
    }

    pub(super) fn account_mut(&mut self, guid: Uuid) -> Option<&mut Entry> {
        self.accounts.iter_mut().find(|entry| entry.guid == guid)
    }

    /// Whether the service account holds a right on an account.
    pub(super) fn holds(&self, right: MockRight, entry: &Entry) -> bool {
        !self.revoked.contains(&right) && !entry.revoked.contains(&right)
    }

    /// The value, where the service account may read it.
    pub(super) fn readable<T>(&self, right: MockRight, entry: &Entry, value: T) -> Option<T> {
        self.holds(right, entry).then_some(value)
    }
}
