//! Reads one whole LDAP message from a stream, and not a byte beyond it.

use super::frame::frame_length;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Reads a message of at most `max` bytes. It may come from a peer that nobody has authenticated: no more is buffered than
/// what was announced, and nothing is announced that is not bounded.
///
/// # Errors
/// `InvalidData` where the bytes are not an LDAP message of that size; else as the stream fails.
pub(crate) async fn read_message(stream: &mut (impl AsyncRead + Unpin), max: usize) -> io::Result<Vec<u8>> {
    let mut message = Vec::new();
    loop {
        let announced = match frame_length(&message, max) {
            Ok(Some(_)) => return Ok(message),
            Ok(None) => missing(&message),
            Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
        };
        let have = message.len();
        message.resize(have + announced, 0);
        stream.read_exact(message.get_mut(have..).unwrap_or_default()).await?;
    }
}

/// How many bytes are sure to follow: the header first, then what it announces.
fn missing(message: &[u8]) -> usize {
    match *message {
        [] | [_] => 2 - message.len(),
        [_, short] if short < 0x80 => usize::from(short),
        [_, long] => usize::from(long & 0x7f),
        [_, _, ref length @ ..] => length.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(mut bytes: &[u8]) -> io::Result<(Vec<u8>, usize)> {
        let message = read_message(&mut bytes, 300).await?;
        Ok((message, bytes.len()))
    }

    #[tokio::test]
    async fn exactly_one_message_is_read() {
        for message in [
            &b"\x30\x00"[..],
            b"\x30\x03abc",
            b"\x30\x81\x03abc",
            b"\x30\x84\0\0\0\x03abc",
        ] {
            let stream = [message, b"rest"].concat();
            assert_eq!(read(&stream).await.unwrap(), (message.to_vec(), 4));
        }
    }

    #[tokio::test]
    async fn what_is_no_message_or_too_long_is_refused() {
        for (stream, kind) in [
            (&b"HTTP/1.1"[..], io::ErrorKind::InvalidData),
            (b"\x30\x80\0\0", io::ErrorKind::InvalidData),
            (b"\x30\x84\xff\xff\xff\xff", io::ErrorKind::InvalidData),
            (b"\x30\x82\x01\x30", io::ErrorKind::InvalidData),
            (b"\x30\x05abc", io::ErrorKind::UnexpectedEof),
            (b"\x30", io::ErrorKind::UnexpectedEof),
        ] {
            assert_eq!(read(stream).await.unwrap_err().kind(), kind, "{stream:?}");
        }
    }
}
