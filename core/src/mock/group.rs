//! The groups of a mock directory.

use crate::words::words;

words! {
    /// The scope of a group (MS-ADTS 2.2.12).
    pub enum GroupScope {
        /// Its members are of its own domain; fine-grained policies count only where linked to such a group.
        Global = "global",
        /// Its members may be of any domain of the forest.
        Universal = "universal",
        /// It means something in its own domain only.
        DomainLocal = "domain_local",
    }
}

/// A group of a mock directory: a global security group, unless said otherwise.
#[derive(Clone, Debug)]
pub struct MockGroup {
    pub(super) name: String,
    pub(super) scope: GroupScope,
    pub(super) security: bool,
    pub(super) rid: Option<u32>,
    pub(super) member_of: Vec<String>,
}

impl MockGroup {
    /// A global security group.
    pub fn new(name: impl Into<String>) -> Self {
        MockGroup {
            name: name.into(),
            scope: GroupScope::Global,
            security: true,
            rid: None,
            member_of: Vec::new(),
        }
    }

    /// Gives it a scope.
    #[must_use]
    pub fn scope(mut self, scope: GroupScope) -> Self {
        self.scope = scope;
        self
    }

    /// Makes it a distribution group, which is in nobody's token.
    #[must_use]
    pub fn distribution(mut self) -> Self {
        self.security = false;
        self
    }

    /// Gives it this relative identifier rather than the next free one.
    #[must_use]
    pub fn rid(mut self, rid: u32) -> Self {
        self.rid = Some(rid);
        self
    }

    /// Makes it a member of another group, which is created where there is none. A circle is legal.
    #[must_use]
    pub fn member_of(mut self, group: impl Into<String>) -> Self {
        self.member_of.push(group.into());
        self
    }
}
