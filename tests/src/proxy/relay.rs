//! One connection through the proxy.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{sleep, timeout};

use super::control::{Connected, Control, Place};
use super::plan::{Fault, Side};
use super::record::{Chunk, Kind, Reader};

/// Forwards between a client and the server until one of both, or the plan, ends it.
pub(super) async fn run(client: TcpStream, control: Arc<Control>) {
    let connected = control.connected();
    let _ = client.set_nodelay(true);
    let plan = control.plan();
    if plan.silent {
        let mut client = client;
        discard(&mut client).await;
        return;
    }
    let Ok(server) = TcpStream::connect(control.upstream).await else {
        return;
    };
    let _ = server.set_nodelay(true);
    let mut place = Place::default();
    control.enter(&mut place);
    let relay = Relay {
        client: Ends::new(client),
        server: Ends::new(server),
        place,
        awaiting: None,
    };
    relay.run(&control, connected).await;
}

struct Ends {
    reader: Reader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    ended: bool,
}

impl Ends {
    fn new(stream: TcpStream) -> Self {
        let (reader, writer) = stream.into_split();
        Ends {
            reader: Reader::new(reader),
            writer,
            ended: false,
        }
    }
}

struct Relay {
    client: Ends,
    server: Ends,
    place: Place,
    /// The side whose next record is to be cut off.
    awaiting: Option<Side>,
}

/// How a connection ends before its time.
enum End {
    Cut { then_deliver: Option<(Duration, Vec<u8>)> },
    Stall,
}

impl Relay {
    async fn run(mut self, control: &Control, connected: Connected<'_>) {
        let mut connected = Some(connected);
        while !(self.client.ended && self.server.ended) {
            let (side, read) = tokio::select! {
                // What a client sends before it reads comes before the answer, also where both are there already.
                biased;
                read = self.client.reader.next(), if !self.client.ended => (Side::Client, read),
                read = self.server.reader.next(), if !self.server.ended => (Side::Server, read),
            };
            let end = match read {
                Ok(Some(chunk)) => self.pass(control, side, chunk).await,
                Ok(None) => {
                    if side == Side::Client {
                        // It has gone, though a server that stands still may not have noticed.
                        connected = None;
                    }
                    self.ended(side).await
                }
                Err(_) => return,
            };
            match end {
                Ok(None) => {}
                Ok(Some(end)) => return self.end(control, end, connected).await,
                Err(_) => return,
            }
        }
    }

    async fn ended(&mut self, side: Side) -> io::Result<Option<End>> {
        let (from, to) = self.ends(side);
        from.ended = true;
        to.writer.shutdown().await?;
        Ok(None)
    }

    fn ends(&mut self, from: Side) -> (&mut Ends, &mut Ends) {
        match from {
            Side::Client => (&mut self.client, &mut self.server),
            Side::Server => (&mut self.server, &mut self.client),
        }
    }

    async fn pass(&mut self, control: &Control, side: Side, mut chunk: Chunk) -> io::Result<Option<End>> {
        let fault = control.note(&mut self.place, side, chunk.kind, chunk.bytes.len());
        let cut = Ok(Some(End::Cut { then_deliver: None }));
        if self.awaiting == Some(side) && chunk.kind == Kind::Application {
            return cut;
        }
        sleep(control.plan().delay(side)).await;
        match fault {
            Some(Fault::CutBefore) => return cut,
            Some(Fault::CutThenDeliver(time)) => {
                return Ok(Some(End::Cut {
                    then_deliver: Some((time, chunk.bytes)),
                }));
            }
            Some(Fault::Stall) => return Ok(Some(End::Stall)),
            Some(Fault::Swallow) => return Ok(None),
            Some(Fault::Hold(time)) => sleep(time).await,
            Some(Fault::Truncate(bytes)) => chunk.bytes.truncate(bytes),
            Some(Fault::Corrupt(at)) => corrupt(&mut chunk.bytes, at),
            Some(Fault::Duplicate) => chunk.bytes.extend_from_within(..),
            Some(Fault::CutBeforeReply) => self.awaiting = Some(other(side)),
            Some(Fault::CutAfter | Fault::StallAfter) | None => {}
        }
        self.ends(side).1.writer.write_all(&chunk.bytes).await?;
        match fault {
            Some(Fault::CutAfter | Fault::Truncate(_)) => cut,
            Some(Fault::StallAfter) => Ok(Some(End::Stall)),
            _ => Ok(None),
        }
    }

    async fn end(self, control: &Control, end: End, connected: Option<Connected<'_>>) {
        let Relay {
            mut client, mut server, ..
        } = self;
        match end {
            End::Stall => drain(&mut client.reader).await,
            End::Cut { then_deliver } => {
                let plan = control.plan();
                cut(client, plan.reset);
                drop(connected);
                if let Some((time, record)) = then_deliver {
                    sleep(time).await;
                    let _ = server.writer.write_all(&record).await;
                }
                let _ = timeout(plan.linger, drain(&mut server.reader)).await;
            }
        }
    }
}

fn other(side: Side) -> Side {
    match side {
        Side::Client => Side::Server,
        Side::Server => Side::Client,
    }
}

/// Closes both halves; unread bytes may turn the orderly end into a reset, as they would anywhere.
fn cut(client: Ends, reset: bool) {
    if reset {
        let _ = client.writer.as_ref().set_zero_linger();
    }
}

fn corrupt(bytes: &mut [u8], at: usize) {
    const HEADER: usize = 5;
    let body = bytes.len().saturating_sub(HEADER);
    if body > 0 {
        bytes[HEADER + at % body] ^= 0xff;
    }
}

async fn drain(reader: &mut Reader<OwnedReadHalf>) {
    while let Ok(Some(_)) = reader.next().await {}
}

async fn discard(stream: &mut TcpStream) {
    let mut sink = [0; 4096];
    while !matches!(stream.read(&mut sink).await, Ok(0) | Err(_)) {}
}
