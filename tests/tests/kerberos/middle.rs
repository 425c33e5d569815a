//! Somebody in between, with a certificate for the domain controller's name from an authority that the client trusts.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use testkit::pki::{Pki, TlsVersions};
use testkit::samba::DomainController;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Ends TLS, and passes on what was in it over TLS of its own.
pub(crate) struct Middle {
    pki: Pki,
    address: SocketAddr,
    passed_on: Arc<AtomicUsize>,
    overheard: Arc<AtomicU64>,
}

impl Middle {
    pub(crate) async fn start(dc: &DomainController) -> Self {
        Self::start_after(dc, 0).await
    }

    /// One that leaves the first so many connections as they are.
    pub(crate) async fn start_after(dc: &DomainController, honest: usize) -> Self {
        let pki = Pki::new();
        let acceptor = TlsAcceptor::from(pki.server(&[dc.host()]).server_config(TlsVersions::Both));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let middle = Middle {
            pki,
            address: listener.local_addr().unwrap(),
            passed_on: Arc::default(),
            overheard: Arc::default(),
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
        let (passed_on, overheard) = (Arc::clone(&middle.passed_on), Arc::clone(&middle.overheard));
        tokio::spawn(async move {
            for number in 0.. {
                let (mut client, _) = listener.accept().await.unwrap();
                let mut server = TcpStream::connect((to, 636)).await.unwrap();
                if number < honest {
                    tokio::spawn(async move { copy_bidirectional(&mut client, &mut server).await });
                    continue;
                }
                let client = acceptor.accept(client).await.unwrap();
                let server = connector.connect(name.clone(), server).await.unwrap();
                passed_on.fetch_add(1, Ordering::SeqCst);
                let overheard = Arc::clone(&overheard);
                tokio::spawn(async move {
                    let (mut from, mut to) = tokio::io::split(client);
                    let (mut answers, mut questions) = tokio::io::split(server);
                    let there = async {
                        let mut heard = [0; 4096];
                        while let Ok(length @ 1..) = from.read(&mut heard).await {
                            overheard.fetch_add(length as u64, Ordering::SeqCst);
                            questions.write_all(&heard[..length]).await?;
                        }
                        questions.shutdown().await
                    };
                    let _ = tokio::join!(there, tokio::io::copy(&mut answers, &mut to));
                });
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

    /// How many bytes of a client it has seen in the clear.
    pub(crate) fn overheard(&self) -> u64 {
        self.overheard.load(Ordering::SeqCst)
    }
}
