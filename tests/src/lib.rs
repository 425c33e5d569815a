//! The test kit of password-writeback.

pub mod fake;
pub mod pki;
pub mod samba;
