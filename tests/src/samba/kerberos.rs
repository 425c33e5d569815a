//! The Kerberos side of a domain controller: its realm, and the keys of its accounts.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::domain_controller::{DNS_DOMAIN, DomainController};
use super::{Error, Result};

impl DomainController {
    /// `ldaps://` and the host name, by which Kerberos knows the service.
    #[must_use]
    pub fn kerberos_url(&self) -> String {
        format!("ldaps://{}", self.host())
    }

    /// The name of the Kerberos realm.
    #[must_use]
    pub fn realm(&self) -> String {
        DNS_DOMAIN.to_uppercase()
    }

    /// Writes the keys that an account has now into a keytab, replacing what the file held.
    ///
    /// # Errors
    /// If `samba-tool` or the file system refuses.
    pub fn export_keytab(&self, principal: &str, to: &Path) -> Result<()> {
        let inside = self.directory().inside("exported.keytab");
        let outside: PathBuf = self.directory().outside("exported.keytab");
        let _ = std::fs::remove_file(&outside);
        let done = Command::new("chroot")
            .arg(self.directory().root())
            .args(["/usr/bin/samba-tool", "domain", "exportkeytab", &inside])
            .arg(format!("--principal={principal}"))
            .args(["--configfile", &self.directory().inside("smb.conf")])
            .output()
            .map_err(|error| Error::doing("exporting a keytab", error))?;
        if !done.status.success() {
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            return Err(Error::doing("exporting a keytab", said));
        }
        std::fs::copy(&outside, to)
            .map(drop)
            .map_err(|error| Error::doing("exporting a keytab", error))
    }
}
