//! A connection to one domain controller: the only file that names the LDAP client. Its errors are translated, its panics
//! caught, and what it cannot tell, whether a request left, is asked of the relay beneath it.

use super::control::SD_FLAGS;
use super::control::SD_FLAGS_DACL_VALUE;
use super::local;
use super::relay::{Traffic, relay};
use super::transport::Connected;
use crate::error::{Code, Error};
use futures_util::FutureExt;
use ldap3::controls::RawControl;
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapResult, Mod, Scope, SearchEntry};
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use zeroize::Zeroizing;

/// A connection. Dropping it closes it at once.
pub(crate) struct Connection {
    ldap: Ldap,
    traffic: Arc<Traffic>,
    host: String,
    /// The relay, the client's driver, and modifications under way, which end with the connection.
    tasks: JoinSet<()>,
    /// The modification that has not been answered yet.
    pending: Option<Pending>,
}

/// A modification under way. Waiting for it may be given up and taken up again.
struct Pending {
    /// How many requests had gone out before it.
    begun: u64,
    answer: oneshot::Receiver<Option<Answer>>,
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

/// One part of a modification.
#[derive(Debug)]
pub(crate) enum Change {
    Add(&'static str, Zeroizing<Vec<u8>>),
    Delete(&'static str, Zeroizing<Vec<u8>>),
    Replace(&'static str, Zeroizing<Vec<u8>>),
}

/// A name or a value: the client has one type for both. Values are wiped when dropped.
enum Octets {
    Name(&'static str),
    Value(Zeroizing<Vec<u8>>),
}

impl AsRef<[u8]> for Octets {
    fn as_ref(&self) -> &[u8] {
        match self {
            Octets::Name(name) => name.as_bytes(),
            Octets::Value(value) => value,
        }
    }
}

impl PartialEq for Octets {
    fn eq(&self, other: &Self) -> bool {
        self.as_ref() == other.as_ref()
    }
}

impl Eq for Octets {}

impl Hash for Octets {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_ref().hash(state);
    }
}

impl From<Change> for Mod<Octets> {
    fn from(change: Change) -> Self {
        let set = |value| HashSet::from([Octets::Value(value)]);
        match change {
            Change::Add(name, value) => Mod::Add(Octets::Name(name), set(value)),
            Change::Delete(name, value) => Mod::Delete(Octets::Name(name), set(value)),
            Change::Replace(name, value) => Mod::Replace(Octets::Name(name), set(value)),
        }
    }
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
        let mut tasks = JoinSet::new();
        tasks.spawn(relay(connected, relay_end, Arc::clone(&traffic)));
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
            traffic,
            host: host.to_owned(),
            tasks,
            pending: None,
        })
    }

    /// A search. `Err(Ok(answer))` is the server's refusal, `Err(Err(error))` a broken connection.
    pub(crate) async fn search(&mut self, search: &Search<'_>) -> Result<Vec<Entry>, Result<Answer, Error>> {
        let searched = AssertUnwindSafe(search_with(&mut self.ldap, search))
            .catch_unwind()
            .await;
        match searched {
            Ok(Ok((entries, answer))) if answer.code == 0 => Ok(entries),
            // More entries than are wanted are no failure (sizeLimitExceeded).
            Ok(Ok((entries, answer))) if answer.code == 4 && !entries.is_empty() => Ok(entries),
            Ok(Ok((_, answer))) => Err(Ok(answer)),
            _ => Err(Err(self.broken())),
        }
    }

    /// One modification, with the critical control of an object identifier and value, if any.
    pub(crate) async fn modify(
        &mut self,
        dn: &str,
        changes: Vec<Change>,
        control: Option<(&str, &[u8])>,
    ) -> Result<Answer, Unanswered> {
        let changes = changes.into_iter().map(Mod::from).collect();
        let (mut ldap, dn) = (self.ldap.clone(), dn.to_owned());
        if let Some((oid, value)) = control {
            let control = RawControl {
                ctype: oid.to_owned(),
                crit: true,
                val: Some(value.to_vec()),
            };
            ldap.with_controls(vec![control]);
        }
        let (answered, answer) = oneshot::channel();
        let begun = self.traffic.begun();
        // In a task of its own, so that an answer still finds its way where the wait for it was given up.
        self.tasks.spawn(async move {
            // The client's own error is dropped here: some of them carry the request, and with it the password.
            let result = AssertUnwindSafe(ldap.modify(&dn, changes)).catch_unwind().await;
            let _ = answered.send(result.ok().and_then(Result::ok).map(Answer::from));
        });
        self.pending = Some(Pending { begun, answer });
        self.modified().await
    }

    /// The answer to the last modification, waited for once more where that was given up.
    pub(crate) async fn modified(&mut self) -> Result<Answer, Unanswered> {
        let Some(pending) = &mut self.pending else {
            return Err(Unanswered::Sent);
        };
        let answer = (&mut pending.answer).await.ok().flatten();
        let left = self.traffic.begun() != pending.begun;
        self.pending = None;
        match answer {
            Some(answer) => Ok(answer),
            None if left => Err(Unanswered::Sent),
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
