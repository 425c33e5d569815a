//! The test kit of password-writeback.

pub mod cases;
pub mod samba;
