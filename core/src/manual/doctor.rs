//! Will writeback work here, and if not, what exactly must be granted?
//!
//! [`diagnose`](crate::PasswordWriteback::diagnose) answers that, in four ways:
//!
//! | request | examines |
//! |---|---|
//! | [`Diagnose::deployment()`](crate::Diagnose::deployment) | the way to each domain controller, and the rights on the domain |
//! | [`Diagnose::account(identity)`](crate::Diagnose::account) | one account as well: its protection, the rights on it, its policy |
//! | [`Diagnose::subtree(dn)`](crate::Diagnose::subtree), or an account's request with the name of a container | what would hold for the users that are created in it |
//! | [`Diagnose::canary(identity)`](crate::Diagnose::canary) | an account that is there for it, by using it: see [below](#the-canary) |
//!
//! None but the last writes anything, and none costs a bad-password count.
//!
//! Each [`Check`](crate::Check) has a fixed `name`, a `status`, a `detail` for people, and where it is not `ok` a `fix` for people and the `commands` that mend it. A check that
//! cannot be made is `unknown`, never `ok`. [`is_healthy`](crate::Diagnosis::is_healthy) means that nothing failed and nothing is unknown.
//!
//! The program [`examples/rust/doctor.rs`](https://github.com/password-writeback/password-writeback/blob/main/examples/rust/doctor.rs) prints all of it, for people or as JSON:
//!
//! ```text
//! cargo run -p password-writeback-examples --example doctor -- --demo
//! cargo run -p password-writeback-examples --example doctor -- --server ldaps://dc1.corp.example \
//!     --bind-user svc-writeback@corp.example --password-file secret --ca-file corp-ca.pem alice
//! ```
//!
//! # The way to a domain controller
//!
//! One of each for every server that is configured, until one fails; nothing is written, and no second server is tried once a logon was refused, since that counts
//! towards the service account's lockout.
//!
//! | check | is in order where | else |
//! |---|---|---|
//! | `discovery` | with `domain`: DNS names domain controllers | `failed`: correct `domain` and `dns_servers`, or the service records in DNS |
//! | `name_resolution` | the name leads to an address | `failed`: correct the name, or the DNS servers of this machine |
//! | `port` | an address takes connections | `failed`: see that the domain controller runs, and to the firewalls between |
//! | `tls` | the handshake succeeds: the certificate is trusted, and for this name | `failed`, with the reason: the name, the authority, its time |
//! | `certificate` | every certificate of the chain is valid for 30 days more; the detail has the names, the days left and the chain | `warning` below 30 days, `failed` where it is over: renew it |
//! | `encryption` | the channel is encrypted; the detail says how | `failed`: the server refuses StartTLS, it needs a certificate |
//! | `bind` | the service account can log on | `failed`, with the reason and, for a state of the account, the commands; `unknown` where it was not tried |
//! | `writable` | it is a writable domain controller (a global catalogue's port is refused by the settings) | `failed`: name another one |
//! | `policy_hints` | password history can be enforced on a reset | `warning`: update it, or set `history` to `if_supported` or `off` |
//! | `clock_skew` | the clocks differ by five minutes at most | `warning`: beyond that, Kerberos refuses |
//! | `replication_partner` | another domain controller that the directory lists for this domain answers, with a trusted certificate | `warning`: it gets passwords late, and cannot stand in |
//!
//! # The domain
//!
//! | check | is in order where | else |
//! |---|---|---|
//! | `unexpire_password` | the service account holds Unexpire Password on the domain | `failed`: what it resets expires at once. (Samba does not look at it on a reset.) |
//! | `fine_grained_policies` | the Password Settings Container and what is in it can be read | `warning`: policies are enforced, and violations cannot be named |
//!
//! # An account, or the users of a container
//!
//! | check | is in order where | else |
//! |---|---|---|
//! | `account` | it was found, and everything that its protection depends on can be read | `failed`, with the right that is missing |
//! | `subtree` | the container was found | `unknown` |
//! | `scope` | the settings allow writing there (`allowed_subtrees`) | `failed` |
//! | `protection` | no rule protects the account | `failed`; `warning` where the settings open it |
//! | `admin_count` | no `adminCount` is left over from a protected group | `warning`: the domain clears it never, and it keeps the account protected |
//! | `inheritance` | it takes rights from its parents | `warning`: what is granted on an organizational unit does not reach it |
//! | `reset_right` | the service account holds Reset Password | `failed`: no resets |
//! | `change_right` | the service account holds Change Password, as everybody does by default, and so does the user | `failed`: no changes; `warning` where only the user does not |
//! | `unlock_right` | it may write `lockoutTime` | `failed`: no unlocks |
//! | `require_change_right` | it may write `pwdLastSet` | `failed`: no required changes |
//! | `read_rights` | it can read what [`permissions`](super::permissions) lists, and the security descriptor | `failed` where nothing works without, else `warning`, with what is lost |
//! | `policy` | the policy of the account is known | `warning`, with the reason |
//!
//! The rights are those of the access check of MS-ADTS 5.1.3.3: the entries of the object's security descriptor in their order, by right, attribute and property set, for every
//! SID of the service account's own token. For a container they are the entries that a new user inherits, behind those that the schema gives every user. Where the descriptor may
//! not be read, only what the server tells by itself (`allowedAttributesEffective`) is known.
//!
//! # The commands
//!
//! Each [`Command`](crate::Command) names its [`tool`](crate::Tool) and is one line with the real names in it. Each tool alone suffices; where one has several lines, all are needed.
//! Run them as an administrator of the domain, and read them first: what mends the doctor's finding is not always what you want.
//!
//! | tool | where |
//! |---|---|
//! | `dsacls` | a command prompt of Windows. It cannot take a single entry away: where others of the same trustee would go with it, there is none |
//! | `powershell` | PowerShell 5 and later, on a machine of the domain |
//! | `samba_tool` | a shell of root on a Samba domain controller. What `samba-tool` cannot do there, `ldbmodify` of the same package does |
//!
//! A right that nothing grants is granted on the account's container, for all users in it, as [`permissions`](super::permissions) does; on the account alone where it
//! does not inherit. A right that an entry denies is not granted again: the entry is taken away where it was given, be that on a parent.
//!
//! Characters of a name that could mean something to a shell are written as the escapes of RFC 4514 (`\27` for an apostrophe): the name is the same, whoever chose it.
//!
//! # The canary
//!
//! A canary is an account that exists to be tried. On it, the doctor requires a change, resets, logs on with the new password, changes it, logs on again, and unlocks: each
//! write through the same rules and the same confirmation as any other. The audit tells of one `diagnose`, with what became of its writes as its outcome.
//!
//! | check | proves |
//! |---|---|
//! | `canary` | the account may be used: it is named so, and unprotected |
//! | `canary_require_change` | pwdLastSet can be written; it also lifts the minimum age, so that a canary can be tried many times a day |
//! | `canary_reset` | a reset works, with `history` as it is set |
//! | `canary_logon` | its password is the account's |
//! | `canary_change` | a change works, and its password is the account's |
//! | `canary_unlock` | lockoutTime can be written |
//!
//! **The price.** The account's password is gone: it is left with a random one that nobody knows, or, where the reset failed, with a required change. Each run adds two passwords to its history and half a dozen
//! events to the domain controller's security log, and it may take as long as six writes: give it a deadline of a minute. Where `verify_by_bind` is set, further logons come on top.
//!
//! **Whose account.** The caller names it. It is refused where any rule protects it, whatever the settings open, and where its sAMAccountName does not hold the word `canary`:
//! nobody's own account is called so, and whoever may ask for a diagnosis gets no way to destroy a colleague's password. Create an ordinary user for it, in the organizational unit that
//! matters, with an ordinary policy: not disabled, its password neither exempt from expiry nor from being changed.
//!
//! [`Diagnosis::outcome`](crate::Diagnosis::outcome) says what became of its writes.
