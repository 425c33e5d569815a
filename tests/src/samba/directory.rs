//! The files of one domain controller: a copy of the snapshot, inside the chroot of its release.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::helper::{self, Helper};
use super::process::{self, Server};
use super::{Error, ProcessModel, Release, Result};

/// Where the snapshot and its copies lie inside a chroot.
const SERVERS: &str = "srv";

/// What is copied.
#[derive(Clone, Copy, Debug)]
pub(super) enum Snapshot {
    /// The domain of one domain controller.
    One,
    /// This one of the domain of several, at an address of its own that is fixed.
    Of(&'static str),
}

impl Snapshot {
    /// Where it lies, and where it lay when it was made.
    fn places(self) -> [String; 2] {
        match self {
            Self::One => [format!("/{SERVERS}/snapshot"), format!("/{SERVERS}/snapshot.new")],
            Self::Of(name) => [
                format!("/{SERVERS}/domain/{name}"),
                format!("/{SERVERS}/domain.new/{name}"),
            ],
        }
    }
}

/// What the server prints.
const LOG: &str = "output.log";

/// The server's data: a copy of the snapshot, removed when dropped.
#[derive(Debug)]
pub(super) struct Directory {
    root: PathBuf,
    name: String,
    ca_file: PathBuf,
}

impl Directory {
    /// Copies the snapshot for that address. What a killed process left there goes first: the
    /// address is ours now.
    pub(super) fn copy(release: Release, snapshot: Snapshot, address: IpAddr, settings: &[&str]) -> Result<Self> {
        let [snapshot_now, snapshot_then] = snapshot.places();
        let root = release.root();
        for stale in Release::ALL {
            remove(&stale.root().join(SERVERS).join(address.to_string()));
        }
        let mut directory = Self {
            root,
            name: address.to_string(),
            ca_file: PathBuf::new(),
        };
        directory.ca_file = directory.outside("private/tls/ca.pem");
        // `cp`, for the extended attributes that hold the access lists of files.
        let copied = Command::new("cp")
            .args(["--archive", "--sparse=always"])
            .arg(directory.root.join(snapshot_now.trim_start_matches('/')))
            .arg(directory.outside(""))
            .status();
        if !copied.is_ok_and(|status| status.success()) {
            return Err(Error::Kit("copying the snapshot failed".into()));
        }
        let address_then = match snapshot {
            Snapshot::One => "127.0.0.10/8".to_owned(),
            Snapshot::Of(_) => format!("{address}/8"),
        };
        let moved = [
            (snapshot_then, directory.inside("")),
            (address_then, format!("{address}/8")),
        ];
        directory.write_files(moved, settings)?;
        Ok(directory)
    }

    fn write_files(&self, moved: [(String, String); 2], settings: &[&str]) -> Result<()> {
        let doing = |error: std::io::Error| Error::doing("writing the settings", error);
        let config = self.outside("smb.conf");
        let mut text = std::fs::read_to_string(&config).map_err(doing)?;
        let further: String = settings.iter().map(|line| format!("    {line}\n")).collect();
        let added = ("[global]\n".to_owned(), format!("[global]\n{further}"));
        for (from, to) in moved.into_iter().chain([added]) {
            if !text.contains(&from) {
                let why = "the snapshot is an older one; `tests/run --setup` renews it";
                return Err(Error::Kit(why.into()));
            }
            text = text.replace(&from, &to);
        }
        std::fs::write(config, text).map_err(doing)?;
        std::fs::write(self.outside("directory.py"), helper::SCRIPT).map_err(doing)
    }

    /// Starts the server on it, with the true time or with a clock that is off by so much.
    pub(super) fn serve(&self, model: ProcessModel, clock: Option<&str>) -> Result<Server> {
        if clock.is_some() {
            process::install_clock(&self.root)?;
        }
        Server::start(&self.root, &self.inside("smb.conf"), model, &self.outside(LOG), clock)
    }

    /// Starts the helper on it.
    pub(super) fn helper(&self) -> Result<Helper> {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.outside(LOG))
            .map_err(|error| Error::doing("the server's log", error))?;
        Helper::start(&self.root, &self.inside("directory.py"), &self.inside("smb.conf"), log)
    }

    /// The settings, as the chroot sees them.
    pub(super) fn config(&self) -> String {
        self.inside("smb.conf")
    }

    /// The authority's certificate.
    pub(super) fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// What the server wrote.
    pub(super) fn log(&self) -> String {
        let log = std::fs::read(self.outside(LOG)).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// The last lines the server wrote.
    pub(super) fn log_tail(&self) -> String {
        let text = self.log();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// The chroot.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// A file of the server as the chroot sees it.
    pub(super) fn inside(&self, file: &str) -> String {
        let path = format!("/{SERVERS}/{}/{file}", self.name);
        path.trim_end_matches('/').to_owned()
    }

    /// The same file as this process sees it.
    pub(super) fn outside(&self, file: &str) -> PathBuf {
        self.root.join(self.inside(file).trim_start_matches('/'))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        remove(&self.outside(""));
    }
}

fn remove(directory: &Path) {
    let _ = std::fs::remove_dir_all(directory);
}
