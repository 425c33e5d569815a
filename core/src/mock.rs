//! A directory in memory that obeys Active Directory's rules, for the tests of whoever embeds this library.
//!
//! It is not a recorder of calls. It has a domain with a policy, accounts, groups, fine-grained policies, a service account with
//! rights that can be taken away, a clock that a test moves, and faults on request. Everything above it, the rules of protection, the
//! explanation of refusals, the settling of unknown outcomes, is the very code that writes to a real domain.
//!
//! ```
//! use password_writeback::mock::{MockDirectory, MockUser};
//! use password_writeback::{PasswordWriteback, ResetPassword};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), password_writeback::Error> {
//! let directory = MockDirectory::new();
//! directory.add_user(MockUser::new("alice").password("Old-Passw0rd").group("Staff"))?;
//! let receipt = directory.reset_password(ResetPassword::new("alice", "New-Passw0rd-1")).await?;
//!
//! assert!(directory.verify_password("alice", "New-Passw0rd-1"));
//! assert_eq!(receipt.domain_controller, "dc1.corp.example");
//! # Ok(())
//! # }
//! ```
//!
//! A new one is the domain `corp.example` (`CORP`) at 2026-01-01T00:00:00Z, with the policy of a new domain
//! ([`MockPolicy::new`]), the built-in groups, and three accounts: `Administrator`, `krbtgt`, and `svc-writeback`, which this library
//! is logged on as. Its one domain controller, `dc1.corp.example`, offers the policy-hints control and refuses as Windows does.
//!
//! Where Windows and Samba differ, it does as Windows does: it counts bad passwords whether or not a policy locks accounts, it has
//! the rules on names in a password, and where Microsoft's texts disagree on letters outside ASCII it goes by those on passfilt.dll.

mod access;
mod answer;
mod builder;
mod clock;
mod domain;
mod entry;
mod fault;
mod find;
mod group;
mod inspect;
mod logon;
mod modify;
pub mod options;
mod owned;
mod policy;
mod read;
mod rights;
mod session;
mod setup;
mod state;
mod token;
mod user;

pub use builder::{MockDirectoryBuilder, PolicyHintsSupport, Refusals};
pub use clock::MockClock;
pub use fault::{Fault, Stage};
pub use group::{GroupScope, MockGroup};
pub use inspect::MockAccount;
pub use logon::BindAnswer;
pub use policy::{MockFineGrainedPolicy, MockPolicy};
pub use rights::MockRight;
pub use user::MockUser;

use crate::error::{Code, Error};
use crate::identity::Identity;
use crate::operation::{Engine, backend};
use crate::sid::Sid;
use domain::Domain;
use session::MemoryDirectory;
use std::fmt;
use std::sync::{Arc, MutexGuard};
use uuid::Uuid;

/// A directory in memory that obeys Active Directory's rules.
///
/// It is cheap to clone; clones are the same directory. See the [module](self) for what a new one holds.
#[derive(Clone)]
pub struct MockDirectory(Arc<Engine<MemoryDirectory>>);

backend!(MockDirectory);

impl MockDirectory {
    /// A directory with the defaults.
    #[must_use]
    pub fn new() -> Self {
        MockDirectoryBuilder::default_directory()
    }

    /// A directory with settings of its own.
    pub fn builder() -> MockDirectoryBuilder {
        MockDirectoryBuilder::new()
    }

    fn domain(&self) -> MutexGuard<'_, Domain> {
        self.0.directory.domain()
    }

    /// The domain controller's clock.
    #[must_use]
    pub fn clock(&self) -> MockClock {
        self.domain().clock.clone()
    }

    /// Adds an account, and tells its objectGUID. Groups that are not there are created, as global security groups.
    ///
    /// # Errors
    /// [`Code::Configuration`] for a name, GUID or relative identifier that is taken, a name that no account can have, or a
    /// container that is none.
    pub fn add_user(&self, user: MockUser) -> Result<Uuid, Error> {
        self.domain().add_user(user)
    }

    /// Adds a group, and tells its SID.
    ///
    /// # Errors
    /// [`Code::Configuration`] for a name or relative identifier that is taken, or a name that no group can have.
    pub fn add_group(&self, group: MockGroup) -> Result<Sid, Error> {
        self.domain().add_group(group)
    }

    /// Makes one group a member of another. A circle is legal.
    ///
    /// # Errors
    /// [`Code::Configuration`] for a group that is not there.
    pub fn nest_group(&self, member: &str, group: &str) -> Result<(), Error> {
        self.domain().nest(member, group)
    }

    /// Adds a fine-grained policy, and tells its objectGUID.
    ///
    /// # Errors
    /// [`Code::Configuration`] for a user or group that is not there.
    pub fn add_fine_grained_policy(&self, policy: MockFineGrainedPolicy) -> Result<Uuid, Error> {
        self.domain().add_fine_grained_policy(policy)
    }

    /// Replaces the policy of the domain.
    pub fn set_policy(&self, policy: MockPolicy) {
        self.domain().policy = policy;
    }

    /// Moves an account to another container below the domain, such as `OU=Leavers`.
    ///
    /// # Errors
    /// [`Code::AccountNotFound`] and [`Code::Configuration`].
    pub fn move_user(&self, user: impl Into<Identity>, container: &str) -> Result<(), Error> {
        let mut domain = self.domain();
        let guid = known(&domain, &user.into())?;
        domain.move_user(guid, container)
    }

    /// Deletes an account.
    ///
    /// # Errors
    /// [`Code::AccountNotFound`].
    pub fn remove_user(&self, user: impl Into<Identity>) -> Result<(), Error> {
        let mut domain = self.domain();
        let guid = known(&domain, &user.into())?;
        domain.accounts.retain(|entry| entry.guid != guid);
        Ok(())
    }

    /// Takes a right from the service account, on every account.
    pub fn revoke(&self, right: MockRight) {
        self.domain().revoked.insert(right);
    }

    /// Gives a right back that [`revoke`](Self::revoke) took.
    pub fn grant(&self, right: MockRight) {
        self.domain().revoked.remove(&right);
    }

    /// Takes a right from the service account, on one account.
    ///
    /// # Errors
    /// [`Code::AccountNotFound`].
    pub fn revoke_on(&self, user: impl Into<Identity>, right: MockRight) -> Result<(), Error> {
        let mut domain = self.domain();
        let guid = known(&domain, &user.into())?;
        if let Some(entry) = domain.account_mut(guid) {
            entry.revoked.insert(right);
        }
        Ok(())
    }

    /// Gives a right on one account back.
    ///
    /// # Errors
    /// [`Code::AccountNotFound`].
    pub fn grant_on(&self, user: impl Into<Identity>, right: MockRight) -> Result<(), Error> {
        let mut domain = self.domain();
        let guid = known(&domain, &user.into())?;
        if let Some(entry) = domain.account_mut(guid) {
            entry.revoked.remove(&right);
        }
        Ok(())
    }

    /// Does what Active Directory does every hour for members of protected groups (AdminSDHolder, MS-ADTS 3.1.1.6.1): sets adminCount,
    /// and takes the delegated rights on them from the service account. Reset Password goes, Change Password stays.
    pub fn protect_administrators(&self) {
        self.domain().protect_administrators();
    }

    /// Arms a fault that strikes once.
    pub fn fail_next(&self, fault: Fault) {
        self.fail_times(1, fault);
    }

    /// Arms a fault that strikes so many times.
    pub fn fail_times(&self, times: u32, fault: Fault) {
        self.domain().faults.arm(fault, Some(times));
    }

    /// Arms a fault that strikes every time.
    pub fn fail_always(&self, fault: Fault) {
        self.domain().faults.arm(fault, None);
    }

    /// Disarms every fault.
    pub fn clear_faults(&self) {
        self.domain().faults.clear();
    }

    /// Makes a domain controller that is gone answer again.
    pub fn come_back(&self) {
        self.domain().gone = false;
    }
}

/// The account that a test names.
fn known(domain: &Domain, identity: &Identity) -> Result<Uuid, Error> {
    let entry = domain.named(identity);
    entry
        .map(|entry| entry.guid)
        .ok_or_else(|| Error::new(Code::AccountNotFound, format!("there is no account {identity}")))
}

impl Default for MockDirectory {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MockDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MockDirectory").field(&self.0.directory).finish()
    }
}
