//! The traps of Active Directory, and what this library does about each.
//!
//! # Writing passwords
//!
//! **1. One code for five causes.** A refused password gets `0000052D`, whether it was too short, too simple, used before, too soon, or refused by a
//! filter; only the LDAP result differs (53 for a reset, 19 for a change). The library reads the policy and the account and works the rule out, and says how
//! sure it is. MS-ADTS 3.1.1.3.1.5.1, MS-SAMR 3.1.1.7.1.
//!
//! **2. A reset forgets history.** A plain LDAP reset checks neither history nor minimum age. The policy-hints control switches
//! both on; the library sends it by default, as critical, since a server that does not know a control that is not critical ignores it without a word. MS-ADTS
//! 3.1.1.3.4.1.27.
//!
//! **3. History brings the minimum age.** With the control a user who was reset today is refused tomorrow morning, if the minimum age is a day. The violation is
//! `min_age` with a `retry_at`; `History::Off` is for the administrator who must. MS-SAMR 3.1.1.7.1.
//!
//! **4. A password that expires at once.** Without the right Unexpire Password on the **domain object** the server sets pwdLastSet to 0 after a reset, and the
//! user has to change at once. The library reads pwdLastSet back and warns with `expired_at_once`. MS-SAMR 3.1.1.8.7, MS-ADTS 5.1.3.2.1.
//!
//! **5. A reset does not unlock.** The account stays locked, and the user believes the new password is wrong. Ask for `.unlock(true)`: it is part of the same
//! modify. Where it was not asked for, the receipt warns with `still_locked`. MS-SAMR 3.1.1.8.3.
//!
//! **6. Missing the right to change is not "access denied".** A change without the right is answered with 19, a constraint violation, where every
//! other missing right is 50. The library reads it as `CHANGE_NOT_PERMITTED`. MS-ADTS 3.1.1.3.1.5.1.
//!
//! **7. Quotes, UTF-16, and 256.** The value of unicodePwd is UTF-16LE between double quotes, and the limit is 256 UTF-16 code units, so an emoji counts twice. Some
//! servers take U+0000 and lone surrogates and store a password that nothing matches. The library encodes, and refuses these before it sends. MS-ADTS 3.1.1.3.1.5.1.
//!
//! **8. userPassword is not the password.** Unless the domain says otherwise it is an ordinary, readable attribute: a password written there is published. The library
//! writes unicodePwd and nothing else. MS-ADTS 3.1.1.3.1.5.2.
//!
//! **9. "Must change" that does nothing.** On an account whose password never expires, whose user may not change it, or which needs a smart card, pwdLastSet = 0 has no
//! effect or locks the user out. It is refused beforehand as `CHANGE_NOT_ENFORCEABLE`. MS-ADTS 3.1.1.4.5.17.
//!
//! **10. "User cannot change password" is no flag.** The bit 0x40 of userAccountControl is not stored; the setting is a pair of denials in the access list. The library reads
//! the access list. MS-ADTS 2.2.16.
//!
//! **11. Complexity outside ASCII.** Microsoft's two texts classify `Ä` differently. A candidate on which they disagree is `unknown` in
//! [`check_password`](crate::PasswordWriteback::check_password), and the domain controller decides. MS-SAMR 3.1.1.7.2.
//!
//! **12. Accounts that need no password.** With the flag "password not required" neither length nor complexity nor history applies. A weak password is accepted there,
//! and the verdict of a candidate says `yes`. MS-SAMR 3.1.1.7.1.
//!
//! # Reading
//!
//! **13. What you may not see looks like what is not there.** An attribute without the right to read it is absent, with result 0. The library takes absence for a
//! value only where something proves that it could have been read. MS-ADTS 3.1.1.4.3.
//!
//! **14. A hidden policy looks like none.** The absence of msDS-ResultantPSO means the domain's policy, or that you may not read the real one. The
//! library proves that the Password Settings Container is readable, else the policy is unknown. MS-ADTS 3.1.1.4.5.36.
//!
//! **15. Locked is a computation.** The flag 0x10 of userAccountControl is not stored, and lockoutTime stays set after the lockout has run out. The library reads
//! msDS-User-Account-Control-Computed. MS-ADTS 3.1.1.4.5.17.
//!
//! **16. adminCount never goes back.** Who leaves a protected group keeps adminCount = 1 and the blocked inheritance, so a grant on the OU does not reach them. The library
//! refuses them as `admin_count`, and `diagnose` reports the broken inheritance; clear both by hand. MS-ADTS 3.1.1.6.1.
//!
//! **17. memberOf is not membership.** It lacks the primary group and everything nested. The library reads tokenGroups, and judges by SID, so that a renamed
//! "Domain Admins" is recognised. MS-ADTS 3.1.1.4.5.19.
//!
//! **18. GUIDs are mixed-endian.** The first three fields of the stored bytes are little-endian, so the base64 of a source anchor is not the base64 of the text
//! form's bytes. MS-DTYP 2.3.4.
//!
//! **19. An administrator without a UPN.** An account may have no userPrincipalName and still log on as `name@domain`, and somebody else may hold that very text as an
//! explicit one. The library looks for both, and two hits are `AMBIGUOUS_IDENTITY`. MS-ADTS 5.1.1.1.1.
//!
//! # Logging on
//!
//! **20. The empty password succeeds.** A simple bind with an empty password is an unauthenticated bind, and a server may answer it with success. It is refused before it is sent.
//! RFC 4513 5.1.2.
//!
//! **21. The old password still works.** For a while after a write a domain controller may accept the previous password too. That a logon with the old one succeeds proves
//! nothing, and the library does not try it.
//!
//! **22. Bad-password counts are per domain controller.** badPwdCount does not replicate, and wrong passwords are counted at the PDC emulator too, so another domain controller may be
//! nearer to the threshold than the one that was read. The trial logon that settles a lost write keeps a distance of one from the threshold that it sees; where that matters, list the
//! PDC emulator first, or switch `resolve_by_bind` off.
//!
//! **23. A lockout hides everything.** On a locked account every logon is answered with "locked", right password or not, and every change with `00000775`. The
//! library draws no conclusion from it. MS-ERREF 2.2.
//!
//! # Servers
//!
//! **24. A read-only domain controller refers you elsewhere.** It answers a write with a referral. The library recognises it in the rootDSE and tries the next server;
//! it never follows a referral with credentials. MS-ADTS 3.1.1.5.1.10.
//!
//! **25. The global catalogue cannot be written.** Ports 3268 and 3269 serve a partial, read-only copy. They are refused in the settings. MS-ADTS 3.1.1.3.1.10.
//!
//! **26. A broken connection is not a failure.** A server goes on executing what it received: on a live one, reading the account within 20 ms of the
//! break gave the wrong answer 24 times out of 24. Hence the grace period: see [`outcomes`](super::outcomes).
//!
//! **27. uSNChanged moves by itself.** A logon moves it too. Standing still it proves that nothing was written; moved it proves nothing. MS-ADTS 3.1.1.1.9.
//!
//! **28. Samba: a required change makes every password too young.** Samba 4.24 judges the minimum age of a reset under the policy-hints control by the pwdLastSet of the same
//! modify, which is 0 where a change is required. The library writes the password by itself then, and the required change after it.
//!
//! **29. Samba is not Windows.** Its texts name the rule, its complexity ignores the names of the account, it does not apply AdminSDHolder, and before 4.24 it has no policy hints and takes a
//! password over a connection without encryption. What a test against Samba proves about these, it proves about Samba.
