//! Somebody in between, with a certificate for the domain controller's name from an authority that the client trusts.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use testkit::pki::{Pki, TlsVersions};
use testkit::samba::DomainController;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Ends TLS, and passes on what was in it over TLS of its own.
pub(crate) struct Middle {
    pki: Pki,
    address: SocketAddr,
    passed_on: Arc<AtomicUsize>,
}

impl Middle {
    pub(crate) async fn start(dc: &DomainController) -> Self {
        let pki = Pki::new();
        let acceptor = TlsAcceptor::from(pki.server(&[dc.host()]).server_config(TlsVersions::Both));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let middle = Middle {
            pki,
            address: listener.local_addr().unwrap(),
            passed_on: Arc::default(),
        };
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(dc.ca_file()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = TlsConnector::from(Arc::new(config));
        let (to, name) = (dc.address(), ServerName::try_from(dc.host()).unwrap());
        let passed_on = Arc::clone(&middle.passed_on);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let mut client = acceptor.accept(client).await.unwrap();
                let server = TcpStream::connect((to, 636)).await.unwrap();
                let mut server = connector.connect(name.clone(), server).await.unwrap();
                passed_on.fetch_add(1, Ordering::SeqCst);
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            }
        });
        middle
    }

    pub(crate) fn address(&self) -> IpAddr {
        self.address.ip()
    }

    pub(crate) fn url(&self, dc: &DomainController) -> String {
        format!("ldaps://{}:{}", dc.host(), self.address.port())
    }

    pub(crate) fn ca_file(&self) -> PathBuf {
        self.pki.ca_file()
    }

    /// How many connections were passed on.
    pub(crate) fn passed_on(&self) -> usize {
        self.passed_on.load(Ordering::SeqCst)
    }
}
