//! The words of the core that the JavaScript part has to know at run time.

use napi_derive::napi;
use password_writeback::layer::OnSinkFailure;
use password_writeback::mock::options::MockUserKind;
use password_writeback::mock::{BindAnswer, GroupScope, MockRight, PolicyHintsSupport, Refusals, Stage};
use password_writeback::{
    Acceptable, Certainty, CheckStatus, Code, ErrorKind, History, HistoryEnforcement, IdentityKind, Initiator,
    Operation, Outcome, Phase, Protection, Reason, Rule, Verification, Warning,
};
use serde_json::{Map, Value, json};

/// Every error code with its kind and Microsoft's event, as JSON.
#[napi(catch_unwind)]
#[cfg_attr(test, allow(dead_code, reason = "napi exports nothing into a test build"))]
pub(crate) fn codes() -> String {
    let table: Map<String, Value> = Code::ALL
        .iter()
        .map(|code| {
            let about = json!({"kind": code.kind(), "microsoft_event": code.microsoft_event()});
            (code.to_string(), about)
        })
        .collect();
    Value::Object(table).to_string()
}

/// Every word of every type, as JSON: what the types of the JavaScript part are compared with.
#[napi(catch_unwind)]
#[cfg_attr(test, allow(dead_code, reason = "napi exports nothing into a test build"))]
pub(crate) fn words() -> String {
    macro_rules! table {
        ($($name:ident)+) => { Map::from_iter([$((stringify!($name).to_owned(), json!($name::ALL))),+]) };
    }
    let words = table!(Acceptable BindAnswer Certainty CheckStatus Code ErrorKind GroupScope History HistoryEnforcement IdentityKind
        Initiator MockRight MockUserKind OnSinkFailure Operation Outcome Phase PolicyHintsSupport Protection Reason Refusals
        Rule Stage Verification Warning);
    Value::Object(words).to_string()
}
