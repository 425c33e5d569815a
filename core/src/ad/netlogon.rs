//! The netlogon answer: what a domain controller says to somebody who has not logged on yet (MS-ADTS 6.3.3).

/// NETLOGON_SAM_LOGON_RESPONSE_EX and the same for a user that is not known (MS-ADTS 6.3.1.3): both answer a question about
/// no user.
const OPCODES: [u16; 2] = [23, 25];

/// Where the names begin: after the operation code, two reserved bytes, the flags and the domain's GUID (MS-ADTS 6.3.1.9).
const NAMES: usize = 24;

/// The flag of a domain controller that can be written to (MS-ADTS 6.3.1.2).
const WRITABLE: u32 = 0x100;

/// What is asked for: the extended answer with the closest site (MS-ADTS 6.3.1.1: V5, V5EX, WITH_CLOSEST_SITE).
const VERSION: &str = r"\16\00\00\00";

/// An answer, as far as it is used. It comes over verified TLS, from whoever holds the certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Netlogon {
    /// Whether it can be written to.
    pub(crate) writable: bool,
    /// The site of whoever asks, by the address he comes from; empty where the directory knows none.
    pub(crate) client_site: String,
}

/// The filter that asks for it.
pub(crate) fn filter(domain: &str) -> String {
    format!("(&(DnsDomain={domain})(NtVer={VERSION}))")
}

impl Netlogon {
    /// Reads an answer; `None` where it is none.
    pub(crate) fn read(answer: &[u8]) -> Option<Self> {
        let opcode = answer.get(..2)?.try_into().ok().map(u16::from_le_bytes)?;
        if !OPCODES.contains(&opcode) {
            return None;
        }
        let flags = answer.get(4..8)?.try_into().ok().map(u32::from_le_bytes)?;
        let mut at = NAMES;
        // The forest, the domain, the host, two NetBIOS names, the user, the server's site, the client's site.
        let mut names = [const { String::new() }; 8];
        for name in &mut names {
            (*name, at) = read_name(answer, at)?;
        }
        let [.., client_site] = names;
        Some(Netlogon {
            writable: flags & WRITABLE != 0,
            client_site,
        })
    }
}

/// A name and where the next one begins: labels with their lengths, and pointers back to labels seen before (RFC 1035 4.1.4).
fn read_name(answer: &[u8], start: usize) -> Option<(String, usize)> {
    let (mut name, mut at, mut end) = (String::new(), start, None);
    loop {
        let length = usize::from(*answer.get(at)?);
        match length {
            0 => return Some((name, end.unwrap_or(at + 1))),
            0xC0.. => {
                let target = (length & 0x3F) << 8 | usize::from(*answer.get(at + 1)?);
                // Always further back, so that it ends.
                if target >= at {
                    return None;
                }
                end = end.or(Some(at + 2));
                at = target;
            }
            0x40..0xC0 => return None,
            _ => {
                let label = std::str::from_utf8(answer.get(at + 1..at + 1 + length)?).ok()?;
                if !name.is_empty() {
                    name.push('.');
                }
                name.push_str(label);
                at += 1 + length;
            }
        }
        if name.len() > 255 {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn answer(opcode: u16, names: &[u8]) -> Vec<u8> {
        let mut answer = vec![0; NAMES];
        answer[4..8].copy_from_slice(&0x0001_d13d_u32.to_le_bytes());
        answer[..2].copy_from_slice(&opcode.to_le_bytes());
        answer.extend_from_slice(names);
        answer
    }

    /// The forest at 24; the domain points to it, the host to its end.
    const NAMES_WITH_POINTERS: &[u8] =
        b"\x04corp\x07example\0\xc0\x18\x03dc1\xc0\x18\x04CORP\0\x03DC1\0\0\x04Home\0\x06Branch\0\x05rest";

    #[test]
    fn an_answer_is_read() {
        for opcode in OPCODES {
            let read = Netlogon::read(&answer(opcode, NAMES_WITH_POINTERS)).unwrap();
            assert_eq!((read.writable, read.client_site.as_str()), (true, "Branch"));
        }
        let mut read_only = answer(23, NAMES_WITH_POINTERS);
        read_only[5] = 0xc8;
        assert!(!Netlogon::read(&read_only).unwrap().writable);
        assert_eq!(Netlogon::read(&answer(19, NAMES_WITH_POINTERS)), None);
    }

    #[test]
    fn what_does_not_end_or_ends_early_is_refused() {
        // To itself; forward; two that point at each other cannot be, since both would have to point back.
        for names in [
            &b"\xc0\x18"[..],
            b"\xc0\x30",
            b"\x01a\xc0\x18",
            b"\x80",
            b"\x3fabc",
            b"",
        ] {
            assert_eq!(Netlogon::read(&answer(23, names)), None, "{names:?}");
        }
        let whole = answer(23, NAMES_WITH_POINTERS);
        for length in 0..whole.len() - 5 {
            assert_eq!(Netlogon::read(&whole[..length]), None, "{length}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(names in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Netlogon::read(&answer(23, &names));
            let _ = Netlogon::read(&names);
        }
    }
}
