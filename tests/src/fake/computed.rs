//! Attributes that a domain controller computes when asked (MS-ADTS 3.1.1.4.5).

use super::directory::Directory;
use super::entry::{Account, Entry};
use super::time;

/// UF_LOCKOUT.
pub(super) const LOCKOUT: i64 = 0x10;
/// UF_PASSWORD_EXPIRED.
pub(super) const PASSWORD_EXPIRED: i64 = 0x80_0000;
/// DONT_EXPIRE_PASSWORD, SMARTCARD_REQUIRED, and the trust accounts.
const NEVER_EXPIRES: i64 = 0x1_0000 | 0x4_0000 | 0x3800;
/// The attribute types of unicodePwd and pwdLastSet (MS-DRSR 5.16.4).
const UNICODE_PWD: u32 = 0x9005a;
const PWD_LAST_SET: u32 = 0x90060;

/// Attributes that `*` does not bring.
pub(super) fn only_by_name(name: &str) -> bool {
    const NAMES: [&str; 8] = [
        "msDS-User-Account-Control-Computed",
        "msDS-UserPasswordExpiryTimeComputed",
        "msDS-ResultantPSO",
        "tokenGroups",
        "allowedAttributesEffective",
        "nTSecurityDescriptor",
        "replPropertyMetaData",
        "canonicalName",
    ];
    NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether the partial replica of a global catalogue holds the attribute, among those of interest here.
pub(super) fn in_global_catalog(name: &str) -> bool {
    const ABSENT: [&str; 8] = [
        "pwdLastSet",
        "lockoutTime",
        "badPwdCount",
        "badPasswordTime",
        "accountExpires",
        "adminCount",
        "msDS-User-Account-Control-Computed",
        "msDS-UserPasswordExpiryTimeComputed",
    ];
    !ABSENT.iter().any(|absent| absent.eq_ignore_ascii_case(name))
}

/// Adds what the test did not set itself.
pub(super) fn add(directory: &Directory, at: usize, entry: &mut Entry) {
    let Some(account) = entry.account.clone() else { return };
    let mut add = |name: &str, value: Vec<u8>| {
        if !entry.has(name) {
            entry.set(name, vec![value]);
        }
    };
    let flags = control_flags(directory, at);
    add("msDS-User-Account-Control-Computed", flags.to_string().into_bytes());
    add(
        "msDS-UserPasswordExpiryTimeComputed",
        expiry(directory, at).to_string().into_bytes(),
    );
    let set = directory.entries[at].number("pwdLastSet").unwrap_or(0) as u64;
    add("replPropertyMetaData", metadata(&account, set));
}

/// msDS-User-Account-Control-Computed (MS-ADTS 3.1.1.4.5.17).
pub(super) fn control_flags(directory: &Directory, at: usize) -> i64 {
    let entry = &directory.entries[at];
    if let Some(stated) = entry.number("msDS-User-Account-Control-Computed") {
        return stated;
    }
    let since = entry.number("lockoutTime").unwrap_or(0) as u64;
    let lasts = directory
        .policy_of(at)
        .lockout_duration
        .map(time::ticks)
        .filter(|lasts| *lasts > 0);
    let locked = since != 0 && lasts.is_none_or(|lasts| since + lasts >= directory.now());
    let expired = (expiry(directory, at) as u64) < directory.now();
    i64::from(locked) * LOCKOUT + i64::from(expired) * PASSWORD_EXPIRED
}

/// msDS-UserPasswordExpiryTimeComputed (MS-ADTS 3.1.1.4.5.36).
fn expiry(directory: &Directory, at: usize) -> i64 {
    let entry = &directory.entries[at];
    let set = entry.number("pwdLastSet").unwrap_or(0);
    let max_age = directory.policy_of(at).max_age.map(time::ticks).filter(|age| *age > 0);
    match max_age {
        _ if entry.number("userAccountControl").unwrap_or(0) & NEVER_EXPIRES != 0 => i64::MAX,
        _ if set == 0 => 0,
        Some(age) => set + age as i64,
        None => i64::MAX,
    }
}

/// replPropertyMetaData with the versions of unicodePwd and pwdLastSet (MS-DRSR 5.166, PROPERTY_META_DATA_EXT_VECTOR).
fn metadata(account: &Account, set: u64) -> Vec<u8> {
    let properties = [(UNICODE_PWD, account.password_written), (PWD_LAST_SET, set)];
    let mut out = Vec::new();
    out.extend(1u64.to_le_bytes());
    out.extend((properties.len() as u64).to_le_bytes());
    for (attribute, written) in properties {
        out.extend(attribute.to_le_bytes());
        out.extend(account.password_version.to_le_bytes());
        // A DSTIME counts whole seconds since 1601.
        out.extend((written / 10_000_000).to_le_bytes());
        out.extend(super::INVOCATION_ID.to_bytes_le());
        out.extend(account.password_usn.to_le_bytes());
        out.extend(account.password_usn.to_le_bytes());
    }
    out
}
