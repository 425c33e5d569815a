//! Reading a process's memory through `/proc` (proc(5)).

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use zeroize::Zeroizing;

use super::{Findings, Found, Needle};

const STEP: usize = 64 * 1024;

/// Searches every mapping that is readable and writable.
pub(super) fn scan(needle: &Needle, process: Option<u32>) -> io::Result<Findings> {
    let process_directory = process.map_or_else(|| "/proc/self".to_owned(), |id| format!("/proc/{id}"));
    let maps = std::fs::read_to_string(format!("{process_directory}/maps"))?;
    let memory = File::open(format!("{process_directory}/mem"))?;
    let mut window = Window::new(needle.longest());
    // What is read passes through the window, which would find itself otherwise.
    let own = if process.is_none() { window.addresses() } else { 0..0 };
    let mut findings = Findings::default();
    for (range, mapping) in maps.lines().filter_map(writable) {
        window.slide(&memory, range, |address, bytes, fresh| {
            findings.scanned += fresh as u64;
            needle.each(bytes, |at, length, encoding| {
                let address = address + at as u64;
                // A match that ends before the fresh bytes was found in the window before.
                let known = at + length <= bytes.len() - fresh;
                if !known && !own.contains(&address) {
                    findings.found.push(Found {
                        encoding,
                        address,
                        mapping: mapping.to_owned(),
                    });
                }
            });
        });
    }
    Ok(findings)
}

/// The addresses and the name of a line of `maps`, where it may be read and written.
fn writable(line: &str) -> Option<(Range<u64>, &str)> {
    let mut fields = line.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let rights = fields.next()?;
    let range = u64::from_str_radix(start, 16).ok()?..u64::from_str_radix(end, 16).ok()?;
    rights
        .starts_with("rw")
        .then_some((range, fields.nth(3).unwrap_or_default()))
}

/// A buffer that is wiped when done, with room for the end of the previous piece: a match may lie across two.
struct Window {
    bytes: Zeroizing<Vec<u8>>,
    overlap: usize,
}

impl Window {
    fn new(longest: usize) -> Self {
        let overlap = longest.saturating_sub(1);
        Window {
            bytes: Zeroizing::new(vec![0; overlap + STEP]),
            overlap,
        }
    }

    fn addresses(&self) -> Range<u64> {
        let start = self.bytes.as_ptr() as u64;
        start..start + self.bytes.len() as u64
    }

    /// Reads a mapping piece by piece, until its end or its first unreadable page. `see` gets the address, the bytes,
    /// and how many of these are new.
    fn slide(&mut self, memory: &File, range: Range<u64>, mut see: impl FnMut(u64, &[u8], usize)) {
        let mut kept = 0;
        let mut at = range.start;
        while at < range.end {
            let wanted = STEP.min((range.end - at) as usize);
            let read = match memory.read_at(&mut self.bytes[kept..kept + wanted], at) {
                Ok(0) | Err(_) => return,
                Ok(read) => read,
            };
            let filled = kept + read;
            if !is_zero(&self.bytes[..filled]) {
                see(at - kept as u64, &self.bytes[..filled], read);
            }
            at += read as u64;
            let keep = self.overlap.min(filled);
            self.bytes.copy_within(filled - keep..filled, 0);
            kept = keep;
        }
    }
}

/// Most memory of a process was never touched.
fn is_zero(bytes: &[u8]) -> bool {
    static ZERO: [u8; 4096] = [0; 4096];
    bytes.chunks(ZERO.len()).all(|chunk| chunk == &ZERO[..chunk.len()])
}
