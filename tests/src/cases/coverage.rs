//! Which of the library's words the table makes a directory say.

use super::load::Topic;
use password_writeback::{Certainty, Code, Protection, Reason, Rule, Verification, Warning};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The words that no state of a directory brings about, and why. Other suites cover them.
pub const NOT_COVERABLE: &[(&str, &str)] = &[
    ("UNSUPPORTED", "every backend here can do every operation"),
    ("CANCELLED", "needs a caller that gives up"),
    ("BIND_FAILED", "the service account's own logon, not an account's state"),
    ("INSECURE_CHANNEL", "needs a broken channel"),
    ("TLS", "needs a broken channel"),
    ("UNREACHABLE", "needs a domain controller that is gone"),
    ("TIMEOUT", "needs a domain controller that hangs"),
    ("READ_ONLY_DIRECTORY", "needs a read-only domain controller"),
    ("MALFORMED_REPLY", "needs a server that breaks the protocol"),
    ("DIRECTORY", "needs a server with a fault of its own"),
    ("OUTCOME_UNKNOWN", "needs a connection that is lost"),
    ("not_unicode", "no text in JSON is that"),
    ("wrong_credentials", "of BIND_FAILED"),
    ("no_password", "of BIND_FAILED"),
    ("password_expired", "of BIND_FAILED"),
    ("must_change_password", "of BIND_FAILED"),
    ("locked_out", "of BIND_FAILED"),
    ("disabled", "of BIND_FAILED"),
    ("expired", "of BIND_FAILED"),
    ("logon_restricted", "of BIND_FAILED"),
    ("signing_required", "of BIND_FAILED"),
    ("channel_binding_required", "of BIND_FAILED"),
    ("channel_binding_mismatch", "of BIND_FAILED"),
    ("channel_binding_undefined", "of BIND_FAILED"),
    ("clock_skew", "of BIND_FAILED"),
    ("ticket_expired", "of BIND_FAILED"),
    ("unknown_spn", "of BIND_FAILED"),
    ("unknown_principal", "of BIND_FAILED"),
    ("no_credentials", "of BIND_FAILED"),
    ("wrong_key", "of BIND_FAILED"),
    ("revoked", "of BIND_FAILED"),
    ("kdc_unreachable", "of BIND_FAILED"),
    ("ticket_refused", "of BIND_FAILED"),
    ("unknown_issuer", "of TLS"),
    ("certificate_expired", "of TLS"),
    ("certificate_not_yet_valid", "of TLS"),
    ("wrong_name", "of TLS"),
    ("certificate_revoked", "of TLS"),
    ("bad_certificate", "of TLS"),
    ("handshake_failed", "of TLS"),
    ("start_tls_refused", "of TLS"),
];

/// The words that the cases expect, by the field they stand in.
#[derive(Debug, Default)]
pub struct Covered(BTreeMap<String, BTreeSet<String>>);

/// The fields that hold words.
const FIELDS: [&str; 7] = [
    "code",
    "reason",
    "rule",
    "certainty",
    "protection",
    "warnings",
    "verification",
];

impl Covered {
    /// What a table covers.
    #[must_use]
    pub fn by(topics: &[Topic]) -> Self {
        let mut covered = Covered::default();
        // What is expected where nothing is said.
        covered.note("verification", "re_read");
        for step in topics
            .iter()
            .flat_map(|topic| &topic.cases)
            .flat_map(|case| &case.steps)
        {
            covered.walk("", step.get("expect").unwrap_or(&Value::Null));
        }
        covered
    }

    fn note(&mut self, field: &str, word: &str) {
        self.0.entry(field.to_owned()).or_default().insert(word.to_owned());
    }

    fn walk(&mut self, field: &str, value: &Value) {
        match value {
            Value::String(word) if FIELDS.contains(&field) => self.note(field, word),
            Value::Array(items) => items.iter().for_each(|item| self.walk(field, item)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    // Both branches of an `if` are about the field that it stands in.
                    let branch = name == "then" || name == "else";
                    self.walk(if branch { field } else { name }, value);
                }
            }
            _ => {}
        }
    }

    /// The words that are neither covered nor listed as not coverable, and those that are both.
    #[must_use]
    pub fn gaps(&self) -> Vec<String> {
        let all = [
            ("code", words(Code::ALL)),
            ("reason", words(Reason::ALL)),
            ("rule", words(Rule::ALL)),
            ("certainty", words(Certainty::ALL)),
            ("protection", words(Protection::ALL)),
            ("warnings", words(Warning::ALL)),
            ("verification", words(Verification::ALL)),
        ];
        let gap = |field: &str, word: String| {
            let covered = self.0.get(field).is_some_and(|words| words.contains(&word));
            let excused = NOT_COVERABLE.iter().any(|(excused, _)| *excused == word);
            match (covered, excused) {
                (false, false) => Some(format!("{field} {word} is not covered")),
                (true, true) => Some(format!("{field} {word} is covered, and listed as not coverable")),
                _ => None,
            }
        };
        all.into_iter()
            .flat_map(|(field, words)| words.into_iter().filter_map(move |word| gap(field, word)))
            .collect()
    }
}

fn words<T: ToString>(all: &[T]) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}
