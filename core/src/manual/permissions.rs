//! What to grant to the service account, and why.
//!
//! Use an account of its own, an ordinary user in no group but Domain Users. The examples grant on `OU=People,DC=corp,DC=example` to
//! `CORP\svc-writeback`, whose SID is `S-1-5-21-1-2-3-1105` in the Samba commands; put in your own. Rights on the OU reach the users
//! below it, except those whose inheritance is blocked: the protected accounts, which is as it should be.
//!
//! The [`doctor`](super::doctor) says afterwards what is still missing on an account or an organizational unit, with the command that grants it.
//!
//! # The rights to write
//!
//! | right | for | without it |
//! |---|---|---|
//! | Reset Password, on descendant users | resets | `PERMISSION_DENIED`, `reset password` |
//! | read and write `lockoutTime`, on descendant users | unlocking | `PERMISSION_DENIED`, `write lockoutTime`; or a warning with `if_permitted` |
//! | read and write `pwdLastSet`, on descendant users | requiring a change | `PERMISSION_DENIED`, `write pwdLastSet` |
//! | Unexpire Password, on the domain itself | resets that are to last | the warning `expired_at_once`: the user must change at once |
//!
//! Changes need no grant: everybody holds Change Password unless it is denied. Unexpire Password is held by Authenticated Users by
//! default; grant it where that was taken away. (Samba does not look at it on a reset.)
//!
//! Windows, `dsacls`:
//!
//! ```text
//! dsacls "OU=People,DC=corp,DC=example" /I:S /G "CORP\svc-writeback:CA;Reset Password;user"
//! dsacls "OU=People,DC=corp,DC=example" /I:S /G "CORP\svc-writeback:RPWP;lockoutTime;user"
//! dsacls "OU=People,DC=corp,DC=example" /I:S /G "CORP\svc-writeback:RPWP;pwdLastSet;user"
//! dsacls "DC=corp,DC=example" /G "CORP\svc-writeback:CA;Unexpire Password"
//! ```
//!
//! PowerShell:
//!
//! ```text
//! Import-Module ActiveDirectory
//! $sid  = (Get-ADUser svc-writeback).SID
//! $user = [guid]'bf967aba-0de6-11d0-a285-00aa003049e2'
//! function Grant($dn, $rights, $what, $inherit, $on) {
//!     $acl = Get-Acl "AD:$dn"
//!     $acl.AddAccessRule([DirectoryServices.ActiveDirectoryAccessRule]::new($sid, $rights, 'Allow', $what, $inherit, $on))
//!     Set-Acl "AD:$dn" $acl
//! }
//! $people = 'OU=People,DC=corp,DC=example'
//! Grant $people 'ExtendedRight' ([guid]'00299570-246d-11d0-a768-00aa006e0529') 'Descendents' $user
//! Grant $people 'ReadProperty,WriteProperty' ([guid]'28630ebf-41d5-11d1-a9c1-0000f80367c1') 'Descendents' $user
//! Grant $people 'ReadProperty,WriteProperty' ([guid]'bf967a0a-0de6-11d0-a285-00aa003049e2') 'Descendents' $user
//! Grant 'DC=corp,DC=example' 'ExtendedRight' ([guid]'ccc2dc7d-a6ad-4a7a-8846-c04e3cc53501') 'None' ([guid]::Empty)
//! ```
//!
//! Samba:
//!
//! ```text
//! samba-tool dsacl set --objectdn="OU=People,DC=corp,DC=example" --sddl="(OA;CIIO;CR;00299570-246d-11d0-a768-00aa006e0529;bf967aba-0de6-11d0-a285-00aa003049e2;S-1-5-21-1-2-3-1105)"
//! samba-tool dsacl set --objectdn="OU=People,DC=corp,DC=example" --sddl="(OA;CIIO;RPWP;28630ebf-41d5-11d1-a9c1-0000f80367c1;bf967aba-0de6-11d0-a285-00aa003049e2;S-1-5-21-1-2-3-1105)"
//! samba-tool dsacl set --objectdn="OU=People,DC=corp,DC=example" --sddl="(OA;CIIO;RPWP;bf967a0a-0de6-11d0-a285-00aa003049e2;bf967aba-0de6-11d0-a285-00aa003049e2;S-1-5-21-1-2-3-1105)"
//! samba-tool dsacl set --objectdn="DC=corp,DC=example" --sddl="(OA;;CR;ccc2dc7d-a6ad-4a7a-8846-c04e3cc53501;;S-1-5-21-1-2-3-1105)"
//! ```
//!
//! # Reading the policy
//!
//! Fine-grained policies can be read by Domain Admins only. Without this grant the policy of every account is unknown, since one that
//! cannot be seen might apply, and violations are `unknown` instead of named. The container **and** the policies below it must be readable:
//!
//! ```text
//! dsacls "CN=Password Settings Container,CN=System,DC=corp,DC=example" /I:T /G "CORP\svc-writeback:GR"
//! ```
//!
//! ```text
//! samba-tool dsacl set --objectdn="CN=Password Settings Container,CN=System,DC=corp,DC=example" --sddl="(A;CI;RPLCLO;;;S-1-5-21-1-2-3-1105)"
//! ```
//!
//! The domain's own policy stands on the domain object, which every user may read by default.
//!
//! # Reading accounts in a hardened domain
//!
//! By default Authenticated Users read nearly everything of a user, through the group Pre-Windows 2000 Compatible Access. Where that group was
//! emptied, the service account needs these reads of its own on descendant users:
//!
//! | grant | attributes behind it | for |
//! |---|---|---|
//! | property set Account Restrictions | userAccountControl, its computed form, pwdLastSet, accountExpires, the computed expiry | required |
//! | `tokenGroups` (or its property set, Remote Access Information) | tokenGroups | required: protected groups |
//! | `adminCount` | | required: former members of protected groups |
//! | `msDS-SecondaryKrbTgtNumber` | | names that begin with `krbtgt` |
//! | `msDS-ResultantPSO` | | the policy |
//! | `mS-DS-ConsistencyGuid` | | source anchors |
//! | property set Logon Information | badPwdCount | whether a trial logon could lock the account |
//! | `uSNChanged`, `replPropertyMetaData` | | settling a lost write |
//! | `lockoutTime` | | granted above |
//!
//! Three more are granted to Authenticated Users on every user by default, and are needed where that was changed too: the property sets General Information
//! (sAMAccountName, objectSid, displayName) and Public Information (objectGUID, objectClass, userPrincipalName,
//! allowedAttributesEffective), and READ_CONTROL, by which the library proves that an absent attribute is not merely hidden.
//!
//! In place of the single grants, one that lets the account read all of a user does the same:
//!
//! ```text
//! dsacls "OU=People,DC=corp,DC=example" /I:S /G "CORP\svc-writeback:GR;;user"
//! ```
//!
//! ```text
//! samba-tool dsacl set --objectdn="OU=People,DC=corp,DC=example" --sddl="(OA;CIIO;RPLCLORC;;bf967aba-0de6-11d0-a285-00aa003049e2;S-1-5-21-1-2-3-1105)"
//! ```
//!
//! # Protected accounts
//!
//! Members of protected groups take their access list from `CN=AdminSDHolder,CN=System`, hourly, and inherit nothing. Opening them takes both a setting
//! of [`Rules`](crate::Rules) and the same grants on AdminSDHolder. Do not: read [`threat_model`](super::threat_model) first.
//!
//! # What not to grant
//!
//! Not Domain Admins, not Account Operators, not "write all properties", not replication rights. Nobody but Domain Admins should be able to reset the service account's own
//! password: keep it outside the OUs that help desks are delegated.
