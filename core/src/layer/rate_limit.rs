//! Limits how often an operation may be tried: on one account however it is named, and in all.

use crate::account::Account;
use crate::clock::{Clock, SystemClock};
use crate::diagnosis::Diagnosis;
use crate::error::{Code, Error};
use crate::gate::{Gate, Target};
use crate::policy::{self, PasswordPolicy, Verdict};
use crate::receipt::{Operation, Receipt};
use crate::request::{
    ChangePassword, CheckPassword, Context, Diagnose, FindAccount, ReadPolicy, RequirePasswordChange, ResetPassword,
    UnlockAccount,
};
use crate::writeback::PasswordWriteback;
use async_trait::async_trait;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{NotUntil, Quota, RateLimiter};
use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use std::fmt;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use uuid::Uuid;

/// The longest period of a limit. It keeps every time that is reckoned with far from the 584 years that `governor` can hold.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// The most time that passes for a limit, whatever its clock says: 400 years.
const END_OF_TIME: Duration = Duration::from_secs(400 * 365 * 24 * 3600);

/// How many tries go by, at least, before the states of accounts that need none any more are thrown away.
const PRUNE_AFTER: usize = 1024;

/// So many tries in a period.
///
/// So many may come at once; each is given back evenly over the period. Of five in an hour, five may come at once, and then one more
/// every twelve minutes; who has waited an hour may try five times at once again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    quota: Quota,
}

fn unusable() -> Error {
    Error::new(
        Code::Configuration,
        "a rate limit needs a count above zero and a period above zero, of at most 366 days",
    )
}

impl Limit {
    /// So many tries in a period of at most 366 days.
    ///
    /// # Errors
    /// [`Code::Configuration`] where that cannot be a limit: a count or a period of zero, or a period that is too long.
    pub fn new(count: u32, period: Duration) -> Result<Self, Error> {
        let count = NonZeroU32::new(count).ok_or_else(unusable)?;
        if period > LONGEST {
            return Err(unusable());
        }
        let quota = Quota::with_period(period / count.get()).ok_or_else(unusable)?;
        Ok(Limit {
            quota: quota.allow_burst(count),
        })
    }
}

/// The limits of a [`RateLimit`]. By default there are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimits {
    /// On one account, however it is named: writes and checked candidates.
    pub per_account: Option<Limit>,
    /// On everything together, reads among it.
    pub total: Option<Limit>,
}

impl RateLimits {
    /// No limits yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Limits the writes and checked candidates of one account, however it is named.
    #[must_use]
    pub fn per_account(mut self, limit: Limit) -> Self {
        self.per_account = Some(limit);
        self
    }

    /// Limits everything together.
    #[must_use]
    pub fn total(mut self, limit: Limit) -> Self {
        self.total = Some(limit);
        self
    }

    /// Whether there is anything to limit.
    pub(crate) fn any(&self) -> bool {
        self.per_account.is_some() || self.total.is_some()
    }
}

/// Refuses what comes too often, as `RATE_LIMITED`, and says [when](Error::retry_at) the same try can succeed.
///
/// The limit on everything counts every operation before it is begun, reads among them, whatever becomes of it: it protects the
/// directory. The limit on an account counts writes and checked candidates, and a canary once, whatever becomes of them: it protects the account
/// from somebody who guesses. It is asked where the backend has found the account and checked the rules of protection, before a write is
/// sent. So it is the same however the account is named, an account that does not exist has no state, and one that must not be
/// written takes none.
#[derive(Debug)]
pub struct RateLimit<W> {
    inner: W,
    limits: Arc<Limits>,
}

impl<W: PasswordWriteback> RateLimit<W> {
    /// Puts the layer around a backend or another layer. [`Audit`](super::Audit) belongs outside it, so that refusals are recorded.
    pub fn new(inner: W, limits: RateLimits) -> Self {
        Self::with_clock(inner, limits, Arc::new(SystemClock))
    }

    /// The same, by another clock. Where that is set back, no time passes for the limits.
    pub fn with_clock(inner: W, limits: RateLimits, clock: Arc<dyn Clock>) -> Self {
        RateLimit {
            inner,
            limits: Arc::new(Limits::new(limits, clock)),
        }
    }

    /// Counts an operation, and hangs up the gate that counts it for its account.
    fn enter(&self, is_a_try: bool, context: &mut Context) -> Result<(), Error> {
        self.limits.count()?;
        if self.limits.per_account.is_some() && is_a_try {
            let ticket = Ticket {
                limits: Arc::clone(&self.limits),
                admitted: Mutex::default(),
            };
            context.add_gate(Arc::new(ticket));
        }
        Ok(())
    }
}

/// Whether an operation changes an account, or says something about its password.
fn is_a_try(operation: Operation) -> bool {
    operation.writes() || operation == Operation::CheckPassword
}

/// Counts one operation for its account, once, however often it has to begin anew.
#[derive(Debug)]
struct Ticket {
    limits: Arc<Limits>,
    admitted: Mutex<Option<Uuid>>,
}

impl Gate for Ticket {
    fn pass(&self, target: &Target<'_>) -> Result<(), Error> {
        let mut admitted = lock(&self.admitted);
        if *admitted != Some(target.object_guid) {
            self.limits.count_for(target.object_guid)?;
            *admitted = Some(target.object_guid);
        }
        Ok(())
    }
}

type InAll = RateLimiter<NotKeyed, InMemoryState, Passed, NoOpMiddleware<Duration>>;
type ByAccount = RateLimiter<Uuid, HashMapStateStore<Uuid>, Passed, NoOpMiddleware<Duration>>;

/// The limits and what they have counted.
struct Limits {
    total: Option<InAll>,
    per_account: Option<ByAccount>,
    passed: Passed,
    since_pruned: AtomicUsize,
    prune_after: AtomicUsize,
}

impl Limits {
    fn new(limits: RateLimits, clock: Arc<dyn Clock>) -> Self {
        let passed = Passed::new(clock);
        let total = |limit: Limit| RateLimiter::direct_with_clock(limit.quota, passed.clone());
        let per_account = |limit: Limit| RateLimiter::hashmap_with_clock(limit.quota, passed.clone());
        Limits {
            total: limits.total.map(total),
            per_account: limits.per_account.map(per_account),
            passed: passed.clone(),
            since_pruned: AtomicUsize::new(0),
            prune_after: AtomicUsize::new(PRUNE_AFTER),
        }
    }

    fn count(&self) -> Result<(), Error> {
        let Some(limiter) = &self.total else {
            return Ok(());
        };
        let counted = limiter.check();
        counted.map_err(|until| self.refusal("too many operations in all", &until))
    }

    fn count_for(&self, account: Uuid) -> Result<(), Error> {
        let Some(limiter) = &self.per_account else {
            return Ok(());
        };
        self.prune(limiter);
        let counted = limiter.check_key(&account);
        counted.map_err(|until| self.refusal("too many tries for this account", &until))
    }

    /// Throws away the states that are as good as none, now and then: after as many tries as there were states left the last time.
    fn prune(&self, limiter: &ByAccount) {
        let tries = self.since_pruned.fetch_add(1, Ordering::Relaxed);
        if tries >= self.prune_after.load(Ordering::Relaxed) {
            self.since_pruned.store(0, Ordering::Relaxed);
            limiter.retain_recent();
            limiter.shrink_to_fit();
            self.prune_after
                .store(limiter.len().max(PRUNE_AFTER), Ordering::Relaxed);
        }
    }

    fn refusal(&self, why: &str, until: &NotUntil<Duration>) -> Error {
        let (now, passed) = self.passed.look();
        let time = policy::add(now, until.wait_time_from(passed)).unwrap_or(Timestamp::MAX);
        // Rounded up: a language whose times are coarser must not come back too early.
        let coarse = TimestampRound::new().smallest(Unit::Millisecond).mode(RoundMode::Ceil);
        let time = time.round(coarse).unwrap_or(time);
        Error::new(Code::RateLimited, format!("{why}: try again at {time}")).with_retry_at(time)
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let accounts = self.per_account.as_ref().map(RateLimiter::len);
        f.debug_struct("Limits")
            .field("accounts", &accounts)
            .finish_non_exhaustive()
    }
}

/// The time that has passed by a clock. A clock that is set back does not bring it back, and what it then shows counts from there.
#[derive(Clone, Debug)]
struct Passed {
    clock: Arc<dyn Clock>,
    seen: Arc<Mutex<(Timestamp, Duration)>>,
}

impl Passed {
    fn new(clock: Arc<dyn Clock>) -> Self {
        let now = clock.now();
        Passed {
            clock,
            seen: Arc::new(Mutex::new((now, Duration::ZERO))),
        }
    }

    /// What the clock shows, and the time that has passed.
    fn look(&self) -> (Timestamp, Duration) {
        let mut seen = lock(&self.seen);
        let now = self.clock.now();
        let since = Duration::try_from(now.duration_since(seen.0)).unwrap_or(Duration::ZERO);
        *seen = (now, seen.1.saturating_add(since).min(END_OF_TIME));
        *seen
    }
}

impl governor::clock::Clock for Passed {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.look().1
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts an operation before the inner one of the same name.
macro_rules! limited {
    ($self:ident, $request:ident, $operation:ident, $method:ident) => {{
        let mut request = $request;
        $self.enter(is_a_try(Operation::$operation), &mut request.context)?;
        $self.inner.$method(request).await
    }};
}

#[async_trait]
impl<W: PasswordWriteback> PasswordWriteback for RateLimit<W> {
    async fn reset_password(&self, request: ResetPassword) -> Result<Receipt, Error> {
        limited!(self, request, ResetPassword, reset_password)
    }

    async fn change_password(&self, request: ChangePassword) -> Result<Receipt, Error> {
        limited!(self, request, ChangePassword, change_password)
    }

    async fn unlock_account(&self, request: UnlockAccount) -> Result<Receipt, Error> {
        limited!(self, request, UnlockAccount, unlock_account)
    }

    async fn require_password_change(&self, request: RequirePasswordChange) -> Result<Receipt, Error> {
        limited!(self, request, RequirePasswordChange, require_password_change)
    }

    async fn check_password(&self, request: CheckPassword) -> Result<Verdict, Error> {
        limited!(self, request, CheckPassword, check_password)
    }

    async fn find_account(&self, request: FindAccount) -> Result<Account, Error> {
        limited!(self, request, FindAccount, find_account)
    }

    async fn password_policy(&self, request: ReadPolicy) -> Result<PasswordPolicy, Error> {
        limited!(self, request, PasswordPolicy, password_policy)
    }

    async fn diagnose(&self, mut request: Diagnose) -> Result<Diagnosis, Error> {
        // Of a canary's writes the first counts for all.
        self.enter(request.canary, &mut request.context)?;
        self.inner.diagnose(request).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mock::MockClock;

    #[test]
    fn accounts_that_were_tried_long_ago_take_no_memory() {
        let clock = MockClock::new();
        let limits = RateLimits::new().per_account(Limit::new(3, Duration::from_secs(60)).unwrap());
        let limits = Limits::new(limits, Arc::new(clock.clone()));
        let states = || limits.per_account.as_ref().map_or(0, RateLimiter::len);
        let mut most = 0;
        for _ in 0..100_000 {
            limits.count_for(Uuid::new_v4()).unwrap();
            clock.advance(Duration::from_secs(1));
            most = most.max(states());
        }
        // Those of the last 60 seconds count, and what has come since they were looked through.
        assert!(most <= PRUNE_AFTER + 61, "{most}");
    }

    #[test]
    fn an_account_that_is_used_up_is_never_forgotten() {
        let clock = MockClock::new();
        let limits = RateLimits::new().per_account(Limit::new(1, Duration::from_secs(3600)).unwrap());
        let limits = Limits::new(limits, Arc::new(clock.clone()));
        let alice = Uuid::new_v4();
        limits.count_for(alice).unwrap();
        for _ in 0..10 * PRUNE_AFTER {
            limits.count_for(Uuid::new_v4()).unwrap();
        }
        assert_eq!(limits.count_for(alice).unwrap_err().code(), Code::RateLimited);
    }
}
