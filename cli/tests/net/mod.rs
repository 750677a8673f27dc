//! A small content network of processes, for tests.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv6Addr, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest time that a test waits for something.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder with processes that work in it. They end with it.
pub(crate) struct Network {
    place: tempfile::TempDir,
    running: BTreeMap<String, Child>,
    /// Ports of the guide, and those that stand for them here.
    ports: BTreeMap<u16, u16>,
}

impl Network {
    /// A folder without anything, and free ports for 7100 to 7103 and 9100 to 9103.
    pub(crate) fn empty() -> Self {
        let guide = (7100..7104).chain(9100..9104);
        // All are bound at the same time, so they differ.
        let sockets: Vec<(u16, UdpSocket)> = guide.map(|port| (port, UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).expect("a port"))).collect();
        let ports = sockets.iter().map(|(port, socket)| (*port, socket.local_addr().expect("an address").port())).collect();
        Self { place: tempfile::tempdir().expect("a folder"), running: BTreeMap::new(), ports }
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// Writes a file, with the ports of this network.
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), self.here(text)).expect("a file");
    }

    fn here(&self, text: &str) -> String {
        // No port of the guide is one that stands for another: those that the system chooses are far higher.
        self.ports.iter().fold(text.to_owned(), |text, (guide, here)| text.replace(&format!("[::1]:{guide}"), &format!("[::1]:{here}")))
    }

    /// The command of a line as people type it.
    pub(crate) fn command(&self, line: &str) -> Command {
        let line = self.here(line);
        let mut words = line.trim_end_matches('&').split_whitespace().map(|word| word.trim_matches('"').to_owned());
        assert_eq!(words.next().as_deref(), Some("hypermesh"), "{line}");
        let mut command = Command::new(env!("CARGO_BIN_EXE_hypermesh"));
        command.args(words).current_dir(self.place.path()).stdin(Stdio::null());
        command
    }

    /// Does what is typed: waits for its end, or for its first line if it ends with `&`. What it printed.
    pub(crate) fn typed(&mut self, line: &str) -> String {
        if line.ends_with('&') {
            let name = line.trim_end_matches('&').trim().rsplit(' ').next().expect("it has a word").to_owned();
            self.start(&name, line);
            return String::new();
        }
        let done = self.command(line).output().expect("the command starts");
        let text = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert!(done.status.success(), "{line}: {text}");
        text
    }

    /// Starts something that goes on. A node is waited for until it listens.
    pub(crate) fn start(&mut self, name: &str, line: &str) {
        let log = fs::File::create(self.path(&format!("{name}.log"))).expect("a file");
        let child = self.command(line).stdout(log).stderr(Stdio::inherit()).spawn().expect("the command starts");
        self.running.insert(name.to_owned(), child);
        if line.contains(" node ") {
            let log = self.path(&format!("{name}.log"));
            self.until("a node listens", |_| fs::read_to_string(&log).unwrap_or_default().contains("listening"));
        }
    }

    /// Ends something as a loss of power would.
    pub(crate) fn kill(&mut self, name: &str) {
        let mut child = self.running.remove(name).expect("it runs");
        child.kill().expect("it can be ended");
        child.wait().expect("it ends");
    }

    /// Asks something to leave, and says how it ended.
    pub(crate) fn leave(&mut self, name: &str) -> Option<i32> {
        let mut child = self.running.remove(name).expect("it runs");
        assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs").success());
        child.wait().expect("it ends").code()
    }

    /// Whether a command ends well.
    pub(crate) fn succeeds(&self, line: &str) -> bool {
        self.command(line).stdout(Stdio::null()).stderr(Stdio::null()).status().expect("the command starts").success()
    }

    /// Waits until something is so.
    pub(crate) fn until(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let since = Instant::now();
        while !is_so(self) {
            assert!(since.elapsed() < PATIENCE, "{what}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// A page of a node's local port.
    pub(crate) fn http(&self, path: &str, port: u16) -> String {
        let mut stream = TcpStream::connect((Ipv6Addr::LOCALHOST, self.ports[&port])).expect("the port is open");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("it can be asked");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("it answers");
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
        text
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for child in self.running.values_mut() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The blocks of a page in one language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let begin = format!("```{language}\n");
    page.split(&begin).skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect()
}

/// Files that a page shows: their first line is a comment with their name.
pub(crate) fn files(page: &str) -> Vec<(String, String)> {
    let named =
        |block: &&str| block.lines().next().and_then(|line| line.strip_prefix("# ")).map(|name| (name.to_owned(), block.to_string()));
    blocks(page, "yaml").iter().filter_map(named).collect()
}

/// Commands that a page shows, a line each.
pub(crate) fn commands(page: &str) -> Vec<String> {
    blocks(page, "sh").iter().flat_map(|block| block.lines()).map(str::to_owned).collect()
}

/// A small tree; `seed` makes it differ.
pub(crate) fn plant(root: &Path, seed: u64) {
    let mut state = seed;
    for number in 0..24 {
        let folder = root.join(format!("part-{}", number % 5));
        fs::create_dir_all(&folder).expect("a folder");
        let bytes: Vec<u8> = (0..10_000 * (1 + number % 7))
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 56) as u8
            })
            .collect();
        fs::write(folder.join(format!("file-{number}")), bytes).expect("a file");
    }
    std::os::unix::fs::symlink("part-0", root.join("link")).expect("a link");
}

/// Whether two trees hold the same, modes and links included.
pub(crate) fn same(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let list = |root: &Path| {
        let (mut found, mut folders) = (BTreeMap::new(), vec![root.to_owned()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let (path, about) = (entry.path(), entry.metadata().expect("it is there"));
                let content = if about.is_dir() {
                    folders.push(path.clone());
                    Vec::new()
                } else if about.is_symlink() {
                    fs::read_link(&path).expect("a link").to_string_lossy().into_owned().into_bytes()
                } else {
                    fs::read(&path).expect("a file")
                };
                let name = path.strip_prefix(root).expect("it lies in it").to_owned();
                found.insert(name, (about.permissions().mode(), marked(&content)));
            }
        }
        found
    };
    let (one, other) = (list(one), list(other));
    !one.is_empty() && one == other
}

/// The content itself for small files; its length and a hash for large ones, so that large trees fit.
fn marked(content: &[u8]) -> (usize, u64, Vec<u8>) {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    (content.len(), hasher.finish(), content.iter().take(64).copied().collect())
}
