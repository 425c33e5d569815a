//! Logging on with Kerberos: a key in a keytab instead of a password in a file, or tickets that somebody else renews.
//!
//! # Building with it
//!
//! Kerberos is the cargo feature `gssapi`, off by default. It needs a Unix system with MIT Kerberos 1.11 or later, and at build time its
//! headers and libclang (on Debian `libkrb5-dev` and `libclang-dev`); at run time `libgssapi_krb5`. Windows has another interface (SSPI), which is not
//! supported. Without the feature these settings are refused as `CONFIGURATION`, naming it.
//!
//! | what | command |
//! |---|---|
//! | Rust | `cargo add password-writeback --features gssapi` |
//! | the wheel, in `bindings-python` | `maturin build --release --features gssapi` |
//! | the addon, in `bindings-node` | `npm run build:native -- --features gssapi` |
//!
//! Wheels built so are for machines that have that library: `maturin` may be told to leave it outside (`--skip-auditwheel`), since a copy inside the
//! wheel would not read the machine's plug-ins.
//!
//! # Setting it up
//!
//! 1. **The account.** An ordinary user with a long random password that does not expire, and with AES keys. It gets the rights in
//!    [`permissions`](super::permissions), as with a password.
//!
//!    ```text
//!    New-ADUser svc-writeback -UserPrincipalName svc-writeback@corp.example -KerberosEncryptionType AES128,AES256 -PasswordNeverExpires $true -Enabled $true -AccountPassword (Read-Host -AsSecureString)
//!    ```
//!
//! 2. **The keytab**, on Windows by `ktpass` and on Samba by `samba-tool`. `ktpass /pass +rndpass` sets a new random password, which nobody
//!    need ever know. Guard the file like the password itself: readable for the service's user alone, mode 0600.
//!
//!    ```text
//!    ktpass /princ svc-writeback@CORP.EXAMPLE /mapuser CORP\svc-writeback /pass +rndpass /crypto AES256-SHA1 /ptype KRB5_NT_PRINCIPAL /out svc-writeback.keytab
//!    samba-tool domain exportkeytab svc-writeback.keytab --principal=svc-writeback@CORP.EXAMPLE
//!    ```
//!
//! 3. **The realm.** Where DNS has the domain's SRV records, the library needs to be told nothing; otherwise `/etc/krb5.conf`:
//!
//!    ```text
//!    [libdefaults]
//!        default_realm = CORP.EXAMPLE
//!    [realms]
//!        CORP.EXAMPLE = {
//!            kdc = dc1.corp.example
//!        }
//!    ```
//!
//! 4. **The service name.** A domain controller is asked for as `ldap/` and the host name in `servers`, as it stands there: DNS is not asked for another
//!    spelling, whatever `rdns` and `dns_canonicalize_hostname` say, since whoever answers could choose. So write the full name that
//!    `setspn -L DC1` lists. An IP address cannot work and is refused as `CONFIGURATION`. On Samba `samba_spnupdate` adds missing names.
//!
//! 5. **The clocks.** They may differ by 5 minutes. With a keytab MIT Kerberos corrects its own clock by the KDC's (`kdc_timesync`, on by default); with a
//!    credential cache it does not.
//!
//! ```no_run
//! use password_writeback::{ActiveDirectory, Kerberos, Settings};
//!
//! # fn main() -> Result<(), password_writeback::Error> {
//! let kerberos = Kerberos::keytab("/etc/svc-writeback.keytab", "svc-writeback@CORP.EXAMPLE");
//! let settings = Settings::kerberos(["ldaps://dc1.corp.example"], kerberos).ca_file("/etc/corp-ca.pem");
//! # #[cfg(feature = "gssapi")]
//! let directory = ActiveDirectory::new(settings)?;
//! # Ok(())
//! # }
//! ```
//!
//! | setting | Rust | Python | Node |
//! |---|---|---|---|
//! | a keytab | [`Kerberos::keytab`](crate::Kerberos::keytab) | `keytab=`, `principal=` | `keytab`, `principal` |
//! | a credential cache | [`Kerberos::credential_cache`](crate::Kerberos::credential_cache) | `credential_cache="..."` | `credentialCache: "..."` |
//! | the default cache | [`Kerberos::default_cache`](crate::Kerberos::default_cache) | `credential_cache=True` | `credentialCache: true` |
//!
//! They stand in place of `bind_user` and `bind_password`. Environment variables of the process are never changed; `KRB5_CONFIG`, `KRB5CCNAME`
//! and `KRB5_TRACE` are read by the Kerberos library as always.
//!
//! # Tickets and their life
//!
//! With a keytab, tickets are got as they are needed, kept in the memory of the process, used again while they last, and got anew once half their life is
//! over. The file is read each time: replace it (by renaming another over it) when the key changes, and nothing need be restarted. Old tickets go on working until they end.
//! After a refused logon the tickets are thrown away, and the next logon gets new ones.
//!
//! A credential cache is whoever's who fills it: `kinit` from a timer, `k5start`, `sssd`, `gssproxy`. The library reads it at each logon. Like every
//! Kerberos program it may add the ticket for the domain controller to it.
//!
//! **Group managed service accounts** change their password by themselves. A tool that may read `msDS-ManagedPassword` turns it into a keytab or a cache on each change
//! (several exist for Linux); point `keytab` or `credential_cache` at its file. Write the principal as `gmsa-writeback$@CORP.EXAMPLE`.
//!
//! # Inside TLS
//!
//! The logon is the SASL mechanism GSSAPI (RFC 4752) on the verified TLS connection: both sides prove themselves, no layer of Kerberos' own is put inside TLS, and the logon is
//! bound to the certificate that was shown (`tls-server-end-point`, RFC 5929). A domain controller that enforces channel binding (`LdapEnforceChannelBinding`)
//! takes it; one that does not know it does not mind. The binding is always sent, so that there is no setting to forget.
//!
//! It is not defined for every certificate: one that is signed with Ed25519, or with RSASSA-PSS with two different hashes, is refused as
//! `channel_binding_undefined`. Samba before 4.22 takes Kerberos inside TLS only with `ldap server require strong auth = allow_sasl_over_tls`, and is otherwise
//! refused as `signing_required`.
//!
//! # When it fails
//!
//! Always `BIND_FAILED` and `not_applied`; the message says the cure too.
//!
//! | `reason` | cause | cure |
//! |---|---|---|
//! | `no_credentials` | the keytab or the cache is not there, cannot be read, or does not hold the principal | look with `klist -k FILE`, `klist FILE`, as the user that the service runs as |
//! | `ticket_expired` | the ticket in the cache has expired | mend what renews it, or use a keytab |
//! | `unknown_principal` | the domain has no such account | NAME@REALM, the realm in capitals |
//! | `wrong_key` | the password was changed since the keytab was made; or the domain no longer takes keys of this type (RC4) | make a new keytab. Each try counts a bad password on the account |
//! | `password_expired` | the account's password has expired | set one that does not expire |
//! | `revoked` | the account is disabled, locked out or expired; the KDC does not say which | see to the account |
//! | `unknown_spn` | no account has the service name `ldap/host`; another domain controller of `servers` is tried | the full host name in `servers`; `setspn -S ldap/dc1.corp.example DC1`, `samba_spnupdate` |
//! | `clock_skew` | the clocks differ too much | synchronise both with one source |
//! | `kdc_unreachable` | no KDC of the realm is known or answers | port 88, DNS, krb5.conf; `KRB5_TRACE=/dev/stderr` shows what is tried |
//! | `ticket_refused` | the domain controller cannot read the ticket | two accounts with its service name: `setspn -X`; right after its own password changed it passes by itself |
//! | `channel_binding_mismatch` | the domain controller shows another certificate than arrived here | something in between ends TLS: a load balancer, an inspecting proxy, or an attack. Connect to the domain controller itself |
//! | `channel_binding_undefined` | its certificate is signed in a way for which no binding is defined | a certificate signed with RSA or ECDSA |
//! | `signing_required` | it wants a layer of Kerberos' own although TLS is there | on Samba the setting above |
