//! The core's rule for many resets, for the Python part, which begins and awaits them.

use crate::raise::{exception, misuse, raised};
use password_writeback::{Error, Pace as Rule};
use pyo3::prelude::*;

/// Says when the next of many resets may begin.
#[pyclass(module = "password_writeback._native")]
#[derive(Debug)]
pub(crate) struct Pace(Rule);

#[pymethods]
impl Pace {
    #[new]
    fn new(py: Python<'_>, concurrency: i64) -> PyResult<Self> {
        let concurrency =
            usize::try_from(concurrency).map_err(|_| raised(py, &misuse("concurrency: it is less than nothing")))?;
        Ok(Pace(Rule::new(concurrency)))
    }

    /// How many may be under way now.
    fn room(&self) -> usize {
        self.0.room()
    }

    /// What the next request is answered with instead of being begun; `None` where it may begin.
    fn refusal<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.refusal().map(|error| exception(py, &error)).transpose()
    }

    /// Learns from the result of a reset: the JSON of its error, or `None`.
    fn learn(&mut self, py: Python<'_>, error: Option<&str>) -> PyResult<()> {
        let result = match error {
            Some(text) => Err(read(text).map_err(|unreadable| raised(py, &unreadable))?),
            None => Ok(()),
        };
        self.0.learn(&result);
        Ok(())
    }
}

fn read(text: &str) -> Result<Error, Error> {
    serde_json::from_str(text).map_err(|unreadable| misuse(&format!("the error: {unreadable}")))
}
