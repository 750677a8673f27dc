//! Promises of logs and of those who read them.

use super::*;
use crate::base::{Span, Time};
use crate::stoq::certs::{Algorithm, IssuerId, KeyId, ProofFault, Serial, Transparency};
use crate::stoq::session::Roles;
use crate::stoq::session::frame::Name;
use proptest::prelude::*;

const ORIGIN: &str = "log.example/stoq";
const KEY: [u8; 32] = [7; 32];
const NOW: Time = Time(1_000_000_000_000);

/// A signature that only the key's owner can make, for tests: a digest of both.
struct Toy;

fn toy(key: &[u8; 32], text: &[u8]) -> [u8; 64] {
    let mut out = [0; 64];
    blake3::Hasher::new().update(key).update(text).finalize_xof().fill(&mut out);
    out
}

impl Signatures for Toy {
    fn is_good(&self, key: &[u8; 32], text: &[u8], signature: &[u8]) -> bool {
        toy(key, text) == signature
    }
}

fn certificate(serial: u64) -> Certificate {
    Certificate {
        serial: Serial(serial),
        issuer: IssuerId([1; 32]),
        name: Name::new("edge-1").expect("it is a name"),
        roles: Roles::EDGE,
        key: KeyId([2; 32]),
        not_before: NOW,
        not_after: NOW + Span::secs(3_600),
        algorithm: Algorithm::Ed25519,
        key_algorithm: Algorithm::Ed25519,
        between: None,
        path: 0,
        bytes: 512,
    }
}

fn log(certificates: u64) -> Log {
    let mut log = Log::new(ORIGIN, Span::secs(60));
    for serial in 1..=certificates {
        log.add(&certificate(serial), NOW);
        log.merge();
    }
    log
}

fn note(checkpoint: Checkpoint) -> Note {
    Note::signed(checkpoint, &KEY, |text| toy(&KEY, text))
}

fn reader(wanted: usize) -> Logs<Toy> {
    Logs::new(vec![Known { origin: ORIGIN.to_owned(), key: KEY, runs: vec![] }], wanted, Toy)
}

fn proof(log: &Log, serial: u64) -> Vec<u8> {
    let checkpoint = log.checkpoint();
    let (place, path) = log.prove(&leaf_hash(&entry(&certificate(serial))), checkpoint.size).expect("it is listed");
    Proof { note: note(checkpoint).to_text().into_bytes(), place, path }.to_bytes()
}

fn tree(leaves: u64) -> Tree {
    let mut tree = Tree::default();
    (0..leaves).for_each(|n| tree.push(leaf_hash(&n.to_be_bytes())));
    tree
}

#[test]
fn every_entry_is_included_in_every_version_and_nowhere_else() {
    let tree = tree(20);
    for size in 0..=20 {
        let root = tree.root(size).expect("there was such a version");
        for index in 0..size {
            let (leaf, path) = (leaf_hash(&index.to_be_bytes()), tree.inclusion(index, size).expect("it is in it"));
            assert!(includes(&leaf, index, size, &path, &root), "{index} of {size}");
            (0..20).filter(|other| *other != index).for_each(|other| assert!(!includes(&leaf, other, size, &path, &root)));
        }
        assert_eq!(tree.inclusion(size, size), None);
    }
}

#[test]
fn every_version_begins_with_every_earlier_one_and_with_no_other() {
    let (grown, mut other) = (tree(20), tree(9));
    (9..20).for_each(|n: u64| other.push(leaf_hash(&(n + 100).to_be_bytes())));
    for (old, new) in (1..=20).flat_map(|new| (1..=new).map(move |old| (old, new))) {
        let path = grown.consistency(old, new).expect("both were versions");
        let root = |tree: &Tree, size| tree.root(size).expect("there was such a version");
        assert!(consists((old, &root(&grown, old)), (new, &root(&grown, new)), &path), "{old} of {new}");
        if new > 9 {
            // The two trees have their first nine entries in common, and each tells of itself alone.
            let told =
                consists((old, &root(&grown, old)), (new, &root(&other, new)), &other.consistency(old, new).expect("both were versions"));
            assert_eq!(told, old <= 9, "{old} of {new}");
        }
    }
}

#[test]
fn the_hash_of_a_range_is_that_of_the_definition() {
    fn defined(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => leafless(),
            [one] => *one,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node_hash(&defined(left), &defined(right))
            }
        }
    }
    fn leafless() -> Hash {
        Tree::default().root(0).expect("a tree begins empty")
    }
    let leaves: Vec<Hash> = (0..70_u64).map(|n| leaf_hash(&n.to_be_bytes())).collect();
    let tree = tree(70);
    (0..=70).for_each(|size| assert_eq!(tree.root(size as u64), Some(defined(&leaves[..size])), "{size}"));
}

#[test]
fn a_promise_is_kept_once_and_in_time() {
    let mut log = Log::new(ORIGIN, Span::secs(100 * 24 * 3600));
    let promise = log.add(&certificate(1), NOW);
    assert_eq!(promise.by, NOW + MERGE_DELAY_MAX, "no log takes longer than that");
    assert_eq!(log.add(&certificate(1), NOW + Span::secs(9)), promise);
    assert!(log.due().is_some_and(|due| NOW < due && due < promise.by));
    assert_eq!(log.merge(), [promise.leaf]);
    assert_eq!((log.due(), log.checkpoint().size), (None, 1));
    log.add(&certificate(1), NOW + Span::secs(60));
    assert_eq!((log.merge().len(), log.checkpoint().size), (0, 1), "it is listed already");
}

#[test]
fn a_note_is_read_as_it_was_written() {
    let note = note(log(3).checkpoint());
    assert_eq!(Note::parse(note.to_text().as_bytes()), Ok(note.clone()));
    for wrong in ["", "\n", "a\n1\n", "a\n01\nAA==\n\n— a AAAAAAA=\n", &note.to_text().replace("— ", "- "), &note.text] {
        assert!(Note::parse(wrong.as_bytes()).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_receiver_believes_a_proof_under_a_checkpoint_that_it_can_follow() {
    let mut logs = reader(1);
    let (old, new) = (log(3), log(5));
    assert_eq!(logs.check(&certificate(2), &proof(&old, 2), NOW), Ok(()));
    assert_eq!(logs.see(note(old.checkpoint()), &[]), Sight::Taken);
    assert_eq!(logs.check(&certificate(2), &proof(&old, 2), NOW), Ok(()));
    assert_eq!(logs.check(&certificate(4), &proof(&new, 4), NOW), Err(ProofFault::NoLog), "it has not seen that one");
    assert_eq!(logs.see(note(new.checkpoint()), &[]), Sight::Unproven);
    assert_eq!(logs.see(note(new.checkpoint()), &new.follow(3, 5).expect("both were versions")), Sight::Taken);
    assert_eq!(logs.check(&certificate(4), &proof(&new, 4), NOW), Ok(()));
    assert_eq!(logs.newest(ORIGIN), Some(&new.checkpoint()));
    assert_eq!(logs.check(&certificate(5), &proof(&new, 4), NOW), Err(ProofFault::Bad), "that is another's proof");
    assert_eq!(reader(2).check(&certificate(4), &proof(&new, 4), NOW), Err(ProofFault::NoLog), "two logs are wanted and one is known");
    assert_eq!(logs.check(&certificate(4), b"\xff", NOW), Err(ProofFault::Bad));
}

#[test]
fn a_log_that_contradicts_itself_is_not_believed_any_more() {
    let mut logs = reader(1);
    let mut split = log(3);
    split.add(&certificate(77), NOW);
    split.merge();
    assert_eq!(logs.see(note(log(4).checkpoint()), &[]), Sight::Taken);
    let Sight::Contradicts(both) = logs.see(note(split.checkpoint()), &[]) else { panic!("there are two trees of four entries") };
    assert_eq!((both.one.checkpoint, both.other.checkpoint), (log(4).checkpoint(), split.checkpoint()));
    assert!(!logs.is_believed(ORIGIN) && logs.contradictions().len() == 1);
    assert_eq!(logs.check(&certificate(2), &proof(&log(4), 2), NOW), Err(ProofFault::NoLog));
    assert_eq!(logs.see(note(log(5).checkpoint()), &[]), Sight::Unsigned);
}

proptest! {
    #[test]
    fn whatever_octets_come_nothing_panics(octets in proptest::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,60}") {
        let _ = Note::parse(&octets);
        let _ = Note::parse(format!("{text}\n5\n\n— {text}\n").as_bytes());
        prop_assert!(reader(1).check(&certificate(1), &octets, NOW).is_err());
    }
}

#[test]
fn a_hint_is_that_of_the_notes_of_others() {
    // The verifier key that the documents of golang.org/x/mod/sumdb/note show.
    let key = [
        0x1a, 0x5c, 0xd9, 0x07, 0x14, 0x3c, 0x38, 0x4c, 0x41, 0xe8, 0x30, 0xc5, 0xbc, 0xe1, 0x2a, 0xa8, 0x81, 0x7e, 0xc5, 0x64, 0x9a, 0xaa,
        0xbf, 0x2c, 0x31, 0x38, 0x8b, 0x35, 0xb2, 0xd7, 0x44, 0xd6,
    ];
    assert_eq!(Signature::hint("PeterNeumann", &key), [0xc7, 0x4f, 0x20, 0xa3]);
}

#[test]
fn a_proof_is_as_long_as_it_says() {
    for (note, path) in [(0, 0), (1, 1), (63, 2), (64, 62), (1_024, 63)] {
        let proof = Proof { note: vec![7; note], place: note as u64 * 3, path: vec![[1; 32]; path] };
        let bytes = proof.to_bytes();
        assert_eq!((proof.encoded_len(), Proof::from_bytes(&bytes)), (bytes.len(), Ok(proof)));
    }
}

#[test]
fn proofs_are_required_as_soon_as_one_is_wanted() {
    assert!(!reader(0).is_required());
    assert!(reader(1).is_required());
}

#[test]
fn no_path_leads_backwards_or_past_the_end() {
    let tree = tree(5);
    assert_eq!(tree.consistency(4, 3), None);
    assert_eq!(tree.consistency(3, 6), None);
    assert_eq!(tree.consistency(6, 6), None);
    assert_eq!(tree.consistency(5, 5), Some(vec![]));
}

#[test]
fn the_newest_checkpoints_are_remembered_and_no_more_than_a_few_hundred() {
    // Who saw so many checkpoints of a log that grows, and is shown another one of the first size.
    let shown_another = |checkpoints: u64| {
        let (mut logs, mut log) = (reader(1), log(1));
        let first = log.checkpoint();
        assert!(matches!(logs.see(note(first.clone()), &[]), Sight::Taken));
        for serial in 2..=checkpoints {
            let before = log.checkpoint().size;
            log.add(&certificate(serial), NOW);
            log.merge();
            let path = log.follow(before, log.checkpoint().size).expect("both were versions");
            assert!(matches!(logs.see(note(log.checkpoint()), &path), Sight::Taken));
        }
        logs.see(note(Checkpoint { root: [9; 32], ..first }), &[])
    };
    assert!(matches!(shown_another(256), Sight::Contradicts(_)));
    assert!(matches!(shown_another(257), Sight::Unproven), "the first has made room");
}

#[test]
fn a_log_signs_under_its_own_name_with_the_hint_at_its_own_key() {
    let good = note(log(3).checkpoint());
    let with = |change: fn(&mut Signature)| {
        let mut other = good.clone();
        change(&mut other.signatures[0]);
        reader(1).see(other, &[])
    };
    assert_eq!(with(|_| ()), Sight::Taken);
    assert_eq!(with(|signature| signature.name = "witness.example".to_owned()), Sight::Unsigned);
    assert_eq!(with(|signature| signature.hint = [0; 4]), Sight::Unsigned);
}

#[test]
fn a_line_with_a_signature_has_a_name_and_more_than_a_hint() {
    let body = note(log(3).checkpoint()).text;
    let read = |line: &str| Note::parse(format!("{body}\n{line}\n").as_bytes()).is_ok();
    assert!(read("— witness.example AAAAAAA="));
    assert!(!read("—  AAAAAAA="), "nobody signed it");
    assert!(!read("— witness.example AAAAAA=="), "there is a hint, and no signature");
}

#[test]
fn a_proof_under_another_tree_of_the_same_size_is_bad() {
    let mut logs = reader(1);
    let mut split = log(3);
    split.add(&certificate(77), NOW);
    split.merge();
    assert_eq!(logs.see(note(log(4).checkpoint()), &[]), Sight::Taken);
    assert_eq!(logs.check(&certificate(77), &proof(&split, 77), NOW), Err(ProofFault::Bad));
}
