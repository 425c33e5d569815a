//! The test kit of password-writeback.
