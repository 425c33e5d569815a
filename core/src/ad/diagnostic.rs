//! From a server's refusal to its cause: the diagnostic text of an LDAP result, and what it says with the code.
//!
//! Of a text only three things are read: the Windows error code in its first eight characters (MS-ADTS
//! 3.1.1.3.1.9), the logon error of a refused bind, and the sentences in which Samba names the rule. DSIDs and all
//! else vary between builds.

use std::str::FromStr;

/// What a diagnostic text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Diagnostic {
    /// The Windows error code (MS-ERREF 2.2, 2.1 for 8009xxxx), where the text begins with one.
    pub(crate) win32: Option<u32>,
    /// The logon error of a refused bind, the word after `data`.
    pub(crate) data: Option<u32>,
    /// The password rule that the text names.
    pub(crate) stated: Option<StatedRule>,
    /// The number that goes with the rule: the minimum length in characters.
    pub(crate) limit: Option<u32>,
    /// Another cause that the text names in words.
    named: Option<NamedCause>,
}

/// A password rule that a server named in words. Windows never does, Samba always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatedRule {
    /// Shorter than the minimum length.
    MinLength,
    /// Not complex enough.
    Complexity,
    /// The current password, or one in the history.
    History,
    /// The current password is younger than the minimum age.
    MinAge,
    /// Refused by a program or filter beyond the policy.
    Filter,
}

/// Causes other than a password rule that Samba gives in words, often without a Windows error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NamedCause {
    OldPassword,
    LockedOut,
    ChangeNotPermitted,
    AccessDenied,
    EncryptionRequired,
    NotBound,
}

/// What was being done when the server refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// A new password without the old one.
    Reset,
    /// A new password with the old one.
    Change,
    /// Clearing a lockout.
    Unlock,
    /// Forcing a change at next logon.
    RequireChange,
}

/// Why a modify was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteRefusal {
    /// The password policy, and the rule where the server named it.
    PolicyRefused(Option<StatedRule>),
    /// The old password does not match.
    WrongOldPassword,
    /// The account is locked out.
    LockedOut,
    /// The account may not change its password.
    ChangeNotPermitted,
    /// The service account lacks a right.
    AccessDenied,
    /// The server takes no password on this connection. Meant so only where it is not encrypted: Windows uses the
    /// same code for other faults.
    InsecureChannel,
    /// The server is read-only, or another one holds the object.
    ReadOnlyOrReferral,
    /// A critical control, that is policy hints, is not supported.
    ControlUnsupported,
    /// The object is gone.
    NoSuchObject,
    /// The session is no longer bound: nothing was done, and a new bind may try again.
    NotBoundRetryable,
    /// The server is busy; nothing is known about when it will not be.
    Busy,
    /// The server is unavailable, for instance shutting down.
    Unavailable,
    /// The server wants a stronger bind, or signing.
    StrongerAuthRequired,
    /// Anything else.
    Other,
}

/// Why a bind was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BindRefusal {
    /// Unknown user or wrong password; Active Directory does not say which.
    WrongCredentials,
    /// Right password, outside the logon hours.
    LogonHours,
    /// Right password, from a workstation that is not allowed.
    Workstation,
    /// Right password, but expired.
    PasswordExpired,
    /// The account is disabled.
    Disabled,
    /// The account has expired.
    AccountExpired,
    /// Right password, but it must be changed first.
    MustChange,
    /// The account is locked out, whatever the password.
    LockedOut,
    /// The server wants signing or encryption.
    SigningRequired,
    /// The server wants the bind tied to the TLS channel.
    ChannelBindingRequired,
    /// The server is busy or unavailable.
    Unavailable,
    /// Anything else, also a refusal that gives no reason.
    Other,
}

/// LDAP result codes (RFC 4511 4.1.9).
pub(super) mod result {
    pub(super) const OPERATIONS_ERROR: u32 = 1;
    pub(super) const STRONGER_AUTH_REQUIRED: u32 = 8;
    pub(super) const REFERRAL: u32 = 10;
    pub(super) const UNAVAILABLE_CRITICAL_EXTENSION: u32 = 12;
    pub(super) const CONFIDENTIALITY_REQUIRED: u32 = 13;
    pub(super) const CONSTRAINT_VIOLATION: u32 = 19;
    pub(super) const NO_SUCH_OBJECT: u32 = 32;
    pub(super) const INVALID_CREDENTIALS: u32 = 49;
    pub(super) const INSUFFICIENT_ACCESS_RIGHTS: u32 = 50;
    pub(in crate::ad) const BUSY: u32 = 51;
    pub(in crate::ad) const UNAVAILABLE: u32 = 52;
    pub(super) const UNWILLING_TO_PERFORM: u32 = 53;
}

/// Windows error codes (MS-ERREF 2.2; the last one 2.1).
mod win32 {
    pub(super) const ACCESS_DENIED: u32 = 0x5;
    pub(super) const GEN_FAILURE: u32 = 0x1f;
    pub(super) const INVALID_PASSWORD: u32 = 0x56;
    pub(super) const NO_LOGON_SERVERS: u32 = 0x51f;
    pub(super) const NO_SUCH_USER: u32 = 0x525;
    pub(super) const NOT_AUTHENTICATED: u32 = 0x4dc;
    pub(super) const PASSWORD_RESTRICTION: u32 = 0x52d;
    pub(super) const LOGON_FAILURE: u32 = 0x52e;
    pub(super) const INVALID_LOGON_HOURS: u32 = 0x530;
    pub(super) const INVALID_WORKSTATION: u32 = 0x531;
    pub(super) const PASSWORD_EXPIRED: u32 = 0x532;
    pub(super) const ACCOUNT_DISABLED: u32 = 0x533;
    pub(super) const NT_CROSS_ENCRYPTION_REQUIRED: u32 = 0x56a;
    pub(super) const ACCOUNT_EXPIRED: u32 = 0x701;
    pub(super) const PASSWORD_MUST_CHANGE: u32 = 0x773;
    pub(super) const ACCOUNT_LOCKED_OUT: u32 = 0x775;
    pub(super) const BAD_BINDINGS: u32 = 0x8009_0346;
}

/// What precedes the logon error of a refused bind.
const BIND_DATA: &str = "AcceptSecurityContext error, data ";

/// What precedes Samba's verdict on a password.
const PASSWORD_VERDICT: &str = "check_password_restrictions: ";

/// How Samba's verdicts on a password begin, and the rule each one names.
const STATED_RULES: [(&str, StatedRule); 5] = [
    ("the password is too short.", StatedRule::MinLength),
    (
        "the password does not meet the complexity criteria",
        StatedRule::Complexity,
    ),
    ("the password was already used", StatedRule::History),
    ("password is too young to change", StatedRule::MinAge),
    // What Samba says of a refusal by `check password script`.
    (
        "the password doesn't fit due to a miscellaneous restriction",
        StatedRule::Filter,
    ),
];

/// How Samba's other texts begin, after the Windows error code if there is one, and the cause each one names.
const NAMED_CAUSES: [(&str, NamedCause); 10] = [
    (
        "Constraint violation - check_password_restrictions: The old password specified doesn't match",
        NamedCause::OldPassword,
    ),
    (
        "Constraint violation - check_password_restrictions: password can't be changed on this account",
        NamedCause::ChangeNotPermitted,
    ),
    (
        "Constraint violation - check_password_restrictions: password changes disabled",
        NamedCause::ChangeNotPermitted,
    ),
    (
        "Password change not permitted, account locked out",
        NamedCause::LockedOut,
    ),
    (
        "error in module acl: Constraint violation",
        NamedCause::ChangeNotPermitted,
    ),
    (
        "error in module acl: insufficient access rights",
        NamedCause::AccessDenied,
    ),
    (
        "BindSimple: Transport encryption required",
        NamedCause::EncryptionRequired,
    ),
    (
        "SASL:[GSSAPI]: Sign or Seal are required",
        NamedCause::EncryptionRequired,
    ),
    (
        "SASL:[GSS-SPNEGO]: Sign or Seal are required",
        NamedCause::EncryptionRequired,
    ),
    ("Operation unavailable without authentication", NamedCause::NotBound),
];

impl Diagnostic {
    /// Reads a diagnostic text. Every text has a reading; one that says nothing gives the empty one.
    pub(crate) fn parse(text: &str) -> Self {
        // Windows ends its texts in a line break and U+0000.
        let text = text.trim_end_matches(['\0', '\n', '\r', ' ']);
        let (win32, words) = split_code(text);
        let (stated, limit) = stated_rule(words);
        Self {
            win32,
            data: bind_data(words),
            stated,
            limit,
            named: named_cause(words),
        }
    }

    fn is(&self, code: u32) -> bool {
        self.win32 == Some(code)
    }

    fn names(&self, cause: NamedCause) -> bool {
        self.named == Some(cause)
    }
}

/// Takes the Windows error code off the front: exactly eight hexadecimal digits and a colon.
fn split_code(text: &str) -> (Option<u32>, &str) {
    match text.split_once(':') {
        Some((code, words)) if code.len() == 8 => match parse_hex(code) {
            Some(code) => (Some(code), words.trim_start()),
            None => (None, text),
        },
        _ => (None, text),
    }
}

/// One to eight hexadecimal digits, and no sign.
fn parse_hex(text: &str) -> Option<u32> {
    let digits = (1..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
    if digits {
        u32::from_str_radix(text, 16).ok()
    } else {
        None
    }
}

/// The word after `data` in a refused bind.
fn bind_data(words: &str) -> Option<u32> {
    let (_, after) = words.split_once(BIND_DATA)?;
    parse_hex(after.split([',', ' ']).next()?)
}

/// The rule Samba names, and the minimum length with the rule about it.
///
/// Only what follows Samba's own marker is read, so that a name inside another text cannot pose as a rule.
fn stated_rule(words: &str) -> (Option<StatedRule>, Option<u32>) {
    let verdict = ["Constraint violation - ", "Unwilling to perform - ", ""]
        .iter()
        .find_map(|kind| words.strip_prefix(kind)?.strip_prefix(PASSWORD_VERDICT));
    let Some(verdict) = verdict else {
        return (None, None);
    };
    let rule = STATED_RULES
        .iter()
        .find(|(start, _)| verdict.starts_with(start))
        .map(|(_, rule)| *rule);
    let limit = match rule {
        Some(StatedRule::MinLength) => first_number(verdict),
        _ => None,
    };
    (rule, limit)
}

fn first_number(text: &str) -> Option<u32> {
    text.split(|c: char| !c.is_ascii_digit())
        .find(|digits| !digits.is_empty())
        .and_then(|digits| u32::from_str(digits).ok())
}

fn named_cause(words: &str) -> Option<NamedCause> {
    if words.starts_with("Object ") && words.ends_with(" has no write property access") {
        return Some(NamedCause::AccessDenied);
    }
    NAMED_CAUSES
        .iter()
        .find(|(start, _)| words.starts_with(start))
        .map(|(_, cause)| *cause)
}

/// Why a modify was refused, from the LDAP result code and the diagnostic text.
pub(crate) fn classify_write(operation: Operation, result: u32, said: &Diagnostic) -> WriteRefusal {
    match result {
        result::OPERATIONS_ERROR if said.is(win32::NOT_AUTHENTICATED) || said.names(NamedCause::NotBound) => {
            WriteRefusal::NotBoundRetryable
        }
        result::STRONGER_AUTH_REQUIRED => WriteRefusal::StrongerAuthRequired,
        result::REFERRAL => WriteRefusal::ReadOnlyOrReferral,
        result::UNAVAILABLE_CRITICAL_EXTENSION => WriteRefusal::ControlUnsupported,
        result::CONFIDENTIALITY_REQUIRED => WriteRefusal::InsecureChannel,
        result::NO_SUCH_OBJECT => WriteRefusal::NoSuchObject,
        result::INSUFFICIENT_ACCESS_RIGHTS => WriteRefusal::AccessDenied,
        result::BUSY => WriteRefusal::Busy,
        result::UNAVAILABLE => WriteRefusal::Unavailable,
        // Windows refuses a change with the one and a reset with the other; older Sambas use either.
        result::CONSTRAINT_VIOLATION | result::UNWILLING_TO_PERFORM => classify_password(operation, result, said),
        _ => WriteRefusal::Other,
    }
}

/// The two result codes that a password itself can cause.
fn classify_password(operation: Operation, result: u32, said: &Diagnostic) -> WriteRefusal {
    if operation == Operation::Change && said.names(NamedCause::ChangeNotPermitted) {
        return WriteRefusal::ChangeNotPermitted;
    }
    let sets_password = matches!(operation, Operation::Reset | Operation::Change);
    if sets_password && (said.is(win32::PASSWORD_RESTRICTION) || said.stated.is_some()) {
        return WriteRefusal::PolicyRefused(said.stated);
    }
    if result == result::UNWILLING_TO_PERFORM && said.is(win32::GEN_FAILURE) {
        return WriteRefusal::InsecureChannel;
    }
    if operation == Operation::Change {
        return classify_change(result, said);
    }
    WriteRefusal::Other
}

/// What only a change can be refused for.
fn classify_change(result: u32, said: &Diagnostic) -> WriteRefusal {
    match said.win32 {
        Some(win32::INVALID_PASSWORD | win32::NT_CROSS_ENCRYPTION_REQUIRED) => WriteRefusal::WrongOldPassword,
        Some(win32::ACCOUNT_LOCKED_OUT) => WriteRefusal::LockedOut,
        _ if said.names(NamedCause::OldPassword) => WriteRefusal::WrongOldPassword,
        _ if said.names(NamedCause::LockedOut) => WriteRefusal::LockedOut,
        // A missing right to change is a constraint violation, unlike every other missing right.
        Some(win32::ACCESS_DENIED) | None if result == result::CONSTRAINT_VIOLATION => WriteRefusal::ChangeNotPermitted,
        _ => WriteRefusal::Other,
    }
}

/// Why a bind was refused, from the LDAP result code and the diagnostic text.
pub(crate) fn classify_bind(result: u32, said: &Diagnostic) -> BindRefusal {
    match result {
        result::STRONGER_AUTH_REQUIRED | result::CONFIDENTIALITY_REQUIRED => BindRefusal::SigningRequired,
        result::BUSY | result::UNAVAILABLE => BindRefusal::Unavailable,
        result::INVALID_CREDENTIALS if said.is(win32::BAD_BINDINGS) => BindRefusal::ChannelBindingRequired,
        result::INVALID_CREDENTIALS => said.data.map_or(BindRefusal::Other, classify_logon),
        _ if said.names(NamedCause::EncryptionRequired) => BindRefusal::SigningRequired,
        _ => BindRefusal::Other,
    }
}

/// The logon errors of MS-ERREF 2.2. A parameter error (57) is none of them: it comes of an ambiguous name as well.
fn classify_logon(data: u32) -> BindRefusal {
    match data {
        win32::LOGON_FAILURE | win32::NO_SUCH_USER => BindRefusal::WrongCredentials,
        // A read-only domain controller that does not know the password, and reaches none that does: it has judged nothing.
        win32::NO_LOGON_SERVERS => BindRefusal::Unavailable,
        win32::INVALID_LOGON_HOURS => BindRefusal::LogonHours,
        win32::INVALID_WORKSTATION => BindRefusal::Workstation,
        win32::PASSWORD_EXPIRED => BindRefusal::PasswordExpired,
        win32::ACCOUNT_DISABLED => BindRefusal::Disabled,
        win32::ACCOUNT_EXPIRED => BindRefusal::AccountExpired,
        win32::PASSWORD_MUST_CHANGE => BindRefusal::MustChange,
        win32::ACCOUNT_LOCKED_OUT => BindRefusal::LockedOut,
        win32::BAD_BINDINGS => BindRefusal::ChannelBindingRequired,
        _ => BindRefusal::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Undoes the escapes of the table.
    fn unescape(text: &str) -> String {
        let mut out = String::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            out.push(match c {
                '\\' => match chars.next().unwrap() {
                    'n' => '\n',
                    't' => '\t',
                    '0' => '\0',
                    '\\' => '\\',
                    other => panic!("unknown escape {other:?}"),
                },
                c => c,
            });
        }
        out
    }

    /// The error code that a refusal of the write becomes, as far as this file decides it.
    fn write_code(refusal: WriteRefusal) -> &'static str {
        match refusal {
            WriteRefusal::PolicyRefused(_) => "POLICY_VIOLATION",
            WriteRefusal::WrongOldPassword => "WRONG_PASSWORD",
            WriteRefusal::LockedOut => "ACCOUNT_LOCKED",
            WriteRefusal::ChangeNotPermitted => "CHANGE_NOT_PERMITTED",
            WriteRefusal::AccessDenied => "PERMISSION_DENIED",
            WriteRefusal::InsecureChannel => "INSECURE_CHANNEL",
            WriteRefusal::ReadOnlyOrReferral => "READ_ONLY_DIRECTORY",
            WriteRefusal::ControlUnsupported => "POLICY_HINTS_UNSUPPORTED",
            WriteRefusal::NoSuchObject => "ACCOUNT_NOT_FOUND",
            _ => "DIRECTORY",
        }
    }

    fn write_detail(refusal: WriteRefusal, said: &Diagnostic) -> String {
        match refusal {
            WriteRefusal::PolicyRefused(None) => "rule not named".to_owned(),
            WriteRefusal::PolicyRefused(Some(StatedRule::MinLength)) => {
                format!("too short, minimum {}, stated", said.limit.unwrap())
            }
            WriteRefusal::PolicyRefused(Some(StatedRule::Complexity)) => "not complex, stated".to_owned(),
            WriteRefusal::PolicyRefused(Some(StatedRule::History)) => "in history, stated".to_owned(),
            WriteRefusal::PolicyRefused(Some(StatedRule::MinAge)) => "too young, stated".to_owned(),
            WriteRefusal::InsecureChannel => "on an unencrypted connection; on an encrypted one DIRECTORY".to_owned(),
            WriteRefusal::NotBoundRetryable => "session lost: bind again, safe to retry".to_owned(),
            _ => String::new(),
        }
    }

    fn bind_detail(refusal: BindRefusal) -> &'static str {
        match refusal {
            BindRefusal::WrongCredentials => "bad user name or password",
            BindRefusal::MustChange => "password must change",
            BindRefusal::PasswordExpired => "password expired",
            BindRefusal::SigningRequired => "signing required",
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_reported_reply_becomes_its_error() {
        let table = include_str!("../../tests/data/diagnostics.tsv");
        let rows = table.lines().filter(|line| !line.starts_with('#')).skip(1);
        let mut seen = 0;
        for row in rows {
            let [operation, result, diagnostic, code, detail] = row
                .split('\t')
                .collect::<Vec<_>>()
                .try_into()
                .unwrap_or_else(|_| panic!("not five columns: {row}"));
            let said = Diagnostic::parse(&unescape(diagnostic));
            let result = result.parse().unwrap();
            let (got, got_detail) = match operation {
                "bind" => ("BIND_FAILED", bind_detail(classify_bind(result, &said)).to_owned()),
                operation => {
                    let operation = match operation {
                        "reset" | "search" => Operation::Reset,
                        "change" => Operation::Change,
                        "unlock" => Operation::Unlock,
                        other => panic!("unknown operation {other}"),
                    };
                    let refusal = classify_write(operation, result, &said);
                    (write_code(refusal), write_detail(refusal, &said))
                }
            };
            assert_eq!((got, got_detail.as_str()), (code, detail), "{row}");
            seen += 1;
        }
        assert_eq!(seen, 22, "rows of the table");
    }

    fn write(operation: Operation, result: u32, text: &str) -> WriteRefusal {
        classify_write(operation, result, &Diagnostic::parse(text))
    }

    fn bind(text: &str) -> BindRefusal {
        classify_bind(49, &Diagnostic::parse(text))
    }

    #[test]
    fn the_code_is_eight_digits_and_a_colon() {
        assert_eq!(Diagnostic::parse("0000052D: x").win32, Some(0x52d));
        assert_eq!(Diagnostic::parse("80090346: x").win32, Some(0x8009_0346));
        for text in [
            "",
            "0000052D",
            "52D: x",
            "00000052D: x",
            "0000052G: x",
            "+000052D: x",
            "DSID-031: x",
            "éééé: x",
        ] {
            assert_eq!(Diagnostic::parse(text).win32, None, "{text:?}");
        }
    }

    #[test]
    fn older_spellings_and_rarer_rules() {
        let said = Diagnostic::parse(
            "0000052D: Constraint violation - check_password_restrictions: the password is too short. It should be equal or longer than 12 characters!",
        );
        assert_eq!((said.stated, said.limit), (Some(StatedRule::MinLength), Some(12)));
        let history = "0000052D: Constraint violation - check_password_restrictions: the password was already used (previous password)!";
        assert_eq!(
            write(Operation::Change, 19, history),
            WriteRefusal::PolicyRefused(Some(StatedRule::History))
        );
        let filter = "0000052D: Unwilling to perform - check_password_restrictions: the password doesn't fit due to a miscellaneous restriction!";
        assert_eq!(
            write(Operation::Reset, 53, filter),
            WriteRefusal::PolicyRefused(Some(StatedRule::Filter))
        );
    }

    #[test]
    fn changes_that_are_not_permitted() {
        for text in ["", "00000005: SecErr: DSID-1", "no code at all"] {
            assert_eq!(
                write(Operation::Change, 19, text),
                WriteRefusal::ChangeNotPermitted,
                "{text}"
            );
        }
        let disabled = "0000052D: Constraint violation - check_password_restrictions: password changes disabled!";
        assert_eq!(write(Operation::Change, 19, disabled), WriteRefusal::ChangeNotPermitted);
        assert_eq!(write(Operation::Change, 19, "0000216C: x"), WriteRefusal::Other);
        assert_eq!(write(Operation::Reset, 19, ""), WriteRefusal::Other);
        assert_eq!(write(Operation::Unlock, 19, "0000052D: x"), WriteRefusal::Other);
    }

    #[test]
    fn the_longer_old_password_quirk() {
        assert_eq!(
            write(Operation::Change, 19, "0000056A: AtrErr"),
            WriteRefusal::WrongOldPassword
        );
        assert_eq!(write(Operation::Reset, 19, "00000056: AtrErr"), WriteRefusal::Other);
    }

    #[test]
    fn names_cannot_pose_as_causes() {
        let text = "00002098: Object CN=check_password_restrictions: password is too young to change,DC=x has no write property access\n";
        assert_eq!(Diagnostic::parse(text).stated, None);
        assert_eq!(write(Operation::Reset, 50, text), WriteRefusal::AccessDenied);
        let text = "00002035: CN=x AcceptSecurityContext";
        assert_eq!(Diagnostic::parse(text).data, None);
    }

    #[test]
    fn binds() {
        let windows = |data: &str| {
            bind(&format!(
                "80090308: LdapErr: DSID-0C090446, comment: AcceptSecurityContext error, data {data}, v4563\0"
            ))
        };
        for (data, refusal) in [
            ("52e", BindRefusal::WrongCredentials),
            ("525", BindRefusal::WrongCredentials),
            ("530", BindRefusal::LogonHours),
            ("531", BindRefusal::Workstation),
            ("532", BindRefusal::PasswordExpired),
            ("533", BindRefusal::Disabled),
            ("701", BindRefusal::AccountExpired),
            ("773", BindRefusal::MustChange),
            ("775", BindRefusal::LockedOut),
            ("57", BindRefusal::Other),
            ("51f", BindRefusal::Unavailable),
            ("80090346", BindRefusal::ChannelBindingRequired),
            ("zzz", BindRefusal::Other),
            ("", BindRefusal::Other),
        ] {
            assert_eq!(windows(data), refusal, "{data}");
        }
        let samba = "80090346: LdapErr: DSID-0C090711, comment: AcceptSecurityContext error, data 35b, v1db1";
        assert_eq!(bind(samba), BindRefusal::ChannelBindingRequired);
        assert_eq!(bind(""), BindRefusal::Other);
        let required = Diagnostic::parse("BindSimple: Transport encryption required.");
        assert_eq!(classify_bind(8, &required), BindRefusal::SigningRequired);
        assert_eq!(classify_bind(51, &Diagnostic::default()), BindRefusal::Unavailable);
    }

    #[test]
    fn an_unbound_session() {
        let samba = "00002020: Operation unavailable without authentication";
        assert_eq!(write(Operation::Reset, 1, samba), WriteRefusal::NotBoundRetryable);
        assert_eq!(write(Operation::Reset, 1, "00002020: other"), WriteRefusal::Other);
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in ".{0,60}|[0-9a-fA-F]{8}: .{0,40}", result in 0u32..100) {
            let said = Diagnostic::parse(&text);
            let _ = classify_bind(result, &said);
            for operation in [Operation::Reset, Operation::Change, Operation::Unlock, Operation::RequireChange] {
                let _ = classify_write(operation, result, &said);
            }
        }
    }
}
