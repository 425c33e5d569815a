//! Many resets: a stream of requests in, results out as they finish.

use crate::error::Error;
use crate::identity::Identity;
use crate::pace::Pace;
use crate::receipt::Receipt;
use crate::request::ResetPassword;
use crate::writeback::PasswordWriteback;
use futures_util::Stream;
use futures_util::future::BoxFuture;
use futures_util::stream::{Fuse, FuturesUnordered, StreamExt};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// How many resets of [`reset_many`](PasswordWritebackExt::reset_many) are under way at once, where nothing else is said.
pub const DEFAULT_CONCURRENCY: usize = 8;

/// Conveniences on top of every [`PasswordWriteback`].
pub trait PasswordWritebackExt: PasswordWriteback {
    /// Resets many passwords: takes requests from a stream, and gives the results as they finish, in whatever order.
    ///
    /// - Nothing happens before the results are asked for, and no request is taken before there is room for it: at most
    ///   [`concurrency`](ResetMany::concurrency) are under way, 8 where nothing else is said.
    /// - Each request is one [`reset_password`](PasswordWriteback::reset_password), with its own deadline, and each gives exactly one
    ///   result. An error ends none of the others.
    /// - One error does: when the service account's own logon is refused, no further reset is begun, lest the attempts lock it. Every
    ///   request that follows is answered with the same error, and its message says that it was not attempted. Until one reset has
    ///   shown that the logon works, no other is begun.
    /// - Dropping the stream cancels what has not been sent yet; what has been sent is carried through, and recorded by the audit.
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use password_writeback::mock::{MockDirectory, MockUser};
    /// use password_writeback::{PasswordWritebackExt, ResetPassword};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), password_writeback::Error> {
    /// let directory = MockDirectory::new();
    /// for name in ["alice", "bob"] {
    ///     directory.add_user(MockUser::new(name))?;
    /// }
    /// let requests = ["alice", "nobody", "bob"].map(|name| ResetPassword::new(name, "New-Passw0rd-1"));
    ///
    /// let mut results = directory.reset_many(futures_util::stream::iter(requests)).concurrency(4);
    /// while let Some(done) = results.next().await {
    ///     match done.result {
    ///         Ok(receipt) => println!("{} on {}", done.identity, receipt.domain_controller),
    ///         Err(error) => println!("{} (number {}): {error}", done.identity, done.index),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    fn reset_many<'a, S>(&'a self, requests: S) -> ResetMany<'a, Self, S>
    where
        S: Stream<Item = ResetPassword> + Unpin,
    {
        ResetMany {
            writeback: self,
            requests: requests.fuse(),
            under_way: FuturesUnordered::new(),
            pace: Pace::new(DEFAULT_CONCURRENCY),
            taken: 0,
        }
    }
}

impl<W: PasswordWriteback + ?Sized> PasswordWritebackExt for W {}

/// What became of one of many resets.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ResetResult {
    /// The place of the request in the stream, from 0.
    pub index: usize,
    /// The account as the request named it.
    pub identity: Identity,
    /// The request's correlation id.
    pub correlation_id: String,
    /// What came of it.
    pub result: Result<Receipt, Error>,
}

/// The results of [`reset_many`](PasswordWritebackExt::reset_many): a stream.
#[must_use = "nothing happens before the results are asked for"]
pub struct ResetMany<'a, W: ?Sized, S: Stream> {
    writeback: &'a W,
    requests: Fuse<S>,
    under_way: FuturesUnordered<BoxFuture<'a, ResetResult>>,
    pace: Pace,
    taken: usize,
}

impl<'a, W: PasswordWriteback + ?Sized, S: Stream<Item = ResetPassword> + Unpin> ResetMany<'a, W, S> {
    /// Says how many resets may be under way at once; at least one is.
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        self.pace.at_once(concurrency);
        self
    }

    /// Begins a reset, or answers it right away where none is begun any more.
    fn begin(&mut self, request: ResetPassword) -> Option<ResetResult> {
        let writeback = self.writeback;
        let (identity, correlation_id) = (request.identity.clone(), request.context.correlation_id.clone());
        let index = self.taken;
        self.taken += 1;
        let done = move |result| ResetResult {
            index,
            identity,
            correlation_id,
            result,
        };
        if let Some(error) = self.pace.refusal() {
            return Some(done(Err(error)));
        }
        let reset = async move { done(writeback.reset_password(request).await) };
        self.under_way.push(Box::pin(reset));
        None
    }
}

impl<W: PasswordWriteback + ?Sized, S: Stream<Item = ResetPassword> + Unpin> Stream for ResetMany<'_, W, S> {
    type Item = ResetResult;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<ResetResult>> {
        let this = self.get_mut();
        loop {
            if let Poll::Ready(Some(done)) = this.under_way.poll_next_unpin(context) {
                this.pace.learn(&done.result);
                return Poll::Ready(Some(done));
            }
            if this.under_way.len() >= this.pace.room() {
                return Poll::Pending;
            }
            match this.requests.poll_next_unpin(context) {
                Poll::Ready(Some(request)) => {
                    if let Some(done) = this.begin(request) {
                        return Poll::Ready(Some(done));
                    }
                }
                Poll::Ready(None) if this.under_way.is_empty() => return Poll::Ready(None),
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<W: ?Sized, S: Stream> fmt::Debug for ResetMany<'_, W, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResetMany")
            .field("taken", &self.taken)
            .field("under_way", &self.under_way.len())
            .field("pace", &self.pace)
            .finish_non_exhaustive()
    }
}
