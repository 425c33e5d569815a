//! Writes passwords on orders, with an allocator that says, on standard error, whose code frees a password unwiped.
//!
//! A password is known by eight [`MARK`]s in a row, as text or as UTF-16.

use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::cell::Cell;
use testkit::victim::MARK;

struct Witness;

thread_local! {
    /// Set while a backtrace is taken, which allocates too.
    static LOOKING: Cell<bool> = const { Cell::new(false) };
}

#[global_allocator]
static ALLOCATOR: Witness = Witness;

// SAFETY: every call is passed on unchanged; a block is only read, within its layout, before it is freed.
unsafe impl GlobalAlloc for Witness {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Zeroed, so that what is read later was initialised.
        unsafe { System.alloc_zeroed(layout) }
    }

    // `realloc` is the default one, which goes through `dealloc`: what it leaves behind is seen.
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let _ = LOOKING.try_with(|looking| {
            if !looking.get() && is_marked(unsafe { std::slice::from_raw_parts(block, layout.size()) }) {
                looking.set(true);
                eprintln!("{}", origin(&Backtrace::force_capture().to_string()));
                looking.set(false);
            }
        });
        unsafe { System.dealloc(block, layout) }
    }
}

fn is_marked(bytes: &[u8]) -> bool {
    const M: u8 = MARK as u8;
    const UTF16: [u8; 16] = [M, 0, M, 0, M, 0, M, 0, M, 0, M, 0, M, 0, M, 0];
    // No allocation in here: it would come back.
    bytes.windows(8).any(|window| window == [M; 8]) || bytes.windows(16).any(|window| window == UTF16)
}

/// The innermost function of a crate that handles passwords.
fn origin(backtrace: &str) -> &str {
    const CRATES: [&str; 8] = [
        "lber::",
        "ldap3::",
        "tokio_util::",
        "rustls::",
        "ring::",
        "password_writeback::",
        "serde_json::",
        "testkit::",
    ];
    let mut frames = backtrace.lines().filter_map(|line| line.trim().split_once(": "));
    let frame = frames.find(|(_, function)| CRATES.iter().any(|name| function.contains(name)));
    frame.map_or("elsewhere", |(_, function)| function)
}

fn main() {
    testkit::victim::serve();
}
