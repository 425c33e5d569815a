//! The directory's administrator: objects, passwords, times and policies.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::domain_controller::BASE_DN;
use super::helper::Helper;
use super::user::{INTERDOMAIN_TRUST_ACCOUNT, WORKSTATION_TRUST_ACCOUNT};
use super::{Change, Entry, Error, GroupScope, NewUser, Policy, Principal, Result, Value, file_time, unicode_pwd};

/// Sets the directory up for a test. It writes as SYSTEM into the database of the running server,
/// so that no access list stands in its way, and some rules do not either: see the methods.
///
/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct Admin {
    helper: Arc<Helper>,
}

/// Where a search looks (RFC 4511 4.5.1.2).
#[derive(Clone, Copy, Debug)]
enum Scope {
    Base,
    Subtree,
}

#[derive(Deserialize)]
struct Created {
    dn: String,
    guid: String,
    sid: Option<String>,
}

impl Admin {
    pub(super) fn new(helper: Helper) -> Self {
        Self {
            helper: Arc::new(helper),
        }
    }

    /// One operation of the helper.
    pub(super) async fn call<T: DeserializeOwned>(&self, operation: &str, with: Json) -> Result<T> {
        let answer = self.helper.call(operation, with).await?;
        serde_json::from_value(answer).map_err(|error| Error::doing(operation, error))
    }

    // Objects

    /// Creates an organizational unit in `container` and gives its distinguished name.
    ///
    /// # Errors
    /// As the directory refuses it; so for every method here.
    pub async fn create_ou(&self, container: &str, name: &str) -> Result<String> {
        let attributes = [("objectClass".to_owned(), vec!["organizationalUnit".into()])];
        let mut with = creation(container, name, &attributes);
        with["rdn"] = json!("OU");
        let created: Created = self.call("create", with).await?;
        Ok(created.dn)
    }

    /// Deletes an object.
    pub async fn delete(&self, dn: &str) -> Result<()> {
        self.call("delete", json!({ "dn": dn })).await
    }

    /// Deletes an object and everything below it.
    pub async fn delete_subtree(&self, dn: &str) -> Result<()> {
        self.call("delete", json!({ "dn": dn, "subtree": true })).await
    }

    /// Renames or moves an object.
    pub async fn rename(&self, dn: &str, new_dn: &str) -> Result<()> {
        self.call("rename", json!({ "dn": dn, "new_dn": new_dn })).await
    }

    /// Creates a user.
    pub async fn create_user(&self, user: &NewUser) -> Result<Principal> {
        principal(self.call("create", user_creation(user)).await?)
    }

    /// Creates users in one transaction: all or none, and quicker than one by one.
    pub async fn create_users(&self, users: &[NewUser]) -> Result<Vec<Principal>> {
        let requests: Vec<Json> = users
            .iter()
            .map(|user| json!({ "op": "create", "with": user_creation(user) }))
            .collect();
        let created: Vec<Created> = self.call("batch", json!({ "requests": requests })).await?;
        created.into_iter().map(principal).collect()
    }

    /// Creates a security group in `container`.
    pub async fn create_group(&self, container: &str, sam: &str, scope: GroupScope) -> Result<Principal> {
        let attributes = [
            ("objectClass".to_owned(), vec!["group".into()]),
            ("sAMAccountName".to_owned(), vec![sam.into()]),
            ("groupType".to_owned(), vec![scope.group_type().into()]),
        ];
        principal(self.call("create", creation(container, sam, &attributes)).await?)
    }

    /// Creates a computer account named `name` with the sAMAccountName `name$`.
    pub async fn create_computer(&self, container: &str, name: &str) -> Result<Principal> {
        self.create_machine(container, name, "computer", &[]).await
    }

    /// Creates a group managed service account named `name` with the sAMAccountName `name$`.
    pub async fn create_managed_service_account(&self, container: &str, name: &str) -> Result<Principal> {
        let interval = [("msDS-ManagedPasswordInterval".to_owned(), vec![30.into()])];
        self.create_machine(container, name, "msDS-GroupManagedServiceAccount", &interval)
            .await
    }

    async fn create_machine(
        &self,
        container: &str,
        name: &str,
        class: &str,
        further: &[(String, Vec<Value>)],
    ) -> Result<Principal> {
        let mut attributes = vec![
            ("objectClass".to_owned(), vec![class.into()]),
            ("sAMAccountName".to_owned(), vec![format!("{name}$").into()]),
            (
                "userAccountControl".to_owned(),
                vec![i64::from(WORKSTATION_TRUST_ACCOUNT).into()],
            ),
        ];
        attributes.extend_from_slice(further);
        principal(self.call("create", creation(container, name, &attributes)).await?)
    }

    /// Adds `member` to `group`, by distinguished names.
    pub async fn add_member(&self, group: &str, member: &str) -> Result<()> {
        self.modify(group, &[Change::add("member", member)]).await
    }

    /// Makes `group` the primary group of `user`, which must be a member of it.
    pub async fn set_primary_group(&self, user: &str, group: &Principal) -> Result<()> {
        let rid = group.sid.rsplit('-').next().unwrap_or_default();
        self.modify(user, &[Change::replace("primaryGroupID", rid)]).await
    }

    /// Changes attributes, in one modify.
    pub async fn modify(&self, dn: &str, changes: &[Change]) -> Result<()> {
        self.call("modify", json!({ "dn": dn, "changes": changes })).await
    }

    /// Changes attributes as no LDAP client could: password rules and account rules do not apply.
    pub async fn modify_raw(&self, dn: &str, changes: &[Change]) -> Result<()> {
        self.call("modify", json!({ "dn": dn, "changes": changes, "raw": true }))
            .await
    }

    /// Reads these attributes of one object; all ordinary ones if none is named.
    pub async fn read(&self, dn: &str, attributes: &[&str]) -> Result<Entry> {
        let found = self.look(dn, Scope::Base, "(objectClass=*)", attributes).await?;
        found
            .into_iter()
            .next()
            .ok_or_else(|| Error::Kit(format!("{dn} has no entry")))
    }

    /// Searches everything below `base`.
    pub async fn search(&self, base: &str, filter: &str, attributes: &[&str]) -> Result<Vec<Entry>> {
        self.look(base, Scope::Subtree, filter, attributes).await
    }

    /// The SID of the account or group with this sAMAccountName.
    pub async fn sid_of(&self, sam: &str) -> Result<String> {
        self.call("sid_of", json!({ "sam": sam })).await
    }

    async fn look(&self, base: &str, scope: Scope, filter: &str, attributes: &[&str]) -> Result<Vec<Entry>> {
        let scope = match scope {
            Scope::Base => "base",
            Scope::Subtree => "subtree",
        };
        let with = json!({ "base": base, "scope": scope, "filter": filter, "attributes": attributes });
        self.call("search", with).await
    }

    // Passwords and account state

    /// Resets a password: history and minimum age do not count, length and complexity do.
    pub async fn set_password(&self, dn: &str, password: &str) -> Result<()> {
        self.modify(dn, &[Change::replace("unicodePwd", unicode_pwd(password))])
            .await
    }

    /// Resets a password once for each of these, so that they make up its history; the last stays.
    pub async fn set_password_history(&self, dn: &str, passwords: &[&str]) -> Result<()> {
        for password in passwords {
            self.set_password(dn, password).await?;
        }
        Ok(())
    }

    /// The NT hash of the current password (MS-SAMR 3.1.1.8.6): changed means written.
    pub async fn nt_hash(&self, dn: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.read(dn, &["unicodePwd"]).await?.bytes("unicodePwd"))
    }

    /// Sets and clears flags of userAccountControl (MS-ADTS 2.2.16).
    pub async fn set_user_account_control(&self, dn: &str, set: u32, clear: u32) -> Result<()> {
        let now = self
            .read(dn, &["userAccountControl"])
            .await?
            .number("userAccountControl");
        let flags = (now.unwrap_or_default() | i64::from(set)) & !i64::from(clear);
        self.modify(dn, &[Change::replace("userAccountControl", flags)]).await
    }

    /// Makes an account look like that of a trust, which LDAP refuses.
    pub async fn make_trust_account(&self, dn: &str) -> Result<()> {
        let flags = Change::replace("userAccountControl", i64::from(INTERDOMAIN_TRUST_ACCOUNT));
        self.modify_raw(dn, &[flags]).await
    }

    /// Lets an account expire at that time; `None` for never.
    pub async fn set_account_expires(&self, dn: &str, when: Option<Timestamp>) -> Result<()> {
        self.modify_raw(dn, &[Change::replace("accountExpires", when.map_or(0, file_time))])
            .await
    }

    /// Says that the password was set at that time, which LDAP refuses; `None` requires a change at
    /// the next logon.
    pub async fn set_password_last_set(&self, dn: &str, when: Option<Timestamp>) -> Result<()> {
        self.modify_raw(dn, &[Change::replace("pwdLastSet", when.map_or(0, file_time))])
            .await
    }

    /// Says that the account was locked at that time; `None` unlocks it.
    pub async fn set_lockout_time(&self, dn: &str, when: Option<Timestamp>) -> Result<()> {
        self.modify_raw(dn, &[Change::replace("lockoutTime", when.map_or(0, file_time))])
            .await
    }

    /// Makes everything that happened to an account happen that much earlier, as if the time had
    /// passed: when its password was set, when it was locked, the last wrong password, its expiry.
    pub async fn shift_times(&self, dn: &str, back: Duration) -> Result<()> {
        const TIMES: [&str; 4] = ["pwdLastSet", "lockoutTime", "badPasswordTime", "accountExpires"];
        let steps = i64::try_from(back.as_nanos() / 100).map_err(|error| Error::doing("that long a time", error))?;
        let now = self.read(dn, &TIMES).await?;
        let changes: Vec<Change> = TIMES
            .iter()
            .filter_map(|name| now.number(name).map(|time| (*name, time)))
            // 0 and the greatest number both mean never.
            .filter(|(_, time)| *time > 0 && *time < i64::MAX)
            .map(|(name, time)| Change::replace(name, time - steps))
            .collect();
        match changes.is_empty() {
            true => Ok(()),
            false => self.modify_raw(dn, &changes).await,
        }
    }

    // Policies

    /// Sets the domain's rules, in one modify.
    pub async fn set_policy(&self, policy: &Policy) -> Result<()> {
        self.modify(BASE_DN, &policy.on_the_domain()).await
    }

    /// Creates a fine-grained policy that applies to nobody yet, and gives its distinguished name.
    /// Of several the lowest `precedence` wins.
    pub async fn create_pso(&self, name: &str, precedence: u32, policy: &Policy) -> Result<String> {
        let mut attributes = vec![
            ("objectClass".to_owned(), vec!["msDS-PasswordSettings".into()]),
            (
                "msDS-PasswordSettingsPrecedence".to_owned(),
                vec![i64::from(precedence).into()],
            ),
        ];
        attributes.extend(
            policy
                .on_a_pso()
                .into_iter()
                .map(|(name, value)| (name.to_owned(), vec![value])),
        );
        let created: Created = self.call("create", creation(&psos(), name, &attributes)).await?;
        Ok(created.dn)
    }

    /// Applies a fine-grained policy to a user or a global group.
    pub async fn apply_pso(&self, pso: &str, to: &str) -> Result<()> {
        self.modify(pso, &[Change::add("msDS-PSOAppliesTo", to)]).await
    }
}

/// The container of the fine-grained policies.
pub(super) fn psos() -> String {
    format!("CN=Password Settings Container,CN=System,{BASE_DN}")
}

fn creation(container: &str, name: &str, attributes: &[(String, Vec<Value>)]) -> Json {
    let attributes: Map<String, Json> = attributes
        .iter()
        .map(|(name, values)| (name.clone(), json!(values)))
        .collect();
    json!({ "container": container, "name": name, "attributes": attributes })
}

fn user_creation(user: &NewUser) -> Json {
    let people = format!("OU=People,{BASE_DN}");
    creation(
        user.container.as_deref().unwrap_or(&people),
        user.name(),
        &user.values(),
    )
}

fn principal(created: Created) -> Result<Principal> {
    let guid = base64::engine::general_purpose::STANDARD
        .decode(&created.guid)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        // The first three parts are little-endian (MS-DTYP 2.3.4.2).
        .map(Uuid::from_bytes_le)
        .ok_or_else(|| Error::Kit(format!("{} has no objectGUID", created.dn)))?;
    let sid = created
        .sid
        .ok_or_else(|| Error::Kit(format!("{} has no objectSid", created.dn)))?;
    Ok(Principal {
        dn: created.dn,
        guid,
        sid,
    })
}
