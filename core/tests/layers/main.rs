//! The layers around a backend, and what stands on top of them, through the public interface alone.

mod audit;
mod audit_files;
mod many;
mod rate_limit;
mod support;
