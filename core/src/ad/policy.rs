//! Reading the policy that applies to an account (MS-ADTS 3.1.1.4.5.36, MS-SAMR 3.1.1.7.1).

use super::attribute::{
    Interval, PasswordProperties, boolean, count, lockout_duration, lockout_window, max_password_age, min_password_age,
};
use super::server::Naming;
use super::session::{Connection, Depth, Entry, Search};
use crate::directory::PolicyOf;
use crate::error::Error;
use crate::policy::{PasswordPolicy, PolicySource};
use crate::reading::Reading;
use std::time::Duration;

pub(crate) const DOMAIN_ATTRIBUTES: &[&str] = &[
    "minPwdLength",
    "pwdProperties",
    "pwdHistoryLength",
    "minPwdAge",
    "maxPwdAge",
    "lockoutThreshold",
    "lockoutDuration",
    "lockOutObservationWindow",
];

pub(crate) const FINE_GRAINED_ATTRIBUTES: &[&str] = &[
    "msDS-MinimumPasswordLength",
    "msDS-PasswordComplexityEnabled",
    "msDS-PasswordHistoryLength",
    "msDS-MinimumPasswordAge",
    "msDS-MaximumPasswordAge",
    "msDS-LockoutThreshold",
    "msDS-LockoutDuration",
    "msDS-LockoutObservationWindow",
];

/// The policy of an account; unknown, with the reason, where it may not be read. An error is a lost connection or a value that
/// cannot be decoded.
pub(crate) async fn read(connection: &Connection, naming: &Naming, of: &PolicyOf<'_>) -> Result<PasswordPolicy, Error> {
    match of.resultant_pso {
        Reading::Value(dn) => fine_grained(connection, dn).await,
        Reading::Unreadable => Ok(PasswordPolicy::unknown(
            "the service account may not read msDS-ResultantPSO",
        )),
        Reading::Unset => {
            // Without a right to the container, a fine-grained policy that applies looks just like none.
            if container_is_readable(connection, naming).await? {
                domain(connection, naming).await
            } else {
                Ok(PasswordPolicy::unknown(
                    "the service account may not read CN=Password Settings Container, \
                     so it is not known whether a fine-grained policy applies",
                ))
            }
        }
    }
}

async fn fine_grained(connection: &Connection, dn: &str) -> Result<PasswordPolicy, Error> {
    let Some(entry) = one(connection, dn, FINE_GRAINED_ATTRIBUTES).await? else {
        return Ok(PasswordPolicy::unknown(format!(
            "the service account may not read the fine-grained policy {dn}"
        )));
    };
    of_fine_grained(&entry, dn)
}

/// The policy that an entry of class msDS-PasswordSettings states.
pub(crate) fn of_fine_grained(entry: &Entry, dn: &str) -> Result<PasswordPolicy, Error> {
    Ok(PasswordPolicy {
        source: PolicySource::FineGrained(dn.to_owned()),
        min_length: entry.decode("msDS-MinimumPasswordLength", count)?,
        complexity: entry.decode("msDS-PasswordComplexityEnabled", boolean)?,
        history_length: entry.decode("msDS-PasswordHistoryLength", count)?,
        min_age: entry.decode("msDS-MinimumPasswordAge", min_password_age)?,
        max_age: entry
            .decode("msDS-MaximumPasswordAge", max_password_age)?
            .map(zero_for_never),
        lockout_threshold: entry.decode("msDS-LockoutThreshold", count)?,
        lockout_duration: entry
            .decode("msDS-LockoutDuration", lockout_duration)?
            .map(zero_for_never),
        lockout_window: entry.decode("msDS-LockoutObservationWindow", lockout_window)?,
    })
}

async fn domain(connection: &Connection, naming: &Naming) -> Result<PasswordPolicy, Error> {
    let Some(entry) = one(connection, &naming.domain, DOMAIN_ATTRIBUTES).await? else {
        return Ok(PasswordPolicy::unknown(
            "the service account may not read the policy of the domain",
        ));
    };
    of_domain(&entry)
}

/// The policy that the head of a domain states.
pub(crate) fn of_domain(entry: &Entry) -> Result<PasswordPolicy, Error> {
    let properties = entry.decode("pwdProperties", PasswordProperties::parse)?;
    Ok(PasswordPolicy {
        source: PolicySource::Domain,
        min_length: entry.decode("minPwdLength", count)?,
        complexity: properties.map(|properties| properties.contains(PasswordProperties::COMPLEX)),
        history_length: entry.decode("pwdHistoryLength", count)?,
        min_age: entry.decode("minPwdAge", min_password_age)?,
        max_age: entry.decode("maxPwdAge", max_password_age)?.map(zero_for_never),
        lockout_threshold: entry.decode("lockoutThreshold", count)?,
        lockout_duration: entry.decode("lockoutDuration", lockout_duration)?.map(zero_for_never),
        lockout_window: entry.decode("lockOutObservationWindow", lockout_window)?,
    })
}

/// In a [`PasswordPolicy`], zero means without end.
fn zero_for_never(interval: Interval) -> Duration {
    match interval {
        Interval::Never => Duration::ZERO,
        Interval::Of(duration) => duration,
    }
}

/// An entry that comes back without attributes may be seen but not read.
async fn container_is_readable(connection: &Connection, naming: &Naming) -> Result<bool, Error> {
    let dn = format!("CN=Password Settings Container,CN=System,{}", naming.domain);
    Ok(one(connection, &dn, &["objectClass"]).await?.is_some())
}

/// One readable entry, by its name; `None` where it cannot be read, for whatever reason.
async fn one(connection: &Connection, base: &str, attributes: &[&str]) -> Result<Option<Entry>, Error> {
    let search = Search {
        base,
        depth: Depth::Base,
        filter: "(objectClass=*)",
        attributes,
        at_most: 1,
    };
    match connection.search(&search).await {
        Ok(entries) => Ok(entries.into_iter().next().filter(|entry| !entry.is_bare())),
        Err(Ok(_)) => Ok(None),
        Err(Err(error)) => Err(error),
    }
}
