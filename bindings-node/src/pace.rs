//! The rule by which many resets are begun, which is the core's. JavaScript begins them and awaits them.

use crate::answer::answer;
use napi_derive::napi;
use password_writeback::DEFAULT_CONCURRENCY;

/// When the next of many resets may begin.
#[napi]
#[derive(Debug)]
pub struct Pace {
    inner: password_writeback::Pace,
}

#[napi]
impl Pace {
    /// For so many resets at once, which may be infinity; without a number, for as many as the core does.
    #[napi(constructor, catch_unwind)]
    pub fn new(concurrency: Option<f64>) -> Self {
        // What is beyond the numbers of this machine becomes the last of them.
        let concurrency = concurrency.map_or(DEFAULT_CONCURRENCY, |number| number as usize);
        Pace {
            inner: password_writeback::Pace::new(concurrency),
        }
    }

    /// How many may be under way now.
    #[napi(catch_unwind)]
    pub fn room(&self) -> f64 {
        self.inner.room() as f64
    }

    /// The answer, an error, that the next request is given instead of being begun.
    #[napi(catch_unwind)]
    pub fn refusal(&self) -> Option<String> {
        self.inner.refusal().map(|error| answer::<()>(Err(error)))
    }

    /// Learns from a reset that has ended: from its error, as JSON, or from there being none. An error that cannot be read is thrown:
    /// nothing may be begun after it.
    #[napi(catch_unwind)]
    pub fn learn(&mut self, error: Option<String>) -> napi::Result<()> {
        let result = match error {
            Some(text) => Err(serde_json::from_str(&text).map_err(std::io::Error::from)?),
            None => Ok(()),
        };
        self.inner.learn(&result);
        Ok(())
    }
}
