//! Logging on, and what a refused logon says.

use super::config::BindPassword;
use super::diagnostic::{BindRefusal, Diagnostic, classify_bind};
use super::session::{Answer, Connection};
use crate::directory::Logon;
use crate::error::{Code, Error, Reason};

/// Logs the service account on.
pub(crate) async fn bind(connection: &mut Connection, user: &str, password: &BindPassword) -> Result<(), Error> {
    let password = password.get().await.filter(|password| !password.expose().is_empty());
    let password = password.ok_or_else(|| {
        Error::new(Code::BindFailed, "the password of the service account could not be had")
            .with_reason(Reason::NoPassword)
    })?;
    let answer = connection.bind(user, &password).await?;
    if answer.code == 0 {
        Ok(())
    } else {
        Err(refusal(&answer))
    }
}

fn refusal(answer: &Answer) -> Error {
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

/// What an answer to a user's own logon proves of the password.
pub(crate) fn logon(answer: &Answer) -> Logon {
    if answer.code == 0 {
        return Logon::Right;
    }
    classify_bind(answer.code, &Diagnostic::parse(&answer.text)).into()
}
