//! A user object, with what a domain controller would give it.

use std::time::Duration;

use uuid::Uuid;

use super::entry::{Account, Entry};
use super::{BASE, DOMAIN, DOMAIN_SID, sid, time};

/// NORMAL_ACCOUNT.
const NORMAL: u32 = 0x200;

/// Builds a user. Every default can be overridden with [`User::attr`] and taken away with [`User::without`].
///
/// Out of the box: in `OU=People`, an ordinary enabled account, its password set 30 days ago, a member of Domain Users,
/// whose `lockoutTime` and `pwdLastSet` the service account may write.
#[derive(Debug, Clone)]
pub struct User {
    sam: String,
    parent: String,
    rid: Option<u32>,
    flags: u32,
    password_set: PasswordSet,
    groups: Vec<String>,
    entry: Vec<(String, Vec<Vec<u8>>)>,
    hidden: Vec<String>,
    account: Account,
}

#[derive(Debug, Clone, Copy)]
enum PasswordSet {
    Ago(Duration),
    MustChange,
}

impl User {
    /// A user of this sAMAccountName, whose CN is the same.
    pub fn new(sam: &str) -> Self {
        User {
            sam: sam.to_owned(),
            parent: format!("OU=People,{BASE}"),
            rid: None,
            flags: NORMAL,
            password_set: PasswordSet::Ago(Duration::from_secs(30 * 86_400)),
            groups: vec![format!("{DOMAIN_SID}-513"), "S-1-5-32-545".to_owned()],
            entry: Vec::new(),
            hidden: Vec::new(),
            account: Account {
                password_version: 2,
                ..Account::default()
            },
        }
    }

    /// With this password; without it no bind as the user succeeds.
    pub fn password(mut self, password: &str) -> Self {
        self.account.password = Some(password.to_owned());
        self
    }

    /// With earlier passwords, newest first.
    pub fn history<S: Into<String>>(mut self, passwords: impl IntoIterator<Item = S>) -> Self {
        self.account.history = passwords.into_iter().map(Into::into).collect();
        self
    }

    /// Below this container instead of `OU=People,...`.
    pub fn under(mut self, container: &str) -> Self {
        self.parent = container.to_owned();
        self
    }

    /// With this relative identifier, such as 500 for Administrator.
    pub fn rid(mut self, rid: u32) -> Self {
        self.rid = Some(rid);
        self
    }

    /// With these userAccountControl flags besides NORMAL_ACCOUNT.
    pub fn flags(mut self, flags: u32) -> Self {
        self.flags |= flags;
        self
    }

    /// Disabled.
    pub fn disabled(self) -> Self {
        self.flags(2)
    }

    /// Whose password never expires.
    pub fn password_never_expires(self) -> Self {
        self.flags(0x1_0000)
    }

    /// Locked out since one minute.
    pub fn locked(self) -> Self {
        let since = time::now(0) - time::ticks(Duration::from_secs(60));
        self.attr("lockoutTime", since.to_string())
    }

    /// Who must change the password at the next logon.
    pub fn must_change(mut self) -> Self {
        self.password_set = PasswordSet::MustChange;
        self
    }

    /// Whose password was set so long ago.
    pub fn password_age(mut self, age: Duration) -> Self {
        self.password_set = PasswordSet::Ago(age);
        self
    }

    /// Whose account ended a day ago.
    pub fn expired(self) -> Self {
        let end = time::now(0) - time::ticks(Duration::from_secs(86_400));
        self.attr("accountExpires", end.to_string())
    }

    /// A member, directly or through others, of this group besides Domain Users: a SID into tokenGroups.
    pub fn member_of(mut self, group: &str) -> Self {
        self.groups.push(group.to_owned());
        self
    }

    /// A member of the domain's group of this relative identifier, such as 512 for Domain Admins.
    pub fn member_of_rid(self, rid: u32) -> Self {
        self.member_of(&format!("{DOMAIN_SID}-{rid}"))
    }

    /// With adminCount 1.
    pub fn admin_count(self) -> Self {
        self.attr("adminCount", "1")
    }

    /// To whom this fine-grained policy applies: the DN of an entry with its attributes.
    pub fn resultant_pso(self, dn: &str) -> Self {
        self.attr("msDS-ResultantPSO", dn)
    }

    /// Whose password the service account has no right to reset.
    pub fn reset_denied(mut self) -> Self {
        self.account.reset_denied = true;
        self
    }

    /// Who may not change the password ("User cannot change password").
    pub fn cannot_change(mut self) -> Self {
        self.account.change_denied = true;
        self.bytes("nTSecurityDescriptor", sid::change_denied())
    }

    /// Of whom the service account may write just these attributes besides the password.
    pub fn writable(self, names: &[&str]) -> Self {
        self.all("allowedAttributesEffective", names)
    }

    /// With this value as its only one of that attribute, computed ones too.
    pub fn attr(self, name: &str, value: impl AsRef<str>) -> Self {
        self.all(name, [value.as_ref()])
    }

    /// As [`User::attr`], of bytes.
    pub fn bytes(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.all(name, [value])
    }

    /// With these values of that attribute.
    pub fn all<V: AsRef<[u8]>>(mut self, name: &str, values: impl IntoIterator<Item = V>) -> Self {
        let values = values.into_iter().map(|value| value.as_ref().to_vec()).collect();
        self.entry.push((name.to_owned(), values));
        self
    }

    /// With an attribute that no answer shows, as when the reader has no right to it.
    pub fn without(mut self, name: &str) -> Self {
        self.hidden.push(name.to_owned());
        self
    }

    pub(super) fn build(self, next_rid: u32, usn: u64) -> Entry {
        let dn = format!("CN={},{}", self.sam, self.parent);
        let set = match self.password_set {
            PasswordSet::MustChange => 0,
            PasswordSet::Ago(age) => time::now(0) - time::ticks(age),
        };
        let groups = self.groups.iter().map(|group| sid::sid(group));
        let mut entry = Entry::new(&dn)
            .with_all("objectClass", ["top", "person", "organizationalPerson", "user"])
            .with("objectCategory", format!("CN=Person,CN=Schema,CN=Configuration,{BASE}"))
            .with("objectGUID", Uuid::new_v4().to_bytes_le())
            .with(
                "objectSid",
                sid::sid(&format!("{DOMAIN_SID}-{}", self.rid.unwrap_or(next_rid))),
            )
            .with("cn", &self.sam)
            .with("name", &self.sam)
            .with("sAMAccountName", &self.sam)
            .with("sAMAccountType", "805306368")
            .with("userPrincipalName", format!("{}@{DOMAIN}", self.sam))
            .with("displayName", &self.sam)
            .with("userAccountControl", self.flags.to_string())
            .with("primaryGroupID", "513")
            .with("pwdLastSet", set.to_string())
            .with("lockoutTime", "0")
            .with("badPwdCount", "0")
            .with("accountExpires", i64::MAX.to_string())
            .with("uSNChanged", usn.to_string())
            .with_all("tokenGroups", groups)
            .with_all("allowedAttributesEffective", ["lockoutTime", "pwdLastSet"])
            .with("nTSecurityDescriptor", sid::permissive());
        for (name, values) in self.entry {
            entry.set(&name, values);
        }
        entry.hidden = self.hidden;
        entry.account = Some(Account {
            password_usn: usn,
            password_written: set,
            ..self.account
        });
        entry
    }
}
