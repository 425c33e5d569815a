//! Writes passwords on orders, with the operating system's own allocator.

fn main() {
    testkit::victim::serve();
}
