//! What a fake domain controller saw, for assertions. Passwords never get in here.

use super::request::{Operation, Scope};

/// One thing that happened, in the order it did.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The connection's number, from 1.
    pub connection: u64,
    /// Whether TLS was up.
    pub encrypted: bool,
    /// The LDAP message id; 0 for what is no request.
    pub message_id: u32,
    /// The request's controls.
    pub controls: Vec<ControlSeen>,
    /// What it was.
    pub what: Seen,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// A client connected.
    Connected,
    /// A TLS handshake ended well.
    Tls {
        /// The version, such as `TLSv1_3`.
        version: String,
        /// The server name that the client asked for.
        server_name: Option<String>,
    },
    /// A TLS handshake failed; the text is rustls's, and names the client's alert.
    TlsFailed(String),
    /// A bind.
    Bind {
        /// The name as sent.
        name: String,
        /// How it authenticates.
        method: BindSeen,
    },
    /// A search.
    Search(SearchSeen),
    /// A modify.
    Modify(ModifySeen),
    /// An extended request and its OID.
    Extended(String),
    /// An unbind.
    Unbind,
    /// An abandon of that message id.
    Abandon(u32),
    /// A request this server does not serve.
    Other(&'static str),
    /// Bytes that are no LDAP request, and why.
    Malformed(String),
    /// The connection ended.
    Closed,
}

/// How a bind authenticates, and what became of the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BindSeen {
    /// The password is the account's.
    Right,
    /// It is not.
    Wrong,
    /// It is empty: an unauthenticated bind (RFC 4513 5.1.2).
    Empty,
    /// No such account.
    UnknownAccount,
    /// SASL with that mechanism.
    Sasl(String),
}

/// A search request.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchSeen {
    /// The base as sent.
    pub base: String,
    /// Its scope.
    pub scope: Scope,
    /// Its filter, written as RFC 4515 does.
    pub filter: String,
    /// The attributes asked for.
    pub attributes: Vec<String>,
    /// The size limit, 0 for none.
    pub size_limit: u32,
    /// The time limit in seconds, 0 for none.
    pub time_limit: u32,
}

/// A modify request.
#[derive(Debug, Clone, PartialEq)]
pub struct ModifySeen {
    /// The target as sent.
    pub target: String,
    /// The changes in their order.
    pub changes: Vec<ChangeSeen>,
}

impl ModifySeen {
    /// The changes in short, such as `["replace unicodePwd", "replace lockoutTime=0"]`.
    pub fn in_short(&self) -> Vec<String> {
        self.changes.iter().map(ChangeSeen::in_short).collect()
    }

    /// Whether it touches `unicodePwd`.
    pub fn writes_password(&self) -> bool {
        self.changes
            .iter()
            .any(|change| change.attribute.eq_ignore_ascii_case("unicodePwd"))
    }
}

/// One change of a modify request.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeSeen {
    /// Add, delete or replace.
    pub operation: Operation,
    /// The attribute as sent.
    pub attribute: String,
    /// Its values.
    pub values: ValuesSeen,
}

/// The values of a change.
#[derive(Debug, Clone, PartialEq)]
pub enum ValuesSeen {
    /// The values themselves.
    Shown(Vec<Vec<u8>>),
    /// Passwords, so only how many, and how many were a quoted UTF-16LE string.
    Hidden {
        /// How many values.
        count: usize,
        /// How many of them were encoded as [MS-ADTS] 3.1.1.3.1.5.1 asks.
        well_formed: usize,
    },
}

impl ChangeSeen {
    fn in_short(&self) -> String {
        let operation = match self.operation {
            Operation::Add => "add",
            Operation::Delete => "delete",
            Operation::Replace => "replace",
        };
        match &self.values {
            ValuesSeen::Shown(values) => {
                let values: Vec<_> = values.iter().map(|value| String::from_utf8_lossy(value)).collect();
                format!("{operation} {}={}", self.attribute, values.join("|"))
            }
            ValuesSeen::Hidden { .. } => format!("{operation} {}", self.attribute),
        }
    }
}

/// A control of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlSeen {
    /// Its OID.
    pub oid: String,
    /// Whether the request must fail where it is not understood.
    pub critical: bool,
    /// Its value.
    pub value: Option<Vec<u8>>,
}

/// How often things happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Connections accepted.
    pub connections: usize,
    /// Connections open now.
    pub open: usize,
    /// Bind requests.
    pub binds: usize,
    /// Search requests.
    pub searches: usize,
    /// Modify requests.
    pub modifies: usize,
    /// Modify requests that touch a password.
    pub password_writes: usize,
    /// Extended requests.
    pub extended: usize,
    /// Unbind requests.
    pub unbinds: usize,
    /// Abandon requests.
    pub abandons: usize,
    /// Modify requests that took effect.
    pub modifies_applied: usize,
    /// Of these, the ones that set a password.
    pub writes_applied: usize,
}

/// A copy of what was seen up to now.
#[derive(Debug, Clone, Default)]
pub struct Log {
    pub(super) events: Vec<Event>,
}

impl Log {
    /// Everything.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The searches.
    pub fn searches(&self) -> Vec<&SearchSeen> {
        self.pick(|what| {
            if let Seen::Search(search) = what {
                Some(search)
            } else {
                None
            }
        })
    }

    /// The modifies.
    pub fn modifies(&self) -> Vec<&ModifySeen> {
        self.pick(|what| {
            if let Seen::Modify(modify) = what {
                Some(modify)
            } else {
                None
            }
        })
    }

    /// The binds: names and what became of the password.
    pub fn binds(&self) -> Vec<(&str, &BindSeen)> {
        self.pick(|what| {
            if let Seen::Bind { name, method } = what {
                Some((name.as_str(), method))
            } else {
                None
            }
        })
    }

    /// The OIDs of the extended requests.
    pub fn extended(&self) -> Vec<&str> {
        self.pick(|what| {
            if let Seen::Extended(oid) = what {
                Some(oid.as_str())
            } else {
                None
            }
        })
    }

    /// The controls of the n-th modify, from 0; empty where there is none.
    pub fn controls_of_modify(&self, n: usize) -> Vec<ControlSeen> {
        let mut modifies = self.events.iter().filter(|event| matches!(event.what, Seen::Modify(_)));
        modifies.nth(n).map(|event| event.controls.clone()).unwrap_or_default()
    }

    fn pick<'a, T>(&'a self, choose: impl Fn(&'a Seen) -> Option<T>) -> Vec<T> {
        self.events.iter().filter_map(|event| choose(&event.what)).collect()
    }
}
