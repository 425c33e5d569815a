//! Self-relative security descriptors (MS-DTYP 2.4.6), and what they let a token do (MS-ADTS 5.1.3.3).
//!
//! A withheld attribute is simply missing from an answer, so only the descriptor tells "not set" from "not readable".
//! Wherever this file is in doubt it says "no": a caller that is told "yes" may rely on it.

use uuid::{Uuid, uuid};

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
    /// Class `user` (MS-ADSC).
    pub(crate) const CLASS_USER: Uuid = uuid!("bf967aba-0de6-11d0-a285-00aa003049e2");
    /// Class `inetOrgPerson` (MS-ADSC).
    pub(crate) const CLASS_INET_ORG_PERSON: Uuid = uuid!("4828cc14-1437-45bc-9b07-ad6f015e5f28");
}

/// RIGHT_DS_READ_PROPERTY (MS-ADTS 5.1.3.2).
const READ_PROPERTY: u32 = 0x10;
/// RIGHT_DS_WRITE_PROPERTY (MS-ADTS 5.1.3.2).
const WRITE_PROPERTY: u32 = 0x20;
/// RIGHT_DS_CONTROL_ACCESS (MS-ADTS 5.1.3.2).
const CONTROL_ACCESS: u32 = 0x100;

/// The generic rights, and those of the above that each holds (MS-ADTS 5.1.3.2).
const GENERIC_RIGHTS: [(u32, u32); 3] = [
    (0x8000_0000, READ_PROPERTY),
    (0x4000_0000, WRITE_PROPERTY),
    (0x1000_0000, READ_PROPERTY | WRITE_PROPERTY | CONTROL_ACCESS),
];

/// SE_DACL_PRESENT, SE_DACL_PROTECTED, SE_SELF_RELATIVE (MS-DTYP 2.4.6).
const DACL_PRESENT: u16 = 0x4;
const DACL_PROTECTED: u16 = 0x1000;
const SELF_RELATIVE: u16 = 0x8000;

/// INHERIT_ONLY_ACE (MS-DTYP 2.4.4.1).
const INHERIT_ONLY: u8 = 0x8;

/// ACE_OBJECT_TYPE_PRESENT, ACE_INHERITED_OBJECT_TYPE_PRESENT (MS-DTYP 2.4.4.3).
const OBJECT_TYPE_PRESENT: u32 = 0x1;
const INHERITED_OBJECT_TYPE_PRESENT: u32 = 0x2;

/// A security descriptor, as far as access checks need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecurityDescriptor {
    owner: Option<Sid>,
    /// `None`: no access control at all, everything is granted.
    dacl: Option<Vec<Ace>>,
    protected: bool,
}

/// An entry that has a say on the object itself.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ace {
    allow: bool,
    mask: u32,
    /// The attribute, property set, right or class it is about; `None` for all of them.
    object_type: Option<Uuid>,
    trustee: Sid,
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

    /// Whether `token` may read the attribute, a member of `property_set`.
    ///
    /// `token` holds every SID of the reader: its own, its groups', Everyone and Authenticated Users; Principal Self
    /// (S-1-5-10) as well, where the reader is the object.
    pub(crate) fn can_read_property(&self, token: &[Sid], attribute: Uuid, property_set: Option<Uuid>) -> bool {
        self.grants(token, READ_PROPERTY, attribute, property_set)
    }

    /// Whether `token` has the control access right (MS-ADTS 5.1.3.3.4).
    pub(crate) fn has_control_access(&self, token: &[Sid], right: Uuid) -> bool {
        self.grants(token, CONTROL_ACCESS, right, None)
    }

    /// MS-ADTS 5.1.3.3.3 for one right on one leaf: of the entries that speak of it, the first decides.
    fn grants(&self, token: &[Sid], right: u32, object: Uuid, set: Option<Uuid>) -> bool {
        let Some(dacl) = &self.dacl else {
            return true;
        };
        dacl.iter()
            .find(|ace| ace.has(right) && ace.is_about(object, set) && self.is_for(ace, token))
            .is_some_and(|ace| ace.allow)
    }

    /// Whether the entry's trustee is in the token.
    ///
    /// Owner Rights (S-1-3-4, MS-DTYP 2.4.2.4) stands for the owner. Where the owner is not known, such an entry
    /// counts if it denies.
    fn is_for(&self, ace: &Ace, token: &[Sid]) -> bool {
        if token.contains(&ace.trustee) {
            return true;
        }
        is_owner_rights(&ace.trustee)
            && match &self.owner {
                Some(owner) => token.contains(owner),
                None => !ace.allow,
            }
    }
}

fn is_owner_rights(sid: &Sid) -> bool {
    sid.to_bytes() == [1, 1, 0, 0, 0, 0, 0, 3, 4, 0, 0, 0]
}

impl Ace {
    fn has(&self, right: u32) -> bool {
        let mapped = GENERIC_RIGHTS
            .iter()
            .filter(|(generic, _)| self.mask & generic != 0)
            .fold(self.mask, |mask, (_, rights)| mask | rights);
        mapped & right != 0
    }

    /// Whether the entry speaks of the attribute or right, itself or with its property set.
    ///
    /// A class as object type speaks of every attribute of its objects. Which class the object has is not known here,
    /// so that such an entry counts only if it denies.
    fn is_about(&self, object: Uuid, set: Option<Uuid>) -> bool {
        match self.object_type {
            None => true,
            Some(schema::CLASS_USER | schema::CLASS_INET_ORG_PERSON) => !self.allow,
            Some(about) => about == object || Some(about) == set,
        }
    }
}

/// The entries of an ACL (MS-DTYP 2.4.5) that have a say on the object itself.
fn parse_acl(bytes: &[u8]) -> Result<Vec<Ace>, DescriptorError> {
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
    let mut aces = Vec::new();
    for _ in 0..count {
        aces.extend(parse_ace(&mut entries)?);
    }
    Ok(aces)
}

/// One entry; `None` for one without a say on the object itself.
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
    let object_type = if for_object { body.object_type()? } else { None };
    let (trustee, _application_data) = Sid::read(body.0)?;
    Ok((flags & INHERIT_ONLY == 0).then_some(Ace {
        allow,
        mask,
        object_type,
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
    fn object_type(&mut self) -> Result<Option<Uuid>, DescriptorError> {
        let flags = u32::from_le_bytes(self.take()?);
        let object_type = match flags & OBJECT_TYPE_PRESENT {
            0 => None,
            _ => Some(Uuid::from_bytes_le(self.take()?)),
        };
        if flags & INHERITED_OBJECT_TYPE_PRESENT != 0 {
            self.take::<16>()?;
        }
        Ok(object_type)
    }
}

#[cfg(test)]
mod tests {
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
