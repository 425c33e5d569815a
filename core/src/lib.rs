//! Password writeback for Active Directory.
#![forbid(unsafe_code)]
