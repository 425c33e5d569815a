//! An account as a test describes it.

use super::rights::{DELEGATED, MockRight};
use crate::ad::attribute::UserAccountControl;
use crate::password::Password;
use jiff::Timestamp;
use std::time::Duration;
use uuid::Uuid;

/// How long ago a password was set where the description does not say: older than a new domain's minimum age, younger than its
/// maximum age.
const PASSWORD_AGE: Duration = Duration::from_secs(10 * 86_400);

/// When a password was set.
#[derive(Clone, Copy, Debug)]
pub(super) enum PasswordSet {
    Ago(Duration),
    At(Timestamp),
    MustChange,
}

/// An account of a mock directory, as it is when it is added.
///
/// An ordinary, enabled user with the password set ten days ago, unless said otherwise. It has no explicit user principal name, so
/// it answers to `name@domain`.
///
/// ```
/// use password_writeback::mock::MockUser;
///
/// let user = MockUser::new("alice")
///     .password("Old-Passw0rd")
///     .display_name("Alice Adams")
///     .container("OU=Staff,OU=People")
///     .group("Staff")
///     .must_change();
/// assert!(!format!("{user:?}").contains("Passw0rd"));
/// ```
#[derive(Debug)]
pub struct MockUser {
    pub(super) name: String,
    pub(super) common_name: Option<String>,
    pub(super) upn: Option<String>,
    pub(super) display_name: Option<String>,
    pub(super) container: String,
    pub(super) guid: Option<Uuid>,
    pub(super) rid: Option<u32>,
    pub(super) consistency_guid: Option<Uuid>,
    pub(super) classes: &'static [&'static str],
    pub(super) control: UserAccountControl,
    pub(super) groups: Vec<String>,
    pub(super) primary_group: String,
    pub(super) admin_count: Option<i64>,
    pub(super) secondary_krbtgt: Option<i64>,
    pub(super) password: Option<Password>,
    /// Former passwords, the oldest first.
    pub(super) former: Vec<Password>,
    pub(super) password_set: PasswordSet,
    pub(super) locked: bool,
    pub(super) bad_passwords: u32,
    pub(super) expires: Option<Timestamp>,
    pub(super) cannot_change: bool,
    pub(super) inheritance_broken: bool,
    pub(super) without: Vec<MockRight>,
}

const USER: &[&str] = &["top", "person", "organizationalperson", "user"];
const COMPUTER: &[&str] = &["top", "person", "organizationalperson", "user", "computer"];
const MANAGED: &[&str] = &[
    "top",
    "person",
    "organizationalperson",
    "user",
    "computer",
    "msds-managedserviceaccount",
];
const GROUP_MANAGED: &[&str] = &[
    "top",
    "person",
    "organizationalperson",
    "user",
    "computer",
    "msds-groupmanagedserviceaccount",
];

impl MockUser {
    /// A user with this sAMAccountName, which is its common name too.
    pub fn new(name: impl Into<String>) -> Self {
        MockUser {
            name: name.into(),
            common_name: None,
            upn: None,
            display_name: None,
            container: "CN=Users".to_owned(),
            guid: None,
            rid: None,
            consistency_guid: None,
            classes: USER,
            control: UserAccountControl::NORMAL_ACCOUNT,
            groups: Vec::new(),
            primary_group: "Domain Users".to_owned(),
            admin_count: None,
            secondary_krbtgt: None,
            password: None,
            former: Vec::new(),
            password_set: PasswordSet::Ago(PASSWORD_AGE),
            locked: false,
            bad_passwords: 0,
            expires: None,
            cannot_change: false,
            inheritance_broken: false,
            without: Vec::new(),
        }
    }

    fn flag(mut self, flag: UserAccountControl) -> Self {
        self.control = self.control.union(flag);
        self
    }

    fn kind(mut self, classes: &'static [&'static str], control: UserAccountControl, primary_group: &str) -> Self {
        self.classes = classes;
        self.control = control;
        self.primary_group = primary_group.to_owned();
        self
    }

    /// The current password. Without one, none matches.
    #[must_use]
    pub fn password(mut self, password: impl Into<Password>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// A former password that the directory remembers; the oldest is given first.
    #[must_use]
    pub fn former_password(mut self, password: impl Into<Password>) -> Self {
        self.former.push(password.into());
        self
    }

    /// How long before it is added the password was set.
    #[must_use]
    pub fn password_age(mut self, age: Duration) -> Self {
        self.password_set = PasswordSet::Ago(age);
        self
    }

    /// When the password was set.
    #[must_use]
    pub fn password_set_at(mut self, at: Timestamp) -> Self {
        self.password_set = PasswordSet::At(at);
        self
    }

    /// The password must be changed at the next logon: pwdLastSet is 0.
    #[must_use]
    pub fn must_change(mut self) -> Self {
        self.password_set = PasswordSet::MustChange;
        self
    }

    /// Gives it another common name (CN) than its sAMAccountName, with whatever characters.
    #[must_use]
    pub fn common_name(mut self, name: impl Into<String>) -> Self {
        self.common_name = Some(name.into());
        self
    }

    /// An explicit user principal name. Several accounts may have the same one: then it is ambiguous.
    #[must_use]
    pub fn upn(mut self, upn: impl Into<String>) -> Self {
        self.upn = Some(upn.into());
        self
    }

    /// A display name.
    #[must_use]
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = Some(name.into());
        self
    }

    /// The container below the domain, such as `OU=Staff,OU=People`. `CN=Users` by default.
    #[must_use]
    pub fn container(mut self, container: impl Into<String>) -> Self {
        self.container = container.into();
        self
    }

    /// Gives it this objectGUID rather than a random one.
    #[must_use]
    pub fn guid(mut self, guid: Uuid) -> Self {
        self.guid = Some(guid);
        self
    }

    /// Gives it this relative identifier rather than the next free one.
    #[must_use]
    pub fn rid(mut self, rid: u32) -> Self {
        self.rid = Some(rid);
        self
    }

    /// Its mS-DS-ConsistencyGuid, the source anchor that outlives a move between forests.
    #[must_use]
    pub fn consistency_guid(mut self, guid: Uuid) -> Self {
        self.consistency_guid = Some(guid);
        self
    }

    /// Makes it a member of a group, which is created as a global security group where there is none of that name.
    #[must_use]
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.groups.push(group.into());
        self
    }

    /// Its primary group: `Domain Users` by default, and not among the groups that it is listed in.
    #[must_use]
    pub fn primary_group(mut self, group: impl Into<String>) -> Self {
        self.primary_group = group.into();
        self
    }

    /// Its adminCount: 1 is the mark of accounts that are, or once were, in a protected group.
    #[must_use]
    pub fn admin_count(mut self, count: i64) -> Self {
        self.admin_count = Some(count);
        self
    }

    /// Makes it the krbtgt of a read-only domain controller with this number.
    #[must_use]
    pub fn secondary_krbtgt(mut self, number: i64) -> Self {
        self.secondary_krbtgt = Some(number);
        self
    }

    /// Makes it a computer.
    #[must_use]
    pub fn computer(self) -> Self {
        self.kind(
            COMPUTER,
            UserAccountControl::WORKSTATION_TRUST_ACCOUNT,
            "Domain Computers",
        )
    }

    /// Makes it a writable domain controller.
    #[must_use]
    pub fn domain_controller(self) -> Self {
        self.kind(COMPUTER, UserAccountControl::SERVER_TRUST_ACCOUNT, "Domain Controllers")
    }

    /// Makes it a managed service account.
    #[must_use]
    pub fn managed_service_account(self) -> Self {
        self.kind(
            MANAGED,
            UserAccountControl::WORKSTATION_TRUST_ACCOUNT,
            "Domain Computers",
        )
    }

    /// Makes it a group managed service account.
    #[must_use]
    pub fn group_managed_service_account(self) -> Self {
        self.kind(
            GROUP_MANAGED,
            UserAccountControl::WORKSTATION_TRUST_ACCOUNT,
            "Domain Computers",
        )
    }

    /// Makes it the account of a trust.
    #[must_use]
    pub fn trust(self) -> Self {
        self.kind(USER, UserAccountControl::INTERDOMAIN_TRUST_ACCOUNT, "Domain Users")
    }

    /// Disabled.
    #[must_use]
    pub fn disabled(self) -> Self {
        self.flag(UserAccountControl::ACCOUNT_DISABLED)
    }

    /// Its password never expires.
    #[must_use]
    pub fn password_never_expires(self) -> Self {
        self.flag(UserAccountControl::PASSWORD_NEVER_EXPIRES)
    }

    /// It needs no password: length, complexity and history do not apply (MS-SAMR 3.1.1.7.1).
    #[must_use]
    pub fn password_not_required(self) -> Self {
        self.flag(UserAccountControl::PASSWORD_NOT_REQUIRED)
    }

    /// It logs on with a smart card only.
    #[must_use]
    pub fn smartcard_required(self) -> Self {
        self.flag(UserAccountControl::SMARTCARD_REQUIRED)
    }

    /// Its user cannot change the password: the right is denied to everybody and to the user.
    #[must_use]
    pub fn cannot_change_password(mut self) -> Self {
        self.cannot_change = true;
        self
    }

    /// When the account expires.
    #[must_use]
    pub fn expires_at(mut self, at: Timestamp) -> Self {
        self.expires = Some(at);
        self
    }

    /// Locked out at the moment it is added, whatever the policy. For how long is the policy's.
    #[must_use]
    pub fn locked(mut self) -> Self {
        self.locked = true;
        self
    }

    /// How many bad passwords have just been counted.
    #[must_use]
    pub fn bad_passwords(mut self, count: u32) -> Self {
        self.bad_passwords = count;
        self
    }

    /// It inherits no rights from its container, so that what is delegated there does not reach it: reset password, write lockoutTime
    /// and write pwdLastSet.
    #[must_use]
    pub fn inheritance_broken(mut self) -> Self {
        self.inheritance_broken = true;
        self.without.extend(DELEGATED);
        self
    }

    /// Takes a right on this one account from the service account.
    #[must_use]
    pub fn without(mut self, right: MockRight) -> Self {
        self.without.push(right);
        self
    }
}
