//! From the name of an operation and its options to the operation itself.

use crate::raise::{json, misuse, raised};
use crate::secret;
use password_writeback::options::RequestOptions;
use password_writeback::{Cancellation, Error, Operation, PasswordWriteback};
use pyo3::prelude::*;
use std::pin::Pin;
use std::sync::Arc;

/// An operation that is about to run.
pub(crate) struct Running {
    pub(crate) correlation_id: String,
    /// Its result is JSON.
    pub(crate) result: Pin<Box<dyn Future<Output = Result<String, Error>> + Send>>,
}

/// What Python asks for.
#[derive(Debug)]
pub(crate) struct Asked<'a, 'py> {
    pub(crate) operation: &'a str,
    pub(crate) options: &'a str,
    pub(crate) secrets: Vec<Bound<'py, PyAny>>,
}

impl Asked<'_, '_> {
    /// Reads what is asked. Nothing happens before the answer is awaited.
    pub(crate) fn read(
        self,
        py: Python<'_>,
        directory: Arc<dyn PasswordWriteback>,
        cancellation: Cancellation,
    ) -> PyResult<Running> {
        let refused = |error: Error| raised(py, &error);
        let passwords: Vec<_> = self.secrets.iter().map(secret::take).collect::<PyResult<_>>()?;
        let mut passwords = passwords.into_iter();
        let mut password = || passwords.next().ok_or_else(|| refused(misuse("a password is missing")));
        let options = RequestOptions::from_json(self.options)
            .map_err(refused)?
            .cancellation(cancellation);

        macro_rules! run {
            ($method:ident $(, $password:expr)*) => {{
                let request = options.$method($($password),*).map_err(refused)?;
                Running {
                    correlation_id: request.context.correlation_id.clone(),
                    result: Box::pin(async move { directory.$method(request).await.map(|result| json(&result)) }),
                }
            }};
        }
        Ok(match self.operation.parse() {
            Ok(Operation::ResetPassword) => run!(reset_password, password()?),
            Ok(Operation::ChangePassword) => run!(change_password, password()?, password()?),
            Ok(Operation::UnlockAccount) => run!(unlock_account),
            Ok(Operation::RequirePasswordChange) => run!(require_password_change),
            Ok(Operation::CheckPassword) => run!(check_password, password()?),
            Ok(Operation::FindAccount) => run!(find_account),
            Ok(Operation::PasswordPolicy) => run!(password_policy),
            Ok(Operation::Diagnose) => run!(diagnose),
            Ok(_) | Err(_) => return Err(refused(misuse("there is no such operation"))),
        })
    }
}
