//! Lengths of time as the cases write them: `30m`, `-2d`, `500ms`.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A length of time with a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub SignedDuration);

/// The units, the longer names first where one ends in the other.
const UNITS: [(&str, i64); 5] = [
    ("ms", 1),
    ("s", 1000),
    ("m", 60 * 1000),
    ("h", 60 * 60 * 1000),
    ("d", 24 * 60 * 60 * 1000),
];

impl Span {
    /// A span of whole seconds.
    #[must_use]
    pub const fn seconds(seconds: i64) -> Self {
        Span(SignedDuration::from_secs(seconds))
    }

    /// Its length without the sign.
    #[must_use]
    pub fn length(self) -> Duration {
        self.0.unsigned_abs()
    }

    /// That long after a time, or before it.
    #[must_use]
    pub fn after(self, time: Timestamp) -> Timestamp {
        time.checked_add(self.0).unwrap_or(Timestamp::MAX)
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unreadable = || format!("{text:?} is not a length of time such as \"30m\" or \"-2d\"");
        let (number, unit) = UNITS
            .iter()
            .find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit)))
            .ok_or_else(unreadable)?;
        let number: i64 = number.parse().map_err(|_| unreadable())?;
        Ok(Span(SignedDuration::from_millis(number * unit)))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read() {
        let read = |text: &str| text.parse::<Span>().map(|span| span.0.as_millis());
        assert_eq!(read("-2d"), Ok(-172_800_000));
        assert_eq!(read("500ms"), Ok(500));
        assert_eq!(read("+30m"), Ok(1_800_000));
        assert!(read("2").is_err() && read("d").is_err() && read("1.5h").is_err());
    }
}
