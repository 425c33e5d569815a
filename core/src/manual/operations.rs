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
//! With the defaults a write has to be sent within 25.5 s and answered within 26.5 s; the rest is for finding out what became of it. Where the caller has a
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
//! List them in [`Settings::servers`](crate::Settings::servers) by the names in their certificates; there is no discovery by DNS in this release. They are tried in order,
//! and the one that answered last is tried first from then on. The next is tried where one is unreachable, read-only, or its
//! TLS or protocol fails, and not where it refused the logon: a wrong password tried everywhere would lock the service account.
//!
//! Everything of one operation happens on one domain controller. Put the PDC emulator first where the way to it is short: lockouts and bad-password
//! counts are most current there. Other domain controllers learn the new password by replication; until then they ask the PDC
//! emulator before they refuse a logon, but a read of `pwdLastSet` there is old.
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
//!
//! A connection is closed when it has not been used for two minutes, when its logon is ten minutes old, when anything failed over it, and with the
//! last clone of the backend. One that died unnoticed is replaced within the operation that finds it dead: it finds and reads before it writes, so nothing can
//! have been written by then. One that is silent costs that operation [`connect_timeout`](crate::Settings::connect_timeout).
//!
//! With `0` every operation connects and logs on anew. That suits a service that writes once an hour, or where a change of the service account's groups must
//! show at once. A process that was forked uses none of its parent's connections.
//!
//! # Monitoring
//!
//! Put [`Audit`](crate::layer::Audit) around the backend. Each operation gives a start and a finish event with the same correlation id; the finish event
//! comes when the outcome is known, also after the caller has gone.
//!
//! ```
//! use password_writeback::{ActiveDirectory, Error, JsonLinesSink, PasswordWriteback, Settings, layer::Audit};
//! use std::sync::Arc;
//!
//! fn audited(settings: Settings) -> Result<Arc<dyn PasswordWriteback>, Error> {
//!     let sink = JsonLinesSink::new(std::io::stderr());
//!     Ok(Arc::new(Audit::new(ActiveDirectory::new(settings)?, Arc::new(sink))))
//! }
//! ```
//!
//! | watch for | why |
//! |---|---|
//! | `outcome` = `unknown` | somebody should look at the account |
//! | a start without a finish | the process died in between |
//! | code `BIND_FAILED` | every operation fails until the service account is mended |
//! | code `PERMISSION_DENIED` | a grant is missing, or inheritance is blocked on one account |
//! | code `PROTECTED_ACCOUNT` | somebody tries privileged accounts |
//! | many `WRONG_PASSWORD` for one account | guessing |
//! | `duration_ms` near the deadline | a slow or dying domain controller |
//!
//! Resets and changes carry `microsoft_event`: 31001 to 31003 for a reset, 31006 to 31008 for a change, 31009 to 31011 for a reset whose **request** names an administrator
//! as initiator. [`TracingSink`](crate::TracingSink) sends the same to `tracing`, under the target `password_writeback::audit`.
//!
//! [`diagnose`](crate::PasswordWriteback::diagnose) examines every configured domain controller and writes nothing. It logs on to each: run it at start-up and from a
//! health check every few minutes, not every second.
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
