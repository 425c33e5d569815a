//! Proves the kit itself: whatever a test asks of a real domain controller takes effect, on every
//! release, and nothing stays behind.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use testkit::samba::{
    Admin, Change, DomainController, GroupScope, NewUser, Policy, Principal, ProcessModel, Release, USER_PASSWORD,
    file_time, require,
};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// One test a release, so that a failure names it.
macro_rules! on_every_release {
    ($($name:ident),+ $(,)?) => {
        mod v4_17 { $(#[tokio::test] async fn $name() -> super::Outcome { super::on(super::Release::V4_17, super::$name).await })+ }
        mod v4_24 { $(#[tokio::test] async fn $name() -> super::Outcome { super::on(super::Release::V4_24, super::$name).await })+ }
    };
}

on_every_release!(
    objects_are_created_and_deleted,
    any_common_name_will_do,
    account_state_is_set,
    times_are_written_as_given,
    accounts_are_locked_by_wrong_passwords,
    passwords_and_their_history_are_set,
    domain_policies_are_enforced,
    fine_grained_policies_are_enforced,
    access_lists_are_edited,
    special_accounts_are_made,
    the_service_account_has_its_rights,
    it_is_killed_frozen_and_started_again,
    every_process_model_leaves_nothing_behind,
    names_resolve_to_the_address,
    creating_users_is_quick,
);

async fn on<F: AsyncFnOnce(DomainController) -> Outcome>(release: Release, test: F) -> Outcome {
    match require(release) {
        Some(release) => test(DomainController::start(release, ProcessModel::Single).await?).await,
        None => Ok(()),
    }
}

async fn objects_are_created_and_deleted(dc: DomainController) -> Outcome {
    let admin = dc.admin();
    let ou = admin.create_ou(&dc.people(), "Staff, Main #1").await?;
    let alice = admin
        .create_user(&NewUser {
            container: Some(ou.clone()),
            display_name: Some("Alice Example".into()),
            attributes: vec![("mS-DS-ConsistencyGuid".into(), vec![vec![0, 1, 0xff, 3].into()])],
            ..NewUser::new("alice")
        })
        .await?;
    let group = admin.create_group(&ou, "Helpers", GroupScope::Global).await?;
    admin.add_member(&group.dn, &alice.dn).await?;
    admin.set_primary_group(&alice.dn, &group).await?;

    let read = admin
        .read(
            &alice.dn,
            &["objectGUID", "displayName", "mS-DS-ConsistencyGuid", "primaryGroupID"],
        )
        .await?;
    assert_eq!(read.bytes("objectGUID"), Some(alice.guid.to_bytes_le().to_vec()));
    assert_eq!(read.text("displayname").as_deref(), Some("Alice Example"));
    assert_eq!(read.bytes("mS-DS-ConsistencyGuid"), Some(vec![0, 1, 0xff, 3]));
    assert!(
        group
            .sid
            .ends_with(&format!("-{}", read.number("primaryGroupID").unwrap_or(0)))
    );
    assert!(dc.binds("alice@corp.example.test", USER_PASSWORD).await?.accepted());
    assert!(dc.binds("CORP\\alice", USER_PASSWORD).await?.accepted());

    admin
        .modify(
            &alice.dn,
            &[Change::replace("description", "one"), Change::clear("displayName")],
        )
        .await?;
    let read = admin.read(&alice.dn, &["description", "displayName"]).await?;
    assert_eq!(read.text("description").as_deref(), Some("one"));
    assert!(read.all("displayName").is_empty());

    let moved = format!("CN=alice,{}", dc.people());
    admin.rename(&alice.dn, &moved).await?;
    assert!(dc.binds(&moved, USER_PASSWORD).await?.accepted());
    admin.delete(&moved).await?;
    assert!(!dc.binds("alice@corp.example.test", USER_PASSWORD).await?.accepted());
    assert!(admin.delete(&ou).await.is_err(), "a container that is not empty");
    admin.delete_subtree(&ou).await?;
    assert!(
        admin
            .search(dc.base_dn(), "(sAMAccountName=Helpers)", &["cn"])
            .await?
            .is_empty()
    );
    Ok(())
}

async fn any_common_name_will_do(dc: DomainController) -> Outcome {
    let names = [
        "Doe, Jane",
        "a+b",
        "say \"hi\"",
        "back\\slash",
        "#hash",
        " lead",
        "trail ",
        "sl/ash",
        "e=mc",
        "ünïcødé 😀",
        "a;b<c>",
        "(*)",
    ];
    for (number, name) in names.iter().enumerate() {
        let user = NewUser {
            cn: Some((*name).into()),
            ..NewUser::new(&format!("strange{number}"))
        };
        let user = dc.admin().create_user(&user).await?;
        let read = dc.admin().read(&user.dn, &["cn"]).await?;
        assert_eq!(read.text("cn").as_deref(), Some(*name));
        assert!(dc.binds(&user.dn, USER_PASSWORD).await?.accepted(), "{name}");
    }
    Ok(())
}

async fn refused(dc: &DomainController, user: &Principal) -> Result<Option<String>, testkit::samba::Error> {
    let answer = dc.binds(&user.dn, USER_PASSWORD).await?;
    assert_eq!(answer.accepted(), answer.data.is_none());
    Ok(answer.data)
}

async fn account_state_is_set(dc: DomainController) -> Outcome {
    let admin = dc.admin();
    let past = Timestamp::now() - SignedDuration::from_hours(1);
    let with = |name: &str, change: fn(&mut NewUser)| {
        let mut user = NewUser::new(name);
        change(&mut user);
        user
    };
    let users = admin
        .create_users(&[
            with("changes", |user| user.must_change = true),
            with("disabled", |user| user.disabled = true),
            with("wordless", |user| user.password = None),
            NewUser {
                expires: Some(past),
                ..NewUser::new("expired")
            },
            NewUser::new("ordinary"),
        ])
        .await?;
    assert_eq!(refused(&dc, &users[0]).await?.as_deref(), Some("773"));
    assert_eq!(refused(&dc, &users[1]).await?.as_deref(), Some("533"));
    assert_eq!(refused(&dc, &users[2]).await?.as_deref(), Some("52e"));
    assert_eq!(refused(&dc, &users[3]).await?.as_deref(), Some("701"));

    let ordinary = &users[4];
    assert_eq!(refused(&dc, ordinary).await?, None);
    admin.set_user_account_control(&ordinary.dn, 0x2, 0).await?;
    assert_eq!(refused(&dc, ordinary).await?.as_deref(), Some("533"));
    admin.set_user_account_control(&ordinary.dn, 0, 0x2).await?;
    admin.set_account_expires(&ordinary.dn, Some(past)).await?;
    assert_eq!(refused(&dc, ordinary).await?.as_deref(), Some("701"));
    admin.set_account_expires(&ordinary.dn, None).await?;
    assert_eq!(refused(&dc, ordinary).await?, None);
    Ok(())
}

async fn times_are_written_as_given(dc: DomainController) -> Outcome {
    const TIMES: [&str; 4] = ["pwdLastSet", "lockoutTime", "badPasswordTime", "accountExpires"];
    let admin = dc.admin();
    let user = admin.create_user(&NewUser::new("timed")).await?;
    let when = Timestamp::now() - SignedDuration::from_hours(100 * 24);
    admin.set_password_last_set(&user.dn, Some(when)).await?;
    let read = admin
        .read(&user.dn, &["pwdLastSet", "msDS-User-Account-Control-Computed"])
        .await?;
    assert_eq!(read.number("pwdLastSet"), Some(file_time(when)));
    assert_eq!(
        refused(&dc, &user).await?.as_deref(),
        Some("532"),
        "past the greatest age"
    );

    let now = Timestamp::now();
    admin.set_password_last_set(&user.dn, Some(now)).await?;
    admin.set_lockout_time(&user.dn, Some(now)).await?;
    admin
        .set_account_expires(&user.dn, Some(now + SignedDuration::from_secs(60)))
        .await?;
    assert_eq!(refused(&dc, &user).await?.as_deref(), Some("775"));
    let before = admin.read(&user.dn, &TIMES).await?;
    let back = Duration::from_secs(3600) + Duration::from_nanos(700);
    admin.shift_times(&user.dn, back).await?;
    let after = admin.read(&user.dn, &TIMES).await?;
    for name in ["pwdLastSet", "lockoutTime", "accountExpires"] {
        let moved = before.number(name).zip(after.number(name)).map(|(was, is)| was - is);
        assert_eq!(moved, Some(36_000_000_007), "{name}");
    }
    assert_eq!(
        refused(&dc, &user).await?.as_deref(),
        Some("701"),
        "unlocked by time, but expired"
    );

    admin.set_lockout_time(&user.dn, None).await?;
    admin.set_password_last_set(&user.dn, None).await?;
    admin.set_account_expires(&user.dn, None).await?;
    assert_eq!(refused(&dc, &user).await?.as_deref(), Some("773"));
    Ok(())
}

async fn accounts_are_locked_by_wrong_passwords(dc: DomainController) -> Outcome {
    let admin = dc.admin();
    let user = admin.create_user(&NewUser::new("locked")).await?;
    assert!(dc.lock_out(&user.dn).await.is_err(), "without a threshold");
    admin
        .set_policy(&Policy {
            lockout_threshold: 2,
            ..Policy::default()
        })
        .await?;
    dc.lock_out(&user.dn).await?;
    assert_eq!(refused(&dc, &user).await?.as_deref(), Some("775"));
    Ok(())
}

async fn passwords_and_their_history_are_set(dc: DomainController) -> Outcome {
    let admin = dc.admin();
    let user = admin.create_user(&NewUser::new("historic")).await?;
    let before = admin.nt_hash(&user.dn).await?;
    assert_eq!(before.as_ref().map(Vec::len), Some(16));
    admin
        .set_password_history(&user.dn, &["Old-Passw0rd-1", "Old-Passw0rd-2", "New-Passw0rd-3"])
        .await?;
    assert_ne!(admin.nt_hash(&user.dn).await?, before);
    assert!(dc.binds(&user.dn, "New-Passw0rd-3").await?.accepted());
    assert_eq!(dc.binds(&user.dn, "Old-Passw0rd-2").await?.data.as_deref(), Some("52e"));
    let history = admin.read(&user.dn, &["ntPwdHistory"]).await?.bytes("ntPwdHistory");
    assert_eq!(history.map(|hashes| hashes.len() / 16), Some(4));
    admin.set_password(&user.dn, "Old-Passw0rd-1").await?;
    assert!(dc.binds(&user.dn, "Old-Passw0rd-1").await?.accepted());
    Ok(())
}

async fn domain_policies_are_enforced(dc: DomainController) -> Outcome {
    let admin = dc.admin();
    let user = admin.create_user(&NewUser::new("ruled")).await?;
    let policy = Policy {
        min_length: 12,
        complexity: false,
        history: 3,
        min_age: Duration::from_nanos(300),
        max_age: None,
        lockout_threshold: 4,
        lockout_duration: None,
        lockout_window: Duration::from_millis(1),
    };
    admin.set_policy(&policy).await?;
    let head = admin.read(dc.base_dn(), &[]).await?;
    let expected = [
        ("minPwdLength", 12),
        ("pwdProperties", 0),
        ("pwdHistoryLength", 3),
        ("minPwdAge", -3),
        ("maxPwdAge", i64::MIN),
        ("lockoutThreshold", 4),
        ("lockoutDuration", i64::MIN),
        ("lockOutObservationWindow", -10_000),
    ];
    for (name, value) in expected {
        assert_eq!(head.number(name), Some(value), "{name}");
    }
    assert!(admin.set_password(&user.dn, "elevenchars").await.is_err());
    admin.set_password(&user.dn, "twelve chars").await?;
    admin.set_policy(&Policy::default()).await?;
    assert!(admin.set_password(&user.dn, "simple and plain").await.is_err());
    Ok(())
}

async fn fine_grained_policies_are_enforced(dc: DomainController) -> Outcome {
    let admin = dc.admin();
    let users = admin
        .create_users(&[NewUser::new("direct"), NewUser::new("grouped")])
        .await?;
    let group = admin.create_group(&dc.people(), "Strict", GroupScope::Global).await?;
    admin.add_member(&group.dn, &users[1].dn).await?;
    let with_length = |min_length| Policy {
        min_length,
        max_age: None,
        ..Policy::default()
    };
    let direct = admin.create_pso("Long", 10, &with_length(20)).await?;
    let grouped = admin.create_pso("Longer", 20, &with_length(30)).await?;
    admin.apply_pso(&direct, &users[0].dn).await?;
    admin.apply_pso(&grouped, &group.dn).await?;

    for (user, pso, short) in [(&users[0], &direct, 19), (&users[1], &grouped, 29)] {
        let read = admin.read(&user.dn, &["msDS-ResultantPSO"]).await?;
        assert_eq!(read.text("msDS-ResultantPSO").as_ref(), Some(pso));
        let password = |length: usize| format!("Aa1{}", "x".repeat(length - 3));
        assert!(admin.set_password(&user.dn, &password(short)).await.is_err());
        admin.set_password(&user.dn, &password(short + 1)).await?;
    }
    admin.delete(&direct).await?;
    admin.set_password(&users[0].dn, "Sh0rt-again").await?;
    Ok(())
}

/// What the service account reads of an attribute.
async fn seen(dc: &DomainController, dn: &str, attribute: &str) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let mut ldap = dc.connect_as(dc.service_user(), dc.service_password()).await?;
    let (found, _) = ldap
        .search(dn, ldap3::Scope::Base, "(objectClass=*)", vec![attribute])
        .await?
        .success()?;
    ldap.unbind().await?;
    let entry = found.into_iter().next().map(ldap3::SearchEntry::construct);
    Ok(entry.map_or_else(Vec::new, |mut entry| {
        entry.attrs.remove(attribute).unwrap_or_else(|| {
            let bytes = entry.bin_attrs.remove(attribute).unwrap_or_default();
            bytes.iter().map(|value| format!("{value:02x?}")).collect()
        })
    }))
}

async fn access_lists_are_edited(dc: DomainController) -> Outcome {
    let admin = dc.admin();
    let user = admin.create_user(&NewUser::new("guarded")).await?;
    admin.modify(&user.dn, &[Change::replace("adminCount", "1")]).await?;
    let before = admin.read_sddl(&user.dn).await?;
    for attribute in [
        "tokenGroups",
        "adminCount",
        "pwdLastSet",
        "userAccountControl",
        "objectSid",
        "msDS-User-Account-Control-Computed",
    ] {
        assert!(!seen(&dc, &user.dn, attribute).await?.is_empty(), "{attribute}");
        let ace = admin.deny_read(&user.dn, attribute, dc.service_sid()).await?;
        assert!(seen(&dc, &user.dn, attribute).await?.is_empty(), "{attribute} denied");
        admin.remove_ace(&user.dn, &ace).await?;
        assert!(!seen(&dc, &user.dn, attribute).await?.is_empty(), "{attribute} again");
    }
    assert_eq!(admin.read_sddl(&user.dn).await?, before);
    assert!(
        admin.remove_ace(&user.dn, "(D;;RP;;;WD)").await.is_err(),
        "it is not there"
    );

    admin.write_sddl(&user.dn, "D:P(A;;GA;;;DA)(A;;GA;;;SY)").await?;
    assert!(seen(&dc, &user.dn, "cn").await?.is_empty());
    admin.write_sddl(&user.dn, &before).await?;
    assert!(!seen(&dc, &user.dn, "cn").await?.is_empty());

    let write = |old: &'static str, new: &'static str| change_own_password(&dc, &user, old, new);
    set_min_age_to_none(&admin).await?;
    assert_eq!(write(USER_PASSWORD, "Next-Passw0rd-1").await?, 0);
    admin.deny_change_password(&user.dn).await?;
    assert_eq!(write("Next-Passw0rd-1", "Next-Passw0rd-2").await?, 19);
    admin.allow_change_password(&user.dn).await?;
    assert_eq!(write("Next-Passw0rd-1", "Next-Passw0rd-2").await?, 0);

    let pso = admin.create_pso("Seen", 1, &Policy::default()).await?;
    assert!(seen(&dc, &pso, "msDS-MinimumPasswordLength").await?.is_empty());
    admin.allow_policies(dc.service_sid()).await?;
    assert_eq!(seen(&dc, &pso, "msDS-MinimumPasswordLength").await?, ["7"]);
    admin.forbid_policies(dc.service_sid()).await?;
    assert!(seen(&dc, &pso, "msDS-MinimumPasswordLength").await?.is_empty());

    let head = admin.read_sddl(dc.base_dn()).await?;
    admin.revoke_unexpire_password().await?;
    assert!(
        !admin
            .read_sddl(dc.base_dn())
            .await?
            .contains("ccc2dc7d-a6ad-4a7a-8846-c04e3cc53501;;AU")
    );
    admin.restore_unexpire_password().await?;
    assert_eq!(admin.read_sddl(dc.base_dn()).await?.len(), head.len());
    Ok(())
}

async fn set_min_age_to_none(admin: &Admin) -> testkit::samba::Result<()> {
    admin
        .set_policy(&Policy {
            min_age: Duration::ZERO,
            ..Policy::default()
        })
        .await
}

/// The result code of a user's own change over LDAPS.
async fn change_own_password(
    dc: &DomainController,
    user: &Principal,
    old: &str,
    new: &str,
) -> Result<u32, Box<dyn std::error::Error>> {
    let mut ldap = dc.connect_as(&user.dn, old).await?;
    let value = |password: &str| -> Vec<u8> {
        format!("\"{password}\"")
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect()
    };
    let name = b"unicodePwd".to_vec();
    let changes = vec![
        ldap3::Mod::Delete(name.clone(), [value(old)].into()),
        ldap3::Mod::Add(name, [value(new)].into()),
    ];
    let result = ldap.modify(&user.dn, changes).await?;
    ldap.unbind().await?;
    Ok(result.rc)
}

async fn special_accounts_are_made(dc: DomainController) -> Outcome {
    let admin = dc.admin();
    let computer = admin.create_computer(&dc.people(), "PC1").await?;
    let service = admin.create_managed_service_account(&dc.people(), "gmsa1").await?;
    let trust = admin.create_user(&NewUser::new("partner")).await?;
    admin.make_trust_account(&trust.dn).await?;
    for (account, class, flag) in [
        (&computer, "computer", 0x1000),
        (&service, "msDS-GroupManagedServiceAccount", 0x1000),
        (&trust, "user", 0x800),
    ] {
        let read = admin.read(&account.dn, &["objectClass", "userAccountControl"]).await?;
        let classes: Vec<String> = read
            .all("objectClass")
            .into_iter()
            .flat_map(String::from_utf8)
            .collect();
        assert!(classes.iter().any(|name| name == class), "{class}: {classes:?}");
        assert_eq!(read.number("userAccountControl").unwrap_or(0) & flag, flag, "{class}");
    }
    Ok(())
}

async fn the_service_account_has_its_rights(dc: DomainController) -> Outcome {
    let user = dc.admin().create_user(&NewUser::new("served")).await?;
    let outside = NewUser {
        container: Some(format!("CN=Users,{}", dc.base_dn())),
        ..NewUser::new("unserved")
    };
    let outside = dc.admin().create_user(&outside).await?;
    let mut ldap = dc.connect_as(dc.service_user(), dc.service_password()).await?;
    for (target, expected) in [(&user, 0), (&outside, 50)] {
        let password: Vec<u8> = "\"Fresh-Passw0rd\"".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let changes = vec![
            ldap3::Mod::Replace(b"unicodePwd".to_vec(), [password].into()),
            ldap3::Mod::Replace(b"lockoutTime".to_vec(), [b"0".to_vec()].into()),
            ldap3::Mod::Replace(b"pwdLastSet".to_vec(), [b"0".to_vec()].into()),
        ];
        assert_eq!(ldap.modify(&target.dn, changes).await?.rc, expected);
    }
    assert_eq!(dc.binds(&user.dn, "Fresh-Passw0rd").await?.data.as_deref(), Some("773"));
    assert_eq!(refused(&dc, &outside).await?, None);
    Ok(())
}

async fn it_is_killed_frozen_and_started_again(mut dc: DomainController) -> Outcome {
    let user = dc.admin().create_user(&NewUser::new("survivor")).await?;
    dc.kill();
    assert!(dc.binds(&user.dn, USER_PASSWORD).await.is_err());
    assert!(dc.freeze().is_err(), "there is nothing to freeze");
    dc.restart().await?;
    assert!(dc.binds(&user.dn, USER_PASSWORD).await?.accepted());

    dc.freeze()?;
    let patience = Duration::from_millis(300);
    assert!(
        tokio::time::timeout(patience, dc.binds(&user.dn, USER_PASSWORD))
            .await
            .is_err()
    );
    dc.thaw()?;
    assert!(dc.binds(&user.dn, USER_PASSWORD).await?.accepted());
    dc.freeze()?;
    dc.restart().await?;
    assert!(dc.binds(&user.dn, USER_PASSWORD).await?.accepted());
    assert!(dc.log_tail().contains("started"), "{}", dc.log_tail());
    Ok(())
}

async fn every_process_model_leaves_nothing_behind(first: DomainController) -> Outcome {
    let release = first.release();
    for model in [ProcessModel::Standard, ProcessModel::Prefork] {
        let dc = DomainController::start(release, model).await?;
        assert_ne!(dc.address(), first.address());
        let user = dc.admin().create_user(&NewUser::new("passing")).await?;
        let held = dc.connect_as(&user.dn, USER_PASSWORD).await?;
        let files = dc.ca_file().ancestors().nth(3).ok_or("no directory")?.to_owned();
        assert!(files.is_dir());
        assert!(!processes_using(&files).is_empty());
        drop(dc);
        assert!(!files.exists());
        settled(|| processes_using(&files).is_empty()).map_err(|()| format!("{:?}", processes_using(&files)))?;
        drop(held);
    }
    assert!(
        first
            .binds(first.service_user(), first.service_password())
            .await?
            .accepted()
    );
    Ok(())
}

/// The processes that have a database below `directory` open or mapped, by its path in the chroot.
fn processes_using(directory: &Path) -> Vec<String> {
    let name = directory.file_name().unwrap_or_default().to_string_lossy();
    let path = format!("/srv/{name}/");
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter(|process| std::fs::read_to_string(process.path().join("maps")).is_ok_and(|maps| maps.contains(&path)))
        .map(|process| process.path().display().to_string())
        .collect()
}

fn settled(condition: impl Fn() -> bool) -> Result<(), ()> {
    let limit = Instant::now() + Duration::from_secs(20);
    while !condition() {
        if Instant::now() > limit {
            return Err(());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// The domain controller's own DNS, asked for an A record in as many bytes as that takes (RFC 1035 4.1).
async fn names_resolve_to_the_address(dc: DomainController) -> Outcome {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
    socket.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut query = vec![0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in dc.host().split('.') {
        query.push(u8::try_from(label.len())?);
        query.extend_from_slice(label.as_bytes());
    }
    query.extend_from_slice(&[0, 0, 1, 0, 1]);
    let mut answer = [0; 512];
    // A server that is only just there may lose what it is asked.
    let length = (0..10).find_map(|_| {
        socket.send_to(&query, (dc.address(), 53)).ok()?;
        socket.recv(&mut answer).ok()
    });
    let length = length.ok_or("no answer came")?;
    let std::net::IpAddr::V4(address) = dc.address() else {
        return Err("not an IPv4 address".into());
    };
    // The record's data: its length and the address.
    let [a, b, c, d] = address.octets();
    let data = [0, 4, a, b, c, d];
    assert!(
        answer[..length].windows(6).any(|part| part == data),
        "{:?}",
        &answer[..length]
    );
    Ok(())
}

async fn creating_users_is_quick(dc: DomainController) -> Outcome {
    let admin = dc.admin();
    let started = Instant::now();
    for number in 0..20 {
        admin.create_user(&NewUser::new(&format!("single{number}"))).await?;
    }
    let single = started.elapsed() / 20;
    let batch: Vec<NewUser> = (0..20).map(|number| NewUser::new(&format!("batch{number}"))).collect();
    let started = Instant::now();
    admin.create_users(&batch).await?;
    let batched = started.elapsed() / 20;
    println!("{}: {single:?} a user, {batched:?} in a batch", dc.release());
    Ok(())
}

const HOLDER: &str = "TESTKIT_HOLD_A_SERVER";

/// Not a test by itself: the process that the next test kills.
#[tokio::test]
async fn hold_a_server() -> Outcome {
    if std::env::var_os(HOLDER).is_some() {
        let dc = DomainController::start(Release::V4_24, ProcessModel::Prefork).await?;
        println!("holding {}", dc.ca_file().display());
        dc.freeze()?;
        std::thread::sleep(Duration::from_secs(60));
    }
    Ok(())
}

#[test]
fn a_killed_test_takes_its_server_along() -> Outcome {
    if require(Release::V4_24).is_none() {
        return Ok(());
    }
    let mut test = Command::new(std::env::current_exe()?)
        .args(["--exact", "hold_a_server", "--nocapture"])
        .env(HOLDER, "yes")
        .stdout(Stdio::piped())
        .spawn()?;
    let lines = BufReader::new(test.stdout.take().ok_or("no pipe")?).lines();
    let ca_file = lines
        .map_while(Result::ok)
        .find_map(|line| line.split_once("holding ").map(|(_, path)| path.to_owned()))
        .ok_or("the server did not start")?;
    let files = Path::new(&ca_file).ancestors().nth(3).ok_or("no directory")?;
    assert!(!processes_using(files).is_empty());
    test.kill()?;
    test.wait()?;
    settled(|| processes_using(files).is_empty()).map_err(|()| format!("{:?}", processes_using(files)))?;
    Ok(())
}
