//! The mock directory, in two kinds: one that does as Windows does, one that names rules and knows no policy hints.

mod describe;
mod setup;

use super::Result;
use super::backend::{Backend, Logon, Stage};
use super::hands::{Opened, Own};
use super::scene::{Scene, State};
use super::schema::{Capability, Case, RateLimit, stack};
use async_trait::async_trait;
use jiff::Timestamp;
use password_writeback::mock::{BindAnswer, MockClock, MockDirectory};
use password_writeback::{Clock, Identity, Rules};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A kind of mock directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mock {
    /// As Windows: policy hints, and the same refusal for every rule.
    Windows,
    /// As an older Samba: no policy hints, and every refusal names its rule.
    Stated,
}

#[async_trait]
impl Backend for Mock {
    fn name(&self) -> &'static str {
        match self {
            Mock::Windows => "mock",
            Mock::Stated => "mock_stated",
        }
    }

    fn capabilities(&self) -> &'static [Capability] {
        use Capability::{
            CommonNames, ImpliedNames, InfersRule, NameRules, NoPolicyHints, NotRequiredExempt, PasswordFilter,
            PolicyHints, RodcKrbtgt, SmartcardRefused, StatesRule, StillClock, UnexpireRight,
        };
        match self {
            Mock::Windows => &[
                PolicyHints,
                CommonNames,
                InfersRule,
                NameRules,
                PasswordFilter,
                RodcKrbtgt,
                NotRequiredExempt,
                UnexpireRight,
                ImpliedNames,
                SmartcardRefused,
                StillClock,
            ],
            Mock::Stated => &[
                NoPolicyHints,
                CommonNames,
                StatesRule,
                PasswordFilter,
                RodcKrbtgt,
                NotRequiredExempt,
                UnexpireRight,
                ImpliedNames,
                SmartcardRefused,
                StillClock,
            ],
        }
    }

    async fn set_up(&self, case: &Case) -> Result<Box<dyn Stage>> {
        let begun = Instant::now();
        let clock = MockClock::new();
        let (directory, scene) = setup::build(*self, case, &clock, &Rules::default())?;
        Ok(Box::new(MockStage {
            kind: *self,
            case: case.clone(),
            clock,
            scene,
            begun,
            directory: Mutex::new(directory),
        }))
    }
}

/// A mock directory with one case's accounts in it.
struct MockStage {
    begun: Instant,
    kind: Mock,
    case: Case,
    clock: MockClock,
    scene: Scene,
    directory: Mutex<MockDirectory>,
}

impl MockStage {
    fn current(&self) -> MockDirectory {
        self.directory.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn identity(&self, account: &str) -> Result<Identity> {
        let place = self.scene.places.get(account);
        let sam = place.and_then(|place| place.sam.as_deref());
        sam.map(Identity::sam)
            .ok_or_else(|| format!("the case has no {account}"))
    }
}

/// ACCOUNTDISABLE (MS-ADTS 2.2.16).
const DISABLED: u32 = 0x2;

#[async_trait]
impl Stage for MockStage {
    fn begun(&self) -> Instant {
        self.begun
    }

    fn scene(&self) -> &Scene {
        &self.scene
    }

    /// The rules belong to a mock from the start, so the same directory is made again with them.
    async fn open(&self, rules: Rules) -> Result<Opened> {
        // Rules that cannot be read are refused here, as they are when the directory is made.
        if let Err(error) = MockDirectory::builder().rules(rules.clone()).build() {
            return Ok(Err(error));
        }
        let (directory, _) = setup::build(self.kind, &self.case, &self.clock, &rules)?;
        *self.directory.lock().unwrap_or_else(PoisonError::into_inner) = directory.clone();
        let layers = self.case.rate_limit.as_ref().map(RateLimit::layers);
        let stack = stack(layers.as_ref(), &rules)?.clock(Arc::new(self.clock.clone()));
        Ok(Own::opened(Ok(stack.around(directory))))
    }

    fn described(&self, rules: &Rules) -> Result<Vec<serde_json::Value>> {
        describe::describe(self.kind, &self.case, rules, self.clock.now())
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn advance(&self, by: Duration) -> Result<()> {
        self.clock.advance(by);
        Ok(())
    }

    async fn logon(&self, account: &str, password: &str) -> Result<Logon> {
        match self.current().bind(self.identity(account)?, password) {
            BindAnswer::Success => Ok(Logon::Ok),
            BindAnswer::WrongPassword => Ok(Logon::Wrong),
            BindAnswer::PasswordExpired => Ok(Logon::PasswordExpired),
            BindAnswer::Disabled => Ok(Logon::Disabled),
            BindAnswer::AccountExpired => Ok(Logon::AccountExpired),
            BindAnswer::MustChange => Ok(Logon::MustChange),
            BindAnswer::LockedOut => Ok(Logon::Locked),
            other => Err(format!("a logon was answered with {other}")),
        }
    }

    async fn state(&self, account: &str) -> Result<State> {
        let found = self.current().account(self.identity(account)?);
        let found = found.ok_or_else(|| format!("{account} is gone"))?;
        Ok(State {
            enabled: found.user_account_control & DISABLED == 0,
            locked: found.locked,
            must_change_password: found.must_change_password,
            bad_password_count: found.bad_password_count,
            password_set: found.password_last_set,
        })
    }

    async fn tear_down(&mut self) -> Result<()> {
        Ok(())
    }
}
