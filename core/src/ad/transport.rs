//! An authenticated, encrypted stream to one domain controller, before any LDAP library sees a byte.

use super::config::{Address, Security};
use super::frame::{Message, ResponseKind, inspect};
use super::message::read_message;
use super::tls::handshake_error;
use crate::error::{Code, Error, Reason};
use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, ServerName};
use socket2::{SockRef, Socket};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A stream, and the address it leads to.
pub(crate) struct Connected {
    pub(crate) stream: TlsStream<TcpStream>,
    /// A second handle of its socket.
    pub(crate) socket: Socket,
    pub(crate) peer: SocketAddr,
}

impl Connected {
    /// The certificate that the server showed.
    pub(crate) fn certificate(&self) -> Option<&CertificateDer<'static>> {
        let (_, session) = self.stream.get_ref();
        session.peer_certificates()?.first()
    }
}

/// Connects and finishes the handshake by `until`. `peers`, where there are any, are dialled in turn instead of what the name
/// resolves to now; the certificate must be for the name all the same.
pub(crate) async fn connect(
    address: &Address,
    peers: &[SocketAddr],
    config: &Arc<ClientConfig>,
    until: Instant,
) -> Result<Connected, Error> {
    timeout_at(until, async {
        let mut stream = dial(address, peers).await?;
        let peer = stream.peer_addr().map_err(|_| broken(address, "was lost at once"))?;
        if address.security == Security::StartTls {
            start_tls(&mut stream, address).await?;
        }
        let socket = SockRef::from(&stream)
            .try_clone()
            .map_err(|_| broken(address, "was lost at once"))?;
        let stream = handshake(stream, address, config).await?;
        Ok(Connected { stream, socket, peer })
    })
    .await
    .unwrap_or_else(|_| Err(broken(address, "was not made in time")))
}

async fn dial(address: &Address, peers: &[SocketAddr]) -> Result<TcpStream, Error> {
    let dialled = match peers {
        [] => TcpStream::connect((address.host.as_str(), address.port)).await,
        peers => TcpStream::connect(peers).await,
    };
    let stream = dialled.map_err(|error| broken(address, &format!("failed: {}", error.kind())))?;
    // Without it, each small request waits some 40 ms for the acknowledgement of the last.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

async fn handshake(
    stream: TcpStream,
    address: &Address,
    config: &Arc<ClientConfig>,
) -> Result<TlsStream<TcpStream>, Error> {
    let name = ServerName::try_from(address.host.clone()).map_err(|_| {
        Error::new(
            Code::Configuration,
            format!("servers: {address} has no valid host name"),
        )
    })?;
    TlsConnector::from(Arc::clone(config))
        .connect(name, stream)
        .await
        .map_err(|error| {
            handshake_error(&error, &address.host).unwrap_or_else(|| broken(address, "broke during the TLS handshake"))
        })
}

/// The StartTLS request (RFC 4511 4.14.1): message 1, extended operation 1.3.6.1.4.1.1466.20037.
const START_TLS_REQUEST: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";

/// The longest reply to it that is read. It comes from an unauthenticated peer.
const LONGEST_REPLY: usize = 4096;

/// Asks for TLS. Exactly the reply is read: bytes behind it, injected before the handshake, would not be TLS and fail there.
async fn start_tls(stream: &mut TcpStream, address: &Address) -> Result<(), Error> {
    let lost = |error: io::Error| match error.kind() {
        io::ErrorKind::InvalidData => malformed(address),
        _ => broken(address, "broke during StartTLS"),
    };
    stream.write_all(START_TLS_REQUEST).await.map_err(lost)?;
    let reply = read_message(stream, LONGEST_REPLY).await.map_err(lost)?;
    match inspect(&reply) {
        Ok(Message {
            id: 1,
            kind: ResponseKind::Extended,
            result_code: Some(code),
            ..
        }) => match code {
            0 => Ok(()),
            _ => Err(
                Error::new(Code::InsecureChannel, format!("{} refused StartTLS", address.host))
                    .with_reason(Reason::StartTlsRefused)
                    .with_result(code, None),
            ),
        },
        _ => Err(malformed(address)),
    }
}

fn broken(address: &Address, how: &str) -> Error {
    Error::new(Code::Unreachable, format!("the connection to {address} {how}"))
}

fn malformed(address: &Address) -> Error {
    Error::new(
        Code::MalformedReply,
        format!("{address} answered StartTLS with something that is not LDAP"),
    )
}
