//! The text form of access lists (MS-DTYP 2.5.1): written for commands, read for the schema's defaults. Pure.

use super::descriptor::{Ace, CONTAINER_INHERIT, INHERIT_ONLY, INHERITED, NO_PROPAGATE, OBJECT_INHERIT};
use crate::sid::Sid;
use uuid::Uuid;

/// How an entry is inherited (MS-DTYP 2.5.1.1, ace-flag-string).
const FLAGS: [(&str, u8); 5] = [
    ("OI", OBJECT_INHERIT),
    ("CI", CONTAINER_INHERIT),
    ("NP", NO_PROPAGATE),
    ("IO", INHERIT_ONLY),
    ("ID", INHERITED),
];

/// The rights (MS-DTYP 2.5.1.1, rights-string; MS-ADTS 5.1.3.2).
const RIGHTS: [(&str, u32); 17] = [
    ("RP", 0x10),
    ("WP", 0x20),
    ("CR", 0x100),
    ("CC", 0x1),
    ("DC", 0x2),
    ("LC", 0x4),
    ("SW", 0x8),
    ("DT", 0x40),
    ("LO", 0x80),
    ("SD", 0x1_0000),
    ("RC", 0x2_0000),
    ("WD", 0x4_0000),
    ("WO", 0x8_0000),
    ("GA", 0x1000_0000),
    ("GX", 0x2000_0000),
    ("GW", 0x4000_0000),
    ("GR", 0x8000_0000),
];

/// Trustees that are the same everywhere (MS-DTYP 2.5.1.1, sid-token).
const EVERYWHERE: [(&str, &str); 20] = [
    ("WD", "S-1-1-0"),
    ("CO", "S-1-3-0"),
    ("OW", "S-1-3-4"),
    ("AN", "S-1-5-7"),
    ("ED", "S-1-5-9"),
    ("PS", "S-1-5-10"),
    ("AU", "S-1-5-11"),
    ("SY", "S-1-5-18"),
    ("NS", "S-1-5-20"),
    ("BA", "S-1-5-32-544"),
    ("BU", "S-1-5-32-545"),
    ("BG", "S-1-5-32-546"),
    ("AO", "S-1-5-32-548"),
    ("SO", "S-1-5-32-549"),
    ("PO", "S-1-5-32-550"),
    ("BO", "S-1-5-32-551"),
    ("RE", "S-1-5-32-552"),
    ("RU", "S-1-5-32-554"),
    ("RD", "S-1-5-32-555"),
    ("IU", "S-1-5-4"),
];

/// Trustees of a domain, by relative identifier.
const OF_THE_DOMAIN: [(&str, u32); 11] = [
    ("DA", 512),
    ("DU", 513),
    ("DG", 514),
    ("DC", 515),
    ("DD", 516),
    ("CA", 517),
    ("SA", 518),
    ("EA", 519),
    ("PA", 520),
    ("RS", 553),
    ("LA", 500),
];

/// One entry; `None` where it has a condition or rights that have no letters.
pub(crate) fn entry(ace: &Ace) -> Option<String> {
    if ace.conditional {
        return None;
    }
    let for_object = ace.object_type.is_some() || ace.inherited_object_type.is_some();
    let kind = match (ace.allow, for_object) {
        (true, false) => "A",
        (true, true) => "OA",
        (false, false) => "D",
        (false, true) => "OD",
    };
    let flags: String = letters(&FLAGS, ace.flags)?;
    let rights: String = letters(&RIGHTS, ace.mask)?;
    let guid = |guid: Option<Uuid>| guid.map(|guid| guid.to_string()).unwrap_or_default();
    Some(format!(
        "({kind};{flags};{rights};{};{};{})",
        guid(ace.object_type),
        guid(ace.inherited_object_type),
        ace.trustee
    ))
}

/// The letters of a set of bits; `None` where some bits have none.
fn letters<B: Copy + Default + PartialEq + std::ops::BitAnd<Output = B> + std::ops::BitOr<Output = B>>(
    table: &[(&str, B)],
    bits: B,
) -> Option<String> {
    let held = || table.iter().filter(move |(_, bit)| bits & *bit != B::default());
    let known = held().fold(B::default(), |known, (_, bit)| known | *bit);
    (known == bits).then(|| held().map(|(letters, _)| *letters).collect())
}

/// A list of entries as a descriptor that has nothing else, which inherits; `None` as for [`entry`].
pub(crate) fn list<'a>(aces: impl IntoIterator<Item = &'a Ace>) -> Option<String> {
    let entries: Option<String> = aces.into_iter().map(entry).collect();
    Some(format!("D:{}", entries?))
}

/// Reads the access list of a descriptor. `None` where something in it is not understood: it might deny.
pub(crate) fn read(text: &str, domain: Option<&Sid>) -> Option<Vec<Ace>> {
    let (_, list) = text.split_once("D:")?;
    let list = list.split("S:").next()?;
    let (_, entries) = list.split_once('(')?;
    let entries = entries.trim_end().strip_suffix(')')?;
    entries.split(")(").map(|entry| read_entry(entry, domain)).collect()
}

fn read_entry(text: &str, domain: Option<&Sid>) -> Option<Ace> {
    let fields: Vec<&str> = text.split(';').collect();
    let [kind, flags, rights, object, inherited_object, trustee] = fields.as_slice() else {
        return None;
    };
    let allow = match *kind {
        "A" | "OA" => true,
        "D" | "OD" => false,
        _ => return None,
    };
    let guid = |text: &str| match text {
        "" => Some(None),
        text => text.parse().ok().map(Some),
    };
    Some(Ace {
        allow,
        conditional: false,
        flags: pairs(&FLAGS, flags)?,
        mask: mask(rights)?,
        object_type: guid(object)?,
        inherited_object_type: guid(inherited_object)?,
        trustee: read_trustee(trustee, domain)?,
    })
}

fn mask(text: &str) -> Option<u32> {
    match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => pairs(&RIGHTS, text),
    }
}

/// The bits of letters, two by two.
fn pairs<B: Copy + Default + std::ops::BitOr<Output = B>>(table: &[(&str, B)], text: &str) -> Option<B> {
    let mut bits = B::default();
    let mut rest = text;
    while !rest.is_empty() {
        let (pair, more) = rest.split_at_checked(2)?;
        let (_, bit) = table.iter().find(|(letters, _)| *letters == pair)?;
        bits = bits | *bit;
        rest = more;
    }
    Some(bits)
}

fn read_trustee(text: &str, domain: Option<&Sid>) -> Option<Sid> {
    if text.starts_with("S-") {
        return text.parse().ok();
    }
    if let Some((_, sid)) = EVERYWHERE.iter().find(|(letters, _)| *letters == text) {
        return sid.parse().ok();
    }
    let (_, rid) = OF_THE_DOMAIN.iter().find(|(letters, _)| *letters == text)?;
    format!("{}-{rid}", domain?).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A part of what the schema gives a new user.
    const OF_USERS: &str = "D:(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;DA)(A;;RPLCLORC;;;PS)\
        (OA;;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;;WD)(OA;;RP;77B5B886-944A-11d1-AEBD-0000F80367C1;;AU)(A;;RC;;;AU)";

    #[test]
    fn a_schema_default_is_read() {
        let domain = "S-1-5-21-1-2-3".parse().unwrap();
        let aces = read(OF_USERS, Some(&domain)).unwrap();
        let trustees: Vec<String> = aces.iter().map(|ace| ace.trustee.to_string()).collect();
        assert_eq!(
            trustees,
            ["S-1-5-21-1-2-3-512", "S-1-5-10", "S-1-1-0", "S-1-5-11", "S-1-5-11"]
        );
        assert_eq!(aces[0].mask, 0xf_01ff);
        assert_eq!(aces[1].mask, 0x2_0094);
        assert!(aces[3].object_type.is_some() && aces.iter().all(|ace| ace.allow));
        assert_eq!(
            entry(&aces[2]).unwrap(),
            "(OA;;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;;S-1-1-0)"
        );
    }

    #[test]
    fn what_is_not_understood_is_nothing() {
        for text in [
            "",
            "D:",
            "D:(A;;RP;;;XX)",
            "D:(A;;R;;;WD)",
            "D:(A;;ZZ;;;WD)",
            "D:(XA;;RP;;;WD;(a==1))",
            "D:(A;;RP;;WD)",
            "D:(OA;;RP;x;;WD)",
            "D:(A;;RP;;;DA)",
        ] {
            assert_eq!(read(text, None), None, "{text}");
        }
        let odd = Ace {
            mask: 0x200,
            ..read("D:(A;;RP;;;WD)", None).unwrap().remove(0)
        };
        assert_eq!(entry(&odd), None);
        let conditional = Ace {
            conditional: true,
            mask: 0x10,
            ..odd
        };
        assert_eq!(list([&conditional]), None);
    }

    fn aces() -> impl Strategy<Value = Ace> {
        let guid = || prop::option::of(any::<u128>().prop_map(Uuid::from_u128));
        let mask = prop::sample::subsequence(RIGHTS.to_vec(), 0..=RIGHTS.len());
        let mask = mask.prop_map(|rights| rights.iter().fold(0, |mask, (_, bit)| mask | bit));
        (any::<bool>(), 0u8..32, mask, guid(), guid(), 0u32..9999).prop_map(
            |(allow, flags, mask, object_type, inherited_object_type, rid)| Ace {
                allow,
                conditional: false,
                flags,
                mask,
                object_type,
                inherited_object_type,
                trustee: Sid::nt(&[21, 1, 2, 3, rid]),
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(aces in prop::collection::vec(aces(), 1..6)) {
            let text = list(&aces).unwrap();
            prop_assert_eq!(read(&text, None), Some(aces));
        }

        #[test]
        fn arbitrary_text_never_panics(text in "(D:|\\(|\\)|;|[A-Z]{2}|S-1-1-0|é|.){0,40}") {
            let _ = read(&text, None);
        }
    }
}
