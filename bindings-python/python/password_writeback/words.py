"""The words of the library: texts that mean the same in every language, as types.

Each is a union of its words, so that it is a union for the type checker and at run time.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

Initiator: TypeAlias = Literal["self_service"] | Literal["administrator"]
"""Who asks for a write: the owner of the account, or somebody else with authority over it."""

History: TypeAlias = Literal["required"] | Literal["if_supported"] | Literal["off"]
"""Whether the server must check password history, and with it the minimum age, on a reset."""

Unlock: TypeAlias = Literal["no"] | Literal["yes"] | Literal["if_permitted"]
"""Whether a reset also clears a lockout. ``True`` and ``False`` say ``"yes"`` and ``"no"``."""

IdentityKind: TypeAlias = (
    Literal["upn"] | Literal["sam"] | Literal["dn"] | Literal["guid"] | Literal["sid"] | Literal["source_anchor"]
)
"""The kinds of identity."""

OnSinkFailure: TypeAlias = Literal["refuse"] | Literal["continue"]
"""What follows when an audit event is lost: the operation is refused, or goes on."""

Operation: TypeAlias = (
    Literal["reset_password"]
    | Literal["change_password"]
    | Literal["unlock_account"]
    | Literal["require_password_change"]
    | Literal["check_password"]
    | Literal["find_account"]
    | Literal["password_policy"]
    | Literal["diagnose"]
)
"""The operations."""

Outcome: TypeAlias = Literal["not_applied"] | Literal["applied"] | Literal["unknown"]
"""Whether a write happened."""

ErrorKind: TypeAlias = (
    Literal["caller"]
    | Literal["account"]
    | Literal["policy"]
    | Literal["protection"]
    | Literal["service_account"]
    | Literal["channel"]
    | Literal["directory"]
    | Literal["outcome"]
)
"""Whose cause an error is: who has to act."""

Code: TypeAlias = (
    Literal["INVALID_PASSWORD"]
    | Literal["INVALID_IDENTITY"]
    | Literal["CONFIGURATION"]
    | Literal["UNSUPPORTED"]
    | Literal["RATE_LIMITED"]
    | Literal["CANCELLED"]
    | Literal["ACCOUNT_NOT_FOUND"]
    | Literal["AMBIGUOUS_IDENTITY"]
    | Literal["ACCOUNT_DISABLED"]
    | Literal["ACCOUNT_EXPIRED"]
    | Literal["CHANGE_NOT_ENFORCEABLE"]
    | Literal["ACCOUNT_LOCKED"]
    | Literal["WRONG_PASSWORD"]
    | Literal["CHANGE_NOT_PERMITTED"]
    | Literal["POLICY_VIOLATION"]
    | Literal["POLICY_HINTS_UNSUPPORTED"]
    | Literal["PROTECTED_ACCOUNT"]
    | Literal["OUT_OF_SCOPE"]
    | Literal["PERMISSION_DENIED"]
    | Literal["BIND_FAILED"]
    | Literal["INSECURE_CHANNEL"]
    | Literal["TLS"]
    | Literal["UNREACHABLE"]
    | Literal["TIMEOUT"]
    | Literal["READ_ONLY_DIRECTORY"]
    | Literal["MALFORMED_REPLY"]
    | Literal["DIRECTORY"]
    | Literal["OUTCOME_UNKNOWN"]
)
"""The stable code of an error."""

Reason: TypeAlias = (
    Literal["empty"]
    | Literal["contains_nul"]
    | Literal["too_long"]
    | Literal["not_unicode"]
    | Literal["unreadable"]
    | Literal["not_accepted"]
    | Literal["password_never_expires"]
    | Literal["cannot_change"]
    | Literal["smartcard_required"]
    | Literal["wrong_credentials"]
    | Literal["no_password"]
    | Literal["password_expired"]
    | Literal["must_change_password"]
    | Literal["locked_out"]
    | Literal["disabled"]
    | Literal["expired"]
    | Literal["logon_restricted"]
    | Literal["signing_required"]
    | Literal["channel_binding_required"]
    | Literal["channel_binding_mismatch"]
    | Literal["channel_binding_undefined"]
    | Literal["clock_skew"]
    | Literal["ticket_expired"]
    | Literal["unknown_spn"]
    | Literal["unknown_principal"]
    | Literal["no_credentials"]
    | Literal["wrong_key"]
    | Literal["revoked"]
    | Literal["kdc_unreachable"]
    | Literal["ticket_refused"]
    | Literal["unknown_issuer"]
    | Literal["certificate_expired"]
    | Literal["certificate_not_yet_valid"]
    | Literal["wrong_name"]
    | Literal["certificate_revoked"]
    | Literal["bad_certificate"]
    | Literal["handshake_failed"]
    | Literal["start_tls_refused"]
)
"""The particular cause within a code."""

Protection: TypeAlias = (
    Literal["krbtgt"]
    | Literal["trust"]
    | Literal["computer"]
    | Literal["managed_service_account"]
    | Literal["protected_group"]
    | Literal["admin_count"]
    | Literal["service_account"]
)
"""The rule that protects an account from being written."""

Rule: TypeAlias = (
    Literal["min_length"]
    | Literal["complexity"]
    | Literal["account_name"]
    | Literal["display_name"]
    | Literal["history"]
    | Literal["min_age"]
    | Literal["filter"]
    | Literal["unknown"]
)
"""A rule of a password policy."""

Certainty: TypeAlias = Literal["stated"] | Literal["computed"] | Literal["inferred"] | Literal["unknown"]
"""How sure a violation is."""

Acceptable: TypeAlias = Literal["yes"] | Literal["no"] | Literal["unknown"]
"""Whether a candidate is acceptable, as far as can be known beforehand."""

HistoryEnforcement: TypeAlias = Literal["enforced"] | Literal["not_enforced"] | Literal["not_applicable"]
"""Whether the server checked history and minimum age for a write."""

Verification: TypeAlias = Literal["none"] | Literal["re_read"] | Literal["bind"]
"""How it was verified that a write took effect, beyond the server's own reply."""

ReceiptWarning: TypeAlias = (
    Literal["expired_at_once"]
    | Literal["account_disabled"]
    | Literal["account_expired"]
    | Literal["still_locked"]
    | Literal["unlock_not_permitted"]
)
"""Something to know about a write that succeeded."""

CheckStatus: TypeAlias = Literal["ok"] | Literal["warning"] | Literal["failed"] | Literal["unknown"]
"""How a check of a diagnosis ended."""

Tool: TypeAlias = Literal["dsacls"] | Literal["powershell"] | Literal["samba_tool"]
"""What carries out a command that mends something."""

Phase: TypeAlias = Literal["start"] | Literal["finish"]
"""The two moments of an operation that an audit event can tell of."""

PolicyHintsSupport: TypeAlias = Literal["current"] | Literal["deprecated"] | Literal["absent"]
"""Which policy-hints control a mock domain controller offers."""

Refusals: TypeAlias = Literal["windows"] | Literal["stated"]
"""How a mock domain controller refuses a password: one code for every rule, or the rule named."""

GroupScope: TypeAlias = Literal["global"] | Literal["universal"] | Literal["domain_local"]
"""The scope of a group of a mock directory."""

MockUserKind: TypeAlias = (
    Literal["user"]
    | Literal["computer"]
    | Literal["domain_controller"]
    | Literal["managed_service_account"]
    | Literal["group_managed_service_account"]
    | Literal["trust"]
)
"""What an account of a mock directory is."""

Stage: TypeAlias = (
    Literal["open"]
    | Literal["find"]
    | Literal["read"]
    | Literal["policy"]
    | Literal["write"]
    | Literal["read_back"]
    | Literal["logon"]
)
"""A stage of an operation at which a fault can strike."""

BindAnswer: TypeAlias = (
    Literal["0"]
    | Literal["525"]
    | Literal["52e"]
    | Literal["532"]
    | Literal["533"]
    | Literal["701"]
    | Literal["773"]
    | Literal["775"]
)
"""What a mock domain controller answers a user's logon: ``"0"`` for success, else the logon error of MS-ERREF 2.2."""

MockRight: TypeAlias = (
    Literal["reset password"]
    | Literal["change password"]
    | Literal["write lockoutTime"]
    | Literal["write pwdLastSet"]
    | Literal["unexpire password"]
    | Literal["read password settings"]
    | Literal["read domain policy"]
    | Literal["read objectSid"]
    | Literal["read sAMAccountName"]
    | Literal["read userPrincipalName"]
    | Literal["read displayName"]
    | Literal["read mS-DS-ConsistencyGuid"]
    | Literal["read userAccountControl"]
    | Literal["read msDS-User-Account-Control-Computed"]
    | Literal["read tokenGroups"]
    | Literal["read adminCount"]
    | Literal["read msDS-SecondaryKrbTgtNumber"]
    | Literal["read pwdLastSet"]
    | Literal["read lockoutTime"]
    | Literal["read accountExpires"]
    | Literal["read msDS-UserPasswordExpiryTimeComputed"]
    | Literal["read msDS-ResultantPSO"]
    | Literal["read badPwdCount"]
    | Literal["read uSNChanged"]
    | Literal["read replPropertyMetaData"]
)
"""A right of a mock directory's service account. The texts are those of :attr:`WritebackError.missing_right`."""
