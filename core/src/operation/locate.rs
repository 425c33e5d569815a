//! From an identity to exactly one account's facts.

use super::{Engine, Located};
use crate::directory::{Directory, Session};
use crate::error::{Code, Error};
use crate::facts::Facts;
use crate::identity::Name;
use tokio::time::Instant;
use uuid::Uuid;

/// How many domain controllers an operation begins on at most.
const BEGINNINGS: usize = 3;

impl<D: Directory> Engine<D> {
    /// Opens a session and finds the account in it; over a new connection, if so wanted. A connection that was kept may have died
    /// unnoticed, or its logon may have aged: where it fails, a new one is tried. Where the domain controller itself fails meanwhile,
    /// another takes over from the beginning. Nothing has been written yet, and what one has said is not used on another.
    pub(super) async fn open_and_locate(&self, name: &Name, mut new: bool, until: Instant) -> Result<Located, Error> {
        let mut begun = 1;
        loop {
            let session = match new {
                true => self.directory.open_new(until).await?,
                false => self.directory.open(until).await?,
            };
            let warm = session.is_warm();
            let may_move = session.is_replaceable() && begun < BEGINNINGS;
            match self.locate(session, name).await {
                Err(error) if warm && blames_the_connection(&error) => new = true,
                Err(error) if may_move && blames_the_domain_controller(&error) => begun += 1,
                located => return located,
            }
        }
    }

    /// Finds the one account that has a name, and reads it.
    pub(super) async fn locate(&self, mut session: Box<dyn Session>, name: &Name) -> Result<Located, Error> {
        let server = session.server().name.clone();
        let found = session.find(name).await.and_then(|users| exactly_one(&users));
        let user = found.map_err(|error| error.with_domain_controller(&server))?;
        let facts = self
            .facts(session.as_mut(), user)
            .await
            .map_err(|error| error.with_domain_controller(&server))?;
        Ok(Located { session, facts })
    }

    /// Reads one account and concludes its facts.
    pub(super) async fn facts(&self, session: &mut dyn Session, user: Uuid) -> Result<Facts, Error> {
        let readings = session.read(user).await?.ok_or_else(not_found)?;
        if readings.plain.guid != user {
            // What is checked and what is written must be one account.
            let message = "the domain controller answered with another account than was asked for";
            return Err(Error::new(Code::MalformedReply, message));
        }
        Facts::conclude(readings, &session.server().own_token, &self.rules.protected_groups)
    }
}

/// Whether a new connection may do better.
fn blames_the_connection(error: &Error) -> bool {
    matches!(
        error.code(),
        Code::Unreachable | Code::MalformedReply | Code::Directory | Code::PermissionDenied
    )
}

/// Whether another domain controller may do better.
fn blames_the_domain_controller(error: &Error) -> bool {
    matches!(error.code(), Code::Unreachable | Code::MalformedReply)
}

pub(super) fn exactly_one(users: &[Uuid]) -> Result<Uuid, Error> {
    match users {
        [user] => Ok(*user),
        [] => Err(not_found()),
        _ => Err(Error::new(
            Code::AmbiguousIdentity,
            "several accounts have this identity",
        )),
    }
}

fn not_found() -> Error {
    Error::new(Code::AccountNotFound, "no account has this identity")
}
