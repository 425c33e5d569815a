//! Everything that is said in this process: `tracing`, `log`, panics, and the texts that tests add themselves.
//!
//! Each kind of password begins with a stem of its own, made at random for this run and full of characters that are printed in more
//! than one way. Who finds a stem anywhere has found a password; what follows the stem says whose.

use std::fmt::{Debug, Display};
use std::io::{self, Write};
use std::sync::{LazyLock, Mutex, PoisonError};
use testkit::memory::{Encoding, Needle, random_password};

static SAID: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// What a password is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    New,
    Old,
    Candidate,
    Bind,
    /// Not a password: proves that what is said is captured and searched.
    Planted,
}

const KINDS: [Kind; 5] = [Kind::New, Kind::Old, Kind::Candidate, Kind::Bind, Kind::Planted];

static STEMS: LazyLock<Vec<(Kind, String, Needle)>> = LazyLock::new(|| {
    let stem = |kind| {
        let stem = format!("{}\"\\<é€😀%", random_password());
        (kind, stem.clone(), Needle::new(stem))
    };
    KINDS.map(stem).into()
});

fn stem(kind: Kind) -> &'static (Kind, String, Needle) {
    STEMS
        .iter()
        .find(|(known, ..)| *known == kind)
        .expect("every kind has a stem")
}

/// A password of this kind for one use.
pub(super) fn password(kind: Kind, of: &str) -> String {
    format!("{}-{of}", stem(kind).1)
}

/// Captures every line of every crate from now on. `tracing-subscriber` takes what is said through `log` too.
pub(super) fn begin() {
    static BEGUN: LazyLock<()> = LazyLock::new(|| {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(|| Said)
            .init();
        let printing = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            say("panic", &panic.to_string());
            let expected = panic.to_string().contains(EXPECTED);
            if !expected {
                printing(panic);
            }
        }));
    });
    LazyLock::force(&BEGUN);
}

/// How a panic begins that a test causes on purpose: it is captured and not printed.
pub(super) const EXPECTED: &str = "on purpose";

struct Said;

impl Write for Said {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        SAID.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A sink for whatever else writes lines.
pub(super) fn writer() -> impl Write + Send {
    Said
}

/// Adds a text.
pub(super) fn say(of: &str, text: &str) {
    let line = format!("{of}: {text}\n");
    let _ = Said.write(line.as_bytes());
}

/// Adds every text of a value.
pub(super) fn debug(of: &str, value: &impl Debug) {
    say(of, &format!("{value:?}"));
    say(of, &format!("{value:#?}"));
    // As a crate would that logs what it is given.
    tracing::trace!(?value, "{of}");
    log::trace!("{of}: {value:?}");
}

/// Adds a value as `Display` shows it.
pub(super) fn display(of: &str, value: &impl Display) {
    say(of, &format!("{value}"));
    say(of, &format!("{value:#}"));
}

/// Adds a value as it is serialized.
pub(super) fn json(of: &str, value: &impl serde::Serialize) {
    say(of, &serde_json::to_string(value).expect("serializable"));
    say(of, &serde_json::to_string_pretty(value).expect("serializable"));
}

/// Takes what was said, and gives the lines that hold a password of one of these kinds. Returns how many bytes were searched.
fn search(kinds: &[Kind]) -> (usize, Vec<(Kind, Encoding, String)>) {
    let said = std::mem::take(&mut *SAID.lock().unwrap_or_else(PoisonError::into_inner));
    let text = String::from_utf8_lossy(&said);
    let mut found = Vec::new();
    for (kind, _, needle) in STEMS.iter().filter(|(kind, ..)| kinds.contains(kind)) {
        // The whole first: a password may lie across lines. Line by line only to say where.
        if let Some(encoding) = needle.find_in_text(&text) {
            let lines = text.lines().filter(|line| needle.find_in_text(line).is_some());
            let known = found.len();
            found.extend(lines.map(|line| (*kind, encoding, line.to_owned())));
            if found.len() == known {
                found.push((*kind, encoding, "across lines".to_owned()));
            }
        }
    }
    (said.len(), found)
}

/// Fails where a password was said since the last time.
pub(super) fn assert_clean() {
    let (bytes, found) = search(&KINDS[..4]);
    assert!(bytes > 0, "nothing was captured");
    assert!(found.is_empty(), "passwords were said:\n{found:#?}");
}

#[test]
fn what_is_said_is_captured_and_searched() {
    begin();
    let planted = password(Kind::Planted, "a");
    let ways: [(&str, &dyn Fn()); 8] = [
        ("tracing, as a field", &|| tracing::trace!(planted, "planted")),
        ("tracing, as Debug", &|| tracing::trace!(?planted, "planted")),
        ("tracing, in a span", &|| {
            tracing::trace_span!("span", %planted).in_scope(|| tracing::trace!("planted"));
        }),
        ("log", &|| log::trace!(target: "ldap3::conn", "sent {planted:?}")),
        (
            "log, as bytes",
            &|| log::trace!(target: "rustls::conn", "sent {:?}", planted.as_bytes()),
        ),
        ("a panic", &|| {
            let _ = std::panic::catch_unwind(|| panic!("{EXPECTED}: {planted}"));
        }),
        ("Debug", &|| debug("planted", &Some(&planted))),
        ("JSON", &|| json("planted", &[&planted])),
    ];
    // Other tests take what was said as well, and would take this: each way is tried until it is this one that takes it.
    for (name, say) in ways {
        let seen = (0..100).any(|_| {
            say();
            search(&[Kind::Planted])
                .1
                .iter()
                .any(|(kind, ..)| *kind == Kind::Planted)
        });
        assert!(seen, "{name}: not captured");
    }
}
