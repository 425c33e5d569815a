//! The service account's password, from a value or from a callable.

use crate::secret;
use password_writeback::{BindPassword, Password};
use pyo3::prelude::*;

/// The bind password that a constructor was given. A callable is asked at each logon.
pub(crate) fn bind_password(given: &Bound<'_, PyAny>) -> PyResult<BindPassword> {
    if !given.is_callable() {
        return Ok(secret::take(given)?.into());
    }
    let provider = given.clone().unbind();
    Ok(BindPassword::provider(move || {
        // `None`, too, where the interpreter is shutting down.
        Python::try_attach(|py| ask(provider.bind(py))).flatten()
    }))
}

/// Asks a callable for the password. Why it has none is logged by its type alone: the rest could hold the secret.
fn ask(provider: &Bound<'_, PyAny>) -> Option<Password> {
    let answer = provider.call0().and_then(|answer| secret::take(&answer));
    match answer {
        Ok(password) => Some(password),
        Err(error) => {
            let py = provider.py();
            let cause = error
                .get_type(py)
                .name()
                .map_or_else(|_| String::new(), |name| name.to_string());
            let logged = py
                .import("password_writeback._audit")
                .and_then(|module| module.call_method1("no_password", (cause,)));
            // A logging that does not work cannot be told of either.
            drop(logged);
            None
        }
    }
}
