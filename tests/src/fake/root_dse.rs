//! What a domain controller says of itself (MS-ADTS 3.1.1.3.2).

use super::directory::{Caller, Directory};
use super::entry::Entry;
use super::{BASE, DOMAIN, configuration, ntds_settings, time};

/// The capability of a read-only domain controller, LDAP_CAP_ACTIVE_DIRECTORY_PARTIAL_SECRETS_OID.
const PARTIAL_SECRETS: &str = "1.2.840.113556.1.4.1920";

/// The rootDSE as this caller sees it; tokenGroups are the caller's own.
pub(super) fn entry(directory: &Directory, caller: Caller) -> Entry {
    let options = &directory.options;
    let level = options.functional_level.to_string();
    let mut capabilities: Vec<String> = [800, 1670, 1791, 1935, 2080, 2237]
        .iter()
        .map(|n| format!("1.2.840.113556.1.4.{n}"))
        .collect();
    if options.read_only {
        capabilities.push(PARTIAL_SECRETS.to_owned());
    }
    let configuration = configuration();
    let schema = format!("CN=Schema,{configuration}");
    let mut root = Entry::new("")
        .with("currentTime", time::generalized(directory.now()))
        .with("dsServiceName", ntds_settings())
        .with_all("namingContexts", [BASE, &configuration, &schema])
        .with("defaultNamingContext", BASE)
        .with("schemaNamingContext", &schema)
        .with("configurationNamingContext", &configuration)
        .with("rootDomainNamingContext", BASE)
        .with_all("supportedControl", directory.supported_controls())
        .with_all("supportedLDAPVersion", ["3", "2"])
        .with("highestCommittedUSN", directory.usn.to_string())
        .with_all(
            "supportedSASLMechanisms",
            ["GSSAPI", "GSS-SPNEGO", "EXTERNAL", "DIGEST-MD5"],
        )
        .with("dnsHostName", &options.host_name)
        .with(
            "ldapServiceName",
            format!("{DOMAIN}:{}$@{}", super::SERVER, DOMAIN.to_uppercase()),
        )
        .with("serverName", super::server_object())
        .with_all("supportedCapabilities", capabilities)
        .with("isSynchronized", "TRUE")
        .with(
            "isGlobalCatalogReady",
            if options.global_catalog { "TRUE" } else { "FALSE" },
        )
        .with("domainFunctionality", &level)
        .with("forestFunctionality", &level)
        .with("domainControllerFunctionality", &level)
        .with_all(
            "supportedExtension",
            ["1.3.6.1.4.1.1466.20037", super::request::WHO_AM_I],
        );
    root.set("distinguishedName", Vec::new());
    if let Some(bound) = caller.bound {
        let account = &directory.entries[bound];
        let groups = account.values("tokenGroups").iter().chain(account.values("objectSid"));
        root.set("tokenGroups", groups.cloned().collect());
    }
    for name in &options.root_dse_without {
        root.set(name, Vec::new());
    }
    for (name, values) in &options.root_dse_with {
        root.set(name, values.clone());
    }
    root
}
