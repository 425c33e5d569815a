//! The native part of the Python package `password_writeback`: it converts and forwards.
//!
//! What is no secret crosses the border as JSON text, read and written by the core; secrets cross beside it, in a [`Secret`].
//! Everything that a Python programmer sees, the classes, the types and the documentation, is in the Python part.
#![warn(missing_docs)]

mod attach;
mod audit;
mod call;
mod directory;
mod hands;
mod mock;
mod operation;
mod pace;
mod process;
mod provider;
mod raise;
mod reply;
mod secret;
mod words;

use zeroizing_alloc::ZeroAlloc;

/// Wipes all memory of this library when it is freed: what the LDAP and TLS libraries copied of a password as well.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<std::alloc::System> = ZeroAlloc(std::alloc::System);

/// The native part of `password_writeback`.
#[pyo3::pymodule]
mod _native {
    use pyo3::prelude::*;

    /// Refuses every interpreter but the first: what is kept for the process is kept for that one. Tells the core's version and defaults.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::process::refuse_other_interpreters(module.py())?;
        module.add("DEFAULT_CONCURRENCY", password_writeback::DEFAULT_CONCURRENCY)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }

    #[pymodule_export]
    use crate::call::{Call, finish};
    #[pymodule_export]
    use crate::directory::Directory;
    #[pymodule_export]
    use crate::hands::{Hand, Taken};
    #[pymodule_export]
    use crate::pace::Pace;
    #[pymodule_export]
    use crate::process::shut_down;
    #[pymodule_export]
    use crate::provider::PasswordReply;
    #[pymodule_export]
    use crate::secret::{Secret, conceal, generate_password};
    #[pymodule_export]
    use crate::words::{codes, is_healthy};
}
