//! A case's directory in memory as commands, in the words of `password_writeback::mock::options`: from them the directory is built
//! here, and by every other language through its own package. Everything is the same each time, names and GUIDs too.

use super::super::Result;
use super::super::schema::{Account, Case, FineGrainedPolicy, Kind, PolicySettings, Right};
use super::Mock;
use jiff::Timestamp;
use password_writeback::Rules;
use serde_json::{Map, Value, json};
use uuid::Uuid;

pub(super) const DNS_DOMAIN: &str = "corp.example";
pub(super) const NETBIOS_DOMAIN: &str = "CORP";

/// The filter that the capability of that name promises.
const FORBIDDEN: &str = "Forbidden";

/// The number of a read-only domain controller.
const RODC: i64 = 12_345;

/// The commands, in their order. Each says what to `do`, and with what.
pub(super) fn describe(kind: Mock, case: &Case, rules: &Rules, now: Timestamp) -> Result<Vec<Value>> {
    let (hints, refusals) = match kind {
        Mock::Windows => ("current", "windows"),
        Mock::Stated => ("absent", "stated"),
    };
    let mut settings = json!({
        "domain": DNS_DOMAIN,
        "netbios_name": NETBIOS_DOMAIN,
        "rules": rules,
        "policy": policy(&case.policy),
        "policy_hints": hints,
        "refusals": refusals,
        "banned_words": [FORBIDDEN],
        "now": now,
    });
    if let Some(limit) = &case.rate_limit {
        settings["layers"] = limit.layers();
    }
    let mut commands = vec![json!({"do": "mock", "settings": settings})];
    for right in &case.service.without {
        commands.push(json!({"do": "revoke", "right": name(right)}));
    }
    for group in &case.groups {
        let group = json!({"name": group.name, "member_of": group.member_of});
        commands.push(json!({"do": "add_group", "group": group}));
    }
    for (number, account) in case.accounts.iter().enumerate() {
        add(&mut commands, account, number, now);
    }
    for given in &case.fine_grained_policies {
        commands.push(json!({"do": "add_fine_grained_policy", "policy": fine_grained(case, given)}));
    }
    Ok(commands)
}

/// The sAMAccountName.
pub(super) fn sam(account: &Account) -> String {
    match account.kind {
        Kind::Computer | Kind::GroupManagedServiceAccount => format!("{}$", account.name),
        _ => account.name.clone(),
    }
}

fn add(commands: &mut Vec<Value>, account: &Account, number: usize, now: Timestamp) {
    if account.kind == Kind::BuiltIn {
        return;
    }
    // A lockout begins when the account is added.
    if let Some(locked) = account.locked {
        commands.push(json!({"do": "set_clock", "now": locked.after(now)}));
    }
    commands.push(json!({
        "do": "add_user",
        "user": user(account, number, now),
        "password": account.password,
        "former_passwords": account.former_passwords,
    }));
    if account.locked.is_some() {
        commands.push(json!({"do": "set_clock", "now": now}));
    }
}

fn user(account: &Account, number: usize, now: Timestamp) -> Value {
    let container = match &account.container {
        Some(container) => format!("OU={},OU=Cases", escaped(container)),
        None => "OU=Cases".to_owned(),
    };
    let mut user = Map::new();
    let mut say = |name: &str, value: Value| {
        if !matches!(value, Value::Null | Value::Bool(false)) {
            user.insert(name.to_owned(), value);
        }
    };
    say("name", json!(sam(account)));
    say("guid", json!(Uuid::from_u128(FIRST_GUID + number as u128)));
    say("container", json!(container));
    say("kind", kind(account.kind));
    say("groups", json!(account.member_of));
    say("upn", json!(account.upn(DNS_DOMAIN)));
    say("common_name", json!(account.common_name));
    say("display_name", json!(account.display_name));
    say("consistency_guid", json!(account.consistency_guid));
    say("admin_count", json!(account.admin_count));
    say("primary_group", json!(account.primary_group));
    say(
        "secondary_krbtgt",
        json!((account.kind == Kind::RodcKrbtgt).then_some(RODC)),
    );
    say("expires_at", json!(account.expires.map(|expires| expires.after(now))));
    say("disabled", json!(account.disabled));
    say("password_never_expires", json!(account.password_never_expires));
    say("cannot_change_password", json!(account.cannot_change_password));
    say("smartcard_required", json!(account.smartcard_required));
    say("password_not_required", json!(account.password_not_required));
    say("inheritance_broken", json!(account.inheritance_broken));
    say("locked", json!(account.locked.is_some()));
    match account.must_change_password {
        true => say("must_change", json!(true)),
        false => say("password_set_at", json!(account.password_set.after(now))),
    }
    Value::Object(user)
}

const FIRST_GUID: u128 = 0xa000_0000_0000_4000_8000_0000_0000_0000;

fn kind(kind: Kind) -> Value {
    match kind {
        Kind::Computer => json!("computer"),
        Kind::GroupManagedServiceAccount => json!("group_managed_service_account"),
        Kind::Trust => json!("trust"),
        Kind::User | Kind::RodcKrbtgt | Kind::BuiltIn => Value::Null,
    }
}

fn fine_grained(case: &Case, given: &FineGrainedPolicy) -> Value {
    let is_group = |name: &&String| case.groups.iter().any(|group| group.name == **name);
    let (groups, users): (Vec<_>, Vec<_>) = given.applies_to.iter().partition(is_group);
    json!({
        "name": given.name,
        "precedence": given.precedence,
        "policy": policy(&given.policy),
        "users": users,
        "groups": groups,
    })
}

fn policy(given: &PolicySettings) -> Value {
    json!({
        "min_length": given.min_length,
        "complexity": given.complexity,
        "history_length": given.history_length,
        "min_age": given.min_age.length().as_secs_f64(),
        "max_age": given.max_age.length().as_secs_f64(),
        "lockout_threshold": given.lockout_threshold,
        "lockout_duration": given.lockout_duration.length().as_secs_f64(),
        "lockout_window": given.lockout_window.length().as_secs_f64(),
    })
}

/// The text of a right.
fn name(right: &Right) -> String {
    match right {
        Right::ResetPassword => "reset password".to_owned(),
        Right::WriteLockoutTime => "write lockoutTime".to_owned(),
        Right::WritePwdLastSet => "write pwdLastSet".to_owned(),
        Right::UnexpirePassword => "unexpire password".to_owned(),
        Right::PasswordSettingsContainer => "read password settings".to_owned(),
        Right::Read(attribute) => format!("read {attribute}"),
    }
}

/// A value as it stands in a distinguished name (RFC 4514 2.4).
pub(super) fn escaped(value: &str) -> String {
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
