//! What the service account may do, as far as it can be found out: what a directory answers an examination.

use crate::ad::descriptor::Ace;
use crate::ad::right::Right;
use crate::identity::Name;
use crate::sid::Sid;
use uuid::Uuid;

/// The account that the library is logged on as.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    /// `DOMAIN\name`, where it could be read.
    pub(crate) name: Option<String>,
    /// Its SID; `None` where it could not be told from those of its groups.
    pub(crate) sid: Option<Sid>,
}

/// What rights are asked about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target<'a> {
    /// One account.
    User(Uuid),
    /// The users that would be created below a container.
    Below(&'a Name),
    /// The domain, and the fine-grained policies in it.
    Domain,
}

/// The rights of the service account on one target.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    /// The object.
    pub(crate) dn: String,
    /// Each right that matters there.
    pub(crate) rights: Vec<(Right, Held)>,
    /// Whether the user itself may change its password.
    pub(crate) user_may_change: Held,
    /// Whether what is granted on the parents reaches the object; `None` where that cannot be read.
    pub(crate) inherits: Option<bool>,
    /// The list of a protected object in SDDL, as it is to be for it to inherit again; `None` where it cannot be written so.
    pub(crate) unprotected: Option<String>,
    /// Where a right that is missing is best granted.
    pub(crate) place: Place,
}

/// Whether a right is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    Yes,
    /// Nothing grants it.
    NotGranted,
    /// An entry denies it.
    Denied(Box<Denial>),
    /// It cannot be found out, and why.
    Unknown(String),
}

impl Held {
    /// Held, or not granted.
    pub(crate) fn of(held: bool) -> Self {
        if held { Held::Yes } else { Held::NotGranted }
    }
}

/// An entry that denies a right, where it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Denial {
    /// The object whose list it is in; `None` where it is inherited, and the parent that it comes from cannot be found.
    pub(crate) on: Option<String>,
    pub(crate) ace: Ace,
    /// The rest of that list, in SDDL; `None` where it cannot be written so.
    pub(crate) rest: Option<String>,
    /// The trustee has no other entry in that list.
    pub(crate) alone: bool,
    /// The server's `samba-tool` can take a single entry away.
    pub(crate) single: bool,
}

/// Where to grant a right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// On the object itself.
    On(String),
    /// On a container, for all users below it.
    Users(String),
    /// On a container, for all inetOrgPersons below it, which what is granted for users does not reach.
    People(String),
    /// On the Password Settings Container, for what is in it too.
    PasswordSettings(String),
}

impl Place {
    pub(crate) fn dn(&self) -> &str {
        match self {
            Place::On(dn) | Place::Users(dn) | Place::People(dn) | Place::PasswordSettings(dn) => dn,
        }
    }
}
