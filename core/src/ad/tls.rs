//! Whom to trust, and why a handshake failed.

use super::config::configuration;
use crate::error::{Code, Error, Reason};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::version::{TLS12, TLS13};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// A TLS configuration that trusts the authorities of a file, or those of the operating system.
///
/// TLS 1.2 stays on: Windows Server 2019 and older has no TLS 1.3. The provider is named, since the default one is undefined
/// where a program has compiled in two.
pub(crate) fn client_config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = verifier(ca_file, &provider)?;
    config_with(verifier, provider)
}

/// The same, and what keeps the certificates that a peer shows, acceptable or not: for an examination, which is to say what is wrong
/// with them.
pub(crate) fn recording_config(ca_file: Option<&Path>) -> Result<(Arc<ClientConfig>, Arc<Recording>), Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let recording = Arc::new(Recording {
        verifier: verifier(ca_file, &provider)?,
        shown: Mutex::default(),
    });
    Ok((config_with(Arc::clone(&recording) as _, provider)?, recording))
}

fn verifier(ca_file: Option<&Path>, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    match ca_file {
        Some(path) => authorities_of(path, provider),
        None => operating_system(provider),
    }
}

fn config_with(
    verifier: Arc<dyn ServerCertVerifier>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<ClientConfig>, Error> {
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

/// A verifier that keeps what it is shown, and judges as the one inside does.
#[derive(Debug)]
pub(crate) struct Recording {
    verifier: Arc<dyn ServerCertVerifier>,
    shown: Mutex<Vec<CertificateDer<'static>>>,
}

impl Recording {
    /// The chain of the last handshake, the peer's own certificate first.
    pub(crate) fn shown(&self) -> Vec<CertificateDer<'static>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ServerCertVerifier for Recording {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(end_entity).chain(intermediates);
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) =
            chain.map(|certificate| certificate.clone().into_owned()).collect();
        self.verifier
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
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
