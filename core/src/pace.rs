//! When the next of many resets may begin.

use crate::error::{Code, Error, ErrorKind};

/// The rule by which [`reset_many`](crate::PasswordWritebackExt::reset_many) begins resets, without the stream: for whoever begins and
/// awaits them by other means, such as a package of another language.
///
/// Before each reset ask for [`refusal`](Self::refusal) and, where there is none, begin it as soon as fewer than
/// [`room`](Self::room) are under way; after each, [`learn`](Self::learn) from its result.
///
/// ```
/// use password_writeback::{Code, Error, Pace, Receipt};
///
/// let mut pace = Pace::new(4);
/// assert_eq!(pace.room(), 1); // Until one has shown that the logon works, no other begins.
/// let result: Result<Receipt, Error> = Err(Error::new(Code::AccountNotFound, "no account has this identity"));
/// pace.learn(&result);
/// assert_eq!(pace.room(), 4);
/// assert!(pace.refusal().is_none());
/// ```
#[derive(Debug)]
pub struct Pace {
    concurrency: usize,
    progress: Progress,
}

#[derive(Debug)]
enum Progress {
    /// No reset has shown yet whether the logon of the service account works.
    First,
    /// One has, and it does.
    Going,
    /// The logon of the service account was refused: what follows is answered with this.
    Stopped(Error),
}

impl Pace {
    /// For so many resets at once, at least one.
    pub fn new(concurrency: usize) -> Self {
        Pace {
            concurrency: concurrency.max(1),
            progress: Progress::First,
        }
    }

    /// For another number from now on. What was learnt stays.
    pub(crate) fn at_once(&mut self, concurrency: usize) {
        self.concurrency = concurrency.max(1);
    }

    /// How many may be under way now: one alone until a first one has come past the logon of the service account.
    pub fn room(&self) -> usize {
        match self.progress {
            Progress::First => 1,
            Progress::Going | Progress::Stopped(_) => self.concurrency,
        }
    }

    /// What the next request is answered with instead of being begun, after the logon of the service account was refused: further
    /// attempts could lock it.
    pub fn refusal(&self) -> Option<Error> {
        match &self.progress {
            Progress::Stopped(error) => Some(error.clone()),
            Progress::First | Progress::Going => None,
        }
    }

    /// Learns from the result of a reset whether others may be begun.
    pub fn learn<T>(&mut self, result: &Result<T, Error>) {
        match (result, &self.progress) {
            (_, Progress::Stopped(_)) => {}
            (Err(error), _) if error.is_refused_logon() => self.progress = Progress::Stopped(not_attempted(error)),
            (Err(error), _) if !is_past_the_logon(error) => {}
            _ => self.progress = Progress::Going,
        }
    }
}

/// Whether an error can only come after the logon of the service account.
fn is_past_the_logon(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Account | ErrorKind::Policy | ErrorKind::Protection | ErrorKind::Outcome => true,
        ErrorKind::ServiceAccount => error.code() == Code::PermissionDenied,
        ErrorKind::Directory => error.code() == Code::Directory,
        ErrorKind::Caller | ErrorKind::Channel => false,
    }
}

/// The error of a request that comes after a refused logon.
fn not_attempted(refused: &Error) -> Error {
    let message = format!(
        "not attempted, since an earlier logon of the service account failed: {}",
        refused.message()
    );
    let error = Error::new(refused.code(), message);
    match refused.reason() {
        Some(reason) => error.with_reason(reason),
        None => error,
    }
}
