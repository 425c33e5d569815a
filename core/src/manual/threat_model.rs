//! What is defended, against whom, how, and what is not.
//!
//! # Assets
//!
//! 1. The passwords of users, old and new.
//! 2. The password of the service account, which can reset everybody it was delegated.
//! 3. Privileged accounts: whoever can reset an administrator owns the domain.
//! 4. The truth about what was written.
//!
//! # Attackers and defences
//!
//! | attacker | defence |
//! |---|---|
//! | on the network, listening or in the middle | TLS 1.2 or 1.3 with the certificate verified for the configured name, on every connection; there is no setting that turns it off |
//! | injecting before StartTLS | exactly the reply is read, by code of its own with a limit of 4 KiB; what was injected behind it would have to be TLS |
//! | a server that answers with garbage | a relay checks every LDAP message before the client's parsers see it: structure, depth, size, and that it answers an open question; the connection ends as `MALFORMED_REPLY`. Panics of the client are caught |
//! | a server that never answers | a deadline over the whole operation, a limit on each connection |
//! | a caller who sends odd names | identities are read as exactly one kind; filters are escaped byte by byte; the write is addressed by objectGUID |
//! | a portal user who wants somebody else's account | not ours to see: the portal authenticates its user. `allowed_subtrees`, `accepted_identities` and the protection rules limit what a fault there can reach |
//! | a cloud or portal administrator who wants an on-premises administrator's account | protected accounts are refused, for every initiator, unless opened for that one: see below |
//! | whoever reads logs, events, error reports | no password is in any of them; `Debug` of requests and settings shows none; errors of the LDAP client, some of which carry the request, are dropped |
//! | whoever reads memory afterwards | secrets are wiped; see below for what is left |
//!
//! # Privileged accounts
//!
//! CVE-2017-8613 was this: password writeback let any cloud administrator reset an on-premises privileged account, since the
//! service account had the right to. The rules here stand before the directory's own access control and do not rely on it:
//!
//! - krbtgt, trusts, computers and managed service accounts are refused, always.
//! - Members of protected groups (direct, nested, or by primary group), the built-in Administrator, accounts with `adminCount` set, and the service
//!   account itself are refused for resets, unlocks and required changes.
//! - [`allow_self_service_on_protected`](crate::Rules::allow_self_service_on_protected) and
//!   [`allow_administrator_on_protected`](crate::Rules::allow_administrator_on_protected) open the second kind, each for its initiator only. Open the
//!   second of them only where every administrator of the calling system may become a domain administrator.
//! - [`Rules::protected_groups`](crate::Rules::protected_groups) adds groups of your own: DnsAdmins, the owners of your backup, the administrators of your cloud synchronisation.
//!
//! A change is allowed on a protected account, since its old password proves the owner.
//!
//! **The initiator and the actor are trusted.** The library cannot check who asks. An actor who is the target counts as the owner, whatever
//! the initiator says. Take both from the authenticated session, never from a form.
//!
//! # What cannot be read counts against the write
//!
//! Active Directory leaves out of an answer what the reader may not see, with no error. Absence must not open a door:
//!
//! - without `objectSid`, `sAMAccountName`, `userAccountControl`, its computed form, `tokenGroups` or `pwdLastSet` the account is refused as
//!   `PERMISSION_DENIED`, and the missing right is named;
//! - `adminCount` and `accountExpires` may be absent only where the account's security descriptor shows that they could have been read;
//! - a service account that cannot read its own `tokenGroups` is refused, since nothing would keep it from resetting itself;
//! - a fine-grained policy that may be hidden makes the policy unknown, never the domain's.
//!
//! One gap is left: where the security descriptor may not be read (READ_CONTROL, which every user has by default), or contradicts what the server has just answered, an absent
//! `adminCount` counts as not set. Membership in protected groups is still seen, since `tokenGroups` is required.
//!
//! # Memory
//!
//! A [`Password`](crate::Password) is wiped when dropped, has no `Clone`, and is encoded into buffers that are wiped and never grow. Not in
//! this library's hands:
//!
//! - **Freed memory of other code.** The LDAP client would keep six to seven copies of a password that it sends. So it sends none: logons and
//!   modifications are encoded by this library and go out beneath it. Measured from outside the process, nothing is left of a new, an old or a candidate password
//!   after an operation, with any allocator, also while connections are kept open. A zeroing allocator guards beyond that against what your own
//!   code, and whatever it calls, may leave behind. It is one line in the program:
//!
//!   ```
//!   #[global_allocator]
//!   static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);
//!   # fn main() { drop(String::from("wiped")); }
//!   ```
//!
//!   with `zeroizing-alloc = "0.1"` among the dependencies. It costs a write of zeros with each free.
//! - **What you had before.** A `&str` is copied, and the original is yours to wipe. `String`, `Vec<u8>` and `Vec<u16>` are taken over and wiped.
//! - **Connections that are kept** ([`Settings::warm_connections`](crate::Settings::warm_connections)) hold TLS session keys and a logged-on session of the
//!   service account: who can read the process's memory, or run code in it, can use it as long as it is open. They hold no password, whatever they
//!   have carried. A logon is used for ten minutes at most, so that a right taken from the service account by way of a group is gone after that.
//! - **Names of accounts** that were searched for are remembered with their objectGUIDs, up to 4096, as long as the backend lives.
//! - **The kernel**: socket buffers, swap, core dumps. Switch core dumps off, and swap off or encrypt it.
//! - **A fixed bind password** stays in memory, once, as long as the backend does, and is wiped with it. A [`provider`](crate::BindPassword::provider) hands it out for one logon at a time.
//! - On systems without socket pairs (Windows) the LDAP client and the relay talk over a loopback TCP connection within the process. Nobody
//!   else can connect to it, but an administrator of that machine could capture its traffic, as he could read the process's memory.
//!
//! # A malicious domain controller
//!
//! Whoever holds a certificate that is trusted for the configured name gets the service account's password with the first logon: it is a
//! simple bind inside TLS. So trust narrowly: give [`ca_file`](crate::Settings::ca_file) your own authority rather than the
//! operating system's whole list. With `ca_file` nothing checks revocation; without it, the operating system decides.
//! A genuine domain controller can lie about everything it answers. It can already do worse.
//!
//! # Audit
//!
//! [`Audit`](crate::layer::Audit) refuses operations that it cannot record, unless told otherwise. Events name the account **as the caller gave it**: a user
//! who types a password into the name field has put it there. Keep identities out of free-text fields, or narrow `accepted_identities`.
//! Events are not signed; the sink's store has to resist tampering.
//!
//! # Guessing
//!
//! A change says whether the old password is right, and a checked candidate says something about the policy. [`RateLimit`](crate::layer::RateLimit) limits both for an
//! account, however it is named. There is no limit unless the settings ask for one.
//!
//! # Enumeration
//!
//! `ACCOUNT_NOT_FOUND`, `ACCOUNT_DISABLED` and the account in an error are for the caller, not for the stranger in front of it. A
//! self-service page should answer all of them with one sentence.
//!
//! # Out of scope
//!
//! Authenticating the person who asks, and limiting each client (the [limits](crate::manual::operations#limits) here are on accounts and in all); the machine this runs on; Kerberos and client-certificate
//! logons of the service account (simple bind only in this release).
