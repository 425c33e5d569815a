//! The test kit of password-writeback.

pub mod cases;
pub mod dns;
pub mod fake;
pub mod memory;
pub mod pki;
pub mod proxy;
pub mod samba;
pub mod victim;
