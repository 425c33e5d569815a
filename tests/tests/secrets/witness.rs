//! An allocator that looks at what is freed: a block that still holds a secret was not wiped.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;

/// What marks a secret: freed blocks are searched for four of these in a row, as text or as UTF-16.
const MARK: char = '~';

thread_local! {
    /// How many blocks with a mark this thread has freed; negative while nobody looks.
    static UNWIPED: Cell<isize> = const { Cell::new(-1) };
}

#[derive(Debug)]
pub(super) struct Witness<A>(pub(super) A);

fn is_marked(bytes: &[u8]) -> bool {
    let mark = MARK as u8;
    bytes
        .windows(8)
        .any(|window| window[..4] == [mark; 4] || window == [mark, 0, mark, 0, mark, 0, mark, 0])
}

// SAFETY: every call is passed on unchanged; a block is only read, within its layout, before it is freed.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Witness<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Zeroed, so that what is read later was initialised.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        unsafe { self.0.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let _ = UNWIPED.try_with(|unwiped| {
            if unwiped.get() >= 0 && is_marked(unsafe { std::slice::from_raw_parts(block, layout.size()) }) {
                unwiped.set(unwiped.get() + 1);
            }
        });
        unsafe { self.0.dealloc(block, layout) }
    }

    // `realloc` is the default one, which goes through `dealloc`: what it leaves behind is seen.
}

/// How many blocks that hold a mark are freed by this thread during `run`.
pub(super) fn unwiped(run: impl FnOnce()) -> isize {
    UNWIPED.set(0);
    run();
    UNWIPED.replace(-1)
}

#[test]
fn a_buffer_that_is_not_wiped_is_seen() {
    let text = "~".repeat(40);
    assert_eq!(unwiped(|| drop(text.clone())), 1);
    assert!(unwiped(|| drop(text.encode_utf16().collect::<Vec<_>>())) > 0, "UTF-16");
    let mut growing = text.clone();
    assert_eq!(unwiped(|| growing.push_str(&text)), 1, "left behind by growing");
    assert_eq!(unwiped(|| drop(vec![0_u8; 40])), 0);
}
