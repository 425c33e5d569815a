//! Logging on, and what a refused logon says.
//!
//! A bind is asked and answered below the LDAP client, on the authenticated stream itself, so that its secret is in buffers that
//! are wiped, and nowhere else.

use super::bind_request::{self, MESSAGE_ID};
use super::config::BindPassword;
use super::diagnostic::{BindRefusal, Diagnostic, classify_bind};
use super::frame::{BindResponse, read_bind_response};
use super::message::read_message;
use crate::directory::Logon;
use crate::error::{Code, Error, Reason};
use crate::password::Password;
use std::io;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

/// The longest answer to a bind that is read: a server's Kerberos ticket with all its groups is below this.
const LONGEST_ANSWER: usize = 256 * 1024;

/// Logs the service account on.
pub(crate) async fn bind(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    host: &str,
    user: &str,
    password: &BindPassword,
) -> Result<(), Error> {
    let password = password.get().await.filter(|password| !password.expose().is_empty());
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
    let answer = exchange(stream, &request).await;
    answer.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => {
            Error::new(Code::MalformedReply, format!("{host} broke the LDAP protocol: {error}"))
        }
        _ => Error::new(Code::Unreachable, format!("the connection to {host} was lost")),
    })
}

/// One question and its answer. Nothing else may be under way on the stream.
async fn exchange(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), request: &[u8]) -> io::Result<BindResponse> {
    stream.write_all(request).await?;
    stream.flush().await?;
    let answer = read_message(stream, LONGEST_ANSWER).await?;
    read_bind_response(&answer, MESSAGE_ID).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

fn refusal(answer: &BindResponse) -> Error {
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
            return Error::new(Code::Unreachable, "the domain controller is busy or shutting down")
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
