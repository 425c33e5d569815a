//! The Active Directory backend.

pub(crate) mod attribute;
pub(crate) mod control;
pub(crate) mod diagnostic;
pub(crate) mod dn;
