//! The test kit of password-writeback.

pub mod cases;
pub mod fake;
pub mod pki;
pub mod samba;
