/** The words of the library: the same in every language and in serialized form. */

/** Whether the write happened. */
export type Outcome = "not_applied" | "applied" | "unknown";

/** The stable code of an error. */
export type Code =
  | "INVALID_PASSWORD"
  | "INVALID_IDENTITY"
  | "CONFIGURATION"
  | "UNSUPPORTED"
  | "RATE_LIMITED"
  | "CANCELLED"
  | "ACCOUNT_NOT_FOUND"
  | "AMBIGUOUS_IDENTITY"
  | "ACCOUNT_DISABLED"
  | "ACCOUNT_EXPIRED"
  | "CHANGE_NOT_ENFORCEABLE"
  | "ACCOUNT_LOCKED"
  | "WRONG_PASSWORD"
  | "CHANGE_NOT_PERMITTED"
  | "POLICY_VIOLATION"
  | "POLICY_HINTS_UNSUPPORTED"
  | "PROTECTED_ACCOUNT"
  | "OUT_OF_SCOPE"
  | "PERMISSION_DENIED"
  | "BIND_FAILED"
  | "INSECURE_CHANNEL"
  | "TLS"
  | "UNREACHABLE"
  | "TIMEOUT"
  | "READ_ONLY_DIRECTORY"
  | "MALFORMED_REPLY"
  | "DIRECTORY"
  | "OUTCOME_UNKNOWN";

/** Whose cause an error is. */
export type ErrorKind =
  | "caller"
  | "account"
  | "policy"
  | "protection"
  | "service_account"
  | "channel"
  | "directory"
  | "outcome";

/** The particular cause within a {@link Code}. */
export type Reason =
  | "empty"
  | "contains_nul"
  | "too_long"
  | "not_unicode"
  | "unreadable"
  | "not_accepted"
  | "password_never_expires"
  | "cannot_change"
  | "smartcard_required"
  | "wrong_credentials"
  | "no_password"
  | "password_expired"
  | "must_change_password"
  | "locked_out"
  | "disabled"
  | "expired"
  | "logon_restricted"
  | "signing_required"
  | "channel_binding_required"
  | "channel_binding_mismatch"
  | "channel_binding_undefined"
  | "clock_skew"
  | "ticket_expired"
  | "unknown_spn"
  | "unknown_principal"
  | "no_credentials"
  | "wrong_key"
  | "revoked"
  | "kdc_unreachable"
  | "ticket_refused"
  | "unknown_issuer"
  | "certificate_expired"
  | "certificate_not_yet_valid"
  | "wrong_name"
  | "certificate_revoked"
  | "bad_certificate"
  | "handshake_failed"
  | "start_tls_refused";

/** A rule of a password policy. */
export type Rule =
  | "min_length"
  | "complexity"
  | "account_name"
  | "display_name"
  | "history"
  | "min_age"
  | "filter"
  | "unknown";

/**
 * How sure a violation is: the server named the rule; the policy and the account's facts prove it; it is what is left over (of
 * several inferred ones it is one); nothing is known.
 */
export type Certainty = "stated" | "computed" | "inferred" | "unknown";

/** The rule that protects an account from being written. */
export type Protection =
  | "krbtgt"
  | "trust"
  | "computer"
  | "managed_service_account"
  | "protected_group"
  | "admin_count"
  | "service_account";

/** The operations. */
export type Operation =
  | "reset_password"
  | "change_password"
  | "unlock_account"
  | "require_password_change"
  | "check_password"
  | "find_account"
  | "password_policy"
  | "diagnose";

/** Who asks for a write: the owner of the account, or somebody else with authority over it. */
export type Initiator = "self_service" | "administrator";

/**
 * Whether the server must check password history, and with it the minimum age, on a reset: always (else the reset is refused with
 * `POLICY_HINTS_UNSUPPORTED`), where it can, or not.
 */
export type History = "required" | "if_supported" | "off";

/** Whether history and minimum age were enforced for a write. */
export type HistoryEnforcement = "enforced" | "not_enforced" | "not_applicable";

/** How a write was verified beyond the server's own reply. */
export type Verification = "none" | "re_read" | "bind";

/** Something the caller should know about a write that succeeded. */
export type Warning =
  | "expired_at_once"
  | "account_disabled"
  | "account_expired"
  | "still_locked"
  | "unlock_not_permitted";

/** What a candidate is, as far as can be said without writing it. */
export type Acceptable = "no" | "yes" | "unknown";

/** How a check of an examination ended. */
export type CheckStatus = "ok" | "warning" | "failed" | "unknown";

/** What carries out a command that mends something. */
export type Tool = "dsacls" | "powershell" | "samba_tool";

/** The kinds of identity. */
export type IdentityKind = "upn" | "sam" | "dn" | "guid" | "sid" | "source_anchor";
