//! What a Python test does to a mock directory, beside the operations.

use crate::directory::Directory;
use crate::raise::{json, misuse, raised};
use crate::secret;
use password_writeback::mock::options::{
    FaultOptions, MockFineGrainedPolicyOptions, MockGroupOptions, MockPolicyOptions, MockUserOptions,
};
use password_writeback::mock::{Fault, MockRight};
use password_writeback::options::IdentityOptions;
use password_writeback::{Clock, Error, Identity};
use pyo3::prelude::*;
use std::time::Duration;

fn identity(told: &str) -> Result<Identity, Error> {
    IdentityOptions::from_json(told)?.identity()
}

fn right(text: &str) -> Result<MockRight, Error> {
    text.parse().map_err(|unknown| misuse(&format!("right: {unknown}")))
}

#[pymethods]
impl Directory {
    /// Adds an account; the answer is its objectGUID.
    fn add_user(
        &self,
        py: Python<'_>,
        user: &str,
        password: Option<Bound<'_, PyAny>>,
        former: Vec<Bound<'_, PyAny>>,
    ) -> PyResult<String> {
        let mock = self.mock(py)?;
        let password = password.as_ref().map(secret::take).transpose()?;
        let former = former.iter().map(secret::take).collect::<PyResult<_>>()?;
        MockUserOptions::from_json(user)
            .and_then(|options| options.user(password, former))
            .and_then(|user| mock.add_user(user))
            .map(|guid| guid.to_string())
            .map_err(|error| raised(py, &error))
    }

    /// Adds a group; the answer is its SID.
    fn add_group(&self, py: Python<'_>, group: &str) -> PyResult<String> {
        let mock = self.mock(py)?;
        MockGroupOptions::from_json(group)
            .and_then(MockGroupOptions::group)
            .and_then(|group| mock.add_group(group))
            .map(|sid| sid.to_string())
            .map_err(|error| raised(py, &error))
    }

    /// Makes one group a member of another.
    fn nest_group(&self, py: Python<'_>, member: &str, group: &str) -> PyResult<()> {
        let nested = self.mock(py)?.nest_group(member, group);
        nested.map_err(|error| raised(py, &error))
    }

    /// Adds a fine-grained policy; the answer is its objectGUID.
    fn add_fine_grained_policy(&self, py: Python<'_>, policy: &str) -> PyResult<String> {
        let mock = self.mock(py)?;
        MockFineGrainedPolicyOptions::from_json(policy)
            .and_then(|options| mock.add_fine_grained_policy(options.fine_grained_policy()))
            .map(|guid| guid.to_string())
            .map_err(|error| raised(py, &error))
    }

    /// Replaces the policy of the domain.
    fn set_policy(&self, py: Python<'_>, policy: &str) -> PyResult<()> {
        let mock = self.mock(py)?;
        let options = MockPolicyOptions::from_json(policy).map_err(|error| raised(py, &error))?;
        mock.set_policy(options.policy());
        Ok(())
    }

    /// Moves an account to another container.
    fn move_user(&self, py: Python<'_>, user: &str, container: &str) -> PyResult<()> {
        let mock = self.mock(py)?;
        let moved = identity(user).and_then(|user| mock.move_user(user, container));
        moved.map_err(|error| raised(py, &error))
    }

    /// Deletes an account.
    fn remove_user(&self, py: Python<'_>, user: &str) -> PyResult<()> {
        let mock = self.mock(py)?;
        let removed = identity(user).and_then(|user| mock.remove_user(user));
        removed.map_err(|error| raised(py, &error))
    }

    /// Takes a right from the service account, everywhere or on one account.
    fn revoke(&self, py: Python<'_>, right_name: &str, user: Option<&str>) -> PyResult<()> {
        let mock = self.mock(py)?;
        let revoked = right(right_name).and_then(|right| match user {
            Some(user) => mock.revoke_on(identity(user)?, right),
            None => {
                mock.revoke(right);
                Ok(())
            }
        });
        revoked.map_err(|error| raised(py, &error))
    }

    /// Gives a right back.
    fn grant(&self, py: Python<'_>, right_name: &str, user: Option<&str>) -> PyResult<()> {
        let mock = self.mock(py)?;
        let granted = right(right_name).and_then(|right| match user {
            Some(user) => mock.grant_on(identity(user)?, right),
            None => {
                mock.grant(right);
                Ok(())
            }
        });
        granted.map_err(|error| raised(py, &error))
    }

    /// Does what Active Directory does every hour for members of protected groups.
    fn protect_administrators(&self, py: Python<'_>) -> PyResult<()> {
        self.mock(py)?.protect_administrators();
        Ok(())
    }

    /// Arms a fault, so many times or always.
    fn fail(
        &self,
        py: Python<'_>,
        fault: &str,
        password: Option<Bound<'_, PyAny>>,
        times: Option<u32>,
    ) -> PyResult<()> {
        let mock = self.mock(py)?;
        let password = password.as_ref().map(secret::copy).transpose()?;
        let fault: Fault = FaultOptions::from_json(fault)
            .and_then(|options| options.fault(password))
            .map_err(|error| raised(py, &error))?;
        match times {
            Some(times) => mock.fail_times(times, fault),
            None => mock.fail_always(fault),
        }
        Ok(())
    }

    /// Disarms every fault.
    fn clear_faults(&self, py: Python<'_>) -> PyResult<()> {
        self.mock(py)?.clear_faults();
        Ok(())
    }

    /// Makes a domain controller that is gone answer again.
    fn come_back(&self, py: Python<'_>) -> PyResult<()> {
        self.mock(py)?.come_back();
        Ok(())
    }

    /// An account as it is stored, as JSON.
    fn account(&self, py: Python<'_>, user: &str) -> PyResult<Option<String>> {
        let mock = self.mock(py)?;
        let user = identity(user).map_err(|error| raised(py, &error))?;
        Ok(mock.account(user).map(|account| json(&account)))
    }

    /// Whether this is the account's password.
    fn verify_password(&self, py: Python<'_>, user: &str, password: Bound<'_, PyAny>) -> PyResult<bool> {
        let mock = self.mock(py)?;
        let password = secret::take(&password)?;
        let user = identity(user).map_err(|error| raised(py, &error))?;
        Ok(mock.verify_password(user, password))
    }

    /// Logs a user on.
    fn bind(&self, py: Python<'_>, user: &str, password: Bound<'_, PyAny>) -> PyResult<&'static str> {
        let mock = self.mock(py)?;
        let password = secret::take(&password)?;
        let user = identity(user).map_err(|error| raised(py, &error))?;
        Ok(mock.bind(user, password).as_str())
    }

    /// How many bad passwords are counted.
    fn bad_password_count(&self, py: Python<'_>, user: &str) -> PyResult<u32> {
        let mock = self.mock(py)?;
        let user = identity(user).map_err(|error| raised(py, &error))?;
        Ok(mock.bad_password_count(user))
    }

    /// How many modifications the directory has carried out.
    fn writes(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(self.mock(py)?.writes())
    }

    /// How many faults are armed yet.
    fn pending_faults(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.mock(py)?.pending_faults())
    }

    /// The time of the domain controller.
    fn now(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.mock(py)?.clock().now().to_string())
    }

    /// Sets the time of the domain controller.
    fn set_time(&self, py: Python<'_>, now: &str) -> PyResult<()> {
        let mock = self.mock(py)?;
        let now = now.parse().map_err(|_| raised(py, &misuse("this is not a time")))?;
        mock.clock().set(now);
        Ok(())
    }

    /// Moves the time of the domain controller forwards, by seconds.
    fn advance(&self, py: Python<'_>, seconds: f64) -> PyResult<()> {
        let mock = self.mock(py)?;
        let by = Duration::try_from_secs_f64(seconds)
            .map_err(|_| raised(py, &misuse("a clock advances by a number of seconds, not below zero")))?;
        mock.clock().advance(by);
        Ok(())
    }
}
