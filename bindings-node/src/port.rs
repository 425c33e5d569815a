//! The way to wake JavaScript up from another thread.

use napi::Status;
use napi::bindgen_prelude::Function;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};

/// Why JavaScript is woken up: 0 for audit events, else the number of a question for the bind password.
pub(crate) const EVENTS: u32 = 0;

/// A weak reference of the event loop: it keeps no process alive.
type Weak = ThreadsafeFunction<u32, (), u32, Status, false, true>;

/// Wakes JavaScript up.
pub(crate) struct Port(Weak);

impl Port {
    pub(crate) fn new(wake: &Function<'_, u32, ()>) -> napi::Result<Self> {
        let wake = wake
            .build_threadsafe_function()
            .callee_handled::<false>()
            .weak::<true>()
            .build()?;
        Ok(Port(wake))
    }

    /// Whether the call is on its way: after the end of a worker it is not.
    pub(crate) fn wake(&self, why: u32) -> bool {
        self.0.call(why, ThreadsafeFunctionCallMode::NonBlocking) == Status::Ok
    }
}

impl std::fmt::Debug for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Port")
    }
}
