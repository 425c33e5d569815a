//! Serving one client, with the script's reactions in place of the usual where they say so.

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::answer::{self, Answer};
use super::directory::{Caller, Found, Results};
use super::log::{BindSeen, ChangeSeen, Event, ModifySeen, SearchSeen, Seen};
use super::reaction::{Apply, Reaction, Reply, Then};
use super::reply;
use super::request::{Body, Method, Request, START_TLS, WHO_AM_I, decode};
use super::state::State;
use super::when::Point;
use super::wire::{Framed, Incoming};
use super::{NETBIOS, filter, write};

/// What a listener expects of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Plain LDAP, StartTLS on request.
    Ldap,
    /// TLS from the first byte.
    Ldaps,
    /// As `Ldaps`, but the forest's partial replica.
    GlobalCatalog,
}

/// Serves a client until one of both sides ends it.
pub(super) async fn serve(stream: TcpStream, kind: Kind, config: Arc<ServerConfig>, state: Arc<State>) {
    let _ = stream.set_nodelay(true);
    let number = state.opened();
    let _open = Open {
        state: Arc::clone(&state),
        number,
    };
    let caller = Caller {
        global_catalog: kind == Kind::GlobalCatalog,
        ..Caller::default()
    };
    let mut connection = Connection {
        framed: Framed::new(stream),
        number,
        caller,
        config,
        state,
    };
    connection.record(Seen::Connected);
    connection.run(kind).await;
}

/// Counts the connection as open while it lives, also where its task is aborted.
struct Open {
    state: Arc<State>,
    number: u64,
}

impl Drop for Open {
    fn drop(&mut self) {
        let (connection, what) = (self.number, Seen::Closed);
        self.state.record(Event {
            connection,
            encrypted: false,
            message_id: 0,
            controls: Vec::new(),
            what,
        });
        self.state.closed();
    }
}

struct Connection {
    framed: Framed,
    number: u64,
    caller: Caller,
    config: Arc<ServerConfig>,
    state: Arc<State>,
}

/// Whether to go on with the connection.
#[derive(Debug, PartialEq, Eq)]
enum Flow {
    On,
    End,
}

impl Connection {
    async fn run(&mut self, kind: Kind) {
        if self.point(Point::Connect).await == Flow::End {
            return;
        }
        if kind != Kind::Ldap && self.secure().await == Flow::End {
            return;
        }
        let mut message = 1;
        while self.point(Point::Before(message)).await == Flow::On {
            let flow = match self.framed.next().await {
                Incoming::End => Flow::End,
                Incoming::Malformed(why) => self.malformed(why).await,
                Incoming::Message(bytes) => match decode(&bytes) {
                    Ok(request) => self.request(request).await,
                    Err(why) => self.malformed(why).await,
                },
            };
            if flow == Flow::End {
                break;
            }
            message += 1;
        }
        self.framed.close().await;
    }

    async fn secure(&mut self) -> Flow {
        match self.framed.secure(Arc::clone(&self.config)).await {
            Ok((version, server_name)) => {
                self.caller.encrypted = true;
                self.record(Seen::Tls { version, server_name });
                self.point(Point::Secured).await
            }
            Err(error) => {
                self.record(Seen::TlsFailed(error.to_string()));
                Flow::End
            }
        }
    }

    /// A point of the connection's life at which no request is at hand.
    async fn point(&mut self, point: Point) -> Flow {
        let event = self.event(0, Vec::new(), Seen::Connected);
        match self.state.reaction(point, &event) {
            Some(reaction) => self.react(&reaction, None).await,
            None => Flow::On,
        }
    }

    async fn malformed(&mut self, why: String) -> Flow {
        self.record(Seen::Malformed(why));
        let text = "0000203D: LdapErr: DSID-0C09138D, comment: Error decoding ldap message, data 0, v4f7c\0";
        let _ = self.framed.send(&reply::notice(&Answer::new(2, text))).await;
        Flow::End
    }

    async fn request(&mut self, request: Request) -> Flow {
        let event = self.seen(&request);
        self.state.record(event.clone());
        let reaction = self
            .state
            .reaction(Point::Request, &event)
            .unwrap_or_else(Reaction::usual);
        let flow = self.react(&reaction, Some(&request)).await;
        let upgrades = matches!(&request.body, Body::Extended { oid } if oid == START_TLS);
        let usual = matches!(reaction.reply, Reply::Own | Reply::OwnThen(_));
        match request.body {
            Body::Unbind => Flow::End,
            _ if flow == Flow::On && upgrades && usual && !self.framed.encrypted() => self.secure().await,
            _ => flow,
        }
    }

    async fn react(&mut self, reaction: &Reaction, request: Option<&Request>) -> Flow {
        pause(reaction.before).await;
        let own = match (request, reaction.apply) {
            (Some(request), Apply::Yes) => self.apply(request, reaction),
            (Some(request), Apply::Late(after)) => {
                self.apply_later(request.clone(), after);
                Vec::new()
            }
            _ => Vec::new(),
        };
        pause(reaction.pause).await;
        let (id, tag) = request
            .map(|request| (request.id, response_tag(&request.body)))
            .unwrap_or((0, 0x78));
        let bytes = match &reaction.reply {
            Reply::Own => own,
            Reply::OwnThen(more) => [own, more.clone()].concat(),
            Reply::Half => own[..own.len() / 2].to_vec(),
            Reply::Result(answer) => reply::result(id, tag, answer),
            Reply::Raw(raw) => raw.bytes(id, tag),
            Reply::Nothing => Vec::new(),
            Reply::EndlessEntries => return self.endless(id).await,
        };
        if !bytes.is_empty() && self.framed.send(&bytes).await.is_err() {
            return Flow::End;
        }
        match reaction.then {
            Then::GoOn => Flow::On,
            Then::Stall => {
                self.framed.stall().await;
                Flow::End
            }
            Then::Close => {
                self.framed.cut(reaction.reset).await;
                Flow::End
            }
        }
    }

    async fn endless(&mut self, id: u32) -> Flow {
        for count in 0u64.. {
            let dn = format!("CN=entry {count},{}", super::BASE);
            let found = Found {
                dn,
                attributes: vec![("description".to_owned(), vec![vec![b'x'; 1000]])],
            };
            if self.framed.send(&reply::entry(id, &found)).await.is_err() {
                break;
            }
        }
        Flow::End
    }

    fn apply_later(&self, request: Request, after: Duration) {
        let (state, caller) = (Arc::clone(&self.state), self.caller);
        tokio::spawn(async move {
            sleep(after).await;
            if let Body::Modify(modify) = &request.body {
                state.directory().modify(modify, &request.controls, caller);
            }
        });
    }

    /// Lets the request take effect; the reply's bytes come back.
    fn apply(&mut self, request: &Request, reaction: &Reaction) -> Vec<u8> {
        let id = request.id;
        match &request.body {
            Body::Bind { name, method } => reply::result(id, reply::BIND_RESPONSE, &self.bind(name, method)),
            Body::Search(search) => {
                let mut results = self.state.directory().search(search, &request.controls, self.caller);
                edit(&mut results, reaction);
                reply::results(id, &results)
            }
            Body::Modify(modify) => {
                let answer = self.state.directory().modify(modify, &request.controls, self.caller);
                reply::result(id, reply::MODIFY_RESPONSE, &answer)
            }
            Body::Extended { oid } => self.extended(id, oid),
            Body::Other(_) => reply::result(id, response_tag(&request.body), &answer::unwilling("00002035")),
            Body::Unbind | Body::Abandon(_) => Vec::new(),
        }
    }

    fn bind(&mut self, name: &str, method: &Method) -> Answer {
        self.caller.bound = None;
        let mut directory = self.state.directory();
        match method {
            Method::Sasl(_) => Answer::new(
                7,
                "00002027: LdapErr: DSID-0C090E17, comment: Unsupported, data 0, v4f7c\0",
            ),
            Method::Simple(password)
                if !password.is_empty() && !self.caller.encrypted && !directory.options.plain_binds =>
            {
                answer::stronger_needed()
            }
            Method::Simple(password) => {
                let (answer, bound) = directory.bind(name, password);
                self.caller.bound = bound;
                answer
            }
        }
    }

    fn extended(&self, id: u32, oid: &str) -> Vec<u8> {
        match oid {
            START_TLS if self.framed.encrypted() => reply::extended(
                id,
                &answer::service(1, "00002020", "5012 (DIR_ERROR)"),
                Some(START_TLS),
                None,
            ),
            START_TLS => reply::extended(id, &Answer::success(), Some(START_TLS), None),
            WHO_AM_I => {
                let directory = self.state.directory();
                let sam = self
                    .caller
                    .bound
                    .and_then(|bound| directory.entries[bound].text("sAMAccountName"));
                let who = sam.map(|sam| format!("u:{NETBIOS}\\{sam}")).unwrap_or_default();
                reply::extended(id, &Answer::success(), None, Some(&who))
            }
            _ => reply::extended(id, &answer::protocol_error(), None, None),
        }
    }

    fn record(&self, what: Seen) {
        self.state.record(self.event(0, Vec::new(), what));
    }

    fn event(&self, message_id: u32, controls: Vec<super::log::ControlSeen>, what: Seen) -> Event {
        Event {
            connection: self.number,
            encrypted: self.framed.encrypted(),
            message_id,
            controls,
            what,
        }
    }

    /// The request as the log may know it.
    fn seen(&self, request: &Request) -> Event {
        let what = match &request.body {
            Body::Bind { name, method } => Seen::Bind {
                name: name.clone(),
                method: self.bind_seen(name, method),
            },
            Body::Unbind => Seen::Unbind,
            Body::Search(search) => Seen::Search(SearchSeen {
                base: search.base.clone(),
                scope: search.scope,
                filter: filter::text(&search.filter),
                attributes: search.attributes.clone(),
                size_limit: search.size_limit,
                time_limit: search.time_limit,
            }),
            Body::Modify(modify) => Seen::Modify(ModifySeen {
                target: modify.target.clone(),
                changes: modify.changes.iter().map(change_seen).collect(),
            }),
            Body::Extended { oid } => Seen::Extended(oid.clone()),
            Body::Abandon(id) => Seen::Abandon(*id),
            Body::Other(name) => Seen::Other(name),
        };
        self.event(request.id, request.controls.clone(), what)
    }

    fn bind_seen(&self, name: &str, method: &Method) -> BindSeen {
        match method {
            Method::Sasl(mechanism) => BindSeen::Sasl(mechanism.clone()),
            Method::Simple(password) => self.state.directory().judge_password(name, password),
        }
    }
}

async fn pause(time: Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}

fn edit(results: &mut Results, reaction: &Reaction) {
    for found in &mut results.entries {
        reaction.edit.0.iter().for_each(|edit| edit(found));
    }
}

fn change_seen(change: &super::request::Change) -> ChangeSeen {
    ChangeSeen {
        operation: change.operation,
        attribute: change.attribute.clone(),
        values: write::shown(change),
    }
}

/// The tag of the operation that answers.
fn response_tag(body: &Body) -> u8 {
    match body {
        Body::Bind { .. } => reply::BIND_RESPONSE,
        Body::Search(_) => reply::SEARCH_DONE,
        Body::Modify(_) => reply::MODIFY_RESPONSE,
        Body::Other("add") => 0x69,
        Body::Other("delete") => 0x6b,
        Body::Other("modify DN") => 0x6d,
        Body::Other(_) => 0x6f,
        Body::Extended { .. } | Body::Unbind | Body::Abandon(_) => reply::EXTENDED_RESPONSE,
    }
}
