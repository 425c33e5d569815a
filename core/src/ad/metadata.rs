//! `replPropertyMetaData`: how often, when and where each attribute of an object was last written.
//!
//! The version counts writes, so a password's version tells whether a write arrived even where its reply did not.
//! The stored form of the AttributeStamps of MS-DRSR 5.11: a header of version 1, then entries of 48 bytes. Domain
//! controllers, Samba's among them (`replPropertyMetaDataBlob`), store and return it alike.

use jiff::Timestamp;
use uuid::Uuid;

use super::attribute::timestamp_of;

/// The ATTRTYP (MS-DRSR 5.14) of `unicodePwd`, 1.2.840.113556.1.4.90.
pub(crate) const UNICODE_PWD: u32 = 0x0009_005A;
/// The ATTRTYP of `pwdLastSet`, 1.2.840.113556.1.4.96.
#[cfg(test)]
pub(crate) const PWD_LAST_SET: u32 = 0x0009_0060;
/// The ATTRTYP of `lockoutTime`, 1.2.840.113556.1.4.662.
#[cfg(test)]
pub(crate) const LOCKOUT_TIME: u32 = 0x0009_0296;

/// The only version of the stored form there is.
const BLOB_VERSION: u32 = 1;

/// The header: version, reserved, count, reserved, each 32 bits.
const HEADER: usize = 16;

/// An entry: ATTRTYP and version (32 bits each), time, DSA (a GUID), originating USN, local USN (64 bits each).
const ENTRY: usize = 48;

/// FILETIME units in a second, in which the stored times count.
const UNITS_PER_SECOND: i64 = 10_000_000;

/// The last write of one attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PropertyStamp {
    /// How often the attribute was written, on any domain controller.
    pub(crate) version: u32,
    /// When the last write was made, to the second.
    pub(crate) originating_time: Timestamp,
    /// The update sequence number that the last write got where it was made.
    pub(crate) originating_usn: u64,
    /// The update sequence number of the write on the domain controller that was asked.
    pub(crate) local_usn: u64,
    /// The domain controller where the write was made: its invocation id.
    pub(crate) originating_dsa: Uuid,
}

/// The stamp of one attribute.
///
/// `None` where the attribute was never written, and where the blob is malformed: neither says anything.
pub(crate) fn version_of(blob: &[u8], attribute: u32) -> Option<PropertyStamp> {
    entries(blob)?
        .iter()
        .find(|entry| entry.first_chunk() == Some(&attribute.to_le_bytes()))
        .and_then(read_entry)
}

/// The entries, if there are as many as the header says. Bytes after them are passed over.
fn entries(blob: &[u8]) -> Option<&[[u8; ENTRY]]> {
    let (header, rest) = blob.split_first_chunk::<HEADER>()?;
    let (words, _) = header.as_chunks::<4>();
    let [version, _, count, _] = words else {
        return None;
    };
    if u32::from_le_bytes(*version) != BLOB_VERSION {
        return None;
    }
    let count = usize::try_from(u32::from_le_bytes(*count)).ok()?;
    let (entries, _) = rest.as_chunks::<ENTRY>();
    entries.get(..count)
}

fn read_entry(entry: &[u8; ENTRY]) -> Option<PropertyStamp> {
    let number = |at: usize| Some(u64::from_le_bytes(*entry.get(at..)?.first_chunk()?));
    let seconds = i64::try_from(number(8)?).ok()?;
    Some(PropertyStamp {
        version: u32::from_le_bytes(*entry.get(4..)?.first_chunk()?),
        originating_time: timestamp_of(seconds.checked_mul(UNITS_PER_SECOND)?),
        originating_usn: number(32)?,
        local_usn: number(40)?,
        originating_dsa: Uuid::from_bytes_le(*entry.get(16..)?.first_chunk()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DSA: Uuid = uuid::uuid!("03020100-0504-0706-0809-0a0b0c0d0e0f");

    fn entry(attribute: u32, version: u32, seconds: u64, usn: u64) -> Vec<u8> {
        let mut bytes = attribute.to_le_bytes().to_vec();
        bytes.extend(version.to_le_bytes());
        bytes.extend(seconds.to_le_bytes());
        bytes.extend(DSA.to_bytes_le());
        bytes.extend(usn.to_le_bytes());
        bytes.extend((usn + 1).to_le_bytes());
        bytes
    }

    fn blob(version: u32, count: u32, entries: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for word in [version, 0, count, 0] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(entries.concat());
        bytes
    }

    #[test]
    fn stamps() {
        let bytes = blob(
            1,
            3,
            &[
                entry(0, 1, 1, 10),
                entry(UNICODE_PWD, 5, 13_439_931_236, 3_800),
                entry(PWD_LAST_SET, 6, 13_439_931_236, 3_800),
            ],
        );
        let stamp = version_of(&bytes, UNICODE_PWD).unwrap();
        assert_eq!(stamp.version, 5);
        assert_eq!(stamp.originating_time, "2026-11-23T18:13:56Z".parse().unwrap());
        assert_eq!((stamp.originating_usn, stamp.local_usn), (3_800, 3_801));
        assert_eq!(stamp.originating_dsa, DSA);
        assert_eq!(version_of(&bytes, PWD_LAST_SET).unwrap().version, 6);
        assert_eq!(version_of(&bytes, LOCKOUT_TIME), None);
    }

    /// What a new Samba 4.24 domain stores for its Administrator, and what Samba's own tool reads in it.
    #[test]
    fn as_a_server_sends_it() {
        let bytes = include_bytes!("../../tests/data/administrator.property-metadata");
        let stamp = version_of(bytes, UNICODE_PWD).unwrap();
        assert_eq!(stamp.version, 1);
        assert_eq!(stamp.originating_time, "2026-11-23T23:45:42Z".parse().unwrap());
        assert_eq!((stamp.originating_usn, stamp.local_usn), (3_890, 3_890));
        assert_eq!(
            stamp.originating_dsa.to_string(),
            "fed8e1ac-39c8-4c21-ae4d-791dbbcb8ca0"
        );
        assert!(version_of(bytes, PWD_LAST_SET).is_some());
        assert_eq!(version_of(bytes, LOCKOUT_TIME), None);
    }

    #[test]
    fn malformed_blobs_say_nothing() {
        let one = [entry(UNICODE_PWD, 5, 1, 1)];
        let good = blob(1, 1, &one);
        assert!(version_of(&good, UNICODE_PWD).is_some());
        for len in 0..good.len() {
            assert_eq!(version_of(&good[..len], UNICODE_PWD), None, "{len}");
        }
        assert_eq!(version_of(&blob(2, 1, &one), UNICODE_PWD), None);
        assert_eq!(version_of(&blob(1, 2, &one), UNICODE_PWD), None);
        assert_eq!(version_of(&blob(1, u32::MAX, &one), UNICODE_PWD), None);
        assert_eq!(version_of(&blob(1, 0, &one), UNICODE_PWD), None);
        let late = [entry(UNICODE_PWD, 5, u64::MAX, 1)];
        assert_eq!(version_of(&blob(1, 1, &late), UNICODE_PWD), None);
    }

    /// ATTRTYP is the prefix 9 of 1.2.840.113556.1.4 in the high half and the last arc in the low one.
    #[test]
    fn attribute_types_follow_from_the_oids() {
        assert_eq!(UNICODE_PWD, 9 << 16 | 90);
        assert_eq!(PWD_LAST_SET, 9 << 16 | 96);
        assert_eq!(LOCKOUT_TIME, 9 << 16 | 662);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            attribute in any::<u32>(),
        ) {
            let _ = version_of(&bytes, attribute);
            let _ = version_of(&[&blob(1, 2, &[])[..], &bytes].concat(), attribute);
        }
    }
}
