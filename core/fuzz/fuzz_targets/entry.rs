#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| password_writeback::fuzzing::entry(data));
