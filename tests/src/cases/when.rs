//! Times as the cases write them: relative.

use super::span::Span;
use serde::Deserialize;

/// A time: `now` or `password_set`, either with a length of time added to or taken from it.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct When {
    pub(super) from: Anchor,
    pub(super) by: Span,
}

/// What a time is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Now,
    PasswordSet,
}

impl TryFrom<String> for When {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (from, rest) = match text.strip_prefix("password_set") {
            Some(rest) => (Anchor::PasswordSet, rest),
            None => match text.strip_prefix("now") {
                Some(rest) => (Anchor::Now, rest),
                None => {
                    return Err(format!(
                        "{text:?} is no time such as \"now+30m\" or \"password_set+1d\""
                    ));
                }
            },
        };
        let by = if rest.is_empty() { "0s" } else { rest };
        Ok(When { from, by: by.parse()? })
    }
}
