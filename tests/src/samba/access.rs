//! The administrator's hand on access lists, in SDDL (MS-DTYP 2.5.1).

use serde_json::json;

use super::Result;
use super::admin::{Admin, psos};
use super::domain_controller::BASE_DN;

/// The right Unexpire-Password (MS-ADTS 5.1.3.2.1) as every domain grants it to its users.
const UNEXPIRE_PASSWORD: &str = "(OA;;CR;ccc2dc7d-a6ad-4a7a-8846-c04e3cc53501;;AU)";

/// What "user cannot change password" means: Change Password denied to everyone and to oneself.
const CANNOT_CHANGE_PASSWORD: [&str; 2] = [
    "(OD;;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;;WD)",
    "(OD;;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;;PS)",
];

impl Admin {
    /// The access list of an object, in SDDL.
    ///
    /// # Errors
    /// As the directory refuses it; so for every method here.
    pub async fn read_sddl(&self, dn: &str) -> Result<String> {
        self.call("read_sddl", json!({ "dn": dn })).await
    }

    /// Sets the whole access list, such as `D:P(A;;GA;;;DA)`. What the object inherits is added
    /// unless the list is protected (`P`).
    pub async fn write_sddl(&self, dn: &str, sddl: &str) -> Result<()> {
        self.call("write_sddl", json!({ "dn": dn, "sddl": sddl })).await
    }

    /// Adds an entry: a denial before all others, anything else behind the denials.
    pub async fn add_ace(&self, dn: &str, ace: &str) -> Result<()> {
        self.add_aces(dn, &[ace]).await
    }

    /// Adds entries.
    pub async fn add_aces(&self, dn: &str, aces: &[&str]) -> Result<()> {
        self.call("add_aces", json!({ "dn": dn, "aces": aces })).await
    }

    /// Removes an entry, which must be there.
    pub async fn remove_ace(&self, dn: &str, ace: &str) -> Result<()> {
        self.remove_aces(dn, &[ace]).await
    }

    /// Removes entries, which must be there.
    pub async fn remove_aces(&self, dn: &str, aces: &[&str]) -> Result<()> {
        self.call("remove_aces", json!({ "dn": dn, "aces": aces })).await
    }

    /// The schemaIDGUID of an attribute or class, by which access entries name it.
    pub async fn schema_guid(&self, name: &str) -> Result<String> {
        self.call("schema_guid", json!({ "name": name })).await
    }

    /// Denies `sid` to read one attribute of an object. Gives the entry, for [`Self::remove_ace`].
    pub async fn deny_read(&self, dn: &str, attribute: &str, sid: &str) -> Result<String> {
        self.deny(dn, "RP", attribute, sid).await
    }

    /// Denies `sid` to write one attribute of an object. Gives the entry, for [`Self::remove_ace`].
    pub async fn deny_write(&self, dn: &str, attribute: &str, sid: &str) -> Result<String> {
        self.deny(dn, "WP", attribute, sid).await
    }

    async fn deny(&self, dn: &str, right: &str, attribute: &str, sid: &str) -> Result<String> {
        let guid = self.schema_guid(attribute).await?;
        let ace = format!("(OD;;{right};{guid};;{sid})");
        self.add_ace(dn, &ace).await?;
        Ok(ace)
    }

    /// Denies the account to change its password, as the check box of that name does.
    pub async fn deny_change_password(&self, dn: &str) -> Result<()> {
        self.add_aces(dn, &CANNOT_CHANGE_PASSWORD).await
    }

    /// Undoes [`Self::deny_change_password`].
    pub async fn allow_change_password(&self, dn: &str) -> Result<()> {
        self.remove_aces(dn, &CANNOT_CHANGE_PASSWORD).await
    }

    /// Takes Unexpire-Password from all users of the domain: what they reset expires at once.
    pub async fn revoke_unexpire_password(&self) -> Result<()> {
        self.remove_ace(BASE_DN, UNEXPIRE_PASSWORD).await
    }

    /// Undoes [`Self::revoke_unexpire_password`].
    pub async fn restore_unexpire_password(&self) -> Result<()> {
        self.add_ace(BASE_DN, UNEXPIRE_PASSWORD).await
    }

    /// Lets `sid` read every fine-grained policy. Undone by [`Self::forbid_policies`].
    pub async fn allow_policies(&self, sid: &str) -> Result<()> {
        self.add_ace(&psos(), &read_policies(sid)).await
    }

    /// Undoes [`Self::allow_policies`].
    pub async fn forbid_policies(&self, sid: &str) -> Result<()> {
        self.remove_ace(&psos(), &read_policies(sid)).await
    }
}

fn read_policies(sid: &str) -> String {
    format!("(A;CI;RPLCLO;;;{sid})")
}
