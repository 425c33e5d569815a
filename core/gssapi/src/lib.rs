//! Kerberos credentials from a keytab or a cache that is named by argument, and tickets that never leave memory.
//!
//! [`libgssapi`] is a safe binding of the system's library, but acquires credentials only from where the environment of the
//! process says. A library in somebody else's program must not change that environment. This crate adds the one call that takes
//! the place as an argument, `gss_acquire_cred_from`, and what it takes to throw a cache away. It is all of
//! password-writeback's unsafe code, and it is for MIT Kerberos 1.11 and later.
#![warn(missing_docs, clippy::undocumented_unsafe_blocks)]

mod cache;
mod credential;

pub use cache::MemoryCache;
pub use credential::{Source, acquire};
pub use libgssapi;
