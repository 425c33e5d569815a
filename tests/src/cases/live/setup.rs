//! Building a case's directory on a live server, as its administrator.

use super::super::Result;
use super::super::scene::{Place, Scene};
use super::super::schema::{Account, Case, FineGrainedPolicy, Group, Kind, PolicySettings, Right, Service};
use super::super::span::Span;
use super::{LiveStage, text};
use crate::samba::{Admin, Change, GroupScope, NewUser, Policy, Principal, Value, file_time};
use jiff::Timestamp;
use std::time::Duration;

/// The class of users, and the attributes of the delegation (MS-ADTS 5.1.3.2.1).
const USER: &str = "bf967aba-0de6-11d0-a285-00aa003049e2";
const GRANTS: [(Right, &str); 3] = [
    (Right::ResetPassword, "CR;00299570-246d-11d0-a768-00aa006e0529"),
    (Right::WriteLockoutTime, "RPWP;28630ebf-41d5-11d1-a9c1-0000f80367c1"),
    (Right::WritePwdLastSet, "RPWP;bf967a0a-0de6-11d0-a285-00aa003049e2"),
];

/// Flags of userAccountControl (MS-ADTS 2.2.16).
const PASSWORD_NOT_REQUIRED: u32 = 0x20;
const PASSWORD_NEVER_EXPIRES: u32 = 0x1_0000;
const SMARTCARD_REQUIRED: u32 = 0x4_0000;

/// The access list of a user that inherits nothing: everybody may read it and change its password with the old one.
const NOTHING_INHERITED: &str = "D:P(A;;GA;;;SY)(A;;GA;;;DA)(A;;RPLCLORC;;;AU)\
     (OA;;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;;WD)(OA;;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;;PS)";

/// The only value that the schema allows.
const SECONDARY_KRBTGT: i64 = 65_536;

impl LiveStage {
    /// Builds what a case describes.
    pub(super) async fn build(&mut self, case: &Case) -> Result<()> {
        self.scene = self.domain().await?;
        let admin = self.dc()?.admin();
        // Passwords are given before the case's own rules hold.
        let open = PolicySettings {
            min_length: 0,
            complexity: false,
            ..case.policy.clone()
        };
        text(admin.set_policy(&policy(&open)).await)?;
        self.organizational_unit(&admin, case).await?;
        self.domain_rights(&admin, &case.service).await?;
        for group in &case.groups {
            self.group(&admin, group).await?;
        }
        for account in &case.accounts {
            self.account(&admin, account).await?;
            self.unreadable(&admin, account, &case.service).await?;
        }
        for fine_grained in &case.fine_grained_policies {
            self.fine_grained(&admin, fine_grained).await?;
        }
        text(admin.set_policy(&policy(&case.policy)).await)
    }

    async fn domain(&self) -> Result<Scene> {
        let dc = self.dc()?;
        let service = lookup(&dc.admin(), dc.base_dn(), "svc-writeback").await?;
        Ok(Scene {
            dns_domain: dc.dns_domain().to_owned(),
            netbios_domain: dc.netbios_domain().to_owned(),
            domain_dn: dc.base_dn().to_owned(),
            service,
            ..Scene::default()
        })
    }

    /// The case's own unit, with what is delegated on it, and the containers in it.
    async fn organizational_unit(&mut self, admin: &Admin, case: &Case) -> Result<()> {
        let (base, sid) = {
            let dc = self.dc()?;
            (dc.base_dn(), dc.service_sid().to_owned())
        };
        let ou = text(admin.create_ou(base, &case.name).await)?;
        self.undo.ou = Some(ou.clone());
        self.scene.ou.clone_from(&ou);
        let grants: Vec<String> = GRANTS
            .iter()
            .filter(|(right, _)| case.service.has(right))
            .map(|(_, grant)| format!("(OA;CIIO;{grant};{USER};{sid})"))
            .collect();
        let grants: Vec<&str> = grants.iter().map(String::as_str).collect();
        if !grants.is_empty() {
            text(admin.add_aces(&ou, &grants).await)?;
        }
        for container in case.accounts.iter().filter_map(|account| account.container.as_deref()) {
            if !self.scene.places.contains_key(container) {
                let place = Place {
                    dn: text(admin.create_ou(&ou, container).await)?,
                    ..Place::default()
                };
                self.scene.places.insert(container.to_owned(), place);
            }
        }
        Ok(())
    }

    /// The rights that are not on the accounts: each is there unless a case takes it.
    async fn domain_rights(&mut self, admin: &Admin, service: &Service) -> Result<()> {
        let sid = self.dc()?.service_sid().to_owned();
        text(admin.allow_policies(&sid).await)?;
        if !service.has(&Right::PasswordSettingsContainer) {
            text(admin.forbid_policies(&sid).await)?;
            self.undo.allow_policies = true;
        }
        if !service.has(&Right::UnexpirePassword) {
            text(admin.revoke_unexpire_password().await)?;
            self.undo.restore_unexpire = true;
        }
        Ok(())
    }

    async fn group(&mut self, admin: &Admin, group: &Group) -> Result<()> {
        let created = text(
            admin
                .create_group(&self.scene.ou, &group.name, GroupScope::Global)
                .await,
        )?;
        let dn = created.dn.clone();
        self.scene
            .places
            .insert(group.name.clone(), place(created, &group.name));
        for parent in &group.member_of {
            text(admin.add_member(&self.group_named(parent)?, &dn).await)?;
        }
        Ok(())
    }

    /// The name of a group: of the case's own, or a well-known one by its SID.
    fn group_named(&self, name: &str) -> Result<String> {
        match self.scene.places.get(name) {
            Some(place) => Ok(place.dn.clone()),
            None => Ok(format!("<SID={}>", self.group_sid(name)?)),
        }
    }

    fn group_sid(&self, name: &str) -> Result<String> {
        if let Some(sid) = self.scene.places.get(name).and_then(|place| place.sid.clone()) {
            return Ok(sid);
        }
        let rid = well_known(name).ok_or_else(|| format!("no group is called {name:?}"))?;
        let service = self.scene.service.sid.as_deref().unwrap_or_default();
        let domain = service.rsplit_once('-').map_or("", |(domain, _)| domain);
        Ok(match rid {
            544..=552 => format!("S-1-5-32-{rid}"),
            _ => format!("{domain}-{rid}"),
        })
    }

    async fn account(&mut self, admin: &Admin, account: &Account) -> Result<()> {
        if account.kind == Kind::BuiltIn {
            let found = lookup(admin, &self.scene.domain_dn, &account.name).await?;
            self.scene.places.insert(account.name.clone(), found);
            return Ok(());
        }
        let container = match &account.container {
            Some(container) => self.place(container)?.dn.clone(),
            None => self.scene.ou.clone(),
        };
        let (created, sam) = self.create(admin, account, &container).await?;
        let dn = created.dn.clone();
        self.undo.accounts.push(dn.clone());
        self.scene.places.insert(account.name.clone(), place(created, &sam));
        self.memberships(admin, account, &dn).await?;
        if matches!(account.kind, Kind::User | Kind::RodcKrbtgt) {
            state(admin, account, &dn).await?;
        }
        Ok(())
    }

    /// The bare account, and its sAMAccountName.
    async fn create(&self, admin: &Admin, account: &Account, container: &str) -> Result<(Principal, String)> {
        let name = &account.name;
        let machine = format!("{name}$");
        match account.kind {
            Kind::Computer => Ok((text(admin.create_computer(container, name).await)?, machine)),
            Kind::GroupManagedServiceAccount => Ok((
                text(admin.create_managed_service_account(container, name).await)?,
                machine,
            )),
            _ => {
                let user = self.new_user(account, container);
                let created = text(admin.create_user(&user).await)?;
                if account.kind == Kind::Trust {
                    text(admin.make_trust_account(&created.dn).await)?;
                }
                Ok((created, name.clone()))
            }
        }
    }

    fn new_user(&self, account: &Account, container: &str) -> NewUser {
        let first = account.former_passwords.first().unwrap_or(&account.password);
        let flags = [
            (account.password_not_required, PASSWORD_NOT_REQUIRED),
            (account.password_never_expires, PASSWORD_NEVER_EXPIRES),
        ];
        let mut attributes = Vec::new();
        if let Some(guid) = account.consistency_guid {
            let bytes = vec![Value::Bytes(guid.to_bytes_le().to_vec())];
            attributes.push(("mS-DS-ConsistencyGuid".to_owned(), bytes));
        }
        if let Some(count) = account.admin_count {
            attributes.push(("adminCount".to_owned(), vec![Value::from(i64::from(count))]));
        }
        NewUser {
            container: Some(container.to_owned()),
            cn: account.common_name.clone(),
            upn: account.upn(&self.scene.dns_domain),
            display_name: account.display_name.clone(),
            password: Some(first.clone()),
            disabled: account.disabled,
            flags: flags.iter().filter(|(set, _)| *set).map(|(_, flag)| flag).sum(),
            expires: account.expires.map(from_now),
            attributes,
            ..NewUser::new(&account.name)
        }
    }

    async fn memberships(&self, admin: &Admin, account: &Account, dn: &str) -> Result<()> {
        for group in &account.member_of {
            text(admin.add_member(&self.group_named(group)?, dn).await)?;
        }
        if let Some(name) = &account.primary_group {
            let group = Principal {
                dn: self.group_named(name)?,
                guid: uuid::Uuid::nil(),
                sid: self.group_sid(name)?,
            };
            text(admin.add_member(&group.dn, dn).await)?;
            text(admin.set_primary_group(dn, &group).await)?;
        }
        Ok(())
    }

    async fn unreadable(&self, admin: &Admin, account: &Account, service: &Service) -> Result<()> {
        let sid = self.dc()?.service_sid();
        let dn = &self.place(&account.name)?.dn;
        for attribute in service.unreadable() {
            text(admin.deny_read(dn, attribute, sid).await)?;
        }
        Ok(())
    }

    async fn fine_grained(&mut self, admin: &Admin, given: &FineGrainedPolicy) -> Result<()> {
        let created = admin
            .create_pso(&given.name, given.precedence, &policy(&given.policy))
            .await;
        let dn = text(created)?;
        self.undo.policies.push(dn.clone());
        for name in &given.applies_to {
            text(admin.apply_pso(&dn, &self.group_named(name)?).await)?;
        }
        let place = Place { dn, ..Place::default() };
        self.scene.places.insert(given.name.clone(), place);
        Ok(())
    }
}

/// What can only be said of an account once it is there: flags that a new password would clear, and times.
async fn state(admin: &Admin, account: &Account, dn: &str) -> Result<()> {
    for password in account.former_passwords.iter().skip(1) {
        text(admin.set_password(dn, password).await)?;
    }
    if !account.former_passwords.is_empty() {
        text(admin.set_password(dn, &account.password).await)?;
    }
    if account.smartcard_required {
        text(admin.set_user_account_control(dn, SMARTCARD_REQUIRED, 0).await)?;
    }
    if account.inheritance_broken {
        text(admin.write_sddl(dn, NOTHING_INHERITED).await)?;
    }
    if account.cannot_change_password {
        text(admin.deny_change_password(dn).await)?;
    }
    let set = (!account.must_change_password).then(|| from_now(account.password_set));
    let mut changes = vec![Change::replace("pwdLastSet", set.map_or(0, file_time))];
    if let Some(locked) = account.locked {
        let locked = file_time(from_now(locked));
        changes.push(Change::replace("lockoutTime", locked));
        changes.push(Change::replace("badPasswordTime", locked));
    }
    if account.kind == Kind::RodcKrbtgt {
        changes.push(Change::replace("msDS-SecondaryKrbTgtNumber", SECONDARY_KRBTGT));
    }
    text(admin.modify_raw(dn, &changes).await)
}

async fn lookup(admin: &Admin, base: &str, sam: &str) -> Result<Place> {
    let filter = format!("(sAMAccountName={sam})");
    let found = text(admin.search(base, &filter, &["objectGUID"]).await)?;
    let entry = found.first().ok_or_else(|| format!("the domain has no {sam}"))?;
    let guid = entry.bytes("objectGUID").and_then(|bytes| bytes.try_into().ok());
    Ok(Place {
        dn: entry.dn.clone(),
        guid: guid.map(uuid::Uuid::from_bytes_le),
        sid: Some(text(admin.sid_of(sam).await)?),
        sam: Some(sam.to_owned()),
    })
}

fn place(principal: Principal, sam: &str) -> Place {
    Place {
        dn: principal.dn,
        guid: Some(principal.guid),
        sid: Some(principal.sid),
        sam: Some(sam.to_owned()),
    }
}

fn from_now(span: Span) -> Timestamp {
    span.after(Timestamp::now())
}

/// A policy in the kit's terms: zero means without end there too.
fn policy(given: &PolicySettings) -> Policy {
    let unless_zero = |span: Span| Some(span.length()).filter(|length| *length > Duration::ZERO);
    Policy {
        min_length: given.min_length,
        complexity: given.complexity,
        history: given.history_length,
        min_age: given.min_age.length(),
        max_age: unless_zero(given.max_age),
        lockout_threshold: given.lockout_threshold,
        lockout_duration: unless_zero(given.lockout_duration),
        lockout_window: given.lockout_window.length(),
    }
}

/// The RID of a group that every domain has (MS-DTYP 2.4.2.4).
fn well_known(name: &str) -> Option<u32> {
    Some(match name {
        "Domain Admins" => 512,
        "Domain Users" => 513,
        "Domain Controllers" => 516,
        "Schema Admins" => 518,
        "Enterprise Admins" => 519,
        "Group Policy Creator Owners" => 520,
        "Read-only Domain Controllers" => 521,
        "Enterprise Read-only Domain Controllers" => 498,
        "Administrators" => 544,
        "Users" => 545,
        "Guests" => 546,
        "Account Operators" => 548,
        "Server Operators" => 549,
        "Print Operators" => 550,
        "Backup Operators" => 551,
        "Replicator" => 552,
        _ => return None,
    })
}
