//! One client's connection: plain or TLS, messages in and bytes out, and the ways to end it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::ber;

/// The longest request taken.
const LIMIT: usize = 16 << 20;
/// How long a closing server waits for the client to go, so that unread bytes do not turn its end into a reset.
const LINGER: Duration = Duration::from_millis(500);

pub(super) enum Wire {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    Gone,
}

pub(super) struct Framed {
    pub wire: Wire,
    buffer: Vec<u8>,
}

/// What reading brought.
pub(super) enum Incoming {
    Message(Vec<u8>),
    Malformed(String),
    End,
}

impl Framed {
    pub(super) fn new(stream: TcpStream) -> Self {
        Framed {
            wire: Wire::Plain(stream),
            buffer: Vec::new(),
        }
    }

    pub(super) fn encrypted(&self) -> bool {
        matches!(self.wire, Wire::Tls(_))
    }

    /// Runs the server's side of a TLS handshake on the plain connection.
    ///
    /// Bytes that the client sent too early count as part of the handshake, and spoil it.
    pub(super) async fn secure(&mut self, config: Arc<ServerConfig>) -> io::Result<(String, Option<String>)> {
        let Wire::Plain(stream) = std::mem::replace(&mut self.wire, Wire::Gone) else {
            return Err(io::Error::other("TLS is up already"));
        };
        let tls = TlsAcceptor::from(config).accept(stream).await?;
        let (_, session) = tls.get_ref();
        let version = session
            .protocol_version()
            .and_then(|version| version.as_str())
            .unwrap_or_default()
            .to_owned();
        let name = session.server_name().map(str::to_owned);
        self.wire = Wire::Tls(Box::new(tls));
        Ok((version, name))
    }

    /// The next message.
    pub(super) async fn next(&mut self) -> Incoming {
        loop {
            match ber::element_length(&self.buffer, LIMIT) {
                Err(why) => return Incoming::Malformed(why.to_owned()),
                Ok(Some(length)) if self.buffer.len() >= length => {
                    let rest = self.buffer.split_off(length);
                    return Incoming::Message(std::mem::replace(&mut self.buffer, rest));
                }
                Ok(_) => {}
            }
            match self.read().await {
                Ok(0) | Err(_) => return Incoming::End,
                Ok(_) => {}
            }
        }
    }

    async fn read(&mut self) -> io::Result<usize> {
        match &mut self.wire {
            Wire::Plain(stream) => stream.read_buf(&mut self.buffer).await,
            Wire::Tls(stream) => stream.read_buf(&mut self.buffer).await,
            Wire::Gone => Ok(0),
        }
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.wire {
            Wire::Plain(stream) => stream.write_all(bytes).await,
            Wire::Tls(stream) => {
                stream.write_all(bytes).await?;
                stream.flush().await
            }
            Wire::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Sends nothing more, and waits until the client goes.
    pub(super) async fn stall(&mut self) {
        loop {
            self.buffer.clear();
            if matches!(self.read().await, Ok(0) | Err(_)) {
                return;
            }
        }
    }

    /// Ends the connection without TLS's goodbye: by a reset, or in TCP's order.
    pub(super) async fn cut(&mut self, reset: bool) {
        let stream = match std::mem::replace(&mut self.wire, Wire::Gone) {
            Wire::Plain(stream) => stream,
            Wire::Tls(stream) => stream.into_inner().0,
            Wire::Gone => return,
        };
        if reset {
            let _ = stream.set_zero_linger();
            return;
        }
        let mut stream = stream;
        let _ = stream.shutdown().await;
        let mut sink = [0; 4096];
        let drained = async { while !matches!(stream.read(&mut sink).await, Ok(0) | Err(_)) {} };
        let _ = tokio::time::timeout(LINGER, drained).await;
    }

    /// Ends the connection as an orderly server does.
    pub(super) async fn close(&mut self) {
        if let Wire::Tls(stream) = &mut self.wire {
            let _ = stream.shutdown().await;
        }
        self.cut(false).await;
    }
}
