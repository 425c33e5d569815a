//! Passwords on their way in: strings as the UTF-16 they are, bytes as UTF-8.

use napi::bindgen_prelude::{Either, Uint8ArraySlice, Utf16String};
use password_writeback::{Error, Password};

/// A password as JavaScript gives it. Bytes are wiped by the JavaScript part, on every path; here they are only copied.
pub(crate) type Secret<'a> = Either<Utf16String, Uint8ArraySlice<'a>>;

/// Takes a copy, which is wiped when it is dropped. A lone surrogate is an error, never another character.
pub(crate) fn password(secret: &Secret<'_>) -> Result<Password, Error> {
    match secret {
        Either::A(text) => Password::from_utf16(text.to_vec()),
        Either::B(bytes) => Password::from_utf8(bytes.to_vec()),
    }
}
