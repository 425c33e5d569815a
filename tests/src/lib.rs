//! The test kit of password-writeback.

pub mod samba;
