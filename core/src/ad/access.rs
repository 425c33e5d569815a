//! What the entries of an access list let a token do (MS-ADTS 5.1.3.3). Pure.
//!
//! Wherever this file is in doubt it says "no": a caller that is told "yes" may rely on it.

use super::descriptor::{Ace, CONTAINER_INHERIT, INHERIT_ONLY, INHERITED, NO_PROPAGATE, schema};
use crate::sid::Sid;
use uuid::Uuid;

/// RIGHT_DS_READ_PROPERTY, RIGHT_DS_WRITE_PROPERTY, RIGHT_DS_CONTROL_ACCESS, RIGHT_READ_CONTROL (MS-ADTS 5.1.3.2).
pub(crate) const READ_PROPERTY: u32 = 0x10;
pub(crate) const WRITE_PROPERTY: u32 = 0x20;
pub(crate) const CONTROL_ACCESS: u32 = 0x100;
pub(crate) const READ_CONTROL: u32 = 0x2_0000;

/// The generic rights, and those of the above that each holds (MS-ADTS 5.1.3.2).
const GENERIC_RIGHTS: [(u32, u32); 4] = [
    (0x8000_0000, READ_CONTROL | READ_PROPERTY),
    (0x4000_0000, READ_CONTROL | WRITE_PROPERTY),
    (0x2000_0000, READ_CONTROL),
    (
        0x1000_0000,
        READ_CONTROL | READ_PROPERTY | WRITE_PROPERTY | CONTROL_ACCESS,
    ),
];

/// One right on one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The one bit of an access mask.
    pub(crate) right: u32,
    /// The attribute or control access right; `None` for a right on the object as a whole.
    pub(crate) object: Option<Uuid>,
    /// The property set that the attribute is in.
    pub(crate) set: Option<Uuid>,
}

impl Wanted {
    /// Reading an attribute.
    pub(crate) const fn read(attribute: Uuid, set: Option<Uuid>) -> Self {
        Wanted {
            right: READ_PROPERTY,
            object: Some(attribute),
            set,
        }
    }

    /// Writing an attribute.
    pub(crate) const fn write(attribute: Uuid, set: Option<Uuid>) -> Self {
        Wanted {
            right: WRITE_PROPERTY,
            object: Some(attribute),
            set,
        }
    }

    /// A control access right (MS-ADTS 5.1.3.3.4).
    pub(crate) const fn control(right: Uuid) -> Self {
        Wanted {
            right: CONTROL_ACCESS,
            object: Some(right),
            set: None,
        }
    }

    /// Reading the security descriptor.
    pub(crate) const fn read_control() -> Self {
        Wanted {
            right: READ_CONTROL,
            object: None,
            set: None,
        }
    }
}

/// What an access list says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision<'a> {
    /// An entry grants it.
    Granted,
    /// This entry denies it.
    Denied(&'a Ace),
    /// No entry speaks of it.
    NotGranted,
}

impl Decision<'_> {
    pub(crate) fn is_granted(self) -> bool {
        self == Decision::Granted
    }
}

/// MS-ADTS 5.1.3.3.3 for one right on one leaf: of the entries that speak of it, the first decides.
///
/// `token` holds every SID of who asks: its own, its groups', Everyone and Authenticated Users; Principal Self (S-1-5-10) as well,
/// where it is the object. `entries` are those that have a say on the object itself, in their order.
pub(crate) fn decide<'a>(
    entries: impl IntoIterator<Item = &'a Ace>,
    owner: Option<&Sid>,
    token: &[Sid],
    wanted: Wanted,
) -> Decision<'a> {
    let owns = owner.map(|owner| token.contains(owner));
    let speaks = |ace: &&Ace| has(ace.mask, wanted.right) && is_about(ace, wanted) && is_for(ace, owns, token);
    match entries.into_iter().find(speaks) {
        Some(ace) if ace.allow => Decision::Granted,
        Some(ace) => Decision::Denied(ace),
        None if wanted.right == READ_CONTROL && owns == Some(true) => Decision::Granted,
        None => Decision::NotGranted,
    }
}

/// Whether an access mask holds a right, with what its generic rights stand for.
pub(crate) fn has(mask: u32, right: u32) -> bool {
    let mapped = GENERIC_RIGHTS
        .iter()
        .filter(|(generic, _)| mask & generic != 0)
        .fold(mask, |mask, (_, rights)| mask | rights);
    mapped & right != 0
}

/// Whether the entry speaks of the attribute or right, itself or with its property set.
///
/// A class as object type speaks of every attribute of its objects. Which class the object has is not known here, so that such an
/// entry counts only if it denies.
fn is_about(ace: &Ace, wanted: Wanted) -> bool {
    match ace.object_type {
        None => true,
        Some(schema::CLASS_USER | schema::CLASS_INET_ORG_PERSON) => !ace.allow,
        about => wanted.object.is_some() && (about == wanted.object || about == wanted.set),
    }
}

/// Whether the entry's trustee is in the token.
///
/// Owner Rights (S-1-3-4, MS-DTYP 2.4.2.4) stands for the owner. Where the owner is not known, such an entry counts if it denies.
fn is_for(ace: &Ace, owns: Option<bool>, token: &[Sid]) -> bool {
    token.contains(&ace.trustee) || (is_owner_rights(&ace.trustee) && owns.unwrap_or(!ace.allow))
}

fn is_owner_rights(sid: &Sid) -> bool {
    sid.to_bytes() == [1, 1, 0, 0, 0, 0, 0, 3, 4, 0, 0, 0]
}

/// The entries that a new user directly below a container would have (MS-DTYP 2.5.3.4): those of its class, then what it inherits.
pub(crate) fn of_new_user(of_the_class: &[Ace], of_the_container: &[Ace]) -> Vec<Ace> {
    let inherited = of_the_container.iter().filter(|ace| reaches_users(ace)).map(|ace| Ace {
        flags: inherited_flags(ace.flags),
        ..ace.clone()
    });
    of_the_class.iter().cloned().chain(inherited).collect()
}

/// Whether users inherit an entry: they are containers, as every object of a directory is.
fn reaches_users(ace: &Ace) -> bool {
    let class = matches!(ace.inherited_object_type, None | Some(schema::CLASS_USER));
    ace.flags & CONTAINER_INHERIT != 0 && class
}

fn inherited_flags(flags: u8) -> u8 {
    match flags & NO_PROPAGATE {
        0 => flags & !INHERIT_ONLY | INHERITED,
        _ => INHERITED,
    }
}

/// The entry of a parent's list that an inherited one came from.
pub(crate) fn origin<'a>(inherited: &Ace, of_the_parent: &'a [Ace]) -> Option<&'a Ace> {
    of_the_parent.iter().find(|ace| {
        !ace.is_inherited()
            && ace.flags & CONTAINER_INHERIT != 0
            && (ace.allow, ace.mask, ace.object_type) == (inherited.allow, inherited.mask, inherited.object_type)
            && ace.trustee == inherited.trustee
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ad::descriptor::OBJECT_INHERIT;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn sid(rid: u32) -> Sid {
        Sid::nt(&[21, 1, 2, 3, rid])
    }

    fn ace(allow: bool, flags: u8, mask: u32, object_type: Option<Uuid>, rid: u32) -> Ace {
        Ace {
            allow,
            conditional: false,
            flags,
            mask,
            object_type,
            inherited_object_type: None,
            trustee: sid(rid),
        }
    }

    const RESTRICTIONS: Option<Uuid> = Some(schema::ACCOUNT_RESTRICTIONS);
    const PWD_LAST_SET: Wanted = Wanted::write(schema::PWD_LAST_SET, RESTRICTIONS);

    #[test]
    fn a_denial_is_told_from_a_missing_grant() {
        let deny = ace(false, 0, WRITE_PROPERTY, Some(schema::PWD_LAST_SET), 1);
        let allow = ace(true, 0, WRITE_PROPERTY, RESTRICTIONS, 2);
        let token = [sid(1), sid(2)];
        let decided = |aces: &[Ace]| match decide(aces, None, &token, PWD_LAST_SET) {
            Decision::Denied(by) => Some(by.clone()),
            decision => {
                assert_eq!(decision.is_granted(), !aces.is_empty());
                None
            }
        };
        assert_eq!(decided(&[deny.clone(), allow.clone()]), Some(deny.clone()));
        assert_eq!(decided(&[allow, deny]), None);
        assert_eq!(decided(&[]), None);
    }

    #[test]
    fn the_owner_reads_the_descriptor() {
        let reads = |owner: Option<u32>, aces: &[Ace]| {
            let owner = owner.map(sid);
            decide(aces, owner.as_ref(), &[sid(1)], Wanted::read_control()).is_granted()
        };
        assert!(reads(Some(1), &[]));
        assert!(!reads(Some(2), &[]) && !reads(None, &[]));
        assert!(!reads(Some(1), &[ace(false, 0, READ_CONTROL, None, 1)]));
        assert!(reads(None, &[ace(true, 0, 0x8000_0000, None, 1)]));
        // An entry about one attribute says nothing of the object as a whole.
        assert!(!reads(None, &[ace(true, 0, READ_CONTROL, RESTRICTIONS, 1)]));
    }

    #[test]
    fn what_a_new_user_inherits() {
        let for_users = |flags, class| Ace {
            inherited_object_type: class,
            ..ace(true, flags, WRITE_PROPERTY, RESTRICTIONS, 1)
        };
        let reach = |ace: Ace| {
            let aces = of_new_user(&[], &[ace]);
            let flags = aces.first().map(|ace| ace.flags);
            (decide(&aces, None, &[sid(1)], PWD_LAST_SET).is_granted(), flags)
        };
        let users = Some(schema::CLASS_USER);
        assert_eq!(
            reach(for_users(CONTAINER_INHERIT | INHERIT_ONLY, users)),
            (true, Some(CONTAINER_INHERIT | INHERITED))
        );
        assert_eq!(
            reach(for_users(CONTAINER_INHERIT | NO_PROPAGATE, None)),
            (true, Some(INHERITED))
        );
        let contacts = Some(schema::CLASS_INET_ORG_PERSON);
        assert_eq!(reach(for_users(CONTAINER_INHERIT, contacts)), (false, None));
        assert_eq!(reach(for_users(0, users)), (false, None));
        assert_eq!(reach(for_users(OBJECT_INHERIT, None)), (false, None));
    }

    #[test]
    fn an_inherited_entry_is_traced() {
        let inherited = ace(false, INHERITED | CONTAINER_INHERIT, CONTROL_ACCESS, None, 1);
        let given = ace(false, CONTAINER_INHERIT | INHERIT_ONLY, CONTROL_ACCESS, None, 1);
        let others = [
            ace(true, CONTAINER_INHERIT, CONTROL_ACCESS, None, 1),
            ace(false, CONTAINER_INHERIT, CONTROL_ACCESS, None, 2),
            ace(false, 0, CONTROL_ACCESS, None, 1),
            inherited.clone(),
        ];
        assert_eq!(origin(&inherited, &others), None);
        let with = [&others[..], std::slice::from_ref(&given)].concat();
        assert_eq!(origin(&inherited, &with), Some(&given));
    }

    /// MS-ADTS 5.1.3.3.3 as it is written: a tree of the object, its property sets and its attributes, on which each entry marks what
    /// has not been decided yet.
    struct Tree {
        nodes: Vec<(Option<Uuid>, Option<usize>)>,
        decided: HashMap<(usize, u32), bool>,
    }

    impl Tree {
        fn check(aces: &[Ace], token: &[Sid], wanted: Wanted) -> bool {
            let mut tree = Tree {
                nodes: vec![(None, None)],
                decided: HashMap::new(),
            };
            let above = match wanted.set {
                Some(set) => tree.add(Some(set), 0),
                None => 0,
            };
            let leaf = tree.add(wanted.object, above);
            for ace in aces.iter().filter(|ace| token.contains(&ace.trustee)) {
                let start = match ace.object_type {
                    None => Some(0),
                    object => tree.nodes.iter().position(|(guid, _)| *guid == object),
                };
                for right in [READ_PROPERTY, WRITE_PROPERTY, CONTROL_ACCESS, READ_CONTROL] {
                    if let Some(start) = start.filter(|_| has(ace.mask, right)) {
                        tree.mark(start, right, ace.allow);
                    }
                }
            }
            tree.decided.get(&(leaf, wanted.right)) == Some(&true)
        }

        fn add(&mut self, guid: Option<Uuid>, parent: usize) -> usize {
            self.nodes.push((guid, Some(parent)));
            self.nodes.len() - 1
        }

        fn mark(&mut self, node: usize, right: u32, allow: bool) {
            self.decided.entry((node, right)).or_insert(allow);
            let children: Vec<usize> = (0..self.nodes.len())
                .filter(|child| self.nodes[*child].1 == Some(node))
                .collect();
            for child in children {
                self.mark(child, right, allow);
            }
        }
    }

    fn guids() -> impl Strategy<Value = Uuid> {
        prop::sample::select(vec![
            schema::PWD_LAST_SET,
            schema::USER_ACCOUNT_CONTROL,
            schema::LOCKOUT_TIME,
            schema::ACCOUNT_RESTRICTIONS,
            schema::RESET_PASSWORD,
        ])
    }

    fn masks() -> impl Strategy<Value = u32> {
        prop::sample::select(vec![
            0x10,
            0x20,
            0x30,
            0x100,
            0x2_0000,
            0x8000_0000,
            0x4000_0000,
            0x1000_0000,
        ])
    }

    fn aces() -> impl Strategy<Value = Vec<Ace>> {
        let one = (any::<bool>(), masks(), prop::option::of(guids()), 0u32..4);
        let one = one.prop_map(|(allow, mask, object, rid)| ace(allow, 0, mask, object, rid));
        prop::collection::vec(one, 0..8)
    }

    fn wanted() -> impl Strategy<Value = Wanted> {
        prop::sample::select(vec![
            PWD_LAST_SET,
            Wanted::read(schema::USER_ACCOUNT_CONTROL, RESTRICTIONS),
            Wanted::write(schema::LOCKOUT_TIME, None),
            Wanted::read(schema::LOCKOUT_TIME, None),
            Wanted::control(schema::RESET_PASSWORD),
        ])
    }

    proptest! {
        #[test]
        fn the_first_entry_decides_as_the_tree_does(
            aces in aces(),
            rids in prop::collection::vec(0u32..4, 0..3),
            wanted in wanted(),
        ) {
            let token: Vec<Sid> = rids.into_iter().map(sid).collect();
            let decided = decide(&aces, None, &token, wanted).is_granted();
            prop_assert_eq!(decided, Tree::check(&aces, &token, wanted));
        }

        #[test]
        fn a_denial_in_front_always_wins(aces in aces(), rids in prop::collection::vec(0u32..4, 1..3), wanted in wanted()) {
            let token: Vec<Sid> = rids.iter().copied().map(sid).collect();
            let denial = ace(false, 0, wanted.right, wanted.object, rids[0]);
            let aces = [vec![denial.clone()], aces].concat();
            prop_assert_eq!(decide(&aces, None, &token, wanted), Decision::Denied(&denial));
        }

        #[test]
        fn a_grant_behind_mends_what_nobody_denies(aces in aces(), wanted in wanted()) {
            let token = [sid(0), sid(1)];
            let granted = [aces.clone(), vec![ace(true, 0, wanted.right, wanted.object, 0)]].concat();
            let before = decide(&aces, None, &token, wanted);
            let after = decide(&granted, None, &token, wanted).is_granted();
            prop_assert_eq!(after, !matches!(before, Decision::Denied(_)));
        }

        #[test]
        fn an_empty_token_is_granted_nothing(aces in aces(), wanted in wanted()) {
            prop_assert_eq!(decide(&aces, None, &[], wanted), Decision::NotGranted);
        }
    }
}
