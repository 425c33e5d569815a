//! An authenticated, encrypted stream to one domain controller, before any LDAP library sees a byte.

use super::config::{Address, Security};
use super::tls::handshake_error;
use crate::error::{Code, Error, Reason};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use socket2::{SockRef, Socket};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
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

/// Connects and finishes the handshake by `until`. A `peer` given is dialled instead of what the name resolves to now; the
/// certificate must be for the name all the same.
pub(crate) async fn connect(
    address: &Address,
    peer: Option<SocketAddr>,
    config: &Arc<ClientConfig>,
    until: Instant,
) -> Result<Connected, Error> {
    timeout_at(until, async {
        let mut stream = dial(address, peer).await?;
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

async fn dial(address: &Address, peer: Option<SocketAddr>) -> Result<TcpStream, Error> {
    let dialled = match peer {
        Some(peer) => TcpStream::connect(peer).await,
        None => TcpStream::connect((address.host.as_str(), address.port)).await,
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
    let lost = |_| broken(address, "broke during StartTLS");
    stream.write_all(START_TLS_REQUEST).await.map_err(lost)?;
    let mut head = [0; 2];
    stream.read_exact(&mut head).await.map_err(lost)?;
    let length = match head {
        [0x30, short @ 0..=0x7f] => usize::from(short),
        [0x30, long @ 0x81..=0x84] => long_length(stream, usize::from(long & 0x7f)).await.map_err(lost)?,
        _ => return Err(malformed(address)),
    };
    if length > LONGEST_REPLY {
        return Err(malformed(address));
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.map_err(lost)?;
    match start_tls_result(&body) {
        Some(0) => Ok(()),
        Some(code) => Err(
            Error::new(Code::InsecureChannel, format!("{} refused StartTLS", address.host))
                .with_reason(Reason::StartTlsRefused)
                .with_result(code, None),
        ),
        None => Err(malformed(address)),
    }
}

/// A length in the long form (X.690 8.1.3.5).
async fn long_length(stream: &mut TcpStream, octets: usize) -> std::io::Result<usize> {
    let mut length = 0usize;
    for _ in 0..octets {
        length = (length << 8) | usize::from(stream.read_u8().await?);
    }
    Ok(length)
}

/// The result code of an ExtendedResponse to message 1: `02 01 01`, `78 len`, `0a 01 code`.
fn start_tls_result(body: &[u8]) -> Option<u32> {
    let rest = body.strip_prefix(&[0x02, 0x01, 0x01, 0x78])?;
    let rest = match rest {
        [0..=0x7f, rest @ ..] => rest,
        [long @ 0x81..=0x84, rest @ ..] => rest.get(usize::from(long & 0x7f)..)?,
        _ => return None,
    };
    match rest.strip_prefix(&[0x0a, 0x01])? {
        [code, ..] => Some(u32::from(*code)),
        [] => None,
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

    #[test]
    fn start_tls_replies_are_read() {
        assert_eq!(
            start_tls_result(b"\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"),
            Some(0)
        );
        assert_eq!(
            start_tls_result(b"\x02\x01\x01\x78\x84\0\0\0\x07\x0a\x01\x34\x04\x00\x04\x00"),
            Some(52)
        );
        assert_eq!(start_tls_result(b"\x02\x01\x02\x78\x07\x0a\x01\x00"), None);
        assert_eq!(start_tls_result(b"\x02\x01\x01\x78\x84"), None);
        assert_eq!(start_tls_result(b""), None);
    }
}
