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

/// Which argument of a method is a password: its place, its name, and whether it is any number of passwords.
type Place = (usize, String, bool);

/// The arguments without passwords, and what went wrong while they were looked at.
type Concealed<'py> = (Bound<'py, PyTuple>, Bound<'py, PyDict>, Option<PyErr>);

/// Replaces passwords among the arguments of a call by [`Secret`]s, and wipes every bytearray there is.
///
/// What is of a wrong type stays as it is, and is refused where it is used. What an argument raises while it is looked at is raised by the
/// caller, once no frame holds a password any more.
#[pyfunction]
pub(crate) fn conceal<'py>(
    args: &Bound<'py, PyTuple>,
    kwargs: &Bound<'py, PyDict>,
    places: Vec<Place>,
) -> PyResult<Concealed<'py>> {
    let py = args.py();
    let mut failure = None;
    let mut hidden = Vec::with_capacity(args.len());
    for (position, value) in args.iter().enumerate() {
        let place = places.iter().find(|(at, _, _)| *at == position);
        hidden.push(hide(&value, place, &mut failure)?);
    }
    let keywords = PyDict::new(py);
    for (name, value) in kwargs.iter() {
        let given = name.extract::<String>().ok();
        let place = places.iter().find(|(_, name, _)| given.as_ref() == Some(name));
        keywords.set_item(name, hide(&value, place, &mut failure)?)?;
    }
    Ok((PyTuple::new(py, hidden)?, keywords, failure))
}

fn hide<'py>(
    value: &Bound<'py, PyAny>,
    place: Option<&Place>,
    failure: &mut Option<PyErr>,
) -> PyResult<Bound<'py, PyAny>> {
    let Some((_, _, several)) = place else {
        return match value.is_instance_of::<PyByteArray>() {
            true => hide_one(value),
            false => Ok(value.clone()),
        };
    };
    let password = value.is_instance_of::<PyString>()
        || value.is_instance_of::<PyBytes>()
        || value.is_instance_of::<PyByteArray>();
    // Lists also where one password belongs: it is refused there, and wiped all the same.
    if !password && (*several || is_list(value)) {
        hide_each(value, failure)
    } else {
        hide_one(value)
    }
}

fn is_list(value: &Bound<'_, PyAny>) -> bool {
    value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>()
}

/// A [`Secret`] in the place of a password. Anything else stays.
fn hide_one<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    match Secret::of(value) {
        Some(secret) => Ok(Bound::new(value.py(), secret)?.into_any()),
        None => Ok(value.clone()),
    }
}

/// A list with [`Secret`]s in the place of what can be iterated over.
fn hide_each<'py>(values: &Bound<'py, PyAny>, failure: &mut Option<PyErr>) -> PyResult<Bound<'py, PyAny>> {
    let hidden = PyList::empty(values.py());
    let items = match values.try_iter() {
        Ok(items) => items,
        Err(raised) if is_list(values) => {
            failure.get_or_insert(raised);
            return Ok(hidden.into_any());
        }
        Err(_) => return Ok(values.clone()),
    };
    for item in items {
        match item {
            // What is nested is refused by its type alone: it may have no end.
            Ok(item) if is_list(&item) => hidden.append(PyList::empty(values.py()))?,
            Ok(item) => hidden.append(hide_one(&item)?)?,
            Err(raised) => {
                failure.get_or_insert(raised);
                break;
            }
        }
    }
    Ok(hidden.into_any())
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
