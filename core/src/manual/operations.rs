//! Running it: time, domain controllers, monitoring, rotation, certificates, capacity.
//!
//! # Time
//!
//! | setting | default | what it limits |
//! |---|---|---|
//! | [`Rules::deadline`](crate::Rules::deadline), or `.deadline(...)` on a request | 30 s | the whole operation |
//! | [`Settings::connect_timeout`](crate::Settings::connect_timeout) | 5 s | connecting with TLS, and again the logon, for each domain controller |
//! | [`Rules::grace`](crate::Rules::grace) | 2 s | how long a write without a reply may still arrive; reserved out of the deadline |
//!
//! With the defaults a write has to be sent within 24.5 s and answered within 25.5 s; the rest is for finding out what became of it. Where the caller has a
//! limit of its own (a load balancer, a browser), set the deadline below it.
//!
//! ```
//! use password_writeback::{Rules, Settings};
//! use std::time::Duration;
//!
//! let mut rules = Rules::default();
//! rules.deadline = Duration::from_secs(15);
//! rules.allowed_subtrees = vec!["OU=People,DC=corp,DC=example".to_owned()];
//! let settings = Settings::new(
//!     ["ldaps://dc1.corp.example", "ldaps://dc2.corp.example"],
//!     "svc-writeback@corp.example",
//!     "its password",
//! )
//! .ca_file("/etc/ssl/corp-ca.pem")
//! .connect_timeout(Duration::from_secs(3))
//! .rules(rules);
//! ```
//!
//! The library needs a tokio runtime with time and I/O. Operations run as tasks of it: at shutdown stop taking requests, wait for
//! those under way, then drop the runtime.
//!
//! # Domain controllers
//!
//! Give the domain, and DNS names them; or list them. One of the two.
//!
//! ```
//! use password_writeback::Settings;
//!
//! # #[cfg(feature = "discovery")]
//! let found = Settings::for_domain("corp.example", "svc-writeback@corp.example", "its password")
//!     .dns_servers(["10.0.0.53", "10.0.1.53"]);
//! let listed = Settings::new(
//!     ["ldaps://dc1.corp.example", "ldaps://dc2.corp.example"],
//!     "svc-writeback@corp.example",
//!     "its password",
//! );
//! ```
//!
//! **Found by DNS**, they are tried in this order: the PDC emulator (`_ldap._tcp.pdc._msdcs`), since lockouts and bad-password counts are most current
//! there and every other one forwards new passwords to it; those of the client's site (`_ldap._tcp.SITE._sites.dc._msdcs`); all others
//! (`_ldap._tcp.dc._msdcs`). Within each, priority and weight decide, drawn anew with each answer of DNS.
//!
//! | setting | default | what it does |
//! |---|---|---|
//! | [`domain`](crate::Settings::domain) | | the DNS name of the domain |
//! | [`dns_servers`](crate::Settings::dns_servers) | the system's | who is asked, also for the addresses of the hosts; the system's hosts file then counts for nothing |
//! | [`site`](crate::Settings::site) | the one that the directory finds by this machine's address | whose domain controllers come before others |
//! | [`start_tls`](crate::Settings::start_tls) | no | StartTLS on the port of the record, instead of LDAPS on 636. There is no falling back from one to the other: both verify the same certificate, and a port that is closed is better mended than paid for with each connection |
//!
//! Only names below the domain's own are taken. Where your domain controllers have other names (a disjoint namespace), list them. Global catalogue ports
//! are never used. Before the first logon to one that DNS named, and again after an hour or a failure, it is asked over verified TLS what it is: a read-only
//! one, or one of another domain, is passed over and never given the service account's password. This costs a connection of its own each time.
//! Answers of DNS are used for as long as they say, at least 30 seconds and at most an hour; where no new one comes, the old one is used on. A new one is waited for
//! by one operation, a fifth of `connect_timeout`, and twice as long each time that none came, up to half of the operation's time.
//!
//! **Listed**, they are tried in the order of [`Settings::servers`](crate::Settings::servers), by the names in their certificates. Put the PDC emulator first where the
//! way to it is short.
//!
//! **Failover.** The next one is tried where one is unreachable, read-only, or its TLS or protocol fails, and not where it refused the logon: a wrong password
//! tried everywhere would lock the service account. One that has not finished the TLS handshake after a fifth of `connect_timeout` is not waited for alone: the
//! next one is connected to beside it, and the first that is ready is used. Only connections are made side by side, never logons or writes. Where a name has
//! several addresses they are dialled in turn, and share the time: one that is dead does not take all of it.
//! One that failed, or was passed over so, is tried last for 5 seconds, twice as long after each further failure, at most 2 minutes; then one
//! operation tries it in its old place. One that cannot be written to is tried last for an hour.
//!
//! Everything of one operation happens on one domain controller. Where it fails before the write is sent (an answer that takes twice the
//! `connect_timeout`, or half of the time that is left for this, counts as a failure, if there is another to ask), the operation begins anew on the next one, with everything read again. Once the write is sent, no other one is asked: what
//! became of it is found out on the same one, or is `OUTCOME_UNKNOWN` where that is gone.
//!
//! Other domain controllers learn a new password by replication; until then they ask the PDC emulator before they refuse a logon, but a read of
//! `pwdLastSet` there is old. After a failover, a check right after a write may so meet a domain controller that does not know it yet.
//!
//! One backend serves one domain: an account of another domain of the forest is not found.
//!
//! # Connections
//!
//! An operation has a connection to itself. Afterwards it is kept for the next one, logged on as it is: up to
//! [`Settings::warm_connections`](crate::Settings::warm_connections) of them, 4 by default, in each tokio runtime. So the first operation is slower than
//! those that follow, and as many at once as are kept find one ready.
//!
//! | operation | round trips |
//! |---|---|
//! | reset by UPN, sAMAccountName or source anchor: find, read, write, read back | 4 |
//! | the same where the name was found before: it is read in the same flight as it is searched for | 3 |
//! | reset by GUID, SID or DN | 3 |
//! | any of these with [`Rules::confirm`](crate::Rules::confirm) off | 1 less |
//! | over a new connection: TCP, TLS 1.3, logon, rootDSE | 4 more |
//! | the same with StartTLS, or with TLS 1.2 | 1 more again |
//! | a domain controller that DNS named, before the first logon in an hour and after it failed: TCP, TLS 1.3, what it is | 3 more, over a connection of their own |
//!
//! A connection is closed when it has not been used for two minutes, when its logon is ten minutes old, when anything failed over it, and with the
//! last clone of the backend. One that died unnoticed is replaced within the operation that finds it dead: it finds and reads before it writes, so nothing can
//! have been written by then. One that is silent costs that operation two fifths of [`connect_timeout`](crate::Settings::connect_timeout), or a third of its time
//! before the write where that is less, and at least half a second.
//!
//! With `0` every operation connects and logs on anew. That suits a service that writes once an hour, or where a change of the service account's groups must
//! show at once. A process that was forked uses none of its parent's connections.
//!
//! # Monitoring
//!
//! [`Stack`](crate::layer::Stack) puts the layers around a backend, in every language the same: the audit outside, the rate limit inside it.
//!
//! ```
//! use password_writeback::layer::{Limit, RateLimits, Stack};
//! use password_writeback::{ActiveDirectory, Code, Error, Initiator, JsonLinesFile, PasswordWriteback, Settings};
//! use std::{sync::Arc, time::Duration};
//!
//! fn guarded(settings: Settings) -> Result<Arc<dyn PasswordWriteback>, Error> {
//!     let file = JsonLinesFile::new("/var/log/writeback/audit.jsonl")
//!         .map_err(|failure| Error::new(Code::Configuration, failure.to_string()))?;
//!     let limits = RateLimits::new()
//!         .per_account(Limit::new(5, Duration::from_secs(3600))?)
//!         .total(Limit::new(600, Duration::from_secs(60))?);
//!     let stack = Stack::new()
//!         .initiator(settings.rules.initiator)
//!         .audit(Arc::new(file))
//!         .rate_limit(limits);
//!     Ok(stack.around(ActiveDirectory::new(settings)?))
//! }
//! ```
//!
//! Each operation gives exactly one start and one finish event with the same correlation id. The finish event comes when the outcome is known, also where the caller has
//! gone, cancelled, or was refused by the rate limit. Where an internal fault ended the operation it says what the caller is told.
//!
//! Where a sink fails at the start, the operation is refused as `CONFIGURATION`: nothing is done unrecorded. With
//! [`OnSinkFailure::Continue`](crate::layer::OnSinkFailure) it goes on, and the loss is logged as an error of `tracing`. With several sinks each gets every event, and
//! the failure of one counts for all.
//!
//! [`JsonLinesFile`](crate::JsonLinesFile) opens its file for every event: rotate it by moving it away. Several processes may share one. What is written is with the
//! operating system, not yet on the disk. A sink that is slow or far away belongs behind a queue of its own, since it is called within the operation.
//!
//! | watch for | why |
//! |---|---|
//! | `outcome` = `unknown` | somebody should look at the account |
//! | a start without a finish | the process died in between |
//! | code `BIND_FAILED` | every operation fails until the service account is mended |
//! | code `PERMISSION_DENIED` | a grant is missing, or inheritance is blocked on one account |
//! | code `PROTECTED_ACCOUNT` | somebody tries privileged accounts |
//! | code `RATE_LIMITED` with a `target` | somebody tries one account again and again |
//! | code `RATE_LIMITED` without one | more load than the limit in all allows |
//! | many `WRONG_PASSWORD` for one account | guessing |
//! | `duration_ms` near the deadline | a slow or dying domain controller |
//!
//! Resets and changes carry `microsoft_event`: 31001 to 31003 for a reset, 31006 to 31008 for a change, 31009 to 31011 for a reset whose **request** names an administrator
//! as initiator. A failure carries the event of its cause beside it, as `microsoft_cause`: 33008 for a password that the policy refused. [`TracingSink`](crate::TracingSink) sends the same to `tracing`, under the target `password_writeback::audit`.
//!
//! [`diagnose`](crate::PasswordWriteback::diagnose) examines every configured domain controller and writes nothing. It logs on to each: run it at start-up and from a
//! health check every few minutes, not every second.
//!
//! # Limits
//!
//! [`RateLimit`](crate::layer::RateLimit) refuses what comes too often as `RATE_LIMITED`, `not_applied`; the error's `retry_at` says when the same try can succeed.
//!
//! | limit | counts | protects |
//! |---|---|---|
//! | `per_account` | writes and checked candidates, and a canary once, whatever becomes of them, once the account was found and no rule of protection refused it | an account from guesses of its old password, from being locked by them, and from somebody who asks for candidate after candidate |
//! | `total` | every operation, reads among them, before anything is sent | the domain controllers from load, and the directory from being searched for names |
//!
//! The limit on an account is the same however it is named: by UPN, logon name, distinguished name, GUID, SID or source anchor. Of five in an hour, five may come at
//! once, and then one more every twelve minutes. Choose it below the lockout threshold, over the lockout window, and wrong old passwords through this library lock nobody.
//!
//! - Neither knows who asks. Somebody who floods you uses up the limit in all for everybody, and may use up that of an account he knows: limit each client in front of this library as well.
//! - They count in one process, and begin anew with it. Behind several processes divide them, or count in front.
//! - Made-up names take no memory: only an account that was found has a state, and it is thrown away when it is as good as none.
//! - They go by the core's clock. Where that is set back, no time passes; nobody is shut out for longer than the period.
//!
//! A layer of your own that must know which account an operation is about, such as an approval or a limit that several processes share, hangs a
//! [`Gate`](crate::layer::Gate) on the request: it is asked between the checks and the write.
//!
//! # Log hygiene
//!
//! Errors, events and `Debug` texts hold no password. They hold names: account, actor, distinguished name, domain controller. Treat them as personal data. An
//! event holds the identity as the caller typed it. Do not log requests before they are made into the types of this library.
//!
//! # Rotating the service account's password
//!
//! ```
//! use password_writeback::{BindPassword, Password, Settings};
//!
//! let settings = Settings::new(
//!     ["ldaps://dc1.corp.example"],
//!     "svc-writeback@corp.example",
//!     BindPassword::provider(|| {
//!         let bytes = std::fs::read("/run/secrets/svc-writeback").ok()?;
//!         Password::from_utf8(bytes).ok()
//!     }),
//! );
//! ```
//!
//! The provider is asked at every logon, not at every operation: see [connections](#connections). It is called on a thread where it may block. Nothing is trimmed: a file that ends in a line break gives another password.
//! `None` fails the operation as `BIND_FAILED` with the reason `no_password`. Change the password in the directory and the file together, between operations;
//! an operation that falls in between fails as `BIND_FAILED`, `not_applied`, and counts a bad password on the service account.
//!
//! # Certificates
//!
//! The certificate must be for the host name in `servers`, or for the IP address where that is given. `ca_file` trusts the authorities in that file and no others, and is
//! read once, when the backend is made: a new authority takes a new backend. A domain controller's renewed certificate from the same authority needs nothing. During a change
//! of authority put both into the file. Without `ca_file` the operating system's trust applies.
//!
//! `ldap://` means StartTLS, always. A domain controller without a certificate refuses it: `INSECURE_CHANNEL`.
//!
//! # Capacity
//!
//! A Samba 4.24 domain controller on two cores did about 33 resets a second over LDAPS, whether from 1 connection or 60: it writes one at a time, and spends the time
//! on deriving Kerberos keys. A new connection with its TLS handshake and logon takes about 60 ms there, which [kept ones](#connections) save. For thousands of
//! accounts run a few operations at a time, not all at once: what queues in the server eats the deadline.
//! [`reset_many`](crate::PasswordWritebackExt::reset_many) does that: a stream of requests in, the results out as they finish, eight at a time where nothing else is
//! said. It takes no request before there is room for it, stops beginning new ones when the service account's logon is refused, and when it is dropped cancels what
//! has not been sent.
//!
//! ```
//! use futures_util::{StreamExt, stream};
//! use password_writeback::{Identity, Outcome, Password, PasswordWriteback, PasswordWritebackExt, ResetPassword};
//!
//! async fn reset_all(directory: &dyn PasswordWriteback, users: Vec<(Identity, Password)>) -> Vec<Identity> {
//!     let requests = stream::iter(users).map(|(user, password)| ResetPassword::new(user, password).require_change(true));
//!     let mut results = directory.reset_many(requests).concurrency(4);
//!     let mut to_look_at = Vec::new();
//!     while let Some(done) = results.next().await {
//!         if done.result.is_err_and(|error| error.outcome() != Outcome::NotApplied) {
//!             to_look_at.push(done.identity);
//!         }
//!     }
//!     to_look_at
//! }
//! ```
//!
//! A [limit](#limits) in all holds for these as well: what comes too fast is answered `RATE_LIMITED`, and not tried again.
