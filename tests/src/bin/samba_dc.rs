//! A real domain controller for tests in other languages: JSON lines on stdin and stdout, until stdin ends.
//!
//!     samba_dc samba_4_17 | samba_4_24
//!
//! Its first line is `{"url", "host", "ca_file", "bind_user", "bind_password", "people", "dns_domain", "password"}`, the last being what
//! every user has at first; or `{"missing": why}` where that release is not installed. Each command is answered with one line,
//! `{"ok": ...}` or `{"error": text}`:
//!
//! - `{"policy": {"min_length", "min_age", "lockout_threshold", "history"}}`: the domain's, the rest as in a new domain; ages in seconds;
//! - `{"allow_policies": {}}`: the service account may read fine-grained policies, as the manual has it;
//! - `{"add_user": {"name", "password", "password_age", "container", "display_name", "groups", "locked", "disabled", "must_change",
//!   "password_never_expires"}}`, of which only the first must be given: below `people` where no container is, with `name@dns_domain` as
//!   its user principal name; `{"dn", "guid", "sid"}`;
//! - `{"add_unit": {"name"}}`: an organizational unit outside the one where the service account has its rights; its distinguished name;
//! - `{"lock": {"dn"}}`: locks an account by wrong passwords;
//! - `{"bind": {"user", "password"}}`: `"0"` for success, else the logon error (MS-ERREF 2.2) such as `"52e"`;
//! - `{"state": {"dn"}}`: `{"enabled", "locked", "must_change_password", "bad_password_count", "password_set"}`;
//! - `{"number": {"dn", "attribute"}}`: the value of an attribute that holds one number, or `null`;
//! - `{"freeze": {}}` and `{"thaw": {}}`: the server stands still with its connections open, and goes on.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::time::Duration;
use testkit::cases::account_state;
use testkit::samba::{DomainController, Error, NewUser, Policy, ProcessModel, Release, Result, USER_PASSWORD, require};

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Command {
    Policy(Rules),
    AllowPolicies {},
    AddUser(Account),
    AddUnit { name: String },
    Lock { dn: String },
    Bind { user: String, password: String },
    State { dn: String },
    Number { dn: String, attribute: String },
    Freeze {},
    Thaw {},
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Rules {
    min_length: u32,
    min_age: u64,
    lockout_threshold: u32,
    history: u32,
}

impl Default for Rules {
    fn default() -> Self {
        let new = Policy::default();
        Rules {
            min_length: new.min_length,
            min_age: new.min_age.as_secs(),
            lockout_threshold: new.lockout_threshold,
            history: new.history,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    name: String,
    password: Option<String>,
    #[serde(default)]
    password_age: u64,
    container: Option<String>,
    display_name: Option<String>,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    locked: bool,
    #[serde(default)]
    disabled: bool,
    #[serde(default)]
    must_change: bool,
    #[serde(default)]
    password_never_expires: bool,
}

/// ADS_UF_DONT_EXPIRE_PASSWD (MS-ADTS 2.2.16).
const DONT_EXPIRE_PASSWORD: u32 = 0x10000;

#[tokio::main]
async fn main() -> ExitCode {
    let release = match std::env::args().nth(1).as_deref() {
        Some("samba_4_17") => Release::V4_17,
        Some("samba_4_24") => Release::V4_24,
        other => return fail(&format!("no domain controller is called {other:?}")),
    };
    // Where it is not installed, this has said so.
    let Some(release) = require(release) else {
        say(&json!({"missing": release.available().err()}));
        return ExitCode::SUCCESS;
    };
    let dc = match DomainController::start(release, ProcessModel::Single).await {
        Ok(dc) => dc,
        Err(error) => return fail(&error),
    };
    say(&json!({
        "url": dc.ldaps_url(),
        "host": dc.host(),
        "ca_file": dc.ca_file(),
        "bind_user": dc.service_user(),
        "bind_password": dc.service_password(),
        "people": dc.people(),
        "dns_domain": dc.dns_domain(),
        "password": USER_PASSWORD,
    }));
    loop {
        let mut line = String::new();
        match tokio::task::block_in_place(|| std::io::stdin().lock().read_line(&mut line)) {
            Ok(0) => return ExitCode::SUCCESS,
            Ok(_) => {}
            Err(error) => return fail(&error),
        }
        let command = match serde_json::from_str(&line) {
            Ok(command) => command,
            Err(error) => return fail(&error),
        };
        match carry_out(&dc, command).await {
            Ok(answer) => say(&json!({"ok": answer})),
            Err(error) => say(&json!({"error": error.to_string()})),
        }
    }
}

async fn carry_out(dc: &DomainController, command: Command) -> Result<Value> {
    match command {
        Command::Policy(rules) => {
            let policy = Policy {
                min_length: rules.min_length,
                min_age: Duration::from_secs(rules.min_age),
                lockout_threshold: rules.lockout_threshold,
                history: rules.history,
                ..Policy::default()
            };
            dc.admin().set_policy(&policy).await?;
            Ok(Value::Null)
        }
        Command::AllowPolicies {} => dc.admin().allow_policies(dc.service_sid()).await.map(|()| Value::Null),
        Command::AddUser(account) => add_user(dc, account).await,
        Command::AddUnit { name } => Ok(json!(dc.admin().create_ou(dc.base_dn(), &name).await?)),
        Command::Lock { dn } => dc.lock_out(&dn).await.map(|_| Value::Null),
        Command::Bind { user, password } => {
            let answer = dc.binds(&user, &password).await?;
            Ok(if answer.accepted() {
                json!("0")
            } else {
                json!(answer.data)
            })
        }
        Command::State { dn } => Ok(json!(account_state(&dc.admin(), &dn).await?)),
        Command::Number { dn, attribute } => {
            let entry = dc.admin().read(&dn, &[&attribute]).await?;
            Ok(json!(entry.number(&attribute)))
        }
        Command::Freeze {} => dc.freeze().map(|()| Value::Null),
        Command::Thaw {} => dc.thaw().map(|()| Value::Null),
    }
}

async fn add_user(dc: &DomainController, account: Account) -> Result<Value> {
    let admin = dc.admin();
    let user = NewUser {
        password: Some(account.password.unwrap_or_else(|| USER_PASSWORD.to_owned())),
        container: account.container,
        display_name: account.display_name,
        disabled: account.disabled,
        must_change: account.must_change,
        flags: if account.password_never_expires {
            DONT_EXPIRE_PASSWORD
        } else {
            0
        },
        ..NewUser::new(&account.name)
    };
    let created = admin.create_user(&user).await?;
    for group in &account.groups {
        let filter = format!("(sAMAccountName={group})");
        let found = admin.search(dc.base_dn(), &filter, &["distinguishedName"]).await?;
        let group = found
            .first()
            .ok_or_else(|| Error::Kit(format!("there is no group {group}")))?;
        admin.add_member(&group.dn, &created.dn).await?;
    }
    if account.password_age > 0 {
        admin
            .shift_times(&created.dn, Duration::from_secs(account.password_age))
            .await?;
    }
    if account.locked {
        admin.set_lockout_time(&created.dn, Some(Timestamp::now())).await?;
    }
    Ok(json!({"dn": created.dn, "guid": created.guid, "sid": created.sid}))
}

fn say(line: &Value) {
    let mut out = std::io::stdout().lock();
    // Nobody to read it: the end of stdin follows.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn fail(error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("{error}");
    ExitCode::FAILURE
}
