//! Attribute values as tests write and read them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

/// A value to write: text or bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Sent as UTF-8.
    Text(String),
    /// Sent as it is.
    Bytes(Vec<u8>),
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Bytes(bytes) => BTreeMap::from([("base64", BASE64.encode(bytes))]).serialize(serializer),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Text(number.to_string())
    }
}

/// One part of a modify (RFC 4511 4.6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "(&'static str, String, Vec<Value>)")]
pub struct Change {
    how: &'static str,
    attribute: String,
    values: Vec<Value>,
}

impl From<Change> for (&'static str, String, Vec<Value>) {
    fn from(change: Change) -> Self {
        (change.how, change.attribute, change.values)
    }
}

impl Change {
    /// Sets the attribute to one value.
    #[must_use]
    pub fn replace(attribute: &str, value: impl Into<Value>) -> Self {
        Self::new("replace", attribute, vec![value.into()])
    }

    /// Sets the attribute to these values.
    #[must_use]
    pub fn replace_all(attribute: &str, values: Vec<Value>) -> Self {
        Self::new("replace", attribute, values)
    }

    /// Adds a value.
    #[must_use]
    pub fn add(attribute: &str, value: impl Into<Value>) -> Self {
        Self::new("add", attribute, vec![value.into()])
    }

    /// Deletes one value.
    #[must_use]
    pub fn delete(attribute: &str, value: impl Into<Value>) -> Self {
        Self::new("delete", attribute, vec![value.into()])
    }

    /// Deletes the attribute, if it is there.
    #[must_use]
    pub fn clear(attribute: &str) -> Self {
        Self::new("replace", attribute, Vec::new())
    }

    fn new(how: &'static str, attribute: &str, values: Vec<Value>) -> Self {
        Self {
            how,
            attribute: attribute.to_owned(),
            values,
        }
    }
}

/// An object as read.
#[derive(Clone, Debug, Deserialize)]
pub struct Entry {
    /// Its distinguished name.
    pub dn: String,
    attributes: BTreeMap<String, Vec<String>>,
}

impl Entry {
    /// Every value of an attribute; none if it is absent. The name's case does not matter.
    #[must_use]
    pub fn all(&self, attribute: &str) -> Vec<Vec<u8>> {
        let found = self
            .attributes
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(attribute));
        found.map_or_else(Vec::new, |(_, values)| {
            values.iter().filter_map(|value| BASE64.decode(value).ok()).collect()
        })
    }

    /// The first value of an attribute.
    #[must_use]
    pub fn bytes(&self, attribute: &str) -> Option<Vec<u8>> {
        self.all(attribute).into_iter().next()
    }

    /// The first value of an attribute, as text.
    #[must_use]
    pub fn text(&self, attribute: &str) -> Option<String> {
        self.bytes(attribute).and_then(|bytes| String::from_utf8(bytes).ok())
    }

    /// The first value of an attribute, as a number.
    #[must_use]
    pub fn number(&self, attribute: &str) -> Option<i64> {
        self.text(attribute).and_then(|text| text.parse().ok())
    }
}

/// A time as the directory holds it: steps of 100 ns since 1601 (MS-DTYP 2.3.3).
#[must_use]
pub fn file_time(when: Timestamp) -> i64 {
    const SECONDS_FROM_1601_TO_1970: i64 = 11_644_473_600;
    (when.as_second() + SECONDS_FROM_1601_TO_1970) * 10_000_000 + i64::from(when.subsec_nanosecond()) / 100
}

/// A password as the attribute unicodePwd takes it: in quotes, in UTF-16 (MS-ADTS 3.1.1.3.1.5.1).
#[must_use]
pub fn unicode_pwd(password: &str) -> Value {
    Value::Bytes(
        format!("\"{password}\"")
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect(),
    )
}
