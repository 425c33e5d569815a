//! No password in any log line of any crate, in any text this library makes, in any panic message, or in any buffer it frees.

#[path = "secrets/capture.rs"]
mod capture;
#[path = "secrets/failures.rs"]
mod failures;
#[path = "secrets/inputs.rs"]
mod inputs;
#[path = "secrets/operations.rs"]
mod operations;
#[path = "secrets/texts.rs"]
mod texts;
#[path = "secrets/witness.rs"]
mod witness;

use std::alloc::System;

#[global_allocator]
static WITNESS: witness::Witness<System> = witness::Witness(System);
