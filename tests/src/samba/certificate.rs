//! The certificates of domain controllers, from an authority made for them.

use std::net::IpAddr;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};

use super::{Error, Result};

/// An authority made for one domain controller, or for those of one domain.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(super) fn new() -> Result<Self> {
        let made = || {
            let mut authority = CertificateParams::new(Vec::new())?;
            authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            authority.distinguished_name.push(DnType::CommonName, "Test authority");
            CertifiedIssuer::self_signed(authority, KeyPair::generate()?)
        };
        made().map(Self).map_err(doing)
    }

    /// Its certificate in DER.
    pub(super) fn der(&self) -> Vec<u8> {
        self.0.der().to_vec()
    }

    /// Writes `ca.pem`, `cert.pem` and `key.pem` where Samba looks for them.
    pub(super) fn issue(&self, directory: &Path, name: &str, address: IpAddr) -> Result<()> {
        let (certificate, key) = self.make(name, address).map_err(doing)?;
        let files = [("ca.pem", self.0.pem()), ("cert.pem", certificate), ("key.pem", key)];
        for (file, content) in files {
            write_private(&directory.join(file), &content)
                .map_err(|error| Error::doing("writing a certificate", error))?;
        }
        Ok(())
    }

    fn make(&self, name: &str, address: IpAddr) -> std::result::Result<(String, String), rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut server = CertificateParams::new(vec![name.to_owned(), address.to_string()])?;
        server.distinguished_name.push(DnType::CommonName, name);
        let certificate = server.signed_by(&key, &self.0)?;
        Ok((certificate.pem(), key.serialize_pem()))
    }
}

fn doing(error: rcgen::Error) -> Error {
    Error::doing("making a certificate", error)
}

/// Samba refuses a key that others may read.
fn write_private(path: &Path, content: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;

    if path.exists() {
        std::fs::remove_file(path)?;
    }
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?
        .write_all(content.as_bytes())
}
