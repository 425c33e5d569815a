//! The rights of a mock directory's service account.

use crate::words::words;

words! {
    /// A right of the service account. It holds all of them until one is taken away, from the whole directory or on one account.
    ///
    /// The texts are those of [`Error::missing_right`](crate::Error::missing_right). An attribute that may not be read is absent from
    /// the server's answer without any error, and nothing is found by it.
    pub enum MockRight {
        /// The control access right User-Force-Change-Password. Without it a reset is refused (50).
        ResetPassword = "reset password",
        /// The control access right User-Change-Password. Without it a change is refused (19).
        ChangePassword = "change password",
        /// Without it, every write that unlocks is refused as a whole (50).
        WriteLockoutTime = "write lockoutTime",
        /// Without it, every write that requires a change is refused as a whole (50).
        WritePwdLastSet = "write pwdLastSet",
        /// The control access right Unexpire-Password on the domain. Without it a reset leaves the password expired.
        UnexpirePassword = "unexpire password",
        /// Reading the Password Settings Container and the policies in it.
        ReadPasswordSettings = "read password settings",
        /// Reading the policy of the domain.
        ReadDomainPolicy = "read domain policy",
        /// Reading the account's SID.
        ReadObjectSid = "read objectSid",
        /// Reading the logon name.
        ReadSamAccountName = "read sAMAccountName",
        /// Reading the user principal name.
        ReadUserPrincipalName = "read userPrincipalName",
        /// Reading the display name.
        ReadDisplayName = "read displayName",
        /// Reading the source anchor.
        ReadConsistencyGuid = "read mS-DS-ConsistencyGuid",
        /// Reading the account's flags.
        ReadUserAccountControl = "read userAccountControl",
        /// Reading the computed flags.
        ReadComputedControl = "read msDS-User-Account-Control-Computed",
        /// Reading the groups, direct and nested.
        ReadTokenGroups = "read tokenGroups",
        /// Reading the mark of protected accounts.
        ReadAdminCount = "read adminCount",
        /// Reading the mark of a read-only domain controller's krbtgt.
        ReadSecondaryKrbTgtNumber = "read msDS-SecondaryKrbTgtNumber",
        /// Reading when the password was set.
        ReadPwdLastSet = "read pwdLastSet",
        /// Reading when the account was locked out.
        ReadLockoutTime = "read lockoutTime",
        /// Reading when the account expires.
        ReadAccountExpires = "read accountExpires",
        /// Reading when the password expires.
        ReadPasswordExpiry = "read msDS-UserPasswordExpiryTimeComputed",
        /// Reading which fine-grained policy applies.
        ReadResultantPso = "read msDS-ResultantPSO",
        /// Reading the count of bad passwords.
        ReadBadPwdCount = "read badPwdCount",
        /// Reading the update sequence number.
        ReadUsnChanged = "read uSNChanged",
        /// Reading the replication metadata, and in it the version of the password.
        ReadReplPropertyMetaData = "read replPropertyMetaData",
    }
}

/// What an administrator delegates to a service account, by rights that accounts inherit from their container.
pub(super) const DELEGATED: [MockRight; 3] = [
    MockRight::ResetPassword,
    MockRight::WriteLockoutTime,
    MockRight::WritePwdLastSet,
];
