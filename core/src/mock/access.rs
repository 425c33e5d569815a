//! What the service account may do, as an examination asks for it.

use super::domain::Domain;
use super::entry::Entry;
use super::find::same;
use super::rights::MockRight;
use super::session::SERVICE_ACCOUNT;
use crate::ad::dn::{Dn, parent};
use crate::ad::right::{READ, Right};
use crate::grants::{Access, Held, Place, Service, Target};
use crate::identity::Name;

/// The rights on accounts that an examination asks for.
const ON_USERS: [(Right, MockRight); 4] = [
    (Right::ResetPassword, MockRight::ResetPassword),
    (Right::ChangePassword, MockRight::ChangePassword),
    (Right::WriteLockoutTime, MockRight::WriteLockoutTime),
    (Right::WritePwdLastSet, MockRight::WritePwdLastSet),
];

impl Domain {
    pub(super) fn service_account(&self) -> Service {
        let own = self.accounts.iter().find(|entry| same(&entry.sam, SERVICE_ACCOUNT));
        Service {
            name: own.map(|entry| format!("{}\\{}", self.netbios_name, entry.sam)),
            sid: own.map(|entry| entry.sid.clone()),
        }
    }

    pub(super) fn access(&self, target: Target<'_>) -> Option<Access> {
        match target {
            Target::User(user) => self.account(user).map(|entry| self.access_to(entry)),
            Target::Below(name) => self.access_below(name),
            Target::Domain => Some(self.access_to_domain()),
        }
    }

    fn access_to(&self, entry: &Entry) -> Access {
        let holds = |right| self.holds(right, entry);
        let dn = entry.distinguished_name.clone();
        let container = parent(&dn).map(str::to_owned);
        let mut access = access(dn.clone(), &holds);
        for (right, held) in &mut access.rights {
            if *right == Right::ChangePassword && entry.cannot_change {
                *held = Held::NotGranted;
            }
        }
        access.user_may_change = Held::of(!entry.cannot_change);
        access.inherits = Some(!entry.inheritance_broken);
        access.place = match container {
            Some(container) if !entry.inheritance_broken => Place::Users(container),
            _ => Place::On(dn),
        };
        access
    }

    /// A container is one that an account is in, or the domain itself.
    fn access_below(&self, name: &Name) -> Option<Access> {
        let Name::Dn(text) = name else { return None };
        let wanted = text.parse::<Dn>().ok()?;
        let root = self.root();
        let containers = self
            .accounts
            .iter()
            .filter_map(|entry| parent(&entry.distinguished_name));
        let dn = containers
            .chain([root.as_str()])
            .find(|dn| {
                dn.parse::<Dn>()
                    .is_ok_and(|dn| dn.is_within(&wanted) && wanted.is_within(&dn))
            })?
            .to_owned();
        let holds = |right| !self.revoked.contains(&right);
        Some(access(dn, &holds))
    }

    fn access_to_domain(&self) -> Access {
        let holds = |right| Held::of(!self.revoked.contains(&right));
        let dn = self.root();
        Access {
            rights: vec![
                (Right::UnexpirePassword, holds(MockRight::UnexpirePassword)),
                (Right::ReadPasswordSettings, holds(MockRight::ReadPasswordSettings)),
            ],
            place: Place::On(dn.clone()),
            ..access(dn, &|_| true)
        }
    }
}

/// The rights on a user, where nothing stands against them but what was taken away.
fn access(dn: String, holds: &dyn Fn(MockRight) -> bool) -> Access {
    let on_users = ON_USERS.iter().map(|(right, mock)| (*right, Held::of(holds(*mock))));
    let reads = READ.iter().map(|attribute| {
        let right = format!("read {}", attribute.name).parse::<MockRight>();
        // What the mock cannot take away may be read.
        (Right::Read(attribute), Held::of(right.map_or(true, holds)))
    });
    Access {
        rights: on_users.chain(reads).chain([(Right::ReadControl, Held::Yes)]).collect(),
        user_may_change: Held::Yes,
        inherits: Some(true),
        unprotected: None,
        place: Place::Users(dn.clone()),
        dn,
    }
}
