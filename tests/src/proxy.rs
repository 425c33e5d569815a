//! A TCP proxy that makes the network fail, between a client and any real server.
//!
//! It cannot read TLS, but it sees its records, and places faults by counting those of application data: "after the
//! client's third record, before the server's answer to it". TLS 1.3 disguises the end of its handshake as application
//! data, so that the same operation takes more records there: [`Proxy::calibrate`] tells how many. Bytes before the
//! first TLS record, as StartTLS sends them, pass uncounted.
//!
//! ```
//! use std::time::Duration;
//! use testkit::proxy::{At, Fault, Plan, Proxy};
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! # let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
//! let proxy = Proxy::start(server).await;
//! let (_, clean) = proxy.calibrate(async { /* one operation through proxy.address() */ }).await;
//! for record in 1..=clean.client_records(1) {
//!     proxy.plan(Plan::new().on(At::client(record), Fault::CutBeforeReply));
//!     // ... the operation again: what does it make of the cut? ...
//!     assert!(proxy.all_closed_within(Duration::from_secs(1)).await);
//! }
//! # }
//! ```

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

mod control;
mod plan;
mod record;
mod relay;

pub use control::{Passed, Traffic};
pub use plan::{At, Fault, Plan, Side};
pub use record::Kind;

use control::Control;

/// How long after an operation a calibration still counts: a goodbye may be on its way.
const AFTERMATH: Duration = Duration::from_millis(300);

/// A running proxy; dropping it stops it and cuts its connections.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    control: Arc<Control>,
    commands: mpsc::UnboundedSender<(Command, oneshot::Sender<()>)>,
    listener: JoinHandle<()>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Command {
    Refuse,
    Accept,
}

impl Proxy {
    /// Starts forwarding a free port of 127.0.0.1 to `upstream`.
    ///
    /// # Panics
    /// Where it cannot listen.
    pub async fn start(upstream: SocketAddr) -> Proxy {
        Self::start_on(Ipv4Addr::LOCALHOST.into(), upstream).await
    }

    /// Starts forwarding a free port of a loopback address to `upstream`: of the server's own, where its certificate is
    /// for that address.
    ///
    /// # Panics
    /// Where it cannot listen, or the address is no loopback one.
    pub async fn start_on(address: IpAddr, upstream: SocketAddr) -> Proxy {
        assert!(address.is_loopback(), "a test server listens on loopback only");
        let listener = TcpListener::bind((address, 0)).await.expect("a free loopback port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let control = Arc::new(Control::new(upstream));
        let (commands, received) = mpsc::unbounded_channel();
        let listener = tokio::spawn(listen(listener, address, received, Arc::clone(&control)));
        Proxy {
            address,
            control,
            commands,
            listener,
        }
    }

    /// Where the client is to connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Arms a plan in place of the one there was, and counts connections and records from one again. A connection that
    /// is open already counts as a new one from its next byte on.
    pub fn plan(&self, plan: Plan) {
        self.control.arm(plan);
    }

    /// Refuses connections until [`Proxy::accept`]: nothing listens on the port.
    pub async fn refuse(&self) {
        self.command(Command::Refuse).await;
    }

    /// Listens again.
    pub async fn accept(&self) {
        self.command(Command::Accept).await;
    }

    async fn command(&self, command: Command) {
        let (done, wait) = oneshot::channel();
        let _ = self.commands.send((command, done));
        let _ = wait.await;
    }

    /// Runs one operation without faults, and says what passed.
    pub async fn calibrate<T>(&self, operation: impl Future<Output = T>) -> (T, Traffic) {
        self.plan(Plan::new());
        let outcome = operation.await;
        sleep(AFTERMATH).await;
        (outcome, self.traffic())
    }

    /// What passed since the plan was armed.
    pub fn traffic(&self) -> Traffic {
        self.control.traffic()
    }

    /// How many of the plan's faults struck.
    pub fn struck(&self) -> usize {
        self.control.struck()
    }

    /// How many clients are connected.
    pub fn open(&self) -> usize {
        self.control.open()
    }

    /// How many connections there were, refused ones not counted.
    pub fn accepted(&self) -> usize {
        self.control.accepted()
    }

    /// Waits until no client is connected; false where one still is after `time`.
    pub async fn all_closed_within(&self, time: Duration) -> bool {
        let closed = async {
            while self.open() > 0 {
                sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(time, closed).await.is_ok()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

async fn listen(
    listener: TcpListener,
    address: SocketAddr,
    mut commands: mpsc::UnboundedReceiver<(Command, oneshot::Sender<()>)>,
    control: Arc<Control>,
) {
    let mut relays = JoinSet::new();
    let mut listener = Some(listener);
    loop {
        let accepted = async {
            match &listener {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some((command, done)) = commands.recv() => {
                listener = match (command, listener) {
                    (Command::Refuse, _) => None,
                    (Command::Accept, Some(listener)) => Some(listener),
                    (Command::Accept, None) => TcpListener::bind(address).await.ok(),
                };
                let _ = done.send(());
            }
            Ok((client, _)) = accepted => {
                relays.spawn(relay::run(client, Arc::clone(&control)));
            }
            Some(_) = relays.join_next() => {}
        }
    }
}
