//! What is answered across the border: a text with `ok` or `error` in it.

use password_writeback::{Code, Error};
use serde::Serialize;

/// An answer as text.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Answer<T> {
    Ok(T),
    Error(Error),
}

/// The text of a result that is text already.
pub(crate) fn answer_text(result: Result<String, Error>) -> String {
    match result {
        Ok(text) => format!("{{\"ok\":{text}}}"),
        Err(error) => answer::<()>(Err(error)),
    }
}

/// The text of a result.
pub(crate) fn answer<T: Serialize>(result: Result<T, Error>) -> String {
    let answer = match result {
        Ok(value) => Answer::Ok(value),
        Err(error) => Answer::Error(error),
    };
    // The types of the core have no keys but texts and no floats but finite ones: writing them cannot fail.
    serde_json::to_string(&answer).unwrap_or_default()
}

/// An error about how the package is used, rather than about a directory.
pub(crate) fn misuse(message: &str) -> Error {
    Error::new(Code::Configuration, message)
}
