//! Will writeback work here, and if not, what exactly must be granted?
//!
//! ```text
//! cargo run -p password-writeback-examples --example doctor -- --demo
//! cargo run -p password-writeback-examples --example doctor -- --server ldaps://dc1.corp.example \
//!     --bind-user svc-writeback@corp.example --password-file secret --ca-file corp-ca.pem alice
//! ```
//!
//! It examines the way to the domain controllers and the rights on the domain; with an account, the rights on that account; with the
//! distinguished name of a container, those on the users that are created in it. What is not in order comes with the commands that
//! mend it. The exit code is 0 where all is healthy, 1 where something failed or is unknown (with `--strict`, also for a warning), 2 where
//! it could not be run.
//!
//! A password is never taken from the command line: it is in a file, in `PASSWORD_WRITEBACK_PASSWORD`, or asked for.

use anstyle::{AnsiColor, Style};
use clap::Parser;
use password_writeback::mock::{MockDirectory, MockRight, MockUser};
use password_writeback::{
    ActiveDirectory, Check, CheckStatus, Code, Diagnose, Diagnosis, Error, Password, PasswordWriteback, Settings, Tool,
};
use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Examines whether password writeback works here, and says what mends it.
#[derive(Debug, Parser)]
#[command(
    name = "doctor",
    after_help = "Exit codes: 0 healthy, 1 something failed or is unknown, 2 could not be run."
)]
struct Options {
    /// An account to examine, or a container by its distinguished name.
    identity: Option<String>,
    /// A domain controller: ldaps://host[:port], or ldap://host[:port] for StartTLS. May be given several times.
    #[arg(long, env = "PASSWORD_WRITEBACK_SERVER", value_delimiter = ' ')]
    server: Vec<String>,
    /// The DNS name of the domain, whose domain controllers DNS then names: instead of --server.
    #[arg(long, env = "PASSWORD_WRITEBACK_DOMAIN", conflicts_with = "server")]
    domain: Option<String>,
    /// With --domain: a DNS server to ask, ip or ip:port. May be given several times.
    #[arg(long, requires = "domain")]
    dns_server: Vec<String>,
    /// The service account.
    #[arg(long, env = "PASSWORD_WRITEBACK_BIND_USER")]
    bind_user: Option<String>,
    /// A file whose first line is its password. Without it: PASSWORD_WRITEBACK_PASSWORD, or a prompt.
    #[arg(long, env = "PASSWORD_WRITEBACK_PASSWORD_FILE")]
    password_file: Option<PathBuf>,
    /// The certificate authorities to trust, PEM. Without it, those of the system.
    #[arg(long, env = "PASSWORD_WRITEBACK_CA_FILE")]
    ca_file: Option<PathBuf>,
    /// Also prove the whole path on the account. Its password is lost: it must be named as a canary.
    #[arg(long, requires = "identity")]
    canary: bool,
    /// Seconds it may take in all.
    #[arg(long, default_value_t = 60)]
    deadline: u64,
    /// Only the commands of this tool: dsacls, powershell or samba_tool.
    #[arg(long)]
    tool: Option<Tool>,
    /// Count warnings as findings.
    #[arg(long)]
    strict: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Examine a small directory in memory, in which some things are wrong.
    #[arg(long, conflicts_with_all = ["server", "domain", "bind_user", "password_file", "ca_file"])]
    demo: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    match examine(&options).await {
        Ok(diagnosis) => {
            let text = match options.json {
                true => serde_json::to_string_pretty(&diagnosis).unwrap_or_default() + "\n",
                false => shown(&diagnosis, options.tool),
            };
            // A reader that has seen enough is no failure.
            let _ = anstream::stdout().write_all(text.as_bytes());
            let spotless = diagnosis.checks.iter().all(|check| check.status == CheckStatus::Ok);
            match diagnosis.is_healthy() && (spotless || !options.strict) {
                true => ExitCode::SUCCESS,
                false => ExitCode::from(1),
            }
        }
        Err(error) => {
            anstream::eprintln!(
                "{} {}",
                paint(AnsiColor::Red, error.code().as_str()),
                plain(error.message())
            );
            ExitCode::from(2)
        }
    }
}

async fn examine(options: &Options) -> Result<Diagnosis, Error> {
    let directory: Box<dyn PasswordWriteback> = match options.demo {
        true => Box::new(demo()?),
        false => Box::new(ActiveDirectory::new(settings(options)?)?),
    };
    let identity = options.identity.as_deref().or(options.demo.then_some("alice"));
    let mut request = match identity {
        Some(identity) => Diagnose::account(identity),
        None => Diagnose::deployment(),
    };
    request.canary = options.canary;
    directory
        .diagnose(request.deadline(Duration::from_secs(options.deadline)))
        .await
}

fn settings(options: &Options) -> Result<Settings, Error> {
    let missing = |what: &str| Error::new(Code::Configuration, format!("{what} is not given; see --help"));
    if options.server.is_empty() && options.domain.is_none() {
        return Err(missing("--server or --domain"));
    }
    let user = options.bind_user.clone().ok_or_else(|| missing("--bind-user"))?;
    let password = password(options, &user)?;
    let mut settings = Settings::new(options.server.clone(), user, password);
    settings.domain.clone_from(&options.domain);
    settings.dns_servers.clone_from(&options.dns_server);
    settings.ca_file.clone_from(&options.ca_file);
    Ok(settings)
}

/// From the file, the environment or the terminal.
fn password(options: &Options, user: &str) -> Result<Password, Error> {
    let faulty = |message: String| Error::new(Code::Configuration, message);
    if let Some(file) = &options.password_file {
        let mut bytes =
            std::fs::read(file).map_err(|_| faulty(format!("the password file {} cannot be read", file.display())))?;
        if let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
            bytes.truncate(end);
        }
        return Password::from_utf8(bytes);
    }
    if let Ok(password) = std::env::var("PASSWORD_WRITEBACK_PASSWORD") {
        return Ok(Password::from(password));
    }
    if !std::io::stdin().is_terminal() {
        return Err(faulty("no password is given; see --help".to_owned()));
    }
    rpassword::prompt_password(format!("Password of {user}: "))
        .map(Password::from)
        .map_err(|_| faulty("the password cannot be read from the terminal".to_owned()))
}

/// A directory in which the service account lacks some of its rights on one account.
fn demo() -> Result<MockDirectory, Error> {
    let directory = MockDirectory::new();
    let alice = MockUser::new("alice")
        .password("Old-Passw0rd-1")
        .without(MockRight::ResetPassword)
        .without(MockRight::ReadBadPwdCount);
    directory.add_user(alice)?;
    directory.add_user(MockUser::new("bob").password("Old-Passw0rd-1").admin_count(1))?;
    directory.add_user(MockUser::new("wb-canary").password("Old-Passw0rd-1"))?;
    directory.revoke(MockRight::UnexpirePassword);
    Ok(directory)
}

/// Names come from a directory that others write to: nothing of them may steer the terminal.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

fn paint(color: AnsiColor, text: &str) -> String {
    let style = Style::new().fg_color(Some(color.into())).bold();
    format!("{style}{text}{style:#}")
}

/// How a status is shown: by a sign and a word, and a colour where there are colours.
fn sign(status: CheckStatus) -> String {
    match status {
        CheckStatus::Ok => paint(AnsiColor::Green, "✓ ok     "),
        CheckStatus::Warning => paint(AnsiColor::Yellow, "! warning"),
        CheckStatus::Failed => paint(AnsiColor::Red, "✗ failed "),
        _ => paint(AnsiColor::Magenta, "? unknown"),
    }
}

fn shown(diagnosis: &Diagnosis, tool: Option<Tool>) -> String {
    let mut text: String = diagnosis.checks.iter().map(|check| shown_check(check, tool)).collect();
    let count = |status| diagnosis.checks.iter().filter(|check| check.status == status).count();
    if let Some(outcome) = diagnosis.outcome {
        let _ = writeln!(text, "\nThe canary's writes: {outcome}");
    }
    let _ = writeln!(
        text,
        "\n{} ok, {} warnings, {} failed, {} unknown",
        count(CheckStatus::Ok),
        count(CheckStatus::Warning),
        count(CheckStatus::Failed),
        count(CheckStatus::Unknown)
    );
    text
}

fn shown_check(check: &Check, tool: Option<Tool>) -> String {
    let dimmed = Style::new().dimmed();
    let mut text = format!("{} {:<24} {}\n", sign(check.status), check.name, plain(&check.detail));
    if let Some(fix) = &check.fix {
        let _ = writeln!(text, "{:10}{}", "", paint(AnsiColor::Cyan, &plain(fix)));
    }
    let wanted = |tool_of: Tool| tool.is_none_or(|tool| tool_of == tool);
    for command in check.commands.iter().filter(|command| wanted(command.tool)) {
        let (tool, line) = (command.tool.as_str(), plain(&command.command));
        let _ = writeln!(text, "{:10}{dimmed}{tool:<10}{dimmed:#} {line}", "");
    }
    text
}
