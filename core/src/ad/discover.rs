//! Asks DNS for a domain's domain controllers, and for their addresses (MS-ADTS 6.3.2).
//!
//! DNS is not authenticated: what it says decides whom to try, and in which order, never whom to trust.

use super::config::Domain;
use super::srv::Services;
use crate::error::Error;
use std::net::IpAddr;
use std::time::Duration;

/// The domain controllers that DNS knows, and for how long.
///
/// # Errors
/// [`Code::Unreachable`](crate::Code::Unreachable) where there is no answer that names one.
pub(crate) async fn services(domain: &Domain, site: Option<&str>) -> Result<(Services, Duration), Error> {
    implementation::services(domain, site).await
}

/// The addresses of a host, and for how long.
///
/// # Errors
/// The same, where there is none.
pub(crate) async fn addresses(domain: &Domain, host: &str) -> Result<(Vec<IpAddr>, Duration), Error> {
    implementation::addresses(domain, host).await
}

#[cfg(feature = "discovery")]
mod implementation {
    use super::*;
    use crate::ad::srv::Srv;
    use crate::error::Code;
    use hickory_resolver::TokioResolver;
    use hickory_resolver::config::{
        ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig,
    };
    use hickory_resolver::lookup::Lookup;
    use hickory_resolver::net::runtime::TokioRuntimeProvider;
    use hickory_resolver::proto::rr::{RData, Record};

    /// How long one DNS server may take for one question.
    const TIMEOUT: Duration = Duration::from_secs(2);

    /// One for each occasion: it ends its tasks with itself, belongs to the runtime that asks, and knows the system's servers
    /// of now.
    fn resolver(domain: &Domain) -> Result<TokioResolver, Error> {
        let failed = |error| Error::new(Code::Unreachable, format!("DNS cannot be asked: {error}"));
        let mut builder = if domain.dns_servers.is_empty() {
            TokioResolver::builder_tokio().map_err(failed)?
        } else {
            let servers = domain.dns_servers.iter().map(|server| {
                let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
                for connection in &mut connections {
                    connection.port = server.port();
                }
                NameServerConfig::new(server.ip(), true, connections)
            });
            let config = ResolverConfig::from_parts(None, Vec::new(), servers.collect());
            let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
            // Given servers are asked, and nothing else.
            builder.options_mut().use_hosts_file = ResolveHosts::Never;
            builder
        };
        let options = builder.options_mut();
        options.timeout = TIMEOUT;
        options.attempts = 2;
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        options.cache_size = 0;
        builder.build().map_err(failed)
    }

    pub(super) async fn services(domain: &Domain, site: Option<&str>) -> Result<(Services, Duration), Error> {
        let resolver = resolver(domain)?;
        let ask = async |service: String| {
            let answer = resolver
                .srv_lookup(format!("_ldap._tcp.{service}_msdcs.{}.", domain.name))
                .await;
            answer.map(|answer| (records(&answer), good_for(&answer)))
        };
        let of_site = async {
            match site {
                Some(site) => ask(format!("{site}._sites.dc.")).await.ok(),
                None => None,
            }
        };
        let (pdc, site, all) = tokio::join!(ask("pdc.".to_owned()), of_site, ask("dc.".to_owned()));
        // Any one of them will do: they name the same domain controllers.
        let answers = [pdc.as_ref().ok(), site.as_ref(), all.as_ref().ok()];
        let good_for = answers.into_iter().flatten().map(|(_, good_for)| *good_for).min();
        match (good_for, all) {
            (Some(good_for), all) => {
                let records =
                    |answer: Option<(Vec<Srv>, Duration)>| answer.map(|(records, _)| records).unwrap_or_default();
                let services = Services {
                    pdc: records(pdc.ok()),
                    site: records(site),
                    domain: records(all.ok()),
                };
                Ok((services, good_for))
            }
            (None, Err(error)) => Err(Error::new(
                Code::Unreachable,
                format!("DNS names no domain controller of {}: {error}", domain.name),
            )),
            (None, Ok(_)) => Err(Error::new(Code::Unreachable, "DNS gave no answer")),
        }
    }

    pub(super) async fn addresses(domain: &Domain, host: &str) -> Result<(Vec<IpAddr>, Duration), Error> {
        let failed = |error| Error::new(Code::Unreachable, format!("DNS knows no address of {host}: {error}"));
        let answer = resolver(domain)?.lookup_ip(format!("{host}.")).await.map_err(failed)?;
        let mut addresses: Vec<IpAddr> = answer.iter().collect();
        // Where a network has no IPv6, its addresses only cost time.
        addresses.sort_by_key(IpAddr::is_ipv6);
        addresses.truncate(MOST_ADDRESSES);
        Ok((addresses, good_for(answer.as_lookup())))
    }

    /// No more addresses of one host are tried.
    const MOST_ADDRESSES: usize = 8;

    fn records(answer: &Lookup) -> Vec<Srv> {
        let service = |record: &Record| match &record.data {
            RData::SRV(srv) => Some(Srv {
                priority: srv.priority,
                weight: srv.weight,
                port: srv.port,
                target: srv.target.to_ascii(),
            }),
            _ => None,
        };
        answer.answers().iter().filter_map(service).collect()
    }

    /// The shortest time to live.
    fn good_for(answer: &Lookup) -> Duration {
        let seconds = answer.answers().iter().map(|record| record.ttl).min().unwrap_or(0);
        Duration::from_secs(seconds.into())
    }
}

/// Without the feature, [`Settings`](crate::Settings) refuse a domain, so that nothing comes here.
#[cfg(not(feature = "discovery"))]
mod implementation {
    use super::*;
    use crate::ad::config::no_discovery;

    pub(super) async fn services(_: &Domain, _: Option<&str>) -> Result<(Services, Duration), Error> {
        Err(no_discovery())
    }

    pub(super) async fn addresses(_: &Domain, _: &str) -> Result<(Vec<IpAddr>, Duration), Error> {
        Err(no_discovery())
    }
}
