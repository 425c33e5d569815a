//! The layers around the library's backend as a case gives them.

use super::super::Result;
use super::super::span::Span;
use super::read;
use password_writeback::Rules;
use password_writeback::layer::Stack;
use password_writeback::options::LayerOptions;
use serde::Deserialize;
use serde_json::{Value, json};

/// How often operations may be tried.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    per_account: Option<Limit>,
    total: Option<Limit>,
}

/// So many tries in a period.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    count: u32,
    period: Span,
}

impl Limit {
    fn as_text(&self) -> Value {
        json!({"count": self.count, "period": self.period.length().as_secs_f64()})
    }
}

impl RateLimit {
    /// The layers, as the library reads them in every language.
    #[must_use]
    pub fn layers(&self) -> Value {
        let per_account = self.per_account.as_ref().map(Limit::as_text);
        let total = self.total.as_ref().map(Limit::as_text);
        json!({"rate_limit": {"per_account": per_account, "total": total}})
    }
}

/// The stack of layers that text describes, above a backend with these rules.
///
/// # Errors
/// What cannot be a layer.
pub(crate) fn stack(layers: Option<&Value>, rules: &Rules) -> Result<Stack> {
    let options = match layers {
        Some(layers) => read::<LayerOptions>(layers)?,
        None => LayerOptions::default(),
    };
    options.stack(rules).map_err(|error| error.to_string())
}
