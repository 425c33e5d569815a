//! From an account's entry to readings.

use super::attribute::{FileTime, UserAccountControl, count, guid, integer};
use super::descriptor::{SecurityDescriptor, schema};
use super::metadata::{UNICODE_PWD, version_of};
use super::session::Entry;
use crate::error::{Code, Error};
use crate::facts::{Plain, Readings};
use crate::reading::{Reading, unreadable};
use crate::sid::Sid;
use uuid::Uuid;

/// The attributes of an account that are asked for. Constructed ones come only when named (MS-ADTS 3.1.1.4.5).
pub(crate) const ATTRIBUTES: &[&str] = &[
    "distinguishedName",
    "objectGUID",
    "objectSid",
    "objectClass",
    "sAMAccountName",
    "userPrincipalName",
    "displayName",
    "mS-DS-ConsistencyGuid",
    "userAccountControl",
    "msDS-User-Account-Control-Computed",
    "tokenGroups",
    "adminCount",
    "msDS-SecondaryKrbTgtNumber",
    "pwdLastSet",
    "lockoutTime",
    "accountExpires",
    "badPwdCount",
    "msDS-UserPasswordExpiryTimeComputed",
    "msDS-ResultantPSO",
    "allowedAttributesEffective",
    "nTSecurityDescriptor",
    "uSNChanged",
    "replPropertyMetaData",
];

/// The principals that stand for the user itself when it acts on its own account (MS-DTYP 2.4.2.4).
const SELF_AND_EVERYBODY: [&str; 4] = ["S-1-5-10", "S-1-1-0", "S-1-5-11", "S-1-5-15"];

/// Reads an entry. What is absent stays absent; what is there and cannot be decoded is an error.
pub(crate) fn readings(entry: &Entry, own_token: &[Sid]) -> Result<Readings, Error> {
    let descriptor = descriptor(entry)?;
    let own_token = &with_implied(own_token);
    let proof = Proof::new(
        descriptor.as_ref(),
        own_token,
        !entry.all("userAccountControl").is_empty(),
    );
    let sid = entry.decode_bytes("objectSid", |bytes| Sid::from_bytes(bytes).ok())?;
    let token_groups = token_groups(entry)?;
    let writable = |name: &str| {
        entry
            .all("allowedAttributesEffective")
            .iter()
            .any(|value| value.eq_ignore_ascii_case(name.as_bytes()))
    };
    Ok(Readings {
        plain: Plain {
            distinguished_name: entry.text("distinguishedName").unwrap_or(&entry.dn).to_owned(),
            guid: object_guid(entry)?,
            user_principal_name: entry.text("userPrincipalName").map(str::to_owned),
            display_name: entry.text("displayName").map(str::to_owned),
            consistency_guid: consistency_guid(entry, &proof),
            lockout_time: proof.reading(
                entry.decode("lockoutTime", FileTime::parse)?,
                schema::LOCKOUT_TIME,
                None,
            ),
            password_expires: entry.decode("msDS-UserPasswordExpiryTimeComputed", FileTime::parse)?,
            resultant_pso: proof.reading(
                entry.text("msDS-ResultantPSO").map(str::to_owned),
                schema::RESULTANT_PSO,
                None,
            ),
            cannot_change: descriptor
                .as_ref()
                .is_some_and(|descriptor| !may_change(descriptor, sid.as_ref(), token_groups.as_deref())),
            may_write_lockout_time: writable("lockoutTime"),
            may_write_pwd_last_set: writable("pwdLastSet"),
            bad_password_count: entry.decode("badPwdCount", count)?,
            usn_changed: entry.decode("uSNChanged", |text| text.parse().ok())?,
            // A blob of a version this library does not know is no evidence, and no fault either.
            password_version: entry
                .one("replPropertyMetaData")
                .and_then(|blob| version_of(blob, UNICODE_PWD))
                .map(|stamp| stamp.version),
        },
        // Every account has one, and an empty one is none.
        sam_account_name: entry
            .text("sAMAccountName")
            .filter(|name| !name.is_empty())
            .map(str::to_owned),
        object_classes: entry
            .texts("objectClass")
            .iter()
            .map(|class| class.to_ascii_lowercase())
            .collect(),
        control: entry.decode("userAccountControl", UserAccountControl::parse)?,
        computed_control: entry.decode("msDS-User-Account-Control-Computed", UserAccountControl::parse)?,
        admin_count: proof.reading(entry.decode("adminCount", integer)?, schema::ADMIN_COUNT, None),
        secondary_krbtgt: proof.reading(
            entry.decode("msDS-SecondaryKrbTgtNumber", integer)?,
            schema::SECONDARY_KRBTGT_NUMBER,
            None,
        ),
        pwd_last_set: entry.decode("pwdLastSet", FileTime::parse)?,
        account_expires: proof.reading(
            entry.decode("accountExpires", FileTime::parse)?,
            schema::ACCOUNT_EXPIRES,
            Some(schema::ACCOUNT_RESTRICTIONS),
        ),
        sid,
        token_groups,
    })
}

fn descriptor(entry: &Entry) -> Result<Option<SecurityDescriptor>, Error> {
    entry.decode_bytes("nTSecurityDescriptor", |bytes| SecurityDescriptor::parse(bytes).ok())
}

/// The schema lets it hold any bytes: what is no GUID is nobody's source anchor, and not that there is none either.
fn consistency_guid(entry: &Entry, proof: &Proof<'_>) -> Reading<Uuid> {
    match entry.one("mS-DS-ConsistencyGuid") {
        Some(bytes) => guid(bytes).map_or(Reading::Unreadable, Reading::Value),
        None => proof.reading(None, schema::CONSISTENCY_GUID, None),
    }
}

/// The attributes that [`Names::of`] reads.
pub(crate) const NAMES: &[&str] = &[
    "objectGUID",
    "mS-DS-ConsistencyGuid",
    "userPrincipalName",
    "userAccountControl",
    "nTSecurityDescriptor",
];

/// What an entry is found by, where an absent name means something.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) guid: Uuid,
    pub(crate) consistency_guid: Reading<Uuid>,
    pub(crate) user_principal_name: Reading<String>,
}

impl Names {
    pub(crate) fn of(entry: &Entry, own_token: &[Sid]) -> Result<Self, Error> {
        let (descriptor, own_token) = (descriptor(entry)?, with_implied(own_token));
        let proof = Proof::new(
            descriptor.as_ref(),
            &own_token,
            !entry.all("userAccountControl").is_empty(),
        );
        Ok(Names {
            guid: object_guid(entry)?,
            consistency_guid: consistency_guid(entry, &proof),
            user_principal_name: proof.reading(
                entry.text("userPrincipalName").map(str::to_owned),
                schema::USER_PRINCIPAL_NAME,
                Some(schema::PUBLIC_INFORMATION),
            ),
        })
    }
}

/// The objectGUID, without which nothing can be done with an entry.
pub(crate) fn object_guid(entry: &Entry) -> Result<Uuid, Error> {
    entry
        .decode_bytes("objectGUID", guid)?
        .ok_or_else(|| unreadable("objectGUID"))
}

pub(super) fn token_groups(entry: &Entry) -> Result<Option<Vec<Sid>>, Error> {
    let values = entry.all("tokenGroups");
    if values.is_empty() {
        return Ok(None);
    }
    let groups = values
        .iter()
        .map(|value| Sid::from_bytes(value).ok())
        .collect::<Option<Vec<_>>>();
    groups
        .map(Some)
        .ok_or_else(|| Error::new(Code::MalformedReply, "tokenGroups holds something that is not a SID"))
}

/// Whether the user may change its own password: the right is granted to SELF and to everybody unless it is denied
/// (MS-ADTS 6.1.1.2.7.44; "user cannot change password" is that denial).
fn may_change(descriptor: &SecurityDescriptor, sid: Option<&Sid>, groups: Option<&[Sid]>) -> bool {
    descriptor.has_control_access(&users_token(sid, groups), schema::CHANGE_PASSWORD)
}

/// The SIDs of a user that acts on its own account.
pub(super) fn users_token(sid: Option<&Sid>, groups: Option<&[Sid]>) -> Vec<Sid> {
    let own = SELF_AND_EVERYBODY.iter().filter_map(|text| text.parse().ok());
    own.chain(sid.cloned())
        .chain(groups.unwrap_or_default().iter().cloned())
        .collect()
}

/// The SIDs of a logged-on session, with those every one of them has (MS-DTYP 2.4.2.4: Everyone, Authenticated Users).
pub(super) fn with_implied(own_token: &[Sid]) -> Vec<Sid> {
    let implied = ["S-1-1-0", "S-1-5-11"].iter().filter_map(|text| text.parse().ok());
    own_token.iter().cloned().chain(implied).collect()
}

/// What proves that an absent attribute has no value.
struct Proof<'a> {
    descriptor: Option<&'a SecurityDescriptor>,
    own_token: &'a [Sid],
}

impl<'a> Proof<'a> {
    /// A security descriptor that denies what the server has just answered is no proof of anything.
    fn new(descriptor: Option<&'a SecurityDescriptor>, own_token: &'a [Sid], read_control: bool) -> Self {
        let explains_the_answer = |descriptor: &&SecurityDescriptor| {
            !read_control
                || descriptor.can_read_property(
                    own_token,
                    schema::USER_ACCOUNT_CONTROL,
                    Some(schema::ACCOUNT_RESTRICTIONS),
                )
        };
        Proof {
            descriptor: descriptor.filter(explains_the_answer),
            own_token,
        }
    }

    /// The security descriptor says whether the attribute could have been read. A server that shows none leaves only the
    /// attributes that must be there ([`Facts::conclude`](crate::facts::Facts::conclude)) to prove that the object is readable.
    fn reading<T>(&self, value: Option<T>, attribute: Uuid, property_set: Option<Uuid>) -> Reading<T> {
        match (value, self.descriptor) {
            (Some(value), _) => Reading::Value(value),
            (None, None) => Reading::Unset,
            (None, Some(descriptor)) if descriptor.can_read_property(self.own_token, attribute, property_set) => {
                Reading::Unset
            }
            (None, Some(_)) => Reading::Unreadable,
        }
    }
}
