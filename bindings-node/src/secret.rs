//! Passwords on their way in: strings as the UTF-16 they are, bytes as UTF-8.

use crate::answer::{answer, misuse};
use napi::bindgen_prelude::{Either, Uint8Array, Uint8ArraySlice, Utf16String};
use napi_derive::napi;
use password_writeback::{Error, Password, PasswordPolicy};

/// A password as JavaScript gives it. Bytes are wiped by the JavaScript part, on every path; here they are only copied.
pub(crate) type Secret<'a> = Either<Utf16String, Uint8ArraySlice<'a>>;

/// Takes a copy, which is wiped when it is dropped. A lone surrogate is an error, never another character.
pub(crate) fn password(secret: &Secret<'_>) -> Result<Password, Error> {
    match secret {
        Either::A(text) => Password::from_utf16(text.to_vec()),
        Either::B(bytes) => Password::from_utf8(bytes.to_vec()),
    }
}

/// A random password that satisfies a policy, as bytes that are JavaScript's own and wiped when they are freed; or an answer that says
/// why there is none.
#[napi(catch_unwind)]
pub(crate) fn generate(policy: String) -> Either<Uint8Array, String> {
    match generated(&policy) {
        Ok(password) => Either::A(Uint8Array::new(std::mem::take(&mut *password.to_utf8()))),
        Err(error) => Either::B(answer::<()>(Err(error))),
    }
}

fn generated(policy: &str) -> Result<Password, Error> {
    let policy: PasswordPolicy =
        serde_json::from_str(policy).map_err(|error| misuse(&format!("the policy cannot be read: {error}")))?;
    Password::generate(&policy)
}
