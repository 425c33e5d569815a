//! Furnishing a mock domain: the objects of a new one, and those that a test adds.

use super::domain::{Domain, FineGrained};
use super::entry::{Entry, Group};
use super::find::same;
use super::group::{GroupScope, MockGroup};
use super::policy::MockFineGrainedPolicy;
use super::rights::DELEGATED;
use super::session::SERVICE_ACCOUNT;
use super::user::{MockUser, PasswordSet};
use crate::ad::attribute::FileTime;
use crate::ad::dn::Dn;
use crate::error::{Code, Error};
use crate::identity::{Identity, Name};
use crate::protection::is_protected_member;
use crate::sid::Sid;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;
use uuid::Uuid;

/// The groups of a new domain, by relative identifier (MS-DTYP 2.4.2.4).
const DOMAIN_GROUPS: [(&str, u32, GroupScope); 15] = [
    ("Enterprise Read-only Domain Controllers", 498, GroupScope::Universal),
    ("Domain Admins", 512, GroupScope::Global),
    ("Domain Users", 513, GroupScope::Global),
    ("Domain Guests", 514, GroupScope::Global),
    ("Domain Computers", 515, GroupScope::Global),
    ("Domain Controllers", 516, GroupScope::Global),
    ("Cert Publishers", 517, GroupScope::DomainLocal),
    ("Schema Admins", 518, GroupScope::Universal),
    ("Enterprise Admins", 519, GroupScope::Universal),
    ("Group Policy Creator Owners", 520, GroupScope::Global),
    ("Read-only Domain Controllers", 521, GroupScope::Global),
    ("Cloneable Domain Controllers", 522, GroupScope::Global),
    ("Protected Users", 525, GroupScope::Global),
    ("Key Admins", 526, GroupScope::Global),
    ("Enterprise Key Admins", 527, GroupScope::Universal),
];

/// The groups of the Builtin domain that matter here.
const BUILTIN_GROUPS: [(&str, u32); 8] = [
    ("Administrators", 544),
    ("Users", 545),
    ("Account Operators", 548),
    ("Server Operators", 549),
    ("Print Operators", 550),
    ("Backup Operators", 551),
    ("Replicator", 552),
    ("Pre-Windows 2000 Compatible Access", 554),
];

/// Who is in what from the start.
const MEMBERSHIPS: [(&str, &str); 3] = [
    ("Domain Admins", "Administrators"),
    ("Enterprise Admins", "Administrators"),
    ("Domain Users", "Users"),
];

fn faulty(message: String) -> Error {
    Error::new(Code::Configuration, message)
}

impl Domain {
    /// The groups and accounts of a new domain, and the service account.
    pub(super) fn furnish(&mut self) {
        for (name, rid, scope) in DOMAIN_GROUPS {
            self.groups.push(built_in(name, Self::sid(rid), scope));
        }
        for (name, rid) in BUILTIN_GROUPS {
            self.groups
                .push(built_in(name, Sid::nt(&[32, rid]), GroupScope::DomainLocal));
        }
        for (member, group) in MEMBERSHIPS {
            let group = self.group_sid(group);
            if let Some(member) = self.groups.iter_mut().find(|known| known.name == member) {
                member.member_of.extend(group);
            }
        }
        let administrator = MockUser::new("Administrator")
            .rid(500)
            .admin_count(1)
            .group("Domain Admins")
            .group("Enterprise Admins")
            .group("Schema Admins")
            .group("Group Policy Creator Owners")
            .group("Administrators");
        let krbtgt = MockUser::new("krbtgt").rid(502).admin_count(1).disabled();
        let service = MockUser::new(SERVICE_ACCOUNT).password_never_expires();
        for user in [administrator, krbtgt, service] {
            // Their names are well formed and taken by nobody.
            let _ = self.add_user(user);
        }
    }

    fn group_sid(&self, name: &str) -> Option<Sid> {
        let group = self.groups.iter().find(|group| same(&group.name, name));
        group.map(|group| group.sid.clone())
    }

    /// Refuses a name that is malformed or taken: users and groups share their names (MS-SAMR 3.1.1.8.4).
    fn free_name(&self, name: &str) -> Result<(), Error> {
        let well_formed = matches!(Identity::sam(name).read(), Ok(Name::Sam { domain: None, .. }));
        if !well_formed {
            return Err(faulty(format!("{name:?} is no sAMAccountName")));
        }
        let taken = self.accounts.iter().any(|entry| same(&entry.sam, name)) || self.group_sid(name).is_some();
        if taken {
            return Err(faulty(format!("the name {name:?} is taken")));
        }
        Ok(())
    }

    fn new_sid(&mut self, rid: Option<u32>) -> Result<Sid, Error> {
        let rid = rid.unwrap_or_else(|| self.next_rid());
        let sid = Self::sid(rid);
        if self.has_sid(&sid) {
            return Err(faulty(format!("the relative identifier {rid} is taken")));
        }
        Ok(sid)
    }

    /// The groups of these names; those that are not there are created, as global security groups.
    fn groups_named(&mut self, names: &[String]) -> Result<BTreeSet<Sid>, Error> {
        for name in names.iter().filter(|name| self.group_sid(name).is_none()) {
            self.free_name(name)?;
        }
        let mut sids = BTreeSet::new();
        for name in names {
            let sid = match self.group_sid(name) {
                Some(sid) => sid,
                None => self.add_group(MockGroup::new(name.clone()))?,
            };
            sids.insert(sid);
        }
        Ok(sids)
    }

    pub(super) fn add_group(&mut self, group: MockGroup) -> Result<Sid, Error> {
        self.free_name(&group.name)?;
        let sid = self.new_sid(group.rid)?;
        self.groups.push(Group {
            name: group.name,
            sid: sid.clone(),
            scope: group.scope,
            security: group.security,
            member_of: BTreeSet::new(),
        });
        let parents = self.groups_named(&group.member_of)?;
        if let Some(stored) = self.groups.iter_mut().find(|stored| stored.sid == sid) {
            stored.member_of = parents;
        }
        Ok(sid)
    }

    /// Puts a group into another, which may close a circle.
    pub(super) fn nest(&mut self, member: &str, group: &str) -> Result<(), Error> {
        let parent = self.group_sid(group).ok_or_else(|| no_group(group))?;
        let stored = self.groups.iter_mut().find(|stored| same(&stored.name, member));
        stored.ok_or_else(|| no_group(member))?.member_of.insert(parent);
        Ok(())
    }

    pub(super) fn add_user(&mut self, user: MockUser) -> Result<Uuid, Error> {
        self.free_name(&user.name)?;
        let common_name = user.common_name.clone().unwrap_or_else(|| user.name.clone());
        let distinguished_name = self.name_in(&common_name, &user.container)?;
        let guid = user.guid.unwrap_or_else(Uuid::new_v4);
        if self.account(guid).is_some() {
            return Err(faulty(format!("the objectGUID {guid} is taken")));
        }
        let mut groups = user.groups.clone();
        groups.push(user.primary_group.clone());
        if groups.iter().any(|group| same(group, &user.name)) {
            return Err(faulty(format!("{:?} cannot be a user and a group", user.name)));
        }
        let sid = self.new_sid(user.rid)?;
        let groups = self.groups_named(&groups)?;
        let identity = Spoken {
            guid,
            sid,
            common_name,
            distinguished_name,
            groups,
        };
        let usn = self.next_usn();
        self.accounts.push(stored(user, identity, self.now(), usn));
        Ok(guid)
    }

    /// The distinguished name of an object in a container below the domain.
    fn name_in(&self, name: &str, container: &str) -> Result<String, Error> {
        let dn = format!("CN={},{container},{}", escaped(name), self.root());
        let parsed = dn.parse::<Dn>();
        let parsed = parsed.map_err(|_| faulty(format!("{container:?} is no container")))?;
        let taken = |entry: &Entry| entry.distinguished_name.parse::<Dn>().is_ok_and(|own| own == parsed);
        if self.accounts.iter().any(taken) {
            return Err(faulty(format!("the name {dn:?} is taken")));
        }
        Ok(dn)
    }

    /// Moves an account to another container.
    pub(super) fn move_user(&mut self, guid: Uuid, container: &str) -> Result<(), Error> {
        let name = self
            .account(guid)
            .map(|entry| entry.common_name.clone())
            .unwrap_or_default();
        let distinguished_name = self.name_in(&name, container)?;
        let usn = self.next_usn();
        if let Some(entry) = self.account_mut(guid) {
            entry.distinguished_name = distinguished_name;
            entry.usn_changed = usn;
        }
        Ok(())
    }

    pub(super) fn add_fine_grained_policy(&mut self, given: MockFineGrainedPolicy) -> Result<Uuid, Error> {
        let mut applies_to = BTreeSet::new();
        for name in &given.users {
            let user = self.accounts.iter().find(|entry| same(&entry.sam, name));
            let user = user.ok_or_else(|| faulty(format!("there is no user {name:?}")))?;
            applies_to.insert(user.sid.clone());
        }
        for name in &given.groups {
            applies_to.insert(self.group_sid(name).ok_or_else(|| no_group(name))?);
        }
        let container = "CN=Password Settings Container,CN=System";
        let guid = given.guid.unwrap_or_else(Uuid::new_v4);
        self.fine_grained.push(FineGrained {
            guid,
            distinguished_name: format!("CN={},{container},{}", escaped(&given.name), self.root()),
            precedence: given.precedence,
            policy: given.policy,
            applies_to,
        });
        Ok(guid)
    }

    /// What AdminSDHolder's task does every hour (MS-ADTS 3.1.1.6.1): members of protected groups get adminCount 1 and lose what was
    /// delegated on them. Nothing is taken back from those who have left.
    pub(super) fn protect_administrators(&mut self) {
        let members: Vec<Uuid> = self
            .accounts
            .iter()
            .filter(|entry| is_protected_member(&entry.sid, &self.token_groups(entry)))
            .map(|entry| entry.guid)
            .collect();
        for guid in members {
            let usn = self.next_usn();
            if let Some(entry) = self.account_mut(guid) {
                entry.admin_count = Some(1);
                entry.inheritance_broken = true;
                entry.revoked.extend(DELEGATED);
                entry.usn_changed = usn;
            }
        }
    }

    /// The DNS name of the one domain controller.
    pub(super) fn server_name(&self) -> String {
        format!("dc1.{}", self.dns_name)
    }
}

/// What a new account is known by, once it is clear that nobody else is.
struct Spoken {
    guid: Uuid,
    sid: Sid,
    common_name: String,
    distinguished_name: String,
    groups: BTreeSet<Sid>,
}

/// A new account as it is stored.
fn stored(user: MockUser, identity: Spoken, now: Timestamp, usn: u64) -> Entry {
    let mut passwords: VecDeque<_> = user.former.into_iter().rev().collect();
    let password_version = u32::try_from(passwords.len()).unwrap_or(u32::MAX).saturating_add(1);
    match user.password {
        Some(password) => passwords.push_front(password),
        None => passwords.clear(),
    }
    Entry {
        guid: identity.guid,
        sid: identity.sid,
        common_name: identity.common_name,
        distinguished_name: identity.distinguished_name,
        sam: user.name,
        upn: user.upn,
        display_name: user.display_name,
        consistency_guid: user.consistency_guid,
        classes: user.classes.iter().map(|class| (*class).to_owned()).collect(),
        control: user.control,
        groups: identity.groups,
        admin_count: user.admin_count,
        secondary_krbtgt: user.secondary_krbtgt,
        passwords,
        pwd_last_set: match user.password_set {
            PasswordSet::MustChange => FileTime::Zero,
            PasswordSet::At(at) => FileTime::At(at),
            PasswordSet::Ago(age) => FileTime::At(before(now, age)),
        },
        password_version,
        lockout_time: user.locked.then_some(FileTime::At(now)),
        bad_count: user.bad_passwords,
        bad_time: (user.bad_passwords > 0).then_some(now),
        last_logon: None,
        expires: user.expires.map_or(FileTime::Max, FileTime::At),
        cannot_change: user.cannot_change,
        inheritance_broken: user.inheritance_broken,
        revoked: user.without.into_iter().collect(),
        usn_changed: usn,
    }
}

fn no_group(name: &str) -> Error {
    faulty(format!("there is no group {name:?}"))
}

fn built_in(name: &str, sid: Sid, scope: GroupScope) -> Group {
    Group {
        name: name.to_owned(),
        sid,
        scope,
        security: true,
        member_of: BTreeSet::new(),
    }
}

fn before(now: Timestamp, age: Duration) -> Timestamp {
    let age = SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX);
    now.checked_sub(age).unwrap_or(Timestamp::MIN)
}

/// A value as it stands in a distinguished name (RFC 4514 2.4).
fn escaped(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    let last = value.chars().count().saturating_sub(1);
    for (place, c) in value.chars().enumerate() {
        let special = matches!(c, '"' | '+' | ',' | ';' | '<' | '>' | '\\' | '=')
            || (c == '#' && place == 0)
            || (c == ' ' && (place == 0 || place == last));
        if special {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
