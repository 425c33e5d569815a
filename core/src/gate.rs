//! The one hook between finding an account and doing something with it: what a layer above a backend cannot know by itself.
//!
//! A layer sees a request, and in it the account as the caller named it. Which account that is, only the backend finds out. So a layer
//! that must know hangs a [`Gate`] on the request's [`Context`](crate::Context), and the backend passes it on its way.

use crate::error::Error;
use crate::receipt::Operation;
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;

/// The account that an operation is about, once it is found.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Target<'a> {
    /// What is to be done with it.
    pub operation: Operation,
    /// Its objectGUID, the same however it was named.
    pub object_guid: Uuid,
    /// The DNS name of the domain controller it was found on.
    pub domain_controller: &'a str,
}

impl<'a> Target<'a> {
    /// An account that was found.
    #[must_use]
    pub fn new(operation: Operation, object_guid: Uuid, domain_controller: &'a str) -> Self {
        Target {
            operation,
            object_guid,
            domain_controller,
        }
    }
}

/// Learns which account an operation is about, and may refuse it.
///
/// A backend passes the gates of a request once exactly one account was found and every rule of protection was checked, before it sends
/// a write or answers a read. It passes them again where it has to begin anew, possibly on another domain controller.
pub trait Gate: Send + Sync + fmt::Debug {
    /// Lets the operation through, or refuses it. It is called in the task of the operation, so it must not take long.
    ///
    /// # Errors
    /// What the caller of the operation gets; its outcome must be `not_applied`.
    fn pass(&self, target: &Target<'_>) -> Result<(), Error>;
}

/// The gates of a request, in the order they were hung up: the outermost layer's first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gates(Vec<Arc<dyn Gate>>);

impl Gates {
    pub(crate) fn add(&mut self, gate: Arc<dyn Gate>) {
        self.0.push(gate);
    }

    pub(crate) fn pass(&self, target: &Target<'_>) -> Result<(), Error> {
        self.0.iter().try_for_each(|gate| gate.pass(target))
    }
}
