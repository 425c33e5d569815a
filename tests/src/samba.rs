//! Real domain controllers for tests: Samba, started from a snapshot in well under a second.
//!
//! `tests/run --setup` installs two Samba releases, each in a chroot of its own, and provisions one
//! domain in each. [`DomainController::start`] copies that and serves it on a loopback address of
//! its own (Samba cannot move the LDAP ports); [`Admin`] is the directory's administrator. [`Domain`]
//! is a domain of three that replicate.
//!
//! ```no_run
//! # async fn example() -> Result<(), testkit::samba::Error> {
//! use testkit::samba::{DomainController, NewUser, ProcessModel, Release};
//!
//! let dc = DomainController::start(Release::V4_24, ProcessModel::Single).await?;
//! let user = dc.admin().create_user(&NewUser::new("alice")).await?;
//! assert!(dc.binds(&user.dn, testkit::samba::USER_PASSWORD).await?.accepted());
//! # Ok(())
//! # }
//! ```

mod access;
mod address;
mod admin;
mod certificate;
mod directory;
mod domain;
mod domain_controller;
mod entry;
mod helper;
mod kerberos;
mod policy;
mod process;
mod release;
mod session;
mod shell;
mod user;

pub use admin::Admin;
pub use domain::{Domain, Member, require_domain};
pub use domain_controller::DomainController;
pub use entry::{Change, Entry, Value, file_time, unicode_pwd};
pub use policy::Policy;
pub use process::ProcessModel;
pub use release::{Release, require};
pub use session::BindAnswer;
pub use user::{GroupScope, NewUser, Principal, USER_PASSWORD};

/// Why the kit could not do something. The text is for the reader of a failed test.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The directory refused an operation.
    #[error("the directory answered {code}: {message}")]
    Directory {
        /// The LDAP result code (RFC 4511 4.1.9).
        code: u32,
        /// The directory's own words.
        message: String,
    },
    /// Something outside the directory failed: a file, a process, the network.
    #[error("{0}")]
    Kit(String),
}

impl Error {
    /// An error of the kit's own, with what was being done.
    fn doing(what: &str, error: impl std::fmt::Display) -> Self {
        Self::Kit(format!("{what}: {error}"))
    }
}

/// What every operation of the kit answers.
pub type Result<T> = std::result::Result<T, Error>;
