//! The effective rights of the service account, read from security descriptors.

use super::super::access::{Decision, of_new_user, origin};
use super::super::attribute::{filter_value, guid_dn};
use super::super::backend::LdapSession;
use super::super::descriptor::{Ace, SecurityDescriptor, schema};
use super::super::dn::parent;
use super::super::entry::{token_groups, users_token, with_implied};
use super::super::find::netbios_name;
use super::super::right::{READ, Right};
use super::super::session::{Answer, Connection, Depth, Entry, Search};
use super::super::{access, refused, sddl};
use crate::error::Error;
use crate::grants::{Access, Denial, Held, Place, Service, Target};
use crate::identity::Name;
use crate::sid::Sid;
use uuid::Uuid;

/// The rights that matter on an account, in the order of the checks.
const ON_USERS: [Right; 4] = [
    Right::ResetPassword,
    Right::ChangePassword,
    Right::WriteLockoutTime,
    Right::WritePwdLastSet,
];

/// Attributes that every account has: where one is not sent, it may not be read.
const ALWAYS_THERE: [&str; 8] = [
    "objectGUID",
    "objectClass",
    "objectSid",
    "sAMAccountName",
    "userAccountControl",
    "msDS-User-Account-Control-Computed",
    "pwdLastSet",
    "tokenGroups",
];

/// No parent further away is looked at for the origin of an inherited entry.
const DEEPEST: usize = 32;

const HIDDEN: &str = "the security descriptor may not be read";

/// The account that the session is logged on as: the only user among the SIDs of its token.
pub(in super::super) async fn service_account(session: &mut LdapSession) -> Service {
    let own = session.server.own_token.iter().filter(|sid| sid.is_domain_sid_based());
    let filter: String = own
        .map(|sid| format!("(objectSid={})", filter_value(sid.to_bytes())))
        .collect();
    let search = Search {
        base: &session.logged_on.naming.domain,
        depth: Depth::Subtree,
        filter: &format!("(&(objectClass=user)(|{filter}))"),
        attributes: &["objectSid", "sAMAccountName"],
        at_most: 2,
    };
    let found = session.logged_on.connection.search(&search).await.unwrap_or_default();
    let [account] = found.as_slice() else {
        return Service { name: None, sid: None };
    };
    let sid = account.one("objectSid").and_then(|bytes| Sid::from_bytes(bytes).ok());
    let name = match account.text("sAMAccountName") {
        Some(name) => netbios_name(&session.logged_on.connection, &session.logged_on.naming)
            .await
            .ok()
            .flatten()
            .map(|domain| format!("{domain}\\{name}")),
        None => None,
    };
    Service { name, sid }
}

/// What the service account may do to a target.
pub(in super::super) async fn access(session: &mut LdapSession, target: Target<'_>) -> Result<Option<Access>, Error> {
    match target {
        Target::User(user) => of_user(session, user).await,
        Target::Below(Name::Dn(dn)) => below(session, dn).await,
        Target::Below(Name::Guid(guid)) => below(session, &guid_dn(*guid)).await,
        Target::Below(_) => Ok(None),
        Target::Domain => of_the_domain(session).await.map(Some),
    }
}

/// One object; `None` where it is not there.
async fn one(connection: &Connection, base: &str, attributes: &[&str]) -> Result<Option<Entry>, Error> {
    let search = Search {
        base,
        depth: Depth::Base,
        filter: "(objectClass=*)",
        attributes,
        at_most: 1,
    };
    match connection.search(&search).await {
        Ok(entries) => Ok(entries.into_iter().next()),
        Err(Ok(Answer { code: 32 | 10 | 34, .. })) => Ok(None),
        Err(Ok(answer)) => Err(refused("reading a security descriptor", &answer)),
        Err(Err(error)) => Err(error),
    }
}

fn descriptor(entry: &Entry) -> Result<SecurityDescriptor, String> {
    let bytes = entry.one("nTSecurityDescriptor").ok_or_else(|| HIDDEN.to_owned())?;
    SecurityDescriptor::parse(bytes).map_err(|error| error.to_string())
}

async fn of_user(session: &mut LdapSession, user: Uuid) -> Result<Option<Access>, Error> {
    let mut attributes: Vec<&str> = READ.iter().map(|attribute| attribute.name).collect();
    attributes.extend(["distinguishedName", "nTSecurityDescriptor"]);
    let Some(entry) = one(&session.logged_on.connection, &guid_dn(user), &attributes).await? else {
        return Ok(None);
    };
    let dn = entry.text("distinguishedName").unwrap_or(&entry.dn).to_owned();
    let descriptor = descriptor(&entry);
    let protected = descriptor.as_ref().ok().map(SecurityDescriptor::inheritance_broken);
    let sid = entry.one("objectSid").and_then(|bytes| Sid::from_bytes(bytes).ok());
    let of_the_user = users_token(sid.as_ref(), token_groups(&entry)?.as_deref());
    let mut list = List {
        own: with_implied(&session.server.own_token),
        aces: descriptor.clone().map(entries),
        owner: descriptor
            .as_ref()
            .ok()
            .and_then(|descriptor| descriptor.owner().cloned()),
        on: dn.clone(),
        single: single_entries(session).await,
    };
    let mut rights = Vec::new();
    for right in ON_USERS.into_iter().chain(READ.iter().map(Right::Read)) {
        let held = list.held(&session.logged_on.connection, right).await;
        rights.push((right, as_seen(&entry, right, held)));
    }
    let read_control = Held::of(entry.one("nTSecurityDescriptor").is_some());
    rights.push((Right::ReadControl, read_control));
    list.own = of_the_user;
    let user_may_change = list.held(&session.logged_on.connection, Right::ChangePassword).await;
    Ok(Some(Access {
        rights,
        user_may_change,
        inherits: protected.map(|protected| !protected),
        unprotected: descriptor.ok().and_then(unprotected),
        place: place(&dn, &entry, protected == Some(true)),
        dn,
    }))
}

/// What the answer itself proves: a value that was sent may be read, and one that everybody has and that was not sent may not. Of
/// writes the server says itself what is allowed; what it says counts, since this library goes by it.
fn as_seen(entry: &Entry, right: Right, computed: Held) -> Held {
    match right {
        Right::Read(attribute) if !entry.all(attribute.name).is_empty() => Held::Yes,
        Right::Read(attribute) if computed == Held::Yes && ALWAYS_THERE.contains(&attribute.name) => {
            Held::Unknown(format!(
                "the access list grants reading {}, and the server does not send it",
                attribute.name
            ))
        }
        Right::WriteLockoutTime => as_allowed(entry, "lockoutTime", computed),
        Right::WritePwdLastSet => as_allowed(entry, "pwdLastSet", computed),
        _ => computed,
    }
}

fn as_allowed(entry: &Entry, attribute: &str, computed: Held) -> Held {
    let allowed = entry.all("allowedAttributesEffective");
    let listed = allowed
        .iter()
        .any(|name| name.eq_ignore_ascii_case(attribute.as_bytes()));
    match computed {
        _ if listed => Held::Yes,
        Held::Yes => Held::Unknown(format!(
            "the access list grants writing {attribute}, and the server does not list it among what may be written"
        )),
        computed => computed,
    }
}

/// The place to grant a right on an account: its container, unless the account does not inherit.
fn place(dn: &str, entry: &Entry, protected: bool) -> Place {
    let known = ["top", "person", "organizationalperson", "user", "inetorgperson"];
    let classes: Vec<String> = entry
        .texts("objectClass")
        .iter()
        .map(|class| class.to_ascii_lowercase())
        .collect();
    let ordinary = classes.iter().all(|class| known.contains(&class.as_str()));
    match parent(dn).map(str::to_owned) {
        Some(container) if !protected && ordinary => match classes.iter().any(|class| class == "inetorgperson") {
            true => Place::People(container),
            false => Place::Users(container),
        },
        _ => Place::On(dn.to_owned()),
    }
}

fn entries(descriptor: SecurityDescriptor) -> Option<Vec<Ace>> {
    descriptor.entries().map(<[Ace]>::to_vec)
}

/// The list of a protected object as it is to be for it to inherit: its own entries.
fn unprotected(descriptor: SecurityDescriptor) -> Option<String> {
    let complete = descriptor.inheritance_broken() && descriptor.is_complete();
    let own = descriptor.entries()?.iter().filter(|ace| !ace.is_inherited());
    complete.then(|| sddl::list(own)).flatten()
}

/// An access list to be asked.
struct List {
    /// Who asks.
    own: Vec<Sid>,
    /// The entries; `Ok(None)` where everything is granted, `Err` says why they are not known.
    aces: Result<Option<Vec<Ace>>, String>,
    owner: Option<Sid>,
    /// The object whose list it is, or the container it is inherited from.
    on: String,
    /// The server's tool can take a single entry away.
    single: bool,
}

impl List {
    async fn held(&self, connection: &Connection, right: Right) -> Held {
        let Some(wanted) = right.wanted() else {
            return Held::Unknown(HIDDEN.to_owned());
        };
        let aces = match &self.aces {
            Ok(Some(aces)) => aces,
            Ok(None) => return Held::Yes,
            Err(why) => return Held::Unknown(why.clone()),
        };
        let effective = aces.iter().filter(|ace| ace.is_effective());
        match access::decide(effective, self.owner.as_ref(), &self.own, wanted) {
            Decision::Granted => Held::Yes,
            Decision::NotGranted => Held::NotGranted,
            Decision::Denied(ace) => Held::Denied(Box::new(self.denial(connection, ace).await)),
        }
    }

    /// An entry that denies, at the object it was given on.
    async fn denial(&self, connection: &Connection, ace: &Ace) -> Denial {
        let nowhere = Denial {
            on: None,
            ace: ace.clone(),
            rest: None,
            alone: false,
            single: self.single,
        };
        let mut next = Some(self.on.as_str());
        // An entry of its own is in its own list or nowhere.
        let depth = if ace.is_inherited() { DEEPEST } else { 1 };
        for _ in 0..depth {
            let Some(dn) = next else { break };
            let read = one(connection, dn, &["nTSecurityDescriptor"]).await;
            if let Some(denial) = read.ok().flatten().and_then(|entry| self.denial_in(&entry, dn, ace)) {
                return denial;
            }
            next = parent(dn);
        }
        nowhere
    }

    /// The entry, where it was given on this object.
    fn denial_in(&self, entry: &Entry, dn: &str, ace: &Ace) -> Option<Denial> {
        let descriptor = descriptor(entry).ok()?;
        let entries = descriptor.entries()?;
        let given = if ace.is_inherited() {
            origin(ace, entries)?
        } else {
            entries.iter().find(|given| *given == ace)?
        };
        let rest = || entries.iter().filter(|other| !other.is_inherited() && *other != given);
        let rest_sddl = if descriptor.is_complete() {
            sddl::list(rest())
        } else {
            None
        };
        Some(Denial {
            on: Some(dn.to_owned()),
            ace: given.clone(),
            rest: rest_sddl.map(|list| match descriptor.inheritance_broken() {
                true => list.replacen("D:", "D:P", 1),
                false => list,
            }),
            alone: rest().all(|other| other.trustee != given.trustee),
            single: self.single,
        })
    }
}

/// Whether `samba-tool dsacl delete` is there: on Samba since 4.20 at the latest. What is no Samba has no samba-tool of its own, and
/// the one used with it may be assumed to be recent.
async fn single_entries(session: &mut LdapSession) -> bool {
    let root = one(&session.logged_on.connection, "", &["vendorName", "vendorVersion"])
        .await
        .ok()
        .flatten();
    let Some(root) = root.filter(|root| root.text("vendorName").is_some_and(|name| name.contains("Samba"))) else {
        return true;
    };
    let version = root.text("vendorVersion").unwrap_or_default();
    let mut numbers = version
        .split('.')
        .map(|number| number.parse::<u32>().unwrap_or_default());
    (numbers.next(), numbers.next()) >= (Some(4), Some(20))
}

/// The rights on the users that would be created in a container.
async fn below(session: &mut LdapSession, base: &str) -> Result<Option<Access>, Error> {
    let attributes = ["objectClass", "distinguishedName", "nTSecurityDescriptor"];
    let Some(entry) = one(&session.logged_on.connection, base, &attributes).await? else {
        return Ok(None);
    };
    let is_account = entry
        .all("objectClass")
        .iter()
        .any(|class| class.eq_ignore_ascii_case(b"user"));
    if is_account {
        return Ok(None);
    }
    let dn = entry.text("distinguishedName").unwrap_or(&entry.dn).to_owned();
    let descriptor = descriptor(&entry);
    let of_the_class = defaults_of_users(session).await;
    let known = of_the_class.is_some();
    let of_the_class = of_the_class.unwrap_or_default();
    let mut list = List {
        own: with_implied(&session.server.own_token),
        aces: descriptor.clone().map(|descriptor| {
            entries(descriptor).map(|of_the_container| of_new_user(&of_the_class, &of_the_container))
        }),
        owner: None,
        on: dn.clone(),
        single: single_entries(session).await,
    };
    let mut rights = Vec::new();
    let all = ON_USERS.into_iter().chain(READ.iter().map(Right::Read));
    for right in all.chain([Right::ReadControl]) {
        let held = list.held(&session.logged_on.connection, right).await;
        rights.push((right, unless_by_default(held, known)));
    }
    list.own = users_token(None, None);
    let held = list.held(&session.logged_on.connection, Right::ChangePassword).await;
    let protected = descriptor.as_ref().ok().map(SecurityDescriptor::inheritance_broken);
    Ok(Some(Access {
        rights,
        user_may_change: unless_by_default(held, known),
        inherits: protected.map(|protected| !protected),
        unprotected: descriptor.ok().and_then(unprotected),
        place: Place::Users(dn.clone()),
        dn,
    }))
}

/// What nothing grants may be granted by default, where the defaults are not known.
fn unless_by_default(held: Held, known: bool) -> Held {
    match held {
        Held::NotGranted if !known => Held::Unknown("what the schema grants on new users may not be read".to_owned()),
        held => held,
    }
}

/// What the schema grants on every new user (MS-ADTS 3.1.1.2.4.8, defaultSecurityDescriptor).
async fn defaults_of_users(session: &mut LdapSession) -> Option<Vec<Ace>> {
    let base = format!("CN=User,CN=Schema,{}", session.logged_on.naming.configuration);
    let class = one(&session.logged_on.connection, &base, &["defaultSecurityDescriptor"])
        .await
        .ok()??;
    let own = session.server.own_token.iter().find(|sid| sid.is_domain_sid_based());
    let domain = own.and_then(Sid::domain);
    sddl::read(class.text("defaultSecurityDescriptor")?, domain.as_ref())
}

/// The rights that are on the domain, not on accounts.
async fn of_the_domain(session: &mut LdapSession) -> Result<Access, Error> {
    let dn = session.logged_on.naming.domain.clone();
    let root = one(&session.logged_on.connection, &dn, &["nTSecurityDescriptor"]).await?;
    let descriptor = root.as_ref().map_or_else(|| Err(HIDDEN.to_owned()), descriptor);
    let list = List {
        own: with_implied(&session.server.own_token),
        owner: descriptor
            .as_ref()
            .ok()
            .and_then(|descriptor| descriptor.owner().cloned()),
        aces: descriptor.map(entries),
        on: dn.clone(),
        single: single_entries(session).await,
    };
    let unexpire = list.held(&session.logged_on.connection, Right::UnexpirePassword).await;
    let policies = policies(session, list.single).await?;
    Ok(Access {
        rights: vec![
            (Right::UnexpirePassword, unexpire),
            (Right::ReadPasswordSettings, policies),
        ],
        user_may_change: Held::Yes,
        inherits: None,
        unprotected: None,
        place: Place::On(dn.clone()),
        dn,
    })
}

/// Whether fine-grained policies can be read: an object that comes without attributes may be seen, not read.
async fn policies(session: &mut LdapSession, single: bool) -> Result<Held, Error> {
    let container = format!(
        "CN=Password Settings Container,CN=System,{}",
        session.logged_on.naming.domain
    );
    let attributes = ["objectClass", "nTSecurityDescriptor"];
    let entry = one(&session.logged_on.connection, &container, &attributes).await?;
    let readable = entry.as_ref().is_some_and(|entry| !entry.all("objectClass").is_empty());
    let list = List {
        own: with_implied(&session.server.own_token),
        aces: entry
            .as_ref()
            .map_or_else(|| Err(HIDDEN.to_owned()), descriptor)
            .map(entries),
        owner: None,
        on: container.clone(),
        single,
    };
    let search = Search {
        base: &container,
        depth: Depth::Subtree,
        filter: "(objectClass=*)",
        attributes: &["objectClass"],
        at_most: 1000,
    };
    let all_readable = match session.logged_on.connection.search(&search).await {
        Ok(entries) => entries.iter().all(|entry| !entry.is_bare()),
        Err(Ok(_)) => false,
        Err(Err(error)) => return Err(error),
    };
    if readable && all_readable {
        return Ok(Held::Yes);
    }
    // Where the list shows, it says whether something denies it: the right to read the class will do for all of it.
    let class = READ.iter().find(|attribute| attribute.guid == schema::OBJECT_CLASS);
    let held = match class {
        Some(class) => list.held(&session.logged_on.connection, Right::Read(class)).await,
        None => Held::NotGranted,
    };
    Ok(match held {
        Held::Denied(denial) => Held::Denied(denial),
        _ => Held::NotGranted,
    })
}
