//! A write that outlives the request it came from: what a server has received, it carries out.

use crate::directory::{NewPassword, Write};
use crate::password::Password;
use uuid::Uuid;

pub(super) struct OwnedWrite {
    user: Uuid,
    old: Option<Password>,
    new: Option<Password>,
    unlock: bool,
    require_change: bool,
    policy_hints: Option<&'static str>,
}

impl OwnedWrite {
    pub(super) fn of(write: &Write<'_>) -> Self {
        let (old, new) = match &write.password {
            None => (None, None),
            Some(NewPassword::Reset(new)) => (None, Some(new.duplicate())),
            Some(NewPassword::Change { old, new }) => (Some(old.duplicate()), Some(new.duplicate())),
        };
        OwnedWrite {
            user: write.user,
            old,
            new,
            unlock: write.unlock,
            require_change: write.require_change,
            policy_hints: write.policy_hints,
        }
    }

    pub(super) fn borrowed(&self) -> Write<'_> {
        let password = match (&self.old, &self.new) {
            (Some(old), Some(new)) => Some(NewPassword::Change { old, new }),
            (_, new) => new.as_ref().map(NewPassword::Reset),
        };
        Write {
            user: self.user,
            password,
            unlock: self.unlock,
            require_change: self.require_change,
            policy_hints: self.policy_hints,
        }
    }
}
