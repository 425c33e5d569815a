//! Service records: which of them name a domain controller, and in which order they are tried (RFC 2782).

use super::config::{Address, Domain, GLOBAL_CATALOGUE, Security};
use std::net::IpAddr;

/// One SRV record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Srv {
    pub(crate) priority: u16,
    pub(crate) weight: u16,
    pub(crate) port: u16,
    pub(crate) target: String,
}

/// What DNS says of a domain's domain controllers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Services {
    /// The PDC emulator.
    pub(crate) pdc: Vec<Srv>,
    /// Those that serve the client's site.
    pub(crate) site: Vec<Srv>,
    /// Those that serve the whole domain.
    pub(crate) domain: Vec<Srv>,
}

/// More domain controllers than this are not remembered: DNS is not trusted to be brief.
const MOST: usize = 256;

impl Services {
    /// The domain controllers, each once: the PDC emulator, then those of the site, then the others.
    ///
    /// `random` gives a number from zero up to and including its argument.
    pub(crate) fn in_order(self, domain: &Domain, mut random: impl FnMut(u64) -> u64) -> Vec<Address> {
        let mut order: Vec<Address> = Vec::new();
        for records in [self.pdc, self.site, self.domain] {
            for record in arrange(records, &mut random) {
                if let Some(address) = domain_controller(&record, domain)
                    && order.len() < MOST
                    && !order.contains(&address)
                {
                    order.push(address);
                }
            }
        }
        order
    }
}

/// Lower priorities first; within one, drawn by weight (RFC 2782, "Weight").
fn arrange(mut records: Vec<Srv>, random: &mut impl FnMut(u64) -> u64) -> Vec<Srv> {
    // Those without weight come first in a draw, which leaves them a small chance.
    records.sort_by_key(|record| (record.priority, record.weight != 0));
    let mut order = Vec::with_capacity(records.len());
    while let Some(priority) = records.first().map(|record| record.priority) {
        let peers = || records.iter().take_while(|record| record.priority == priority);
        let total = peers().map(|record| u64::from(record.weight)).sum();
        let drawn = random(total);
        let mut sum = 0;
        let place = peers().position(|record| {
            sum += u64::from(record.weight);
            sum >= drawn
        });
        order.push(records.remove(place.unwrap_or(0)));
    }
    order
}

/// Where a record's domain controller is written to; `None` where it must not be one of this domain.
///
/// DNS is not authenticated, and the certificate authority may have issued certificates for many names: only names below the
/// domain's own can be its domain controllers.
fn domain_controller(record: &Srv, domain: &Domain) -> Option<Address> {
    let host = host_name(&record.target)?;
    let label = host.strip_suffix(&domain.name)?.strip_suffix('.')?;
    let port = match domain.security {
        // The record tells the port of LDAP; the one of LDAPS is fixed (MS-ADTS 3.1.1.3.1.10).
        Security::Ldaps => 636,
        Security::StartTls => record.port,
    };
    let usable = port != 0 && !GLOBAL_CATALOGUE.contains(&record.port) && !label.is_empty();
    usable.then_some(Address {
        security: domain.security,
        host,
        port,
    })
}

/// A DNS name in lower case and without its last dot; `None` where it is none. What looks like an IP address is none: a
/// certificate for it would be checked in another way.
pub(crate) fn host_name(text: &str) -> Option<String> {
    let name = text.strip_suffix('.').unwrap_or(text);
    let legal = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    let label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(legal);
    (name.len() <= 253 && name.split('.').all(label) && name.parse::<IpAddr>().is_err())
        .then(|| name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(security: Security) -> Domain {
        Domain {
            name: "corp.example".into(),
            dns_servers: Vec::new(),
            site: None,
            security,
        }
    }

    fn srv(priority: u16, weight: u16, host: &str) -> Srv {
        Srv {
            priority,
            weight,
            port: 389,
            target: format!("{host}.corp.example."),
        }
    }

    fn order(services: Services, random: impl FnMut(u64) -> u64) -> Vec<String> {
        let hosts = services.in_order(&domain(Security::Ldaps), random).into_iter();
        hosts.map(|address| address.host.replace(".corp.example", "")).collect()
    }

    #[test]
    fn the_pdc_emulator_then_the_site_then_the_rest_each_once() {
        let services = Services {
            pdc: vec![srv(0, 100, "DC3")],
            site: vec![srv(10, 0, "dc2"), srv(0, 0, "dc5")],
            domain: vec![srv(0, 0, "dc1"), srv(0, 0, "dc2"), srv(0, 0, "dc3"), srv(0, 0, "dc4")],
        };
        assert_eq!(order(services, |_| 0), ["dc3", "dc5", "dc2", "dc1", "dc4"]);
    }

    #[test]
    fn a_draw_by_weight() {
        let records = || Services {
            domain: vec![
                srv(0, 60, "heavy"),
                srv(0, 30, "light"),
                srv(0, 0, "none"),
                srv(9, 99, "last"),
            ],
            ..Services::default()
        };
        // Zero draws the one without weight; the totals drawn from shrink as records are taken.
        let mut totals = Vec::new();
        let seen = order(records(), |total| {
            totals.push(total);
            0
        });
        assert_eq!(seen, ["none", "heavy", "light", "last"]);
        assert_eq!(totals, [90, 90, 30, 99]);
        assert_eq!(order(records(), |total| total), ["light", "heavy", "none", "last"]);
        assert_eq!(
            order(records(), |total| total.min(60)),
            ["heavy", "light", "none", "last"]
        );
        assert_eq!(
            order(records(), |total| total.min(61)),
            ["light", "heavy", "none", "last"]
        );
    }

    #[test]
    fn weights_are_shares() {
        // A generator of its own, so that the test is the same each time.
        let mut state = 7_u64;
        let mut random = |total: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % (total + 1)
        };
        let mut first = 0;
        for _ in 0..4000 {
            let records = vec![srv(0, 300, "a"), srv(0, 100, "b")];
            first += usize::from(arrange(records, &mut random)[0].target.starts_with('a'));
        }
        assert!(
            (2850..3150).contains(&first),
            "{first} of 4000 for three quarters of the weight"
        );
    }

    #[test]
    fn only_names_below_the_domain_and_never_a_global_catalogue() {
        let allowed = |target: &str, port: u16, security| {
            let record = Srv {
                target: target.into(),
                port,
                ..srv(0, 0, "")
            };
            domain_controller(&record, &domain(security)).map(|address| address.to_string())
        };
        let ldaps = |target| allowed(target, 389, Security::Ldaps);
        assert_eq!(
            ldaps("DC1.Corp.Example.").as_deref(),
            Some("ldaps://dc1.corp.example:636")
        );
        assert_eq!(
            ldaps("dc.site.corp.example").as_deref(),
            Some("ldaps://dc.site.corp.example:636")
        );
        for target in [
            ".",
            "",
            "corp.example.",
            "evilcorp.example.",
            "dc1.corp.example.evil.test.",
            "dc1.other.test.",
            "10.0.0.1",
            "dc1..corp.example",
            "dc1/.corp.example",
            "d\u{e9}.corp.example",
        ] {
            assert_eq!(ldaps(target), None, "{target}");
        }
        let start_tls = |port| allowed("dc1.corp.example.", port, Security::StartTls);
        assert_eq!(start_tls(1389).as_deref(), Some("ldap://dc1.corp.example:1389"));
        assert_eq!((start_tls(0), start_tls(3268), start_tls(3269)), (None, None, None));
        assert_eq!(allowed("dc1.corp.example.", 3268, Security::Ldaps), None);
    }

    #[test]
    fn dns_is_not_trusted_to_be_brief() {
        let services = Services {
            domain: (0..2000).map(|number| srv(0, 1, &format!("dc{number}"))).collect(),
            ..Services::default()
        };
        assert_eq!(order(services, |_| 0).len(), MOST);
    }
}
