//! Why an operation did not do what was asked, and whether the directory changed.

use crate::account::Account;
use crate::policy::Violation;
use crate::protection::Protection;
use crate::words::words;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

words! {
    /// Whether the write happened. Every [`Error`] carries one.
    pub enum Outcome {
        /// Nothing was written. The operation may be tried again once its cause is mended.
        NotApplied = "not_applied",
        /// The write happened, and a requested part after it failed.
        Applied = "applied",
        /// The request was sent, and neither a reply nor later evidence says what became of it. Never repeat it blindly.
        Unknown = "unknown",
    }
}

words! {
    /// The stable code of an [`Error`], the same text in every language.
    pub enum Code {
        /// The new password cannot be sent: see [`Error::reason`].
        InvalidPassword = "INVALID_PASSWORD",
        /// The identity is of no known form, or of a kind the settings do not accept.
        InvalidIdentity = "INVALID_IDENTITY",
        /// The settings cannot work; the message names the one at fault.
        Configuration = "CONFIGURATION",
        /// The backend cannot do this operation.
        Unsupported = "UNSUPPORTED",
        /// Too many tries for this account, or in all: see [`Error::retry_at`].
        RateLimited = "RATE_LIMITED",
        /// The caller gave up before the request was sent.
        Cancelled = "CANCELLED",
        /// No user has this identity.
        AccountNotFound = "ACCOUNT_NOT_FOUND",
        /// Several users have this identity.
        AmbiguousIdentity = "AMBIGUOUS_IDENTITY",
        /// A self-service write on a disabled account.
        AccountDisabled = "ACCOUNT_DISABLED",
        /// A self-service write on an expired account.
        AccountExpired = "ACCOUNT_EXPIRED",
        /// A required change would have no effect on this account: see [`Error::reason`].
        ChangeNotEnforceable = "CHANGE_NOT_ENFORCEABLE",
        /// A change while the account is locked out.
        AccountLocked = "ACCOUNT_LOCKED",
        /// The old password does not match.
        WrongPassword = "WRONG_PASSWORD",
        /// The account may not change its own password.
        ChangeNotPermitted = "CHANGE_NOT_PERMITTED",
        /// The directory's policy refused the new password: see [`Error::violations`].
        PolicyViolation = "POLICY_VIOLATION",
        /// History was required, and this domain controller cannot enforce it on a reset.
        PolicyHintsUnsupported = "POLICY_HINTS_UNSUPPORTED",
        /// The account is one that must not be written: see [`Error::protection`].
        ProtectedAccount = "PROTECTED_ACCOUNT",
        /// The account is outside the allowed subtrees.
        OutOfScope = "OUT_OF_SCOPE",
        /// The service account lacks a right on the account: see [`Error::missing_right`].
        PermissionDenied = "PERMISSION_DENIED",
        /// The service account's own logon failed: see [`Error::reason`].
        BindFailed = "BIND_FAILED",
        /// No encrypted connection can be had: the server refused StartTLS.
        InsecureChannel = "INSECURE_CHANNEL",
        /// The TLS handshake failed: see [`Error::reason`].
        Tls = "TLS",
        /// No domain controller answered.
        Unreachable = "UNREACHABLE",
        /// The deadline passed before anything was sent.
        Timeout = "TIMEOUT",
        /// Only a read-only domain controller answered.
        ReadOnlyDirectory = "READ_ONLY_DIRECTORY",
        /// The server broke the protocol.
        MalformedReply = "MALFORMED_REPLY",
        /// Any other refusal: see [`Error::result_code`] and [`Error::win32`].
        Directory = "DIRECTORY",
        /// The write was sent, no reply came, and no evidence settled it before the deadline.
        OutcomeUnknown = "OUTCOME_UNKNOWN",
    }
}

words! {
    /// Whose cause an error is: who has to act.
    pub enum ErrorKind {
        /// The caller's request or settings.
        Caller = "caller",
        /// The state of the account.
        Account = "account",
        /// The directory's password policy.
        Policy = "policy",
        /// The protection rules of this library.
        Protection = "protection",
        /// The service account and its rights.
        ServiceAccount = "service_account",
        /// The encrypted channel.
        Channel = "channel",
        /// The directory or the way to it.
        Directory = "directory",
        /// The outcome itself.
        Outcome = "outcome",
    }
}

impl Code {
    /// Whose cause it is.
    #[must_use]
    pub const fn kind(self) -> ErrorKind {
        match self {
            Code::InvalidPassword
            | Code::InvalidIdentity
            | Code::Configuration
            | Code::Unsupported
            | Code::RateLimited
            | Code::Cancelled => ErrorKind::Caller,
            Code::AccountNotFound
            | Code::AmbiguousIdentity
            | Code::AccountDisabled
            | Code::AccountExpired
            | Code::ChangeNotEnforceable
            | Code::AccountLocked
            | Code::WrongPassword
            | Code::ChangeNotPermitted => ErrorKind::Account,
            Code::PolicyViolation | Code::PolicyHintsUnsupported => ErrorKind::Policy,
            Code::ProtectedAccount | Code::OutOfScope => ErrorKind::Protection,
            Code::PermissionDenied | Code::BindFailed => ErrorKind::ServiceAccount,
            Code::InsecureChannel | Code::Tls => ErrorKind::Channel,
            Code::Unreachable | Code::Timeout | Code::ReadOnlyDirectory | Code::MalformedReply | Code::Directory => {
                ErrorKind::Directory
            }
            Code::OutcomeUnknown => ErrorKind::Outcome,
        }
    }

    /// The event Microsoft's password writeback logs for this cause, so that existing monitoring finds its way; `None` where it has none.
    ///
    /// Source: Microsoft, "Troubleshoot self-service password reset writeback".
    #[must_use]
    pub const fn microsoft_event(self) -> Option<&'static str> {
        Some(match self {
            Code::InvalidPassword | Code::InvalidIdentity => "32003",
            Code::Configuration | Code::BindFailed | Code::Unsupported => "33009",
            Code::AccountNotFound => "33002",
            Code::AmbiguousIdentity => "33003",
            Code::AccountDisabled | Code::AccountExpired => "33005",
            Code::AccountLocked => "33006",
            Code::WrongPassword => "33007",
            Code::ChangeNotPermitted | Code::ProtectedAccount | Code::OutOfScope | Code::PermissionDenied => "33004",
            Code::PolicyViolation => "33008",
            Code::PolicyHintsUnsupported => "6329",
            Code::InsecureChannel | Code::Tls => "0x8023062C",
            Code::Unreachable | Code::Timeout | Code::ReadOnlyDirectory => "32002",
            Code::ChangeNotEnforceable | Code::MalformedReply | Code::Directory | Code::OutcomeUnknown => "33001",
            Code::RateLimited | Code::Cancelled => return None,
        })
    }
}

words! {
    /// The particular cause within a [`Code`].
    pub enum Reason {
        /// `INVALID_PASSWORD`: no characters.
        Empty = "empty",
        /// `INVALID_PASSWORD`: contains U+0000, which Active Directory would store and then never match.
        ContainsNul = "contains_nul",
        /// `INVALID_PASSWORD`: more than 256 UTF-16 code units (MS-SAMR 3.1.1.7.1).
        TooLong = "too_long",
        /// `INVALID_PASSWORD`, `INVALID_IDENTITY`: not valid Unicode text.
        NotUnicode = "not_unicode",
        /// `INVALID_IDENTITY`: of no known form.
        Unreadable = "unreadable",
        /// `INVALID_IDENTITY`: of a kind the settings do not accept.
        NotAccepted = "not_accepted",
        /// `CHANGE_NOT_ENFORCEABLE`: the password never expires.
        PasswordNeverExpires = "password_never_expires",
        /// `CHANGE_NOT_ENFORCEABLE`: the user cannot change the password.
        CannotChange = "cannot_change",
        /// `CHANGE_NOT_ENFORCEABLE`: the account logs on with a smart card only.
        SmartcardRequired = "smartcard_required",
        /// `BIND_FAILED`: wrong user name or password.
        WrongCredentials = "wrong_credentials",
        /// `BIND_FAILED`: the password could not be had from its provider.
        NoPassword = "no_password",
        /// `BIND_FAILED`: the service account's password has expired.
        PasswordExpired = "password_expired",
        /// `BIND_FAILED`: the service account must change its password first.
        MustChangePassword = "must_change_password",
        /// `BIND_FAILED`: the service account is locked out.
        LockedOut = "locked_out",
        /// `BIND_FAILED`: the service account is disabled.
        Disabled = "disabled",
        /// `BIND_FAILED`: the service account has expired.
        Expired = "expired",
        /// `BIND_FAILED`: the service account may not log on at this hour, or from this machine.
        LogonRestricted = "logon_restricted",
        /// `BIND_FAILED`: the server requires signing.
        SigningRequired = "signing_required",
        /// `BIND_FAILED`: the server requires channel binding.
        ChannelBindingRequired = "channel_binding_required",
        /// `BIND_FAILED`: the domain controller has another certificate than the one that was shown here: something in between
        /// ends TLS.
        ChannelBindingMismatch = "channel_binding_mismatch",
        /// `BIND_FAILED`: the domain controller's certificate is signed in a way for which no channel binding is defined.
        ChannelBindingUndefined = "channel_binding_undefined",
        /// `BIND_FAILED`, Kerberos: the clocks of this machine and the domain differ too much.
        ClockSkew = "clock_skew",
        /// `BIND_FAILED`, Kerberos: the ticket in the credential cache has expired.
        TicketExpired = "ticket_expired",
        /// `BIND_FAILED`, Kerberos: the domain has no service of the name `ldap/host`.
        UnknownSpn = "unknown_spn",
        /// `BIND_FAILED`, Kerberos: the domain does not know the principal.
        UnknownPrincipal = "unknown_principal",
        /// `BIND_FAILED`, Kerberos: no keytab or credential cache that can be read, or none that holds the principal.
        NoCredentials = "no_credentials",
        /// `BIND_FAILED`, Kerberos: the domain does not take the key in the keytab.
        WrongKey = "wrong_key",
        /// `BIND_FAILED`, Kerberos: the service account is disabled, locked out or expired; Kerberos does not say which.
        Revoked = "revoked",
        /// `BIND_FAILED`, Kerberos: no KDC of the realm could be reached.
        KdcUnreachable = "kdc_unreachable",
        /// `BIND_FAILED`, Kerberos: the domain controller did not take the ticket.
        TicketRefused = "ticket_refused",
        /// `TLS`: no trusted authority issued the certificate.
        UnknownIssuer = "unknown_issuer",
        /// `TLS`: the certificate has expired.
        CertificateExpired = "certificate_expired",
        /// `TLS`: the certificate is not valid yet.
        CertificateNotYetValid = "certificate_not_yet_valid",
        /// `TLS`: the certificate is for another name.
        WrongName = "wrong_name",
        /// `TLS`: the certificate has been revoked.
        CertificateRevoked = "certificate_revoked",
        /// `TLS`: any other fault of the certificate.
        BadCertificate = "bad_certificate",
        /// `TLS`: no common protocol version or cipher, or no TLS at all.
        HandshakeFailed = "handshake_failed",
        /// `INSECURE_CHANNEL`: the server refused StartTLS.
        StartTlsRefused = "start_tls_refused",
    }
}

/// Why an operation did not do what was asked.
///
/// It holds no secret and no error of another library, so it may be logged, serialized and sent on as it is.
#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[error("{} [{}, {}]", .0.message, .0.code, .0.outcome)]
#[serde(transparent)]
pub struct Error(Box<Details>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Details {
    code: Code,
    outcome: Outcome,
    message: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    violations: Vec<Violation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<Account>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    domain_controller: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    missing_right: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    protection: Option<Protection>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    result_code: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    win32: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_at: Option<Timestamp>,
}

impl Error {
    /// An error of a code, with a message for people. The outcome is [`Outcome::Unknown`] for
    /// [`Code::OutcomeUnknown`], else [`Outcome::NotApplied`].
    ///
    /// The message must hold no secret.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let outcome = match code {
            Code::OutcomeUnknown => Outcome::Unknown,
            _ => Outcome::NotApplied,
        };
        Error(Box::new(Details {
            code,
            outcome,
            message: message.into(),
            violations: Vec::new(),
            account: None,
            domain_controller: None,
            reason: None,
            missing_right: None,
            protection: None,
            result_code: None,
            win32: None,
            retry_at: None,
        }))
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// Whether the logon of the service account was refused, so that further attempts could lock it. Not where there was nothing
    /// to log on with, nobody to ask, or one domain controller that cannot be logged on to.
    pub(crate) fn is_refused_logon(&self) -> bool {
        let not_tried = matches!(
            self.reason(),
            Some(
                Reason::NoPassword
                    | Reason::KdcUnreachable
                    | Reason::NoCredentials
                    | Reason::TicketExpired
                    | Reason::UnknownSpn
                    | Reason::ChannelBindingUndefined
            )
        );
        self.code() == Code::BindFailed && !not_tried
    }

    /// Whose cause it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.code.kind()
    }

    /// Whether the write happened.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// A sentence for people, in English, without secrets. It may change between releases: decide on [`code`](Self::code).
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The rules of the password policy that were broken; empty where the code is not [`Code::PolicyViolation`].
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.0.violations
    }

    /// The account as it was found, once it was.
    #[must_use]
    pub fn account(&self) -> Option<&Account> {
        self.0.account.as_ref()
    }

    /// The domain controller that was talked to, once one was.
    #[must_use]
    pub fn domain_controller(&self) -> Option<&str> {
        self.0.domain_controller.as_deref()
    }

    /// The particular cause within the code.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.0.reason
    }

    /// The right that the service account lacks, where it can be known: `reset password`, `write lockoutTime`, `read tokenGroups`, ...
    #[must_use]
    pub fn missing_right(&self) -> Option<&str> {
        self.0.missing_right.as_deref()
    }

    /// The rule that protects the account.
    #[must_use]
    pub fn protection(&self) -> Option<Protection> {
        self.0.protection
    }

    /// The LDAP result code of the refusal (RFC 4511 4.1.9).
    #[must_use]
    pub fn result_code(&self) -> Option<u32> {
        self.0.result_code
    }

    /// The Windows error code of the refusal (MS-ERREF 2.2).
    #[must_use]
    pub fn win32(&self) -> Option<u32> {
        self.0.win32
    }

    /// When the same try can succeed, where time alone decides: for [`Code::RateLimited`]. What a policy makes wait for is in the
    /// [`violations`](Self::violations).
    #[must_use]
    pub fn retry_at(&self) -> Option<Timestamp> {
        self.0.retry_at
    }

    /// The same error with another outcome.
    #[must_use]
    pub fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.0.outcome = outcome;
        self
    }

    /// The same error with the rules that were broken.
    #[must_use]
    pub fn with_violations(mut self, violations: Vec<Violation>) -> Self {
        self.0.violations = violations;
        self
    }

    /// The same error with the account it is about.
    #[must_use]
    pub fn with_account(mut self, account: Account) -> Self {
        self.0.account = Some(account);
        self
    }

    /// The same error with the domain controller it came from.
    #[must_use]
    pub fn with_domain_controller(mut self, name: impl Into<String>) -> Self {
        self.0.domain_controller = Some(name.into());
        self
    }

    /// The same error with its particular cause.
    #[must_use]
    pub fn with_reason(mut self, reason: Reason) -> Self {
        self.0.reason = Some(reason);
        self
    }

    /// The same error with the right that is missing.
    #[must_use]
    pub fn with_missing_right(mut self, right: impl Into<String>) -> Self {
        self.0.missing_right = Some(right.into());
        self
    }

    /// The same error with the rule that protects the account.
    #[must_use]
    pub fn with_protection(mut self, protection: Protection) -> Self {
        self.0.protection = Some(protection);
        self
    }

    /// The same error with the server's result: the LDAP code, and the Windows code where the server gave one.
    #[must_use]
    pub fn with_result(mut self, result_code: u32, win32: Option<u32>) -> Self {
        self.0.result_code = Some(result_code);
        self.0.win32 = win32;
        self
    }

    /// The same error with the time from which on the same try can succeed.
    #[must_use]
    pub fn with_retry_at(mut self, time: Timestamp) -> Self {
        self.0.retry_at = Some(time);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_read_back() {
        for code in Code::ALL {
            assert_eq!(code.as_str().parse::<Code>().unwrap(), *code);
        }
        assert!("NO_SUCH_CODE".parse::<Code>().is_err());
    }

    #[test]
    fn an_error_survives_serialization() {
        let error = Error::new(Code::PermissionDenied, "no right")
            .with_missing_right("reset password")
            .with_result(50, Some(5))
            .with_retry_at(Timestamp::UNIX_EPOCH);
        let text = serde_json::to_string(&error).unwrap();
        assert_eq!(serde_json::from_str::<Error>(&text).unwrap(), error);
        assert!(text.contains("\"PERMISSION_DENIED\"") && text.contains("\"not_applied\""));
    }

    /// What never reached a domain controller's lockout count does not end everything else.
    #[test]
    fn only_a_refusal_of_the_account_is_a_refused_logon() {
        let refused = |reason| Error::new(Code::BindFailed, "").with_reason(reason).is_refused_logon();
        assert!(Error::new(Code::BindFailed, "").is_refused_logon());
        for reason in [
            Reason::WrongCredentials,
            Reason::LockedOut,
            Reason::WrongKey,
            Reason::Revoked,
        ] {
            assert!(refused(reason), "{reason}");
        }
        for reason in [
            Reason::NoPassword,
            Reason::NoCredentials,
            Reason::TicketExpired,
            Reason::KdcUnreachable,
            Reason::UnknownSpn,
            Reason::ChannelBindingUndefined,
        ] {
            assert!(!refused(reason), "{reason}");
        }
    }

    #[test]
    fn an_unknown_outcome_is_never_born_known() {
        assert_eq!(Error::new(Code::OutcomeUnknown, "").outcome(), Outcome::Unknown);
        assert_eq!(Error::new(Code::Timeout, "").outcome(), Outcome::NotApplied);
    }
}
