//! A certificate authority of the test's own, and certificates from it, good and deliberately bad.
//!
//! Keys are ECDSA P-256 unless an RSA one is needed elsewhere. All files live in a directory that goes away with the
//! [`Pki`].
//!
//! ```no_run
//! use testkit::pki::{Flaw, Pki, TlsVersions};
//! let pki = Pki::new();
//! let good = pki.server(&["dc1.corp.example.test", "127.0.0.1"]);
//! let config = good.server_config(TlsVersions::Both);
//! let expired = pki.flawed(Flaw::Expired, &["dc1.corp.example.test"]);
//! # let _ = (config, expired, pki.ca_file());
//! ```

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};
use tempfile::TempDir;

/// Which TLS versions a server offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsVersions {
    /// TLS 1.2 only, as Windows Server 2019 and older.
    Only12,
    /// TLS 1.3 only.
    Only13,
    /// Both; the newer one wins.
    #[default]
    Both,
}

static ONLY_12: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];
static ONLY_13: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];
static BOTH: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12, &rustls::version::TLS13];

impl TlsVersions {
    fn supported(self) -> &'static [&'static SupportedProtocolVersion] {
        match self {
            TlsVersions::Only12 => ONLY_12,
            TlsVersions::Only13 => ONLY_13,
            TlsVersions::Both => BOTH,
        }
    }
}

/// What is wrong with a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// Its validity ended in 2021.
    Expired,
    /// Its validity begins in 2090.
    NotYetValid,
    /// It names another host than the asked ones.
    WrongName,
    /// A second authority, which nobody trusts, signed it.
    UnknownAuthority,
    /// It signed itself.
    SelfSigned,
}

impl Flaw {
    /// Every flaw, for tests that go through all of them.
    pub const ALL: [Flaw; 5] = [
        Flaw::Expired,
        Flaw::NotYetValid,
        Flaw::WrongName,
        Flaw::UnknownAuthority,
        Flaw::SelfSigned,
    ];
}

/// A certificate authority with a directory for what it issues.
#[derive(Debug)]
pub struct Pki {
    directory: TempDir,
    authority: Authority,
    stranger: Authority,
}

impl Default for Pki {
    fn default() -> Self {
        Self::new()
    }
}

impl Pki {
    /// A fresh authority, its certificate written to [`Pki::ca_file`].
    pub fn new() -> Self {
        let directory = TempDir::with_prefix("testkit-pki-").expect("a temporary directory");
        let pki = Pki {
            directory,
            authority: Authority::new("Test CA"),
            stranger: Authority::new("Stranger CA"),
        };
        write(&pki.ca_file(), &pki.authority.0.pem());
        write(&pki.stranger_ca_file(), &pki.stranger.0.pem());
        pki
    }

    /// The directory of all files.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The authority's certificate as PEM: what a client is to trust.
    pub fn ca_file(&self) -> PathBuf {
        self.directory().join("ca.pem")
    }

    /// The certificate, as PEM, of an authority that signed nothing but [`Flaw::UnknownAuthority`].
    pub fn stranger_ca_file(&self) -> PathBuf {
        self.directory().join("stranger-ca.pem")
    }

    /// A good server certificate for these DNS names and IP addresses.
    pub fn server(&self, names: &[&str]) -> Identity {
        self.issue(
            &self.authority,
            names,
            Validity::Now,
            ExtendedKeyUsagePurpose::ServerAuth,
        )
    }

    /// A good client certificate for this common name.
    pub fn client(&self, name: &str) -> Identity {
        self.issue(
            &self.authority,
            &[name],
            Validity::Now,
            ExtendedKeyUsagePurpose::ClientAuth,
        )
    }

    /// A server certificate for these names with one thing wrong.
    pub fn flawed(&self, flaw: Flaw, names: &[&str]) -> Identity {
        let usage = ExtendedKeyUsagePurpose::ServerAuth;
        match flaw {
            Flaw::Expired => self.issue(&self.authority, names, Validity::Past, usage),
            Flaw::NotYetValid => self.issue(&self.authority, names, Validity::Future, usage),
            Flaw::WrongName => self.issue(&self.authority, &["elsewhere.example.test"], Validity::Now, usage),
            Flaw::UnknownAuthority => self.issue(&self.stranger, names, Validity::Now, usage),
            Flaw::SelfSigned => self.self_signed(names),
        }
    }

    /// A client configuration that trusts this authority and nothing else.
    pub fn client_config(&self, versions: TlsVersions) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots
            .add(self.authority.0.der().clone())
            .expect("the authority's certificate is a root");
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(versions.supported())
            .expect("the provider knows these versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Arc::new(config)
    }

    fn issue(&self, by: &Authority, names: &[&str], validity: Validity, usage: ExtendedKeyUsagePurpose) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let certificate = leaf(names, validity, usage)
            .signed_by(&key, &by.0)
            .expect("a signed certificate");
        Identity::store(self.directory(), &certificate, Some(by), &key)
    }

    fn self_signed(&self, names: &[&str]) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let parameters = leaf(names, Validity::Now, ExtendedKeyUsagePurpose::ServerAuth);
        let certificate = parameters.self_signed(&key).expect("a self-signed certificate");
        Identity::store(self.directory(), &certificate, None, &key)
    }
}

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority")
    }
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut parameters = CertificateParams::new(Vec::<String>::new()).expect("no names, nothing to refuse");
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Validity::Now.set(&mut parameters);
        let key = KeyPair::generate().expect("a key");
        Authority(CertifiedIssuer::self_signed(parameters, key).expect("an authority"))
    }
}

#[derive(Debug, Clone, Copy)]
enum Validity {
    Past,
    Now,
    Future,
}

impl Validity {
    fn set(self, parameters: &mut CertificateParams) {
        let (from, to) = match self {
            Validity::Past => (2020, 2021),
            Validity::Now => (2024, 2089),
            Validity::Future => (2090, 2091),
        };
        parameters.not_before = date_time_ymd(from, 1, 1);
        parameters.not_after = date_time_ymd(to, 1, 1);
    }
}

fn leaf(names: &[&str], validity: Validity, usage: ExtendedKeyUsagePurpose) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| name.to_string()).collect();
    let common_name = names.first().cloned().unwrap_or_default();
    let mut parameters = CertificateParams::new(names).expect("names fit for a certificate");
    parameters.distinguished_name.push(DnType::CommonName, common_name);
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![usage];
    validity.set(&mut parameters);
    parameters
}

/// A certificate with its key, in memory and as PEM files.
#[derive(Debug)]
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: Vec<u8>,
    certificate_file: PathBuf,
    key_file: PathBuf,
}

impl Identity {
    fn store(directory: &Path, certificate: &rcgen::Certificate, by: Option<&Authority>, key: &KeyPair) -> Self {
        let name = uuid::Uuid::new_v4().simple().to_string();
        let certificate_file = directory.join(format!("{name}.pem"));
        let key_file = directory.join(format!("{name}.key.pem"));
        let authority = by.map(|by| by.0.pem()).unwrap_or_default();
        write(&certificate_file, &format!("{}{authority}", certificate.pem()));
        write(&key_file, &key.serialize_pem());
        let mut chain = vec![certificate.der().clone()];
        chain.extend(by.map(|by| by.0.der().clone()));
        Identity {
            chain,
            key: key.serialize_der(),
            certificate_file,
            key_file,
        }
    }

    /// The certificate and its authority's, as PEM.
    pub fn certificate_file(&self) -> &Path {
        &self.certificate_file
    }

    /// The private key, as PKCS#8 PEM.
    pub fn key_file(&self) -> &Path {
        &self.key_file
    }

    /// The certificate followed by its authority's.
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.chain.clone()
    }

    /// The private key.
    pub fn key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.clone()).into()
    }

    /// A server that shows this certificate and asks for none.
    pub fn server_config(&self, versions: TlsVersions) -> Arc<ServerConfig> {
        let config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(versions.supported())
            .expect("the provider knows these versions")
            .with_no_client_auth()
            .with_single_cert(self.chain(), self.key())
            .expect("the key belongs to the certificate");
        Arc::new(config)
    }
}

/// Named, never taken from the process's default: with two providers compiled in there is none.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("a file in the temporary directory");
}
