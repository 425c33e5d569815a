//! Whom to trust, and why a handshake failed.

use super::config::configuration;
use crate::error::{Code, Error, Reason};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::version::{TLS12, TLS13};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::Arc;

/// A TLS configuration that trusts the authorities of a file, or those of the operating system.
///
/// TLS 1.2 stays on: Windows Server 2019 and older has no TLS 1.3. The provider is named, since the default one is undefined
/// where a program has compiled in two.
pub(crate) fn client_config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = match ca_file {
        Some(path) => authorities_of(path, &provider)?,
        None => operating_system(&provider)?,
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|_| configuration("the TLS library has no usable protocol version"))?;
    // "Dangerous" only in that it takes a verifier: both are the libraries' own full ones.
    let mut config = builder
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    // A resumed session would skip what an operation has to prove: a certificate that is valid now.
    config.resumption = rustls::client::Resumption::disabled();
    Ok(Arc::new(config))
}

fn authorities_of(path: &Path, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    let faulty = |why: &str| configuration(format!("ca_file {}: {why}", path.display()));
    let certificates = CertificateDer::pem_file_iter(path).map_err(|_| faulty("it cannot be read"))?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        let certificate = certificate.map_err(|_| faulty("it is not PEM"))?;
        roots
            .add(certificate)
            .map_err(|_| faulty("it holds a certificate that cannot be an authority"))?;
    }
    if roots.is_empty() {
        return Err(faulty("it holds no certificate"));
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build();
    verifier
        .map(|verifier| verifier as _)
        .map_err(|_| faulty("no verifier can be built from it"))
}

fn operating_system(provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    let verifier = rustls_platform_verifier::Verifier::new(Arc::clone(provider))
        .map_err(|_| configuration("the certificate authorities of the operating system cannot be loaded"))?;
    Ok(Arc::new(verifier))
}

/// Why a handshake failed; `None` where the connection broke, which says nothing about TLS.
pub(crate) fn handshake_error(error: &std::io::Error, host: &str) -> Option<Error> {
    let cause = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    let (reason, why) = match cause {
        rustls::Error::InvalidCertificate(fault) => certificate_fault(fault),
        _ => (
            Reason::HandshakeFailed,
            "no common protocol version or cipher, or the server speaks no TLS",
        ),
    };
    Some(Error::new(Code::Tls, format!("the TLS handshake with {host} failed: {why}")).with_reason(reason))
}

fn certificate_fault(fault: &CertificateError) -> (Reason, &'static str) {
    match fault {
        CertificateError::UnknownIssuer => (
            Reason::UnknownIssuer,
            "no trusted authority issued its certificate; is the right CA file given?",
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            (Reason::CertificateExpired, "its certificate has expired")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            (Reason::CertificateNotYetValid, "its certificate is not valid yet")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            (Reason::WrongName, "its certificate is for another name")
        }
        CertificateError::Revoked => (Reason::CertificateRevoked, "its certificate has been revoked"),
        _ => (Reason::BadCertificate, "its certificate is not acceptable"),
    }
}
