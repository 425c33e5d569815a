//! What a fault of Kerberos means: from the library's number to the cause and the cure. Pure.

use super::credentials::Tickets;
use crate::error::{Code, Error, Reason};
use std::io::ErrorKind;
use std::path::Path;

/// A fault of the Kerberos library: its number, and its text, which names principals and files but holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    number: i64,
    text: String,
}

/// Error numbers of Kerberos, as they stand in RFC 4120 7.5.9, counted from here (com_err's table `krb5`).
const PROTOCOL: i64 = -1_765_328_384;

/// Those of the Kerberos mechanism of GSSAPI (com_err's table `k5g`).
const MECHANISM: i64 = 39_756_032;

/// The causes that are known, by their numbers within the table `krb5`: up to 127 the protocol's, above the library's.
const KERBEROS: [(&[i64], Reason); 9] = [
    // SKEW, TKT_NYV, KDCREP_SKEW, NEVER_VALID
    (&[37, 33, 148, 11], Reason::ClockSkew),
    // AP_ERR_TKT_EXPIRED
    (&[32], Reason::TicketExpired),
    // S_PRINCIPAL_UNKNOWN
    (&[7], Reason::UnknownSpn),
    // C_PRINCIPAL_UNKNOWN
    (&[6], Reason::UnknownPrincipal),
    // PREAUTH_FAILED, AP_ERR_BAD_INTEGRITY, ETYPE_NOSUPP, PROG_ETYPE_NOSUPP, the library's PREAUTH_FAILED, KT_KVNONOTFOUND
    (&[24, 31, 14, 150, 210, 230], Reason::WrongKey),
    // CLIENT_REVOKED
    (&[18], Reason::Revoked),
    // KEY_EXP
    (&[23], Reason::PasswordExpired),
    // KDC_UNREACH, REALM_UNKNOWN, REALM_CANT_RESOLVE
    (&[156, 154, 220], Reason::KdcUnreachable),
    // AP_ERR_MODIFIED, AP_ERR_BADKEYVER
    (&[41, 44], Reason::TicketRefused),
];

/// The causes that all mean that there is nothing to log on with.
const NO_CREDENTIALS: [i64; 17] = [
    139, 140, 141, 142, 143, // CC_BADNAME, CC_UNKNOWN_TYPE, CC_NOTFOUND, CC_END, NO_TKT_SUPPLIED
    179, 180, 181, 182, 184, // KT_BADNAME, KT_UNKNOWN_TYPE, KT_NOTFOUND, KT_END, KT_IOERR
    193, 194, 195, 199, // CC_IO, FCC_PERM, FCC_NOFILE, CC_FORMAT
    212, 213, 235, // CCACHE_BADVNO, KEYTAB_BADVNO, KT_FORMAT
];

impl Fault {
    /// A fault as GSSAPI gives it: the minor status, and the text of both.
    pub(crate) fn new(minor: u32, text: &str) -> Self {
        // The first part says no more than that the second one says it.
        let text = text
            .split_once(" (")
            .map_or(text, |(_, rest)| rest.strip_suffix(')').unwrap_or(rest));
        Fault {
            number: i64::from(minor.cast_signed()),
            text: text.to_owned(),
        }
    }

    /// What to say of a fault in getting hold of credentials. Of a keytab the library says too little.
    pub(crate) fn credentials(&self, tickets: &Tickets, principal: Option<&str>) -> Error {
        match (self.reason(), tickets) {
            (Some(Reason::NoCredentials), Tickets::Keytab(path)) => {
                let (path, principal) = (path.display(), principal.unwrap_or("anybody"));
                let said = format!("{path} is no keytab with a key of {principal}: {}", self.text);
                failed(Reason::NoCredentials, &said)
            }
            _ => self.error(),
        }
    }

    /// A keytab that cannot even be opened.
    pub(crate) fn unreadable(keytab: &Path, why: ErrorKind) -> Error {
        failed(Reason::NoCredentials, &format!("{}: {why}", keytab.display()))
    }

    /// The KDC that did not answer in time.
    pub(crate) fn silence() -> Error {
        failed(Reason::KdcUnreachable, "it did not answer in time")
    }

    /// The cause, where it is known.
    fn reason(&self) -> Option<Reason> {
        let number = self.number - PROTOCOL;
        let known = KERBEROS.iter().find(|(numbers, _)| numbers.contains(&number));
        match known {
            Some((_, reason)) => Some(*reason),
            None if NO_CREDENTIALS.contains(&number) => Some(Reason::NoCredentials),
            None => NOTHING_THERE.contains(&self.number).then_some(Reason::NoCredentials),
        }
    }

    /// What to say of a fault on the way to a ticket for a service.
    pub(crate) fn ticket(&self, service: &str) -> Error {
        match self.reason() {
            Some(Reason::UnknownSpn) => {
                let service = service.trim_end_matches('@');
                failed(Reason::UnknownSpn, &format!("{service}: {}", self.text))
            }
            _ => self.error(),
        }
    }

    /// What to say of any fault.
    pub(crate) fn error(&self) -> Error {
        match self.reason() {
            Some(reason) => failed(reason, &self.text),
            None => Error::new(Code::BindFailed, format!("the Kerberos logon failed: {}", self.text)),
        }
    }

    /// What to say of it where the server has sent it. Without a known cause the LDAP result says more.
    pub(crate) fn by_server(&self) -> Option<Error> {
        self.reason().map(|reason| failed(reason, &self.text))
    }

    /// What to say of a token of the server that proves nothing: it cannot be the domain controller of that name.
    pub(crate) fn unproven(self) -> Error {
        let why = format!("the domain controller could not prove itself: {}", self.text);
        Error::new(Code::BindFailed, why).with_reason(self.reason().unwrap_or(Reason::TicketRefused))
    }
}

/// Numbers outside the table `krb5` that mean so too: no such file, no permission; the mechanism's CCACHE_NOMATCH,
/// KEYTAB_NOMATCH, TGT_MISSING, EMPTY_CCACHE.
const NOTHING_THERE: [i64; 6] = [2, 13, MECHANISM, MECHANISM + 1, MECHANISM + 2, MECHANISM + 12];

/// A failed logon with its cause, its cure, and what the library said.
fn failed(reason: Reason, said: &str) -> Error {
    let (cause, cure) = cause_and_cure(reason);
    let message = format!("the Kerberos logon of the service account failed: {cause} ({said}); {cure}");
    Error::new(Code::BindFailed, message).with_reason(reason)
}

fn cause_and_cure(reason: Reason) -> (&'static str, &'static str) {
    match reason {
        Reason::ClockSkew => (
            "the clocks of this machine and the domain differ too much",
            "synchronise both with the same source; Active Directory allows 5 minutes",
        ),
        Reason::TicketExpired => (
            "the ticket in the credential cache has expired",
            "renew it (`kinit`), or give a keytab, with which tickets are renewed by themselves",
        ),
        Reason::UnknownSpn => (
            "the domain has no service of this name",
            "write in `servers` the host name that the domain controller has in the domain; where its service principal name is \
             missing, add it: `setspn -S ldap/HOST COMPUTER`, or on Samba `samba_spnupdate`",
        ),
        Reason::UnknownPrincipal => (
            "the domain does not know this principal",
            "write `principal` as the domain has it, with the realm in capitals: NAME@CORP.EXAMPLE",
        ),
        Reason::WrongKey => (
            "the domain does not take the key in the keytab",
            "make a new keytab: the account's password was changed since, or the domain no longer takes keys of this type",
        ),
        Reason::Revoked => (
            "the account is disabled, locked out or expired",
            "see to the service account in the directory",
        ),
        Reason::PasswordExpired => (
            "the account's password has expired",
            "set a new one that does not expire, and make a new keytab",
        ),
        Reason::KdcUnreachable => (
            "no KDC of the realm could be reached",
            "see that a domain controller runs, that port 88 is open, and that DNS or krb5.conf names the KDCs of the realm",
        ),
        Reason::TicketRefused => (
            "the domain controller did not take the ticket",
            "if it goes on, look for several accounts with its service principal name: `setspn -X`",
        ),
        _ => (
            "there is nothing to log on with",
            "give a keytab that this process can read and that holds the principal, or a credential cache that is filled",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(number: i64) -> Fault {
        let minor = i32::try_from(number).unwrap().cast_unsigned();
        Fault::new(
            minor,
            "Unspecified GSS failure.  Minor code may provide more information (Why not)",
        )
    }

    #[test]
    fn every_known_number_has_its_reason_and_its_own_words() {
        for (numbers, reason) in KERBEROS {
            for number in numbers {
                let error = fault(PROTOCOL + number).error();
                assert_eq!(
                    (error.code(), error.reason()),
                    (Code::BindFailed, Some(reason)),
                    "{number}"
                );
                assert_ne!(
                    cause_and_cure(reason),
                    cause_and_cure(Reason::NoCredentials),
                    "{reason}"
                );
                assert!(error.message().contains("Why not"), "{error}");
            }
        }
        for number in NO_CREDENTIALS
            .map(|number| PROTOCOL + number)
            .into_iter()
            .chain(NOTHING_THERE)
        {
            let error = fault(number).error();
            assert_eq!(error.reason(), Some(Reason::NoCredentials), "{number}");
        }
    }

    #[test]
    fn a_number_that_is_not_known_is_given_no_reason() {
        let error = fault(PROTOCOL + 60).error();
        assert_eq!((error.code(), error.reason()), (Code::BindFailed, None));
        assert!(error.message().ends_with(": Why not"), "{error}");
        assert_eq!(fault(PROTOCOL + 60).by_server(), None);
    }

    #[test]
    fn a_missing_service_is_named() {
        let error = fault(PROTOCOL + 7).ticket("ldap/dc1.corp.example@");
        assert!(error.message().contains("(ldap/dc1.corp.example: Why not)"), "{error}");
    }
}
