//! Carries whole LDAP messages between the LDAP client and the domain controller, and lets nothing through that the client's
//! parsers could not bear: malformed messages, answers to questions never asked, streams without end.
//!
//! Requests that hold a password are put in here, beneath the client: it would keep copies of them.

use super::frame::{
    DEFAULT_MAX_MESSAGE, Frames, Message, RequestKind, inspect, inspect_request, read_result, sanitise,
};
use super::local::RelayEnd;
use super::session::Answer;
use super::transport::Connected;
use socket2::Socket;
use std::io;
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use zeroize::Zeroizing;

/// How many bytes one question may be answered with.
const MOST_PER_ANSWER: usize = 2 * DEFAULT_MAX_MESSAGE;

/// What is read at once.
const CHUNK: usize = 16 * 1024;

/// How many questions may be open at once.
const MOST_OPEN: usize = 8;

/// A request that the LDAP client never sees: one that holds a password.
#[derive(Debug)]
pub(crate) struct OwnRequest {
    /// The whole message. Its messageID is none that the LDAP client uses.
    pub(crate) request: Zeroizing<Vec<u8>>,
    /// Becomes true before the first of its bytes can leave.
    pub(crate) begun: Arc<AtomicBool>,
    /// Where its answer goes.
    pub(crate) answer: oneshot::Sender<Answer>,
}

/// What the relay knows that the LDAP client does not tell.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// The questions that have not been answered yet.
    open: Mutex<Vec<Open>>,
    /// What ended the traffic, where the relay did.
    fault: Mutex<Option<String>>,
}

#[derive(Debug)]
struct Open {
    id: i32,
    kind: RequestKind,
    /// How many bytes have answered it.
    answered: usize,
    /// Where its answer goes, if not to the LDAP client.
    answer: Option<oneshot::Sender<Answer>>,
}

impl Traffic {
    /// Why the relay ended the connection: the server broke the protocol.
    pub(crate) fn fault(&self) -> Option<String> {
        lock(&self.fault).clone()
    }

    /// Takes note of a request that is about to leave.
    fn ask(&self, id: i32, kind: RequestKind, answer: Option<oneshot::Sender<Answer>>) -> io::Result<()> {
        let mut open = lock(&self.open);
        if matches!(kind, RequestKind::Unbind | RequestKind::Abandon) {
            // They have no answer.
            return Ok(());
        }
        if open.len() >= MOST_OPEN {
            return Err(io::Error::other("too many questions at once"));
        }
        open.push(Open {
            id,
            kind,
            answered: 0,
            answer,
        });
        Ok(())
    }

    /// Refuses an answer to a question that is not open, and one that has no end. Says where it goes, if not to the LDAP client.
    fn account_for(&self, message: &Message, bytes: usize) -> io::Result<Option<oneshot::Sender<Answer>>> {
        let mut all = lock(&self.open);
        let place = all
            .iter()
            .position(|open| open.id == message.id && message.kind.answers(open.kind));
        let place = place.ok_or_else(|| invalid("an answer to a question that was not asked"))?;
        if message.result_code.is_some() {
            return Ok(all.swap_remove(place).answer);
        }
        if let Some(open) = all.get_mut(place) {
            open.answered = open.answered.saturating_add(bytes);
            if open.answered > MOST_PER_ANSWER {
                return Err(invalid("an answer without end"));
            }
        }
        Ok(None)
    }

    /// Whether a write is unanswered.
    fn writes(&self) -> bool {
        lock(&self.open).iter().any(|open| open.kind == RequestKind::Modify)
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
struct Unsent {
    socket: Socket,
    discards: AtomicBool,
}

impl Unsent {
    fn discard(&self, discard: bool) {
        // Where a system refuses, closing does as it always did.
        let _ = self.socket.set_linger(discard.then_some(Duration::ZERO));
        self.discards.store(discard, Ordering::Relaxed);
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        if !self.discards.load(Ordering::Relaxed) {
            // A process forked from this one holds the socket too: closing alone would leave it open until that ends.
            let _ = self.socket.shutdown(Shutdown::Both);
        }
    }
}

/// Relays until either side ends, or the server breaks the protocol. Then both sides are closed.
pub(crate) async fn relay(
    server: Connected,
    client: RelayEnd,
    mut own: mpsc::Receiver<OwnRequest>,
    traffic: Arc<Traffic>,
) {
    let unsent = Unsent {
        socket: server.socket,
        discards: AtomicBool::new(false),
    };
    let (mut from_server, mut to_server) = tokio::io::split(server.stream);
    let (mut from_client, mut to_client) = client.into_split();
    let ended = tokio::select! {
        ended = requests(&mut from_client, &mut own, &mut to_server, &traffic, &unsent) => ended,
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

/// Sends whole requests, the LDAP client's and those it never sees, and notes for each what it asks.
async fn requests(
    from: &mut (impl AsyncRead + Unpin),
    own: &mut mpsc::Receiver<OwnRequest>,
    to: &mut (impl AsyncWrite + Unpin),
    traffic: &Traffic,
    unsent: &Unsent,
) -> io::Result<()> {
    let mut frames = Frames::new(DEFAULT_MAX_MESSAGE);
    let mut chunk = vec![0; CHUNK];
    loop {
        tokio::select! {
            read = from.read(&mut chunk) => {
                let read = read?;
                let Some(bytes) = chunk.get(..read).filter(|bytes| !bytes.is_empty()) else {
                    return Ok(());
                };
                frames.push(bytes);
                while let Some(request) = frames.next_frame().map_err(invalid)? {
                    send(request, None, to, traffic, unsent).await?;
                }
            }
            request = own.recv() => {
                let Some(OwnRequest { request, begun, answer }) = request else {
                    return Ok(());
                };
                begun.store(true, Ordering::Release);
                send(&request, Some(answer), to, traffic, unsent).await?;
            }
        }
    }
}

async fn send(
    request: &[u8],
    answer: Option<oneshot::Sender<Answer>>,
    to: &mut (impl AsyncWrite + Unpin),
    traffic: &Traffic,
    unsent: &Unsent,
) -> io::Result<()> {
    let (id, kind) = inspect_request(request).map_err(invalid)?;
    traffic.ask(id, kind, answer)?;
    unsent.discard(traffic.writes());
    to.write_all(request).await?;
    to.flush().await
}

/// Hands on whole answers, each to whoever asked: to the LDAP client only what it can take.
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
            let own = traffic.account_for(&message, frame.len())?;
            unsent.discard(traffic.writes());
            match own {
                Some(answer) => {
                    let (code, text) = read_result(frame).map_err(invalid)?;
                    // Where nobody waits for it any more, it is not needed.
                    let _ = answer.send(Answer { code, text });
                }
                None if message.needs_sanitising => to.write_all(&sanitise(frame)).await?,
                None => to.write_all(frame).await?,
            }
        }
    }
}
