//! The handle that cancels one operation.

use napi_derive::napi;

/// Cancels one operation before its write is sent.
#[napi]
#[derive(Debug, Default)]
pub struct Cancellation {
    pub(crate) inner: password_writeback::Cancellation,
}

#[napi]
impl Cancellation {
    /// A handle that has not been used.
    #[napi(constructor, catch_unwind)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels. `false` means that it is too late: the write is on its way.
    #[napi(catch_unwind)]
    pub fn cancel(&self) -> bool {
        self.inner.cancel()
    }
}
