//! The settings that hold for every write, whichever backend carries it out.

use crate::ad::dn::Dn;
use crate::error::{Code, Error};
use crate::identity::IdentityKind;
use crate::request::{History, Initiator};
use crate::sid::Sid;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The rules of writing. The defaults are the strict side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Rules {
    /// Who asks, where the request does not say. Default: self-service.
    pub initiator: Initiator,
    /// Whether resets enforce history, where the request does not say. Default: required.
    pub history: History,
    /// The subtrees whose accounts may be written, as distinguished names; empty means the whole directory.
    pub allowed_subtrees: Vec<String>,
    /// The kinds of identity that are accepted; empty means all.
    pub accepted_identities: Vec<IdentityKind>,
    /// Whether owners may reset, unlock or expire protected accounts of their own. Default: no.
    pub allow_self_service_on_protected: bool,
    /// Whether administrators may reset, unlock or expire protected accounts. Default: no.
    pub allow_administrator_on_protected: bool,
    /// Groups, by SID, whose members are protected beside Active Directory's own protected groups.
    pub protected_groups: Vec<String>,
    /// How long an operation may take in all, where the request does not say. Default: 30 s. As text: seconds.
    #[serde(with = "seconds")]
    pub deadline: Duration,
    /// How long a write whose reply was lost is given to arrive before its absence counts as evidence. Reserved out of the
    /// deadline. Default: 2 s.
    #[serde(with = "seconds")]
    pub grace: Duration,
    /// Whether a write that the domain controller reports as done is read back, over the same connection: that tells of a
    /// password that expired at once, a lockout that stayed, or a required change that did not take. Without it an operation
    /// takes one round trip less, and the receipt shows the account as it was before. Default: yes.
    pub confirm: bool,
    /// Whether every password that was written is tried in a logon of its own. Default: no.
    pub verify_by_bind: bool,
    /// Whether a logon with the new password may settle a write whose reply was lost, where nothing else can. If the
    /// write did not happen this costs the account one bad-password count. Default: yes, where the domain controller's
    /// own count of bad passwords leaves room.
    pub resolve_by_bind: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            initiator: Initiator::SelfService,
            history: History::Required,
            allowed_subtrees: Vec::new(),
            accepted_identities: Vec::new(),
            allow_self_service_on_protected: false,
            allow_administrator_on_protected: false,
            protected_groups: Vec::new(),
            deadline: Duration::from_secs(30),
            grace: Duration::from_secs(2),
            confirm: true,
            verify_by_bind: false,
            resolve_by_bind: true,
        }
    }
}

/// Rules that have been read.
#[derive(Clone, Debug)]
pub(crate) struct ReadRules {
    pub(crate) given: Rules,
    pub(crate) allowed_subtrees: Vec<Dn>,
    pub(crate) protected_groups: Vec<Sid>,
}

impl Rules {
    /// Reads the names among the rules.
    ///
    /// # Errors
    /// [`Code::Configuration`], naming the setting.
    pub(crate) fn read(self) -> Result<ReadRules, Error> {
        let allowed_subtrees = self
            .allowed_subtrees
            .iter()
            .map(|text| text.parse::<Dn>().map_err(|_| faulty("allowed_subtrees", text)))
            .collect::<Result<_, _>>()?;
        let protected_groups = self
            .protected_groups
            .iter()
            .map(|text| text.parse().map_err(|_| faulty("protected_groups", text)))
            .collect::<Result<_, _>>()?;
        if self.deadline.is_zero() {
            return Err(Error::new(Code::Configuration, "deadline must be longer than zero"));
        }
        Ok(ReadRules {
            given: self,
            allowed_subtrees,
            protected_groups,
        })
    }
}

fn faulty(setting: &str, value: &str) -> Error {
    Error::new(Code::Configuration, format!("{setting}: {value:?} cannot be read"))
}

/// A duration as a number of seconds.
mod seconds {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::time::Duration;

    pub(super) fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        value.as_secs_f64().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        Duration::try_from_secs_f64(seconds).map_err(serde::de::Error::custom)
    }
}
