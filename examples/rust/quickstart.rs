//! The whole of password writeback in one run: a reset, refusals with their reasons, a lockout and its unlock, a required change.
//!
//! Without any setting it runs on the embedded mock directory, in no time and without a server. Where the environment names a
//! directory, the same story runs there, on a test account whose password it will change:
//!
//! | variable | meaning |
//! |---|---|
//! | `PASSWORD_WRITEBACK_SERVER` | `ldaps://dc1.corp.example`, or `ldap://...` for StartTLS |
//! | `PASSWORD_WRITEBACK_BIND_USER` | the service account |
//! | `PASSWORD_WRITEBACK_PASSWORD_FILE` | a file that holds its password, readable by you alone |
//! | `PASSWORD_WRITEBACK_CA_FILE` | the certificate authority to trust, PEM; without it those of the system |
//! | `PASSWORD_WRITEBACK_ACCOUNT` | the test account; without it `alice` |

use password_writeback::mock::{MockDirectory, MockPolicy, MockUser};
use password_writeback::{
    ActiveDirectory, ChangePassword, Code, Error, FindAccount, History, Password, PasswordWriteback, ReadPolicy,
    Receipt, RequirePasswordChange, ResetPassword, Settings, UnlockAccount,
};
use std::env;
use std::process::ExitCode;
use std::time::Duration;
use uuid::Uuid;

#[tokio::main]
async fn main() -> ExitCode {
    let told = match directory() {
        Ok((directory, account)) => story(directory.as_ref(), &account).await,
        Err(error) => Err(error),
    };
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            show_error(&error);
            ExitCode::FAILURE
        }
    }
}

/// The directory the environment names, else a mock one; and the account to try it on.
fn directory() -> Result<(Box<dyn PasswordWriteback>, String), Error> {
    let setting = |name: &str| env::var(format!("PASSWORD_WRITEBACK_{name}")).ok();
    let account = setting("ACCOUNT").unwrap_or_else(|| "alice".to_owned());
    let Some(server) = setting("SERVER") else {
        println!("No directory is named in the environment: this is the embedded mock directory.");
        return Ok((Box::new(mock(&account)?), account));
    };
    let missing = |name: &str| Error::new(Code::Configuration, format!("PASSWORD_WRITEBACK_{name} is not set"));
    let user = setting("BIND_USER").ok_or_else(|| missing("BIND_USER"))?;
    let file = setting("PASSWORD_FILE").ok_or_else(|| missing("PASSWORD_FILE"))?;
    let mut settings = Settings::new([server], user, read_password(&file)?);
    settings.ca_file = setting("CA_FILE").map(Into::into);
    Ok((Box::new(ActiveDirectory::new(settings)?), account))
}

/// The first line of a file.
fn read_password(file: &str) -> Result<Password, Error> {
    let unreadable = |_| Error::new(Code::Configuration, format!("the password file {file} cannot be read"));
    let mut bytes = std::fs::read(file).map_err(unreadable)?;
    if let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
        bytes.truncate(end);
    }
    Password::from_utf8(bytes)
}

/// A small domain: three bad passwords lock an account for half an hour.
fn mock(account: &str) -> Result<MockDirectory, Error> {
    let half_an_hour = Duration::from_secs(1800);
    let policy = MockPolicy::new()
        .min_length(10)
        .min_age(Duration::ZERO)
        .lockout(3, half_an_hour, half_an_hour);
    let directory = MockDirectory::builder().policy(policy).build()?;
    directory.add_user(
        MockUser::new(account)
            .display_name("Alice Jansen")
            .password("Forgotten-2025"),
    )?;
    Ok(directory)
}

/// A password nobody can guess, in three character classes.
fn random_password() -> String {
    format!("Qz-{}", Uuid::new_v4())
}

async fn story(directory: &dyn PasswordWriteback, account: &str) -> Result<(), Error> {
    heading("The account, and the policy that applies to it");
    let found = directory.find_account(FindAccount::new(account)).await?;
    show("account", &found.distinguished_name);
    show("state", state(found.enabled, found.locked, found.must_change_password));
    let policy = directory.password_policy(ReadPolicy::new(account)).await?;
    show("policy", &policy.source);
    show(
        "minimum length",
        policy
            .min_length
            .map_or("unknown".to_owned(), |length| length.to_string()),
    );

    heading("A reset: the password is forgotten");
    let current = random_password();
    let reset = ResetPassword::new(account, current.as_str())
        .history(History::IfSupported)
        .unlock(true);
    show_receipt(&directory.reset_password(reset).await?);

    heading("A refusal, with its reasons");
    expect_refusal(
        directory
            .reset_password(ResetPassword::new(account, "secret").history(History::Off))
            .await,
    );

    heading("The same password again: history is checked on a reset too");
    let again = ResetPassword::new(account, current.as_str()).history(History::IfSupported);
    show_either(directory.reset_password(again).await);

    heading("A change with a wrong old password");
    let wrong = ChangePassword::new(account, "not the old password", random_password());
    expect_refusal(directory.change_password(wrong).await);

    heading("A lockout, and its unlock");
    lock_out(directory, account, policy.lockout_threshold).await?;
    show_receipt(&directory.unlock_account(UnlockAccount::new(account)).await?);

    heading("A required change");
    show_receipt(
        &directory
            .require_password_change(RequirePasswordChange::new(account))
            .await?,
    );
    let found = directory.find_account(FindAccount::new(account)).await?;
    show("state", state(found.enabled, found.locked, found.must_change_password));

    heading("The user changes it: an expired password is no obstacle");
    let change = ChangePassword::new(account, current, random_password());
    show_either(directory.change_password(change).await);
    Ok(())
}

/// Gives wrong passwords until the account is locked, where its policy locks at all.
async fn lock_out(directory: &dyn PasswordWriteback, account: &str, threshold: Option<u32>) -> Result<(), Error> {
    match threshold {
        Some(threshold @ 1..=10) => {
            for _ in 0..threshold {
                let wrong = ChangePassword::new(account, "not the old password", random_password());
                let _ = directory.change_password(wrong).await;
            }
        }
        _ => show("note", "this policy does not lock accounts after a few bad passwords"),
    }
    let found = directory.find_account(FindAccount::new(account)).await?;
    show("state", state(found.enabled, found.locked, found.must_change_password));
    if let Some(until) = found.locked_until {
        show("locked until", until);
    }
    Ok(())
}

fn expect_refusal(result: Result<Receipt, Error>) {
    match result {
        Ok(_) => show("surprise", "the directory accepted it"),
        Err(error) => show_error(&error),
    }
}

fn show_either(result: Result<Receipt, Error>) {
    match result {
        Ok(receipt) => show_receipt(&receipt),
        Err(error) => show_error(&error),
    }
}

fn heading(text: &str) {
    println!("\n{text}");
}

fn show(name: &str, value: impl std::fmt::Display) {
    println!("  {name:<18} {value}");
}

fn state(enabled: bool, locked: bool, must_change: bool) -> &'static str {
    match (enabled, locked, must_change) {
        (false, _, _) => "disabled",
        (_, true, _) => "locked out",
        (_, _, true) => "must change the password at the next logon",
        _ => "in order",
    }
}

fn show_receipt(receipt: &Receipt) {
    show("done", receipt.operation);
    show("domain controller", &receipt.domain_controller);
    show("history", receipt.history);
    show("verified by", receipt.verification);
    if receipt.unlocked {
        show("lockout", "cleared");
    }
    for warning in &receipt.warnings {
        show("warning", warning);
    }
}

fn show_error(error: &Error) {
    show("refused", error.code());
    show("outcome", error.outcome());
    show("because", error.message());
    for violation in error.violations() {
        let limit = violation.limit.map_or(String::new(), |limit| format!(" {limit}"));
        show("rule", format!("{}{limit} ({})", violation.rule, violation.certainty));
        if let Some(at) = violation.retry_at {
            show("try again after", at);
        }
    }
}
