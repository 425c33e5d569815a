//! An entry of the directory.

use super::dn::Dn;

/// An entry: a name, attributes, and for an account what no search shows.
#[derive(Debug, Clone)]
pub struct Entry {
    pub(super) dn: String,
    pub(super) name: Dn,
    pub(super) attributes: Vec<(String, Vec<Vec<u8>>)>,
    pub(super) hidden: Vec<String>,
    pub(super) readable: bool,
    pub(super) account: Option<Account>,
}

/// What the server alone knows of an account.
#[derive(Clone, Default)]
pub(super) struct Account {
    /// The current password; `None` where nobody knows it.
    pub(super) password: Option<String>,
    /// Earlier passwords, newest first.
    pub(super) history: Vec<String>,
    pub(super) reset_denied: bool,
    pub(super) change_denied: bool,
    /// How often `unicodePwd` was written, as replPropertyMetaData tells it.
    pub(super) password_version: u32,
    pub(super) password_usn: u64,
    pub(super) password_written: u64,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("password_version", &self.password_version)
            .finish_non_exhaustive()
    }
}

impl Entry {
    /// An entry with nothing but its name.
    ///
    /// # Panics
    /// Where `dn` is not a distinguished name.
    pub fn new(dn: &str) -> Self {
        let name = Dn::parse(dn).unwrap_or_else(|| panic!("{dn} is not a distinguished name"));
        let mut entry = Entry {
            dn: dn.to_owned(),
            name,
            attributes: Vec::new(),
            hidden: Vec::new(),
            readable: true,
            account: None,
        };
        entry.set("distinguishedName", vec![dn.into()]);
        entry
    }

    /// With this value as its only one of that attribute.
    pub fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.set(name, vec![value.as_ref().to_vec()]);
        self
    }

    /// With these values of that attribute.
    pub fn with_all<V: AsRef<[u8]>>(mut self, name: &str, values: impl IntoIterator<Item = V>) -> Self {
        self.set(name, values.into_iter().map(|value| value.as_ref().to_vec()).collect());
        self
    }

    /// With an attribute that no answer shows, as when the reader has no right to it. Computed ones too.
    pub fn without(mut self, name: &str) -> Self {
        self.hidden.push(name.to_owned());
        self
    }

    /// Not to be seen at all by any search, though it is there.
    pub fn unreadable(mut self) -> Self {
        self.readable = false;
        self
    }

    /// The distinguished name.
    pub fn dn(&self) -> &str {
        &self.dn
    }

    /// The stored values of an attribute.
    pub fn values(&self, name: &str) -> &[Vec<u8>] {
        let found = self
            .attributes
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, values)| values.as_slice()).unwrap_or_default()
    }

    /// The first stored value of an attribute, as text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.values(name)
            .first()
            .map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// The first stored value of an attribute, as a number.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.text(name)?.parse().ok()
    }

    /// Whether the attribute has a stored value.
    pub fn has(&self, name: &str) -> bool {
        !self.values(name).is_empty()
    }

    pub(super) fn set(&mut self, name: &str, values: Vec<Vec<u8>>) {
        self.attributes.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        if !values.is_empty() {
            self.attributes.push((name.to_owned(), values));
        }
    }

    pub(super) fn set_text(&mut self, name: &str, value: impl ToString) {
        self.set(name, vec![value.to_string().into_bytes()]);
    }
}
