//! Carries whole LDAP messages between the LDAP client and the domain controller, and lets nothing through that the client's
//! parsers could not bear: malformed messages, answers to questions never asked, streams without end.

use super::frame::{DEFAULT_MAX_MESSAGE, Frames, RequestKind, frame_length, inspect, inspect_request, sanitise};
use super::local::RelayEnd;
use super::transport::Connected;
use socket2::Socket;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use zeroize::Zeroizing;

/// How many bytes one question may be answered with.
const MOST_PER_ANSWER: usize = 2 * DEFAULT_MAX_MESSAGE;

/// What is read at once.
const CHUNK: usize = 16 * 1024;

/// What the relay knows that the LDAP client does not tell.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// How many requests have begun to go out to the domain controller.
    begun: AtomicU64,
    /// The question that is open: its message id and kind, and how many bytes have answered it.
    open: Mutex<Option<Open>>,
    /// What ended the traffic, where the relay did.
    fault: Mutex<Option<String>>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    id: i32,
    kind: RequestKind,
    answered: usize,
}

impl Traffic {
    /// How many requests have begun to go out. A request that is not among them provably never left.
    pub(crate) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Acquire)
    }

    /// Why the relay ended the connection: the server broke the protocol.
    pub(crate) fn fault(&self) -> Option<String> {
        lock(&self.fault).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A panic elsewhere leaves plain data, which stays usable.
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Decides what becomes, when the connection is closed, of bytes that the machine has not sent yet.
///
/// While a write is unanswered they are thrown away: else the machine would go on sending them for minutes over a path that
/// broke, after the write has been reported as not applied.
struct Unsent(Socket);

impl Unsent {
    fn discard(&self, discard: bool) {
        // Where a system refuses, closing does as it always did.
        let _ = self.0.set_linger(discard.then_some(Duration::ZERO));
    }
}

/// Relays until either side ends, or the server breaks the protocol. Then both sides are closed.
pub(crate) async fn relay(server: Connected, client: RelayEnd, traffic: Arc<Traffic>) {
    let unsent = Unsent(server.socket);
    let (mut from_server, mut to_server) = tokio::io::split(server.stream);
    let (mut from_client, mut to_client) = client.into_split();
    let ended = tokio::select! {
        ended = requests(&mut from_client, &mut to_server, &traffic, &unsent) => ended,
        ended = answers(&mut from_server, &mut to_client, &traffic, &unsent) => ended,
    };
    if let Err(error) = ended
        && error.kind() == io::ErrorKind::InvalidData
    {
        *lock(&traffic.fault) = Some(error.to_string());
    }
}

fn invalid(what: impl ToString) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_string())
}

/// Sends whole requests, and notes for each what it asks.
async fn requests(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    traffic: &Traffic,
    unsent: &Unsent,
) -> io::Result<()> {
    // Requests hold passwords: the buffer is wiped, and grown by hand so that no copy is left behind by a reallocation.
    let mut buffer = Zeroizing::new(Vec::with_capacity(CHUNK));
    let mut chunk = Zeroizing::new(vec![0; CHUNK]);
    loop {
        let read = from.read(&mut chunk).await?;
        let Some(bytes) = chunk.get(..read).filter(|bytes| !bytes.is_empty()) else {
            return Ok(());
        };
        append(&mut buffer, bytes);
        while let Some(length) = frame_length(&buffer, DEFAULT_MAX_MESSAGE).map_err(invalid)? {
            let request = buffer.get(..length).unwrap_or_default();
            let (id, kind) = inspect_request(request).map_err(invalid)?;
            *lock(&traffic.open) = Some(Open { id, kind, answered: 0 });
            unsent.discard(kind == RequestKind::Modify);
            traffic.begun.fetch_add(1, Ordering::Release);
            to.write_all(request).await?;
            to.flush().await?;
            wipe_front(&mut buffer, length);
        }
    }
}

fn append(buffer: &mut Zeroizing<Vec<u8>>, bytes: &[u8]) {
    if buffer.capacity() - buffer.len() < bytes.len() {
        let mut larger = Zeroizing::new(Vec::with_capacity((buffer.len() + bytes.len()) * 2));
        larger.extend_from_slice(buffer);
        *buffer = larger;
    }
    buffer.extend_from_slice(bytes);
}

fn wipe_front(buffer: &mut Zeroizing<Vec<u8>>, length: usize) {
    let mut rest = Zeroizing::new(Vec::with_capacity(CHUNK.max(buffer.len())));
    rest.extend_from_slice(buffer.get(length..).unwrap_or_default());
    *buffer = rest;
}

/// Hands on whole answers that the LDAP client can take, each to the question that is open.
async fn answers(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    traffic: &Traffic,
    unsent: &Unsent,
) -> io::Result<()> {
    let mut frames = Frames::new(DEFAULT_MAX_MESSAGE);
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = from.read(&mut chunk).await?;
        let Some(bytes) = chunk.get(..read).filter(|bytes| !bytes.is_empty()) else {
            return Ok(());
        };
        frames.push(bytes);
        while let Some(frame) = frames.next_frame().map_err(invalid)? {
            let message = inspect(frame).map_err(invalid)?;
            if message.id == 0 {
                // A notice of disconnection (RFC 4511 4.4.1): the connection is over.
                return Ok(());
            }
            account_for(traffic, message.id, frame.len(), |kind| message.kind.answers(kind))?;
            unsent.discard(false);
            match message.needs_sanitising {
                true => to.write_all(&sanitise(frame)).await?,
                false => to.write_all(frame).await?,
            }
        }
    }
}

/// Refuses an answer to a question that is not open, and one that has no end.
fn account_for(traffic: &Traffic, id: i32, bytes: usize, answers: impl Fn(RequestKind) -> bool) -> io::Result<()> {
    let mut open = lock(&traffic.open);
    let open = open.as_mut().filter(|open| open.id == id && answers(open.kind));
    let open = open.ok_or_else(|| invalid("an answer to a question that was not asked"))?;
    open.answered = open.answered.saturating_add(bytes);
    if open.answered > MOST_PER_ANSWER {
        return Err(invalid("an answer without end"));
    }
    Ok(())
}
