//! How a caller names an account.

use crate::ad::dn::Dn;
use crate::error::{Code, Error, Reason};
use crate::reading::{Reading, unreadable};
use crate::sid::Sid;
use crate::words::words;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use uuid::Uuid;

words! {
    /// The kinds of identity.
    pub enum IdentityKind {
        /// A user principal name, `alice@corp.example`.
        Upn = "upn",
        /// A sAMAccountName, `alice` or `CORP\alice`.
        Sam = "sam",
        /// A distinguished name (RFC 4514).
        Dn = "dn",
        /// An objectGUID in its usual text form.
        Guid = "guid",
        /// A security identifier, `S-1-5-21-...`.
        Sid = "sid",
        /// A source anchor (ImmutableId): base64 of the 16 bytes of mS-DS-ConsistencyGuid or objectGUID.
        SourceAnchor = "source_anchor",
    }
}

/// The name of an account, as a caller gives it.
///
/// A typed constructor says what kind of name it is. A plain string (`From<&str>`) is read as exactly one kind, never
/// tried as another: a GUID (dashed), a SID, 24 characters of base64 that hold 16 bytes (a source anchor), a distinguished
/// name where it contains `=` and parses, `DOMAIN\name`, a UPN where it contains `@`, else a sAMAccountName.
///
/// Nothing is checked here: what cannot be read is refused by the operation as [`Code::InvalidIdentity`], before anything is sent.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    kind: Option<IdentityKind>,
    text: String,
}

/// An identity that has been read: exactly one kind, well formed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Name {
    Upn(String),
    Sam { domain: Option<String>, name: String },
    Dn(String),
    Guid(Uuid),
    Sid(Sid),
    SourceAnchor(Uuid),
}

impl Name {
    pub(crate) fn kind(&self) -> IdentityKind {
        match self {
            Name::Upn(_) => IdentityKind::Upn,
            Name::Sam { .. } => IdentityKind::Sam,
            Name::Dn(_) => IdentityKind::Dn,
            Name::Guid(_) => IdentityKind::Guid,
            Name::Sid(_) => IdentityKind::Sid,
            Name::SourceAnchor(_) => IdentityKind::SourceAnchor,
        }
    }
}

impl Identity {
    fn of(kind: IdentityKind, text: impl Into<String>) -> Self {
        Identity {
            kind: Some(kind),
            text: text.into(),
        }
    }

    /// A user principal name: the explicit one, or sAMAccountName@domain of an account that has no explicit one.
    pub fn upn(upn: impl Into<String>) -> Self {
        Self::of(IdentityKind::Upn, upn)
    }

    /// A sAMAccountName, with or without `DOMAIN\`.
    pub fn sam(name: impl Into<String>) -> Self {
        Self::of(IdentityKind::Sam, name)
    }

    /// A distinguished name (RFC 4514).
    pub fn dn(dn: impl Into<String>) -> Self {
        Self::of(IdentityKind::Dn, dn)
    }

    /// An objectGUID.
    #[must_use]
    pub fn guid(guid: Uuid) -> Self {
        Self::of(IdentityKind::Guid, guid.to_string())
    }

    /// A security identifier in its text form (MS-DTYP 2.4.2.1).
    pub fn sid(sid: impl Into<String>) -> Self {
        Self::of(IdentityKind::Sid, sid)
    }

    /// A source anchor: base64 of the 16 bytes of mS-DS-ConsistencyGuid or objectGUID, in the byte order the directory stores.
    pub fn source_anchor(anchor: impl Into<String>) -> Self {
        Self::of(IdentityKind::SourceAnchor, anchor)
    }

    /// An identity of a kind given as a value; `None` reads the text as a plain string.
    pub fn typed(kind: Option<IdentityKind>, text: impl Into<String>) -> Self {
        Identity {
            kind,
            text: text.into(),
        }
    }

    /// The text as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The kind this identity is read as.
    ///
    /// # Errors
    /// [`Code::InvalidIdentity`] where it is of no known form.
    pub fn kind(&self) -> Result<IdentityKind, Error> {
        self.read().map(|name| name.kind())
    }

    /// Reads the identity as exactly one kind.
    pub(crate) fn read(&self) -> Result<Name, Error> {
        let text = self.text.as_str();
        let kind = self.kind.unwrap_or_else(|| guess(text));
        let name = match kind {
            _ if text.is_empty() || text.contains('\0') => None,
            IdentityKind::Upn => read_upn(text),
            IdentityKind::Sam => read_sam(text),
            IdentityKind::Dn => text.parse::<Dn>().ok().map(|_| Name::Dn(text.to_owned())),
            IdentityKind::Guid => read_guid(text).map(Name::Guid),
            IdentityKind::Sid => text.parse().ok().map(Name::Sid),
            IdentityKind::SourceAnchor => read_anchor(text).map(Name::SourceAnchor),
        };
        name.ok_or_else(|| {
            Error::new(
                Code::InvalidIdentity,
                format!("the identity cannot be read as a {kind}"),
            )
            .with_reason(Reason::Unreadable)
        })
    }
}

/// The users that a user principal name means, of those that have it and those whose sAMAccountName implies it: an implied
/// name counts only where there is no explicit one.
///
/// # Errors
/// [`Code::PermissionDenied`] where the explicit name of one of them may not be read: the name would be implied by mistake.
pub(crate) fn principals(upn: &str, candidates: &[(Uuid, Reading<String>)]) -> Result<Vec<Uuid>, Error> {
    let mut users = Vec::new();
    for (guid, explicit) in candidates {
        match explicit {
            Reading::Value(explicit) if explicit.to_lowercase() != upn.to_lowercase() => {}
            Reading::Value(_) | Reading::Unset => users.push(*guid),
            Reading::Unreadable => return Err(unreadable("userPrincipalName")),
        }
    }
    Ok(users)
}

/// The users that a source anchor means, of those whose mS-DS-ConsistencyGuid or objectGUID is the anchor.
///
/// mS-DS-ConsistencyGuid comes first; an objectGUID counts only where that object's mS-DS-ConsistencyGuid is empty or the same.
///
/// # Errors
/// [`Code::PermissionDenied`] where that object's mS-DS-ConsistencyGuid may not be read: it may be another.
pub(crate) fn anchored(anchor: Uuid, candidates: &[(Uuid, Reading<Uuid>)]) -> Result<Vec<Uuid>, Error> {
    let of = |wanted: fn(Uuid, &(Uuid, Reading<Uuid>)) -> bool| -> Vec<Uuid> {
        let wanted = candidates.iter().filter(|candidate| wanted(anchor, candidate));
        wanted.map(|(guid, _)| *guid).collect()
    };
    let consistent = of(|anchor, (_, reading)| *reading == Reading::Value(anchor));
    if !consistent.is_empty() {
        return Ok(consistent);
    }
    if !of(|anchor, (guid, reading)| *guid == anchor && *reading == Reading::Unreadable).is_empty() {
        return Err(unreadable("mS-DS-ConsistencyGuid"));
    }
    Ok(of(|anchor, (guid, reading)| {
        *guid == anchor && *reading == Reading::Unset
    }))
}

/// The one kind a plain string is.
fn guess(text: &str) -> IdentityKind {
    if read_guid(text).is_some() {
        IdentityKind::Guid
    } else if text.parse::<Sid>().is_ok() {
        IdentityKind::Sid
    } else if read_anchor(text).is_some() {
        // Before the DN: the base64 of 16 bytes ends in "==", and RFC 4514 lets `abc==` pass as a DN.
        IdentityKind::SourceAnchor
    } else if text.contains('=') && text.parse::<Dn>().is_ok() {
        IdentityKind::Dn
    } else if text.contains('\\') {
        IdentityKind::Sam
    } else if text.contains('@') {
        IdentityKind::Upn
    } else {
        IdentityKind::Sam
    }
}

/// A GUID with dashes, with or without braces. Without dashes it could be a name.
fn read_guid(text: &str) -> Option<Uuid> {
    text.contains('-')
        .then(|| Uuid::try_parse(text).ok())
        .flatten()
        .filter(|_| !text.starts_with("urn"))
}

fn read_anchor(text: &str) -> Option<Uuid> {
    if text.len() != 24 {
        return None;
    }
    let bytes: [u8; 16] = STANDARD.decode(text).ok()?.try_into().ok()?;
    Some(Uuid::from_bytes_le(bytes))
}

fn read_upn(text: &str) -> Option<Name> {
    let (user, suffix) = text.rsplit_once('@')?;
    (!user.is_empty() && !suffix.is_empty()).then(|| Name::Upn(text.to_owned()))
}

/// Characters a sAMAccountName cannot hold (MS-SAMR 3.1.1.6): refused here, so that nothing odd reaches a filter.
const NOT_IN_SAM: &[char] = &[
    '"', '/', '\\', '[', ']', ':', ';', '|', '=', ',', '+', '*', '?', '<', '>',
];

fn read_sam(text: &str) -> Option<Name> {
    let (domain, name) = match text.split_once('\\') {
        Some((domain, name)) => (Some(domain), name),
        None => (None, text),
    };
    let legal = |part: &str| !part.is_empty() && !part.contains(NOT_IN_SAM) && !part.chars().any(char::is_control);
    (legal(name) && domain.is_none_or(legal)).then(|| Name::Sam {
        domain: domain.map(str::to_owned),
        name: name.to_owned(),
    })
}

impl From<&str> for Identity {
    fn from(text: &str) -> Self {
        Identity {
            kind: None,
            text: text.to_owned(),
        }
    }
}

impl From<String> for Identity {
    fn from(text: String) -> Self {
        Identity { kind: None, text }
    }
}

impl From<&Identity> for Identity {
    fn from(identity: &Identity) -> Self {
        identity.clone()
    }
}

impl From<Uuid> for Identity {
    fn from(guid: Uuid) -> Self {
        Identity::guid(guid)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Some(kind) => write!(f, "Identity::{kind}({:?})", self.text),
            None => write!(f, "Identity({:?})", self.text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use IdentityKind::*;

    #[test]
    fn a_plain_string_is_one_kind() {
        for (text, kind) in [
            ("alice", Sam),
            ("CORP\\alice", Sam),
            ("alice@corp.example", Upn),
            ("CN=Alice,OU=People,DC=corp,DC=example", Dn),
            ("CN=Alice@Home\\, Ltd,DC=corp", Dn),
            ("S-1-5-21-1-2-3-1104", Sid),
            ("0a0b0c0d-0102-0304-0506-0708090a0b0c", Guid),
            ("{0a0b0c0d-0102-0304-0506-0708090a0b0c}", Guid),
            ("DQwLCgIBBAMFBgcICQoLDA==", SourceAnchor),
            ("0a0b0c0d0102030405060708090a0b0c", Sam),
        ] {
            assert_eq!(Identity::from(text).kind().unwrap(), kind, "{text}");
        }
    }

    #[test]
    fn an_anchor_is_in_the_byte_order_of_the_directory() {
        let name = Identity::from("DQwLCgIBBAMFBgcICQoLDA==").read().unwrap();
        assert_eq!(
            name,
            Name::SourceAnchor("0a0b0c0d-0102-0304-0506-0708090a0b0c".parse().unwrap())
        );
    }

    #[test]
    fn an_anchor_means_the_consistency_guid_first() {
        let [a, b, c] = [1, 2, 3].map(Uuid::from_u128);
        let (unset, is) = (Reading::Unset, Reading::Value);
        assert_eq!(anchored(a, &[(a, unset), (b, is(a))]).unwrap(), [b]);
        assert_eq!(anchored(a, &[(a, unset)]).unwrap(), [a]);
        assert_eq!(anchored(a, &[(a, is(a))]).unwrap(), [a]);
        assert!(anchored(a, &[(a, is(c))]).unwrap().is_empty());
        assert_eq!(anchored(a, &[(b, is(a)), (c, is(a))]).unwrap(), [b, c]);
        let hidden = anchored(a, &[(a, Reading::Unreadable)]).unwrap_err();
        assert_eq!(hidden.missing_right(), Some("read mS-DS-ConsistencyGuid"));
    }

    #[test]
    fn a_name_is_implied_only_where_there_is_provably_no_other() {
        let [a, b] = [1, 2].map(Uuid::from_u128);
        let explicit = |upn: &str| Reading::Value(upn.to_owned());
        assert_eq!(principals("x@corp", &[(a, Reading::Unset)]).unwrap(), [a]);
        assert_eq!(
            principals("x@corp", &[(a, explicit("X@Corp")), (b, Reading::Unset)]).unwrap(),
            [a, b]
        );
        assert_eq!(
            principals("x@corp", &[(a, explicit("y@corp"))]).unwrap(),
            [] as [Uuid; 0]
        );
        let hidden = principals("x@corp", &[(a, Reading::Unreadable)]).unwrap_err();
        assert_eq!(hidden.missing_right(), Some("read userPrincipalName"));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for identity in [
            Identity::from(""),
            Identity::from("a\0b"),
            Identity::from("a*b"),
            Identity::from("CORP\\"),
            Identity::from("\\alice"),
            Identity::from("a(b)=c"),
            Identity::upn("alice"),
            Identity::upn("@corp"),
            Identity::dn("alice"),
            Identity::sid("S-1-x"),
            Identity::source_anchor("short"),
            Identity::typed(Some(Guid), "alice"),
        ] {
            let error = identity.read().unwrap_err();
            assert_eq!(
                (error.code(), error.reason()),
                (Code::InvalidIdentity, Some(Reason::Unreadable)),
                "{identity:?}"
            );
        }
    }
}
