//! The Active Directory backend.

pub(crate) mod attribute;
mod backend;
mod bind;
mod bind_request;
pub(crate) mod config;
pub(crate) mod control;
pub(crate) mod descriptor;
pub(crate) mod diagnostic;
pub(crate) mod dn;
pub(crate) mod doctor;
mod domain_controllers;
pub(crate) mod entry;
mod find;
pub(crate) mod frame;
mod local;
mod message;
pub(crate) mod metadata;
pub(crate) mod policy;
mod relay;
pub(crate) mod server;
pub(crate) mod session;
mod tls;
mod transport;

pub use config::{BindPassword, Settings};

use crate::error::{Code, Error};
use crate::operation::{Engine, backend};
use backend::LdapDirectory;
use diagnostic::Diagnostic;
use session::Answer;
use std::fmt;
use std::sync::Arc;

/// Active Directory, written to over LDAP.
///
/// It is cheap to clone and to share between tasks. Nothing is connected until an operation needs it; each operation has a
/// connection of its own, so that none outlives the password it carried.
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
    Error::new(Code::Directory, format!("the domain controller refused {what}"))
        .with_result(answer.code, diagnostic.win32)
}
