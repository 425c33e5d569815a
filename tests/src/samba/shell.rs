//! The shell of root on a domain controller: what an administrator types there.

use std::process::Command;

use super::{DomainController, Error, Result};

impl DomainController {
    /// Runs one command line, in the chroot of the release, with this server's settings.
    ///
    /// # Errors
    /// What it prints, if it fails.
    pub async fn shell(&self, line: &str) -> Result<String> {
        let mut shell = Command::new("chroot");
        shell
            .arg(self.release().root())
            .args(["/bin/sh", "-c", line])
            .env("SMB_CONF_PATH", self.config())
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        let output = tokio::task::spawn_blocking(move || shell.output())
            .await
            .map_err(|error| Error::doing("the shell", error))?
            .map_err(|error| Error::doing("the shell", error))?;
        let printed = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (printed(&output.stdout), printed(&output.stderr));
        match output.status.success() {
            true => Ok(stdout),
            false => Err(Error::Kit(format!("{line}\n{stdout}{stderr}"))),
        }
    }
}

impl DomainController {
    /// Lists another domain controller of the domain in its configuration, which does not exist.
    ///
    /// # Errors
    /// As the directory refuses it.
    pub async fn list_another(&self, name: &str, host: &str) -> Result<()> {
        let with = serde_json::json!({ "name": name, "host": host });
        self.admin().call("list_another", with).await
    }
}
