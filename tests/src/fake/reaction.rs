//! What a fake domain controller does instead of the usual.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::answer::Answer;
use super::directory::Found;
use super::raw::Raw;

/// A reaction: what is applied, what is answered, and what becomes of the connection.
///
/// ```
/// use std::time::Duration;
/// use testkit::fake::{Reaction, Raw};
/// let busy = Reaction::result(51, "");
/// let lost = Reaction::close_after_apply().rst();
/// let slow = Reaction::delay(Duration::from_millis(200));
/// let lying = Reaction::raw(Raw::WrongMessageId).applied();
/// # let _ = (busy, lost, slow, lying);
/// ```
#[derive(Debug, Clone)]
pub struct Reaction {
    pub(super) before: Duration,
    pub(super) apply: Apply,
    pub(super) pause: Duration,
    pub(super) reply: Reply,
    pub(super) edit: Edit,
    pub(super) then: Then,
    pub(super) reset: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Apply {
    Yes,
    No,
    Late(Duration),
}

#[derive(Debug, Clone)]
pub(super) enum Reply {
    /// The server's own.
    Own,
    /// The server's own, these bytes following in the same write.
    OwnThen(Vec<u8>),
    /// The first half of the server's own.
    Half,
    Result(Answer),
    Raw(Raw),
    EndlessEntries,
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    GoOn,
    Close,
    Stall,
}

type EditEntry = Arc<dyn Fn(&mut Found) + Send + Sync>;

/// Changes to the entries of a search's answer.
#[derive(Clone, Default)]
pub(super) struct Edit(pub(super) Vec<EditEntry>);

impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} edits", self.0.len())
    }
}

impl Reaction {
    /// The usual, as a start for [`Reaction::then_close`] and the like.
    pub fn usual() -> Self {
        Reaction {
            before: Duration::ZERO,
            apply: Apply::Yes,
            pause: Duration::ZERO,
            reply: Reply::Own,
            edit: Edit::default(),
            then: Then::GoOn,
            reset: false,
        }
    }

    fn unapplied(reply: Reply, then: Then) -> Self {
        Reaction {
            apply: Apply::No,
            reply,
            then,
            ..Self::usual()
        }
    }

    /// Answers this result and applies nothing. The text may be bytes that are not UTF-8.
    pub fn result(code: u32, diagnostic: impl AsRef<[u8]>) -> Self {
        Self::answer(Answer::new(code, diagnostic))
    }

    /// Answers this and applies nothing: for a matched DN, referrals or response controls.
    pub fn answer(answer: Answer) -> Self {
        Self::unapplied(Reply::Result(answer), Then::GoOn)
    }

    /// Sends these bytes and applies nothing.
    pub fn raw(raw: Raw) -> Self {
        Self::unapplied(Reply::Raw(raw), Then::GoOn)
    }

    /// The usual answer, then these bytes in the same write. After a StartTLS answer: plaintext injected before TLS.
    pub fn usual_followed_by(bytes: impl Into<Vec<u8>>) -> Self {
        Reaction {
            reply: Reply::OwnThen(bytes.into()),
            ..Self::usual()
        }
    }

    /// Entries without end, to a search, until the client goes.
    pub fn endless_entries() -> Self {
        Self::unapplied(Reply::EndlessEntries, Then::GoOn)
    }

    /// The usual search answer, its entries changed so.
    pub fn edit(edit: impl Fn(&mut Found) + Send + Sync + 'static) -> Self {
        Self::usual().and_edit(edit)
    }

    /// The usual search answer without these attributes.
    pub fn drop_attributes(names: &[&str]) -> Self {
        let names: Vec<String> = names.iter().map(|name| name.to_string()).collect();
        let dropped = move |name: &str| names.iter().any(|drop| drop.eq_ignore_ascii_case(name));
        Self::edit(move |found| found.attributes.retain(|(name, _)| !dropped(name)))
    }

    /// The usual, but applied and answered only after `time`.
    pub fn delay(time: Duration) -> Self {
        Reaction {
            before: time,
            ..Self::usual()
        }
    }

    /// The usual, applied at once but answered only after `time`.
    pub fn delay_reply(time: Duration) -> Self {
        Reaction {
            pause: time,
            ..Self::usual()
        }
    }

    /// Applies nothing, answers nothing, keeps the connection open.
    pub fn hang() -> Self {
        Self::unapplied(Reply::Nothing, Then::Stall)
    }

    /// Applies, but never answers, and keeps the connection open.
    pub fn hang_after_apply() -> Self {
        Self::hang().applied()
    }

    /// Closes without applying or answering.
    pub fn close() -> Self {
        Self::unapplied(Reply::Nothing, Then::Close)
    }

    /// Applies, then closes without answering.
    pub fn close_after_apply() -> Self {
        Self::close().applied()
    }

    /// Applies and answers, then closes.
    pub fn close_after_reply() -> Self {
        Self::usual().then_close()
    }

    /// Closes now without answering, and applies after `time`: a server still at work while the client looks.
    pub fn apply_late(time: Duration) -> Self {
        Reaction {
            apply: Apply::Late(time),
            ..Self::close()
        }
    }

    /// Keeps the connection open without answering, and applies after `time`.
    pub fn hang_and_apply_late(time: Duration) -> Self {
        Reaction {
            apply: Apply::Late(time),
            ..Self::hang()
        }
    }

    /// Applies, sends half of the answer, then nothing more.
    pub fn half_reply_then_stall() -> Self {
        Reaction {
            reply: Reply::Half,
            then: Then::Stall,
            ..Self::usual()
        }
    }

    /// Applies, sends half of the answer, then closes.
    pub fn half_reply_then_close() -> Self {
        Reaction {
            reply: Reply::Half,
            then: Then::Close,
            ..Self::usual()
        }
    }

    /// This, though the request takes effect.
    pub fn applied(mut self) -> Self {
        self.apply = Apply::Yes;
        self
    }

    /// This, though the request does not take effect.
    pub fn not_applied(mut self) -> Self {
        self.apply = Apply::No;
        self
    }

    /// This, and then the connection closes.
    pub fn then_close(mut self) -> Self {
        self.then = Then::Close;
        self
    }

    /// This, and then nothing more on that connection.
    pub fn then_stall(mut self) -> Self {
        self.then = Then::Stall;
        self
    }

    /// Where this closes: by a TCP reset instead of an orderly end.
    pub fn rst(mut self) -> Self {
        self.reset = true;
        self
    }

    /// This, begun only after `time`.
    pub fn after(mut self, time: Duration) -> Self {
        self.before = time;
        self
    }

    /// This, with the answer's entries changed so.
    pub fn and_edit(mut self, edit: impl Fn(&mut Found) + Send + Sync + 'static) -> Self {
        self.edit.0.push(Arc::new(edit));
        self
    }
}
