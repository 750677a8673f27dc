//! `kill -9` of a node at random moments of `put` and `get`: what was acknowledged stays, no wrong byte comes, the transfer goes on.
//!
//! Small here. `HYPERMESH_KILL_TREE=DIR` takes another tree, `HYPERMESH_KILLS=20` more kills, `HYPERMESH_KILL_SEED=N` other moments; the second version of
//! the tree is then a copy of it in which some files change.
#![cfg(all(unix, feature = "real"))]

mod net;

use net::{Network, commands, files, plant, same};
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

/// Runs a command while nodes are ended and started anew, `kills` times. It has to end well all the same. Seconds that it took.
fn under_fire(network: &mut Network, line: &str, kills: u64, each: Duration, chance: &mut Chance) -> f64 {
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
    let seconds = begun.elapsed().as_secs_f64();
    let text = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{line} with {killed:?} ended: {text}");
    println!("{line}: {seconds:.1} s with {} kills {killed:?}\n{text}", killed.len());
    seconds
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
    let part = kills.div_ceil(4);
    under_fire(&mut network, "hypermesh put one apps/demo --version 1 --as me --patience 300 --to \"[::1]:7100\"", part, each, &mut chance);
    // What was acknowledged is there after one more loss of the origin.
    network.kill("origin.yaml");
    network.start("origin.yaml", "hypermesh node origin.yaml");
    under_fire(&mut network, "hypermesh get apps/demo -o got-1 --patience 300 --from \"[::1]:7102\"", part, each, &mut chance);
    assert!(same(&one, &network.path("got-1")), "the first version came as it was");
    under_fire(&mut network, "hypermesh put two apps/demo --version 2 --as me --patience 300 --to \"[::1]:7100\"", part, each, &mut chance);
    // A client that is ended goes on where it was.
    let line = "hypermesh get apps/demo -o got-2 --version-min 2 --patience 300 --from \"[::1]:7103\"";
    let mut client = network.command(line).stdout(Stdio::null()).spawn().expect("the command starts");
    std::thread::sleep(each / 2);
    client.kill().expect("it can be ended");
    client.wait().expect("it ends");
    if !network.path("got-2").exists() {
        under_fire(&mut network, line, part, each, &mut chance);
    }
    assert!(same(&two, &network.path("got-2")), "the second version came as it was");
}
