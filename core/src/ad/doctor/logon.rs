//! The logon of the service account: what is said of it, and what mends it.

use crate::diagnosis::Command;
use crate::error::Reason;
use crate::remedy::{Logon, mend_logon, set_the_clock};
use std::fmt::Display;

/// What is said of a logon that worked. A name that the settings do not give stands in the tickets.
pub(super) fn detail(address: &impl Display, user: Option<&str>) -> String {
    format!(
        "{address}: logged on as {}",
        user.unwrap_or("the principal of the tickets")
    )
}

/// What mends a logon that failed, for people.
pub(super) fn fix(reason: Option<Reason>) -> &'static str {
    match reason {
        Some(Reason::LockedOut) => "find out who tries wrong passwords of the service account, and unlock it",
        Some(Reason::Disabled) => "enable the service account",
        Some(Reason::Expired) => "let the service account expire later, or never",
        Some(Reason::PasswordExpired | Reason::MustChangePassword) => {
            "give the service account a new password, and put it into bind_password or a new keytab"
        }
        Some(Reason::NoPassword) => "see that the source of bind_password gives one, and in time",
        Some(Reason::ClockSkew) => "synchronise the clocks of this machine and the domain",
        Some(Reason::TicketExpired) => "renew the tickets, or give a keytab",
        Some(Reason::UnknownSpn) => {
            "name the domain controller in servers by its host name in the domain, or add its service principal name"
        }
        Some(Reason::UnknownPrincipal) => "correct the principal: NAME@REALM, with the realm in capitals",
        Some(Reason::NoCredentials) => {
            "give a keytab or a credential cache that this process can read and that holds the principal"
        }
        Some(Reason::WrongKey) => "make a new keytab: this one is older than the account's password",
        Some(Reason::Revoked) => {
            "see whether the service account is disabled, locked out or expired: Kerberos does not say which"
        }
        Some(Reason::KdcUnreachable) => {
            "see that port 88 of a domain controller can be reached, and that DNS or krb5.conf names the KDCs of the realm"
        }
        Some(Reason::TicketRefused) => "look for several accounts with the same service principal name",
        Some(Reason::SigningRequired | Reason::ChannelBindingRequired) => {
            "log on with Kerberos, which is bound to the channel, or let the domain controller accept simple binds over TLS"
        }
        Some(Reason::ChannelBindingMismatch) => {
            "find out what ends TLS between this machine and the domain controller: it is no part of the domain"
        }
        Some(Reason::ChannelBindingUndefined) => {
            "give the domain controller a certificate with an RSA or ECDSA signature over SHA-2"
        }
        _ => "correct bind_user and bind_password, and see to the state of the service account",
    }
}

/// The commands for it, where the account is known by its name.
pub(super) fn commands(user: Option<&str>, reason: Option<Reason>) -> Vec<Command> {
    let action = match reason {
        Some(Reason::LockedOut) => Logon::Unlock,
        Some(Reason::Disabled) => Logon::Enable,
        Some(Reason::Expired) => Logon::NoExpiry,
        Some(Reason::WrongCredentials | Reason::PasswordExpired | Reason::MustChangePassword) => Logon::NewPassword,
        Some(Reason::ClockSkew) => return set_the_clock(),
        _ => return Vec::new(),
    };
    user.map(|user| mend_logon(user, action)).unwrap_or_default()
}
