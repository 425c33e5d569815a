//! What the core knows of its words, for the Python part, which knows none of it by itself.

use crate::raise::raised;
use password_writeback::{Code, Diagnosis, Error};
use pyo3::prelude::*;

/// Every error code, with the kind of its cause and Microsoft's event number.
#[pyfunction]
pub(crate) fn codes() -> Vec<(&'static str, &'static str, Option<&'static str>)> {
    Code::ALL
        .iter()
        .map(|code| (code.as_str(), code.kind().as_str(), code.microsoft_event()))
        .collect()
}

/// Whether a diagnosis, as JSON, found nothing that failed and nothing unknown.
#[pyfunction]
pub(crate) fn is_healthy(py: Python<'_>, diagnosis: &str) -> PyResult<bool> {
    let diagnosis: Diagnosis = serde_json::from_str(diagnosis)
        .map_err(|error| raised(py, &Error::new(Code::Configuration, error.to_string())))?;
    Ok(diagnosis.is_healthy())
}
