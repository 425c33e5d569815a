//! The words, and what happens between a request and its receipt.
//!
//! # The words
//!
//! | word | meaning |
//! |---|---|
//! | reset | sets a password without the old one: what a help desk does |
//! | change | sets a password with the old one: what the user does |
//! | unlock | clears a lockout |
//! | require change | forces a new password at the next logon |
//! | domain controller | the one server that an operation talks to |
//! | service account | the account this library logs on as |
//! | initiator | who asks: the owner of the account (`self_service`) or somebody with authority over it (`administrator`) |
//! | actor | who asks, by name, for the audit |
//! | outcome | whether the write happened: see [`outcomes`](super::outcomes) |
//!
//! # Reset and change
//!
//! In LDAP both are a modify of `unicodePwd`: a reset replaces the value, a change deletes the old one and adds the new one in the same
//! request (MS-ADTS 3.1.1.3.1.5.1). Active Directory treats them differently:
//!
//! | | reset | change |
//! |---|---|---|
//! | right of the service account | Reset Password | Change Password, which everybody has unless it is denied |
//! | old password | not needed | must match; a wrong one counts towards the lockout |
//! | length, complexity, password filters | checked | checked |
//! | history and minimum age | only with the policy-hints control | always |
//! | account locked out | works, and the lockout stays | refused: `ACCOUNT_LOCKED` |
//! | password expired, or to be changed at next logon | works | works |
//! | "user cannot change password" | does not matter | refused: `CHANGE_NOT_PERMITTED` |
//!
//! A reset can unlock and require a change in the same modify. The server applies all of it or nothing. One exception: Samba 4.24 refuses a reset under the
//! policy-hints control together with a required change as too young, whatever its age. The password is then written by itself, and the required change right
//! after it; where that second write fails, the error says `applied`.
//!
//! # History and policy hints
//!
//! A plain reset lets a user go back to the password that was stolen last week: Active Directory checks neither the history nor the minimum
//! age. The policy-hints control (MS-ADTS 3.1.1.3.4.1.27) makes it check both; they cannot be had one without the other. Domain
//! controllers list it in their rootDSE from Windows Server 2008 R2 on, Samba from 4.24 on.
//!
//! [`History`](crate::History) says what a reset does: `Required` (the default) sends the control as critical and refuses
//! beforehand with `POLICY_HINTS_UNSUPPORTED` where the server does not list it; `IfSupported` sends it where it can; `Off` does not.
//! The receipt's `history` says which it was. A minimum age of one day means that a user who was reset today cannot be reset
//! with `Required` until tomorrow: the violation says from when.
//!
//! # Identities
//!
//! An [`Identity`](crate::Identity) is of exactly one kind. Portals should use the typed constructors; a plain string is read as the
//! first of these that it can be, and never tried as another:
//!
//! 1. a GUID with dashes,
//! 2. a SID (`S-1-...`),
//! 3. 24 characters of base64 that hold 16 bytes: a source anchor,
//! 4. a distinguished name, where it contains `=` and parses,
//! 5. `DOMAIN\name`,
//! 6. a UPN, where it contains `@`,
//! 7. else a sAMAccountName.
//!
//! ```
//! use password_writeback::{Identity, IdentityKind};
//!
//! assert_eq!(Identity::from("alice@corp.example").kind()?, IdentityKind::Upn);
//! assert_eq!(Identity::from("CORP\\alice").kind()?, IdentityKind::Sam);
//! assert_eq!(Identity::from("CN=Alice,OU=People,DC=corp,DC=example").kind()?, IdentityKind::Dn);
//! # Ok::<(), password_writeback::Error>(())
//! ```
//!
//! A UPN is the explicit one, or `sAMAccountName@domain` of an account that has no explicit one. A source anchor is looked for in
//! mS-DS-ConsistencyGuid first; an objectGUID counts only where that account's mS-DS-ConsistencyGuid is empty or the same. None found is
//! `ACCOUNT_NOT_FOUND`, two are `AMBIGUOUS_IDENTITY`. [`Rules::accepted_identities`](crate::Rules::accepted_identities) narrows
//! the kinds that are taken.
//!
//! # The write path
//!
//! 1. **Check the request.** The identity must be readable, the password neither empty nor longer than 256 UTF-16 code units nor contain
//!    U+0000. Nothing is sent yet.
//! 2. **Connect** to one domain controller: TLS is verified before a byte of LDAP is parsed. Log on, read the rootDSE, refuse a read-only one. Or
//!    take a connection that an earlier operation left in that state.
//! 3. **Locate** exactly one account, by an escaped filter or by its own name.
//! 4. **Protect.** The account's facts are judged by SID and flags, never by name: see the table below. What cannot be read counts against the write.
//! 5. **Write** one modify, addressed by `<GUID=...>`, so that a rename cannot misdirect it. `userAccountControl` is never written.
//!    From here on the operation cannot be cancelled.
//! 6. **Confirm.** The account is read back from the same domain controller, unless `confirm` is off. Where `verify_by_bind` is set, the new password is tried in a logon as
//!    well; what that showed is in the receipt's `verification`, and a refused logon does not make the operation fail. A required change that did not take is written once more.
//! 7. **Explain**, where the server refused: its own words where they name the rule, else the policy and the account's facts, else by exclusion.
//!    [`Certainty`](crate::Certainty) says which.
//! 8. **Resolve**, where no reply came: see [`outcomes`](super::outcomes).
//!
//! The whole runs as one task. A caller that stops waiting does not cut it in half.
//!
//! # Which rule holds for which operation
//!
//! | account | reset, unlock, require change | change |
//! |---|---|---|
//! | krbtgt, trusts, computers, managed service accounts | refused | refused |
//! | outside `allowed_subtrees` | refused | refused |
//! | in a protected group, built-in Administrator, `adminCount` set, the service account itself | refused, unless the settings open it for this initiator | allowed: the old password proves the owner |
//! | disabled or expired, self-service | refused | refused |
//! | disabled or expired, administrator | done, with a warning | done, with a warning |
//!
//! A required change that could have no effect (the password never expires, the user cannot change it, a smart card is required) is refused as
//! `CHANGE_NOT_ENFORCEABLE` before anything is written.
//!
//! # The request
//!
//! ```
//! use password_writeback::{History, Identity, Initiator, ResetPassword};
//! use std::time::Duration;
//!
//! let request = ResetPassword::new(Identity::upn("alice@corp.example"), "a new password")
//!     .unlock(true)
//!     .require_change(true)
//!     .history(History::IfSupported)
//!     .initiator(Initiator::Administrator)
//!     .actor(Identity::upn("helpdesk@corp.example"))
//!     .correlation_id("ticket-4711")
//!     .deadline(Duration::from_secs(10));
//! assert!(!format!("{request:?}").contains("a new password"));
//! ```
