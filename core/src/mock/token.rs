//! The groups that an account is in, and the policy that applies to it.

use super::domain::{Domain, FineGrained};
use super::entry::{Entry, Group};
use super::group::GroupScope;
use super::policy::MockPolicy;
use super::state::trusts;
use crate::policy::{PasswordPolicy, PolicySource};
use crate::sid::Sid;
use std::collections::BTreeSet;

/// The relative identifier of krbtgt (MS-DTYP 2.4.2.4).
const KRBTGT: u32 = 502;

impl Domain {
    /// Every security group that an account is in, direct, nested and by its primary group (MS-ADTS 3.1.1.4.5.19). A circle of
    /// groups is walked once.
    pub(super) fn token_groups(&self, entry: &Entry) -> BTreeSet<Sid> {
        self.reach(entry, |group| group.security)
    }

    fn reach(&self, entry: &Entry, counts: fn(&Group) -> bool) -> BTreeSet<Sid> {
        let mut reached = BTreeSet::new();
        let mut next: Vec<&Sid> = entry.groups.iter().collect();
        while let Some(sid) = next.pop() {
            let Some(group) = self.groups.iter().find(|group| group.sid == *sid && counts(group)) else {
                continue;
            };
            if reached.insert(group.sid.clone()) {
                next.extend(&group.member_of);
            }
        }
        reached
    }

    /// The fine-grained policy that applies (msDS-ResultantPSO, MS-ADTS 3.1.1.4.5.36): one linked to the user itself beats every
    /// one linked to a group; then the lowest precedence, then the smallest GUID. Only ordinary users have one.
    pub(super) fn resultant(&self, entry: &Entry) -> Option<&FineGrained> {
        if trusts(entry) || entry.sid == Self::sid(KRBTGT) {
            return None;
        }
        let best = |linked: &dyn Fn(&FineGrained) -> bool| {
            self.fine_grained
                .iter()
                .filter(|policy| linked(policy))
                .min_by_key(|policy| (policy.precedence, policy.guid))
        };
        best(&|policy| policy.applies_to.contains(&entry.sid)).or_else(|| {
            let groups = self.reach(entry, |group| group.security && group.scope == GroupScope::Global);
            best(&|policy| !policy.applies_to.is_disjoint(&groups))
        })
    }

    /// The policy the server itself goes by.
    pub(super) fn settings_of(&self, entry: &Entry) -> &MockPolicy {
        self.resultant(entry).map_or(&self.policy, |policy| &policy.policy)
    }

    /// The same as the library reads it.
    pub(super) fn policy_of(&self, entry: &Entry) -> PasswordPolicy {
        let source = match self.resultant(entry) {
            Some(policy) => PolicySource::FineGrained(policy.distinguished_name.clone()),
            None => PolicySource::Domain,
        };
        self.settings_of(entry).effective(source)
    }
}
