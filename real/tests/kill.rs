//! A process that is killed while it writes to its store. The test starts itself again as that process.

use hypermesh_core::stoq::cache::Version;
use hypermesh_core::stoq::chunk::{ChunkId, ManifestId};
use hypermesh_core::stoq::session::frame::Name;
use hypermesh_real::store::{Binding, Key, Lookup, Options, Scope, Store};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Tells the process that it is the one to be killed, and where its store is.
const CHILD: &str = "HYPERMESH_TEST_STORE";
const THREADS: u64 = 4;
const KILLS: u64 = 20;

fn options() -> Options {
    Options { segment_bytes: 64 << 10, garbage_percent: 20, ..Options::default() }
}

/// Content number `i`: up to 2,000 bytes.
fn content(i: u64) -> Vec<u8> {
    (0..8 + i * 7_919 % 2_000).map(|at| (at * 31 + i).to_le_bytes()[(at % 3) as usize]).chain(i.to_le_bytes()).collect()
}

fn manifest(version: u64) -> Vec<u8> {
    format!("manifest of version {version}").into_bytes()
}

fn name(thread: u64) -> Name {
    Name::new(&format!("object/{thread}")).expect("a good name")
}

/// What the process does until it is killed: each thread stores contents and versions of its name, purges some, forgets some, and says each time what was
/// acknowledged, in a line of its own.
fn write_for_ever(folder: &Path, round: u64) {
    let (store, recovery) = Store::at(folder, options()).expect("a store");
    assert_eq!((recovery.damaged_bytes, recovery.read_only), (0, None));
    let said = |what: String| {
        let mut out = std::io::stdout().lock();
        out.write_all(what.as_bytes()).and_then(|()| out.flush()).expect("somebody listens");
    };
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (store, said) = (&store, &said);
            scope.spawn(move || {
                for step in 1.. {
                    let i = round * 1_000_000 + step * THREADS + thread;
                    let bytes = content(i);
                    let key = Key::Chunk(ChunkId::of(&bytes));
                    store.wait(store.put(key, &bytes).expect("it is written")).expect("it is synced");
                    said(format!("put {i} {thread}\n"));
                    if step % 4 == 0 {
                        let bytes = manifest(i);
                        let id = ManifestId::of(&bytes);
                        let _ = store.put(Key::Manifest(id), &bytes).expect("it is written");
                        store.wait(store.bind(&name(thread), Version(i), id).expect("it is newer")).expect("it is synced");
                        said(format!("bound {i} {thread}\n"));
                    }
                    if step % 16 == 0 {
                        store.wait(store.purge(&Scope::Name(name(thread)), Version(i)).expect("it is written")).expect("it is synced");
                        said(format!("purged {i} {thread}\n"));
                    }
                    if step % 3 == 0 {
                        said(format!("forgetting {i} {thread}\n"));
                        store.wait(store.forget(key).expect("it is written")).expect("it is synced");
                        said(format!("forgot {i} {thread}\n"));
                    }
                }
            });
        }
        scope.spawn(|| {
            loop {
                store.compact().expect("it is compacted");
                std::thread::sleep(Duration::from_millis(2));
            }
        });
    });
}

/// What the killed processes said.
#[derive(Default)]
struct Said {
    put: Vec<u64>,
    forgetting: Vec<u64>,
    forgot: Vec<u64>,
    bound: [u64; THREADS as usize],
    purged: [u64; THREADS as usize],
}

impl Said {
    fn hear(&mut self, line: &str) {
        let mut words = line.split(' ');
        let (Some(what), Some(Ok(i)), Some(Ok(thread))) =
            (words.next(), words.next().map(str::parse), words.next().map(str::parse::<usize>))
        else {
            return; // The harness of the tests says things too.
        };
        match what {
            "put" => self.put.push(i),
            "forgetting" => self.forgetting.push(i),
            "forgot" => self.forgot.push(i),
            "bound" => self.bound[thread] = i,
            "purged" => self.purged[thread] = i,
            _ => {}
        }
    }

    fn check(&self, folder: &Path) {
        let (store, recovery) = Store::at(folder, options()).expect("a store");
        assert_eq!((recovery.damaged_bytes, recovery.doubtful, recovery.read_only), (0, 0, None));
        for i in &self.put {
            let bytes = content(*i);
            let got = store.get(&Key::Chunk(ChunkId::of(&bytes))).expect("it can be read");
            if self.forgot.contains(i) {
                assert_eq!(got, None, "content {i} was forgotten");
            } else if !self.forgetting.contains(i) {
                assert!(got == Some(bytes), "content {i} was acknowledged");
            }
        }
        for thread in 0..THREADS as usize {
            let (bound, purged) = (self.bound[thread], self.purged[thread]);
            match store.lookup(&name(thread as u64)) {
                Lookup::Bound(Binding { version, manifest: id }) => {
                    assert!(version.0 > purged && version.0 >= bound, "{version:?}, though {bound} was bound and {purged} purged");
                    assert_eq!(id, ManifestId::of(&manifest(version.0)));
                    assert_eq!(store.get(&Key::Manifest(id)), Ok(Some(manifest(version.0))), "a name leads to what is there");
                }
                // The purge of the newest version may have been written and not said.
                Lookup::Absent => assert!(bound <= store.purged(&name(thread as u64)).map_or(0, |version| version.0)),
                Lookup::Doubtful(_) => panic!("nothing is doubtful"),
            }
        }
    }
}

#[test]
fn a_process_that_is_killed_twenty_times_loses_nothing_that_it_acknowledged() {
    if let Ok(child) = std::env::var(CHILD) {
        let (round, folder) = child.split_once(' ').expect("a round and a folder");
        return write_for_ever(Path::new(folder), round.parse().expect("a number"));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut said = Said::default();
    for round in 1..=KILLS {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "a_process_that_is_killed_twenty_times_loses_nothing_that_it_acknowledged", "--nocapture"])
            .env(CHILD, format!("{round} {}", folder.path().display()))
            .stdout(Stdio::piped())
            .spawn()
            .expect("the test starts itself");
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        let listener = std::thread::spawn(move || {
            let mut lines: Vec<String> = Vec::new();
            // A line without its end was cut by the kill.
            let mut out = out;
            loop {
                let mut line = String::new();
                match out.read_line(&mut line) {
                    Ok(_) if line.ends_with('\n') => lines.push(line.trim_end().to_owned()),
                    _ => return lines,
                }
            }
        });
        std::thread::sleep(Duration::from_micros(10_000 + round * 7_919 * 13 % 50_000));
        child.kill().expect("it is killed"); // SIGKILL
        child.wait().expect("it is gone");
        listener.join().expect("it was heard").iter().for_each(|line| said.hear(line));
        said.check(folder.path());
    }
    assert!(said.put.len() > 20, "only {} contents were acknowledged", said.put.len());
}
