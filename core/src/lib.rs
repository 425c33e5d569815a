//! Password writeback for Active Directory.
#![forbid(unsafe_code)]

#[allow(dead_code)]
mod ad {
    pub(crate) mod attribute;
    pub(crate) mod control;
    pub(crate) mod descriptor;
    pub(crate) mod diagnostic;
    pub(crate) mod dn;
    pub(crate) mod frame;
    pub(crate) mod metadata;
}
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
pub mod sid;
