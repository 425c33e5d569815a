//! Building a case's directory in memory. Everything is the same each time, names and GUIDs too.

use super::super::Result;
use super::super::scene::{Place, Scene};
use super::super::schema::{Account, Case, FineGrainedPolicy, Kind, PolicySettings, Right};
use super::Mock;
use password_writeback::mock::{
    MockClock, MockDirectory, MockFineGrainedPolicy, MockGroup, MockPolicy, MockRight, MockUser,
};
use password_writeback::{Clock, Error, Identity, Rules};
use uuid::Uuid;

const DNS_DOMAIN: &str = "corp.example";
const NETBIOS_DOMAIN: &str = "CORP";
const DOMAIN_DN: &str = "DC=corp,DC=example";
const SERVICE_ACCOUNT: &str = "svc-writeback";

/// The filter that the capability of that name promises.
const FORBIDDEN: &str = "Forbidden";

/// The number of a read-only domain controller.
const RODC: i64 = 12_345;

impl Mock {
    /// The directory of a case, and the names in it.
    pub(super) fn build(self, case: &Case, clock: &MockClock, rules: Rules) -> Result<(MockDirectory, Scene)> {
        let directory = MockDirectory::builder()
            .domain(DNS_DOMAIN)
            .netbios_name(NETBIOS_DOMAIN)
            .rules(rules)
            .policy(policy(&case.policy))
            .policy_hints(self.hints())
            .refusals(self.refusals())
            .banned_word(FORBIDDEN)
            .clock(clock.clone())
            .build()
            .map_err(text)?;
        let mut scene = Scene {
            dns_domain: DNS_DOMAIN.to_owned(),
            netbios_domain: NETBIOS_DOMAIN.to_owned(),
            domain_dn: DOMAIN_DN.to_owned(),
            ou: format!("OU=Cases,{DOMAIN_DN}"),
            service: place(&directory, SERVICE_ACCOUNT)?,
            ..Scene::default()
        };
        for right in &case.service.without {
            directory.revoke(mock_right(right)?);
        }
        for group in &case.groups {
            let mock = MockGroup::new(&group.name);
            let mock = group.member_of.iter().fold(mock, |mock, parent| mock.member_of(parent));
            let sid = directory.add_group(mock).map_err(text)?;
            let place = Place {
                dn: format!("CN={},{}", escaped(&group.name), scene.ou),
                sid: Some(sid.to_string()),
                ..Place::default()
            };
            scene.places.insert(group.name.clone(), place);
        }
        for (number, account) in case.accounts.iter().enumerate() {
            add(&directory, &mut scene, clock, account, number)?;
        }
        for given in &case.fine_grained_policies {
            fine_grained(&directory, &mut scene, case, given)?;
        }
        Ok((directory, scene))
    }
}

fn add(
    directory: &MockDirectory,
    scene: &mut Scene,
    clock: &MockClock,
    account: &Account,
    number: usize,
) -> Result<()> {
    let sam = match account.kind {
        Kind::Computer | Kind::GroupManagedServiceAccount => format!("{}$", account.name),
        _ => account.name.clone(),
    };
    if account.kind != Kind::BuiltIn {
        let now = clock.now();
        let user = user(account, &sam, number, clock);
        // A lockout begins when the account is added.
        if let Some(locked) = account.locked {
            clock.set(locked.after(now));
        }
        let added = directory.add_user(user);
        clock.set(now);
        added.map_err(text)?;
    }
    scene.places.insert(account.name.clone(), place(directory, &sam)?);
    if let Some(container) = &account.container {
        let dn = format!("OU={},{}", escaped(container), scene.ou);
        let place = Place { dn, ..Place::default() };
        scene.places.insert(container.clone(), place);
    }
    Ok(())
}

fn user(account: &Account, sam: &str, number: usize, clock: &MockClock) -> MockUser {
    let now = clock.now();
    let container = match &account.container {
        Some(container) => format!("OU={},OU=Cases", escaped(container)),
        None => "OU=Cases".to_owned(),
    };
    let mut user = MockUser::new(sam)
        .guid(Uuid::from_u128(
            0xa000_0000_0000_4000_8000_0000_0000_0000 + number as u128,
        ))
        .container(container)
        .password(account.password.as_str())
        .password_set_at(account.password_set.after(now));
    for former in &account.former_passwords {
        user = user.former_password(former.as_str());
    }
    for group in &account.member_of {
        user = user.group(group);
    }
    if let Some(upn) = account.upn(DNS_DOMAIN) {
        user = user.upn(upn);
    }
    if let Some(name) = &account.common_name {
        user = user.common_name(name);
    }
    if let Some(name) = &account.display_name {
        user = user.display_name(name);
    }
    if let Some(guid) = account.consistency_guid {
        user = user.consistency_guid(guid);
    }
    if let Some(count) = account.admin_count {
        user = user.admin_count(i64::from(count));
    }
    if let Some(group) = &account.primary_group {
        user = user.primary_group(group);
    }
    if let Some(expires) = account.expires {
        user = user.expires_at(expires.after(now));
    }
    kind(flags(user, account), account.kind)
}

fn flags(user: MockUser, account: &Account) -> MockUser {
    type Flag = fn(MockUser) -> MockUser;
    let flags: [(bool, Flag); 8] = [
        (account.disabled, MockUser::disabled),
        (account.must_change_password, MockUser::must_change),
        (account.password_never_expires, MockUser::password_never_expires),
        (account.cannot_change_password, MockUser::cannot_change_password),
        (account.smartcard_required, MockUser::smartcard_required),
        (account.password_not_required, MockUser::password_not_required),
        (account.inheritance_broken, MockUser::inheritance_broken),
        (account.locked.is_some(), MockUser::locked),
    ];
    let set = flags.into_iter().filter(|(set, _)| *set);
    set.fold(user, |user, (_, flag)| flag(user))
}

fn kind(user: MockUser, kind: Kind) -> MockUser {
    match kind {
        Kind::User | Kind::BuiltIn => user,
        Kind::Computer => user.computer(),
        Kind::GroupManagedServiceAccount => user.group_managed_service_account(),
        Kind::Trust => user.trust(),
        Kind::RodcKrbtgt => user.secondary_krbtgt(RODC),
    }
}

fn fine_grained(directory: &MockDirectory, scene: &mut Scene, case: &Case, given: &FineGrainedPolicy) -> Result<()> {
    let mut mock = MockFineGrainedPolicy::new(&given.name, given.precedence, policy(&given.policy));
    for name in &given.applies_to {
        mock = match case.groups.iter().any(|group| group.name == *name) {
            true => mock.for_group(name),
            false => mock.for_user(name),
        };
    }
    directory.add_fine_grained_policy(mock).map_err(text)?;
    let dn = format!(
        "CN={},CN=Password Settings Container,CN=System,{DOMAIN_DN}",
        escaped(&given.name)
    );
    let place = Place { dn, ..Place::default() };
    scene.places.insert(given.name.clone(), place);
    Ok(())
}

fn policy(given: &PolicySettings) -> MockPolicy {
    MockPolicy::new()
        .min_length(given.min_length)
        .complexity(given.complexity)
        .history(given.history_length)
        .min_age(given.min_age.length())
        .max_age(given.max_age.length())
        .lockout(
            given.lockout_threshold,
            given.lockout_duration.length(),
            given.lockout_window.length(),
        )
}

fn place(directory: &MockDirectory, sam: &str) -> Result<Place> {
    let found = directory.account(Identity::sam(sam));
    let found = found.ok_or_else(|| format!("the mock has no {sam}"))?;
    Ok(Place {
        dn: found.distinguished_name,
        guid: Some(found.guid),
        sid: Some(found.sid.to_string()),
        sam: Some(sam.to_owned()),
    })
}

fn mock_right(right: &Right) -> Result<MockRight> {
    Ok(match right {
        Right::ResetPassword => MockRight::ResetPassword,
        Right::WriteLockoutTime => MockRight::WriteLockoutTime,
        Right::WritePwdLastSet => MockRight::WritePwdLastSet,
        Right::UnexpirePassword => MockRight::UnexpirePassword,
        Right::PasswordSettingsContainer => MockRight::ReadPasswordSettings,
        Right::Read(attribute) => {
            let unknown = |_| format!("the mock knows no right to read {attribute}");
            format!("read {attribute}").parse().map_err(unknown)?
        }
    })
}

/// A value as it stands in a distinguished name (RFC 4514 2.4).
fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut escaped = String::new();
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

fn text(error: Error) -> String {
    error.to_string()
}
