//! The process that reads and writes the directory's database from inside the chroot.
//!
//! A thread of its own speaks to it, so that tests with an async runtime each can share one.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;

use serde::Deserialize;
use serde_json::{Value as Json, json};
use tokio::sync::oneshot;

use super::{Error, Result};

/// The script, to be copied to where the chroot can see it.
pub(super) const SCRIPT: &str = include_str!("../../samba/directory.py");

struct Request {
    line: String,
    reply: oneshot::Sender<Result<Json>>,
}

/// A handle on the process, which ends when the last handle is dropped.
#[derive(Debug)]
pub(super) struct Helper {
    requests: mpsc::Sender<Request>,
}

#[derive(Deserialize)]
struct Answer {
    ok: Option<Json>,
    error: Option<String>,
    code: Option<u32>,
}

impl Helper {
    /// Starts the script `script` for the server with the settings of `config`, paths inside `root`.
    pub(super) fn start(root: &Path, script: &str, config: &str, log: std::fs::File) -> Result<Self> {
        let mut process = Command::new("chroot")
            .arg(root)
            .args(["/usr/bin/python3", script, config])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(|error| Error::doing("starting the directory helper", error))?;
        let (Some(mut stdin), Some(stdout)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(Error::Kit("starting the directory helper: no pipes".into()));
        };
        let (requests, received) = mpsc::channel::<Request>();
        std::thread::spawn(move || {
            let mut stdout = BufReader::new(stdout);
            for request in received {
                let _ = request.reply.send(ask(&mut stdin, &mut stdout, &request.line));
            }
            drop(stdin);
            let _ = process.wait();
        });
        Ok(Self { requests })
    }

    /// One operation of the script, and what it answers.
    pub(super) async fn call(&self, operation: &str, with: Json) -> Result<Json> {
        let gone = || Error::Kit("the directory helper has ended; see the server's log".into());
        let (reply, answer) = oneshot::channel();
        let line = json!({ "op": operation, "with": with }).to_string();
        self.requests.send(Request { line, reply }).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

fn ask(stdin: &mut impl Write, stdout: &mut impl BufRead, line: &str) -> Result<Json> {
    let doing = |error: &dyn std::fmt::Display| Error::doing("the directory helper", error);
    writeln!(stdin, "{line}").map_err(|error| doing(&error))?;
    let mut answer = String::new();
    stdout.read_line(&mut answer).map_err(|error| doing(&error))?;
    let answer: Answer = serde_json::from_str(&answer).map_err(|error| doing(&error))?;
    match (answer.error, answer.code) {
        (None, _) => Ok(answer.ok.unwrap_or(Json::Null)),
        (Some(message), Some(code)) => Err(Error::Directory { code, message }),
        (Some(message), None) => Err(Error::Kit(message)),
    }
}
