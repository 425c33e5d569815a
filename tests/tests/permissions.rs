//! The permissions that the manual asks for are enough in a hardened domain, on a live domain controller.

use password_writeback::{
    ActiveDirectory, Code, Diagnose, Error, FindAccount, History, PasswordWriteback, PolicySource, ReadPolicy, Receipt,
    RequirePasswordChange, ResetPassword, Settings, UnlockAccount,
};
use testkit::samba::{Change, DomainController, NewUser, ProcessModel, Release, require};

const MANUAL: &str = include_str!("../../core/src/manual/permissions.rs");

/// A `samba-tool dsacl set` command of the manual: the object and the entry.
struct Grant {
    dn: String,
    ace: String,
}

/// The commands of one section of the manual, for this domain and this service account.
fn grants(section: &str, dc: &DomainController, sid: &str) -> Vec<Grant> {
    let (_, rest) = MANUAL.split_once(section).expect("the section is in the manual");
    let section = rest.split("//! # ").next().unwrap_or_default();
    let commands = section
        .lines()
        .filter_map(|line| line.strip_prefix("//! samba-tool dsacl set "));
    let grants: Vec<Grant> = commands
        .map(|options| {
            let (dn, ace) = options.split_once(" --sddl=").expect("an entry");
            let dn = dn.trim_start_matches("--objectdn=").trim_matches('"');
            Grant {
                dn: dn.replace("DC=corp,DC=example", dc.base_dn()),
                ace: ace.trim_matches('"').replace("S-1-5-21-1-2-3-1105", sid),
            }
        })
        .collect();
    assert!(!grants.is_empty(), "no commands in the section");
    grants
}

async fn apply(dc: &DomainController, grants: &[Grant]) {
    for Grant { dn, ace } in grants {
        dc.admin().add_ace(dn, ace).await.unwrap();
    }
}

/// A domain in which nobody reads by way of Pre-Windows 2000 Compatible Access, and a service account without any right.
struct Hardened {
    dc: DomainController,
    directory: ActiveDirectory,
    sid: String,
}

const SERVICE: &str = "svc-manual";
const PASSWORD: &str = "Svc-Manual-Passw0rd!";

impl Hardened {
    async fn start() -> Option<Self> {
        let release = require(Release::V4_24)?;
        let dc = DomainController::start(release, ProcessModel::Single).await.unwrap();
        let service = dc.admin().create_user(&NewUser::new(SERVICE)).await.unwrap();
        dc.admin().set_password(&service.dn, PASSWORD).await.unwrap();
        let alice = NewUser {
            container: Some(dc.people()),
            ..NewUser::new("alice")
        };
        dc.admin().create_user(&alice).await.unwrap();
        let group = format!("CN=Pre-Windows 2000 Compatible Access,CN=Builtin,{}", dc.base_dn());
        let everybody = format!("CN=S-1-5-11,CN=ForeignSecurityPrincipals,{}", dc.base_dn());
        let empty = Change::delete("member", everybody);
        dc.admin().modify(&group, &[empty]).await.unwrap();
        let user = format!("{SERVICE}@{}", dc.dns_domain());
        let settings = Settings::new([dc.ldaps_url()], user, PASSWORD).ca_file(dc.ca_file());
        let directory = ActiveDirectory::new(settings).unwrap();
        let sid = service.sid;
        Some(Hardened { dc, directory, sid })
    }

    async fn grant(&self, section: &str) {
        apply(&self.dc, &grants(section, &self.dc, &self.sid)).await;
    }

    async fn reset(&self, password: &str) -> Result<Receipt, Error> {
        let reset = ResetPassword::new("alice", password).history(History::Off);
        self.directory.reset_password(reset.unlock(true)).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_manual_grants_is_enough_in_a_hardened_domain() {
    let Some(domain) = Hardened::start().await else { return };
    let directory = &domain.directory;

    let hidden = directory.find_account(FindAccount::new("alice")).await.unwrap_err();
    assert_eq!(hidden.code(), Code::PermissionDenied, "{hidden}");

    domain.grant("# Reading accounts in a hardened domain").await;
    directory.find_account(FindAccount::new("alice")).await.unwrap();
    let refused = domain.reset("Zx9-correct-horse-1").await.unwrap_err();
    assert_eq!(refused.missing_right(), Some("write lockoutTime"), "{refused}");

    // Samba looks at Unexpire Password in other writes than these: that its grant is needed shows on Windows only.
    domain.grant("# The rights to write").await;
    let receipt = domain.reset("Zx9-correct-horse-2").await.unwrap();
    assert_eq!(receipt.warnings, []);
    directory.unlock_account(UnlockAccount::new("alice")).await.unwrap();
    directory
        .require_password_change(RequirePasswordChange::new("alice"))
        .await
        .unwrap();

    let policy = directory.password_policy(ReadPolicy::new("alice")).await.unwrap();
    assert!(matches!(policy.source, PolicySource::Unknown(_)), "{policy:?}");
    domain.grant("# Reading the policy").await;
    let policy = directory.password_policy(ReadPolicy::new("alice")).await.unwrap();
    assert_eq!(policy.source, PolicySource::Domain);

    let diagnosis = directory.diagnose(Diagnose::account("alice")).await.unwrap();
    assert!(diagnosis.is_healthy(), "{diagnosis:#?}");
}

/// The table of single grants: property sets by their rightsGuid, attributes by name.
const PROPERTY_SETS: [(&str, &str); 2] = [
    ("Account Restrictions", "4c164200-20c0-11d0-a768-00aa006e0529"),
    ("Logon Information", "5f202010-79a5-11d0-9020-00c04fc2d4cf"),
];
const ATTRIBUTES: [&str; 7] = [
    "tokenGroups",
    "adminCount",
    "msDS-SecondaryKrbTgtNumber",
    "msDS-ResultantPSO",
    "mS-DS-ConsistencyGuid",
    "uSNChanged",
    "replPropertyMetaData",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_single_reads_are_enough_too() {
    let Some(domain) = Hardened::start().await else { return };
    let admin = domain.dc.admin();
    let mut guids = Vec::new();
    for (name, guid) in PROPERTY_SETS {
        assert!(MANUAL.contains(&format!("//! | property set {name} |")), "{name}");
        guids.push(guid.to_owned());
    }
    for name in ATTRIBUTES {
        assert!(MANUAL.contains(&format!("`{name}`")), "{name}");
        guids.push(admin.schema_guid(name).await.unwrap());
    }
    domain.grant("# The rights to write").await;
    domain.grant("# Reading the policy").await;
    let error = domain
        .directory
        .find_account(FindAccount::new("alice"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::PermissionDenied, "{error}");
    for guid in guids {
        let on_users = "bf967aba-0de6-11d0-a285-00aa003049e2";
        let ace = format!("(OA;CIIO;RP;{guid};{on_users};{})", domain.sid);
        admin.add_ace(&domain.dc.people(), &ace).await.unwrap();
    }
    let diagnosis = domain.directory.diagnose(Diagnose::account("alice")).await.unwrap();
    assert!(diagnosis.is_healthy(), "{diagnosis:#?}");
    let policy = domain
        .directory
        .password_policy(ReadPolicy::new("alice"))
        .await
        .unwrap();
    assert_eq!(policy.source, PolicySource::Domain);
    domain.reset("Zx9-correct-horse-2").await.unwrap();
}
