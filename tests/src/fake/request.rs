//! What a client sent, decoded.

use rasn_ldap::{AuthenticationChoice, ChangeOperation, Filter, LdapMessage, ProtocolOp, SearchRequestScope};

use super::log::ControlSeen;

/// The extended operation StartTLS (RFC 4511 4.14).
pub(super) const START_TLS: &str = "1.3.6.1.4.1.1466.20037";
/// The extended operation "Who am I?" (RFC 4532).
pub(super) const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";

/// One request, passwords and all: never logged.
#[derive(Clone)]
pub(super) struct Request {
    pub id: u32,
    pub controls: Vec<ControlSeen>,
    pub body: Body,
}

#[derive(Clone)]
pub(super) enum Body {
    Bind { name: String, method: Method },
    Unbind,
    Search(Search),
    Modify(Modify),
    Extended { oid: String },
    Abandon(u32),
    Other(&'static str),
}

#[derive(Clone)]
pub(super) enum Method {
    Simple(Vec<u8>),
    Sasl(String),
}

#[derive(Clone)]
pub(super) struct Search {
    pub base: String,
    pub scope: Scope,
    pub size_limit: u32,
    pub time_limit: u32,
    pub types_only: bool,
    pub filter: Filter,
    pub attributes: Vec<String>,
}

/// How far below its base a search goes (RFC 4511 4.5.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The base object itself.
    Base,
    /// What is directly below it.
    One,
    /// The base object and everything below it.
    Subtree,
}

#[derive(Clone)]
pub(super) struct Modify {
    pub target: String,
    pub changes: Vec<Change>,
}

#[derive(Clone)]
pub(super) struct Change {
    pub operation: Operation,
    pub attribute: String,
    pub values: Vec<Vec<u8>>,
}

/// What one change of a modify request does (RFC 4511 4.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Adds values.
    Add,
    /// Deletes values.
    Delete,
    /// Replaces all values.
    Replace,
}

/// Decodes one message.
pub(super) fn decode(bytes: &[u8]) -> Result<Request, String> {
    let message: LdapMessage = rasn::ber::decode(bytes).map_err(|error| error.to_string())?;
    let controls = message.controls.unwrap_or_default();
    let controls = controls.iter().map(|control| ControlSeen {
        oid: String::from_utf8_lossy(&control.control_type).into_owned(),
        critical: control.criticality,
        value: control.control_value.as_ref().map(|value| value.to_vec()),
    });
    Ok(Request {
        id: message.message_id,
        controls: controls.collect(),
        body: body(message.protocol_op),
    })
}

fn body(operation: ProtocolOp) -> Body {
    match operation {
        ProtocolOp::BindRequest(bind) => {
            let method = match bind.authentication {
                AuthenticationChoice::Simple(password) => Method::Simple(password.to_vec()),
                AuthenticationChoice::Sasl(sasl) => Method::Sasl(sasl.mechanism.0),
                _ => Method::Sasl(String::new()),
            };
            Body::Bind {
                name: bind.name.0,
                method,
            }
        }
        ProtocolOp::UnbindRequest(_) => Body::Unbind,
        ProtocolOp::SearchRequest(search) => Body::Search(Search {
            base: search.base_object.0,
            scope: scope(search.scope),
            size_limit: search.size_limit,
            time_limit: search.time_limit,
            types_only: search.types_only,
            filter: search.filter,
            attributes: search.attributes.into_iter().map(|name| name.0).collect(),
        }),
        ProtocolOp::ModifyRequest(modify) => Body::Modify(Modify {
            target: modify.object.0,
            changes: modify.changes.into_iter().map(change).collect(),
        }),
        ProtocolOp::ExtendedReq(request) => Body::Extended {
            oid: String::from_utf8_lossy(&request.request_name).into_owned(),
        },
        ProtocolOp::AbandonRequest(id) => Body::Abandon(id.0),
        ProtocolOp::AddRequest(_) => Body::Other("add"),
        ProtocolOp::DelRequest(_) => Body::Other("delete"),
        ProtocolOp::ModDnRequest(_) => Body::Other("modify DN"),
        ProtocolOp::CompareRequest(_) => Body::Other("compare"),
        _ => Body::Other("a response"),
    }
}

fn scope(scope: SearchRequestScope) -> Scope {
    match scope {
        SearchRequestScope::BaseObject => Scope::Base,
        SearchRequestScope::SingleLevel => Scope::One,
        _ => Scope::Subtree,
    }
}

fn change(change: rasn_ldap::ModifyRequestChanges) -> Change {
    Change {
        operation: match change.operation {
            ChangeOperation::Add => Operation::Add,
            ChangeOperation::Delete => Operation::Delete,
            ChangeOperation::Replace => Operation::Replace,
        },
        attribute: change.modification.r#type.0,
        values: change
            .modification
            .vals
            .into_vec()
            .into_iter()
            .map(|value| value.to_vec())
            .collect(),
    }
}
