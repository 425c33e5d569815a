//! The certificate of one domain controller, from an authority made for it.

use std::net::IpAddr;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};

use super::{Error, Result};

/// Writes `ca.pem`, `cert.pem` and `key.pem` where Samba looks for them. Gives the authority's
/// certificate in DER.
pub(super) fn write(directory: &Path, name: &str, address: IpAddr) -> Result<Vec<u8>> {
    let (authority, certificate, key) =
        make(name, address).map_err(|error| Error::doing("making a certificate", error))?;
    let files = [("ca.pem", authority.pem()), ("cert.pem", certificate), ("key.pem", key)];
    for (file, content) in files {
        write_private(&directory.join(file), &content).map_err(|error| Error::doing("writing a certificate", error))?;
    }
    Ok(authority.der().to_vec())
}

fn make(
    name: &str,
    address: IpAddr,
) -> std::result::Result<(CertifiedIssuer<'static, KeyPair>, String, String), rcgen::Error> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    authority.distinguished_name.push(DnType::CommonName, "Test authority");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;

    let key = KeyPair::generate()?;
    let mut server = CertificateParams::new(vec![name.to_owned(), address.to_string()])?;
    server.distinguished_name.push(DnType::CommonName, name);
    let certificate = server.signed_by(&key, &authority)?;
    Ok((authority, certificate.pem(), key.serialize_pem()))
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
