//! Which Samba releases there are, and whether this machine has them.

use std::path::PathBuf;

/// A Samba release the tests run against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Release {
    /// Debian 12's own: no policy hints, a refused reset is `constraintViolation` (19).
    V4_17,
    /// Debian 13's backport: policy hints, a refused reset is `unwillingToPerform` (53).
    V4_24,
}

impl Release {
    /// Every release.
    pub const ALL: [Self; 2] = [Self::V4_17, Self::V4_24];

    /// The version as Samba names it, major and minor.
    #[must_use]
    pub fn version(self) -> &'static str {
        match self {
            Self::V4_17 => "4.17",
            Self::V4_24 => "4.24",
        }
    }

    /// Whether this machine can run it.
    ///
    /// # Errors
    /// The reason why not.
    pub fn available(self) -> Result<(), String> {
        if !rustix::process::geteuid().is_root() {
            return Err("needs root (chroot, ports below 1024)".into());
        }
        if !self.home().join("provisioned").is_file() {
            return Err(format!(
                "Samba {} is not set up; `tests/run --setup` does it",
                self.version()
            ));
        }
        Ok(())
    }

    /// Whether it has the domain of several domain controllers.
    ///
    /// # Errors
    /// The reason why not.
    pub(super) fn has_domain(self) -> Result<(), String> {
        self.available()?;
        match self.home().join("domain").is_file() {
            true => Ok(()),
            false => Err("its domain of three is not set up; `tests/run --setup` does it".into()),
        }
    }

    /// The chroot this release is installed in.
    pub(super) fn root(self) -> PathBuf {
        self.home().join("root")
    }

    fn home(self) -> PathBuf {
        cache().join(format!("samba-{}", self.version()))
    }
}

impl std::fmt::Display for Release {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Samba {}", self.version())
    }
}

/// The release if this machine can run it. If not, says so loudly and gives `None`.
///
/// # Panics
/// With `CI=true` in the environment: there, a test left out is a failure.
#[must_use]
pub fn require(release: Release) -> Option<Release> {
    or_loudly(release, release.available()).then_some(release)
}

/// Whether something is there. If not, says so loudly.
pub(super) fn or_loudly(release: Release, available: Result<(), String>) -> bool {
    let Err(reason) = available else { return true };
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "{release} is not available: {reason}"
    );
    // Past the test harness's capture, which hides what a passing test prints.
    let _ = std::io::Write::write_all(
        &mut std::io::stderr(),
        format!("\n*** SKIPPED: a test with {release}: {reason}\n").as_bytes(),
    );
    false
}

/// Where `tests/run` keeps what it installs.
pub(super) fn cache() -> PathBuf {
    let set = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("PASSWORD_WRITEBACK_TEST_CACHE").unwrap_or_else(|| {
        set("XDG_CACHE_HOME")
            .unwrap_or_else(|| set("HOME").unwrap_or_default().join(".cache"))
            .join("password-writeback-tests")
    })
}
