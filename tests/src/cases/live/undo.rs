//! What a case has left in a live directory, and taking it away.

use super::super::Result;
use super::text;
use crate::samba::DomainController;

/// What is to be undone.
#[derive(Debug, Default)]
pub(super) struct Undo {
    /// The case's own organizational unit, with everything in it.
    pub(super) ou: Option<String>,
    /// The accounts of the case's own, whose times can be shifted.
    pub(super) accounts: Vec<String>,
    /// Fine-grained policies.
    pub(super) policies: Vec<String>,
    /// The service account was denied the fine-grained policies.
    pub(super) allow_policies: bool,
    /// Unexpire Password was taken from everybody.
    pub(super) restore_unexpire: bool,
}

impl Undo {
    /// Undoes everything, whatever fails.
    pub(super) async fn all(self, dc: &DomainController) -> Result<()> {
        let admin = dc.admin();
        let mut failed = Vec::new();
        // Before the groups: a group is not deleted while it is somebody's primary one.
        for account in &self.accounts {
            failed.extend(text(admin.delete(account).await).err());
        }
        if let Some(ou) = &self.ou {
            failed.extend(text(admin.delete_subtree(ou).await).err());
        }
        for policy in &self.policies {
            failed.extend(text(admin.delete(policy).await).err());
        }
        if self.allow_policies {
            failed.extend(text(admin.allow_policies(dc.service_sid()).await).err());
        }
        if self.restore_unexpire {
            failed.extend(text(admin.restore_unexpire_password().await).err());
        }
        match failed.is_empty() {
            true => Ok(()),
            false => Err(failed.join("; ")),
        }
    }
}
