//! What a case may need of a backend.

use serde::Deserialize;

/// What not every server can do. Never a server's name: a new backend says what it can do, and the table follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Capability {
    /// Enforces password history on a reset when asked to.
    PolicyHints,
    /// Cannot.
    NoPolicyHints,
    /// Refuses passwords that contain the account's names.
    NameRules,
    /// Names the broken rule in its refusal.
    StatesRule,
    /// Answers the same for every broken rule, as Windows does.
    InfersRule,
    /// Can be given a password filter that refuses what contains "Forbidden".
    PasswordFilter,
    /// Can hold the krbtgt account of a read-only domain controller.
    RodcKrbtgt,
    /// Exempts an account that needs no password from length and complexity.
    NotRequiredExempt,
    /// Can give an account a common name that is not its sAMAccountName.
    CommonNames,
    /// Lets an account be named explicitly as another one is implicitly.
    ImpliedNames,
    /// Has a clock of its own, which may differ from this machine's.
    RealClock,
    /// Has a clock, the library's too, that stands still unless a case lets time pass.
    StillClock,
    /// Expires at once what a service account without the right to unexpire has set.
    UnexpireRight,
    /// Refuses every password of an account that logs on with a smart card only.
    SmartcardRefused,
}

impl Capability {
    /// The word for it in the data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PolicyHints => "policy_hints",
            Self::NoPolicyHints => "no_policy_hints",
            Self::NameRules => "name_rules",
            Self::StatesRule => "states_rule",
            Self::InfersRule => "infers_rule",
            Self::PasswordFilter => "password_filter",
            Self::RodcKrbtgt => "rodc_krbtgt",
            Self::NotRequiredExempt => "not_required_exempt",
            Self::CommonNames => "common_names",
            Self::ImpliedNames => "implied_names",
            Self::RealClock => "real_clock",
            Self::StillClock => "still_clock",
            Self::UnexpireRight => "unexpire_right",
            Self::SmartcardRefused => "smartcard_refused",
        }
    }
}
