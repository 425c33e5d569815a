//! A private pair of sockets within the process: one end for the LDAP client, which takes only real sockets, the other for the
//! relay. The one place that depends on the platform.

use std::io;
use std::net::{TcpListener, TcpStream};

/// The relay's end.
#[cfg(unix)]
pub(crate) type RelayEnd = tokio::net::UnixStream;
/// The relay's end.
#[cfg(not(unix))]
pub(crate) type RelayEnd = tokio::net::TcpStream;

/// The URL by which the LDAP client takes its end.
pub(crate) const CLIENT_URL: &str = if cfg!(unix) {
    "ldapi://relay"
} else {
    "ldap://localhost"
};

/// A connected pair, which nobody outside the process can reach.
#[cfg(unix)]
pub(crate) fn pair() -> io::Result<(ldap3::StdStream, RelayEnd)> {
    let (client, relay) = std::os::unix::net::UnixStream::pair()?;
    relay.set_nonblocking(true)?;
    Ok((ldap3::StdStream::Unix(client), RelayEnd::from_std(relay)?))
}

/// A connected pair over loopback, where there are no socket pairs. What arrives from anybody else is refused.
#[cfg(not(unix))]
pub(crate) fn pair() -> io::Result<(ldap3::StdStream, RelayEnd)> {
    let (client, relay) = loopback_pair()?;
    relay.set_nonblocking(true)?;
    Ok((ldap3::StdStream::Tcp(client), RelayEnd::from_std(relay)?))
}

/// Connects to a listener of its own, and makes sure that the two ends are each other's.
#[cfg_attr(
    unix,
    allow(
        dead_code,
        reason = "compiled and tested everywhere, used where there are no socket pairs"
    )
)]
fn loopback_pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (relay, peer) = listener.accept()?;
    if peer != client.local_addr()? {
        return Err(io::Error::new(
            io::ErrorKind::ConnectionRefused,
            "somebody else connected",
        ));
    }
    client.set_nodelay(true)?;
    relay.set_nodelay(true)?;
    Ok((client, relay))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    #[test]
    fn the_fallback_pair_is_connected() {
        let (mut a, mut b) = loopback_pair().unwrap();
        a.write_all(b"x").unwrap();
        let mut byte = [0];
        b.read_exact(&mut byte).unwrap();
        assert_eq!(&byte, b"x");
    }
}
