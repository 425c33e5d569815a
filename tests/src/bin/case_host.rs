//! Runs the table of behaviour over another language's package, which leads: JSON lines on stdin and stdout.
//!
//!     case_host BACKEND...      with mock, mock_stated, samba_4_17 and samba_4_24 for BACKEND
//!
//! The other side sends `{"list": {}}` and gets `{"cases": [{"backend", "case"}, ...]}`: every case that applies, of a live server's
//! a fixed third unless `PASSWORD_WRITEBACK_TESTS=full`. It sends `{"run": {"backend", "case"}}` and is then sent commands, each of
//! which it answers with one line, until `{"done": null}`, or a text in place of the null that says what was not as expected.
//! The README beside the cases lists the commands. At the end of stdin the servers are stopped.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use testkit::cases::{Backend, Case, Foreign, Live, Mock, Topic, Wire, load, run};
use testkit::samba::{Release, require};

/// What the other side may ask for.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Request {
    List {},
    Run { backend: String, case: String },
}

#[tokio::main]
async fn main() -> ExitCode {
    let topics = match load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")) {
        Ok(topics) => topics,
        Err(error) => {
            eprintln!("the table cannot be read: {error}");
            return ExitCode::from(2);
        }
    };
    let mut host = Host {
        topics,
        backends: Vec::new(),
        servers: Vec::new(),
    };
    for name in std::env::args().skip(1) {
        if let Err(error) = host.add(&name) {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    }
    let served = host.serve().await;
    for server in &host.servers {
        server.stop().await;
    }
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The table, and what it is run over.
struct Host {
    topics: Vec<Topic>,
    backends: Vec<Foreign>,
    servers: Vec<Live>,
}

impl Host {
    fn add(&mut self, name: &str) -> Result<(), String> {
        let release = match name {
            "mock" => {
                self.backends.push(Foreign::mock(Mock::Windows, Arc::new(Lines)));
                return Ok(());
            }
            "mock_stated" => {
                self.backends.push(Foreign::mock(Mock::Stated, Arc::new(Lines)));
                return Ok(());
            }
            "samba_4_17" => Release::V4_17,
            "samba_4_24" => Release::V4_24,
            _ => return Err(format!("no backend is called {name:?}")),
        };
        // Where it is not installed, this has said so.
        if let Some(release) = require(release) {
            let live = Live::new(release);
            self.servers.push(live.clone());
            self.backends.push(Foreign::live(live, Arc::new(Lines)));
        }
        Ok(())
    }

    fn cases(&self) -> impl Iterator<Item = &Case> {
        self.topics.iter().flat_map(|topic| &topic.cases)
    }

    async fn serve(&self) -> Result<(), String> {
        while let Some(line) = tokio::task::block_in_place(read_line)? {
            let answer = match Request::deserialize(&line).map_err(|error| format!("{line}: {error}"))? {
                Request::List {} => json!({"cases": self.list()}),
                Request::Run { backend, case } => {
                    let found = self.find(&backend, &case);
                    let (backend, case) = found.ok_or_else(|| format!("there is no {case} on {backend}"))?;
                    json!({"done": run(case, backend).await.err()})
                }
            };
            write_line(&answer)?;
        }
        Ok(())
    }

    fn list(&self) -> Vec<Value> {
        let full = std::env::var("PASSWORD_WRITEBACK_TESTS").is_ok_and(|tests| tests == "full");
        let mut list = Vec::new();
        for backend in &self.backends {
            let live = self.servers.iter().any(|server| server.name() == backend.name());
            for case in self.cases().filter(|case| applies(case, backend)) {
                if !live || full || in_the_third(&case.name) {
                    list.push(json!({"backend": backend.name(), "case": case.name}));
                }
            }
        }
        list
    }

    fn find(&self, backend: &str, case: &str) -> Option<(&Foreign, &Case)> {
        let backend = self.backends.iter().find(|known| known.name() == backend)?;
        let case = self.cases().find(|known| known.name == case)?;
        Some((backend, case))
    }
}

fn applies(case: &Case, backend: &Foreign) -> bool {
    case.needs.iter().all(|needed| backend.capabilities().contains(needed))
}

/// The same third each time, whatever cases come or go beside it.
fn in_the_third(name: &str) -> bool {
    name.bytes().map(u32::from).sum::<u32>().is_multiple_of(3)
}

/// The other side, at the other end of this process's stdin and stdout.
#[derive(Debug)]
struct Lines;

#[async_trait]
impl Wire for Lines {
    async fn ask(&self, command: Value) -> Result<Value, String> {
        tokio::task::block_in_place(|| {
            write_line(&command)?;
            read_line()?.ok_or_else(|| "the other side has gone".to_owned())
        })
    }
}

fn read_line() -> Result<Option<Value>, String> {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    match read.map_err(|error| error.to_string())? {
        0 => Ok(None),
        _ => serde_json::from_str(&line).map(Some).map_err(|error| error.to_string()),
    }
}

fn write_line(value: &Value) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}")
        .and_then(|()| out.flush())
        .map_err(|error| error.to_string())
}
