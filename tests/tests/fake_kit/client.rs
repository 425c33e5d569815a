//! A client to try the servers with: ldap3 behind a TLS connection of our own, and bare TLS for raw bytes.

use std::net::SocketAddr;
use std::sync::Arc;

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, Mod, Scope, SearchEntry, StdStream};
use rustls::ClientConfig;
use testkit::fake::{BASE, FakeDc};
use testkit::pki::TlsVersions;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// TLS to an address, its certificate checked for `name`.
pub(crate) async fn tls(
    address: SocketAddr,
    config: Arc<ClientConfig>,
    name: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let name = rustls::pki_types::ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(config).connect(name, stream).await
}

/// TLS to a fake domain controller.
pub(crate) async fn tls_to(dc: &FakeDc) -> TlsStream<TcpStream> {
    tls(
        dc.ldaps_address(),
        dc.pki().client_config(TlsVersions::Both),
        dc.host_name(),
    )
    .await
    .unwrap()
}

/// ldap3 over an established TLS connection.
pub(crate) async fn ldap_over(mut stream: TlsStream<TcpStream>) -> Ldap {
    let (near, mut far) = UnixStream::pair().unwrap();
    tokio::spawn(async move { copy_bidirectional(&mut far, &mut stream).await });
    let settings = LdapConnSettings::new().set_std_stream(StdStream::Unix(near.into_std().unwrap()));
    let (connection, ldap) = LdapConnAsync::with_settings(settings, "ldapi:///").await.unwrap();
    ldap3::drive!(connection);
    ldap
}

/// ldap3 to a fake domain controller, bound as its service account.
pub(crate) async fn bound(dc: &FakeDc) -> Ldap {
    let mut ldap = ldap_over(tls_to(dc).await).await;
    let result = ldap
        .simple_bind(&dc.service_user(), dc.service_password())
        .await
        .unwrap();
    assert_eq!(result.rc, 0, "{}", result.text);
    ldap
}

/// StartTLS by hand, and what came with its answer.
pub(crate) async fn start_tls(dc: &FakeDc) -> std::io::Result<TlsStream<TcpStream>> {
    let mut stream = TcpStream::connect(dc.ldap_address()).await?;
    stream.write_all(START_TLS).await?;
    let mut header = [0; 2];
    stream.read_exact(&mut header).await?;
    let mut answer = vec![0; usize::from(header[1])];
    stream.read_exact(&mut answer).await?;
    let name = rustls::pki_types::ServerName::try_from(dc.host_name().to_owned()).unwrap();
    TlsConnector::from(dc.pki().client_config(TlsVersions::Both))
        .connect(name, stream)
        .await
}

/// A StartTLS request under message id 1.
pub(crate) const START_TLS: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";

/// A password as unicodePwd takes it.
pub(crate) fn quoted(password: &str) -> Vec<u8> {
    format!("\"{password}\"")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect()
}

pub(crate) fn replace(attribute: &str, value: impl AsRef<[u8]>) -> Mod<Vec<u8>> {
    Mod::Replace(attribute.into(), [value.as_ref().to_vec()].into())
}

/// Resets a password; the result code and text.
pub(crate) async fn reset(ldap: &mut Ldap, target: &str, password: &str) -> (u32, String) {
    modify(ldap, target, vec![replace("unicodePwd", quoted(password))]).await
}

/// Changes a password; the result code and text.
pub(crate) async fn change(ldap: &mut Ldap, target: &str, old: &str, new: &str) -> (u32, String) {
    let delete = Mod::Delete(b"unicodePwd".to_vec(), [quoted(old)].into());
    let add = Mod::Add(b"unicodePwd".to_vec(), [quoted(new)].into());
    modify(ldap, target, vec![delete, add]).await
}

pub(crate) async fn modify(ldap: &mut Ldap, target: &str, changes: Vec<Mod<Vec<u8>>>) -> (u32, String) {
    let result = ldap.modify(target, changes).await.unwrap();
    (result.rc, result.text)
}

/// The entries of a search below the domain.
pub(crate) async fn search(ldap: &mut Ldap, base: &str, filter: &str, attributes: &[&str]) -> Vec<SearchEntry> {
    let scope = if base == BASE { Scope::Subtree } else { Scope::Base };
    let (entries, result) = ldap
        .search(base, scope, filter, attributes.to_vec())
        .await
        .unwrap()
        .success()
        .unwrap();
    assert_eq!(result.rc, 0);
    entries
        .into_iter()
        .filter(|entry| !entry.is_ref())
        .map(SearchEntry::construct)
        .collect()
}

/// A bind on a connection of its own; the result code and text.
pub(crate) async fn bind(dc: &FakeDc, name: &str, password: &str) -> (u32, String) {
    let mut ldap = ldap_over(tls_to(dc).await).await;
    let result = ldap.simple_bind(name, password).await.unwrap();
    (result.rc, result.text)
}
