//! Looks for a password in the memory of a process: `memory_scan PID`, the password on stdin, so that no command line holds it.
//!
//! Prints `{"total", "scanned", "found"}` as JSON, `found` saying in which encodings and where.

use serde_json::json;
use std::process::ExitCode;
use testkit::memory::{Needle, scan_process};

fn main() -> ExitCode {
    let process = std::env::args().nth(1).and_then(|process| process.parse().ok());
    let Some(process) = process else {
        eprintln!("usage: memory_scan PID < password");
        return ExitCode::from(2);
    };
    let mut password = String::new();
    if let Err(error) = std::io::stdin().read_line(&mut password) {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    let needle = Needle::new(password.trim_end_matches('\n').to_owned());
    match scan_process(process, &needle) {
        Ok(findings) => {
            let found = format!("{findings}");
            println!(
                "{}",
                json!({"total": findings.total(), "scanned": findings.scanned, "found": found})
            );
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
