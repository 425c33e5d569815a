//! The one table of behaviour: cases as data, and what runs them over every backend.
//!
//! The data is in `tests/cases/*.json`, its format in the README beside it. A case is set up on a [`Backend`], its steps
//! are done through the library's own trait, and every answer is compared with what the case expects.

mod after;
mod backend;
mod compare;
mod coverage;
mod expect;
mod foreign;
mod hands;
mod live;
mod load;
mod mock;
mod perform;
mod resolve;
mod run;
mod scene;
mod schema;
mod span;
mod step;
mod table;
mod when;

pub use backend::{Backend, Logon, Stage};
pub use coverage::{Covered, NOT_COVERABLE};
pub use foreign::{Foreign, Wire};
pub use hands::{Hands, Opened};
pub use live::{Live, account_state};
pub use load::{Topic, load};
pub use mock::Mock;
pub use perform::Answer;
pub use run::run;
pub use scene::{Place, Scene, State};
pub use schema::{
    Account, Capability, Case, FineGrainedPolicy, Group, Kind, PolicySettings, RateLimit, Right, RuleSettings, Service,
};
pub use span::Span;
pub use table::{Cell, Table};

/// What every part of the runner answers. The text is for the reader of a failed test.
pub type Result<T> = std::result::Result<T, String>;
