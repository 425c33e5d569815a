//! The mock directory against Active Directory's rules, one by one, through the public interface alone.

mod cancellation;
mod faults;
mod fine_grained;
mod groups;
mod hints;
mod identities;
mod lockout;
mod logon;
mod policy;
mod rights;
mod setup;
mod support;
