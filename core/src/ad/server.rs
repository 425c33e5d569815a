//! What a domain controller says of itself in its rootDSE (MS-ADTS 3.1.1.3.2).

use super::attribute::generalized_time;
use super::config::Address;
use super::control::PolicyHints;
use super::dn::Dn;
use super::session::{Connection, Depth, Entry, Search};
use crate::clock::{Clock, SystemClock};
use crate::directory::{Endpoint, Server};
use crate::error::{Code, Error};
use crate::sid::Sid;

/// The names of the directory's parts.
#[derive(Clone, Debug)]
pub(crate) struct Naming {
    /// The naming context of the domain that the domain controller is of.
    pub(crate) domain: String,
    /// The naming context of the configuration.
    pub(crate) configuration: String,
    /// The DNS name of the domain.
    pub(crate) dns_domain: String,
}

/// A read-only domain controller (MS-ADTS 3.1.1.3.4.3).
const CAPABILITY_READ_ONLY: &str = "1.2.840.113556.1.4.1920";
/// Active Directory Lightweight Directory Services, which has no accounts of this kind.
const CAPABILITY_LIGHTWEIGHT: &str = "1.2.840.113556.1.4.1851";

pub(crate) const ATTRIBUTES: &[&str] = &[
    "defaultNamingContext",
    "configurationNamingContext",
    "dnsHostName",
    "dsServiceName",
    "supportedControl",
    "supportedCapabilities",
    "currentTime",
    "tokenGroups",
];

/// Reads the rootDSE over a logged-on connection, and refuses a server that is no writable domain controller.
pub(crate) async fn read(
    connection: &Connection,
    address: &Address,
    endpoint: Endpoint,
) -> Result<(Server, Naming), Error> {
    let search = Search {
        base: "",
        depth: Depth::Base,
        filter: "(objectClass=*)",
        attributes: ATTRIBUTES,
        at_most: 1,
    };
    let entries = connection.search(&search).await.map_err(|refusal| match refusal {
        Ok(answer) => super::refused("the rootDSE search", &answer),
        Err(error) => error,
    })?;
    let entry = entries.first().ok_or_else(|| malformed("no rootDSE"))?;
    understand(entry, address, endpoint)
}

/// Reads the entry. What is missing, and would be needed for a safe write, is an error.
pub(crate) fn understand(entry: &Entry, address: &Address, endpoint: Endpoint) -> Result<(Server, Naming), Error> {
    may_be_written_to(entry, address)?;
    let own_token = entry.all("tokenGroups").iter().map(|value| Sid::from_bytes(value).ok());
    let own_token = own_token
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| malformed("a tokenGroups without SIDs"))?;
    if own_token.is_empty() {
        // Without them nothing would keep the service account from writing its own password.
        return Err(Error::new(
            Code::PermissionDenied,
            "the service account may not read its own tokenGroups",
        )
        .with_missing_right("read tokenGroups of the rootDSE"));
    }
    let told = entry.text("currentTime").and_then(generalized_time);
    let server = Server {
        name: entry.text("dnsHostName").unwrap_or(&address.host).to_owned(),
        identity: entry.text("dsServiceName").unwrap_or_default().to_owned(),
        endpoint,
        policy_hints: PolicyHints::offered(&entry.texts("supportedControl")),
        own_token,
        now: told.unwrap_or_else(|| SystemClock.now()),
        tells_time: told.is_some(),
    };
    let naming = Naming {
        dns_domain: dns_domain(entry)?,
        configuration: entry.text("configurationNamingContext").unwrap_or_default().to_owned(),
        domain: entry.text("defaultNamingContext").unwrap_or_default().to_owned(),
    };
    Ok((server, naming))
}

/// Refuses a server whose rootDSE says that it is no writable domain controller.
pub(crate) fn may_be_written_to(root: &Entry, address: &Address) -> Result<(), Error> {
    let capabilities = root.texts("supportedCapabilities");
    if capabilities.iter().any(|oid| oid == CAPABILITY_READ_ONLY) {
        return Err(read_only(address));
    }
    if capabilities.iter().any(|oid| oid == CAPABILITY_LIGHTWEIGHT) {
        return Err(Error::new(
            Code::Unsupported,
            format!("{} is not a domain controller", address.host),
        ));
    }
    Ok(())
}

pub(crate) fn read_only(address: &Address) -> Error {
    Error::new(Code::ReadOnlyDirectory, format!("{} is read-only", address.host))
}

/// The DNS name of the domain that a rootDSE is of.
pub(crate) fn dns_domain(root: &Entry) -> Result<String, Error> {
    let domain = root
        .text("defaultNamingContext")
        .ok_or_else(|| malformed("no defaultNamingContext"))?;
    let dns_domain = domain.parse::<Dn>().ok().and_then(|dn| dn.dns_domain());
    dns_domain.ok_or_else(|| malformed("a defaultNamingContext that is no domain"))
}

fn malformed(what: &str) -> Error {
    Error::new(
        Code::MalformedReply,
        format!("the domain controller answered with {what}"),
    )
}
