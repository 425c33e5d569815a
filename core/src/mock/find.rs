//! The accounts that a name leads to.

use super::domain::Domain;
use super::entry::Entry;
use super::rights::MockRight;
use crate::ad::dn::Dn;
use crate::error::Error;
use crate::identity::{Identity, Name, anchored, principals};
use crate::reading::Reading;
use uuid::Uuid;

/// Whether two names are the same to the directory.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

impl Domain {
    /// The accounts that have a name, as far as the service account can find by it.
    ///
    /// # Errors
    /// As the source anchor's rule: an mS-DS-ConsistencyGuid that may not be read.
    pub(super) fn find(&self, name: &Name) -> Result<Vec<Uuid>, Error> {
        self.find_where(name, |right, entry| self.holds(right, entry))
    }

    /// The one account of an identity that a test names; nothing is hidden from a test.
    pub(super) fn named(&self, identity: &Identity) -> Option<&Entry> {
        let name = identity.read().ok()?;
        match self.find_where(&name, |_, _| true).ok()?.as_slice() {
            [guid] => self.account(*guid),
            _ => None,
        }
    }

    fn find_where(&self, name: &Name, may: impl Fn(MockRight, &Entry) -> bool) -> Result<Vec<Uuid>, Error> {
        let all = |matches: &dyn Fn(&Entry) -> bool| -> Vec<Uuid> {
            self.accounts
                .iter()
                .filter(|entry| matches(entry))
                .map(|entry| entry.guid)
                .collect()
        };
        Ok(match name {
            Name::Guid(guid) => all(&|entry| entry.guid == *guid),
            Name::Sid(sid) => all(&|entry| entry.sid == *sid),
            Name::Dn(text) => match text.parse::<Dn>() {
                Ok(dn) => all(&|entry| entry.distinguished_name.parse::<Dn>().is_ok_and(|own| own == dn)),
                Err(_) => Vec::new(),
            },
            Name::Sam { domain, name } => {
                if domain.as_deref().is_some_and(|domain| !self.is_called(domain)) {
                    return Ok(Vec::new());
                }
                all(&|entry| may(MockRight::ReadSamAccountName, entry) && same(&entry.sam, name))
            }
            Name::Upn(upn) => {
                let explicit = |entry: &Entry| {
                    let may = may(MockRight::ReadUserPrincipalName, entry);
                    Reading::of(entry.upn.clone(), may)
                };
                let implied =
                    |entry: &Entry| may(MockRight::ReadSamAccountName, entry) && self.is_implicit(upn, &entry.sam);
                let candidates = self.accounts.iter().map(|entry| (entry, explicit(entry)));
                let candidates: Vec<_> = candidates
                    .filter(|(entry, explicit)| match explicit {
                        Reading::Value(explicit) => same(explicit, upn),
                        Reading::Unset | Reading::Unreadable => implied(entry),
                    })
                    .map(|(entry, explicit)| (entry.guid, explicit))
                    .collect();
                return principals(upn, &candidates);
            }
            Name::SourceAnchor(anchor) => {
                let candidates: Vec<_> = self
                    .accounts
                    .iter()
                    .map(|entry| {
                        let may = may(MockRight::ReadConsistencyGuid, entry);
                        (entry.guid, Reading::of(entry.consistency_guid, may))
                    })
                    .collect();
                return anchored(*anchor, &candidates);
            }
        })
    }

    fn is_called(&self, domain: &str) -> bool {
        same(domain, &self.netbios_name) || same(domain, &self.dns_name)
    }

    /// Whether a user principal name is `sAMAccountName@domain`.
    fn is_implicit(&self, upn: &str, sam: &str) -> bool {
        upn.rsplit_once('@')
            .is_some_and(|(name, suffix)| same(name, sam) && same(suffix, &self.dns_name))
    }
}
