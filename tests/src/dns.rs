//! A DNS server that says what a test wants: a few records over UDP, on loopback.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use hickory_proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{A, SRV};
use hickory_proto::rr::{Name, RData, Record};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// A running server; dropped, it is gone.
#[derive(Debug)]
pub struct FakeDns {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    records: HashMap<String, Vec<RData>>,
    asked: Vec<String>,
    silent: bool,
}

impl FakeDns {
    /// Starts one that knows nothing.
    ///
    /// # Panics
    /// If loopback has no port left.
    pub async fn start() -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a port on loopback");
        let address = socket.local_addr().expect("a bound socket has an address");
        let state = Arc::new(Mutex::new(State::default()));
        let task = tokio::spawn(serve(socket, Arc::clone(&state)));
        Self { address, state, task }
    }

    /// Where it listens, as a setting.
    #[must_use]
    pub fn server(&self) -> String {
        self.address.to_string()
    }

    /// Adds a service record: what `_ldap._tcp.` is put before, and its port and target.
    pub fn service(&self, name: &str, priority: u16, port: u16, target: &str) {
        let target = Name::from_ascii(target).expect("the target is a name");
        self.add(
            &format!("_ldap._tcp.{name}"),
            RData::SRV(SRV::new(priority, 100, port, target)),
        );
    }

    /// Adds an address.
    pub fn host(&self, name: &str, address: IpAddr) {
        let IpAddr::V4(address) = address else { return };
        self.add(name, RData::A(A(address)));
    }

    fn add(&self, name: &str, record: RData) {
        self.with(|state| state.records.entry(name.to_lowercase()).or_default().push(record));
    }

    /// Forgets what it knows of a name.
    pub fn forget(&self, name: &str) {
        self.with(|state| state.records.remove(&name.to_lowercase()));
    }

    /// Answers nothing any more.
    pub fn silence(&self) {
        self.with(|state| state.silent = true);
    }

    /// The names it was asked for.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.with(|state| state.asked.clone())
    }

    fn with<T>(&self, then: impl FnOnce(&mut State) -> T) -> T {
        then(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for FakeDns {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(socket: UdpSocket, state: Arc<Mutex<State>>) {
    let mut buffer = [0; 4096];
    while let Ok((length, client)) = socket.recv_from(&mut buffer).await {
        let Ok(question) = Message::from_vec(&buffer[..length]) else {
            continue;
        };
        let answer = answer(&question, &mut state.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(answer) = answer.and_then(|answer| answer.to_vec().ok()) {
            let _ = socket.send_to(&answer, client).await;
        }
    }
}

fn answer(question: &Message, state: &mut State) -> Option<Message> {
    let query = question.queries.first()?;
    let name = query.name().to_ascii().trim_end_matches('.').to_lowercase();
    state.asked.push(name.clone());
    if state.silent {
        return None;
    }
    let mut answer = Message::new(question.metadata.id, MessageType::Response, OpCode::Query);
    answer.add_query(query.clone());
    let known = state.records.get(&name);
    if known.is_none() {
        answer.metadata.response_code = ResponseCode::NXDomain;
    }
    for record in known
        .into_iter()
        .flatten()
        .filter(|record| record.record_type() == query.query_type())
    {
        answer.add_answer(Record::from_rdata(query.name().clone(), 600, record.clone()));
    }
    Some(answer)
}
