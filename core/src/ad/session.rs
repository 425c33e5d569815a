//! A connection to one domain controller: the only file that names the LDAP client. Its errors are translated, its panics
//! caught.
//!
//! The client searches, and does nothing else: it keeps copies of what it sends for as long as the connection lives, and cannot
//! tell whether a request left. What holds a password goes past it, to the relay beneath.

use super::control::SD_FLAGS;
use super::control::SD_FLAGS_DACL_VALUE;
use super::local;
use super::modify_request::{Change, modify_request};
use super::relay::{OwnRequest, Traffic, relay};
use super::transport::Connected;
use crate::error::{Code, Error};
use futures_util::FutureExt;
use ldap3::controls::RawControl;
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapResult, Scope, SearchEntry};
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

/// The messageIDs of what the LDAP client does not send: it counts up from one, and a connection does not live long enough for it
/// to come this far.
const FIRST_OWN_ID: i32 = 1 << 30;

/// A connection. Dropping it closes it at once.
pub(crate) struct Connection {
    ldap: Ldap,
    /// The way past the LDAP client. The relay holds the other end of it, and drops that when the connection is over.
    own: mpsc::Sender<OwnRequest>,
    next_own_id: AtomicI32,
    traffic: Arc<Traffic>,
    host: String,
    /// The relay and the client's driver, which end with the connection.
    _tasks: JoinSet<()>,
    /// How many requests have been begun and not been answered.
    unanswered: AtomicUsize,
}

/// A modification under way. Waiting for its answer may be given up and taken up again.
#[derive(Debug)]
pub(crate) struct Pending {
    begun: Arc<AtomicBool>,
    answer: oneshot::Receiver<Answer>,
}

/// A result as the server gave it (RFC 4511 4.1.9).
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) code: u32,
    pub(crate) text: String,
}

impl From<LdapResult> for Answer {
    fn from(result: LdapResult) -> Self {
        Answer {
            code: result.rc,
            text: result.text,
        }
    }
}

/// Why a modification has no answer.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// It provably never left.
    NotSent(Error),
    /// It may have.
    Sent,
}

/// One entry of a search.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) dn: String,
    attributes: HashMap<String, Vec<Vec<u8>>>,
}

/// How far below its base a search looks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Depth {
    Base,
    Subtree,
}

/// A search.
#[derive(Clone, Debug)]
pub(crate) struct Search<'a> {
    pub(crate) base: &'a str,
    pub(crate) depth: Depth,
    pub(crate) filter: &'a str,
    pub(crate) attributes: &'a [&'a str],
    /// No more entries than this are taken.
    pub(crate) at_most: usize,
}

impl Connection {
    /// Puts the LDAP client on top of an authenticated stream. The logon is over by then: its secret never reaches the client,
    /// which would keep a copy as long as the connection lives.
    pub(crate) async fn over(connected: Connected, host: &str) -> Result<Self, Error> {
        let internal = |_| {
            Error::new(
                Code::Unreachable,
                "no local socket pair could be made for the connection",
            )
        };
        let (client_end, relay_end) = local::pair().map_err(internal)?;
        let traffic = Arc::new(Traffic::default());
        let (own, others) = mpsc::channel(1);
        let mut tasks = JoinSet::new();
        tasks.spawn(relay(connected, relay_end, others, Arc::clone(&traffic)));
        let settings = LdapConnSettings::new().set_std_stream(client_end);
        let (driver, ldap) = LdapConnAsync::with_settings(settings, local::CLIENT_URL)
            .await
            .map_err(|_| Error::new(Code::Unreachable, "the LDAP client could not be started"))?;
        tasks.spawn(async move {
            // How the connection ended shows in the operation that was under way.
            let _ = driver.drive().await;
        });
        Ok(Connection {
            ldap,
            own,
            next_own_id: AtomicI32::new(FIRST_OWN_ID),
            traffic,
            host: host.to_owned(),
            _tasks: tasks,
            unanswered: AtomicUsize::new(0),
        })
    }

    /// Whether the connection is open, as far as this side knows, and everything that was asked over it was answered.
    pub(crate) fn is_at_rest(&self) -> bool {
        !self.own.is_closed() && self.unanswered.load(Ordering::Acquire) == 0
    }

    /// Waits until the connection is over.
    pub(crate) fn over_soon(&self) -> impl Future<Output = ()> + Send + 'static {
        let own = self.own.clone();
        async move { own.closed().await }
    }

    /// A search. `Err(Ok(answer))` is the server's refusal, `Err(Err(error))` a broken connection. Several may be under way.
    pub(crate) async fn search(&self, search: &Search<'_>) -> Result<Vec<Entry>, Result<Answer, Error>> {
        let mut ldap = self.ldap.clone();
        self.unanswered.fetch_add(1, Ordering::AcqRel);
        let searched = AssertUnwindSafe(search_with(&mut ldap, search)).catch_unwind().await;
        let Ok(Ok((entries, answer))) = searched else {
            return Err(Err(self.broken()));
        };
        self.unanswered.fetch_sub(1, Ordering::AcqRel);
        match answer.code {
            0 => Ok(entries),
            // More entries than are wanted are no failure (sizeLimitExceeded).
            4 if !entries.is_empty() => Ok(entries),
            _ => Err(Ok(answer)),
        }
    }

    /// Sends one modification, with the critical control of an object identifier and value, if any. It is on its way when this
    /// returns, whoever waits for it; the error says why it provably never left.
    pub(crate) fn modify(
        &self,
        dn: &str,
        changes: &[Change],
        control: Option<(&str, &[u8])>,
    ) -> Result<Pending, Error> {
        let id = self.next_own_id.fetch_add(1, Ordering::Relaxed);
        let (answered, answer) = oneshot::channel();
        let begun = Arc::new(AtomicBool::new(false));
        let request = OwnRequest {
            request: modify_request(id, dn, changes, control),
            begun: Arc::clone(&begun),
            answer: answered,
        };
        self.own.try_send(request).map_err(|_| self.broken())?;
        self.unanswered.fetch_add(1, Ordering::AcqRel);
        Ok(Pending { begun, answer })
    }

    /// Waits for the answer to a modification. Once there is a result, there will be no other.
    pub(crate) async fn modified(&self, pending: &mut Pending) -> Result<Answer, Unanswered> {
        let answer = tokio::select! {
            biased;
            answer = &mut pending.answer => answer.ok(),
            // The relay is gone: what it has not answered by now it never will.
            () = self.own.closed() => pending.answer.try_recv().ok(),
        };
        match answer {
            Some(answer) => {
                self.unanswered.fetch_sub(1, Ordering::AcqRel);
                Ok(answer)
            }
            None if pending.begun.load(Ordering::Acquire) => Err(Unanswered::Sent),
            None => Err(Unanswered::NotSent(self.broken())),
        }
    }

    /// What to say of a connection that no longer works.
    fn broken(&self) -> Error {
        match self.traffic.fault() {
            Some(fault) => Error::new(
                Code::MalformedReply,
                format!("{} broke the LDAP protocol: {fault}", self.host),
            ),
            None => Error::new(Code::Unreachable, format!("the connection to {} was lost", self.host)),
        }
    }
}

async fn search_with(ldap: &mut Ldap, search: &Search<'_>) -> Result<(Vec<Entry>, Answer), ldap3::LdapError> {
    let scope = match search.depth {
        Depth::Base => Scope::Base,
        Depth::Subtree => Scope::Subtree,
    };
    // Without this control a security descriptor is not returned to those who may not read its audit part (MS-ADTS 3.1.1.3.4.1.11).
    ldap.with_controls(vec![RawControl {
        ctype: SD_FLAGS.to_owned(),
        crit: false,
        val: Some(SD_FLAGS_DACL_VALUE.to_vec()),
    }]);
    let mut stream = ldap
        .streaming_search(search.base, scope, search.filter, search.attributes)
        .await?;
    let mut entries = Vec::new();
    while let Some(item) = stream.next().await? {
        if !item.is_ref() && !item.is_intermediate() && entries.len() < search.at_most {
            entries.push(Entry::from(SearchEntry::construct(item)));
        }
    }
    Ok((entries, stream.finish().await.into()))
}

impl From<SearchEntry> for Entry {
    /// The client sorts values by whether they happen to be UTF-8; here they are bytes again, under names in lower case.
    fn from(entry: SearchEntry) -> Self {
        let text = entry
            .attrs
            .into_iter()
            .map(|(name, values)| (name, values.into_iter().map(String::into_bytes).collect::<Vec<_>>()));
        let mut attributes: HashMap<String, Vec<Vec<u8>>> = HashMap::new();
        for (name, values) in text.chain(entry.bin_attrs) {
            attributes.entry(name.to_ascii_lowercase()).or_default().extend(values);
        }
        attributes.retain(|_, values| !values.is_empty());
        Entry {
            dn: entry.dn,
            attributes,
        }
    }
}

impl Entry {
    /// Whether the entry has no attribute at all: it may be seen, but not read.
    pub(crate) fn is_bare(&self) -> bool {
        self.attributes.is_empty()
    }

    /// The values of an attribute; empty where it is absent.
    pub(crate) fn all(&self, name: &str) -> &[Vec<u8>] {
        self.attributes
            .get(&name.to_ascii_lowercase())
            .map_or(&[], Vec::as_slice)
    }

    /// The single value of an attribute.
    pub(crate) fn one(&self, name: &str) -> Option<&[u8]> {
        self.all(name).first().map(Vec::as_slice)
    }

    /// The values of an attribute that are text.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        self.all(name)
            .iter()
            .filter_map(|value| String::from_utf8(value.clone()).ok())
            .collect()
    }

    /// The single value of an attribute, as text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.one(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// The single value of an attribute, decoded: `None` where it is absent.
    ///
    /// # Errors
    /// [`Code::MalformedReply`] where it is there and cannot be decoded.
    pub(crate) fn decode<T>(&self, name: &str, decode: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Error> {
        if self.all(name).is_empty() {
            return Ok(None);
        }
        self.text(name)
            .and_then(decode)
            .map(Some)
            .ok_or_else(|| malformed(name))
    }

    /// The same for a binary value.
    pub(crate) fn decode_bytes<T>(&self, name: &str, decode: impl Fn(&[u8]) -> Option<T>) -> Result<Option<T>, Error> {
        self.one(name)
            .map(|value| decode(value).ok_or_else(|| malformed(name)))
            .transpose()
    }
}

fn malformed(attribute: &str) -> Error {
    Error::new(
        Code::MalformedReply,
        format!("the domain controller answered with a {attribute} that cannot be read"),
    )
}

#[cfg(any(test, fuzzing))]
impl Entry {
    /// What the client makes of an accepted message that is a search result entry.
    pub(crate) fn from_frame(frame: &[u8]) -> Option<Entry> {
        use ldap3::asn1::{PL, parse_tag};
        let (_, tree) = parse_tag(frame).ok()?;
        let PL::C(parts) = tree.payload else { return None };
        let op = parts.into_iter().nth(1)?;
        Some(SearchEntry::construct(ldap3::ResultEntry::new(op)).into())
    }

    /// An entry of these values.
    pub(crate) fn of(dn: &str, values: impl IntoIterator<Item = (&'static str, Vec<u8>)>) -> Entry {
        let mut attributes: HashMap<String, Vec<Vec<u8>>> = HashMap::new();
        for (name, value) in values {
            attributes.entry(name.to_ascii_lowercase()).or_default().push(value);
        }
        Entry {
            dn: dn.to_owned(),
            attributes,
        }
    }
}
