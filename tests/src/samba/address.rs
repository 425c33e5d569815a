//! A loopback address that no other test on this machine uses.

use std::fs::{File, OpenOptions};
use std::net::{IpAddr, Ipv4Addr, TcpListener};

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

/// Whether nothing listens where the domain controller will: another cache has other locks.
fn unused(ip: IpAddr) -> bool {
    [389, 636].into_iter().all(|port| TcpListener::bind((ip, port)).is_ok())
}
