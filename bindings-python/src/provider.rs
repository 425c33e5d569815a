//! The service account's password, from a value or from a callable.

use crate::attach::attached;
use crate::secret;
use password_writeback::{BindPassword, Password};
use pyo3::prelude::*;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The bind password that a constructor was given.
pub(crate) enum Given {
    Fixed(Password),
    /// By a callable, at each logon.
    Asked(Arc<Py<PyAny>>),
}

impl Given {
    pub(crate) fn read(given: &Bound<'_, PyAny>) -> PyResult<Self> {
        if given.is_callable() {
            return Ok(Given::Asked(Arc::new(given.clone().unbind())));
        }
        Ok(Given::Fixed(secret::take(given)?))
    }

    /// The callable, where it is one.
    pub(crate) fn callable(&self) -> Option<Arc<Py<PyAny>>> {
        match self {
            Given::Fixed(_) => None,
            Given::Asked(callable) => Some(Arc::clone(callable)),
        }
    }

    /// As the core wants it. The logon gives a callable up before `patience` is over; no thread of the runtime is to wait longer.
    pub(crate) fn bind_password(self, patience: Duration) -> BindPassword {
        let callable = match self {
            Given::Fixed(password) => return password.into(),
            Given::Asked(callable) => callable,
        };
        BindPassword::provider(move || {
            let (sender, answer) = sync_channel(1);
            attached(|py| ask(callable.bind(py), sender))?.ok()?;
            // Disconnected where it has none, or the interpreter is going.
            answer.recv_timeout(patience).ok()
        })
    }
}

/// Has a callable asked in a thread of Python's own: nobody knows how long it takes, and the interpreter may end meanwhile.
fn ask(provider: &Bound<'_, PyAny>, sender: SyncSender<Password>) -> PyResult<()> {
    let py = provider.py();
    let reply = Bound::new(py, PasswordReply(Mutex::new(Some(sender))))?;
    let answer = py.import("password_writeback._secrets")?.getattr("answer")?;
    py.import("_thread")?
        .call_method1("start_new_thread", (answer, (provider, reply)))
        .map(drop)
}

/// Where the answer of a callable goes.
#[pyclass(frozen, module = "password_writeback._native")]
#[derive(Debug)]
pub(crate) struct PasswordReply(Mutex<Option<SyncSender<Password>>>);

#[pymethods]
impl PasswordReply {
    /// Takes the password; a bytearray is wiped.
    fn __call__(&self, password: &Bound<'_, PyAny>) -> PyResult<()> {
        let password = secret::take(password)?;
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Whoever asked may have given up.
        drop(sender.map(|sender| sender.try_send(password)));
        Ok(())
    }
}
