//! Who carries out the operations of a case: this process, through the library's trait, or another language, through its package.

use super::Result;
use super::perform::{Answer, perform};
use super::schema::read;
use super::step::Step;
use async_trait::async_trait;
use password_writeback::{Error, PasswordWriteback};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// Carries out operations on the directory of one case.
#[async_trait]
pub trait Hands: fmt::Debug + Send + Sync {
    /// Does the operation of a step whose names are replaced; `None` for a step that has none.
    async fn perform(&self, step: &Value) -> Result<Option<Answer>>;
}

/// The hands for one case, or what the library says against its settings.
pub type Opened = std::result::Result<Box<dyn Hands>, Error>;

/// This process.
pub(super) struct Own(Arc<dyn PasswordWriteback>);

impl Own {
    pub(super) fn opened(directory: std::result::Result<Arc<dyn PasswordWriteback>, Error>) -> Opened {
        directory.map(|directory| Box::new(Own(directory)) as _)
    }
}

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Own")
    }
}

#[async_trait]
impl Hands for Own {
    async fn perform(&self, step: &Value) -> Result<Option<Answer>> {
        let step: Step = read(step)?;
        Ok(perform(&step.action, &self.0).await)
    }
}
