//! R-13-08 to R-13-10, R-13-12 and R-13-13: what logs show, and who watches them.

use super::scene::{NOW, Scene};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::{Span, Time};
use hypermesh_core::stoq::certs::Certificate;
use hypermesh_core::stoq::certs::log::{
    Checkpoint, Hash, Known, Log, Logs, Note, Proof, Sight, Signatures, Tree, consists, entry, leaf_hash, node_hash,
};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

/// The logs that receivers know.
pub(super) const NAMES: [&str; 3] = ["one.example/stoq", "two.example/stoq", "three.example/stoq"];

/// The cases of these requirements.
pub(super) fn cases() -> Vec<Case> {
    [hashes(), notes(), delays(), growth(), contradictions()].concat()
}

/// Checks signatures of logs.
pub(super) struct Ed25519;

impl Signatures for Ed25519 {
    fn is_good(&self, key: &[u8; 32], text: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, key).verify(text, signature).is_ok()
    }
}

/// The key of the log of this number.
fn pair(log: usize) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[log as u8 + 1; 32]).expect("any 32 octets are a seed")
}

fn public(pair: &Ed25519KeyPair) -> [u8; 32] {
    pair.public_key().as_ref().try_into().expect("a key has 32 octets")
}

fn signed(checkpoint: Checkpoint, with: usize) -> Note {
    let pair = pair(with);
    Note::signed(checkpoint, &public(&pair), |text| pair.sign(text).as_ref().try_into().expect("a signature has 64 octets"))
}

/// What receivers know of the logs.
pub(super) fn known() -> Vec<Known> {
    let log = |(at, name): (usize, &&str)| Known { origin: (*name).to_owned(), key: public(&pair(at)), runs: Vec::new() };
    NAMES.iter().enumerate().map(log).collect()
}

/// A receiver that wants proofs of so many logs.
pub(super) fn receiver(wanted: usize) -> Logs<Ed25519> {
    Logs::new(known(), wanted, Ed25519)
}

/// A tree in which a certificate is listed among other entries; each log has the same.
pub(super) struct Written {
    tree: Tree,
}

impl Written {
    /// The fourth of seven entries.
    pub(super) fn with(certificate: &Certificate) -> Self {
        Self::at(certificate, 3, 7)
    }

    /// At this place of so many.
    pub(super) fn at(certificate: &Certificate, place: u64, size: u64) -> Self {
        let mut tree = Tree::default();
        let hash = |at: u64| if at == place { leaf_hash(&entry(certificate)) } else { leaf_hash(&at.to_be_bytes()) };
        (0..size).for_each(|at| tree.push(hash(at)));
        Self { tree }
    }

    fn checkpoint(&self, log: usize, size: u64) -> Checkpoint {
        Checkpoint { origin: NAMES[log].to_owned(), size, root: self.tree.root(size).unwrap_or_default() }
    }

    /// What a log showed when it had so many entries.
    pub(super) fn note(&self, log: usize, size: u64) -> Note {
        signed(self.checkpoint(log, size), log)
    }

    /// The newest checkpoint of a log, signed by another.
    pub(super) fn forged(&self, log: usize) -> Vec<u8> {
        let mut note = self.note(log, self.tree.size());
        note.signatures[0].octets = signed(note.checkpoint.clone(), log + 1).signatures[0].octets.clone();
        note.to_text().into_bytes()
    }

    /// A log's proof of the entry at a place, under its newest checkpoint.
    pub(super) fn proof(&self, log: usize, place: u64) -> Proof {
        let size = self.tree.size();
        let note = self.note(log, size).to_text().into_bytes();
        Proof { note, place, path: self.tree.inclusion(place, size).unwrap_or_default() }
    }
}

fn hex(hash: &Hash) -> String {
    hash.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// R-13-08: hashes that anybody else computes.
fn hashes() -> Vec<Case> {
    /// Entries of growing length, and roots of the first so many of them, computed by another program from the definition of RFC 9162.
    const ENTRIES: [&[u8]; 8] = [
        &[],
        &[0],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
    ];
    let root = |name: &str, polarity, size: u64, wanted: &'static str| {
        Case::function(name, polarity, move || {
            let mut tree = Tree::default();
            ENTRIES.iter().for_each(|entry| tree.push(leaf_hash(entry)));
            let found = tree.root(size).map(|root| hex(&root)).unwrap_or_default();
            ensure(found == wanted, || format!("the root of {size} entries is {found}, and {wanted} is due"))
        })
    };
    vec![
        root("R-13-08/no-entry", Boundary, 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        root("R-13-08/one-entry", Boundary, 1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        root("R-13-08/two-entries", Valid, 2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
        root("R-13-08/seven-entries", Boundary, 7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
        root("R-13-08/eight-entries", Valid, 8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        Case::function("R-13-08/an-entry-that-looks-like-a-node", Invalid, || {
            let (one, other) = (leaf_hash(b"one"), leaf_hash(b"other"));
            let passes = leaf_hash(&[one, other].concat()) == node_hash(&one, &other);
            ensure(!passes, || "an entry of two hashes has the hash of a node".into())
        }),
    ]
}

/// R-13-09: the form of checkpoints.
fn notes() -> Vec<Case> {
    let sized = |name: &str, polarity, size: u64| {
        Case::function(name, polarity, move || {
            let checkpoint = Checkpoint { origin: NAMES[0].to_owned(), size, root: [size as u8; 32] };
            let text = signed(checkpoint.clone(), 0).to_text();
            let lines: Vec<&str> = text.lines().collect();
            let right =
                lines[..2] == [NAMES[0], size.to_string().as_str()] && lines[3].is_empty() && lines[4].starts_with("— one.example/stoq ");
            ensure(right, || format!("{text:?} is no signed note"))?;
            let read = Note::parse(text.as_bytes()).map(|note| note.checkpoint);
            ensure(read == Ok(checkpoint), || format!("{text:?} is read as {read:?}"))
        })
    };
    let wrong = |name: &str, polarity, change: fn(String) -> String| {
        Case::function(name, polarity, move || {
            let checkpoint = Checkpoint { origin: NAMES[0].to_owned(), size: 7, root: [7; 32] };
            let text = change(signed(checkpoint, 0).to_text());
            let read = Note::parse(text.as_bytes());
            ensure(read.is_err(), || format!("{text:?} is taken for a checkpoint"))
        })
    };
    vec![
        sized("R-13-09/a-checkpoint", Valid, 20_852_163),
        sized("R-13-09/no-entry", Boundary, 0),
        sized("R-13-09/the-largest-size", Boundary, u64::MAX),
        wrong("R-13-09/a-line-too-few", Invalid, |text| text.replacen("7\n", "", 1)),
        wrong("R-13-09/a-size-with-a-leading-zero", Invalid, |text| text.replacen("7\n", "07\n", 1)),
        wrong("R-13-09/a-root-that-is-too-short", Invalid, |text| text.replacen("BwcHBwcHBwc", "BwcH", 1)),
        wrong("R-13-09/no-line-with-a-signature", Invalid, |text| text.split_inclusive("\n\n").take(1).collect()),
        wrong("R-13-09/a-signature-without-its-dash", Invalid, |text| text.replace("— ", "")),
    ]
}

/// R-13-10: promises are kept in time.
fn delays() -> Vec<Case> {
    // A log whose driver merges when it is due, or as late as it may.
    let shown = |name: &str, polarity, delay: Span, at_last: bool| {
        Case::function(name, polarity, move || {
            let certificate = Scene::new()?.presented.certificate;
            let mut log = Log::new(NAMES[0], delay);
            let promise = log.add(&certificate, NOW);
            let due = log.due().ok_or_else(|| Miss::Fail("nothing is due after a promise".into()))?;
            let merged_at: Time = if at_last { promise.by } else { due };
            let latest = NOW + delay.min(Span::secs(24 * 3_600));
            ensure(merged_at <= latest, || format!("a promise of {NOW} is kept at {merged_at}"))?;
            log.merge();
            let checkpoint = log.checkpoint();
            ensure(log.prove(&promise.leaf, checkpoint.size).is_some(), || format!("{checkpoint:?} does not show what was promised"))
        })
    };
    vec![
        shown("R-13-10/a-certificate-that-was-promised", Valid, Span::secs(60), false),
        shown("R-13-10/the-last-instant-of-the-delay", Boundary, Span::secs(24 * 3_600), true),
        shown("R-13-10/a-log-that-wants-more-time", Invalid, Span::secs(48 * 3_600), true),
    ]
}

/// R-13-12: what comes later begins with what came before.
fn growth() -> Vec<Case> {
    /// A receiver that saw a tree of three entries sees one of five, with a path or the path of a tree that was rewritten.
    fn grown(rewritten: bool) -> Outcome<Sight> {
        let certificate = Scene::new()?.presented.certificate;
        let (before, after) = (Written::at(&certificate, 9, 5), Written::at(&certificate, if rewritten { 1 } else { 9 }, 5));
        let mut logs = receiver(1);
        logs.see(before.note(0, 3), &[]);
        Ok(logs.see(after.note(0, 5), &after.tree.consistency(3, 5).unwrap_or_default()))
    }
    vec![
        Case::function("R-13-12/a-tree-that-grows", Valid, || {
            let sight = grown(false)?;
            ensure(sight == Sight::Taken, || format!("a checkpoint that follows is {sight:?}"))
        }),
        Case::function("R-13-12/two-checkpoints-of-one-size", Boundary, || {
            let (tree, mut logs) = (Written::with(&Scene::new()?.presented.certificate), receiver(1));
            let sights = [logs.see(tree.note(0, 5), &[]), logs.see(tree.note(0, 5), &[])];
            ensure(sights == [Sight::Taken, Sight::Taken], || format!("{sights:?}"))
        }),
        Case::function("R-13-12/an-older-checkpoint-that-comes-late", Boundary, || {
            let (tree, mut logs) = (Written::with(&Scene::new()?.presented.certificate), receiver(1));
            logs.see(tree.note(0, 5), &[]);
            let sight = logs.see(tree.note(0, 3), &tree.tree.consistency(3, 5).unwrap_or_default());
            ensure(sight == Sight::Taken, || format!("a checkpoint of the same tree is {sight:?}"))
        }),
        Case::function("R-13-12/a-tree-that-was-rewritten", Invalid, || {
            let sight = grown(true)?;
            ensure(sight == Sight::Unproven, || format!("a checkpoint of a tree that was rewritten is {sight:?}"))
        }),
        Case::function("R-13-12/a-path-that-is-missing", Invalid, || {
            let (tree, mut logs) = (Written::with(&Scene::new()?.presented.certificate), receiver(1));
            logs.see(tree.note(0, 3), &[]);
            let sight = logs.see(tree.note(0, 5), &[]);
            ensure(sight == Sight::Unproven, || format!("a checkpoint without a path is {sight:?}"))
        }),
        Case::function("R-13-12/every-two-sizes", Boundary, || {
            let tree = Written::at(&Scene::new()?.presented.certificate, 3, 17).tree;
            for (old, new) in (0..=17).flat_map(|new| (0..=new).map(move |old| (old, new))) {
                let (one, other) = (tree.root(old).unwrap_or_default(), tree.root(new).unwrap_or_default());
                let follows = consists((old, &one), (new, &other), &tree.consistency(old, new).unwrap_or_default());
                ensure(follows, || format!("a tree of {new} entries does not follow from that of {old}"))?;
                let wrong = old > 0 && consists((old, &[9; 32]), (new, &other), &tree.consistency(old, new).unwrap_or_default());
                ensure(!wrong, || format!("a tree of {new} entries follows from another of {old}"))?;
            }
            Ok(())
        }),
    ]
}

/// R-13-13: two truths.
fn contradictions() -> Vec<Case> {
    /// A receiver sees one checkpoint and then another of the same size: both are made known, and the log is not believed any more.
    fn found(one: &Note, other: &Note) -> Outcome {
        let mut logs = receiver(1);
        logs.see(one.clone(), &[]);
        let sight = logs.see(other.clone(), &[]);
        let Sight::Contradicts(both) = sight else { return Err(Miss::Fail(format!("two trees of one size are {sight:?}"))) };
        ensure((&both.one, &both.other) == (one, other), || "the two are not made known as they came".into())?;
        let kept = logs.contradictions().contains(&both);
        ensure(kept && !logs.is_believed(NAMES[0]), || format!("kept: {kept}, believed: {}", logs.is_believed(NAMES[0])))?;
        ensure(logs.is_believed(NAMES[1]), || "another log is not believed either".into())
    }
    vec![
        Case::function("R-13-13/two-equal-checkpoints", Valid, || {
            let (tree, mut logs) = (Written::with(&Scene::new()?.presented.certificate), receiver(1));
            (0..2).for_each(|_| drop(logs.see(tree.note(0, 7), &[])));
            ensure(logs.is_believed(NAMES[0]) && logs.contradictions().is_empty(), || {
                "a log that said one thing twice is not believed".into()
            })
        }),
        Case::function("R-13-13/one-bit-of-a-root", Boundary, || {
            let tree = Written::with(&Scene::new()?.presented.certificate);
            let mut other = tree.checkpoint(0, 7);
            other.root[0] ^= 1;
            found(&tree.note(0, 7), &signed(other, 0))
        }),
        Case::function("R-13-13/two-trees-for-two-nodes", Invalid, || {
            let certificate = Scene::new()?.presented.certificate;
            let (mine, yours) = (Written::at(&certificate, 3, 7), Written::at(&certificate, 4, 7));
            found(&mine.note(0, 7), &yours.note(0, 7))
        }),
        Case::function("R-13-13/what-another-signed-contradicts-nothing", Invalid, || {
            let certificate = Scene::new()?.presented.certificate;
            let (tree, other) = (Written::at(&certificate, 3, 7), Written::at(&certificate, 4, 7));
            let mut logs = receiver(1);
            logs.see(tree.note(0, 7), &[]);
            let mut note = other.note(0, 7);
            note.signatures = signed(note.checkpoint.clone(), 1).signatures;
            let sight = logs.see(note, &[]);
            ensure(sight == Sight::Unsigned && logs.is_believed(NAMES[0]), || format!("a forged checkpoint is {sight:?}"))
        }),
    ]
}
