//! Looking for a password where it should no longer be: in memory, and in text.
//!
//! The searched password is kept masked, and compared byte by byte, so that a search neither finds nor leaves a copy of
//! its own. Whoever searches the memory of this very process gives the only copy away to [`Needle::new`], which wipes it.
//!
//! ```
//! use testkit::memory::{Needle, random_password, scan};
//! let password = random_password();
//! let needle = Needle::new(password.clone());
//! # if cfg!(target_os = "linux") {
//! assert_eq!(scan(&needle).unwrap().total(), 1, "the one that this test still holds");
//! # }
//! assert!(needle.find_in_text(&format!("bind failed: {password:?}")).is_some());
//! assert!(needle.find_in_text("bind failed").is_none());
//! ```
//!
//! A fake domain controller in the same process holds what it was sent: run the client in a process of its own, and look
//! into that with [`scan_process`].

use std::fmt;
use std::io;

use uuid::Uuid;
use zeroize::Zeroizing;

mod encode;
#[cfg(target_os = "linux")]
mod linux;
mod text;

/// How a password appears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// As it is, in UTF-8.
    Utf8,
    /// In UTF-16LE, as `unicodePwd` carries it.
    Utf16,
    /// In base64, standard or URL alphabet, at any alignment.
    Base64,
    /// In base64 of its UTF-16LE.
    Base64OfUtf16,
    /// In hexadecimal digits.
    Hex,
    /// In hexadecimal digits of its UTF-16LE.
    HexOfUtf16,
    /// In text only: with `\x50`, `\u0050`, `\u{50}`, `\50` or `\0`.
    Escaped,
    /// In text only: with `%50`.
    Percent,
    /// In text only: as a list of numbers, such as `[80, 97]` or `50:61`.
    Numbers,
}

/// The fewest characters of a password that can be told from chance.
const SHORTEST: usize = 8;
const MASK: usize = 32;

/// A password to look for, without a readable copy of it.
pub struct Needle {
    mask: [u8; MASK],
    patterns: Vec<Pattern>,
    /// The bytes that begin a pattern: the quick check of a search.
    begins: Vec<u8>,
}

struct Pattern {
    encoding: Encoding,
    masked: Vec<u8>,
}

impl fmt::Debug for Needle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Needle")
    }
}

impl Needle {
    /// Takes the password, keeps it masked, and wipes it.
    ///
    /// # Panics
    /// Where it has fewer than 8 characters: chance would find those.
    pub fn new(password: String) -> Self {
        let password = Zeroizing::new(password);
        assert!(password.chars().count() >= SHORTEST, "too short to tell from chance");
        let mut mask = [0; MASK];
        mask[..16].copy_from_slice(Uuid::new_v4().as_bytes());
        mask[16..].copy_from_slice(Uuid::new_v4().as_bytes());
        let mut needle = Needle {
            mask,
            patterns: Vec::new(),
            begins: Vec::new(),
        };
        encode::all(&password, |encoding, bytes| needle.add(encoding, bytes));
        needle
    }

    fn add(&mut self, encoding: Encoding, bytes: &[u8]) {
        let mut masked = Vec::with_capacity(bytes.len());
        masked.extend(
            bytes
                .iter()
                .zip(self.mask.iter().cycle())
                .map(|(byte, mask)| byte ^ mask),
        );
        if self.patterns.iter().any(|known| known.masked == masked) {
            return;
        }
        if !self.begins.contains(&bytes[0]) {
            self.begins.push(bytes[0]);
        }
        self.patterns.push(Pattern { encoding, masked });
    }

    /// The length of the longest pattern in bytes.
    fn longest(&self) -> usize {
        self.patterns
            .iter()
            .map(|pattern| pattern.masked.len())
            .max()
            .unwrap_or(0)
    }

    /// Which pattern begins at the start of `bytes`.
    fn begins(&self, bytes: &[u8]) -> Option<&Pattern> {
        self.patterns.iter().find(|pattern| {
            let mut pairs = pattern.masked.iter().zip(self.mask.iter().cycle()).zip(bytes);
            bytes.len() >= pattern.masked.len() && pairs.all(|((masked, mask), byte)| masked ^ mask == *byte)
        })
    }

    /// Calls back with the place, length and encoding of every match, in no order.
    fn each(&self, bytes: &[u8], mut found: impl FnMut(usize, usize, Encoding)) {
        let mut look_at = |at| {
            if let Some(pattern) = self.begins(&bytes[at..]) {
                found(at, pattern.masked.len(), pattern.encoding);
            }
        };
        for begins in self.begins.chunks(3) {
            match *begins {
                [a, b, c] => memchr::memchr3_iter(a, b, c, bytes).for_each(&mut look_at),
                [a, b] => memchr::memchr2_iter(a, b, bytes).for_each(&mut look_at),
                [a] => memchr::memchr_iter(a, bytes).for_each(&mut look_at),
                _ => {}
            }
        }
    }

    /// In which form `text` holds the password, if it does: for captured logs and error messages.
    pub fn find_in_text(&self, text: &str) -> Option<Encoding> {
        text::find(self, text)
    }
}

/// A copy of the password in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// How it is encoded.
    pub encoding: Encoding,
    /// Where it begins.
    pub address: u64,
    /// What the memory is: `[heap]`, `[stack]`, a file, or nothing for anonymous memory.
    pub mapping: String,
}

/// What a search of memory found.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// Every copy.
    pub found: Vec<Found>,
    /// How many bytes were looked at.
    pub scanned: u64,
}

impl Findings {
    /// How many copies there are.
    pub fn total(&self) -> usize {
        self.found.len()
    }

    /// How many copies there are in that encoding.
    pub fn count(&self, encoding: Encoding) -> usize {
        self.found.iter().filter(|found| found.encoding == encoding).count()
    }

    /// Where the copies in that encoding are.
    pub fn addresses(&self, encoding: Encoding) -> Vec<u64> {
        self.found
            .iter()
            .filter(|found| found.encoding == encoding)
            .map(|found| found.address)
            .collect()
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} copies in {} KiB", self.total(), self.scanned / 1024)?;
        self.found
            .iter()
            .try_for_each(|found| write!(f, "; {:?} at {:#x} {}", found.encoding, found.address, found.mapping))
    }
}

/// Searches the writable memory of this process.
///
/// # Errors
/// `Unsupported` anywhere but on Linux; else what reading `/proc` answers.
pub fn scan(needle: &Needle) -> io::Result<Findings> {
    platform::scan(needle, None)
}

/// Searches the writable memory of another process, which must be a child, or the caller root.
///
/// # Errors
/// As [`scan`]; `PermissionDenied` where the system forbids it, `NotFound` where there is no such process.
pub fn scan_process(process: u32, needle: &Needle) -> io::Result<Findings> {
    platform::scan(needle, Some(process))
}

#[cfg(target_os = "linux")]
use linux as platform;

#[cfg(not(target_os = "linux"))]
mod platform {
    pub(super) fn scan(_: &super::Needle, _: Option<u32>) -> std::io::Result<super::Findings> {
        Err(std::io::Error::new(
            std::io::ErrorKind::Unsupported,
            "memory can be searched on Linux only",
        ))
    }
}

/// A fresh password that meets every usual policy, of which the returned string is the only copy.
pub fn random_password() -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789-_.!#+?";
    let mut password = String::with_capacity(24);
    password.push_str("Aa1");
    let random = [Uuid::new_v4(), Uuid::new_v4()];
    for byte in random
        .iter()
        .flat_map(|id| &id.as_bytes()[..6])
        .chain(&random[0].as_bytes()[10..])
    {
        password.push(char::from(ALPHABET[usize::from(byte % 64)]));
    }
    password
}
