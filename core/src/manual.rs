//! The manual.
//!
//! | page | answers |
//! |---|---|
//! | [`concepts`] | What do the words mean, and what happens between a request and its receipt? |
//! | [`outcomes`] | Was the password written? What if nobody knows? |
//! | [`errors`] | What does this code mean, and who has to act? |
//! | [`permissions`] | What do I grant to the service account? |
//! | [`doctor`] | Will it work here, and if not, what mends it? |
//! | [`kerberos`] | How does the service account log on with Kerberos instead of a password? |
//! | [`operations`] | How do I run it: time-outs, monitoring, rotation, certificates, capacity? |
//! | [`threat_model`] | What is defended against whom, and what is not? |
//! | [`pitfalls`] | Why does Active Directory do that? |
//! | [`testing`] | How do I test my program without a domain? |

pub mod concepts;
pub mod doctor;
pub mod errors;
pub mod kerberos;
pub mod operations;
pub mod outcomes;
pub mod permissions;
pub mod pitfalls;
pub mod testing;
pub mod threat_model;

/// Compiles the examples of the read-me.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadMe;
