//! What a domain controller that DNS named has to show before and after the logon.

use super::config::Address;
use super::netlogon::{self, Netlogon};
use super::server;
use super::session::{Connection, Depth, Search};
use super::transport::Connected;
use crate::error::{Code, Error};
use futures_util::future::join;

/// Asks one what it is, over a verified connection on which nobody logs on: a read-only domain controller, or one of another
/// domain, is not given the service account's password. Gives the site that it finds this machine in.
///
/// # Errors
/// [`Code::ReadOnlyDirectory`] or [`Code::Unsupported`] where it is not what is looked for.
pub(crate) async fn ask(connected: Connected, address: &Address, domain: &str) -> Result<Option<String>, Error> {
    let connection = Connection::over(connected, &address.host).await?;
    let root_dse = Search {
        base: "",
        depth: Depth::Base,
        filter: "(objectClass=*)",
        attributes: &["supportedCapabilities", "defaultNamingContext"],
        at_most: 1,
    };
    let netlogon = Search {
        filter: &netlogon::filter(domain),
        attributes: &["netlogon"],
        ..root_dse
    };
    // Both in one flight.
    let (root, answer) = join(connection.search(&root_dse), connection.search(&netlogon)).await;
    let lost = |refusal| match refusal {
        Ok(answer) => super::refused("the rootDSE search", &answer),
        Err(error) => error,
    };
    let root = root.map_err(lost)?;
    let root = root.first().filter(|root| !root.is_bare());
    let root = root.ok_or_else(|| Error::new(Code::MalformedReply, format!("{} has no rootDSE", address.host)))?;
    // Samba tells strangers only in the netlogon answer below that it is read-only.
    server::may_be_written_to(root, address)?;
    belongs(server::dns_domain(root)?.as_str(), address, Some(domain))?;

    let answer = match answer {
        Ok(entries) => entries
            .first()
            .and_then(|entry| entry.one("netlogon").and_then(Netlogon::read)),
        // One that has nothing to say to this is left to what its rootDSE says, now and after the logon.
        Err(Ok(_)) => None,
        Err(Err(error)) => return Err(error),
    };
    match answer {
        Some(answer) if !answer.writable => Err(server::read_only(address)),
        answer => Ok(answer.map(|answer| answer.client_site)),
    }
}

/// Refuses one that is not of the domain it was found by: its accounts are others, of whatever name.
pub(crate) fn belongs(to: &str, address: &Address, domain: Option<&str>) -> Result<(), Error> {
    match domain {
        Some(domain) if !to.eq_ignore_ascii_case(domain) => Err(Error::new(
            Code::Unsupported,
            format!("{} is a domain controller of {to}, not of {domain}", address.host),
        )),
        _ => Ok(()),
    }
}
