//! The searches that find an account by each kind of identity.

use super::attribute::{filter_value, guid_bytes, guid_dn, sid_dn};
use super::entry::{self, ATTRIBUTES, NAMES, Names, readings};
use super::server::Naming;
use super::session::{Connection, Depth, Entry, Search};
use crate::error::{Code, Error};
use crate::facts::Readings;
use crate::identity::{Name, anchored, principals};
use crate::sid::Sid;
use futures_util::future::join;
use uuid::Uuid;

/// More matches than two need not be known to know that there are several.
const ENOUGH: usize = 3;

/// What suffices where the name itself leaves no doubt.
const GUID: &[&str] = &["objectGUID"];

/// Results of a search whose base does not exist, or not here (RFC 4511 4.1.9): noSuchObject, referral, invalidDNSyntax.
const NOT_HERE: [u32; 3] = [32, 10, 34];

/// What a name leads to.
#[derive(Debug)]
pub(crate) struct Found {
    /// The users that have it.
    pub(crate) users: Vec<Uuid>,
    /// All that can be read of the user, where the name leads to it without a search.
    pub(crate) readings: Option<Box<Readings>>,
}

impl From<Vec<Uuid>> for Found {
    fn from(users: Vec<Uuid>) -> Self {
        Found { users, readings: None }
    }
}

/// The users that have a name.
pub(crate) async fn find(
    connection: &Connection,
    naming: &Naming,
    own_token: &[Sid],
    name: &Name,
) -> Result<Found, Error> {
    match name {
        Name::Guid(guid) => at(connection, &guid_dn(*guid), own_token).await,
        Name::Sid(sid) => at(connection, &sid_dn(sid), own_token).await,
        Name::Dn(dn) => at(connection, dn, own_token).await,
        _ => below_the_domain(connection, naming, own_token, name)
            .await
            .map(Found::from),
    }
}

/// The users that a search for a name finds.
async fn below_the_domain(
    connection: &Connection,
    naming: &Naming,
    own_token: &[Sid],
    name: &Name,
) -> Result<Vec<Uuid>, Error> {
    let entries = match name {
        Name::Upn(upn) => {
            let names = names(
                below(connection, naming, &upn_filter(upn, naming), NAMES).await?,
                own_token,
            )?;
            let candidates: Vec<_> = names
                .into_iter()
                .map(|names| (names.guid, names.user_principal_name))
                .collect();
            return principals(upn, &candidates);
        }
        Name::Sam { domain: None, name } => below(connection, naming, &sam_filter(name), GUID).await?,
        Name::Sam {
            domain: Some(domain),
            name,
        } => {
            let filter = sam_filter(name);
            let found = below(connection, naming, &filter, GUID);
            let (is_domain, found) = join(is_domain(connection, naming, domain), found).await;
            if is_domain? { found? } else { Vec::new() }
        }
        Name::SourceAnchor(anchor) => {
            let names = names(
                below(connection, naming, &anchor_filter(*anchor), NAMES).await?,
                own_token,
            )?;
            let candidates: Vec<_> = names
                .into_iter()
                .map(|names| (names.guid, names.consistency_guid))
                .collect();
            return anchored(*anchor, &candidates);
        }
        Name::Guid(_) | Name::Sid(_) | Name::Dn(_) => Vec::new(),
    };
    entries.iter().map(entry::object_guid).collect()
}

fn names(entries: Vec<Entry>, own_token: &[Sid]) -> Result<Vec<Names>, Error> {
    entries.iter().map(|entry| Names::of(entry, own_token)).collect()
}

/// The user that a name leads to by itself, read at once.
async fn at(connection: &Connection, base: &str, own_token: &[Sid]) -> Result<Found, Error> {
    let entries = search(connection, base, Depth::Base, "(objectClass=user)", ATTRIBUTES).await?;
    let Some(entry) = entries.first() else {
        return Ok(Found::from(Vec::new()));
    };
    let readings = readings(entry, own_token)?;
    Ok(Found {
        users: vec![readings.plain.guid],
        readings: Some(Box::new(readings)),
    })
}

/// The users below the domain that a filter matches. Computers, trusts and managed service accounts are users too: they
/// are found, and refused.
async fn below(
    connection: &Connection,
    naming: &Naming,
    filter: &str,
    attributes: &[&str],
) -> Result<Vec<Entry>, Error> {
    search(
        connection,
        &naming.domain,
        Depth::Subtree,
        &format!("(&(objectClass=user){filter})"),
        attributes,
    )
    .await
}

async fn search(
    connection: &Connection,
    base: &str,
    depth: Depth,
    filter: &str,
    attributes: &[&str],
) -> Result<Vec<Entry>, Error> {
    match connection
        .search(&Search {
            base,
            depth,
            filter,
            attributes,
            at_most: ENOUGH,
        })
        .await
    {
        Ok(entries) => Ok(entries),
        Err(Ok(answer)) if NOT_HERE.contains(&answer.code) => Ok(Vec::new()),
        Err(Ok(answer)) => Err(super::refused("the search for the account", &answer)),
        Err(Err(error)) => Err(error),
    }
}

fn sam_filter(name: &str) -> String {
    format!("(sAMAccountName={})", filter_value(name))
}

/// The explicit user principal name, or `sAMAccountName@domain` of an account that has no explicit one.
fn upn_filter(upn: &str, naming: &Naming) -> String {
    let explicit = format!("(userPrincipalName={})", filter_value(upn));
    match upn.rsplit_once('@') {
        Some((name, suffix)) if suffix.eq_ignore_ascii_case(&naming.dns_domain) => {
            format!("(|{explicit}(&(!(userPrincipalName=*)){}))", sam_filter(name))
        }
        _ => explicit,
    }
}

fn anchor_filter(anchor: Uuid) -> String {
    let value = filter_value(guid_bytes(anchor));
    format!("(|(mS-DS-ConsistencyGuid={value})(objectGUID={value}))")
}

/// Whether a domain in `DOMAIN\name` is this one: its DNS name, or its NetBIOS name.
async fn is_domain(connection: &Connection, naming: &Naming, domain: &str) -> Result<bool, Error> {
    if domain.eq_ignore_ascii_case(&naming.dns_domain) {
        return Ok(true);
    }
    match netbios_name(connection, naming).await? {
        Some(netbios) => Ok(netbios.eq_ignore_ascii_case(domain)),
        None => Err(Error::new(
            Code::PermissionDenied,
            "the service account may not read the domain's NetBIOS name",
        )
        .with_missing_right("read nETBIOSName")),
    }
}

/// The NetBIOS name of the domain, as its cross-reference gives it (MS-ADTS 6.1.1.2.1.1); `None` where that may not be read.
///
/// # Errors
/// Where the domain controller does not answer, or cannot just now.
pub(super) async fn netbios_name(connection: &Connection, naming: &Naming) -> Result<Option<String>, Error> {
    let search = Search {
        base: &format!("CN=Partitions,{}", naming.configuration),
        depth: Depth::Subtree,
        filter: &format!("(&(objectClass=crossRef)(nCName={}))", filter_value(&naming.domain)),
        attributes: &["nETBIOSName"],
        at_most: 1,
    };
    let found = match connection.search(&search).await {
        Ok(found) => found,
        Err(Err(lost)) => return Err(lost),
        Err(Ok(answer)) => {
            return match super::refused("reading the domain's name", &answer) {
                busy if busy.code() == Code::Unreachable => Err(busy),
                _ => Ok(None),
            };
        }
    };
    let name = found.first().and_then(|domain| domain.text("nETBIOSName"));
    Ok(name.map(str::to_owned))
}
