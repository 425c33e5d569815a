//! From the name of an operation and its options to the operation itself.

use crate::answer::misuse;
use password_writeback::options::RequestOptions;
use password_writeback::{Cancellation, Diagnosis, Error, Operation, Password, PasswordWriteback};
use serde::Serialize;
use std::pin::Pin;
use std::sync::Arc;

/// An operation that is about to run; its result is JSON.
pub(crate) type Running = Pin<Box<dyn Future<Output = Result<String, Error>> + Send>>;

/// Reads what is asked. Nothing happens before the answer is awaited.
pub(crate) fn read(
    directory: Arc<dyn PasswordWriteback>,
    operation: &str,
    options: &str,
    passwords: Vec<Password>,
    cancellation: Cancellation,
) -> Result<Running, Error> {
    let mut passwords = passwords.into_iter();
    let mut password = || passwords.next().ok_or_else(|| misuse("a password is missing"));
    let options = RequestOptions::from_json(options)?.cancellation(cancellation);

    macro_rules! run {
        ($method:ident $(, $password:expr)*) => {{
            let request = options.$method($($password),*)?;
            Box::pin(async move { text(&directory.$method(request).await?) })
        }};
    }
    Ok(match operation.parse() {
        Ok(Operation::ResetPassword) => run!(reset_password, password()?),
        Ok(Operation::ChangePassword) => run!(change_password, password()?, password()?),
        Ok(Operation::UnlockAccount) => run!(unlock_account),
        Ok(Operation::RequirePasswordChange) => run!(require_password_change),
        Ok(Operation::CheckPassword) => run!(check_password, password()?),
        Ok(Operation::FindAccount) => run!(find_account),
        Ok(Operation::PasswordPolicy) => run!(password_policy),
        Ok(Operation::Diagnose) => {
            let request = options.diagnose()?;
            Box::pin(async move { diagnosis(&directory.diagnose(request).await?) })
        }
        Ok(_) | Err(_) => return Err(misuse("there is no such operation")),
    })
}

fn text(result: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(result).map_err(|_| misuse("the result cannot be written as text"))
}

/// A diagnosis, with what follows from it: a plain object has no methods.
#[derive(Serialize)]
struct Examined<'a> {
    #[serde(flatten)]
    found: &'a Diagnosis,
    healthy: bool,
}

fn diagnosis(found: &Diagnosis) -> Result<String, Error> {
    let healthy = found.is_healthy();
    text(&Examined { found, healthy })
}
