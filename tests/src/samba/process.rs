//! The processes of one domain controller: started under a keeper, signalled as a group.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::{Error, Result};

/// How Samba divides its work over processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProcessModel {
    /// One process for everything: the quickest to start.
    Single,
    /// One process for each connection.
    Standard,
    /// A fixed number of worker processes.
    Prefork,
}

impl ProcessModel {
    fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Standard => "standard",
            Self::Prefork => "prefork",
        }
    }
}

/// The library that tells a process another time (package libfaketime), and where it is put inside a chroot.
const CLOCK_LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
const CLOCK_INSIDE: &str = "/usr/lib/libfaketimeMT.so.1";

/// Makes servers in this chroot able to run with a clock that is off.
pub(super) fn install_clock(root: &Path) -> Result<()> {
    std::fs::copy(CLOCK_LIBRARY, root.join(CLOCK_INSIDE.trim_start_matches('/')))
        .map(drop)
        .map_err(|error| Error::doing("installing libfaketime", error))
}

/// The variables of a process whose clock is off by so much. Time-outs are measured by another clock, which is right.
fn environment(clock: &str) -> [String; 3] {
    [
        format!("LD_PRELOAD={CLOCK_INSIDE}"),
        format!("FAKETIME={clock}"),
        "FAKETIME_DONT_FAKE_MONOTONIC=1".to_owned(),
    ]
}

const KEEPER: &str = include_str!("../../samba/keep.sh");

/// A running server. Dropped, every process of it is killed. Nothing in it belongs to an async
/// runtime, so that tests with a runtime each can share one server.
#[derive(Debug)]
pub(super) struct Server {
    group: Pid,
    keeper: Child,
    /// The keeper kills the server when this closes, as it does when the test process is gone.
    _alive: ChildStdin,
}

impl Server {
    /// Starts Samba in the chroot `root` with the settings of `config`, a path inside it.
    /// `clock` is how far its clock is off, such as `+11h`, where it is.
    pub(super) fn start(
        root: &Path,
        config: &str,
        model: ProcessModel,
        log: &Path,
        clock: Option<&str>,
    ) -> Result<Self> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .map_err(|error| Error::doing("the server's log", error))?;
        let mut keeper = Command::new("/bin/bash")
            .args(["-c", KEEPER, "keep.sh", "chroot"])
            .arg(root)
            .arg("/usr/bin/env")
            .args(clock.map(environment).into_iter().flatten())
            .args(["/usr/sbin/samba", "--interactive", "--debug-stdout"])
            .args(["--model", model.as_str(), "--configfile", config])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            // A Ctrl-C at the terminal is the test's to handle; the keeper follows it.
            .process_group(0)
            .spawn()
            .map_err(|error| Error::doing("starting Samba", error))?;
        let (Some(alive), Some(stdout)) = (keeper.stdin.take(), keeper.stdout.take()) else {
            return Err(Error::Kit("starting Samba: no pipes".into()));
        };
        let mut line = String::new();
        BufReader::new(stdout)
            .read_line(&mut line)
            .map_err(|error| Error::doing("starting Samba", error))?;
        let group = line.trim().parse().ok().and_then(Pid::from_raw);
        let group = group.ok_or_else(|| Error::Kit("starting Samba: no process id".into()))?;
        Ok(Self {
            group,
            keeper,
            _alive: alive,
        })
    }

    /// Stops every process where it stands.
    pub(super) fn freeze(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets every process run again.
    pub(super) fn thaw(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        kill_process_group(self.group, signal).map_err(|error| Error::doing("signalling Samba", error))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.signal(Signal::KILL);
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
        let deadline = Instant::now() + Duration::from_secs(5);
        while alive(self.group) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Whether a process of the group still runs. One that only waits to be reaped does not.
fn alive(group: Pid) -> bool {
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return false;
    };
    processes.flatten().any(|process| {
        let stat = std::fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        // The name, in parentheses, may hold anything; after it come state, parent and group (proc(5)).
        let mut fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
        let running = !matches!(fields.next(), None | Some("Z" | "X" | ""));
        running && fields.nth(1).and_then(|id| id.parse().ok()) == Some(group.as_raw_nonzero().get())
    })
}
