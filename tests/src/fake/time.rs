//! Time as a domain controller writes it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// From 1601-01-01 to 1970-01-01 in seconds.
const EPOCH: u64 = 11_644_473_600;

/// Now, `skew` seconds off, as a FILETIME: 100 ns since 1601 (MS-DTYP 2.3.3).
pub(super) fn now(skew: i64) -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (ticks(since) + EPOCH * 10_000_000).saturating_add_signed(skew * 10_000_000)
}

/// A duration in units of 100 ns.
pub(super) fn ticks(duration: Duration) -> u64 {
    (duration.as_nanos() / 100) as u64
}

/// A FILETIME as generalized time, such as `20260131120000.0Z`.
pub(super) fn generalized(filetime: u64) -> String {
    let seconds = (filetime / 10_000_000) as i64 - EPOCH as i64;
    let time = Timestamp::from_second(seconds).unwrap_or_default();
    time.strftime("%Y%m%d%H%M%S.0Z").to_string()
}
