//! A live domain controller for tests in other languages: JSON lines on stdin and stdout, until stdin ends.
//!
//!     live_dc 4.17 | 4.24
//!
//! Its first line is `{"url", "ca_file", "bind_user", "bind_password", "people", "domain", "password"}`, the last being what every user
//! has at first; or `{"missing": reason}` where that release is not installed. Each command is answered with one line:
//!
//! - `{"policy": {"lockout_threshold", "min_age_seconds", "min_length", "history"}}`: the domain's, what is left out being a new domain's;
//! - `{"user": {"name", "container", "display_name", "disabled", "must_change", "groups"}}`: `{"dn", "guid"}`;
//! - `{"unit": name}`: an organizational unit outside the one where the service account has its rights: `{"dn"}`;
//! - `{"lock": dn}`: locks an account by wrong passwords;
//! - `{"age": {"dn", "seconds"}}`: moves the account's times back;
//! - `{"binds": {"user", "password"}}`: `{"code", "data"}`, as the server answers that logon;
//! - `{"read": {"dn", "attribute"}}`: `{"number"}`.

use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::time::Duration;
use testkit::samba::{DomainController, NewUser, Policy, ProcessModel, Release, USER_PASSWORD, require};

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Command {
    Policy(Rules),
    User(Account),
    Unit(String),
    Lock(String),
    Age { dn: String, seconds: u64 },
    Binds { user: String, password: String },
    Read { dn: String, attribute: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    lockout_threshold: Option<u32>,
    min_age_seconds: Option<u64>,
    min_length: Option<u32>,
    history: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    name: String,
    container: Option<String>,
    display_name: Option<String>,
    #[serde(default)]
    disabled: bool,
    #[serde(default)]
    must_change: bool,
    #[serde(default)]
    groups: Vec<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let release = match std::env::args().nth(1).as_deref() {
        Some("4.17") => Release::V4_17,
        Some("4.24") => Release::V4_24,
        _ => {
            eprintln!("usage: live_dc 4.17 | 4.24");
            return ExitCode::from(2);
        }
    };
    // Where it is not installed, this has said so.
    if require(release).is_none() {
        say(&json!({"missing": release.available().err()}));
        return ExitCode::SUCCESS;
    }
    match serve(release).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

async fn serve(release: Release) -> Result<()> {
    let dc = DomainController::start(release, ProcessModel::Single).await?;
    // As the manual has it, so that policies can be told.
    dc.admin().allow_policies(dc.service_sid()).await?;
    say(&json!({
        "url": dc.ldaps_url(),
        "ca_file": dc.ca_file(),
        "bind_user": dc.service_user(),
        "bind_password": dc.service_password(),
        "people": dc.people(),
        "domain": dc.dns_domain(),
        "password": USER_PASSWORD,
    }));
    loop {
        let mut line = String::new();
        if tokio::task::block_in_place(|| std::io::stdin().lock().read_line(&mut line))? == 0 {
            return Ok(());
        }
        say(&obey(&dc, serde_json::from_str(&line)?).await?);
    }
}

async fn obey(dc: &DomainController, command: Command) -> Result<Value> {
    let admin = dc.admin();
    Ok(match command {
        Command::Policy(rules) => {
            admin.set_policy(&rules.over(Policy::default())).await?;
            json!({})
        }
        Command::User(account) => create(dc, account).await?,
        Command::Unit(name) => json!({"dn": admin.create_ou(dc.base_dn(), &name).await?}),
        Command::Lock(dn) => {
            dc.lock_out(&dn).await?;
            json!({})
        }
        Command::Age { dn, seconds } => {
            admin.shift_times(&dn, Duration::from_secs(seconds)).await?;
            json!({})
        }
        Command::Binds { user, password } => {
            let answer = dc.binds(&user, &password).await?;
            json!({"code": answer.code, "data": answer.data})
        }
        Command::Read { dn, attribute } => {
            json!({"number": admin.read(&dn, &[&attribute]).await?.number(&attribute)})
        }
    })
}

impl Rules {
    fn over(self, policy: Policy) -> Policy {
        Policy {
            lockout_threshold: self.lockout_threshold.unwrap_or(policy.lockout_threshold),
            min_age: self.min_age_seconds.map_or(policy.min_age, Duration::from_secs),
            min_length: self.min_length.unwrap_or(policy.min_length),
            history: self.history.unwrap_or(policy.history),
            ..policy
        }
    }
}

async fn create(dc: &DomainController, account: Account) -> Result<Value> {
    let admin = dc.admin();
    let user = NewUser {
        container: account.container,
        display_name: account.display_name,
        disabled: account.disabled,
        must_change: account.must_change,
        ..NewUser::new(&account.name)
    };
    let made = admin.create_user(&user).await?;
    for group in &account.groups {
        let found = admin
            .search(
                dc.base_dn(),
                &format!("(sAMAccountName={group})"),
                &["distinguishedName"],
            )
            .await?;
        let group = found.first().ok_or_else(|| format!("there is no group {group}"))?;
        admin.add_member(&group.dn, &made.dn).await?;
    }
    Ok(json!({"dn": made.dn, "guid": made.guid}))
}

fn say(value: &Value) {
    let mut out = std::io::stdout().lock();
    // Where nobody listens any more, stdin ends too.
    let _ = writeln!(out, "{value}").and_then(|()| out.flush());
}
