//! Which domain controllers there are, and in which order they are tried.

use super::config::{Address, Settings};
use crate::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The domain controllers of a deployment.
#[derive(Debug)]
pub(crate) struct DomainControllers {
    addresses: Vec<Arc<Address>>,
    /// The place of the one that answered last.
    preferred: AtomicUsize,
}

impl DomainControllers {
    pub(crate) fn new(settings: &Settings) -> Result<Self, Error> {
        Ok(DomainControllers {
            addresses: settings.addresses()?.into_iter().map(Arc::new).collect(),
            preferred: AtomicUsize::new(0),
        })
    }

    /// All of them, in the order they are configured.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Address>> {
        self.addresses.iter()
    }

    /// All of them, in the order they are to be tried: the one that answered last comes first.
    pub(crate) fn in_order(&self) -> Vec<Arc<Address>> {
        let mut order = self.addresses.clone();
        order.rotate_left(self.preferred.load(Ordering::Relaxed));
        order
    }

    /// Takes note of one that answered.
    pub(crate) fn answered(&self, address: &Arc<Address>) {
        if let Some(place) = self.addresses.iter().position(|known| known == address) {
            self.preferred.store(place, Ordering::Relaxed);
        }
    }
}
