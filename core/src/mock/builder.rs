//! Making a mock directory.

use super::MockDirectory;
use super::clock::MockClock;
use super::domain::Domain;
use super::policy::MockPolicy;
use super::session::MemoryDirectory;
use crate::error::{Code, Error};
use crate::operation::Engine;
use crate::rules::{ReadRules, Rules};
use crate::words::words;

words! {
    /// Which policy-hints control a domain controller offers (MS-ADTS 3.1.1.3.4.1.27 and .28).
    pub enum PolicyHintsSupport {
        /// The one of Windows Server 2012 and later, 1.2.840.113556.1.4.2239.
        Current = "current",
        /// The one of Windows Server 2008 R2, 1.2.840.113556.1.4.2066.
        Deprecated = "deprecated",
        /// None: a reset cannot be made to check history and minimum age.
        Absent = "absent",
    }
}

words! {
    /// How a domain controller refuses a password.
    pub enum Refusals {
        /// As Windows: one code for every rule, so that the library has to find out which it was.
        Windows = "windows",
        /// As Samba: the rule named.
        Stated = "stated",
    }
}

/// The settings of a mock directory.
///
/// ```
/// use password_writeback::mock::{MockDirectory, MockPolicy, PolicyHintsSupport, Refusals};
///
/// # fn main() -> Result<(), password_writeback::Error> {
/// let directory = MockDirectory::builder()
///     .domain("corp.example")
///     .policy(MockPolicy::new().min_length(12))
///     .policy_hints(PolicyHintsSupport::Absent)
///     .refusals(Refusals::Stated)
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct MockDirectoryBuilder {
    rules: Rules,
    domain: String,
    netbios_name: Option<String>,
    policy: MockPolicy,
    hints: PolicyHintsSupport,
    refusals: Refusals,
    clock: MockClock,
    read_only: bool,
    referring: bool,
    banned_words: Vec<String>,
}

const DOMAIN: &str = "corp.example";
const NETBIOS_NAME: &str = "CORP";

impl MockDirectoryBuilder {
    pub(super) fn new() -> Self {
        MockDirectoryBuilder {
            rules: Rules::default(),
            domain: DOMAIN.to_owned(),
            netbios_name: None,
            policy: MockPolicy::new(),
            hints: PolicyHintsSupport::Current,
            refusals: Refusals::Windows,
            clock: MockClock::new(),
            read_only: false,
            referring: false,
            banned_words: Vec::new(),
        }
    }

    /// The rules of writing.
    pub fn rules(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }

    /// The DNS name of the domain: `corp.example` by default.
    pub fn domain(mut self, dns_name: impl Into<String>) -> Self {
        self.domain = dns_name.into();
        self
    }

    /// The NetBIOS name of the domain: the first label of its DNS name by default, in capitals.
    pub fn netbios_name(mut self, name: impl Into<String>) -> Self {
        self.netbios_name = Some(name.into());
        self
    }

    /// The policy of the domain.
    pub fn policy(mut self, policy: MockPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Which policy-hints control the domain controller offers: the current one by default.
    pub fn policy_hints(mut self, hints: PolicyHintsSupport) -> Self {
        self.hints = hints;
        self
    }

    /// How the domain controller refuses a password: as Windows by default.
    pub fn refusals(mut self, refusals: Refusals) -> Self {
        self.refusals = refusals;
        self
    }

    /// The clock of the domain controller.
    pub fn clock(mut self, clock: MockClock) -> Self {
        self.clock = clock;
        self
    }

    /// Makes the domain controller one that says it is read-only: it is refused before anything is sent.
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// Makes the domain controller refer every write to another one (result 10), as one that cannot write and does not say so.
    pub fn referring(mut self, referring: bool) -> Self {
        self.referring = referring;
        self
    }

    /// Adds a word to the domain controller's password filter: no password may contain it, in whatever case.
    pub fn banned_word(mut self, word: impl Into<String>) -> Self {
        self.banned_words.push(word.into().to_lowercase());
        self
    }

    /// Makes the directory, with the built-in accounts and groups of a new domain.
    ///
    /// # Errors
    /// [`Code::Configuration`] for rules that cannot be read, or a domain name that is none.
    pub fn build(self) -> Result<MockDirectory, Error> {
        let rules = self.rules.clone().read()?;
        let legal = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !self.domain.split('.').all(legal) {
            return Err(Error::new(
                Code::Configuration,
                format!("domain: {:?} is not a DNS name", self.domain),
            ));
        }
        Ok(self.with(rules))
    }

    /// The directory of the defaults, which need no reading.
    pub(super) fn default_directory() -> MockDirectory {
        let rules = ReadRules {
            given: Rules::default(),
            allowed_subtrees: Vec::new(),
            protected_groups: Vec::new(),
        };
        MockDirectoryBuilder::new().with(rules)
    }

    fn with(self, rules: ReadRules) -> MockDirectory {
        let first_label = || self.domain.split('.').next().map(str::to_uppercase);
        let netbios_name = self.netbios_name.clone().or_else(first_label);
        let mut domain = Domain::empty(
            self.domain.clone(),
            netbios_name.unwrap_or_else(|| NETBIOS_NAME.to_owned()),
            self.clock.clone(),
        );
        domain.policy = self.policy;
        domain.hints = self.hints;
        domain.refusals = self.refusals;
        domain.read_only = self.read_only;
        domain.referring = self.referring;
        domain.banned_words = self.banned_words;
        domain.furnish();
        MockDirectory(Engine::new(MemoryDirectory::new(domain), rules))
    }
}
