//! From the data to one backend's version of it: names in `${}` and `if` objects replaced.

use super::Result;
use super::scene::{Place, Scene};
use super::schema::Capability;
use base64::Engine as _;
use serde_json::{Map, Value};

/// The version of a value for a backend with these names and capabilities.
///
/// # Errors
/// A name that stands for nothing.
pub(super) fn resolve(value: &Value, scene: &Scene, capabilities: &[Capability]) -> Result<Value> {
    match value {
        Value::String(text) => replace(text, scene).map(Value::String),
        Value::Array(items) => items.iter().map(|item| resolve(item, scene, capabilities)).collect(),
        Value::Object(fields) => match Choice::of(fields) {
            Some(choice) => {
                let holds = capabilities
                    .iter()
                    .any(|capability| capability.as_str() == choice.capability);
                resolve(if holds { choice.then } else { choice.otherwise }, scene, capabilities)
            }
            None => {
                let mut resolved = Map::new();
                for (name, field) in fields {
                    resolved.insert(replace(name, scene)?, resolve(field, scene, capabilities)?);
                }
                Ok(Value::Object(resolved))
            }
        },
        _ => Ok(value.clone()),
    }
}

/// Refuses an `if` about a capability that there is not.
///
/// # Errors
/// Its word.
pub(super) fn check_choices(value: &Value) -> Result<()> {
    match value {
        Value::Array(items) => items.iter().try_for_each(check_choices),
        Value::Object(fields) => {
            if let Some(choice) = Choice::of(fields) {
                let word = Value::from(choice.capability);
                super::schema::read::<Capability>(&word)?;
            }
            fields.values().try_for_each(check_choices)
        }
        _ => Ok(()),
    }
}

/// The versions of a value where every `if` holds, and where none does: what can be checked without a backend.
pub(super) fn variants(value: &Value) -> [Value; 2] {
    [true, false].map(|holds| chosen(value, holds))
}

fn chosen(value: &Value, holds: bool) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| chosen(item, holds)).collect(),
        Value::Object(fields) => match Choice::of(fields) {
            Some(choice) => chosen(if holds { choice.then } else { choice.otherwise }, holds),
            None => Value::Object(
                fields
                    .iter()
                    .map(|(name, field)| (name.clone(), chosen(field, holds)))
                    .collect(),
            ),
        },
        _ => value.clone(),
    }
}

/// `{"if": capability, "then": ..., "else": ...}`.
struct Choice<'a> {
    capability: &'a str,
    then: &'a Value,
    otherwise: &'a Value,
}

impl<'a> Choice<'a> {
    fn of(fields: &'a Map<String, Value>) -> Option<Self> {
        Some(Choice {
            capability: fields.get("if")?.as_str()?,
            then: fields.get("then")?,
            otherwise: fields.get("else")?,
        })
    }
}

/// Replaces every `${}` in a text.
fn replace(text: &str, scene: &Scene) -> Result<String> {
    let mut replaced = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after
            .split_once('}')
            .ok_or_else(|| format!("{text:?} has a ${{ without an end"))?;
        replaced.push_str(before);
        replaced.push_str(&named(name, scene).ok_or_else(|| format!("{name:?} stands for nothing"))?);
        rest = after;
    }
    replaced.push_str(rest);
    Ok(replaced)
}

fn named(name: &str, scene: &Scene) -> Option<String> {
    match name {
        "ou" => return Some(scene.ou.clone()),
        "domain.dns" => return Some(scene.dns_domain.clone()),
        "domain.netbios" => return Some(scene.netbios_domain.clone()),
        "domain.dn" => return Some(scene.domain_dn.clone()),
        _ => {}
    }
    let (object, what) = name.rsplit_once('.')?;
    let place = match object {
        "service" => &scene.service,
        _ => scene.places.get(object)?,
    };
    property(place, what)
}

fn property(place: &Place, what: &str) -> Option<String> {
    match what {
        "dn" => Some(place.dn.clone()),
        "sam" => place.sam.clone(),
        "sid" => place.sid.clone(),
        "guid" => place.guid.map(|guid| guid.to_string()),
        "anchor" => place
            .guid
            .map(|guid| base64::engine::general_purpose::STANDARD.encode(guid.to_bytes_le())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_and_choices_are_replaced() {
        let scene = Scene {
            dns_domain: "corp.example".into(),
            ..Scene::default()
        };
        let value = json!({"a": ["x@${domain.dns}", {"if": "policy_hints", "then": 1, "else": 2}]});
        let with = resolve(&value, &scene, &[Capability::PolicyHints]);
        assert_eq!(with, Ok(json!({"a": ["x@corp.example", 1]})));
        assert_eq!(resolve(&value, &scene, &[]), Ok(json!({"a": ["x@corp.example", 2]})));
        assert!(resolve(&json!("${nobody.dn}"), &scene, &[]).is_err());
    }
}
