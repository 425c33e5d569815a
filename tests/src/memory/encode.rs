//! Every encoding of a password, each made once, shown, and wiped.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::Encoding;

/// Shows each encoding of `password`. Buffers have their full size from the start: growing would leave copies behind.
pub(super) fn all(password: &str, mut show: impl FnMut(Encoding, &[u8])) {
    let utf16 = utf16(password);
    show(Encoding::Utf8, password.as_bytes());
    show(Encoding::Utf16, &utf16);
    let forms = [
        (password.as_bytes(), Encoding::Base64, Encoding::Hex),
        (&utf16[..], Encoding::Base64OfUtf16, Encoding::HexOfUtf16),
    ];
    for (bytes, in_base64, in_hex) in forms {
        for shift in 0..3 {
            base64(bytes, shift, |digits| show(in_base64, digits));
        }
        show(in_hex, &hex(bytes, b"0123456789abcdef"));
        show(in_hex, &hex(bytes, b"0123456789ABCDEF"));
    }
}

fn buffer(capacity: usize) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(Vec::with_capacity(capacity))
}

fn utf16(text: &str) -> Zeroizing<Vec<u8>> {
    let mut out = buffer(text.len() * 2);
    for unit in text.encode_utf16() {
        out.extend_from_slice(&unit.to_le_bytes());
    }
    out
}

fn hex(bytes: &[u8], digits: &[u8; 16]) -> Zeroizing<Vec<u8>> {
    let mut out = buffer(bytes.len() * 2);
    for byte in bytes {
        out.push(digits[usize::from(byte >> 4)]);
        out.push(digits[usize::from(byte & 15)]);
    }
    out
}

/// Base64 of bytes that stand `shift` bytes after a multiple of three: the digits that they alone decide.
fn base64(bytes: &[u8], shift: usize, mut show: impl FnMut(&[u8])) {
    let mut shifted = buffer(shift + bytes.len());
    shifted.extend_from_slice(&[0; 3][..shift]);
    shifted.extend_from_slice(bytes);
    let mut out = Zeroizing::new(vec![0; shifted.len() * 2]);
    let sure = (shift * 8).div_ceil(6)..shifted.len() * 8 / 6;
    for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
        if engine.encode_slice(&shifted[..], &mut out[..]).is_ok() {
            show(&out[sure.clone()]);
        }
    }
}
