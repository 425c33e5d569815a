//! A loopback address that no other test on this machine uses.

use std::fs::{File, OpenOptions};
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use super::{Error, Result, release};

/// An address held by this process until dropped; the lock goes with the process, however it ends.
#[derive(Debug)]
pub(super) struct Address {
    pub(super) ip: IpAddr,
    _lock: File,
}

impl Address {
    /// The lowest address that is free.
    pub(super) fn take() -> Result<Self> {
        let locks = release::cache().join("addresses");
        std::fs::create_dir_all(&locks).map_err(|error| Error::doing("the address locks", error))?;
        for last in 1..=254 {
            let ip = IpAddr::V4(Ipv4Addr::new(127, 88, 1, last));
            let lock = OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .open(locks.join(ip.to_string()))
                .map_err(|error| Error::doing("the address locks", error))?;
            if lock.try_lock().is_ok() && unused(ip) {
                return Ok(Self { ip, _lock: lock });
            }
        }
        Err(Error::Kit("all 254 loopback addresses of the kit are in use".into()))
    }
}

/// The right to use the fixed addresses of the domain of several domain controllers; `tests/run` takes the same lock.
#[derive(Debug)]
pub(super) struct Fixed {
    _lock: File,
}

impl Fixed {
    /// Waits for whoever has them.
    pub(super) async fn take() -> Result<Self> {
        let locks = release::cache().join("addresses");
        std::fs::create_dir_all(&locks).map_err(|error| Error::doing("the address locks", error))?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(locks.join("domain"))
            .map_err(|error| Error::doing("the address locks", error))?;
        let limit = Instant::now() + Duration::from_secs(900);
        while lock.try_lock().is_err() {
            if Instant::now() > limit {
                return Err(Error::Kit("another test has kept the domain for 15 minutes".into()));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(Self { _lock: lock })
    }
}

/// Whether nothing listens where the domain controller will: another cache has other locks.
fn unused(ip: IpAddr) -> bool {
    [389, 636].into_iter().all(|port| TcpListener::bind((ip, port)).is_ok())
}
