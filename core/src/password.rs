//! A password that cannot be printed, copied or left behind in memory.

use crate::error::{Code, Error, Reason};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// The longest password Active Directory takes, in UTF-16 code units (MS-SAMR 3.1.1.7.1).
pub const MAX_UTF16_UNITS: usize = 256;

/// A password.
///
/// It is taken by value and wiped when dropped. It has no `Clone`, no `Display`, and a `Debug` that shows nothing.
/// It is never normalised, trimmed or case-folded: what was given is what is written.
///
/// ```
/// use password_writeback::Password;
///
/// let password = Password::from(String::from("correct horse battery staple"));
/// assert_eq!(format!("{password:?}"), "Password([REDACTED])");
/// ```
pub struct Password(SecretString);

impl Password {
    /// A password from UTF-8 bytes, which are wiped on every path.
    ///
    /// # Errors
    /// [`Code::InvalidPassword`] with [`Reason::NotUnicode`] where the bytes are not UTF-8.
    pub fn from_utf8(mut bytes: Vec<u8>) -> Result<Self, Error> {
        match std::str::from_utf8(&bytes) {
            Ok(text) => {
                let password = Password::from(text);
                bytes.zeroize();
                Ok(password)
            }
            Err(_) => {
                bytes.zeroize();
                Err(not_unicode())
            }
        }
    }

    /// A password from UTF-16 code units, which are wiped on every path.
    ///
    /// # Errors
    /// [`Code::InvalidPassword`] with [`Reason::NotUnicode`] where a surrogate stands alone.
    pub fn from_utf16(mut units: Vec<u16>) -> Result<Self, Error> {
        let mut text = String::with_capacity(units.len().saturating_mul(3));
        let valid = char::decode_utf16(units.iter().copied()).all(|decoded| decoded.map(|c| text.push(c)).is_ok());
        units.zeroize();
        let password = Password::from(text);
        if valid { Ok(password) } else { Err(not_unicode()) }
    }

    /// Refuses what Active Directory would refuse or, worse, store as another password.
    ///
    /// # Errors
    /// [`Code::InvalidPassword`]: [`Reason::Empty`], [`Reason::ContainsNul`] or [`Reason::TooLong`].
    pub fn validate(&self) -> Result<(), Error> {
        let text = self.expose();
        let (reason, message) = if text.is_empty() {
            (Reason::Empty, "the password is empty")
        } else if text.contains('\0') {
            (Reason::ContainsNul, "the password contains U+0000")
        } else if self.utf16_len() > MAX_UTF16_UNITS {
            (Reason::TooLong, "the password is longer than 256 UTF-16 code units")
        } else {
            return Ok(());
        };
        Err(Error::new(Code::InvalidPassword, message).with_reason(reason))
    }

    /// The length as Active Directory counts it, in UTF-16 code units.
    #[must_use]
    pub fn utf16_len(&self) -> usize {
        self.expose().encode_utf16().count()
    }

    /// A copy of the text in UTF-8, wiped when dropped: for a password that was [generated](Password::generate) and has to reach its owner.
    #[must_use]
    pub fn to_utf8(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.expose().as_bytes().to_vec())
    }

    /// The text. Whoever calls this must not let a copy of it survive.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The value of `unicodePwd`: UTF-16LE between double quotes (MS-ADTS 3.1.1.3.1.5.1), wiped when dropped.
    pub(crate) fn to_unicode_pwd(&self) -> Zeroizing<Vec<u8>> {
        // Reserved in full: a reallocation would leave an unwiped copy behind.
        let mut value = Zeroizing::new(Vec::with_capacity((self.utf16_len() + 2) * 2));
        for unit in "\""
            .encode_utf16()
            .chain(self.expose().encode_utf16())
            .chain("\"".encode_utf16())
        {
            value.extend_from_slice(&unit.to_le_bytes());
        }
        value
    }

    /// Whether two passwords are the same, in time that does not depend on where they differ.
    pub(crate) fn same_as(&self, other: &Password) -> bool {
        let (a, b) = (self.expose().as_bytes(), other.expose().as_bytes());
        a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (x, y)| difference | (x ^ y)) == 0
    }

    /// A second one of the same text, for the one place that has to remember what it was given: the mock directory.
    pub(crate) fn duplicate(&self) -> Password {
        Password::from(self.expose())
    }
}

fn not_unicode() -> Error {
    Error::new(Code::InvalidPassword, "the password is not valid Unicode text").with_reason(Reason::NotUnicode)
}

impl From<String> for Password {
    /// Takes the text over; where its buffer is larger than the text, the text is copied once and the buffer wiped.
    fn from(mut text: String) -> Self {
        if text.capacity() == text.len() {
            // Boxing a string of exact capacity does not reallocate, so no copy is left.
            return Password(SecretString::from(text.into_boxed_str()));
        }
        let password = Password::from(text.as_str());
        text.zeroize();
        password
    }
}

impl From<&str> for Password {
    /// Copies the text; the caller's own copy stays the caller's to wipe.
    fn from(text: &str) -> Self {
        Password(SecretString::from(Box::<str>::from(text)))
    }
}

impl From<SecretString> for Password {
    fn from(secret: SecretString) -> Self {
        Password(secret)
    }
}

impl From<Zeroizing<String>> for Password {
    fn from(text: Zeroizing<String>) -> Self {
        Password::from(text.as_str())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(text: &str) -> Option<Reason> {
        Password::from(text).validate().err().and_then(|error| error.reason())
    }

    #[test]
    fn unicode_pwd_is_quoted_utf16le() {
        assert_eq!(
            &*Password::from("new").to_unicode_pwd(),
            &[0x22, 0, 0x6e, 0, 0x65, 0, 0x77, 0, 0x22, 0]
        );
        let astral = Password::from("\u{1F600}").to_unicode_pwd();
        assert_eq!(&*astral, &[0x22, 0, 0x3d, 0xd8, 0x00, 0xde, 0x22, 0]);
        assert_eq!(astral.capacity(), astral.len());
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        assert_eq!(reason(""), Some(Reason::Empty));
        assert_eq!(reason("a\0b"), Some(Reason::ContainsNul));
        assert_eq!(reason(&"x".repeat(256)), None);
        assert_eq!(reason(&"x".repeat(257)), Some(Reason::TooLong));
        assert_eq!(reason(&"\u{1F600}".repeat(129)), Some(Reason::TooLong));
    }

    #[test]
    fn a_lone_surrogate_is_not_replaced() {
        assert_eq!(
            Password::from_utf16(vec![0x41, 0xd800]).unwrap_err().reason(),
            Some(Reason::NotUnicode)
        );
        assert_eq!(
            Password::from_utf16(vec![0x41, 0xd83d, 0xde00]).unwrap().expose(),
            "A\u{1F600}"
        );
        assert_eq!(
            Password::from_utf8(vec![0xff]).unwrap_err().reason(),
            Some(Reason::NotUnicode)
        );
    }

    #[test]
    fn spare_capacity_makes_no_difference() {
        let mut roomy = String::with_capacity(100);
        roomy.push_str("secret");
        assert_eq!(Password::from(roomy).expose(), "secret");
        assert_eq!(Password::from(String::from("secret")).expose(), "secret");
    }
}
