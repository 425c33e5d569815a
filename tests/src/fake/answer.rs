//! Results and diagnostic texts as Windows gives them: eight hexadecimal digits of a Win32 code, prose, a line feed and
//! a NUL (MS-ADTS 3.1.1.3.1.9).

/// The end of an operation, before it is written as bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// The result code (RFC 4511 4.1.9).
    pub code: u32,
    /// The matched DN.
    pub matched: String,
    /// The diagnostic message; bytes, since a server may send what is not UTF-8.
    pub diagnostic: Vec<u8>,
    /// Referral URLs.
    pub referrals: Vec<String>,
    /// Response controls: OID, criticality, value.
    pub controls: Vec<(String, bool, Option<Vec<u8>>)>,
}

impl Answer {
    /// Success, with the empty text that Windows sends.
    pub fn success() -> Self {
        Answer::default()
    }

    /// This result with this diagnostic text.
    pub fn new(code: u32, diagnostic: impl AsRef<[u8]>) -> Self {
        Answer {
            code,
            diagnostic: diagnostic.as_ref().to_vec(),
            ..Answer::default()
        }
    }

    /// Whether it is a success.
    pub fn is_success(&self) -> bool {
        self.code == 0
    }
}

/// A refusal in the words of the directory service: `problem` is such as `5003 (WILL_NOT_PERFORM)`.
pub(super) fn service(code: u32, win32: &str, problem: &str) -> Answer {
    Answer::new(
        code,
        format!("{win32}: SvcErr: DSID-031A12D2, problem {problem}, data 0\n\0"),
    )
}

/// 53 for what a server will not do.
pub(super) fn unwilling(win32: &str) -> Answer {
    service(53, win32, "5003 (WILL_NOT_PERFORM)")
}

/// 19 for a password change refused.
pub(super) fn constraint(win32: &str) -> Answer {
    let at = "DSID-03191083, problem 1005 (CONSTRAINT_ATT_TYPE), data 0, Att 9005a (unicodePwd)";
    Answer::new(
        19,
        format!("{win32}: AtrErr: DSID-03191083, #1:\n\t0: {win32}: {at}\n\0"),
    )
}

/// 50 for a right that is missing.
pub(super) fn denied(win32: &str) -> Answer {
    Answer::new(
        50,
        format!("{win32}: SecErr: DSID-031A1190, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0\n\0"),
    )
}

/// 32 for an object that is not there.
pub(super) fn no_object(base: &str) -> Answer {
    let text =
        format!("0000208D: NameErr: DSID-03100245, problem 2001 (NO_OBJECT), data 0, best match of:\n\t'{base}'\n\0");
    Answer {
        matched: base.to_owned(),
        ..Answer::new(32, text)
    }
}

/// 34 for a name that is none.
pub(super) fn bad_name(name: &str) -> Answer {
    let problem = "DSID-03100231, problem 2006 (BAD_NAME), data 8349, best match of";
    Answer::new(34, format!("0000208F: NameErr: {problem}:\n\t'{name}'\n\0"))
}

/// 49 with the sub-code of a refused logon, such as `52e`.
pub(super) fn logon_failure(data: &str) -> Answer {
    let comment = format!("AcceptSecurityContext error, data {data}, v4f7c");
    Answer::new(49, format!("80090308: LdapErr: DSID-0C090439, comment: {comment}\0"))
}

/// 1 for an operation before any bind.
pub(super) fn bind_first() -> Answer {
    let comment = "In order to perform this operation a successful bind must be completed on the connection.";
    Answer::new(
        1,
        format!("000004DC: LdapErr: DSID-0C090CF4, comment: {comment}, data 0, v4f7c\0"),
    )
}

/// 8 for a bind in the clear.
pub(super) fn stronger_needed() -> Answer {
    let comment = "The server requires binds to turn on integrity checking if SSL\\TLS are not already active on the \
                   connection";
    Answer::new(
        8,
        format!("00002028: LdapErr: DSID-0C090259, comment: {comment}, data 0, v4f7c\0"),
    )
}

/// 12 for a critical control that is unknown.
pub(super) fn control_unknown() -> Answer {
    service(12, "0000202C", "5002 (UNAVAILABLE_EXTENSION)")
}

/// 2 for a request that is not served.
pub(super) fn protocol_error() -> Answer {
    Answer::new(
        2,
        "0000203D: LdapErr: DSID-0C090F2C, comment: Unknown extended request OID, data 0, v4f7c\0",
    )
}

/// 10 to a writable domain controller.
pub(super) fn referral(to: &str) -> Answer {
    Answer {
        referrals: vec![to.to_owned()],
        ..Answer::new(10, "0000202B: Referral error")
    }
}
