//! Cutting a byte stream into TLS records (RFC 8446 5.1) without reading them.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// What a chunk of the stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A TLS record of application data.
    Application,
    /// Any other TLS record.
    Other,
    /// Bytes outside TLS.
    Plain,
}

/// A piece of the stream that is forwarded as one.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) kind: Kind,
    pub(super) bytes: Vec<u8>,
}

/// Reads chunks. `next` may be dropped and called again: what was read stays.
#[derive(Debug)]
pub(super) struct Reader<R> {
    stream: R,
    buffer: Vec<u8>,
}

const HEADER: usize = 5;
const APPLICATION_DATA: u8 = 23;

impl<R: AsyncRead + Unpin> Reader<R> {
    pub(super) fn new(stream: R) -> Self {
        Reader {
            stream,
            buffer: Vec::new(),
        }
    }

    /// The next chunk; `None` at the end of the stream.
    pub(super) async fn next(&mut self) -> io::Result<Option<Chunk>> {
        loop {
            if let Some(chunk) = self.take() {
                return Ok(Some(chunk));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                let bytes = std::mem::take(&mut self.buffer);
                return Ok((!bytes.is_empty()).then_some(Chunk {
                    kind: Kind::Plain,
                    bytes,
                }));
            }
        }
    }

    fn take(&mut self) -> Option<Chunk> {
        let first = *self.buffer.first()?;
        let tls = (20..=24).contains(&first) && self.buffer.get(1).is_none_or(|major| *major == 3);
        if !tls {
            return Some(Chunk {
                kind: Kind::Plain,
                bytes: std::mem::take(&mut self.buffer),
            });
        }
        let length = self.buffer.get(3..HEADER)?;
        let whole = HEADER + usize::from(u16::from_be_bytes([length[0], length[1]]));
        if self.buffer.len() < whole {
            return None;
        }
        let rest = self.buffer.split_off(whole);
        let bytes = std::mem::replace(&mut self.buffer, rest);
        let kind = if first == APPLICATION_DATA {
            Kind::Application
        } else {
            Kind::Other
        };
        Some(Chunk { kind, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn plain_bytes_and_records_come_apart() {
        let stream: &[u8] = &[22, 3, 1, 0, 2, 9, 9, 23, 3, 3, 0, 1, 7, 0x30, 5];
        let mut reader = Reader::new(stream);
        let mut seen = Vec::new();
        while let Some(chunk) = reader.next().await.unwrap() {
            seen.push((chunk.kind, chunk.bytes.len()));
        }
        assert_eq!(seen, [(Kind::Other, 7), (Kind::Application, 6), (Kind::Plain, 2)]);
    }
}
