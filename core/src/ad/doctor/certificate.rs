//! What the certificates of a domain controller say of themselves. Pure.

use crate::diagnosis::{Check, CheckName, CheckStatus};
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::time::Time;

/// How many days before its end a certificate is worth a warning.
const SOON: i64 = 30;

/// No text of a certificate is shown longer: it may come from somebody who is not trusted.
const LONGEST: usize = 200;

const DAY: i64 = 86_400;

/// A certificate, as far as people care.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    subject: String,
    issuer: String,
    names: Vec<String>,
    from: Timestamp,
    until: Timestamp,
}

impl Shown {
    fn read(der: &[u8]) -> Option<Self> {
        let certificate = Certificate::from_der(der).ok()?.tbs_certificate;
        let names = certificate.get::<SubjectAltName>().ok().flatten();
        let names = names.map(|(_, names)| names.0.iter().filter_map(name).collect());
        Some(Shown {
            subject: printable(&certificate.subject),
            issuer: printable(&certificate.issuer),
            names: names.unwrap_or_default(),
            from: timestamp(certificate.validity.not_before)?,
            until: timestamp(certificate.validity.not_after)?,
        })
    }
}

fn timestamp(time: Time) -> Option<Timestamp> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
    Timestamp::from_second(seconds).ok()
}

fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(printable(name)),
        GeneralName::IpAddress(address) => {
            let bytes = address.as_bytes();
            let v4 = <[u8; 4]>::try_from(bytes).map(|bytes| Ipv4Addr::from(bytes).to_string());
            v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(|bytes| Ipv6Addr::from(bytes).to_string()))
                .ok()
        }
        _ => None,
    }
}

fn printable(text: &dyn fmt::Display) -> String {
    let text = text.to_string();
    text.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

/// How long a chain remains valid: as long as the first of its certificates to end. `None` where there is none.
pub(super) fn check(address: &dyn fmt::Display, chain: &[CertificateDer<'_>], now: Timestamp) -> Option<Check> {
    if chain.is_empty() {
        return None;
    }
    let shown: Option<Vec<Shown>> = chain.iter().map(|certificate| Shown::read(certificate)).collect();
    let Some(shown) = shown else {
        let detail = format!("{address}: a certificate of the chain cannot be read");
        let check = Check::new(CheckName::Certificate, CheckStatus::Unknown, detail);
        return Some(check.fix("install a certificate on the domain controller that is well formed"));
    };
    let (own, first) = (shown.first()?, shown.iter().min_by_key(|shown| shown.until)?);
    let days = first.until.duration_since(now).as_secs().div_euclid(DAY);
    let whose = match std::ptr::eq(own, first) {
        true => String::new(),
        false => format!(" (the one of {})", first.subject),
    };
    let until = first.until.strftime("%Y-%m-%d");
    let chain: Vec<&str> = shown.iter().map(|shown| shown.subject.as_str()).collect();
    let last = shown.last().map_or("", |shown| shown.issuer.as_str());
    let detail = format!(
        "{address}: for {}; valid until {until}{whose}, {days} days left; chain: {}, issued by {last}",
        own.names.join(", "),
        chain.join(", issued by "),
    );
    let status = match days {
        ..0 => CheckStatus::Failed,
        0..SOON => CheckStatus::Warning,
        _ if own.from > now => CheckStatus::Failed,
        _ => CheckStatus::Ok,
    };
    let check = Check::new(CheckName::Certificate, status, detail);
    Some(match status {
        CheckStatus::Ok => check,
        _ => check.fix("renew the certificate on the domain controller, before its last day"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate for dc1.corp.example and 192.0.2.1, of the year 2026.
    fn certificate() -> Vec<u8> {
        let names = ["dc1.corp.example", "192.0.2.1"].map(str::to_owned);
        let mut params = rcgen::CertificateParams::new(names).unwrap();
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2027, 1, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    fn checked(at: &str) -> Check {
        let chain = [CertificateDer::from(certificate())];
        check(&"ldaps://dc1.corp.example:636", &chain, at.parse().unwrap()).unwrap()
    }

    #[test]
    fn the_days_that_are_left() {
        let check = checked("2026-11-26T12:00:00Z");
        assert_eq!(check.status, CheckStatus::Ok);
        assert!(
            check.detail.contains("for dc1.corp.example, 192.0.2.1"),
            "{}",
            check.detail
        );
        assert!(
            check.detail.contains("valid until 2027-01-01, 35 days left"),
            "{}",
            check.detail
        );
        let soon = checked("2026-12-03T12:00:00Z");
        assert_eq!(soon.status, CheckStatus::Warning);
        assert!(soon.detail.contains("28 days left") && soon.fix.is_some(), "{soon:?}");
        assert_eq!(checked("2027-01-02T00:00:01Z").status, CheckStatus::Failed);
        assert_eq!(checked("2025-12-31T00:00:00Z").status, CheckStatus::Failed);
    }

    #[test]
    fn what_is_no_certificate_is_unknown() {
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(check(&"x", &[], now), None);
        let chain = [CertificateDer::from(&b"\x30\x03\x02\x01\x01"[..])];
        assert_eq!(check(&"x", &chain, now).unwrap().status, CheckStatus::Unknown);
    }

    #[test]
    fn a_damaged_certificate_never_panics() {
        let whole = certificate();
        for at in 0..whole.len() {
            let _ = Shown::read(&whole[..at]);
            for bits in [1, 0x80, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] ^= bits;
                let _ = Shown::read(&damaged);
            }
        }
    }
}
