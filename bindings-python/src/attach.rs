//! The way of this library's own threads into the interpreter, and the end of it.
//!
//! An interpreter that is finalized ends every other thread that waits for it where it stands, and where that is below a frame of Rust
//! the process crashes. So no thread of this library may be on its way in by then.

use pyo3::prelude::*;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How often the end looks whether all are out.
const ATTENTION: Duration = Duration::from_millis(1);

/// How long the end waits for that.
const PATIENCE: Duration = Duration::from_secs(10);

static INSIDE: AtomicUsize = AtomicUsize::new(0);
static CLOSED: AtomicBool = AtomicBool::new(false);

struct Inside;

impl Inside {
    fn new() -> Self {
        INSIDE.fetch_add(1, Ordering::SeqCst);
        Inside
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Runs something short with the interpreter; not where the interpreter is going. What may never come to an end belongs to a thread of
/// Python's own.
pub(crate) fn attached<R>(run: impl FnOnce(Python<'_>) -> R) -> Option<R> {
    let _inside = Inside::new();
    if CLOSED.load(Ordering::SeqCst) {
        return None;
    }
    Python::try_attach(run)
}

/// Whether no more threads are let in.
pub(crate) fn is_closed() -> bool {
    CLOSED.load(Ordering::SeqCst)
}

/// Lets no more threads in, and waits until all are out; but a program must end. The caller must not hold the GIL.
pub(crate) fn close() {
    CLOSED.store(true, Ordering::SeqCst);
    let began = Instant::now();
    while began.elapsed() < PATIENCE && INSIDE.load(Ordering::SeqCst) > 0 {
        std::thread::sleep(ATTENTION);
    }
}

/// In a forked child: the threads that were inside have stayed behind.
pub(crate) fn forget_threads() {
    INSIDE.store(0, Ordering::SeqCst);
}
