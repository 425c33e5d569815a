//! An effective password policy, and what it says of a candidate. Pure: no I/O, the time is a parameter.

use crate::password::Password;
use crate::words::words;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;
use zeroize::Zeroizing;

words! {
    /// A rule of a password policy.
    pub enum Rule {
        /// Fewer UTF-16 code units than the minimum.
        MinLength = "min_length",
        /// Fewer than three of the five character classes.
        Complexity = "complexity",
        /// Contains the sAMAccountName.
        AccountName = "account_name",
        /// Contains a part of the display name.
        DisplayName = "display_name",
        /// One of the remembered passwords, or the current one.
        History = "history",
        /// The current password is too young to be changed.
        MinAge = "min_age",
        /// A password filter on the domain controller refused it.
        Filter = "filter",
        /// The server named no rule, and the policy that would tell could not be read.
        Unknown = "unknown",
    }
}

words! {
    /// How sure a [`Violation`] is.
    pub enum Certainty {
        /// The server named the rule.
        Stated = "stated",
        /// The policy that was read, and the facts of the account, prove it.
        Computed = "computed",
        /// Left over after every rule that can be checked: where several are inferred, it is one of them.
        Inferred = "inferred",
        /// Nothing is known.
        Unknown = "unknown",
    }
}

/// A rule that a password breaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// The rule's number: UTF-16 code units for `min_length`, remembered passwords for `history`, whole seconds (rounded up) for
    /// `min_age`; absent where there is none or it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// When the same try can succeed, where time heals it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
    /// How sure it is.
    pub certainty: Certainty,
}

impl Violation {
    /// A violation without a limit.
    #[must_use]
    pub fn new(rule: Rule, certainty: Certainty) -> Self {
        Violation {
            rule,
            limit: None,
            retry_at: None,
            certainty,
        }
    }

    pub(crate) fn limit(mut self, limit: Option<u64>) -> Self {
        self.limit = limit;
        self
    }

    pub(crate) fn retry_at(mut self, retry_at: Option<Timestamp>) -> Self {
        self.retry_at = retry_at;
        self
    }
}

/// Where a policy comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PolicySource {
    /// The account's own domain.
    Domain,
    /// A fine-grained policy (a password settings object), by its distinguished name.
    FineGrained(String),
    /// It could not be read, and why. Every field is then absent.
    Unknown(String),
}

impl fmt::Display for PolicySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PolicySource::Domain => f.write_str("the policy of the domain"),
            PolicySource::FineGrained(dn) => write!(f, "the fine-grained policy {dn}"),
            PolicySource::Unknown(why) => write!(f, "unknown: {why}"),
        }
    }
}

/// The password policy that applies to one account.
///
/// A field that could not be read is absent, never guessed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PasswordPolicy {
    /// Where it comes from.
    pub source: PolicySource,
    /// The least length, in UTF-16 code units.
    pub min_length: Option<u32>,
    /// Whether complexity is required: three of five character classes, and no account or display name in the password.
    pub complexity: Option<bool>,
    /// How many former passwords are refused.
    pub history_length: Option<u32>,
    /// How old a password must be before it may be changed. As text: seconds.
    #[serde(with = "seconds")]
    pub min_age: Option<Duration>,
    /// How old a password may become; zero means it never expires. As text: seconds.
    #[serde(with = "seconds")]
    pub max_age: Option<Duration>,
    /// How many bad passwords lock the account; zero means it never locks.
    pub lockout_threshold: Option<u32>,
    /// How long a lockout lasts; zero means until an administrator unlocks it. As text: seconds.
    #[serde(with = "seconds")]
    pub lockout_duration: Option<Duration>,
    /// For how long bad passwords are counted together. As text: seconds.
    #[serde(with = "seconds")]
    pub lockout_window: Option<Duration>,
}

/// The names of an account that a complex password must not contain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'a> {
    pub(crate) sam_account_name: &'a str,
    pub(crate) display_name: Option<&'a str>,
}

/// What a policy says of a candidate without asking the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    /// Rules that are certainly broken.
    pub(crate) violations: Vec<Violation>,
    /// Rules that cannot be judged from here: a field could not be read, or Microsoft's own texts disagree on the characters.
    pub(crate) undecided: Vec<Rule>,
}

impl PasswordPolicy {
    /// A policy with every field absent.
    #[must_use]
    pub fn empty(source: PolicySource) -> Self {
        PasswordPolicy {
            source,
            min_length: None,
            complexity: None,
            history_length: None,
            min_age: None,
            max_age: None,
            lockout_threshold: None,
            lockout_duration: None,
            lockout_window: None,
        }
    }

    /// A policy that could not be read, and why.
    #[must_use]
    pub fn unknown(why: impl Into<String>) -> Self {
        Self::empty(PolicySource::Unknown(why.into()))
    }

    /// Whether the policy is known at all.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !matches!(self.source, PolicySource::Unknown(_))
    }

    /// The rules that need only the candidate and the names (MS-SAMR 3.1.1.7.1 and 3.1.1.7.2).
    pub(crate) fn judge(&self, candidate: &Password, names: Names<'_>) -> Findings {
        let mut findings = Findings::default();
        match self.min_length {
            Some(min) if candidate.utf16_len() < min as usize => findings
                .violations
                .push(Violation::new(Rule::MinLength, Certainty::Computed).limit(Some(u64::from(min)))),
            Some(_) => {}
            None => findings.undecided.push(Rule::MinLength),
        }
        match self.complexity {
            Some(true) => judge_complexity(candidate.expose(), names, &mut findings),
            Some(false) => {}
            None => findings
                .undecided
                .extend([Rule::Complexity, Rule::AccountName, Rule::DisplayName]),
        }
        findings
    }

    /// Whether the current password is too young to be changed, given when it was set; `None` where it is not, or
    /// where a change at next logon is required, which lifts the rule.
    pub(crate) fn judge_age(&self, set_at: Option<Timestamp>, now: Timestamp) -> Option<Violation> {
        // Without a minimum nothing is too young, whatever the clocks say: a domain controller tells its time in whole seconds.
        let min_age = self.min_age.filter(|age| !age.is_zero())?;
        let set_at = set_at?;
        let retry_at = add(set_at, min_age)?;
        (retry_at > now).then(|| self.too_young(Some(set_at), Certainty::Computed))
    }

    /// The violation of the minimum age, with what is known of it.
    pub(crate) fn too_young(&self, set_at: Option<Timestamp>, certainty: Certainty) -> Violation {
        let retry_at = set_at
            .zip(self.min_age)
            .and_then(|(set_at, min_age)| add(set_at, min_age));
        Violation::new(Rule::MinAge, certainty)
            .limit(self.min_age.map(whole_seconds))
            .retry_at(retry_at)
    }
}

/// A time plus a duration; `None` past the end of time.
pub(crate) fn add(time: Timestamp, duration: Duration) -> Option<Timestamp> {
    SignedDuration::try_from(duration)
        .ok()
        .and_then(|duration| time.checked_add(duration).ok())
}

fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

fn judge_complexity(candidate: &str, names: Names<'_>, findings: &mut Findings) {
    match Classes::of(candidate).verdict() {
        Some(true) => {}
        Some(false) => findings
            .violations
            .push(Violation::new(Rule::Complexity, Certainty::Computed)),
        None => findings.undecided.push(Rule::Complexity),
    }
    if contains_account_name(candidate, names.sam_account_name) {
        findings
            .violations
            .push(Violation::new(Rule::AccountName, Certainty::Computed));
    }
    if names.display_name.is_some_and(|name| contains_part_of(candidate, name)) {
        findings
            .violations
            .push(Violation::new(Rule::DisplayName, Certainty::Computed));
    }
}

/// A name shorter than this is not looked for (MS-SAMR 3.1.1.7.2).
const SHORTEST_NAME: usize = 3;

fn utf16_len(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The whole sAMAccountName, whatever the case, where it has more than two characters.
fn contains_account_name(candidate: &str, name: &str) -> bool {
    utf16_len(name) >= SHORTEST_NAME && fold_contains(candidate, name)
}

/// Any part of the display name with more than two characters, whatever the case.
fn contains_part_of(candidate: &str, display_name: &str) -> bool {
    display_name
        .split([' ', ',', '.', '\t', '-', '_', '#'])
        .filter(|part| utf16_len(part) >= SHORTEST_NAME)
        .any(|part| fold_contains(candidate, part))
}

fn fold_contains(haystack: &str, needle: &str) -> bool {
    // The folded candidate is a password too: it is wiped, and never reallocated (a character folds to three at most).
    let mut folded: Zeroizing<Vec<char>> = Zeroizing::new(Vec::with_capacity(haystack.chars().count() * 3));
    folded.extend(fold(haystack));
    let needle: Vec<char> = fold(needle).collect();
    folded
        .windows(needle.len().max(1))
        .any(|window| window == needle.as_slice())
}

fn fold(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

/// What Windows makes of a candidate where the two texts disagree: passfilt.dll is what runs.
pub(crate) fn complex_to_windows(candidate: &Password) -> bool {
    let (_, by_passfilt) = Classes::of(candidate.expose()).counts();
    by_passfilt >= 3
}

/// How many of the five character classes a candidate has.
///
/// Microsoft's two texts disagree on letters outside ASCII: MS-SAMR 3.1.1.7.2 counts only A-Z and a-z as upper and lower case
/// and all other letters as the fifth class; the documentation of passfilt.dll counts accented, Greek and Cyrillic letters by
/// their case and only caseless ones as the fifth. Both are counted, and only a result both agree on is a result.
#[derive(Default)]
struct Classes {
    upper: bool,
    lower: bool,
    digit: bool,
    special: bool,
    other_upper: bool,
    other_lower: bool,
    caseless: bool,
    unclassified: bool,
}

impl Classes {
    fn of(candidate: &str) -> Self {
        let mut classes = Classes::default();
        for c in candidate.chars() {
            match c {
                'A'..='Z' => classes.upper = true,
                'a'..='z' => classes.lower = true,
                '0'..='9' => classes.digit = true,
                _ if c.is_ascii_punctuation() => classes.special = true,
                // A space is in no class of MS-SAMR.
                _ if c.is_ascii() => {}
                _ if c.is_uppercase() => classes.other_upper = true,
                _ if c.is_lowercase() => classes.other_lower = true,
                _ if c.is_alphabetic() => classes.caseless = true,
                _ => classes.unclassified = true,
            }
        }
        classes
    }

    /// How many there are by MS-SAMR, and by the documentation of passfilt.dll.
    fn counts(&self) -> (usize, usize) {
        let count = |classes: [bool; 5]| classes.into_iter().filter(|present| *present).count();
        let Classes {
            upper,
            lower,
            digit,
            special,
            other_upper,
            other_lower,
            caseless,
            unclassified: _,
        } = *self;
        let by_samr = count([upper, lower, digit, special, other_upper || other_lower || caseless]);
        let by_passfilt = count([upper || other_upper, lower || other_lower, digit, special, caseless]);
        (by_samr, by_passfilt)
    }

    /// Three classes or more, fewer, or undecided.
    fn verdict(&self) -> Option<bool> {
        let (by_samr, by_passfilt) = self.counts();
        let (fewest, most) = (by_samr.min(by_passfilt), by_samr.max(by_passfilt));
        // A character that neither text classifies may count as one class more.
        let most = most + usize::from(self.unclassified);
        match (fewest >= 3, most >= 3) {
            (true, _) => Some(true),
            (_, false) => Some(false),
            _ => None,
        }
    }
}

words! {
    /// What can be said of a candidate before it is written.
    pub enum Acceptable {
        /// Every rule that can be checked beforehand holds; [`Verdict::unchecked`] lists the others.
        Yes = "yes",
        /// At least one rule is broken.
        No = "no",
        /// The policy could not be read, or a rule cannot be decided from here.
        Unknown = "unknown",
    }
}

/// What the policy says of a candidate password, without writing it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Verdict {
    /// The short answer.
    pub acceptable: Acceptable,
    /// The rules that are broken.
    pub violations: Vec<Violation>,
    /// The rules that only the domain controller can judge.
    pub unchecked: Vec<Rule>,
}

impl Verdict {
    /// The verdict of a policy on a candidate for an account.
    pub(crate) fn of(policy: &PasswordPolicy, candidate: &Password, names: Names<'_>) -> Self {
        let findings = policy.judge(candidate, names);
        let acceptable = match (findings.violations.is_empty(), findings.undecided.is_empty()) {
            (false, _) => Acceptable::No,
            (true, false) => Acceptable::Unknown,
            (true, true) => Acceptable::Yes,
        };
        let mut unchecked = findings.undecided;
        if policy.history_length != Some(0) {
            unchecked.push(Rule::History);
        }
        unchecked.push(Rule::Filter);
        Verdict {
            acceptable,
            violations: findings.violations,
            unchecked,
        }
    }

    /// The same, with what the age of the current password says: whatever the candidate, it may be too early for any.
    pub(crate) fn with_age(mut self, policy: &PasswordPolicy, set_at: Option<Timestamp>, now: Timestamp) -> Self {
        if let Some(violation) = policy.judge_age(set_at, now) {
            self.acceptable = Acceptable::No;
            self.violations.push(violation);
        } else if policy.min_age.is_none() && set_at.is_some() {
            self.unchecked.push(Rule::MinAge);
        }
        self
    }

    /// The verdict where no rule but a filter applies: the account needs no password (MS-SAMR 3.1.1.7.1).
    pub(crate) fn exempt() -> Self {
        Verdict {
            acceptable: Acceptable::Yes,
            violations: Vec::new(),
            unchecked: vec![Rule::Filter],
        }
    }
}

/// Durations as a number of seconds.
pub(crate) mod seconds {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::time::Duration;

    pub(crate) fn serialize<S: Serializer>(value: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(duration) if duration.subsec_nanos() == 0 => duration.as_secs().serialize(serializer),
            Some(duration) => duration.as_secs_f64().serialize(serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        Option::<f64>::deserialize(deserializer)?
            .map(|seconds| Duration::try_from_secs_f64(seconds).map_err(serde::de::Error::custom))
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complex() -> PasswordPolicy {
        PasswordPolicy {
            min_length: Some(7),
            complexity: Some(true),
            history_length: Some(24),
            min_age: Some(Duration::from_secs(86_400)),
            ..PasswordPolicy::empty(PolicySource::Domain)
        }
    }

    const ALICE: Names<'_> = Names {
        sam_account_name: "alice",
        display_name: Some("Erin M. Hagens"),
    };

    fn broken(candidate: &str) -> Vec<Rule> {
        complex()
            .judge(&Password::from(candidate), ALICE)
            .violations
            .into_iter()
            .map(|v| v.rule)
            .collect()
    }

    #[test]
    fn three_of_five_classes() {
        assert_eq!(broken("Passw0rdX"), []);
        assert_eq!(broken("password1"), [Rule::Complexity]);
        assert_eq!(broken("PASSWORD-"), [Rule::Complexity]);
        assert_eq!(broken("pass word"), [Rule::Complexity]);
        assert_eq!(broken("abc123\u{4e2d}\u{6587}"), []);
    }

    #[test]
    fn where_microsofts_texts_disagree_nothing_is_claimed() {
        let findings = complex().judge(&Password::from("\u{c4}rgerxx1"), ALICE);
        assert_eq!((findings.violations.len(), findings.undecided), (0, vec![]));
        // Upper case by one text, "other letter" by the other: three classes in the first, two in the second.
        let findings = complex().judge(&Password::from("ABCDEF\u{c4}\u{e4}"), ALICE);
        assert_eq!(findings.undecided, []);
        assert_eq!(
            findings.violations.iter().map(|v| v.rule).collect::<Vec<_>>(),
            [Rule::Complexity]
        );
        let findings = complex().judge(&Password::from("ABCDEF1\u{c4}"), ALICE);
        assert_eq!(findings.undecided, [Rule::Complexity]);
    }

    #[test]
    fn names_of_more_than_two_characters_are_looked_for() {
        assert_eq!(broken("xAlIcE-99"), [Rule::AccountName]);
        assert_eq!(broken("My-eRiN-7"), [Rule::DisplayName]);
        assert_eq!(broken("HAGENS.m8"), [Rule::DisplayName]);
        assert_eq!(broken("AM.m.m.12"), []);
        let short = Names {
            sam_account_name: "al",
            display_name: None,
        };
        assert!(
            complex()
                .judge(&Password::from("Xal-12345"), short)
                .violations
                .is_empty()
        );
    }

    #[test]
    fn length_counts_utf16_units() {
        let policy = PasswordPolicy {
            complexity: Some(false),
            ..complex()
        };
        let judge = |text: &str| policy.judge(&Password::from(text), ALICE).violations;
        assert_eq!(judge("\u{1F600}\u{1F600}\u{1F600}")[0].limit, Some(7));
        assert!(judge("\u{1F600}\u{1F600}\u{1F600}\u{1F600}").is_empty());
    }

    #[test]
    fn the_minimum_age_says_when_it_ends() {
        let set_at: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let violation = complex().judge_age(Some(set_at), now).unwrap();
        assert_eq!(violation.retry_at, Some("2026-11-24T10:00:00Z".parse().unwrap()));
        assert_eq!(violation.limit, Some(86_400));
        assert_eq!(complex().judge_age(Some(set_at), violation.retry_at.unwrap()), None);
        assert_eq!(complex().judge_age(None, now), None);
    }

    #[test]
    fn an_unknown_policy_decides_nothing() {
        let verdict = Verdict::of(&PasswordPolicy::unknown("hidden"), &Password::from("a"), ALICE);
        assert_eq!(verdict.acceptable, Acceptable::Unknown);
        assert!(verdict.violations.is_empty());
    }

    #[test]
    fn a_policy_survives_serialization() {
        let policy = PasswordPolicy {
            lockout_window: Some(Duration::from_millis(1500)),
            ..complex()
        };
        let text = serde_json::to_string(&policy).unwrap();
        assert!(text.contains("\"min_age\":86400") && text.contains("1.5"), "{text}");
        assert_eq!(serde_json::from_str::<PasswordPolicy>(&text).unwrap(), policy);
    }
}
