//! The fake domain controller for tests in other languages: JSON lines on stdin and stdout, until stdin ends.
//!
//! Its first line is `{"url", "ca_file", "bind_user", "bind_password", "user", "password"}`. Each command is answered with one line:
//!
//! - `{"hang": "connect" | "find" | "write" | "write_applied"}`: from now on that is never answered;
//! - `{"slow": {"at": "find" | "write", "seconds": n}}`: from now on that takes so long;
//! - `{"usual": {}}`: no longer;
//! - `{"seen": {}}`: `{"binds", "password_writes", "open", "password"}`, the last being the user's password now.

use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::time::Duration;
use testkit::fake::{FakeDc, Reaction, Script, User, When};

const USER: &str = "alice";
const PASSWORD: &str = "Old-Pa55word-0";

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Command {
    Hang(Place),
    Slow { at: Place, seconds: f64 },
    Usual {},
    Seen {},
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Place {
    Connect,
    Find,
    Write,
    WriteApplied,
}

impl Place {
    fn when(&self) -> When {
        match self {
            Place::Connect => When::connect(),
            Place::Find => When::search_for("sAMAccountName"),
            Place::Write | Place::WriteApplied => When::password_write(),
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let dc = FakeDc::start(Script::windows().user(User::new(USER).password(PASSWORD))).await;
    say(&json!({
        "url": dc.ldaps_url(),
        "ca_file": dc.ca_file(),
        "bind_user": dc.service_user(),
        "bind_password": dc.service_password(),
        "user": USER,
        "password": PASSWORD,
    }));
    loop {
        let mut line = String::new();
        match tokio::task::block_in_place(|| std::io::stdin().lock().read_line(&mut line)) {
            Ok(0) => return ExitCode::SUCCESS,
            Ok(_) => {}
            Err(error) => return fail(&error),
        }
        match serde_json::from_str(&line) {
            Ok(command) => say(&carry_out(&dc, command)),
            Err(error) => return fail(&error),
        }
    }
}

fn carry_out(dc: &FakeDc, command: Command) -> Value {
    match command {
        Command::Hang(place) => {
            let reaction = match place {
                Place::WriteApplied => Reaction::hang_after_apply(),
                _ => Reaction::hang(),
            };
            dc.on(place.when(), reaction);
            Value::Null
        }
        Command::Slow { at, seconds } => {
            let time = Duration::try_from_secs_f64(seconds).unwrap_or_default();
            dc.on(at.when(), Reaction::delay(time));
            Value::Null
        }
        Command::Usual {} => {
            dc.clear_rules();
            Value::Null
        }
        Command::Seen {} => {
            let counts = dc.counts();
            json!({
                "binds": counts.binds,
                "password_writes": counts.password_writes,
                "open": counts.open,
                "password": dc.password_of(USER),
            })
        }
    }
}

fn say(line: &Value) {
    let mut out = std::io::stdout().lock();
    // Nobody to read it: the end of stdin follows.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn fail(error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("{error}");
    ExitCode::FAILURE
}
