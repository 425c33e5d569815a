//! Passwords on their way from Python to the core.

use crate::raise::{misuse, raised};
use password_writeback::{Code, Error, Password, PasswordPolicy, Reason};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyList, PyString, PyTuple};
use std::sync::{Mutex, PoisonError};
use zeroize::{Zeroize, Zeroizing};

/// A password that Python handed in: it shows nothing, and is wiped when it is used or dropped.
#[pyclass(frozen, module = "password_writeback._native")]
#[derive(Debug)]
pub(crate) struct Secret(Mutex<Content>);

enum Content {
    Text(Zeroizing<String>),
    NotUnicode,
    Spent,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[REDACTED]")
    }
}

#[pymethods]
impl Secret {
    /// Wipes it: it cannot be used any more.
    fn wipe(&self) {
        *self.content() = Content::Spent;
    }

    fn __repr__(&self) -> &'static str {
        "Secret([REDACTED])"
    }
}

impl Secret {
    /// Takes a password out of a Python object; a bytearray is wiped. `None` where the object is of another type.
    fn of(object: &Bound<'_, PyAny>) -> Option<Self> {
        let content = if let Ok(text) = object.cast::<PyString>() {
            read(text)
        } else if let Ok(array) = object.cast::<PyByteArray>() {
            drain(array)
        } else if let Ok(bytes) = object.cast::<PyBytes>() {
            decode(bytes.as_bytes())
        } else {
            return None;
        };
        Some(Secret(Mutex::new(content)))
    }

    fn content(&self) -> std::sync::MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The password; it can be had once.
    fn take(&self) -> Result<Password, Error> {
        match std::mem::replace(&mut *self.content(), Content::Spent) {
            Content::Text(text) => Ok(Password::from(text)),
            Content::NotUnicode => Err(not_unicode()),
            Content::Spent => Err(misuse("this password has been used")),
        }
    }

    /// The password, which may be had again.
    fn copy(&self) -> Result<Password, Error> {
        match &*self.content() {
            Content::Text(text) => Ok(Password::from(text.as_str())),
            Content::NotUnicode => Err(not_unicode()),
            Content::Spent => Err(misuse("this password has been used")),
        }
    }
}

fn not_unicode() -> Error {
    Error::new(Code::InvalidPassword, "the password is not valid Unicode text").with_reason(Reason::NotUnicode)
}

fn decode(bytes: &[u8]) -> Content {
    match std::str::from_utf8(bytes) {
        Ok(text) => Content::Text(Zeroizing::new(text.to_owned())),
        Err(_) => Content::NotUnicode,
    }
}

/// Copies a bytearray's text, and wipes the bytearray.
fn drain(array: &Bound<'_, PyByteArray>) -> Content {
    // SAFETY: the interpreter is attached, and nothing of Python runs before the slice is gone.
    let bytes = unsafe { array.as_bytes_mut() };
    let content = decode(bytes);
    bytes.zeroize();
    content
}

/// Copies a text character by character: asking Python for its UTF-8 would leave a copy behind, in the text or in an exception.
fn read(text: &Bound<'_, PyString>) -> Content {
    // SAFETY: the interpreter is attached, the object is a text, and every index is within its length.
    let length = unsafe { pyo3::ffi::PyUnicode_GetLength(text.as_ptr()) };
    let mut copy = Zeroizing::new(String::with_capacity(
        usize::try_from(length).unwrap_or(0).saturating_mul(4),
    ));
    for index in 0..length {
        // SAFETY: as above.
        let point = unsafe { pyo3::ffi::PyUnicode_ReadChar(text.as_ptr(), index) };
        match char::from_u32(point) {
            Some(character) => copy.push(character),
            None => return Content::NotUnicode,
        }
    }
    Content::Text(copy)
}

/// Replaces passwords among the arguments of a call by [`Secret`]s, and wipes every bytearray there is.
///
/// `names` and `positions` say which arguments are passwords, or lists of them. It never fails: what is of a wrong type stays as it
/// is, and is refused where it is used.
#[pyfunction]
pub(crate) fn conceal<'py>(
    args: &Bound<'py, PyTuple>,
    kwargs: &Bound<'py, PyDict>,
    positions: Vec<usize>,
    names: Vec<String>,
) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
    let py = args.py();
    let concealed = args
        .iter()
        .enumerate()
        .map(|(position, value)| hide(&value, positions.contains(&position)))
        .collect::<PyResult<Vec<_>>>()?;
    let keywords = PyDict::new(py);
    for (name, value) in kwargs.iter() {
        let secret = name.extract::<String>().is_ok_and(|name| names.contains(&name));
        keywords.set_item(name, hide(&value, secret)?)?;
    }
    Ok((PyTuple::new(py, concealed)?, keywords))
}

fn hide<'py>(value: &Bound<'py, PyAny>, secret: bool) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    if secret && (value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>()) {
        let hidden = value
            .try_iter()?
            .map(|value| hide(&value?, true))
            .collect::<PyResult<Vec<_>>>()?;
        return Ok(PyList::new(py, hidden)?.into_any());
    }
    if (secret || value.is_instance_of::<PyByteArray>())
        && let Some(secret) = Secret::of(value)
    {
        return Ok(Bound::new(py, secret)?.into_any());
    }
    Ok(value.clone())
}

fn wrong_type(object: &Bound<'_, PyAny>) -> PyErr {
    let name = object.get_type().name().map(|name| name.to_string());
    PyTypeError::new_err(format!(
        "a password must be str or bytearray, not {}",
        name.as_deref().unwrap_or("this")
    ))
}

/// The password in an argument, which is a [`Secret`] or becomes one.
pub(crate) fn take(object: &Bound<'_, PyAny>) -> PyResult<Password> {
    let py = object.py();
    if let Ok(secret) = object.cast::<Secret>() {
        return secret.get().take().map_err(|error| raised(py, &error));
    }
    let secret = Secret::of(object).ok_or_else(|| wrong_type(object))?;
    secret.take().map_err(|error| raised(py, &error))
}

/// As [`take`], of a [`Secret`] that may be used again.
pub(crate) fn copy(object: &Bound<'_, PyAny>) -> PyResult<Password> {
    match object.cast::<Secret>() {
        Ok(secret) => secret.get().copy().map_err(|error| raised(object.py(), &error)),
        Err(_) => take(object),
    }
}

/// A random password that satisfies a policy, which is JSON. The caller owns the bytearray, and wipes it.
#[pyfunction]
pub(crate) fn generate_password<'py>(py: Python<'py>, policy: &str) -> PyResult<Bound<'py, PyByteArray>> {
    let policy: PasswordPolicy =
        serde_json::from_str(policy).map_err(|error| raised(py, &misuse(&format!("the policy: {error}"))))?;
    let password = Password::generate(&policy).map_err(|error| raised(py, &error))?;
    Ok(PyByteArray::new(py, &password.to_utf8()))
}
