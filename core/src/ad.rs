//! The Active Directory backend.

pub(crate) mod access;
pub(crate) mod attribute;
mod backend;
mod bind;
mod bind_request;
#[cfg(all(unix, feature = "gssapi"))]
mod channel_binding;
pub(crate) mod config;
pub(crate) mod control;
pub(crate) mod credentials;
pub(crate) mod descriptor;
pub(crate) mod diagnostic;
mod discover;
pub(crate) mod dn;
pub(crate) mod doctor;
mod domain_controllers;
mod element;
pub(crate) mod entry;
mod find;
pub(crate) mod frame;
mod health;
mod hints;
mod introduction;
mod kept;
#[cfg(all(unix, feature = "gssapi"))]
mod kerberos;
#[cfg(all(unix, feature = "gssapi"))]
mod kerberos_fault;
mod local;
mod message;
pub(crate) mod metadata;
mod modify_request;
pub(crate) mod netlogon;
pub(crate) mod policy;
mod pool;
mod race;
mod relay;
pub(crate) mod right;
#[cfg(all(unix, feature = "gssapi"))]
mod sasl;
pub(crate) mod sddl;
pub(crate) mod server;
pub(crate) mod session;
mod srv;
mod tls;
mod transport;

pub use config::Settings;
pub use credentials::{BindPassword, Credentials, Kerberos};

use crate::error::{Code, Error};
use crate::operation::{Engine, backend};
use backend::LdapDirectory;
use diagnostic::{Diagnostic, result};
use session::Answer;
use std::fmt;
use std::sync::Arc;

/// Active Directory, written to over LDAP.
///
/// It is cheap to clone and to share between tasks. Nothing is connected until an operation needs it. An operation has a connection
/// to itself, which is kept for a while for the next one ([`Settings::warm_connections`]): it holds no password. What is kept is
/// closed when the last clone is dropped.
#[derive(Clone)]
pub struct ActiveDirectory(Arc<Engine<LdapDirectory>>);

impl ActiveDirectory {
    /// A backend with these settings. It reads the CA file, and connects to nothing.
    ///
    /// # Errors
    /// [`Code::Configuration`], naming the setting at fault.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let rules = settings.rules.clone().read()?;
        Ok(ActiveDirectory(Engine::new(LdapDirectory::new(settings)?, rules)))
    }
}

backend!(ActiveDirectory);

impl fmt::Debug for ActiveDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ActiveDirectory").field(&self.0.directory).finish()
    }
}

/// A refusal of something that should not have been refused.
fn refused(what: &str, answer: &Answer) -> Error {
    let diagnostic = Diagnostic::parse(&answer.text);
    let error = match answer.code {
        // Another one may well do it.
        result::BUSY | result::UNAVAILABLE => Error::new(
            Code::Unreachable,
            format!("the domain controller is busy or shutting down, and refused {what}"),
        ),
        _ => Error::new(Code::Directory, format!("the domain controller refused {what}")),
    };
    error.with_result(answer.code, diagnostic.win32)
}
