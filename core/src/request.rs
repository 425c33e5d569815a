//! What a caller asks for. A request owns its secrets and its deadline.

use crate::error::Error;
use crate::gate::{Gate, Gates, Target};
use crate::identity::Identity;
use crate::password::Password;
use crate::task::Cancellation;
use crate::words::words;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

words! {
    /// Who asks for a write.
    pub enum Initiator {
        /// The owner of the account.
        SelfService = "self_service",
        /// Somebody else with authority over it.
        Administrator = "administrator",
    }
}

words! {
    /// Whether the server must check password history, and with it the minimum age, on a reset.
    ///
    /// A plain LDAP reset checks neither; the policy-hints control (MS-ADTS 3.1.1.3.4.1.27) switches both on together.
    pub enum History {
        /// Enforce, or refuse the reset with `POLICY_HINTS_UNSUPPORTED` before anything is sent.
        Required = "required",
        /// Enforce where the server can; the receipt says whether it did.
        IfSupported = "if_supported",
        /// Do not enforce: an administrator's reset as Active Directory itself does it.
        Off = "off",
    }
}

words! {
    /// Whether a reset also clears a lockout.
    pub enum Unlock {
        /// Leave a lockout as it is.
        No = "no",
        /// Clear it, in the same write; refuse beforehand where the service account may not.
        Yes = "yes",
        /// Clear it where the service account may; else the receipt carries a warning.
        IfPermitted = "if_permitted",
    }
}

impl From<bool> for Unlock {
    fn from(unlock: bool) -> Self {
        if unlock { Unlock::Yes } else { Unlock::No }
    }
}

/// What every request carries beside its own subject.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Context {
    /// Who asks; `None` takes the backend's setting.
    pub initiator: Option<Initiator>,
    /// Who asks, by name, for the audit. An actor who is the target counts as its owner.
    pub actor: Option<Identity>,
    /// Ties the request to the caller's own records. A random one is made for each request.
    pub correlation_id: String,
    /// How long the whole operation may take; `None` takes the backend's setting.
    pub deadline: Option<Duration>,
    /// The handle that cancels the operation before its write is sent.
    pub cancellation: Cancellation,
    pub(crate) gates: Gates,
}

impl Context {
    /// Hangs up a gate: a layer's way to learn which account the request is about, and to refuse it.
    pub fn add_gate(&mut self, gate: Arc<dyn Gate>) {
        self.gates.add(gate);
    }

    /// Passes every gate: what a backend does with the account that it found, before it writes to it or answers of it.
    ///
    /// # Errors
    /// The refusal of a gate.
    pub fn pass_gates(&self, target: &Target<'_>) -> Result<(), Error> {
        self.gates.pass(target)
    }
}

impl Default for Context {
    fn default() -> Self {
        Context {
            initiator: None,
            actor: None,
            correlation_id: Uuid::new_v4().to_string(),
            deadline: None,
            cancellation: Cancellation::new(),
            gates: Gates::default(),
        }
    }
}

/// The part of a request that says which account, and in which context.
pub(crate) trait Request {
    fn identity(&self) -> &Identity;
    fn context(&self) -> &Context;
}

/// Declares a request: its own fields, its identity, its context, and the builder methods every request has.
macro_rules! request {
    ($(#[$meta:meta])* $name:ident { $($(#[$fmeta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[non_exhaustive]
        pub struct $name {
            /// The account.
            pub identity: Identity,
            $($(#[$fmeta])* pub $field: $type,)*
            /// Who asks, and for how long.
            pub context: Context,
        }

        context_methods!($name);

        impl Request for $name {
            fn identity(&self) -> &Identity {
                &self.identity
            }

            fn context(&self) -> &Context {
                &self.context
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("identity", &self.identity)
                    $(.field(stringify!($field), &self.$field))*
                    .field("context", &self.context).finish()
            }
        }
    };
}

macro_rules! context_methods {
    ($name:ident) => {
        impl $name {
            /// Says who asks.
            #[must_use]
            pub fn initiator(mut self, initiator: Initiator) -> Self {
                self.context.initiator = Some(initiator);
                self
            }

            /// Names who asks, for the audit.
            #[must_use]
            pub fn actor(mut self, actor: impl Into<Identity>) -> Self {
                self.context.actor = Some(actor.into());
                self
            }

            /// Ties the request to the caller's own records.
            #[must_use]
            pub fn correlation_id(mut self, id: impl Into<String>) -> Self {
                self.context.correlation_id = id.into();
                self
            }

            /// Limits how long the whole operation may take.
            #[must_use]
            pub fn deadline(mut self, deadline: Duration) -> Self {
                self.context.deadline = Some(deadline);
                self
            }

            /// Hands in a handle with which the caller can cancel before the write is sent.
            #[must_use]
            pub fn cancellation(mut self, cancellation: Cancellation) -> Self {
                self.context.cancellation = cancellation;
                self
            }
        }
    };
}

request! {
    /// Set a password without the old one.
    ResetPassword {
        /// The new password.
        new_password: Password,
        /// Whether a lockout is cleared in the same write.
        unlock: Unlock,
        /// Whether the user must change the password at the next logon.
        require_change: bool,
        /// Whether history and minimum age are enforced; `None` takes the backend's setting.
        history: Option<History>,
    }
}

impl ResetPassword {
    /// A reset that enforces what the backend's settings say, unlocks nothing and requires no change.
    pub fn new(identity: impl Into<Identity>, new_password: impl Into<Password>) -> Self {
        ResetPassword {
            identity: identity.into(),
            new_password: new_password.into(),
            unlock: Unlock::No,
            require_change: false,
            history: None,
            context: Context::default(),
        }
    }

    /// Also clears a lockout, in the same write.
    #[must_use]
    pub fn unlock(mut self, unlock: impl Into<Unlock>) -> Self {
        self.unlock = unlock.into();
        self
    }

    /// Also requires a change at the next logon, in the same write where the server can.
    #[must_use]
    pub fn require_change(mut self, require: bool) -> Self {
        self.require_change = require;
        self
    }

    /// Says whether history and minimum age are enforced.
    #[must_use]
    pub fn history(mut self, history: History) -> Self {
        self.history = Some(history);
        self
    }
}

request! {
    /// Set a password with the old one, as the user would.
    ChangePassword {
        /// The old password.
        old_password: Password,
        /// The new password.
        new_password: Password,
    }
}

impl ChangePassword {
    /// A change from the old password to the new one.
    pub fn new(
        identity: impl Into<Identity>,
        old_password: impl Into<Password>,
        new_password: impl Into<Password>,
    ) -> Self {
        ChangePassword {
            identity: identity.into(),
            old_password: old_password.into(),
            new_password: new_password.into(),
            context: Context::default(),
        }
    }
}

request! {
    /// Judge a candidate without writing it.
    CheckPassword {
        /// The candidate.
        candidate: Password,
    }
}

impl CheckPassword {
    /// A dry run of a candidate.
    pub fn new(identity: impl Into<Identity>, candidate: impl Into<Password>) -> Self {
        CheckPassword {
            identity: identity.into(),
            candidate: candidate.into(),
            context: Context::default(),
        }
    }
}

macro_rules! plain_request {
    ($(#[$meta:meta])* $name:ident, $(#[$nmeta:meta])*) => {
        request! { $(#[$meta])* $name {} }

        impl $name {
            $(#[$nmeta])*
            pub fn new(identity: impl Into<Identity>) -> Self {
                $name { identity: identity.into(), context: Context::default() }
            }
        }
    };
}

plain_request! {
    /// Clear a lockout.
    UnlockAccount,
    /// An unlock of an account.
}
plain_request! {
    /// Force a new password at the next logon.
    RequirePasswordChange,
    /// A required change of an account's password.
}
plain_request! {
    /// Read the facts of an account.
    FindAccount,
    /// A look at an account.
}
plain_request! {
    /// Read the policy that applies to an account.
    ReadPolicy,
    /// A look at an account's policy.
}

/// Examine the deployment: what works, what does not, what to grant.
#[non_exhaustive]
#[derive(Debug, Default)]
pub struct Diagnose {
    /// An account to examine as well, or a container by its distinguished name or GUID: then for the users that are created in it.
    pub identity: Option<Identity>,
    /// Whether the whole path is proven on the account, which is then given passwords that nobody knows.
    pub canary: bool,
    /// Who asks, and for how long.
    pub context: Context,
}

impl Diagnose {
    /// Examines the connection and the service account.
    #[must_use]
    pub fn deployment() -> Self {
        Diagnose::default()
    }

    /// Examines one account as well.
    pub fn account(identity: impl Into<Identity>) -> Self {
        Diagnose {
            identity: Some(identity.into()),
            ..Diagnose::default()
        }
    }

    /// Examines what would hold for the users that are created in a container, such as an organizational unit.
    pub fn subtree(dn: impl Into<String>) -> Self {
        Diagnose::account(Identity::dn(dn))
    }

    /// Proves the whole path on an account that is there for nothing else: a required change, a reset, a logon, a change, an unlock.
    ///
    /// **It writes.** The account gets several passwords in a row, the last of which nobody knows; each is one more in its history and in
    /// the domain controller's security log. An account that is protected, or whose sAMAccountName does not hold the word `canary`, is
    /// refused, so that nobody's own account is ever used.
    pub fn canary(identity: impl Into<Identity>) -> Self {
        Diagnose {
            canary: true,
            ..Diagnose::account(identity)
        }
    }
}

context_methods!(Diagnose);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_shows_no_password() {
        let request = ChangePassword::new("alice", "old-Secret-1", "new-Secret-2").actor("bob");
        let text = format!("{request:?}");
        assert!(
            text.contains("alice") && text.contains("bob") && !text.contains("Secret"),
            "{text}"
        );
    }

    #[test]
    fn every_request_has_its_own_correlation_id() {
        assert_ne!(
            FindAccount::new("a").context.correlation_id,
            FindAccount::new("a").context.correlation_id
        );
    }
}
