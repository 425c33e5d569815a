//! Who must not be written, and under which conditions. Pure: decided by SID, RID and flags, never by name.

use crate::ad::attribute::UserAccountControl;
use crate::sid::Sid;
use crate::words::words;

words! {
    /// The rule that protects an account.
    pub enum Protection {
        /// The key distribution centre's own account, of the domain or of a read-only domain controller.
        Krbtgt = "krbtgt",
        /// The account of a trust with another domain.
        Trust = "trust",
        /// A computer.
        Computer = "computer",
        /// A managed service account: the directory itself sets its password.
        ManagedServiceAccount = "managed_service_account",
        /// A member, direct, nested or by primary group, of a protected group (MS-ADTS 3.1.1.6.1), or the built-in Administrator.
        ProtectedGroup = "protected_group",
        /// adminCount is 1: a member of a protected group, now or once.
        AdminCount = "admin_count",
        /// The account this library itself is logged on as.
        ServiceAccount = "service_account",
    }
}

impl Protection {
    /// Whether the rule holds for everybody and every operation, whatever the settings say.
    #[must_use]
    pub const fn is_absolute(self) -> bool {
        match self {
            Protection::Krbtgt | Protection::Trust | Protection::Computer | Protection::ManagedServiceAccount => true,
            Protection::ProtectedGroup | Protection::AdminCount | Protection::ServiceAccount => false,
        }
    }
}

/// What the protection rules need to know of an account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) sid: &'a Sid,
    pub(crate) token_groups: &'a [Sid],
    pub(crate) object_classes: &'a [String],
    pub(crate) control: UserAccountControl,
    pub(crate) admin_count: Option<i64>,
    pub(crate) secondary_krbtgt: bool,
}

/// RID of the built-in Administrator and of krbtgt (MS-DTYP 2.4.2.4).
const RID_ADMINISTRATOR: u32 = 500;
const RID_KRBTGT: u32 = 502;

/// Protected groups of a domain, by RID, whatever the domain: the RIDs of the forest's root count everywhere
/// (MS-ADTS 3.1.1.6.1; MS-DTYP 2.4.2.4). Group Policy Creator Owners is not among AdminSDHolder's, yet its members
/// can take a domain over through a policy they own.
const PROTECTED_DOMAIN_RIDS: [u32; 9] = [
    512, // Domain Admins
    516, // Domain Controllers
    518, // Schema Admins
    519, // Enterprise Admins
    520, // Group Policy Creator Owners
    521, // Read-only Domain Controllers
    498, // Enterprise Read-only Domain Controllers
    526, // Key Admins
    527, // Enterprise Key Admins
];

/// Protected groups of the Builtin domain, by RID.
const PROTECTED_BUILTIN_RIDS: [u32; 6] = [
    544, // Administrators
    548, // Account Operators
    549, // Server Operators
    550, // Print Operators
    551, // Backup Operators
    552, // Replicator
];

/// Object classes of accounts whose password the directory manages itself, in lower case.
const MANAGED_CLASSES: [&str; 3] = [
    "msds-managedserviceaccount",
    "msds-groupmanagedserviceaccount",
    "msds-delegatedmanagedserviceaccount",
];

/// The rule that protects an account, the most severe first.
///
/// `own_token` holds the SIDs of the connection's own security context. The only user among them is the service account,
/// so an account whose SID is there is the service account itself. `also_protected` are groups the settings add.
pub(crate) fn protection_of(subject: Subject<'_>, own_token: &[Sid], also_protected: &[Sid]) -> Option<Protection> {
    let has_class = |class: &str| subject.object_classes.iter().any(|c| c == class);
    let machine = UserAccountControl::WORKSTATION_TRUST_ACCOUNT
        .union(UserAccountControl::SERVER_TRUST_ACCOUNT)
        .union(UserAccountControl::PARTIAL_SECRETS_ACCOUNT);
    if subject.secondary_krbtgt || (subject.sid.is_domain_sid_based() && subject.sid.rid() == Some(RID_KRBTGT)) {
        Some(Protection::Krbtgt)
    } else if subject.control.contains(UserAccountControl::INTERDOMAIN_TRUST_ACCOUNT) {
        Some(Protection::Trust)
    } else if MANAGED_CLASSES.iter().any(|class| has_class(class)) {
        Some(Protection::ManagedServiceAccount)
    } else if has_class("computer") || subject.control.intersects(machine) {
        Some(Protection::Computer)
    } else if is_administrator(subject.sid)
        || subject
            .token_groups
            .iter()
            .any(|group| is_protected_group(group) || also_protected.contains(group))
    {
        Some(Protection::ProtectedGroup)
    } else if subject.admin_count.is_some_and(|count| count != 0) {
        Some(Protection::AdminCount)
    } else if own_token.contains(subject.sid) {
        Some(Protection::ServiceAccount)
    } else {
        None
    }
}

/// Whether the directory itself protects an account for what it is or for its groups.
pub(crate) fn is_protected_member<'a>(sid: &Sid, groups: impl IntoIterator<Item = &'a Sid>) -> bool {
    is_administrator(sid)
        || (sid.is_domain_sid_based() && sid.rid() == Some(RID_KRBTGT))
        || groups.into_iter().any(is_protected_group)
}

fn is_administrator(sid: &Sid) -> bool {
    sid.is_domain_sid_based() && sid.rid() == Some(RID_ADMINISTRATOR)
}

fn is_protected_group(group: &Sid) -> bool {
    let Some(rid) = group.rid() else { return false };
    (group.is_builtin() && PROTECTED_BUILTIN_RIDS.contains(&rid))
        || (group.is_domain_sid_based() && PROTECTED_DOMAIN_RIDS.contains(&rid))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sid(text: &str) -> Sid {
        text.parse().unwrap()
    }

    struct User {
        sid: Sid,
        groups: Vec<Sid>,
        classes: Vec<String>,
        control: u32,
        admin_count: Option<i64>,
        secondary_krbtgt: bool,
    }

    fn user() -> User {
        User {
            sid: sid("S-1-5-21-1-2-3-1104"),
            groups: vec![sid("S-1-5-21-1-2-3-513"), sid("S-1-5-32-545")],
            classes: ["top", "person", "user"].map(String::from).to_vec(),
            control: 0x200,
            admin_count: None,
            secondary_krbtgt: false,
        }
    }

    fn judge(user: &User) -> Option<Protection> {
        let subject = Subject {
            sid: &user.sid,
            token_groups: &user.groups,
            object_classes: &user.classes,
            control: UserAccountControl(user.control),
            admin_count: user.admin_count,
            secondary_krbtgt: user.secondary_krbtgt,
        };
        protection_of(
            subject,
            &[sid("S-1-5-21-1-2-3-1110"), sid("S-1-1-0")],
            &[sid("S-1-5-21-1-2-3-1200")],
        )
    }

    #[test]
    fn an_ordinary_user_is_free() {
        assert_eq!(judge(&user()), None);
        assert_eq!(
            judge(&User {
                admin_count: Some(0),
                ..user()
            }),
            None
        );
    }

    #[test]
    fn every_protected_group_protects() {
        for rid in PROTECTED_DOMAIN_RIDS {
            // Another domain's group counts as well: its members are as powerful in the forest.
            for domain in ["S-1-5-21-1-2-3", "S-1-5-21-9-9-9"] {
                let groups = vec![sid(&format!("{domain}-{rid}"))];
                assert_eq!(judge(&User { groups, ..user() }), Some(Protection::ProtectedGroup));
            }
        }
        for rid in PROTECTED_BUILTIN_RIDS {
            let groups = vec![sid(&format!("S-1-5-32-{rid}"))];
            assert_eq!(judge(&User { groups, ..user() }), Some(Protection::ProtectedGroup));
        }
        let added = vec![sid("S-1-5-21-1-2-3-1200")];
        assert_eq!(
            judge(&User {
                groups: added,
                ..user()
            }),
            Some(Protection::ProtectedGroup)
        );
        // The same numbers in the other kind of domain mean other groups.
        let groups = vec![sid("S-1-5-32-512"), sid("S-1-5-21-1-2-3-544")];
        assert_eq!(judge(&User { groups, ..user() }), None);
    }

    #[test]
    fn each_rule_is_found() {
        let is = |user: User, rule| assert_eq!(judge(&user), Some(rule));
        is(
            User {
                sid: sid("S-1-5-21-1-2-3-502"),
                ..user()
            },
            Protection::Krbtgt,
        );
        is(
            User {
                secondary_krbtgt: true,
                ..user()
            },
            Protection::Krbtgt,
        );
        is(
            User {
                control: 0x820,
                ..user()
            },
            Protection::Trust,
        );
        for control in [0x1000, 0x2000, 0x0400_0200] {
            is(User { control, ..user() }, Protection::Computer);
        }
        is(
            User {
                classes: vec!["user".into(), "computer".into()],
                ..user()
            },
            Protection::Computer,
        );
        let managed = vec!["computer".into(), "msds-groupmanagedserviceaccount".into()];
        is(
            User {
                classes: managed,
                control: 0x1000,
                ..user()
            },
            Protection::ManagedServiceAccount,
        );
        is(
            User {
                sid: sid("S-1-5-21-1-2-3-500"),
                ..user()
            },
            Protection::ProtectedGroup,
        );
        is(
            User {
                admin_count: Some(1),
                ..user()
            },
            Protection::AdminCount,
        );
        is(
            User {
                sid: sid("S-1-5-21-1-2-3-1110"),
                ..user()
            },
            Protection::ServiceAccount,
        );
    }
}
