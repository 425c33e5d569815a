//! Comparing what a case expects with what came: fields that are named must be so, times may be a few seconds off.

use super::when::{Anchor, When};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// How far a time may be off: the steps of a case take that long at most.
const TOLERANCE_SECONDS: f64 = 5.0;

/// The fields that hold times.
const TIMES: [&str; 5] = [
    "retry_at",
    "password_last_set",
    "password_expires_at",
    "locked_until",
    "account_expires_at",
];

/// What relative times are counted from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) now: Timestamp,
    pub(super) password_set: Option<Timestamp>,
}

/// What a case does not say of an answer, and still expects: the strict side.
pub(super) fn fill_in(kind: &str, expected: &mut Map<String, Value>) {
    let defaults = match kind {
        "error" => json!({"outcome": "not_applied", "violations": []}),
        "receipt" => json!({"verification": "re_read", "warnings": []}),
        "diagnosis" => json!({"outcome": null}),
        _ => json!({}),
    };
    for (name, value) in defaults.as_object().into_iter().flatten() {
        expected.entry(name.as_str()).or_insert_with(|| value.clone());
    }
}

/// The differences, each with the path to it; none if the answer is as expected.
pub(super) fn differences(path: &str, expected: &Value, got: &Value, times: Times) -> Vec<String> {
    let field = path.rsplit('.').next().unwrap_or_default();
    let same = match (field, expected) {
        (_, Value::Object(expected)) => return in_object(path, expected, got, times),
        ("violations", Value::Array(expected)) => return in_array(path, expected, got, times),
        (field, Value::String(when)) if TIMES.contains(&field) => same_time(when, got, times),
        ("certainty", Value::Array(any)) => any.contains(got),
        ("source", Value::String(word)) if word == "unknown" => got.get("unknown").is_some(),
        // A list that is empty is left out of the JSON of an error.
        (_, Value::Array(expected)) if expected.is_empty() => got.as_array().is_none_or(Vec::is_empty),
        (_, Value::Number(expected)) => got.as_f64() == expected.as_f64(),
        _ => expected == got,
    };
    if same {
        Vec::new()
    } else {
        vec![format!("{path}: expected {expected}, got {got}")]
    }
}

fn in_object(path: &str, expected: &Map<String, Value>, got: &Value, times: Times) -> Vec<String> {
    if path.ends_with(".checks") {
        return in_checks(path, expected, got);
    }
    let compare = |(name, expected): (&String, &Value)| {
        let got = got.get(name).unwrap_or(&Value::Null);
        differences(&format!("{path}.{name}"), expected, got, times)
    };
    expected.iter().flat_map(compare).collect()
}

/// Violations: as many as expected, in that order.
fn in_array(path: &str, expected: &[Value], got: &Value, times: Times) -> Vec<String> {
    let got = got.as_array().map(Vec::as_slice).unwrap_or_default();
    if got.len() != expected.len() {
        let (expected, got) = (Value::from(expected), Value::from(got));
        return vec![format!("{path}: expected {expected}, got {got}")];
    }
    let compare =
        |(at, (expected, got)): (usize, (&Value, &Value))| differences(&format!("{path}[{at}]"), expected, got, times);
    expected.iter().zip(got).enumerate().flat_map(compare).collect()
}

/// Checks by name and status.
fn in_checks(path: &str, expected: &Map<String, Value>, got: &Value) -> Vec<String> {
    let checks = got.as_array().map(Vec::as_slice).unwrap_or_default();
    let differs = |(name, status): (&String, &Value)| {
        let check = checks.iter().find(|check| check.get("name") == Some(&json!(name)));
        let got = check.and_then(|check| check.get("status"));
        (got != Some(status)).then(|| format!("{path}.{name}: expected {status}, got {check:?}"))
    };
    let mends = |check: &&Value| check.get("status") == Some(&json!("ok")) || check.get("fix").is_some();
    let mute = checks.iter().find(|check| !mends(check));
    let mute = mute.map(|check| format!("{path}: nothing is said of what mends {check}"));
    expected.iter().filter_map(differs).chain(mute).collect()
}

fn same_time(when: &str, got: &Value, times: Times) -> bool {
    let Ok(when) = When::try_from(when.to_owned()) else {
        return false;
    };
    let from = match when.from {
        Anchor::Now => Some(times.now),
        Anchor::PasswordSet => times.password_set,
    };
    let got = got.as_str().and_then(|got| got.parse::<Timestamp>().ok());
    let (Some(from), Some(got)) = (from, got) else {
        return false;
    };
    got.duration_since(when.by.after(from)).as_secs_f64().abs() <= TOLERANCE_SECONDS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times() -> Times {
        Times {
            now: "2026-11-23T12:00:00Z".parse().unwrap(),
            password_set: "2026-11-20T12:00:00Z".parse().ok(),
        }
    }

    #[test]
    fn what_is_named_must_be_so() {
        let got = json!({"code": "A", "violations": [{"rule": "min_age", "retry_at": "2026-11-21T12:00:01Z"}]});
        let check = |expected: Value| differences("error", &expected, &got, times()).len();
        assert_eq!(check(json!({"code": "A", "reason": null})), 0);
        assert_eq!(check(json!({"violations": [{"retry_at": "password_set+1d"}]})), 0);
        assert_eq!(check(json!({"violations": [{"retry_at": "now+1d"}]})), 1);
        assert_eq!(check(json!({"violations": []})), 1);
        assert_eq!(check(json!({"code": "B", "reason": "x"})), 2);
    }
}
