//! Building a case's directory in memory, and finding the names in it.

use super::super::Result;
use super::super::scene::{Place, Scene};
use super::super::schema::Case;
use super::Mock;
use super::describe::{DNS_DOMAIN, NETBIOS_DOMAIN, describe, escaped, sam};
use jiff::Timestamp;
use password_writeback::mock::options::{
    MockDirectoryOptions, MockFineGrainedPolicyOptions, MockGroupOptions, MockUserOptions,
};
use password_writeback::mock::{MockClock, MockDirectory, MockRight};
use password_writeback::{Clock, Identity, Password, Rules};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

const DOMAIN_DN: &str = "DC=corp,DC=example";
const SERVICE_ACCOUNT: &str = "svc-writeback";

/// The directory of a case, and the names in it.
pub(super) fn build(kind: Mock, case: &Case, clock: &MockClock, rules: &Rules) -> Result<(MockDirectory, Scene)> {
    let commands = describe(kind, case, rules, clock.now())?;
    let (first, rest) = commands.split_first().ok_or("nothing describes the directory")?;
    let settings: MockDirectoryOptions = part(first, "settings")?;
    let directory = settings.builder().clock(clock.clone()).build().map_err(text)?;
    let mut groups = BTreeMap::new();
    for command in rest {
        carry_out(&directory, clock, command, &mut groups)?;
    }
    let scene = scene(case, &directory, &mut groups)?;
    Ok((directory, scene))
}

/// The SIDs of groups, by name.
type Groups = BTreeMap<String, String>;

fn carry_out(directory: &MockDirectory, clock: &MockClock, command: &Value, groups: &mut Groups) -> Result<()> {
    match command.get("do").and_then(Value::as_str) {
        Some("revoke") => directory.revoke(part::<MockRight>(command, "right")?),
        Some("set_clock") => clock.set(part::<Timestamp>(command, "now")?),
        Some("add_group") => {
            let group = part::<MockGroupOptions>(command, "group")?.group().map_err(text)?;
            let sid = directory.add_group(group).map_err(text)?;
            let name = command.pointer("/group/name").and_then(Value::as_str);
            groups.insert(name.unwrap_or_default().to_owned(), sid.to_string());
        }
        Some("add_user") => {
            let password = Password::from(part::<String>(command, "password")?);
            let former: Vec<String> = part(command, "former_passwords")?;
            let former = former.into_iter().map(Password::from).collect();
            let user: MockUserOptions = part(command, "user")?;
            directory
                .add_user(user.user(Some(password), former).map_err(text)?)
                .map_err(text)?;
        }
        Some("add_fine_grained_policy") => {
            let policy: MockFineGrainedPolicyOptions = part(command, "policy")?;
            directory
                .add_fine_grained_policy(policy.fine_grained_policy())
                .map_err(text)?;
        }
        _ => return Err(format!("nobody knows how to do {command}")),
    }
    Ok(())
}

fn part<T: DeserializeOwned>(command: &Value, name: &str) -> Result<T> {
    let value = command.get(name).unwrap_or(&Value::Null);
    T::deserialize(value).map_err(|error| format!("{name}: {error}"))
}

fn scene(case: &Case, directory: &MockDirectory, groups: &mut Groups) -> Result<Scene> {
    let mut scene = Scene {
        dns_domain: DNS_DOMAIN.to_owned(),
        netbios_domain: NETBIOS_DOMAIN.to_owned(),
        domain_dn: DOMAIN_DN.to_owned(),
        ou: format!("OU=Cases,{DOMAIN_DN}"),
        service: place(directory, SERVICE_ACCOUNT)?,
        ..Scene::default()
    };
    for group in &case.groups {
        let dn = format!("CN={},{}", escaped(&group.name), scene.ou);
        let sid = groups.remove(&group.name);
        let place = Place {
            dn,
            sid,
            ..Place::default()
        };
        scene.places.insert(group.name.clone(), place);
    }
    for account in &case.accounts {
        scene
            .places
            .insert(account.name.clone(), place(directory, &sam(account))?);
        if let Some(container) = &account.container {
            let dn = format!("OU={},{}", escaped(container), scene.ou);
            scene.places.insert(container.clone(), Place { dn, ..Place::default() });
        }
    }
    for given in &case.fine_grained_policies {
        let dn = format!(
            "CN={},CN=Password Settings Container,CN=System,{DOMAIN_DN}",
            escaped(&given.name)
        );
        scene
            .places
            .insert(given.name.clone(), Place { dn, ..Place::default() });
    }
    Ok(scene)
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

fn text(error: password_writeback::Error) -> String {
    error.to_string()
}
