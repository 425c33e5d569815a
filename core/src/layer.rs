//! Layers: each holds an inner [`PasswordWriteback`](crate::PasswordWriteback), is one itself, and adds one concern.

mod audit;

pub use audit::{Audit, OnSinkFailure};
