//! Self-relative security descriptors (MS-DTYP 2.4.6).
//!
//! A withheld attribute is simply missing from an answer, so only the descriptor tells "not set" from "not readable". What its
//! entries let somebody do is [`access`](super::access)'s to say.

use uuid::{Uuid, uuid};

use super::access::{Decision, Wanted, decide};
use crate::sid::{InvalidSid, Sid};

/// GUIDs of attributes (`schemaIDGUID`), property sets (`attributeSecurityGUID`) and control access rights
/// (`rightsGuid`).
#[allow(dead_code, reason = "a vocabulary: not every name has its check")]
pub(crate) mod schema {
    use super::{Uuid, uuid};

    /// `adminCount` (MS-ADA1); in no property set.
    pub(crate) const ADMIN_COUNT: Uuid = uuid!("bf967918-0de6-11d0-a285-00aa003049e2");
    /// `lockoutTime` (MS-ADA1); in no property set.
    pub(crate) const LOCKOUT_TIME: Uuid = uuid!("28630ebf-41d5-11d1-a9c1-0000f80367c1");
    /// `pwdLastSet` (MS-ADA3); in [`ACCOUNT_RESTRICTIONS`].
    pub(crate) const PWD_LAST_SET: Uuid = uuid!("bf967a0a-0de6-11d0-a285-00aa003049e2");
    /// `userAccountControl` (MS-ADA3); in [`ACCOUNT_RESTRICTIONS`].
    pub(crate) const USER_ACCOUNT_CONTROL: Uuid = uuid!("bf967a68-0de6-11d0-a285-00aa003049e2");
    /// `accountExpires` (MS-ADA1); in [`ACCOUNT_RESTRICTIONS`].
    pub(crate) const ACCOUNT_EXPIRES: Uuid = uuid!("bf967915-0de6-11d0-a285-00aa003049e2");
    /// `msDS-ResultantPSO` (MS-ADA2); in no property set.
    pub(crate) const RESULTANT_PSO: Uuid = uuid!("b77ea093-88d0-4780-9a98-911f8e8b1dca");
    /// `tokenGroups` (MS-ADA3); in [`REMOTE_ACCESS_INFORMATION`].
    pub(crate) const TOKEN_GROUPS: Uuid = uuid!("b7c69e6d-2cc7-11d2-854e-00a0c983f608");

    /// Account Restrictions (MS-ADTS 3.1.1.2.3.3), also called User-Account-Restrictions.
    pub(crate) const ACCOUNT_RESTRICTIONS: Uuid = uuid!("4c164200-20c0-11d0-a768-00aa006e0529");
    /// Logon Information (MS-ADTS 3.1.1.2.3.3), also called User-Logon.
    pub(crate) const LOGON_INFORMATION: Uuid = uuid!("5f202010-79a5-11d0-9020-00c04fc2d4cf");
    /// Group Membership (MS-ADTS 3.1.1.2.3.3).
    pub(crate) const GROUP_MEMBERSHIP: Uuid = uuid!("bc0ac240-79a9-11d0-9020-00c04fc2d4cf");
    /// Remote Access Information (MS-ADTS 3.1.1.2.3.3).
    pub(crate) const REMOTE_ACCESS_INFORMATION: Uuid = uuid!("037088f8-0ae1-11d2-b422-00a0c968f939");

    /// User-Force-Change-Password (MS-ADTS 5.1.3.2.1): reset a password.
    pub(crate) const RESET_PASSWORD: Uuid = uuid!("00299570-246d-11d0-a768-00aa006e0529");
    /// User-Change-Password (MS-ADTS 5.1.3.2.1): change a password that one knows.
    pub(crate) const CHANGE_PASSWORD: Uuid = uuid!("ab721a53-1e2f-11d0-9819-00aa0040529b");
    /// Unexpire-Password (MS-ADTS 5.1.3.2.1), on the domain's root: a password set is not expired at once.
    pub(crate) const UNEXPIRE_PASSWORD: Uuid = uuid!("ccc2dc7d-a6ad-4a7a-8846-c04e3cc53501");

    /// Attribute userPrincipalName (MS-ADA3); in [`PUBLIC_INFORMATION`].
    pub(crate) const USER_PRINCIPAL_NAME: Uuid = uuid!("28630ebb-41d5-11d1-a9c1-0000f80367c1");
    /// Property set Public-Information (MS-ADTS 3.1.1.2.3.3).
    pub(crate) const PUBLIC_INFORMATION: Uuid = uuid!("e48d0154-bcf8-11d1-8702-00c04fb96050");
    /// Attribute mS-DS-ConsistencyGuid (MS-ADA2); in no property set.
    pub(crate) const CONSISTENCY_GUID: Uuid = uuid!("23773dc2-b63a-11d2-90e1-00c04fd91ab1");
    /// Attribute msDS-SecondaryKrbTgtNumber (MS-ADA2).
    pub(crate) const SECONDARY_KRBTGT_NUMBER: Uuid = uuid!("aa156612-2396-467e-ad6a-28d23fdb1865");
    /// `msDS-User-Account-Control-Computed` (MS-ADA2); in [`ACCOUNT_RESTRICTIONS`].
    pub(crate) const USER_ACCOUNT_CONTROL_COMPUTED: Uuid = uuid!("2cc4b836-b63f-4940-8d23-ea7acf06af56");
    /// `msDS-UserPasswordExpiryTimeComputed` (MS-ADA2); in [`ACCOUNT_RESTRICTIONS`].
    pub(crate) const PASSWORD_EXPIRY_COMPUTED: Uuid = uuid!("add5cf10-7b09-4449-9ae6-2534148f8a72");
    /// `badPwdCount` (MS-ADA1); in [`LOGON_INFORMATION`].
    pub(crate) const BAD_PWD_COUNT: Uuid = uuid!("bf96792e-0de6-11d0-a285-00aa003049e2");
    /// `objectSid` (MS-ADA3); in [`GENERAL_INFORMATION`].
    pub(crate) const OBJECT_SID: Uuid = uuid!("bf9679e8-0de6-11d0-a285-00aa003049e2");
    /// `sAMAccountName` (MS-ADA3); in [`GENERAL_INFORMATION`].
    pub(crate) const SAM_ACCOUNT_NAME: Uuid = uuid!("3e0abfd0-126a-11d0-a060-00aa006c33ed");
    /// `displayName` (MS-ADA1); in [`GENERAL_INFORMATION`].
    pub(crate) const DISPLAY_NAME: Uuid = uuid!("bf967953-0de6-11d0-a285-00aa003049e2");
    /// `objectGUID` (MS-ADA3); in [`PUBLIC_INFORMATION`].
    pub(crate) const OBJECT_GUID: Uuid = uuid!("bf9679e7-0de6-11d0-a285-00aa003049e2");
    /// `objectClass` (MS-ADA3); in [`PUBLIC_INFORMATION`].
    pub(crate) const OBJECT_CLASS: Uuid = uuid!("bf9679e5-0de6-11d0-a285-00aa003049e2");
    /// `allowedAttributesEffective` (MS-ADA1); in [`PUBLIC_INFORMATION`].
    pub(crate) const ALLOWED_ATTRIBUTES_EFFECTIVE: Uuid = uuid!("9a7ad941-ca53-11d1-bbd0-0080c76670c0");
    /// `uSNChanged` (MS-ADA3); in no property set.
    pub(crate) const USN_CHANGED: Uuid = uuid!("bf967a6f-0de6-11d0-a285-00aa003049e2");
    /// `replPropertyMetaData` (MS-ADA3); in no property set.
    pub(crate) const REPL_PROPERTY_META_DATA: Uuid = uuid!("281416c0-1968-11d0-a28f-00aa003049e2");
    /// Property set General-Information (MS-ADTS 3.1.1.2.3.3).
    pub(crate) const GENERAL_INFORMATION: Uuid = uuid!("59ba2f42-79a2-11d0-9020-00c04fc2d3cf");

    /// Class `user` (MS-ADSC).
    pub(crate) const CLASS_USER: Uuid = uuid!("bf967aba-0de6-11d0-a285-00aa003049e2");
    /// Class `inetOrgPerson` (MS-ADSC).
    pub(crate) const CLASS_INET_ORG_PERSON: Uuid = uuid!("4828cc14-1437-45bc-9b07-ad6f015e5f28");
}

/// SE_DACL_PRESENT, SE_DACL_PROTECTED, SE_SELF_RELATIVE (MS-DTYP 2.4.6).
const DACL_PRESENT: u16 = 0x4;
const DACL_PROTECTED: u16 = 0x1000;
const SELF_RELATIVE: u16 = 0x8000;

/// How an entry is inherited (MS-DTYP 2.4.4.1): OBJECT_INHERIT_ACE, CONTAINER_INHERIT_ACE, NO_PROPAGATE_INHERIT_ACE,
/// INHERIT_ONLY_ACE, INHERITED_ACE.
pub(crate) const OBJECT_INHERIT: u8 = 0x1;
pub(crate) const CONTAINER_INHERIT: u8 = 0x2;
pub(crate) const NO_PROPAGATE: u8 = 0x4;
pub(crate) const INHERIT_ONLY: u8 = 0x8;
pub(crate) const INHERITED: u8 = 0x10;

/// ACE_OBJECT_TYPE_PRESENT, ACE_INHERITED_OBJECT_TYPE_PRESENT (MS-DTYP 2.4.4.3).
const OBJECT_TYPE_PRESENT: u32 = 0x1;
const INHERITED_OBJECT_TYPE_PRESENT: u32 = 0x2;

/// A security descriptor, as far as access checks need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecurityDescriptor {
    owner: Option<Sid>,
    /// `None`: no access control at all, everything is granted.
    dacl: Option<Acl>,
    protected: bool,
}

/// The access list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Acl {
    aces: Vec<Ace>,
    /// Some entries were left out: they grant under a condition, or neither grant nor deny.
    partial: bool,
}

/// An entry that grants or denies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ace {
    pub(crate) allow: bool,
    /// It holds under a condition, which is not evaluated.
    pub(crate) conditional: bool,
    pub(crate) flags: u8,
    pub(crate) mask: u32,
    /// The attribute, property set, right or class it is about; `None` for all of them.
    pub(crate) object_type: Option<Uuid>,
    /// The class of the objects that inherit it; `None` for all of them.
    pub(crate) inherited_object_type: Option<Uuid>,
    pub(crate) trustee: Sid,
}

impl Ace {
    /// Whether it has a say on the object itself.
    pub(crate) fn is_effective(&self) -> bool {
        self.flags & INHERIT_ONLY == 0
    }

    /// Whether it came from a parent.
    pub(crate) fn is_inherited(&self) -> bool {
        self.flags & INHERITED != 0
    }
}

/// The bytes are not a security descriptor, or hold what this crate cannot judge. Either way nothing may be assumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DescriptorError {
    /// Cut short, or lengths and offsets that contradict each other.
    #[error("malformed security descriptor")]
    Malformed,
    /// An access control entry of a type that MS-DTYP 2.4.4.1 does not list; it might deny.
    #[error("access control entry of unknown type {0:#04x}")]
    UnknownAce(u8),
}

impl From<InvalidSid> for DescriptorError {
    fn from(_: InvalidSid) -> Self {
        Self::Malformed
    }
}

impl SecurityDescriptor {
    /// Reads a self-relative descriptor, as in `nTSecurityDescriptor`. The SACL is not looked at.
    ///
    /// # Errors
    /// [`DescriptorError`], on which a caller must act as if nothing was granted.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, DescriptorError> {
        let mut header = Reader(bytes);
        let [revision, _] = header.take()?;
        let control = u16::from_le_bytes(header.take()?);
        if revision != 1 || control & SELF_RELATIVE == 0 {
            return Err(DescriptorError::Malformed);
        }
        let owner = header.offset()?;
        let _group = header.offset()?;
        let _sacl = header.offset()?;
        let dacl = header.offset()?;
        let part = |offset: usize| bytes.get(offset..).ok_or(DescriptorError::Malformed);

        let owner = match owner {
            0 => None,
            offset => Some(Sid::read(part(offset)?)?.0),
        };
        let dacl = match dacl {
            offset if control & DACL_PRESENT != 0 && offset != 0 => Some(parse_acl(part(offset)?)?),
            _ => None,
        };
        Ok(Self {
            owner,
            dacl,
            protected: control & DACL_PROTECTED != 0,
        })
    }

    /// Whether the object takes no entries from its parents, as AdminSDHolder's protection leaves it.
    pub(crate) fn inheritance_broken(&self) -> bool {
        self.protected
    }

    /// Who owns the object.
    pub(crate) fn owner(&self) -> Option<&Sid> {
        self.owner.as_ref()
    }

    /// The entries of the access list; `None` where there is no list and everything is granted.
    pub(crate) fn entries(&self) -> Option<&[Ace]> {
        self.dacl.as_ref().map(|acl| acl.aces.as_slice())
    }

    /// Whether [`entries`](Self::entries) are all the entries there are.
    pub(crate) fn is_complete(&self) -> bool {
        self.dacl.as_ref().is_none_or(|acl| !acl.partial)
    }

    /// What the access list says of a right. `token` as for [`decide`].
    pub(crate) fn decide(&self, token: &[Sid], wanted: Wanted) -> Decision<'_> {
        match &self.dacl {
            None => Decision::Granted,
            Some(acl) => decide(
                acl.aces.iter().filter(|ace| ace.is_effective()),
                self.owner.as_ref(),
                token,
                wanted,
            ),
        }
    }

    /// Whether `token` may read the attribute, a member of `property_set`.
    pub(crate) fn can_read_property(&self, token: &[Sid], attribute: Uuid, property_set: Option<Uuid>) -> bool {
        self.decide(token, Wanted::read(attribute, property_set)).is_granted()
    }

    /// Whether `token` has the control access right (MS-ADTS 5.1.3.3.4).
    pub(crate) fn has_control_access(&self, token: &[Sid], right: Uuid) -> bool {
        self.decide(token, Wanted::control(right)).is_granted()
    }
}

/// The entries of an ACL (MS-DTYP 2.4.5).
fn parse_acl(bytes: &[u8]) -> Result<Acl, DescriptorError> {
    let mut header = Reader(bytes);
    let [revision, _] = header.take()?;
    if !matches!(revision, 2 | 4) {
        return Err(DescriptorError::Malformed);
    }
    let size = usize::from(u16::from_le_bytes(header.take()?));
    let count = u16::from_le_bytes(header.take()?);
    header.take::<2>()?;
    let entries = bytes.get(8..size).ok_or(DescriptorError::Malformed)?;
    let mut entries = Reader(entries);
    let mut acl = Acl::default();
    for _ in 0..count {
        match parse_ace(&mut entries)? {
            Some(ace) => acl.aces.push(ace),
            None => acl.partial = true,
        }
    }
    Ok(acl)
}

/// One entry; `None` for one that is left out.
fn parse_ace(entries: &mut Reader<'_>) -> Result<Option<Ace>, DescriptorError> {
    let [kind, flags] = entries.take()?;
    let size = usize::from(u16::from_le_bytes(entries.take()?));
    let body = size.checked_sub(4).ok_or(DescriptorError::Malformed)?;
    let mut body = Reader(entries.slice(body)?);
    let (allow, for_object) = match kind {
        0x00 => (true, false),
        0x05 => (true, true),
        0x01 | 0x0A => (false, false),
        0x06 | 0x0C => (false, true),
        // Audit and alarm entries, reserved types, labels and attributes neither grant nor deny. Entries that grant
        // under a condition (9, B) count as nothing, since the condition is not evaluated.
        0x02..=0x13 => return Ok(None),
        unknown => return Err(DescriptorError::UnknownAce(unknown)),
    };
    let mask = u32::from_le_bytes(body.take()?);
    let (object_type, inherited_object_type) = if for_object { body.object_types()? } else { (None, None) };
    let (trustee, _application_data) = Sid::read(body.0)?;
    Ok(Some(Ace {
        allow,
        conditional: matches!(kind, 0x0A | 0x0C),
        flags,
        mask,
        object_type,
        inherited_object_type,
        trustee,
    }))
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], DescriptorError> {
        let (head, rest) = self.0.split_first_chunk().ok_or(DescriptorError::Malformed)?;
        self.0 = rest;
        Ok(*head)
    }

    fn slice(&mut self, len: usize) -> Result<&'a [u8], DescriptorError> {
        let (head, rest) = self.0.split_at_checked(len).ok_or(DescriptorError::Malformed)?;
        self.0 = rest;
        Ok(head)
    }

    fn offset(&mut self) -> Result<usize, DescriptorError> {
        usize::try_from(u32::from_le_bytes(self.take()?)).map_err(|_| DescriptorError::Malformed)
    }

    /// The fields that an object entry has before its SID (MS-DTYP 2.4.4.3).
    fn object_types(&mut self) -> Result<(Option<Uuid>, Option<Uuid>), DescriptorError> {
        let flags = u32::from_le_bytes(self.take()?);
        let mut guid = |present: u32| match flags & present {
            0 => Ok(None),
            _ => self.take().map(|bytes| Some(Uuid::from_bytes_le(bytes))),
        };
        Ok((guid(OBJECT_TYPE_PRESENT)?, guid(INHERITED_OBJECT_TYPE_PRESENT)?))
    }
}

#[cfg(test)]
mod tests {
    use super::super::access::{CONTROL_ACCESS, READ_PROPERTY, WRITE_PROPERTY};
    use super::*;
    use proptest::prelude::*;

    const READER: &str = "S-1-5-21-1-2-3-1104";
    const GROUP: &str = "S-1-5-21-1-2-3-1105";

    fn sid(text: &str) -> Sid {
        text.parse().unwrap()
    }

    fn token() -> Vec<Sid> {
        ["S-1-1-0", "S-1-5-11", READER, GROUP].map(sid).to_vec()
    }

    /// An entry as it lies on the wire.
    fn ace(kind: u8, flags: u8, mask: u32, object: Option<Option<Uuid>>, trustee: &str) -> Vec<u8> {
        let mut body = mask.to_le_bytes().to_vec();
        if let Some(object) = object {
            body.extend(u32::from(object.is_some()).to_le_bytes());
            body.extend(object.iter().flat_map(Uuid::to_bytes_le));
        }
        body.extend(sid(trustee).to_bytes());
        let size = u16::try_from(body.len() + 4).unwrap().to_le_bytes();
        [&[kind, flags], &size[..], &body].concat()
    }

    fn acl(aces: &[Vec<u8>]) -> Vec<u8> {
        let body = aces.concat();
        let size = u16::try_from(body.len() + 8).unwrap().to_le_bytes();
        let count = u16::try_from(aces.len()).unwrap().to_le_bytes();
        [&[4, 0], &size[..], &count, &[0, 0], &body].concat()
    }

    fn descriptor(control: u16, owner: Option<&str>, dacl: Option<&[Vec<u8>]>) -> Vec<u8> {
        let owner = owner.map(|owner| sid(owner).to_bytes()).unwrap_or_default();
        let dacl = dacl.map(acl).unwrap_or_default();
        let at = |part: &[u8], offset: usize| if part.is_empty() { 0 } else { offset as u32 };
        let mut bytes = vec![1, 0];
        bytes.extend((control | SELF_RELATIVE).to_le_bytes());
        for offset in [at(&owner, 20), 0, 0, at(&dacl, 20 + owner.len())] {
            bytes.extend(offset.to_le_bytes());
        }
        [bytes, owner, dacl].concat()
    }

    fn with(aces: &[Vec<u8>]) -> SecurityDescriptor {
        SecurityDescriptor::parse(&descriptor(DACL_PRESENT, None, Some(aces))).unwrap()
    }

    fn reads_admin_count(aces: &[Vec<u8>]) -> bool {
        with(aces).can_read_property(&token(), schema::ADMIN_COUNT, None)
    }

    fn reads_control(aces: &[Vec<u8>]) -> bool {
        with(aces).can_read_property(
            &token(),
            schema::USER_ACCOUNT_CONTROL,
            Some(schema::ACCOUNT_RESTRICTIONS),
        )
    }

    #[test]
    fn absent_null_and_empty_lists() {
        for everything in [descriptor(0, None, None), descriptor(DACL_PRESENT, None, None)] {
            let sd = SecurityDescriptor::parse(&everything).unwrap();
            assert!(sd.can_read_property(&[], schema::ADMIN_COUNT, None));
        }
        assert!(!reads_admin_count(&[]));
    }

    #[test]
    fn simple_entries_in_order() {
        let allow = ace(0, 0, READ_PROPERTY, None, GROUP);
        let deny = ace(1, 0, READ_PROPERTY, None, READER);
        assert!(reads_admin_count(std::slice::from_ref(&allow)));
        assert!(reads_admin_count(&[allow.clone(), deny.clone()]));
        assert!(!reads_admin_count(&[deny, allow]));
        assert!(!reads_admin_count(&[ace(
            0,
            0,
            READ_PROPERTY,
            None,
            "S-1-5-21-1-2-3-9999"
        )]));
        assert!(!reads_admin_count(&[ace(0, 0, WRITE_PROPERTY, None, GROUP)]));
        assert!(!reads_admin_count(&[ace(
            0,
            INHERIT_ONLY | 2,
            READ_PROPERTY,
            None,
            GROUP
        )]));
    }

    #[test]
    fn generic_rights() {
        for (mask, read, control) in [
            (0x8000_0000, true, false),
            (0x4000_0000, false, false),
            (0x1000_0000, true, true),
            (0x2000_0000, false, false),
        ] {
            let sd = with(&[ace(0, 0, mask, None, GROUP)]);
            assert_eq!(sd.can_read_property(&token(), schema::PWD_LAST_SET, None), read);
            assert_eq!(sd.has_control_access(&token(), schema::RESET_PASSWORD), control);
        }
    }

    #[test]
    fn object_entries() {
        let on = |guid| ace(5, 0, READ_PROPERTY, Some(guid), GROUP);
        assert!(reads_control(&[on(Some(schema::USER_ACCOUNT_CONTROL))]));
        assert!(reads_control(&[on(Some(schema::ACCOUNT_RESTRICTIONS))]));
        assert!(reads_control(&[on(None)]));
        assert!(!reads_control(&[on(Some(schema::PWD_LAST_SET))]));
        assert!(!reads_control(&[on(Some(schema::CLASS_USER))]));
        assert!(!reads_admin_count(&[on(Some(schema::ACCOUNT_RESTRICTIONS))]));
        let allow = ace(0, 0, READ_PROPERTY, None, GROUP);
        for guid in [
            schema::USER_ACCOUNT_CONTROL,
            schema::ACCOUNT_RESTRICTIONS,
            schema::CLASS_USER,
        ] {
            let deny = ace(6, 0, READ_PROPERTY, Some(Some(guid)), READER);
            assert!(!reads_control(&[deny, allow.clone()]), "{guid}");
        }
    }

    #[test]
    fn an_inherited_object_type_is_skipped_over() {
        let mut body = READ_PROPERTY.to_le_bytes().to_vec();
        body.extend(3u32.to_le_bytes());
        body.extend(schema::ADMIN_COUNT.to_bytes_le());
        body.extend(schema::CLASS_USER.to_bytes_le());
        body.extend(sid(GROUP).to_bytes());
        let size = u16::try_from(body.len() + 4).unwrap().to_le_bytes();
        assert!(reads_admin_count(&[[&[5, 0x12], &size[..], &body].concat()]));
    }

    #[test]
    fn conditional_entries() {
        let allow = ace(0, 0, READ_PROPERTY, None, GROUP);
        assert!(!reads_admin_count(&[ace(9, 0, READ_PROPERTY, None, GROUP)]));
        assert!(!reads_admin_count(&[ace(0x0B, 0, READ_PROPERTY, Some(None), GROUP)]));
        assert!(!reads_admin_count(&[
            ace(0x0A, 0, READ_PROPERTY, None, GROUP),
            allow.clone()
        ]));
        assert!(!reads_admin_count(&[
            ace(0x0C, 0, READ_PROPERTY, Some(None), GROUP),
            allow.clone()
        ]));
        assert!(reads_admin_count(&[ace(2, 0, READ_PROPERTY, None, GROUP), allow]));
    }

    #[test]
    fn control_access() {
        let reset = ace(5, 0, CONTROL_ACCESS, Some(Some(schema::RESET_PASSWORD)), GROUP);
        let sd = with(std::slice::from_ref(&reset));
        assert!(sd.has_control_access(&token(), schema::RESET_PASSWORD));
        assert!(!sd.has_control_access(&token(), schema::CHANGE_PASSWORD));
        let denied = with(&[
            ace(6, 0, CONTROL_ACCESS, Some(Some(schema::RESET_PASSWORD)), "S-1-1-0"),
            reset,
        ]);
        assert!(!denied.has_control_access(&token(), schema::RESET_PASSWORD));
    }

    #[test]
    fn owner_rights() {
        let allow = [ace(0, 0, READ_PROPERTY, None, "S-1-3-4")];
        let deny = [
            ace(1, 0, READ_PROPERTY, None, "S-1-3-4"),
            ace(0, 0, READ_PROPERTY, None, GROUP),
        ];
        let reads = |owner, aces: &[Vec<u8>]| {
            SecurityDescriptor::parse(&descriptor(DACL_PRESENT, owner, Some(aces)))
                .unwrap()
                .can_read_property(&token(), schema::ADMIN_COUNT, None)
        };
        assert!(reads(Some(READER), &allow) && !reads(Some(READER), &deny));
        assert!(!reads(Some("S-1-5-18"), &allow) && reads(Some("S-1-5-18"), &deny));
        assert!(!reads(None, &allow) && !reads(None, &deny));
    }

    #[test]
    fn broken_inheritance() {
        let protected = descriptor(DACL_PRESENT | DACL_PROTECTED, None, Some(&[]));
        assert!(SecurityDescriptor::parse(&protected).unwrap().inheritance_broken());
        assert!(!with(&[]).inheritance_broken());
    }

    #[test]
    fn malformed() {
        let good = descriptor(DACL_PRESENT, Some(READER), Some(&[ace(0, 0, 1, None, GROUP)]));
        assert!(SecurityDescriptor::parse(&good).is_ok());
        for len in 0..good.len() {
            assert!(SecurityDescriptor::parse(&good[..len]).is_err(), "{len}");
        }
        let unknown = descriptor(DACL_PRESENT, None, Some(&[ace(0x14, 0, 1, None, GROUP)]));
        assert_eq!(
            SecurityDescriptor::parse(&unknown),
            Err(DescriptorError::UnknownAce(0x14))
        );
        let short = descriptor(DACL_PRESENT, None, Some(&[vec![0, 0, 3, 0]]));
        assert_eq!(SecurityDescriptor::parse(&short), Err(DescriptorError::Malformed));
        let mut absolute = good.clone();
        absolute[3] = 0;
        assert_eq!(SecurityDescriptor::parse(&absolute), Err(DescriptorError::Malformed));
        let mut far = good;
        far[16..20].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(SecurityDescriptor::parse(&far), Err(DescriptorError::Malformed));
    }

    /// The descriptor that a new Samba 4.24 domain gives its Administrator.
    #[test]
    fn as_a_server_sends_it() {
        let bytes = include_bytes!("../../tests/data/administrator.security-descriptor");
        let sd = SecurityDescriptor::parse(bytes).unwrap();
        let domain = "S-1-5-21-2742126047-3421463717-311361324";
        assert_eq!(sd.owner, Some(sid(&format!("{domain}-512"))));
        assert!(!sd.inheritance_broken());

        let reads = |trustee: &str, attribute, set| sd.can_read_property(&[sid(trustee)], attribute, set);
        let restrictions = Some(schema::ACCOUNT_RESTRICTIONS);
        assert!(reads(
            &format!("{domain}-553"),
            schema::USER_ACCOUNT_CONTROL,
            restrictions
        ));
        assert!(!reads(&format!("{domain}-553"), schema::ADMIN_COUNT, None));
        assert!(!reads("S-1-1-0", schema::USER_ACCOUNT_CONTROL, restrictions));
        assert!(reads("S-1-5-10", schema::ADMIN_COUNT, None));
        assert!(reads("S-1-5-32-548", schema::ADMIN_COUNT, None));

        let may = |trustee, right| sd.has_control_access(&[sid(trustee)], right);
        assert!(may("S-1-1-0", schema::CHANGE_PASSWORD) && !may("S-1-1-0", schema::RESET_PASSWORD));
        assert!(may("S-1-5-32-548", schema::RESET_PASSWORD));
        assert!(!may("S-1-5-11", schema::CHANGE_PASSWORD));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = SecurityDescriptor::parse(&bytes);
        }

        #[test]
        fn one_wrong_byte_never_panics(at in 0usize..120, byte in any::<u8>()) {
            let aces = [ace(5, 0, CONTROL_ACCESS, Some(Some(schema::RESET_PASSWORD)), GROUP), ace(1, 0, 1, None, READER)];
            let mut bytes = descriptor(DACL_PRESENT, Some(READER), Some(&aces));
            if let Some(slot) = bytes.get_mut(at) {
                *slot = byte;
            }
            if let Ok(sd) = SecurityDescriptor::parse(&bytes) {
                let _ = sd.has_control_access(&token(), schema::RESET_PASSWORD);
            }
        }
    }
}
