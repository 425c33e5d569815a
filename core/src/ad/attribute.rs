//! Decoding the values of Active Directory attributes, and encoding what goes into filters and names.
//!
//! Every decoder is total: text or bytes that are not of the attribute's syntax give `None`, which a caller must
//! treat as "could not be read", never as a default.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use uuid::Uuid;

use crate::sid::Sid;

/// 1970-01-01 as a FILETIME: 100-nanosecond units since 1601-01-01 UTC (MS-DTYP 2.3.3).
const UNIX_EPOCH: i64 = 116_444_736_000_000_000;

/// Nanoseconds in one unit of a FILETIME or an interval.
const UNIT_NANOS: i128 = 100;

/// Units in one second.
const UNITS_PER_SECOND: u64 = 10_000_000;

/// The FILETIME that stands for "never" in `accountExpires` and `msDS-UserPasswordExpiryTimeComputed`.
const FILE_TIME_NEVER: i64 = i64::MAX;

/// A FILETIME attribute: an instant, or one of the two values that are not instants.
///
/// What the two mean depends on the attribute (MS-ADTS 3.1.1.4.5.33): in `pwdLastSet` zero is "must
/// change", in `lockoutTime` "not locked", in `accountExpires` both are "never".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileTime {
    /// 0.
    Zero,
    /// 0x7FFFFFFFFFFFFFFF.
    Max,
    /// An instant. One after the year 9999 is cut down to the last instant that a `Timestamp` can hold.
    At(Timestamp),
}

impl FileTime {
    /// Reads the decimal text of the LargeInteger syntax. `None` also for a negative number, which is no FILETIME.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match integer(text)? {
            0 => Some(Self::Zero),
            FILE_TIME_NEVER => Some(Self::Max),
            units if units > 0 => Some(Self::At(timestamp_of(units))),
            _ => None,
        }
    }

    /// The instant, where this is one.
    pub(crate) fn instant(self) -> Option<Timestamp> {
        match self {
            Self::At(at) => Some(at),
            Self::Zero | Self::Max => None,
        }
    }
}

/// The instant of a FILETIME; one that is out of range becomes the nearest that is in range.
pub(crate) fn timestamp_of(units: i64) -> Timestamp {
    let nanos = i128::from(units.saturating_sub(UNIX_EPOCH)) * UNIT_NANOS;
    Timestamp::from_nanosecond(nanos).unwrap_or(if units < UNIX_EPOCH {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// The FILETIME of an instant, rounded down to its unit of 100 ns; `None` before 1601.
#[cfg(any(test, fuzzing))]
pub(crate) fn file_time_of(at: Timestamp) -> Option<i64> {
    let units = at.as_nanosecond().div_euclid(UNIT_NANOS) + i128::from(UNIX_EPOCH);
    i64::try_from(units).ok().filter(|units| *units >= 0)
}

/// A policy's length of time, stored as a negative number of 100 ns units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interval {
    /// It never ends.
    Never,
    /// It ends after this long.
    Of(Duration),
}

/// `minPwdAge`, `msDS-MinimumPasswordAge`: how old a password must be before it may be changed; 0 is no minimum.
///
/// `None` for a positive number, which MS-SAMR 3.1.1.6 does not allow.
pub(crate) fn min_password_age(text: &str) -> Option<Duration> {
    negative_interval(integer(text)?)
}

/// `maxPwdAge`, `msDS-MaximumPasswordAge`: 0 (MS-SAMR 3.1.5.14.4) and the smallest number (MS-ADTS 3.1.1.4.5.33) both
/// mean that passwords never expire.
pub(crate) fn max_password_age(text: &str) -> Option<Interval> {
    match integer(text)? {
        0 | i64::MIN => Some(Interval::Never),
        units => negative_interval(units).map(Interval::Of),
    }
}

/// `lockoutDuration`, `msDS-LockoutDuration`: `Never` is "until an administrator unlocks".
///
/// MS-ADTS 3.1.1.4.5.17 reads the number as unsigned and takes every one below 0x8000000000000000 for "never",
/// that is 0 and all positive ones; adding the smallest number to any instant lies before every lockout.
pub(crate) fn lockout_duration(text: &str) -> Option<Interval> {
    match integer(text)? {
        0.. | i64::MIN => Some(Interval::Never),
        units => negative_interval(units).map(Interval::Of),
    }
}

/// `lockOutObservationWindow`, `msDS-LockoutObservationWindow`: how long a bad password is remembered.
pub(crate) fn lockout_window(text: &str) -> Option<Duration> {
    negative_interval(integer(text)?)
}

fn negative_interval(units: i64) -> Option<Duration> {
    if units > 0 {
        return None;
    }
    let units = units.unsigned_abs();
    let nanos = u32::try_from(units % UNITS_PER_SECOND).ok()? * 100;
    Some(Duration::new(units / UNITS_PER_SECOND, nanos))
}

/// GeneralizedTime as Active Directory prints it, such as `20261123230400.0Z` (RFC 4517 3.3.13): seconds given, an
/// optional fraction of one to nine digits, and always UTC.
pub(crate) fn generalized_time(text: &str) -> Option<Timestamp> {
    let body = text.strip_suffix('Z')?;
    let (whole, fraction) = match body.split_once(['.', ',']) {
        Some((whole, fraction)) => (whole, nanoseconds(fraction)?),
        None => (body, 0),
    };
    if whole.len() != 14 || !whole.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = |range: std::ops::Range<usize>| whole.get(range)?.parse::<i8>().ok();
    let civil = DateTime::new(
        whole.get(0..4)?.parse().ok()?,
        part(4..6)?,
        part(6..8)?,
        part(8..10)?,
        part(10..12)?,
        part(12..14)?,
        fraction,
    )
    .ok()?;
    Offset::UTC.to_timestamp(civil).ok()
}

/// The digits after the decimal point, as nanoseconds.
fn nanoseconds(digits: &str) -> Option<i32> {
    let given = u32::try_from(digits.len()).ok()?;
    if !(1..=9).contains(&given) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse::<i32>().ok()?.checked_mul(10_i32.pow(9 - given))
}

/// An Integer, Enumeration or LargeInteger value (MS-ADTS 3.1.1.2.2.2): decimal, signed, nothing around it.
pub(crate) fn integer(text: &str) -> Option<i64> {
    // `parse` would let a plus sign pass, which no server writes.
    if text.starts_with('+') {
        return None;
    }
    text.parse().ok()
}

/// A count that cannot be negative, such as `minPwdLength` or `lockoutThreshold`.
pub(crate) fn count(text: &str) -> Option<u32> {
    integer(text).and_then(|number| u32::try_from(number).ok())
}

/// A Boolean value (RFC 4517 3.3.3): `TRUE` or `FALSE`, in these letters.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text {
        "TRUE" => Some(true),
        "FALSE" => Some(false),
        _ => None,
    }
}

/// A bit field: AD prints these as signed 32-bit numbers, other writers as unsigned ones.
fn bits(text: &str) -> Option<u32> {
    let number = integer(text)?;
    u32::try_from(number)
        .ok()
        .or_else(|| i32::try_from(number).ok().map(i32::cast_unsigned))
}

/// `objectGUID` and `mS-DS-ConsistencyGuid`: sixteen bytes, the first three fields little-endian (MS-DTYP 2.3.4.2).
pub(crate) fn guid(bytes: &[u8]) -> Option<Uuid> {
    Uuid::from_slice_le(bytes).ok()
}

/// The sixteen stored bytes of a GUID; a source anchor is the base64 of these.
pub(crate) fn guid_bytes(guid: Uuid) -> [u8; 16] {
    guid.to_bytes_le()
}

/// The bits of `userAccountControl` and `msDS-User-Account-Control-Computed` (MS-ADTS 2.2.16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct UserAccountControl(pub(crate) u32);

#[allow(dead_code, reason = "a vocabulary: not every bit has its rule")]
impl UserAccountControl {
    /// ADS_UF_ACCOUNT_DISABLE.
    pub(crate) const ACCOUNT_DISABLED: Self = Self(0x2);
    /// ADS_UF_LOCKOUT; only in the computed attribute.
    pub(crate) const LOCKED_OUT: Self = Self(0x10);
    /// ADS_UF_PASSWD_NOTREQD: switches length, complexity and history off (MS-SAMR 3.1.1.7).
    pub(crate) const PASSWORD_NOT_REQUIRED: Self = Self(0x20);
    /// ADS_UF_PASSWD_CANT_CHANGE; not stored, the right is an access control entry.
    pub(crate) const PASSWORD_CANNOT_CHANGE: Self = Self(0x40);
    /// ADS_UF_NORMAL_ACCOUNT: a user.
    pub(crate) const NORMAL_ACCOUNT: Self = Self(0x200);
    /// ADS_UF_INTERDOMAIN_TRUST_ACCOUNT: the account of a trusting domain.
    pub(crate) const INTERDOMAIN_TRUST_ACCOUNT: Self = Self(0x800);
    /// ADS_UF_WORKSTATION_TRUST_ACCOUNT: a computer.
    pub(crate) const WORKSTATION_TRUST_ACCOUNT: Self = Self(0x1000);
    /// ADS_UF_SERVER_TRUST_ACCOUNT: a writable domain controller.
    pub(crate) const SERVER_TRUST_ACCOUNT: Self = Self(0x2000);
    /// ADS_UF_DONT_EXPIRE_PASSWD.
    pub(crate) const PASSWORD_NEVER_EXPIRES: Self = Self(0x1_0000);
    /// ADS_UF_SMARTCARD_REQUIRED: nobody knows the password.
    pub(crate) const SMARTCARD_REQUIRED: Self = Self(0x4_0000);
    /// ADS_UF_PASSWORD_EXPIRED; only in the computed attribute.
    pub(crate) const PASSWORD_EXPIRED: Self = Self(0x80_0000);
    /// ADS_UF_PARTIAL_SECRETS_ACCOUNT: a read-only domain controller.
    pub(crate) const PARTIAL_SECRETS_ACCOUNT: Self = Self(0x400_0000);

    /// Reads the decimal text, signed or unsigned.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        bits(text).map(Self)
    }

    /// Whether every bit of `flags` is set.
    pub(crate) fn contains(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// Whether any bit of `flags` is set.
    pub(crate) fn intersects(self, flags: Self) -> bool {
        self.0 & flags.0 != 0
    }

    /// The bits of both.
    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The bits of `pwdProperties` (PasswordProperties in MS-SAMR 2.2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct PasswordProperties(pub(crate) u32);

#[allow(dead_code, reason = "a vocabulary: not every bit has its rule")]
impl PasswordProperties {
    /// DOMAIN_PASSWORD_COMPLEX.
    pub(crate) const COMPLEX: Self = Self(0x1);
    /// DOMAIN_PASSWORD_NO_CLEAR_CHANGE: the server refuses clear-text password writes.
    pub(crate) const NO_CLEAR_CHANGE: Self = Self(0x4);
    /// DOMAIN_LOCKOUT_ADMINS.
    pub(crate) const LOCKOUT_ADMINS: Self = Self(0x8);
    /// DOMAIN_PASSWORD_STORE_CLEARTEXT.
    pub(crate) const STORE_CLEARTEXT: Self = Self(0x10);
    /// DOMAIN_REFUSE_PASSWORD_CHANGE.
    pub(crate) const REFUSE_PASSWORD_CHANGE: Self = Self(0x20);

    /// Reads the decimal text, signed or unsigned.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        bits(text).map(Self)
    }

    /// Whether every bit of `flags` is set.
    pub(crate) fn contains(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }
}

/// Escapes an assertion value for a search filter (RFC 4515 section 3).
///
/// Every byte but ASCII letters and digits becomes `\xx`, more than the RFC asks, so that text and binary values take
/// the same path and nothing depends on which characters a server's filter parser finds special.
pub(crate) fn filter_value(value: impl AsRef<[u8]>) -> String {
    let value = value.as_ref();
    let mut escaped = String::with_capacity(value.len() * 3);
    for byte in value {
        if byte.is_ascii_alphanumeric() {
            escaped.push(char::from(*byte));
        } else {
            // Writing into a String cannot fail.
            let _ = write!(escaped, "\\{byte:02x}");
        }
    }
    escaped
}

/// The name that finds an object by its GUID wherever it has moved (MS-ADTS 3.1.1.3.1.2.4).
pub(crate) fn guid_dn(guid: Uuid) -> String {
    format!("<GUID={}>", guid.hyphenated())
}

/// The name that finds an object by its SID (MS-ADTS 3.1.1.3.1.2.4).
pub(crate) fn sid_dn(sid: &Sid) -> String {
    format!("<SID={sid}>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn file_times() {
        assert_eq!(FileTime::parse("0"), Some(FileTime::Zero));
        assert_eq!(FileTime::parse("9223372036854775807"), Some(FileTime::Max));
        assert_eq!(
            FileTime::parse("116444736000000000"),
            Some(FileTime::At(Timestamp::UNIX_EPOCH))
        );
        assert_eq!(
            FileTime::parse("134399312366570566").and_then(FileTime::instant),
            Some(at("2026-11-23T18:13:56.6570566Z"))
        );
        assert_eq!(
            FileTime::parse("1"),
            Some(FileTime::At(at("1601-01-01T00:00:00.0000001Z")))
        );
        assert_eq!(
            FileTime::parse("9223372036854775806"),
            Some(FileTime::At(Timestamp::MAX))
        );
        for text in ["-1", "", " 1", "+1", "1.0", "0x1", "9223372036854775808"] {
            assert_eq!(FileTime::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn file_time_of_an_instant() {
        assert_eq!(file_time_of(Timestamp::UNIX_EPOCH), Some(UNIX_EPOCH));
        assert_eq!(file_time_of(at("1601-01-01T00:00:00Z")), Some(0));
        assert_eq!(file_time_of(at("1600-12-31T23:59:59.99999999Z")), None);
        assert_eq!(file_time_of(at("1970-01-01T00:00:00.000000199Z")), Some(UNIX_EPOCH + 1));
    }

    #[test]
    fn intervals() {
        let day = Duration::from_secs(86_400);
        assert_eq!(min_password_age("-864000000000"), Some(day));
        assert_eq!(min_password_age("0"), Some(Duration::ZERO));
        assert_eq!(min_password_age("864000000000"), None);
        assert_eq!(max_password_age("-36288000000000"), Some(Interval::Of(day * 42)));
        assert_eq!(max_password_age("0"), Some(Interval::Never));
        assert_eq!(max_password_age("-9223372036854775808"), Some(Interval::Never));
        assert_eq!(max_password_age("1"), None);
        assert_eq!(
            lockout_duration("-18000000000"),
            Some(Interval::Of(Duration::from_secs(1800)))
        );
        for never in ["0", "1", "9223372036854775807", "-9223372036854775808"] {
            assert_eq!(lockout_duration(never), Some(Interval::Never), "{never}");
        }
        assert_eq!(lockout_window("-1"), Some(Duration::from_nanos(100)));
        assert!(lockout_window("-9223372036854775808").is_some());
    }

    #[test]
    fn generalized_times() {
        assert_eq!(generalized_time("20261123230400.0Z"), Some(at("2026-11-23T23:04:00Z")));
        assert_eq!(generalized_time("20261123230400Z"), Some(at("2026-11-23T23:04:00Z")));
        assert_eq!(
            generalized_time("20261123230400.123456789Z"),
            Some(at("2026-11-23T23:04:00.123456789Z"))
        );
        for text in [
            "",
            "Z",
            "20261123230400.0",
            "20261123230400.Z",
            "20261123230400.0+0100",
            "20261323230400.0Z",
            "20260230230400.0Z",
            "2026112323040.0Z",
            "+0261123230400.0Z",
            "20261123230400.1234567890Z",
            "2026112323040é.0Z",
        ] {
            assert_eq!(generalized_time(text), None, "{text:?}");
        }
    }

    #[test]
    fn guids_are_mixed_endian() {
        let bytes: [u8; 16] = std::array::from_fn(|i| i as u8);
        let guid_read = guid(&bytes).unwrap();
        assert_eq!(guid_read.to_string(), "03020100-0504-0706-0809-0a0b0c0d0e0f");
        assert_eq!(guid_bytes(guid_read), bytes);
        assert_eq!(guid_dn(guid_read), "<GUID=03020100-0504-0706-0809-0a0b0c0d0e0f>");
        assert_eq!(guid(&bytes[1..]), None);
    }

    #[test]
    fn account_control_bits() {
        let uac = UserAccountControl::parse("66050").unwrap();
        assert!(uac.contains(UserAccountControl::ACCOUNT_DISABLED));
        assert!(uac.contains(UserAccountControl::PASSWORD_NEVER_EXPIRES));
        assert!(!uac.contains(UserAccountControl::SMARTCARD_REQUIRED));
        let trusts = UserAccountControl::SERVER_TRUST_ACCOUNT.union(UserAccountControl::NORMAL_ACCOUNT);
        assert!(uac.intersects(trusts) && !uac.contains(trusts));
        assert_eq!(
            UserAccountControl::parse("-2147483648"),
            Some(UserAccountControl(0x8000_0000))
        );
        assert_eq!(
            UserAccountControl::parse("2147483648"),
            Some(UserAccountControl(0x8000_0000))
        );
        assert_eq!(UserAccountControl::parse("4294967296"), None);
        assert_eq!(UserAccountControl::parse("-2147483649"), None);
    }

    #[test]
    fn other_syntaxes() {
        assert!(
            PasswordProperties::parse("17")
                .unwrap()
                .contains(PasswordProperties::STORE_CLEARTEXT)
        );
        assert_eq!(boolean("TRUE"), Some(true));
        assert_eq!(boolean("FALSE"), Some(false));
        assert_eq!(boolean("true"), None);
        assert_eq!(count("7"), Some(7));
        assert_eq!(count("-7"), None);
    }

    #[test]
    fn filter_values() {
        assert_eq!(filter_value("jo*n (x)\\"), "jo\\2an\\20\\28x\\29\\5c");
        assert_eq!(filter_value([0u8, 0xff, b'a']), "\\00\\ffa");
        assert_eq!(filter_value("é"), "\\c3\\a9");
        assert_eq!(sid_dn(&"S-1-5-18".parse().unwrap()), "<SID=S-1-5-18>");
    }

    proptest! {
        #[test]
        fn file_times_round_trip(units in 0..=2_650_467_743_999_999_999_i64) {
            prop_assert_eq!(file_time_of(timestamp_of(units)), Some(units));
        }

        #[test]
        fn every_integer_is_read(number in any::<i64>()) {
            let text = number.to_string();
            prop_assert_eq!(integer(&text), Some(number));
            prop_assert_eq!(FileTime::parse(&text).is_some(), number >= 0);
            let _ = (min_password_age(&text), max_password_age(&text), lockout_duration(&text));
        }

        #[test]
        fn arbitrary_text_never_panics(text in "[0-9.,Z+-]{0,30}|.{0,30}") {
            let _ = (generalized_time(&text), FileTime::parse(&text), bits(&text), boolean(&text));
        }

        #[test]
        fn filter_values_hold_nothing_special(value in prop::collection::vec(any::<u8>(), 0..40)) {
            let escaped = filter_value(&value);
            prop_assert!(escaped.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'\\'));
        }
    }
}
