//! Logging on, and what a refused logon says.
//!
//! A bind is asked and answered below the LDAP client, on the authenticated stream itself, so that its secret is in buffers that
//! are wiped, and nowhere else.

use super::bind_request::{self, MESSAGE_ID};
#[cfg(not(all(unix, feature = "gssapi")))]
use super::config::configuration;
use super::credentials::{BindPassword, Credentials};
use super::diagnostic::{BindRefusal, Diagnostic, classify_bind};
use super::frame::{BindResponse, read_bind_response};
#[cfg(all(unix, feature = "gssapi"))]
use super::kerberos;
use super::message::read_message;
use super::transport::Connected;
use crate::directory::Logon;
use crate::error::{Code, Error, Reason};
use crate::password::Password;
use std::io;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout};

/// The longest answer to a bind that is read: a server's Kerberos ticket with all its groups is below this.
const LONGEST_ANSWER: usize = 256 * 1024;

/// The service account, ready to log on.
#[derive(Debug)]
pub(crate) enum ServiceAccount {
    Password {
        user: String,
        password: BindPassword,
    },
    #[cfg(all(unix, feature = "gssapi"))]
    Kerberos(kerberos::Client),
}

impl ServiceAccount {
    /// The service account with these credentials.
    ///
    /// # Errors
    /// [`Code::Configuration`] where this build has no Kerberos.
    pub(crate) fn new(credentials: &Credentials) -> Result<Self, Error> {
        match credentials.clone() {
            Credentials::Password { user, password } => Ok(ServiceAccount::Password { user, password }),
            #[cfg(all(unix, feature = "gssapi"))]
            Credentials::Kerberos(kerberos) => Ok(ServiceAccount::Kerberos(kerberos::Client::new(kerberos))),
            #[cfg(not(all(unix, feature = "gssapi")))]
            Credentials::Kerberos(_) => Err(configuration(
                "this build has no Kerberos: `keytab` and `credential_cache` need the cargo feature `gssapi`, on a Unix system",
            )),
        }
    }

    /// Whether it can log on without asking anybody else for a password or a ticket.
    pub(crate) fn is_at_hand(&self) -> bool {
        match self {
            ServiceAccount::Password { password, .. } => password.is_at_hand(),
            #[cfg(all(unix, feature = "gssapi"))]
            ServiceAccount::Kerberos(_) => false,
        }
    }

    /// Logs on, by `until`.
    pub(crate) async fn bind(&self, connected: &mut Connected, host: &str, until: Instant) -> Result<(), Error> {
        match self {
            ServiceAccount::Password { user, password } => {
                bind_with_password(&mut connected.stream, host, user, password, until).await
            }
            #[cfg(all(unix, feature = "gssapi"))]
            ServiceAccount::Kerberos(client) => {
                let certificate = connected.certificate().cloned();
                client
                    .bind(&mut connected.stream, host, certificate.as_ref(), until)
                    .await
            }
        }
    }
}

async fn bind_with_password(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    host: &str,
    user: &str,
    password: &BindPassword,
    until: Instant,
) -> Result<(), Error> {
    // It is given up before the logon is: a slow source of passwords must not look like a silent domain controller.
    let patience = until.saturating_duration_since(Instant::now()) * 3 / 4;
    let password = timeout(patience, password.get()).await.ok().flatten();
    let password = password.filter(|password| !password.expose().is_empty());
    let password = password.ok_or_else(|| {
        Error::new(Code::BindFailed, "the password of the service account could not be had")
            .with_reason(Reason::NoPassword)
    })?;
    let answer = simple(stream, host, user, &password).await?;
    if answer.code == 0 {
        Ok(())
    } else {
        Err(refusal(&answer))
    }
}

/// Tries a user's own password.
pub(crate) async fn try_logon(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    host: &str,
    user: &str,
    password: &Password,
) -> Logon {
    match simple(stream, host, user, password).await {
        Ok(answer) if answer.code == 0 => Logon::Right,
        Ok(answer) => classify_bind(answer.code, &Diagnostic::parse(&answer.text)).into(),
        Err(_) => Logon::Inconclusive,
    }
}

/// A simple bind (RFC 4513 5.1.3). The password must not be empty: the server would take that for an anonymous one.
async fn simple(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    host: &str,
    user: &str,
    password: &Password,
) -> Result<BindResponse, Error> {
    if password.expose().is_empty() {
        return Err(Error::new(Code::BindFailed, "the password of the logon is empty"));
    }
    let request = bind_request::simple(user, password.expose().as_bytes());
    exchange(stream, &request).await.map_err(|error| lost(host, &error))
}

/// What became of a question that has no answer.
pub(super) fn lost(host: &str, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::InvalidData => {
            Error::new(Code::MalformedReply, format!("{host} broke the LDAP protocol: {error}"))
        }
        _ => Error::new(Code::Unreachable, format!("the connection to {host} was lost")),
    }
}

/// One question and its answer. Nothing else may be under way on the stream.
pub(super) async fn exchange(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    request: &[u8],
) -> io::Result<BindResponse> {
    stream.write_all(request).await?;
    stream.flush().await?;
    let answer = read_message(stream, LONGEST_ANSWER).await?;
    read_bind_response(&answer, MESSAGE_ID).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// What a refusal means.
pub(super) fn refusal(answer: &BindResponse) -> Error {
    let diagnostic = Diagnostic::parse(&answer.text);
    let (reason, why) = match classify_bind(answer.code, &diagnostic) {
        BindRefusal::WrongCredentials => (Reason::WrongCredentials, "wrong user name or password"),
        BindRefusal::PasswordExpired => (Reason::PasswordExpired, "its password has expired"),
        BindRefusal::MustChange => (Reason::MustChangePassword, "it must change its password first"),
        BindRefusal::LockedOut => (Reason::LockedOut, "it is locked out"),
        BindRefusal::Disabled => (Reason::Disabled, "it is disabled"),
        BindRefusal::AccountExpired => (Reason::Expired, "it has expired"),
        BindRefusal::LogonHours | BindRefusal::Workstation => (
            Reason::LogonRestricted,
            "it may not log on at this hour or from this machine",
        ),
        BindRefusal::SigningRequired => (Reason::SigningRequired, "the server requires signing"),
        BindRefusal::ChannelBindingRequired => (Reason::ChannelBindingRequired, "the server requires channel binding"),
        BindRefusal::Unavailable => {
            return Error::new(
                Code::Unreachable,
                "the domain controller cannot judge a logon now: it is busy, shutting down, or cut off from the domain",
            )
            .with_result(answer.code, diagnostic.win32);
        }
        BindRefusal::Other => {
            return Error::new(Code::BindFailed, "the logon of the service account was refused")
                .with_result(answer.code, diagnostic.win32);
        }
    };
    Error::new(
        Code::BindFailed,
        format!("the logon of the service account was refused: {why}"),
    )
    .with_reason(reason)
    .with_result(answer.code, diagnostic.win32)
}

#[cfg(all(test, not(all(unix, feature = "gssapi"))))]
mod tests {
    use super::*;
    use crate::ad::Kerberos;

    #[test]
    fn a_build_without_kerberos_says_so() {
        let refused = ServiceAccount::new(&Kerberos::default_cache().into()).unwrap_err();
        assert_eq!(refused.code(), Code::Configuration);
        assert!(refused.message().contains("`gssapi`"), "{refused}");
    }
}
