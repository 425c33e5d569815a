"""The words of the library: texts that mean the same in every language, as types."""

from __future__ import annotations

from typing import Literal, TypeAlias

Initiator: TypeAlias = Literal["self_service", "administrator"]
"""Who asks for a write: the owner of the account, or somebody else with authority over it."""

History: TypeAlias = Literal["required", "if_supported", "off"]
"""Whether the server must check password history, and with it the minimum age, on a reset."""

Unlock: TypeAlias = Literal["no", "yes", "if_permitted"]
"""Whether a reset also clears a lockout. ``True`` and ``False`` say ``"yes"`` and ``"no"``."""

IdentityKind: TypeAlias = Literal["upn", "sam", "dn", "guid", "sid", "source_anchor"]
"""The kinds of identity."""

OnSinkFailure: TypeAlias = Literal["refuse", "continue"]
"""What follows when the audit callback raises: the operation is refused, or goes on."""

Operation: TypeAlias = Literal[
    "reset_password",
    "change_password",
    "unlock_account",
    "require_password_change",
    "check_password",
    "find_account",
    "password_policy",
    "diagnose",
]
"""The operations."""

Outcome: TypeAlias = Literal["not_applied", "applied", "unknown"]
"""Whether a write happened."""

ErrorKind: TypeAlias = Literal[
    "caller", "account", "policy", "protection", "service_account", "channel", "directory", "outcome"
]
"""Whose cause an error is: who has to act."""

Code: TypeAlias = Literal[
    "INVALID_PASSWORD",
    "INVALID_IDENTITY",
    "CONFIGURATION",
    "UNSUPPORTED",
    "RATE_LIMITED",
    "CANCELLED",
    "ACCOUNT_NOT_FOUND",
    "AMBIGUOUS_IDENTITY",
    "ACCOUNT_DISABLED",
    "ACCOUNT_EXPIRED",
    "CHANGE_NOT_ENFORCEABLE",
    "ACCOUNT_LOCKED",
    "WRONG_PASSWORD",
    "CHANGE_NOT_PERMITTED",
    "POLICY_VIOLATION",
    "POLICY_HINTS_UNSUPPORTED",
    "PROTECTED_ACCOUNT",
    "OUT_OF_SCOPE",
    "PERMISSION_DENIED",
    "BIND_FAILED",
    "INSECURE_CHANNEL",
    "TLS",
    "UNREACHABLE",
    "TIMEOUT",
    "READ_ONLY_DIRECTORY",
    "MALFORMED_REPLY",
    "DIRECTORY",
    "OUTCOME_UNKNOWN",
]
"""The stable code of an error."""

Reason: TypeAlias = Literal[
    "empty",
    "contains_nul",
    "too_long",
    "not_unicode",
    "unreadable",
    "not_accepted",
    "password_never_expires",
    "cannot_change",
    "smartcard_required",
    "wrong_credentials",
    "no_password",
    "password_expired",
    "must_change_password",
    "locked_out",
    "disabled",
    "expired",
    "logon_restricted",
    "signing_required",
    "channel_binding_required",
    "unknown_issuer",
    "certificate_expired",
    "certificate_not_yet_valid",
    "wrong_name",
    "certificate_revoked",
    "bad_certificate",
    "handshake_failed",
    "start_tls_refused",
]
"""The particular cause within a code."""

Protection: TypeAlias = Literal[
    "krbtgt",
    "trust",
    "computer",
    "managed_service_account",
    "protected_group",
    "admin_count",
    "service_account",
]
"""The rule that protects an account from being written."""

Rule: TypeAlias = Literal[
    "min_length", "complexity", "account_name", "display_name", "history", "min_age", "filter", "unknown"
]
"""A rule of a password policy."""

Certainty: TypeAlias = Literal["stated", "computed", "inferred", "unknown"]
"""How sure a violation is."""

Acceptable: TypeAlias = Literal["yes", "no", "unknown"]
"""Whether a candidate is acceptable, as far as can be known beforehand."""

HistoryEnforcement: TypeAlias = Literal["enforced", "not_enforced", "not_applicable"]
"""Whether the server checked history and minimum age for a write."""

Verification: TypeAlias = Literal["none", "re_read", "bind"]
"""How it was verified that a write took effect, beyond the server's own reply."""

Warning: TypeAlias = Literal[
    "expired_at_once", "account_disabled", "account_expired", "still_locked", "unlock_not_permitted"
]
"""Something to know about a write that succeeded."""

CheckStatus: TypeAlias = Literal["ok", "warning", "failed", "unknown"]
"""How a check of a diagnosis ended."""

Phase: TypeAlias = Literal["start", "finish"]
"""The two moments of an operation that an audit event can tell of."""

PolicyHintsSupport: TypeAlias = Literal["current", "deprecated", "absent"]
"""Which policy-hints control a mock domain controller offers."""

Refusals: TypeAlias = Literal["windows", "stated"]
"""How a mock domain controller refuses a password: one code for every rule, or the rule named."""

GroupScope: TypeAlias = Literal["global", "universal", "domain_local"]
"""The scope of a group of a mock directory."""

MockUserKind: TypeAlias = Literal[
    "user",
    "computer",
    "domain_controller",
    "managed_service_account",
    "group_managed_service_account",
    "trust",
]
"""What an account of a mock directory is."""

Stage: TypeAlias = Literal["open", "find", "read", "policy", "write", "read_back", "logon"]
"""A stage of an operation at which a fault can strike."""

BindAnswer: TypeAlias = Literal["0", "525", "52e", "532", "533", "701", "773", "775"]
"""What a mock domain controller answers a user's logon: ``"0"`` for success, else the logon error of MS-ERREF 2.2."""

MockRight: TypeAlias = Literal[
    "reset password",
    "change password",
    "write lockoutTime",
    "write pwdLastSet",
    "unexpire password",
    "read password settings",
    "read domain policy",
    "read objectSid",
    "read sAMAccountName",
    "read userPrincipalName",
    "read displayName",
    "read mS-DS-ConsistencyGuid",
    "read userAccountControl",
    "read msDS-User-Account-Control-Computed",
    "read tokenGroups",
    "read adminCount",
    "read msDS-SecondaryKrbTgtNumber",
    "read pwdLastSet",
    "read lockoutTime",
    "read accountExpires",
    "read msDS-UserPasswordExpiryTimeComputed",
    "read msDS-ResultantPSO",
    "read badPwdCount",
    "read uSNChanged",
    "read replPropertyMetaData",
]
"""A right of a mock directory's service account. The texts are those of :attr:`WritebackError.missing_right`."""
