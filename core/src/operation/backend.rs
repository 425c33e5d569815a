//! Makes a backend of an engine.

/// Implements [`PasswordWriteback`](crate::PasswordWriteback) for a type whose first field is an engine.
macro_rules! backend {
    ($name:ident) => {
        const _: () = {
            use $crate::{
                Account, ChangePassword, CheckPassword, Diagnose, Diagnosis, Error, FindAccount, PasswordPolicy,
                PasswordWriteback, ReadPolicy, Receipt, RequirePasswordChange, ResetPassword, UnlockAccount, Verdict,
            };

            #[async_trait::async_trait]
            impl PasswordWriteback for $name {
                async fn reset_password(&self, request: ResetPassword) -> Result<Receipt, Error> {
                    self.0.reset_password(request).await
                }

                async fn change_password(&self, request: ChangePassword) -> Result<Receipt, Error> {
                    self.0.change_password(request).await
                }

                async fn unlock_account(&self, request: UnlockAccount) -> Result<Receipt, Error> {
                    self.0.unlock_account(request).await
                }

                async fn require_password_change(&self, request: RequirePasswordChange) -> Result<Receipt, Error> {
                    self.0.require_password_change(request).await
                }

                async fn check_password(&self, request: CheckPassword) -> Result<Verdict, Error> {
                    self.0.check_password(request).await
                }

                async fn find_account(&self, request: FindAccount) -> Result<Account, Error> {
                    self.0.find_account(request).await
                }

                async fn password_policy(&self, request: ReadPolicy) -> Result<PasswordPolicy, Error> {
                    self.0.password_policy(request).await
                }

                async fn diagnose(&self, request: Diagnose) -> Result<Diagnosis, Error> {
                    self.0.diagnose(request).await
                }
            }
        };
    };
}

pub(crate) use backend;
