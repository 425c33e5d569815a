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
use tokio::net::{TcpStream, lookup_host};
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
        let mut stream = dial(address, peers, until).await?;
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

async fn dial(address: &Address, peers: &[SocketAddr], until: Instant) -> Result<TcpStream, Error> {
    let failed = |error: io::Error| broken(address, &format!("failed: {}", error.kind()));
    let resolved: Vec<_> = match peers {
        [] => lookup_host((address.host.as_str(), address.port))
            .await
            .map_err(failed)?
            .collect(),
        peers => peers.to_vec(),
    };
    let stream = dial_in_turn(&resolved, until).await.map_err(failed)?;
    // Without it, each small request waits some 40 ms for the acknowledgement of the last.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// The first of these addresses that takes a connection. None takes the time of those after it: a name may lead to one that is dead, or
/// that this machine has no way to.
pub(super) async fn dial_in_turn(peers: &[SocketAddr], until: Instant) -> io::Result<TcpStream> {
    let mut failure = io::Error::from(io::ErrorKind::NotFound);
    for (nth, peer) in peers.iter().enumerate() {
        match timeout_at(turn(until, peers.len() - nth), TcpStream::connect(peer)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failure = error,
            Err(_) => failure = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(failure)
}

/// Until when one of so many that are left may take, that all have to be tried by `until`.
pub(super) fn turn(until: Instant, left: usize) -> Instant {
    let now = Instant::now();
    let share = until.saturating_duration_since(now) / u32::try_from(left).unwrap_or(u32::MAX).max(1);
    now + share
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

#[cfg(test)]
mod tests {
    use super::*;
    use socket2::{Domain, Type};
    use std::time::Duration;

    /// A port that swallows what would open a connection, as one behind a firewall does: its queue is full.
    fn silent() -> (Vec<Socket>, SocketAddr) {
        let open = || Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let listener = open();
        listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let mut all = vec![listener];
        for _ in 0..4 {
            let client = open();
            client.set_nonblocking(true).unwrap();
            let _ = client.connect(&address);
            all.push(client);
        }
        (all, address.as_socket().unwrap())
    }

    #[tokio::test]
    async fn an_address_that_is_silent_leaves_time_for_the_next() {
        let (_held, dead) = silent();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let alive = listener.local_addr().unwrap();
        let until = || Instant::now() + Duration::from_secs(4);
        let stream = dial_in_turn(&[dead, alive], until()).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), alive);
        let alone = dial_in_turn(&[dead], Instant::now() + Duration::from_millis(300)).await;
        assert_eq!(alone.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(dial_in_turn(&[], until()).await.is_err());
    }
}
