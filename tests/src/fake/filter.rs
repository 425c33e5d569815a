//! Search filters: true or not of an entry, and as text (RFC 4511 4.5.1.7, RFC 4515).

use rasn_ldap::{AttributeValueAssertion, Filter, MatchingRuleAssertion, SubstringChoice};

use super::entry::Entry;
use super::sid;

/// LDAP_MATCHING_RULE_BIT_AND (MS-ADTS 3.1.1.3.4.4.1).
const BIT_AND: &str = "1.2.840.113556.1.4.803";
/// LDAP_MATCHING_RULE_BIT_OR (MS-ADTS 3.1.1.3.4.4.2).
const BIT_OR: &str = "1.2.840.113556.1.4.804";

/// Whether `entry` satisfies `filter`; what is undefined counts as not.
pub(super) fn matches(filter: &Filter, entry: &Entry) -> bool {
    match filter {
        Filter::And(all) => all.iter().all(|filter| matches(filter, entry)),
        Filter::Or(any) => any.iter().any(|filter| matches(filter, entry)),
        Filter::Not(filter) => !matches(filter, entry),
        Filter::EqualityMatch(assertion) | Filter::ApproxMatch(assertion) => equal(assertion, entry),
        Filter::Present(name) => entry.has(&name.0),
        Filter::Substrings(filter) => entry
            .values(&filter.r#type.0)
            .iter()
            .any(|value| has_parts(value, &filter.substrings)),
        Filter::GreaterOrEqual(assertion) => ordered(assertion, entry, |value, than| value >= than),
        Filter::LessOrEqual(assertion) => ordered(assertion, entry, |value, than| value <= than),
        Filter::ExtensibleMatch(assertion) => extensible(assertion, entry),
        _ => false,
    }
}

fn equal(assertion: &AttributeValueAssertion, entry: &Entry) -> bool {
    let name = &assertion.attribute_desc.0;
    let wanted: &[u8] = &assertion.assertion_value;
    if name.eq_ignore_ascii_case("objectSid")
        && let Some(wanted) = std::str::from_utf8(wanted).ok().and_then(sid::parse)
    {
        return entry.values(name).contains(&wanted);
    }
    entry.values(name).iter().any(|value| same(value, wanted))
}

/// Texts compare without case, anything else byte by byte.
fn same(value: &[u8], wanted: &[u8]) -> bool {
    match (std::str::from_utf8(value), std::str::from_utf8(wanted)) {
        (Ok(value), Ok(wanted)) => value.to_lowercase() == wanted.to_lowercase(),
        _ => value == wanted,
    }
}

fn has_parts(value: &[u8], parts: &[SubstringChoice]) -> bool {
    let value = String::from_utf8_lossy(value).to_lowercase();
    let mut rest = value.as_str();
    parts.iter().all(|part| {
        let lower = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_lowercase();
        let after = match part {
            SubstringChoice::Initial(part) => rest.strip_prefix(&lower(part)),
            SubstringChoice::Any(part) => rest.split_once(&lower(part)).map(|(_, after)| after),
            SubstringChoice::Final(part) => rest.strip_suffix(&lower(part)),
            _ => None,
        };
        rest = after.unwrap_or_default();
        after.is_some()
    })
}

fn ordered(assertion: &AttributeValueAssertion, entry: &Entry, holds: impl Fn(i64, i64) -> bool) -> bool {
    let Some(than) = number(&assertion.assertion_value) else {
        return false;
    };
    entry
        .values(&assertion.attribute_desc.0)
        .iter()
        .filter_map(|value| number(value))
        .any(|value| holds(value, than))
}

fn extensible(assertion: &MatchingRuleAssertion, entry: &Entry) -> bool {
    let Some(name) = &assertion.r#type else { return false };
    let wanted: &[u8] = &assertion.match_value;
    let values = entry.values(&name.0);
    let bits = |holds: &dyn Fn(i64, i64) -> bool| {
        let mask = number(wanted);
        values
            .iter()
            .filter_map(|value| number(value))
            .any(|value| mask.is_some_and(|mask| holds(value, mask)))
    };
    match assertion.matching_rule.as_ref().map(|rule| rule.0.as_str()) {
        Some(BIT_AND) => bits(&|value, mask| value & mask == mask),
        Some(BIT_OR) => bits(&|value, mask| value & mask != 0),
        _ => values.iter().any(|value| same(value, wanted)),
    }
}

fn number(value: &[u8]) -> Option<i64> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// The filter as RFC 4515 writes it.
pub(super) fn text(filter: &Filter) -> String {
    let list = |sign: char, filters: Vec<&Filter>| {
        filters
            .into_iter()
            .fold(format!("({sign}"), |sum, filter| sum + &text(filter))
            + ")"
    };
    let pair = |sign: &str, assertion: &AttributeValueAssertion| {
        format!(
            "({}{sign}{})",
            assertion.attribute_desc.0,
            escape(&assertion.assertion_value)
        )
    };
    match filter {
        Filter::And(all) => list('&', all.to_vec()),
        Filter::Or(any) => list('|', any.to_vec()),
        Filter::Not(filter) => list('!', vec![filter]),
        Filter::EqualityMatch(assertion) => pair("=", assertion),
        Filter::ApproxMatch(assertion) => pair("~=", assertion),
        Filter::GreaterOrEqual(assertion) => pair(">=", assertion),
        Filter::LessOrEqual(assertion) => pair("<=", assertion),
        Filter::Present(name) => format!("({}=*)", name.0),
        Filter::Substrings(filter) => format!("({}={})", filter.r#type.0, parts_text(&filter.substrings)),
        Filter::ExtensibleMatch(assertion) => {
            let name = assertion
                .r#type
                .as_ref()
                .map(|name| name.0.as_str())
                .unwrap_or_default();
            let rule = assertion
                .matching_rule
                .as_ref()
                .map(|rule| format!(":{}", rule.0))
                .unwrap_or_default();
            format!("({name}{rule}:={})", escape(&assertion.match_value))
        }
        _ => "(?)".to_owned(),
    }
}

fn parts_text(parts: &[SubstringChoice]) -> String {
    let mut out = String::new();
    for part in parts {
        match part {
            SubstringChoice::Initial(part) => out = escape(part),
            SubstringChoice::Any(part) => out = format!("{out}*{}", escape(part)),
            SubstringChoice::Final(part) => return format!("{out}*{}", escape(part)),
            _ => {}
        }
    }
    out + "*"
}

fn escape(value: &[u8]) -> String {
    let text = std::str::from_utf8(value)
        .ok()
        .filter(|text| !text.chars().any(char::is_control));
    let special = |c: char| matches!(c, '*' | '(' | ')' | '\\');
    match text {
        Some(text) => text.chars().fold(String::new(), |out, c| {
            if special(c) {
                format!("{out}\\{:02x}", c as u32)
            } else {
                format!("{out}{c}")
            }
        }),
        None => value.iter().map(|byte| format!("\\{byte:02x}")).collect(),
    }
}
