//! Random passwords that satisfy a policy.

use crate::error::{Code, Error};
use crate::password::{MAX_UTF16_UNITS, Password};
use crate::policy::PasswordPolicy;
use zeroize::{Zeroize, Zeroizing};

/// The shortest password that is generated: above 115 bits, whatever the policy asks for.
const SHORTEST: usize = 20;

/// How many characters of each class there are at least.
const OF_EACH: usize = 2;

/// Left out of these: what people confuse when they read it aloud or copy it (0 O o, 1 l I).
const UPPER: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
const LOWER: &[u8] = b"abcdefghijkmnpqrstuvwxyz";
const DIGITS: &[u8] = b"23456789";
/// Stands for itself in a CSV field, a shell word, a URL and a connection string, and is no sign of a spreadsheet formula in the middle.
const SPECIAL: &[u8] = b"-_.:";

/// Refilled in one call: a password of the usual length needs one or two.
const POOL: usize = 64;

impl Password {
    /// A random password that satisfies the policy: for accounts whose owner is to change it, or is not to know it.
    ///
    /// It has the policy's least length, or 20 characters where that is less or not known, and at least two each of the upper-case and
    /// lower-case letters, digits and special characters, whether or not complexity is required. All of it is ASCII; characters that
    /// people confuse, and those that mean something in a CSV file or a shell, do not occur, and it begins with a letter. Every choice is
    /// uniform, from the random numbers of the operating system. A policy that is unknown is as good as any: nothing in it is guessed.
    ///
    /// A name of the account can occur in it only by a chance that is negligible for names of four characters and more; the domain
    /// controller refuses such a password as `POLICY_VIOLATION`, and the next one generated is another.
    ///
    /// ```
    /// use password_writeback::{Password, PasswordPolicy, PolicySource};
    ///
    /// # fn main() -> Result<(), password_writeback::Error> {
    /// let mut policy = PasswordPolicy::empty(PolicySource::Domain);
    /// policy.min_length = Some(32);
    /// assert_eq!(Password::generate(&policy)?.utf16_len(), 32);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Code::Unsupported`] where the operating system gives no random numbers, or the policy asks for more than the 256 UTF-16 code
    /// units that Active Directory takes.
    pub fn generate(policy: &PasswordPolicy) -> Result<Self, Error> {
        let wanted = policy.min_length.map_or(0, |length| length as usize);
        if wanted > MAX_UTF16_UNITS {
            return Err(Error::new(
                Code::Unsupported,
                "the policy asks for a longer password than Active Directory takes",
            ));
        }
        let length = wanted.max(SHORTEST);
        let mut source = Source::new();
        // Reserved in full: a reallocation would leave an unwiped copy behind.
        let mut text = Zeroizing::new(Vec::with_capacity(length));
        // A password is drawn whole and refused whole, so that all acceptable ones are equally likely.
        loop {
            text.zeroize();
            for _ in 0..length {
                text.push(source.character()?);
            }
            if is_mixed(&text) {
                break;
            }
        }
        // The bytes are ASCII, so they are text.
        std::str::from_utf8(&text)
            .map(Password::from)
            .map_err(|_| Error::new(Code::Unsupported, "no password could be generated"))
    }
}

fn is_mixed(text: &[u8]) -> bool {
    let enough = |class: &[u8]| text.iter().filter(|byte| class.contains(byte)).count() >= OF_EACH;
    let letter_first = text.first().is_some_and(u8::is_ascii_alphabetic);
    letter_first && [UPPER, LOWER, DIGITS, SPECIAL].into_iter().all(enough)
}

/// Random characters, from a pool that is wiped.
struct Source {
    pool: Zeroizing<[u8; POOL]>,
    used: usize,
}

impl Source {
    fn new() -> Self {
        Source {
            pool: Zeroizing::new([0; POOL]),
            used: POOL,
        }
    }

    fn byte(&mut self) -> Result<u8, Error> {
        loop {
            if let Some(byte) = self.pool.get(self.used) {
                self.used += 1;
                return Ok(*byte);
            }
            getrandom::fill(&mut *self.pool)
                .map_err(|_| Error::new(Code::Unsupported, "the operating system gives no random numbers"))?;
            self.used = 0;
        }
    }

    /// A character, each as likely as any other: bytes past the last whole multiple of their number are thrown away.
    fn character(&mut self) -> Result<u8, Error> {
        let characters = || [UPPER, LOWER, DIGITS, SPECIAL].into_iter().flatten();
        let count = characters().count();
        let bound = 256 - 256 % count;
        loop {
            let byte = usize::from(self.byte()?);
            if let Some(character) = characters().nth(byte % count).filter(|_| byte < bound) {
                return Ok(*character);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Names, PolicySource};
    use proptest::prelude::*;
    use std::collections::{HashMap, HashSet};

    const NOBODY: Names<'_> = Names {
        sam_account_name: "",
        display_name: None,
    };

    fn policy(min_length: Option<u32>) -> PasswordPolicy {
        PasswordPolicy {
            min_length,
            complexity: Some(true),
            ..PasswordPolicy::empty(PolicySource::Domain)
        }
    }

    #[test]
    fn an_unknown_policy_gets_a_safe_password() {
        let password = Password::generate(&PasswordPolicy::unknown("no right")).unwrap();
        assert_eq!(password.utf16_len(), SHORTEST);
        assert!(is_mixed(password.expose().as_bytes()));
    }

    #[test]
    fn a_length_that_cannot_be_sent_is_refused() {
        assert_eq!(Password::generate(&policy(Some(256))).unwrap().utf16_len(), 256);
        let error = Password::generate(&policy(Some(257))).unwrap_err();
        assert_eq!(error.code(), Code::Unsupported);
    }

    #[test]
    fn none_comes_twice() {
        let policy = policy(None);
        let passwords: HashSet<_> = (0..1000)
            .map(|_| Password::generate(&policy).unwrap().expose().to_owned())
            .collect();
        assert_eq!(passwords.len(), 1000);
    }

    #[test]
    fn every_character_is_as_likely_as_any_other() {
        let mut source = Source::new();
        let draws = 60_000;
        let mut counts: HashMap<u8, f64> = HashMap::new();
        for _ in 0..draws {
            *counts.entry(source.character().unwrap()).or_default() += 1.0;
        }
        assert_eq!(counts.len(), 60);
        let expected = f64::from(draws) / 60.0;
        let chi_squared: f64 = counts.values().map(|count| (count - expected).powi(2) / expected).sum();
        // 59 degrees of freedom: 140 is passed by chance once in ten million runs; reducing a byte modulo 60 without care gives 250.
        assert!(chi_squared < 140.0, "{chi_squared}");
    }

    proptest! {
        #[test]
        fn it_satisfies_the_policy(min_length in proptest::option::of(0_u32..=256)) {
            let policy = policy(min_length);
            let password = Password::generate(&policy).unwrap();
            prop_assert!(policy.judge(&password, NOBODY).violations.is_empty());
            prop_assert_eq!(password.utf16_len(), min_length.map_or(SHORTEST, |length| (length as usize).max(SHORTEST)));
            prop_assert!(password.validate().is_ok());
        }

        #[test]
        fn it_can_be_read_aloud_and_pasted(min_length in 0_u32..100) {
            let password = Password::generate(&policy(Some(min_length))).unwrap();
            prop_assert!(password.expose().is_ascii());
            let unwanted = "0Oo1lI|\"'`,;\\$&<>(){}[]*?!#~%^=+/@ \t";
            let found = password.expose().contains(|c: char| unwanted.contains(c));
            prop_assert!(!found);
            let first_is_letter = password.expose().starts_with(|c: char| c.is_ascii_alphabetic());
            prop_assert!(first_is_letter);
        }
    }
}
