//! Which moment a rule waits for.

use std::fmt;
use std::sync::Arc;

use super::log::{Event, Seen};
use super::request::{START_TLS, Scope};

/// A moment: a request that matches, or a point of a connection's life.
#[derive(Clone)]
pub struct When {
    pub(super) point: Point,
    conditions: Vec<Condition>,
    nth: Option<u64>,
    connection: Option<u64>,
}

type Condition = Arc<dyn Fn(&Event) -> bool + Send + Sync>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Point {
    /// Accepted; nothing read or sent, TLS included.
    Connect,
    /// TLS is up, no request was read since.
    Secured,
    /// About to read the connection's n-th message, from 1.
    Before(u64),
    /// A request was read.
    Request,
}

impl fmt::Debug for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("When")
            .field("point", &self.point)
            .field("nth", &self.nth)
            .finish_non_exhaustive()
    }
}

impl When {
    fn at(point: Point) -> Self {
        When {
            point,
            conditions: Vec::new(),
            nth: None,
            connection: None,
        }
    }

    /// A client connected: before TLS and before anything is read.
    pub fn connect() -> Self {
        Self::at(Point::Connect)
    }

    /// The TLS handshake is done, no request was read.
    pub fn secured() -> Self {
        Self::at(Point::Secured)
    }

    /// Just before the n-th message of a connection (from 1) is read.
    pub fn before_message(n: u64) -> Self {
        Self::at(Point::Before(n))
    }

    /// Any request.
    pub fn request() -> Self {
        Self::at(Point::Request)
    }

    /// A bind.
    pub fn bind() -> Self {
        Self::request().and(|event| matches!(event.what, Seen::Bind { .. }))
    }

    /// A bind whose name holds `name`, in any case.
    pub fn bind_as(name: &str) -> Self {
        let wanted = name.to_lowercase();
        Self::request()
            .and(move |event| matches!(&event.what, Seen::Bind { name, .. } if name.to_lowercase().contains(&wanted)))
    }

    /// A StartTLS request.
    pub fn start_tls() -> Self {
        Self::request().and(|event| matches!(&event.what, Seen::Extended(oid) if oid == START_TLS))
    }

    /// A search of rootDSE.
    pub fn root_dse() -> Self {
        Self::request().and(
            |event| matches!(&event.what, Seen::Search(search) if search.base.is_empty() && search.scope == Scope::Base),
        )
    }

    /// A search, of rootDSE or not.
    pub fn search() -> Self {
        Self::request().and(|event| matches!(event.what, Seen::Search(_)))
    }

    /// A search other than of rootDSE whose base or filter holds `part`, in any case.
    pub fn search_for(part: &str) -> Self {
        let wanted = part.to_lowercase();
        Self::request().and(move |event| match &event.what {
            Seen::Search(search) => {
                !search.base.is_empty()
                    && format!("{} {}", search.base, search.filter)
                        .to_lowercase()
                        .contains(&wanted)
            }
            _ => false,
        })
    }

    /// A search that asks for this attribute.
    pub fn search_asking(attribute: &str) -> Self {
        let wanted = attribute.to_owned();
        Self::request().and(move |event| match &event.what {
            Seen::Search(search) => search
                .attributes
                .iter()
                .any(|asked| asked.eq_ignore_ascii_case(&wanted)),
            _ => false,
        })
    }

    /// A modify.
    pub fn modify() -> Self {
        Self::request().and(|event| matches!(event.what, Seen::Modify(_)))
    }

    /// A modify that touches unicodePwd.
    pub fn password_write() -> Self {
        Self::request().and(|event| matches!(&event.what, Seen::Modify(modify) if modify.writes_password()))
    }

    /// An unbind.
    pub fn unbind() -> Self {
        Self::request().and(|event| matches!(event.what, Seen::Unbind))
    }

    /// And this holds too.
    pub fn and(mut self, condition: impl Fn(&Event) -> bool + Send + Sync + 'static) -> Self {
        self.conditions.push(Arc::new(condition));
        self
    }

    /// Only the n-th match, from 1, counted over all connections.
    pub fn nth(mut self, n: u64) -> Self {
        self.nth = Some(n);
        self
    }

    /// Only the first match.
    pub fn first(self) -> Self {
        self.nth(1)
    }

    /// Only on that connection, from 1.
    pub fn on_connection(mut self, number: u64) -> Self {
        self.connection = Some(number);
        self
    }

    pub(super) fn matches(&self, point: Point, event: &Event) -> bool {
        self.point == point
            && self.connection.is_none_or(|number| number == event.connection)
            && self.conditions.iter().all(|condition| condition(event))
    }

    /// Whether the `count`-th match fires.
    pub(super) fn fires(&self, count: u64) -> bool {
        self.nth.is_none_or(|nth| nth == count)
    }
}
