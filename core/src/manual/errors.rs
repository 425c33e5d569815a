//! Every error code: when it comes, who has to act, and what to do.
//!
//! Decide on [`Error::code`](crate::Error::code) and show [`Error::message`](crate::Error::message) to people; codes are stable,
//! messages are not. `code.kind()` says who has to act. The event is the number that Microsoft's password writeback logs for the same cause
//! ([`Code::microsoft_event`](crate::Code::microsoft_event)), so that existing runbooks and alerts find their way.
//!
//! The outcome is `not_applied` except where the row says otherwise.
//!
//! | code | kind | when | what to do | event |
//! |---|---|---|---|---|
//! | `INVALID_PASSWORD` | caller | the new or the old password is empty, holds U+0000, is longer than 256 UTF-16 code units, or is not Unicode; `reason` says which | ask the user for another | 32003 |
//! | `INVALID_IDENTITY` | caller | the identity is of no known form, or of a kind that `accepted_identities` leaves out | correct the caller | 32003 |
//! | `CONFIGURATION` | caller | a setting cannot work, and the message names it; also: the audit sink failed, and nothing is done unrecorded | correct the settings, or the sink | 33009 |
//! | `UNSUPPORTED` | caller | the server is no domain controller (Lightweight Directory Services) | name a domain controller in `servers` | 33009 |
//! | `RATE_LIMITED` | caller | too many tries for this account, or in all | wait until `retry_at` | - |
//! | `CANCELLED` | caller | the caller cancelled before the write was sent | nothing | - |
//! | `ACCOUNT_NOT_FOUND` | account | no user has this identity, or it was deleted in between | check the identity; tell no stranger which names exist | 33002 |
//! | `AMBIGUOUS_IDENTITY` | account | several users have it | use the GUID or the SID; mend the duplicate | 33003 |
//! | `ACCOUNT_DISABLED` | account | a self-service write on a disabled account | an administrator enables it | 33005 |
//! | `ACCOUNT_EXPIRED` | account | a self-service write on an expired account | an administrator extends it | 33005 |
//! | `CHANGE_NOT_ENFORCEABLE` | account | a required change would have no effect; `reason` says why | leave `require_change` out, or change the account's flags | 33001 |
//! | `ACCOUNT_LOCKED` | account | a change while locked out | unlock, or wait until `locked_until` | 33006 |
//! | `WRONG_PASSWORD` | account | the old password does not match; it counted towards the lockout | ask again | 33007 |
//! | `CHANGE_NOT_PERMITTED` | account | the user may not change its password ("user cannot change password"), or the right Change Password was taken away | an administrator resets it | 33004 |
//! | `POLICY_VIOLATION` | policy | the directory refused the new password; `violations` says which rules, the limit, and when a retry can succeed | show the violations to the user | 33008 |
//! | `POLICY_HINTS_UNSUPPORTED` | policy | history was required, and this domain controller cannot enforce it on a reset | update it, or allow `if_supported` | 6329 |
//! | `PROTECTED_ACCOUNT` | protection | a rule protects the account; `protection` says which | write it by other means; see [`threat_model`](super::threat_model) before opening it | 33004 |
//! | `OUT_OF_SCOPE` | protection | the account is outside `allowed_subtrees` | nothing, or extend the setting | 33004 |
//! | `PERMISSION_DENIED` | service_account | the service account lacks a right; `missing_right` names it | grant it: [`permissions`](super::permissions) | 33004 |
//! | `BIND_FAILED` | service_account | the service account's own logon failed; `reason` says why | see to the account and its password | 33009 |
//! | `INSECURE_CHANNEL` | channel | the server refused StartTLS | install a certificate on the domain controller | 0x8023062C |
//! | `TLS` | channel | the handshake failed; `reason` says why: unknown issuer, expired, wrong name, ... | mend the certificate, or give the right `ca_file` | 0x8023062C |
//! | `UNREACHABLE` | directory | no domain controller answered; or the connection failed during the write, and it was verified that nothing was written | try again later | 32002 |
//! | `TIMEOUT` | directory | the deadline passed before the write was sent | try again; allow more time | 32002 |
//! | `READ_ONLY_DIRECTORY` | directory | only a read-only domain controller answered, or one that does not hold the account | name a writable one in `servers` | 32002 |
//! | `MALFORMED_REPLY` | directory | the server broke the protocol, or a value cannot be decoded | find out what answers at that address | 33001 |
//! | `DIRECTORY` | directory | any other refusal, with `result_code` and `win32`; outcome `applied` where the rest was written and a required change did not take | look the codes up in MS-ERREF; on `applied` ask for `require_password_change` | 33001 |
//! | `OUTCOME_UNKNOWN` | outcome | the write was sent and nothing settles what became of it; outcome `unknown` | [`outcomes`](super::outcomes) | 33001 |
//!
//! # Reasons
//!
//! | code | `reason` |
//! |---|---|
//! | `INVALID_PASSWORD` | `empty`, `contains_nul`, `too_long`, `not_unicode` |
//! | `INVALID_IDENTITY` | `unreadable`, `not_unicode`, `not_accepted` |
//! | `CHANGE_NOT_ENFORCEABLE` | `password_never_expires`, `cannot_change`, `smartcard_required` |
//! | `BIND_FAILED` | `wrong_credentials`, `no_password`, `password_expired`, `must_change_password`, `locked_out`, `disabled`, `expired`, `logon_restricted`, `signing_required`, `channel_binding_required` |
//! | `TLS` | `unknown_issuer`, `certificate_expired`, `certificate_not_yet_valid`, `wrong_name`, `certificate_revoked`, `bad_certificate`, `handshake_failed` |
//! | `INSECURE_CHANNEL` | `start_tls_refused` |
//!
//! The rule in `protection` of `PROTECTED_ACCOUNT` is one of `krbtgt`, `trust`, `computer`, `managed_service_account` (never written), `protected_group`,
//! `admin_count`, `service_account` (unless opened): see [`concepts`](super::concepts).
//!
//! # Violations
//!
//! A domain controller answers one code, `0000052D`, for length, complexity, history, minimum age and password filters. The library finds
//! the rule: each [`Violation`](crate::Violation) says how sure it is.
//!
//! | certainty | meaning |
//! |---|---|
//! | `stated` | the server named the rule (Samba does) |
//! | `computed` | the policy and the account's facts prove it |
//! | `inferred` | every rule that can be checked holds; of the inferred ones it is one, usually `history` or `filter` |
//! | `unknown` | the policy could not be read: grant it, see [`permissions`](super::permissions) |
//!
//! `retry_at` is there where time heals: a minimum age.
//!
//! # An error in full
//!
//! Errors serialize and hold no secret, so they can be logged and sent on as they are. They do name the account: keep them from strangers.
//!
//! ```
//! use password_writeback::{Code, Error, Outcome};
//!
//! let error = Error::new(Code::PermissionDenied, "no right").with_missing_right("reset password");
//! assert_eq!(error.to_string(), "no right [PERMISSION_DENIED, not_applied]");
//! assert_eq!((error.code(), error.outcome()), (Code::PermissionDenied, Outcome::NotApplied));
//! assert_eq!(error.code().microsoft_event(), Some("33004"));
//! ```
