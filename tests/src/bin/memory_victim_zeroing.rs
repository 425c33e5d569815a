//! Writes passwords on orders, with the allocator that wipes what it frees.

use std::alloc::System;
use zeroizing_alloc::ZeroAlloc;

#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() {
    testkit::victim::serve();
}
