//! Is this deployment able to do its job, and if not, what to fix: the way to the domain controllers.

mod certificate;
mod logon;
mod partner;
mod probe;
pub(super) mod rights;

use super::backend::{LdapDirectory, LdapSession};
use crate::clock::{Clock, SystemClock};
use crate::diagnosis::{Check, CheckName, CheckStatus, Diagnosis};
use crate::directory::{Server, Session};
use crate::error::{Code, Error, Reason};
use crate::remedy::set_the_clock;
use std::fmt;
use tokio::time::Instant;

/// The most the clocks may differ before Kerberos refuses, in seconds (RFC 4120 8.2).
const CLOCK_SKEW: i64 = 300;

/// Examines every domain controller that is configured; the session is with the first that works.
pub(super) async fn examine(
    directory: &LdapDirectory,
    until: Instant,
    diagnosis: &mut Diagnosis,
) -> Option<LdapSession> {
    let known = match directory.domain_controllers.all(until).await {
        Ok(known) => known,
        Err(error) => {
            let check = Check::new(CheckName::Discovery, CheckStatus::Failed, error.message());
            let fix = "see that domain and dns_servers are right, and that DNS has the domain's service records";
            diagnosis.push(check.fix(fix));
            return None;
        }
    };
    let domain = directory.domain_controllers.domain();
    if let Some(domain) = domain {
        let names: Vec<_> = known.iter().map(|address| address.host.as_str()).collect();
        diagnosis.ok(CheckName::Discovery, format!("{domain}: {}", names.join(", ")));
    }
    let user = directory.settings.credentials.account();
    let mut first: Option<LdapSession> = None;
    let mut refused = false;
    for address in &known {
        if !probe::examine(directory, address, until, diagnosis).await {
            continue;
        }
        if refused {
            // Each further try would count towards the service account's lockout.
            let detail = format!("{address}: not tried, since another domain controller has refused the logon");
            let check = Check::new(CheckName::Bind, CheckStatus::Unknown, detail);
            diagnosis.push(check.fix("mend the refused logon first"));
            continue;
        }
        match directory.open_at(address, until).await {
            Ok(session) => {
                logged_on(diagnosis, address, user);
                examine_server(diagnosis, session.server());
                diagnosis.push(clock(session.server()));
                first = first.or(Some(session));
            }
            // Nobody named it: it is one of the domain's, and left alone.
            Err(error) if domain.is_some() && error.code() == Code::ReadOnlyDirectory => {
                diagnosis.ok(CheckName::Writable, format!("{address}: read-only, never written to"));
            }
            Err(error) => {
                refused |= error.is_refused_logon();
                not_opened(diagnosis, address, user, &error);
            }
        }
    }
    if let Some(session) = &mut first {
        partner::examine(directory, session, until, diagnosis).await;
    }
    first
}

/// Adds that the service account could log on.
pub(crate) fn logged_on(diagnosis: &mut Diagnosis, address: impl fmt::Display, user: Option<&str>) {
    diagnosis.ok(CheckName::Bind, logon::detail(&address, user));
    diagnosis.ok(
        CheckName::Writable,
        format!("{address}: a domain controller that takes writes, and no global catalogue"),
    );
}

/// Adds what a domain controller says of itself.
pub(crate) fn examine_server(diagnosis: &mut Diagnosis, server: &Server) {
    let check = match server.policy_hints {
        Some(control) => Check::new(
            CheckName::PolicyHints,
            CheckStatus::Ok,
            format!(
                "{}: password history can be enforced on a reset ({control})",
                server.name
            ),
        ),
        None => Check::new(
            CheckName::PolicyHints,
            CheckStatus::Warning,
            format!("{} cannot enforce password history on a reset", server.name),
        )
        .fix("update the domain controller, or set history to if_supported or off"),
    };
    diagnosis.push(check);
}

/// Adds the stages on the way to a domain controller that were passed before an error, and the one that failed.
///
/// For a directory that has no such stages of its own.
pub(crate) fn failed(diagnosis: &mut Diagnosis, address: impl fmt::Display, user: Option<&str>, error: &Error) {
    let reached = stage(error);
    for name in WAY.iter().take_while(|name| **name != reached) {
        diagnosis.ok(*name, format!("{address}: in order"));
    }
    not_opened(diagnosis, address, user, error);
}

/// Adds every stage of the way as passed.
pub(crate) fn passed(diagnosis: &mut Diagnosis, address: impl fmt::Display) {
    for name in WAY.iter().take_while(|name| **name != CheckName::Bind) {
        diagnosis.ok(*name, format!("{address}: in order"));
    }
}

/// The stages on the way to a domain controller.
const WAY: [CheckName; 7] = [
    CheckName::NameResolution,
    CheckName::Port,
    CheckName::Tls,
    CheckName::Certificate,
    CheckName::Encryption,
    CheckName::Bind,
    CheckName::Writable,
];

/// Adds why no session could be had.
fn not_opened(diagnosis: &mut Diagnosis, address: impl fmt::Display, user: Option<&str>, error: &Error) {
    let name = stage(error);
    if name == CheckName::Writable {
        diagnosis.ok(CheckName::Bind, logon::detail(&address, user));
    }
    let commands = match error.code() {
        Code::BindFailed => logon::commands(user, error.reason()),
        _ => Vec::new(),
    };
    let check = Check::new(name, CheckStatus::Failed, format!("{address}: {}", error.message()));
    diagnosis.push(check.fix(fix(error)).commands(commands));
}

/// The check that a failure belongs to.
fn stage(error: &Error) -> CheckName {
    match error.code() {
        Code::Tls => CheckName::Tls,
        Code::InsecureChannel => CheckName::Encryption,
        Code::BindFailed | Code::PermissionDenied => CheckName::Bind,
        Code::ReadOnlyDirectory | Code::Unsupported => CheckName::Writable,
        _ => CheckName::Port,
    }
}

fn fix(error: &Error) -> &'static str {
    match (error.code(), error.reason()) {
        (Code::Tls, Some(Reason::WrongName)) => {
            "name the domain controller in servers as its certificate does, or install a certificate for this name"
        }
        (Code::Tls, Some(Reason::UnknownIssuer)) => {
            "name the file of the authority that issued the certificate in ca_file, or have it issued by one that is trusted"
        }
        (Code::Tls, Some(Reason::CertificateExpired)) => "renew the certificate on the domain controller",
        (Code::Tls, Some(Reason::CertificateNotYetValid)) => "see that the clock of this machine is right",
        (Code::Tls, _) => {
            "install a certificate for this name, issued by an authority in ca_file or trusted by the system"
        }
        (Code::InsecureChannel, _) => "install a certificate on the domain controller, so that it offers StartTLS",
        (Code::BindFailed, reason) => logon::fix(reason),
        (Code::PermissionDenied, _) => {
            "let the service account read tokenGroups of the rootDSE, as everybody may by default"
        }
        (Code::ReadOnlyDirectory | Code::Unsupported, _) => "name a writable domain controller in servers",
        _ => "see that the name resolves, the port is open, and the domain controller runs",
    }
}

fn clock(server: &Server) -> Check {
    if !server.tells_time {
        let seen = format!("{}: it does not tell its time", server.name);
        return Check::new(CheckName::ClockSkew, CheckStatus::Unknown, seen)
            .fix("compare the clocks of this machine and the domain controller yourself");
    }
    let skew = SystemClock.now().duration_since(server.now).as_secs();
    let seen = match skew {
        0 => format!("{}: the clocks agree", server.name),
        1.. => format!("{}: this machine's clock is {skew} s ahead", server.name),
        _ => format!(
            "{}: this machine's clock is {} s behind",
            server.name,
            skew.unsigned_abs()
        ),
    };
    if skew.abs() <= CLOCK_SKEW {
        return Check::new(CheckName::ClockSkew, CheckStatus::Ok, seen);
    }
    Check::new(CheckName::ClockSkew, CheckStatus::Warning, seen)
        .fix("synchronise the clocks of this machine and the domain")
        .commands(set_the_clock())
}
