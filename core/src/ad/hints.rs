//! Which account a name led to the last time: where to look at once, and never whom to write.

use crate::identity::Name;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// How many names are remembered. When there are more, all are forgotten: that costs each a round trip, once.
const MOST: usize = 4096;

/// Hints from names that have to be searched for to objectGUIDs.
///
/// With one, the account is read in the same flight as the search for its name. The search decides: what was read counts only
/// where it found the very same account.
#[derive(Debug, Default)]
pub(crate) struct Hints(Mutex<HashMap<Name, Uuid>>);

impl Hints {
    pub(crate) fn of(&self, name: &Name) -> Option<Uuid> {
        self.lock().get(name).copied()
    }

    pub(crate) fn remember(&self, name: &Name, user: Uuid) {
        if matches!(name, Name::Guid(_) | Name::Sid(_) | Name::Dn(_)) {
            // Such a name leads to its account by itself.
            return;
        }
        let mut hints = self.lock();
        if hints.len() >= MOST && !hints.contains_key(name) {
            hints.clear();
        }
        hints.insert(name.clone(), user);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Name, Uuid>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_account_is_remembered_and_the_number_is_bounded() {
        let hints = Hints::default();
        let upn = |n: usize| Name::Upn(format!("u{n}@corp.example"));
        for user in [1, 2].map(Uuid::from_u128) {
            hints.remember(&upn(0), user);
            assert_eq!(hints.of(&upn(0)), Some(user));
        }
        (0..MOST).for_each(|n| hints.remember(&upn(n), Uuid::nil()));
        assert_eq!(hints.lock().len(), MOST);
        hints.remember(&upn(MOST), Uuid::nil());
        assert_eq!(hints.lock().len(), 1);
        hints.remember(&Name::Guid(Uuid::nil()), Uuid::nil());
        assert_eq!(hints.of(&Name::Guid(Uuid::nil())), None);
    }
}
