//! Ctrl-C and full disks: whatever happens, no damaged run is left and the message says what to do.
#![cfg(all(unix, feature = "reports"))]

mod common;

use common::{data, hypermesh, name, temporary, visible_runs};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Longest time that a test waits for the command.
const PATIENCE: Duration = Duration::from_secs(60);

fn start(out: &Path) -> Child {
    let child = Command::new(env!("CARGO_BIN_EXE_hypermesh"))
        .arg("run")
        .arg(data("slow.yaml"))
        .arg("--out")
        .arg(out)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    wait_for_handler(child.id());
    child
}

/// Waits until the process catches SIGINT.
fn wait_for_handler(process: u32) {
    let since = Instant::now();
    while since.elapsed() < PATIENCE {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let caught =
            status.lines().find_map(|line| line.strip_prefix("SigCgt:")).and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        if caught.is_some_and(|mask| mask & 0b10 != 0) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("the command does not listen to Ctrl-C");
}

fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success() || !Path::new(&format!("/proc/{}", child.id())).exists(), "the signal is sent");
}

fn end(child: Child) -> Output {
    let since = Instant::now();
    let done = child.wait_with_output().expect("the command ends");
    assert!(since.elapsed() < PATIENCE, "the command ends soon after Ctrl-C");
    done
}

/// No hidden directory of a run in the making is left.
fn no_leftovers(out: &Path) {
    let hidden: Vec<String> = std::fs::read_dir(out)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| name(&entry.path()))
        .filter(|name| name.starts_with('.'))
        .collect();
    assert!(hidden.is_empty(), "{hidden:?}");
}

#[test]
fn the_first_interrupt_keeps_a_partial_run_that_can_be_read() {
    let out = temporary();
    let child = start(out.path());
    std::thread::sleep(Duration::from_millis(700));
    interrupt(&child);
    let done = end(child);
    assert_eq!(done.status.code(), Some(130), "{}", String::from_utf8_lossy(&done.stderr));
    let runs = visible_runs(out.path());
    assert_eq!(runs.len(), 1, "{runs:?}");
    assert!(name(&runs[0]).ends_with("-partial"), "{runs:?}");
    no_leftovers(out.path());
    let report = hypermesh().args(["report", "latest", "--format", "md", "--out"]).arg(out.path()).assert().code(0);
    assert!(!report.get_output().stdout.is_empty(), "the report of a partial run has something to say");
    let list = hypermesh().args(["runs", "--out"]).arg(out.path()).assert().code(0);
    assert!(String::from_utf8_lossy(&list.get_output().stdout).contains("partial"), "the list says that the run is partial");
}

#[test]
fn a_second_interrupt_ends_at_once_and_damages_nothing() {
    let out = temporary();
    let child = start(out.path());
    std::thread::sleep(Duration::from_millis(300));
    interrupt(&child);
    std::thread::sleep(Duration::from_millis(20));
    interrupt(&child);
    assert_eq!(end(child).status.code(), Some(130));
    visible_runs(out.path());
}

fn told_about_the_disk(done: &Output, out: &Path) {
    let stderr = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("no damaged run was left behind"), "{stderr}");
    assert!(stderr.lines().last().is_some_and(|line| line.starts_with("next: ")), "{stderr}");
    assert!(visible_runs(out).is_empty(), "no run is shown");
    no_leftovers(out);
}

#[test]
fn a_file_that_may_not_grow_leaves_no_damaged_run() {
    let out = temporary();
    // A file larger than 8 blocks of 512 bytes is refused with an error, since the signal that would end the process is ignored.
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"";
    let done = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_hypermesh"), "run", "-q"])
        .arg(data("small.yaml"))
        .arg("--out")
        .arg(out.path())
        .output()
        .expect("sh runs");
    told_about_the_disk(&done, out.path());
}

/// A file system of 300 KiB, unmounted with the test.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    /// Nothing where the user may not mount.
    fn mount(at: &'a Path) -> Option<Self> {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=300k", "tmpfs"]).arg(at).stderr(Stdio::null()).status();
        mounted.is_ok_and(|status| status.success()).then_some(Self(at))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

#[test]
fn a_full_disk_leaves_no_damaged_run() {
    let out = temporary();
    let Some(_disk) = SmallDisk::mount(out.path()) else {
        eprintln!("only root can mount a small disk; the test of the file size limit stands in for it");
        return;
    };
    std::fs::write(out.path().join(".ballast"), vec![0u8; 250 << 10]).expect("the ballast fits");
    let done = hypermesh().args(["run", "-q"]).arg(data("small.yaml")).arg("--out").arg(out.path()).output().expect("the command runs");
    std::fs::remove_file(out.path().join(".ballast")).expect("the ballast can be removed");
    told_about_the_disk(&done, out.path());
}
