//! The server's refusals, in its own words: an LDAP result and a diagnostic text, which the same code reads that reads a real
//! server's.

use super::builder::Refusals;
use crate::ad::diagnostic::{Diagnostic, Operation, classify_write};
use crate::directory::{NewPassword, Refusal, Write};

/// An LDAP result (RFC 4511 4.1.9) that is not success.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) code: u32,
    pub(super) text: String,
}

/// Why the server denies a modification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Denial {
    /// The object is gone.
    Gone,
    /// Another domain controller has to do it.
    Referral,
    /// A critical control is unknown.
    UnknownControl,
    /// The right to reset is missing.
    NoReset,
    /// The right to change is missing: a constraint violation, unlike every other missing right.
    NoChange,
    /// The right to write an attribute of this object is missing.
    NoWrite(String),
    LockedOut,
    WrongOldPassword,
    /// The password policy: 53 for a reset, 19 for a change.
    Policy {
        broken: Broken,
        change: bool,
    },
}

/// The rule of the password policy that a server goes by when it refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    MinAge,
    MinLength(u32),
    Complexity,
    CurrentPassword,
    History,
    Filter,
}

impl Answer {
    pub(super) fn new(code: u32, text: impl Into<String>) -> Self {
        Answer {
            code,
            text: text.into(),
        }
    }

    /// What the write path is told.
    pub(super) fn refusal(&self, write: &Write<'_>) -> Refusal {
        let operation = match write.password {
            Some(NewPassword::Reset(_)) => Operation::Reset,
            Some(NewPassword::Change { .. }) => Operation::Change,
            None if write.unlock => Operation::Unlock,
            None => Operation::RequireChange,
        };
        let diagnostic = Diagnostic::parse(&self.text);
        Refusal {
            result_code: self.code,
            diagnostic,
            kind: classify_write(operation, self.code, &diagnostic),
        }
    }
}

impl Refusals {
    /// The answer of a server of this kind. The numbers agree, the words do not.
    pub(super) fn answer(self, denial: &Denial) -> Answer {
        match self {
            Refusals::Windows => windows(denial),
            Refusals::Stated => stated(denial),
        }
    }
}

/// Both say the same of a referral, as far as anybody reads it.
const REFERRAL: &str = "0000202B: RefErr: DSID-0310082F, data 0, 1 access points\n";

/// Windows' words, with a line break and U+0000 at the end. Of the policy it says nothing but that it refuses.
fn windows(denial: &Denial) -> Answer {
    match denial {
        Denial::Gone => Answer::new(
            32,
            "0000208D: NameErr: DSID-03100288, problem 2001 (NO_OBJECT), data 0, best match of:\n\t''\n\0",
        ),
        Denial::Referral => Answer::new(10, REFERRAL),
        Denial::UnknownControl => Answer::new(
            12,
            "00000057: LdapErr: DSID-0C090840, comment: Error processing control, data 0, v1db1\0",
        ),
        Denial::NoReset => not_allowed("00000005"),
        Denial::NoWrite(_) => not_allowed("00002098"),
        Denial::NoChange => not_valid("00000005"),
        Denial::LockedOut => not_valid("00000775"),
        Denial::WrongOldPassword => not_valid("00000056"),
        Denial::Policy { change: true, .. } => not_valid("0000052D"),
        Denial::Policy { change: false, .. } => Answer::new(
            53,
            "0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0\n\0",
        ),
    }
}

fn not_allowed(code: &str) -> Answer {
    let text = format!("{code}: SecErr: DSID-031A1190, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0\n\0");
    Answer::new(50, text)
}

fn not_valid(code: &str) -> Answer {
    let text = format!(
        "{code}: AtrErr: DSID-03191083, #1:\n\t0: {code}: DSID-03191083, problem 1005 (CONSTRAINT_ATT_TYPE), \
         data 0, Att 9005a (unicodePwd)\n\0"
    );
    Answer::new(19, text)
}

/// Samba's words.
fn stated(denial: &Denial) -> Answer {
    match denial {
        Denial::Gone => Answer::new(32, "00002030: No such Base DN"),
        Denial::Referral => Answer::new(10, REFERRAL),
        Denial::UnknownControl => Answer::new(12, ""),
        Denial::NoReset => Answer::new(
            50,
            "error in module acl: insufficient access rights during LDB_MODIFY (50)",
        ),
        Denial::NoWrite(dn) => Answer::new(50, format!("00002098: Object {dn} has no write property access\n")),
        Denial::NoChange => Answer::new(19, "error in module acl: Constraint violation during LDB_MODIFY (19)"),
        Denial::LockedOut => Answer::new(19, "00000775: Password change not permitted, account locked out!"),
        Denial::WrongOldPassword => Answer::new(
            19,
            "00000056: Constraint violation - check_password_restrictions: The old password specified doesn't match!",
        ),
        Denial::Policy { broken, change } => {
            let (code, name) = if *change {
                (19, "Constraint violation")
            } else {
                (53, "Unwilling to perform")
            };
            let verdict = verdict(*broken);
            Answer::new(
                code,
                format!("0000052D: {name} - check_password_restrictions: {verdict}"),
            )
        }
    }
}

/// Samba's verdicts on a password.
fn verdict(broken: Broken) -> String {
    match broken {
        Broken::MinAge => "password is too young to change!".to_owned(),
        Broken::MinLength(min) => {
            format!("the password is too short. It should be equal to or longer than {min} characters!")
        }
        Broken::Complexity => "the password does not meet the complexity criteria!".to_owned(),
        Broken::CurrentPassword => "the password was already used (previous password)!".to_owned(),
        Broken::History => "the password was already used (in history)!".to_owned(),
        Broken::Filter => "the password doesn't fit due to a miscellaneous restriction!".to_owned(),
    }
}
