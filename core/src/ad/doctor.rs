//! Is this deployment able to do its job, and if not, what to fix.

use super::backend::{LdapDirectory, LdapSession};
use crate::clock::{Clock, SystemClock};
use crate::diagnosis::{CheckStatus, Diagnosis};
use crate::directory::{Server, Session};
use crate::error::{Code, Error};
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
    let mut first = None;
    let known = match directory.domain_controllers.all(until).await {
        Ok(known) => known,
        Err(error) => {
            let fix = "see that the domain and dns_servers are right, and that DNS has the domain's service records";
            diagnosis.add("discovery", CheckStatus::Failed, error.message(), Some(fix.to_owned()));
            return None;
        }
    };
    let found_by_dns = directory.domain_controllers.domain().is_some();
    for address in &known {
        match directory.open_at(address, until).await {
            Ok(session) => {
                examined(diagnosis, address, session.server());
                examine_clock(session.server(), diagnosis);
                first = first.or(Some(session));
            }
            // Nobody named it: it is one of the domain's, and left alone.
            Err(error) if found_by_dns && error.code() == Code::ReadOnlyDirectory => {
                diagnosis.add(
                    "writable",
                    CheckStatus::Ok,
                    format!("{address}: read-only, never written to"),
                    None,
                );
            }
            Err(error) => {
                failed(diagnosis, address, &error);
                if error.code() == Code::BindFailed {
                    // Each further try would count towards the service account's lockout.
                    break;
                }
            }
        }
    }
    first
}

/// Adds what is known of a domain controller once it was reached.
pub(crate) fn examined(diagnosis: &mut Diagnosis, address: impl fmt::Display, server: &Server) {
    let detail = format!("{address}: connected, verified and logged on to {}", server.name);
    diagnosis.add("connection", CheckStatus::Ok, detail, None);
    examine_hints(server, diagnosis);
}

/// Adds why a domain controller was not reached.
pub(crate) fn failed(diagnosis: &mut Diagnosis, address: impl fmt::Display, error: &Error) {
    let detail = format!("{address}: {}", error.message());
    diagnosis.add(stage(error), CheckStatus::Failed, detail, fix(error));
}

/// The name of the check that a failure belongs to.
fn stage(error: &Error) -> &'static str {
    match error.code() {
        Code::Tls | Code::InsecureChannel => "tls",
        Code::BindFailed => "bind",
        Code::ReadOnlyDirectory => "writable",
        _ => "connection",
    }
}

fn fix(error: &Error) -> Option<String> {
    let fix = match error.code() {
        Code::Tls => "install a certificate for this name, issued by an authority in ca_file or trusted by the system",
        Code::InsecureChannel => "install a certificate on the domain controller, so that it offers StartTLS",
        Code::BindFailed => "correct bind_user and bind_password, and see to the state of the service account",
        Code::ReadOnlyDirectory => "name a writable domain controller in servers",
        _ => "see that the name resolves, the port is open, and the domain controller runs",
    };
    Some(fix.to_owned())
}

fn examine_hints(server: &Server, diagnosis: &mut Diagnosis) {
    match server.policy_hints {
        Some(control) => diagnosis.add(
            "policy_hints",
            CheckStatus::Ok,
            format!("{}: {control}", server.name),
            None,
        ),
        None => {
            let fix = "update the domain controller, or set history to if_supported or off";
            let detail = format!("{} cannot enforce password history on a reset", server.name);
            diagnosis.add("policy_hints", CheckStatus::Warning, detail, Some(fix.to_owned()));
        }
    }
}

fn examine_clock(server: &Server, diagnosis: &mut Diagnosis) {
    let skew = SystemClock.now().duration_since(server.now).as_secs().abs();
    let (status, fix) = match skew > CLOCK_SKEW {
        true => (
            CheckStatus::Warning,
            Some("synchronise the clocks of this machine and the domain".to_owned()),
        ),
        false => (CheckStatus::Ok, None),
    };
    diagnosis.add("clock_skew", status, format!("{}: {skew} s", server.name), fix);
}
