//! The words of the core that the JavaScript part has to know at run time.

use napi_derive::napi;
use password_writeback::Code;
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
