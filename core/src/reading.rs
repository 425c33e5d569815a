//! One attribute of an answer: its value, or what its absence means. Pure.

use crate::error::{Code, Error};

/// What an answer says of one attribute. An attribute that may not be read is absent from an answer without any error
/// (MS-ADTS 3.1.1.4.3), so absence alone is not a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading<T> {
    /// Its value.
    Value(T),
    /// It has none, and it could have been read.
    Unset,
    /// It is absent, and nothing proves that it could have been read.
    Unreadable,
}

impl<T> Reading<T> {
    /// What an attribute's value, or its absence, says where it is known whether it may be read.
    pub(crate) fn of(value: Option<T>, readable: bool) -> Self {
        match (readable, value) {
            (true, Some(value)) => Reading::Value(value),
            (true, None) => Reading::Unset,
            (false, _) => Reading::Unreadable,
        }
    }

    /// The value; `Err` names the missing right where neither a value nor its absence is proven.
    pub(crate) fn proven(self, attribute: &'static str) -> Result<Option<T>, Error> {
        match self {
            Reading::Value(value) => Ok(Some(value)),
            Reading::Unset => Ok(None),
            Reading::Unreadable => Err(unreadable(attribute)),
        }
    }
}

/// The refusal to conclude anything from an attribute that may not be read.
pub(crate) fn unreadable(attribute: &'static str) -> Error {
    Error::new(
        Code::PermissionDenied,
        format!("the service account may not read {attribute} of the account"),
    )
    .with_missing_right(format!("read {attribute}"))
}
