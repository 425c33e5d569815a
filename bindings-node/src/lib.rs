//! The native part of the npm package `password-writeback`: it converts and forwards.
//!
//! What is no secret crosses the border as JSON text, read and written by the core; secrets cross beside it. Whatever is asked is
//! answered with a text, `{"ok": ...}` or `{"error": ...}`: the errors of the language are made in its own part, where the stack is.
//! Everything that a Node programmer sees, the classes, the types and the documentation, is in the TypeScript part.
#![warn(missing_docs)]

mod answer;
mod cancel;
mod directory;
mod events;
mod mock;
mod operation;
mod pace;
mod port;
mod provider;
mod secret;
mod words;

use zeroizing_alloc::ZeroAlloc;

/// Wipes all memory of this library when it is freed: what the LDAP and TLS libraries copied of a password as well.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<std::alloc::System> = ZeroAlloc(std::alloc::System);
