//! LDAP controls that this crate sends: their OIDs and their BER values (RFC 4511 4.1.11).

/// LDAP_SERVER_POLICY_HINTS_OID (MS-ADTS 3.1.1.3.4.1.27): a reset obeys the whole password policy. Windows Server
/// 2012 and later, Samba 4.24 and later.
pub(crate) const POLICY_HINTS: &str = "1.2.840.113556.1.4.2239";

/// LDAP_SERVER_POLICY_HINTS_DEPRECATED_OID (MS-ADTS 3.1.1.3.4.1.28): the same under its first number, for Windows
/// Server 2008 R2.
pub(crate) const POLICY_HINTS_DEPRECATED: &str = "1.2.840.113556.1.4.2066";

/// LDAP_SERVER_SD_FLAGS_OID (MS-ADTS 3.1.1.3.4.1.11): which parts of a security descriptor to return. Without it a
/// server that may not show the SACL withholds the whole attribute.
pub(crate) const SD_FLAGS: &str = "1.2.840.113556.1.4.801";

/// `SEQUENCE { Flags INTEGER }` with flag 1, enforce the policy (MS-ADTS 3.1.1.3.4.1.27).
pub(crate) const POLICY_HINTS_VALUE: [u8; 5] = [0x30, 0x03, 0x02, 0x01, 0x01];

/// `SEQUENCE { Flags INTEGER }` with DACL_SECURITY_INFORMATION, 4 (MS-ADTS 3.1.1.3.4.1.11).
pub(crate) const SD_FLAGS_DACL_VALUE: [u8; 5] = [0x30, 0x03, 0x02, 0x01, 0x04];

/// The policy-hints control under either of its numbers.
#[derive(Debug)]
pub(crate) struct PolicyHints;

impl PolicyHints {
    /// The number to send to a server whose rootDSE lists `supported` as `supportedControl`.
    ///
    /// `None` where the server cannot enforce the policy on a reset.
    pub(crate) fn offered<S: AsRef<str>>(supported: &[S]) -> Option<&'static str> {
        [POLICY_HINTS, POLICY_HINTS_DEPRECATED]
            .into_iter()
            .find(|oid| supported.iter().any(|listed| listed.as_ref() == *oid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newer_number_wins() {
        assert_eq!(
            PolicyHints::offered(&[SD_FLAGS, POLICY_HINTS_DEPRECATED, POLICY_HINTS]),
            Some("1.2.840.113556.1.4.2239")
        );
        assert_eq!(
            PolicyHints::offered(&[POLICY_HINTS_DEPRECATED.to_owned()]),
            Some("1.2.840.113556.1.4.2066")
        );
        assert_eq!(PolicyHints::offered(&[SD_FLAGS, "1.2.840.113556.1.4.22390"]), None);
        assert_eq!(PolicyHints::offered::<&str>(&[]), None);
    }

    #[test]
    fn values_are_sequences_of_one_integer() {
        for (value, flags) in [(POLICY_HINTS_VALUE, 1), (SD_FLAGS_DACL_VALUE, 4)] {
            assert_eq!(value, [0x30, 3, 0x02, 1, flags]);
        }
    }
}
