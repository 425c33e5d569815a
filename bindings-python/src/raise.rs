//! From an error of the core to the Python exception that tells it.

use password_writeback::{Code, Error};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

/// The exception for an error. The classes are defined in Python: `WritebackError.from_json` chooses one.
pub(crate) fn raised(py: Python<'_>, error: &Error) -> PyErr {
    match exception(py, error) {
        Ok(exception) => PyErr::from_value(exception),
        Err(failure) => failure,
    }
}

/// The exception as an object.
pub(crate) fn exception<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS
        .import(py, "password_writeback.errors", "WritebackError")?
        .call_method1("from_json", (json(error),))
}

/// The JSON text of anything the core can write as one.
pub(crate) fn json(value: &impl serde::Serialize) -> String {
    // The types of the core have no keys but texts and no floats but finite ones: writing them cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}

/// An error about how the package is used, rather than about a directory.
pub(crate) fn misuse(message: &str) -> Error {
    Error::new(Code::Configuration, message)
}
