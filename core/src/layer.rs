//! Layers: each holds an inner [`PasswordWriteback`](crate::PasswordWriteback), is one itself, and adds one concern.
//!
//! [`Stack`] puts those that are here around a backend in their order. A layer of your own that must know which account an operation is
//! about hangs a [`Gate`] on the request.

mod audit;
mod rate_limit;
mod stack;

pub use crate::gate::{Gate, Target};
pub use audit::{Audit, OnSinkFailure};
pub use rate_limit::{Limit, RateLimit, RateLimits};
pub use stack::Stack;
