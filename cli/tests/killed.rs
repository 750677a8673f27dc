//! `kill -9` of a node at random moments of `put` and `get`: what was acknowledged stays, no wrong byte comes, the transfer goes on.
//!
//! Small here. `HYPERMESH_KILL_TREE=DIR` takes another tree, `HYPERMESH_KILLS=20` more kills, `HYPERMESH_KILL_SEED=N` other moments; the second version of
//! the tree is then a copy of it in which some files change. Transfers follow each other until there were as many kills as asked for. What both versions
//! cost is told beside what the chunker's crate alone makes of the same trees.
#![cfg(all(unix, feature = "real"))]

mod net;

use fastcdc::v2020::FastCDC;
use hypermesh_core::stoq::chunk::Profile;
use hypermesh_real::client::tree;
use net::{Network, commands, files, plant, same};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const NODES: [&str; 4] = ["origin", "regional", "edge-1", "edge-2"];

/// Where moments and victims come from.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Runs a command while nodes are ended and started anew, at most `kills` times. It has to end well all the same. How often it was, and what it printed.
fn under_fire(network: &mut Network, line: &str, kills: u64, each: Duration, chance: &mut Chance) -> (u64, String) {
    let begun = Instant::now();
    let mut child = network.command(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command starts");
    let mut killed = Vec::new();
    for _ in 0..kills {
        std::thread::sleep(Duration::from_nanos(chance.below(each.as_nanos() as u64)));
        if child.try_wait().expect("it can be asked").is_some() {
            break;
        }
        let victim = NODES[chance.below(4) as usize];
        network.kill(&format!("{victim}.yaml"));
        std::thread::sleep(Duration::from_millis(chance.below(300)));
        network.start(&format!("{victim}.yaml"), &format!("hypermesh node {victim}.yaml"));
        killed.push(victim);
    }
    let done = child.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{line} with {killed:?} ended: {text}{}", String::from_utf8_lossy(&done.stderr));
    println!("{line}: {:.1} s with {} kills {killed:?}\n{text}", begun.elapsed().as_secs_f64(), killed.len());
    (killed.len() as u64, text)
}

/// What the chunker's crate alone makes of a tree, packed as `put` packs it: all bytes, bytes of chunks that differ, and bytes of those that `known`
/// lacks. `known` holds these chunks too from then on.
fn alone(tree: &Path, known: &mut BTreeSet<[u8; 32]>) -> (u64, u64, u64) {
    let entries = tree::scan(tree).expect("the tree can be read");
    let mut object = Vec::new();
    tree::pack(tree, &entries, |piece| object.extend_from_slice(piece)).expect("the tree can be packed");
    let (mut own, mut differ, mut lacked) = (BTreeSet::new(), 0, 0);
    let standard = Profile::Standard;
    for chunk in FastCDC::new(&object, standard.min(), standard.avg(), standard.max()) {
        let id = *blake3::hash(&object[chunk.offset..chunk.offset + chunk.length]).as_bytes();
        let bytes = chunk.length as u64;
        differ += if own.insert(id) { bytes } else { 0 };
        lacked += if known.insert(id) { bytes } else { 0 };
    }
    (object.len() as u64, differ, lacked)
}

/// Prints what `put` said of a tree beside what the crate alone gives, and holds the two against each other.
fn compare(which: &str, said: &str, (bytes, differ, lacked): (u64, u64, u64)) {
    let said: Value = serde_json::from_str(said).expect("put prints JSON");
    let field = |name: &str| said[name].as_u64().expect("a number");
    let ratio = |of: u64| bytes as f64 / of.max(1) as f64;
    println!(
        "{which}: {bytes} bytes; STOQ: {} bytes differ inside (ratio {:.3}), {} sent, manifests and what kills cost included (ratio {:.3}); fastcdc alone: \
         {differ} (ratio {:.3}), new against the version before {lacked} (ratio {:.3})",
        field("unique_bytes"),
        ratio(field("unique_bytes")),
        field("sent_bytes"),
        ratio(field("sent_bytes")),
        ratio(differ),
        ratio(lacked),
    );
    assert_eq!((field("bytes"), field("unique_bytes")), (bytes, differ), "the same cuts as the crate alone");
    assert!(field("sent_bytes") >= lacked, "what nobody had was sent");
}

/// A copy of a tree in which one file of twenty changes: a line more at its beginning.
fn second(tree: &Path, to: &Path) {
    let copied = Command::new("cp").args(["-a".as_ref(), tree.as_os_str(), to.as_os_str()]).status().expect("cp runs");
    assert!(copied.success(), "the tree is copied");
    let (mut folders, mut count) = (vec![to.to_owned()], 0);
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<PathBuf> = fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
        entries.sort();
        for path in entries {
            if path.is_symlink() {
                continue;
            } else if path.is_dir() {
                folders.push(path);
            } else {
                count += 1;
                if count % 20 == 0 {
                    let text = [b"// changed\n".as_slice(), &fs::read(&path).expect("a file")].concat();
                    fs::write(&path, text).expect("a file");
                }
            }
        }
    }
}

#[test]
fn what_was_acknowledged_survives_kills_and_transfers_go_on() {
    let guide = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/first-cdn.md")).expect("the guide is there");
    let (kills, mut chance) = (number("HYPERMESH_KILLS", 4), Chance(number("HYPERMESH_KILL_SEED", 7)));
    let each = Duration::from_millis(number("HYPERMESH_KILL_MILLIS", 200));
    let mut network = Network::empty();
    let (one, two) = (network.path("one"), network.path("two"));
    match std::env::var_os("HYPERMESH_KILL_TREE") {
        Some(tree) => assert!(Command::new("cp").arg("-a").arg(tree).arg(&one).status().expect("cp runs").success(), "the tree is copied"),
        None => plant(&one, 3),
    }
    second(&one, &two);
    for (name, text) in files(&guide) {
        network.write(&name, &text);
    }
    for command in commands(&guide).iter().filter(|command| command.contains(" certs ") || command.contains(" node ")) {
        network.typed(command);
    }
    let (part, mut left, mut known) = (kills.div_ceil(4), kills, BTreeSet::new());
    let put = |version, tree| {
        format!("hypermesh put {tree} apps/demo --version {version} --as me --format json --patience 300 --to \"[::1]:7100\"")
    };
    let (killed, said) = under_fire(&mut network, &put(1, "one"), part, each, &mut chance);
    left -= killed;
    compare("first version", &said, alone(&one, &mut known));
    // What was acknowledged is there after one more loss of the origin.
    network.kill("origin.yaml");
    network.start("origin.yaml", "hypermesh node origin.yaml");
    let line = "hypermesh get apps/demo -o got-1 --patience 300 --from \"[::1]:7102\"";
    left -= under_fire(&mut network, line, part.min(left), each, &mut chance).0;
    assert!(same(&one, &network.path("got-1")), "the first version came as it was");
    let (killed, said) = under_fire(&mut network, &put(2, "two"), part.min(left), each, &mut chance);
    left -= killed;
    compare("second version", &said, alone(&two, &mut known));
    // A client that is ended goes on where it was.
    let line = "hypermesh get apps/demo -o got-2 --version-min 2 --patience 300 --from \"[::1]:7103\"";
    let mut client = network.command(line).stdout(Stdio::null()).spawn().expect("the command starts");
    std::thread::sleep(each / 2);
    client.kill().expect("it can be ended");
    client.wait().expect("it ends");
    if !network.path("got-2").exists() {
        left -= under_fire(&mut network, line, left, each, &mut chance).0;
    }
    assert!(same(&two, &network.path("got-2")), "the second version came as it was");
    // Transfers that ended too soon leave kills over: further ones take them. Where a transfer ends before the first, the next is not waited for so long.
    let mut within = each;
    while left > 0 {
        let port = 7102 + left % 2;
        let line = format!("hypermesh get apps/demo -o more --version-min 2 --patience 300 --from \"[::1]:{port}\"");
        let killed = under_fire(&mut network, &line, left, within, &mut chance).0;
        assert!(same(&two, &network.path("more")), "the second version came as it was");
        fs::remove_dir_all(network.path("more")).expect("it can be removed");
        left -= killed;
        within = if killed == 0 { (within / 2).max(Duration::from_millis(1)) } else { within };
    }
    println!("{kills} kills of nodes during transfers, the origin once more between them, the client once");
}
