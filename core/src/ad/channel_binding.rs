//! The channel binding `tls-server-end-point` (RFC 5929 4): what ties a logon to the certificate that the server showed, so that
//! whoever stands in between with another certificate cannot pass it on.

use pkcs1::RsaPssParams;
use ring::digest::{Algorithm, SHA256, SHA384, SHA512, digest};
use x509_cert::der::asn1::{AnyRef, BitStringRef, ObjectIdentifier};
use x509_cert::der::{self, Decode, Reader};
use x509_cert::spki::AlgorithmIdentifierRef;

/// What stands before the hash (RFC 5056 2.1).
const PREFIX: &[u8] = b"tls-server-end-point:";

/// Why a certificate has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Undefined {
    /// It cannot be read.
    #[error("the certificate cannot be read")]
    Unreadable,
    /// Its signature uses no hash, or more than one, or one that is not known here.
    #[error("the certificate is signed with an algorithm for which no channel binding is defined")]
    Algorithm,
}

/// The binding to a server that showed this certificate, in DER.
pub(crate) fn tls_server_end_point(certificate: &[u8]) -> Result<Vec<u8>, Undefined> {
    let signature = signature_algorithm(certificate).map_err(|_| Undefined::Unreadable)?;
    let hash = hash_of_signature(&signature).ok_or(Undefined::Algorithm)?;
    Ok([PREFIX, digest(hash, certificate).as_ref()].concat())
}

/// How a certificate is signed (RFC 5280 4.1.1.2). What is signed is TLS's to judge, and not looked into.
fn signature_algorithm(certificate: &[u8]) -> der::Result<AlgorithmIdentifierRef<'_>> {
    AnyRef::from_der(certificate)?.sequence(|fields| {
        let _signed: AnyRef<'_> = fields.decode()?;
        let algorithm = fields.decode()?;
        let _signature: BitStringRef<'_> = fields.decode()?;
        Ok(algorithm)
    })
}

/// The hash that a signature uses; SHA-256 in place of the weak ones (RFC 5929 4.1).
fn hash_of_signature(signature: &AlgorithmIdentifierRef<'_>) -> Option<&'static Algorithm> {
    if signature.oid != PSS {
        return look_up(&SIGNATURES, signature.oid);
    }
    let params: RsaPssParams<'_> = signature.parameters?.decode_as().ok()?;
    let (hash, mask) = (params.hash.oid, params.mask_gen.parameters?.oid);
    // Two different hashes are not "a single hash function".
    (mask == hash).then(|| look_up(&HASHES, hash)).flatten()
}

fn look_up(table: &[(ObjectIdentifier, &'static Algorithm)], id: ObjectIdentifier) -> Option<&'static Algorithm> {
    table.iter().find(|(known, _)| *known == id).map(|(_, hash)| *hash)
}

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

/// RSASSA-PSS, whose hash stands in its parameters (RFC 4055 3.1).
const PSS: ObjectIdentifier = oid("1.2.840.113549.1.1.10");

/// Signatures with one hash: RSA (RFC 8017 A.2.4), ECDSA (RFC 5758 3.2).
const SIGNATURES: [(ObjectIdentifier, &Algorithm); 9] = [
    (oid("1.2.840.113549.1.1.4"), &SHA256),
    (oid("1.2.840.113549.1.1.5"), &SHA256),
    (oid("1.2.840.113549.1.1.11"), &SHA256),
    (oid("1.2.840.113549.1.1.12"), &SHA384),
    (oid("1.2.840.113549.1.1.13"), &SHA512),
    (oid("1.2.840.10045.4.1"), &SHA256),
    (oid("1.2.840.10045.4.3.2"), &SHA256),
    (oid("1.2.840.10045.4.3.3"), &SHA384),
    (oid("1.2.840.10045.4.3.4"), &SHA512),
];

/// Hashes by themselves (RFC 8017 A.2.1); SHA-1 becomes SHA-256.
const HASHES: [(ObjectIdentifier, &Algorithm); 4] = [
    (oid("1.3.14.3.2.26"), &SHA256),
    (oid("2.16.840.1.101.3.4.2.1"), &SHA256),
    (oid("2.16.840.1.101.3.4.2.2"), &SHA384),
    (oid("2.16.840.1.101.3.4.2.3"), &SHA512),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Certificates made by openssl(1), named after how they are signed, and their hashes by `openssl dgst`.
    const CERTIFICATES: [(&str, &[u8], &str); 6] = [
        (
            "RSA with SHA-1",
            include_bytes!("channel_binding/rsa_sha1.der"),
            "50b4e27402bbf58d9562721e16e6e1cf51344a79c0cb4e7c4e38fa8bdb16d116",
        ),
        (
            "RSA with SHA-256",
            include_bytes!("channel_binding/rsa_sha256.der"),
            "fe97d8d6d585a97468f35a1b56fccaef38f86ca61d5c61576b7221b90ab97a26",
        ),
        (
            "RSA with SHA-512",
            include_bytes!("channel_binding/rsa_sha512.der"),
            "773fe7801198a45959b8929b345adc4e903741010f1878be9084eea5b0e48c4a182671436eec02c254b43428c630a89efa4db62ca2020c09081555490087ed3f",
        ),
        (
            "RSA-PSS with SHA-384",
            include_bytes!("channel_binding/pss_sha384.der"),
            "ef21da24b6d593eb0bf1ede2a78a75e37df883fbb19a182e4828da0610c3040a1c2aa43ac30be8de8fba1dc34ee97c28",
        ),
        (
            "ECDSA with SHA-256",
            include_bytes!("channel_binding/ecdsa_sha256.der"),
            "b0815b270ab32c6e388545129dec4227d652cea09d4fd5f852c4f5bd5197b731",
        ),
        (
            "ECDSA with SHA-384",
            include_bytes!("channel_binding/ecdsa_sha384.der"),
            "443c7af885288d7229346ea8ccd08346dcece8184dc53a077d8938cc4268997e06b98e07f105fac743e5f13dd0e52670",
        ),
    ];

    #[test]
    fn the_hash_is_that_of_the_signature() {
        for (how, certificate, expected) in CERTIFICATES {
            let binding = tls_server_end_point(certificate).unwrap();
            let hash = binding.strip_prefix(PREFIX).unwrap();
            let hash: String = hash.iter().map(|octet| format!("{octet:02x}")).collect();
            assert_eq!(hash, expected, "{how}");
        }
    }

    #[test]
    fn a_signature_without_a_single_hash_has_no_binding() {
        for certificate in [
            &include_bytes!("channel_binding/ed25519.der")[..],
            include_bytes!("channel_binding/pss_two_hashes.der"),
        ] {
            assert_eq!(tls_server_end_point(certificate), Err(Undefined::Algorithm));
        }
        assert_eq!(tls_server_end_point(b"\x30\x03abc"), Err(Undefined::Unreadable));
    }
}
