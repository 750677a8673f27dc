//! What a run directory promises: complete or absent, readable, found again.

use crate::common::{plan, reproduce, trace};
use hypermesh_reports::rundir::{ReadError, WriteError};
use hypermesh_reports::{find, read, write};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names in a folder, hidden ones included.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_run_directory_holds_every_file_and_nothing_else_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan("sample", 2000, 7);
    let directory = write(&plan, &trace(&plan), folder.path(), &reproduce()).unwrap();
    assert_eq!(names(folder.path()), [directory.file_name().unwrap().to_str().unwrap()]);
    assert!(directory.file_name().unwrap().to_str().unwrap().starts_with("sample-s7-"));
    let expected = [
        "broadcasts.parquet",
        "events.parquet",
        "flows.parquet",
        "histograms.parquet",
        "infection.parquet",
        "junit.xml",
        "metrics.parquet",
        "plots",
        "report.html",
        "routes.parquet",
        "run.json",
        "serving.parquet",
        "windows.parquet",
    ];
    assert_eq!(names(&directory), expected);
    assert!(names(&directory.join("plots")).contains(&"delivery-cdf.svg".to_owned()));
    assert!(read(&directory).is_ok());
}

#[test]
fn a_folder_that_does_not_exist_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan("sample", 100, 7);
    assert!(write(&plan, &trace(&plan), &folder.path().join("a/b"), &reproduce()).is_ok());
}

#[test]
fn the_same_run_written_again_replaces_the_former_one_whole() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan("sample", 500, 7);
    let first = write(&plan, &trace(&plan), folder.path(), &reproduce()).unwrap();
    fs::write(first.join("stale"), "from before").unwrap();
    let second = write(&plan, &trace(&plan), folder.path(), &reproduce()).unwrap();
    assert_eq!(first, second);
    assert!(!second.join("stale").exists());
    assert_eq!(names(folder.path()).len(), 1);
}

#[test]
fn an_interrupted_run_is_marked_and_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan("sample", 500, 7);
    let mut trace = trace(&plan);
    trace.run.partial = Some("interrupted at 12.4 s".to_owned());
    trace.run.virtual_end = hypermesh_core::base::Time(12_400_000_000);
    let directory = write(&plan, &trace, folder.path(), &reproduce()).unwrap();
    assert!(directory.to_str().unwrap().ends_with("-partial"));
    assert_eq!(fs::read_to_string(directory.join("PARTIAL")).unwrap(), "interrupted at 12.4 s\n");
    assert_eq!(read(&directory).unwrap().manifest.partial.as_deref(), Some("interrupted at 12.4 s"));
    assert!(fs::read_to_string(directory.join("report.html")).unwrap().contains("interrupted at 12.4 s"));
}

#[test]
fn a_scenario_name_cannot_leave_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan("../../etc/pass wd", 100, 7);
    let directory = write(&plan, &trace(&plan), folder.path(), &reproduce()).unwrap();
    assert_eq!(directory.parent().unwrap(), folder.path());
    assert!(read(&directory).is_ok());
}

#[test]
fn a_file_in_the_place_of_the_folder_is_named_in_the_error() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("runs");
    fs::write(&out, "a file").unwrap();
    let plan = plan("sample", 100, 7);
    let error = write(&plan, &trace(&plan), &out, &reproduce()).unwrap_err();
    assert!(matches!(error, WriteError::Io { .. }));
    assert!(error.to_string().contains("runs"), "{error}");
}

/// Writes a run into a folder with too little room; the former run there must survive. Runs in a process of its own.
fn fill(folder: &Path) {
    let plan = plan("sample", 5000, 7);
    let error = write(&plan, &trace(&plan), folder, &reproduce()).expect_err("there is no room");
    let text = error.to_string();
    assert!(text.contains("--out") && (text.contains("No space left") || text.contains("File too large")), "{text}");
    assert!(names(folder).iter().all(|name| !name.contains("partial")), "{:?}", names(folder));
}

/// A limit on the size of files stands for a full disk: the write fails in the middle of a table. The shell sets it, with the signal ignored.
#[test]
fn a_full_disk_leaves_no_damaged_run_and_a_clear_message() {
    const FOLDER: &str = "HYPERMESH_TEST_FULL_DISK";
    if let Some(folder) = std::env::var_os(FOLDER) {
        return fill(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new("sh");
    child
        .arg("-c")
        .arg("trap '' XFSZ; ulimit -f 40; exec \"$0\" --exact run_directory::a_full_disk_leaves_no_damaged_run_and_a_clear_message");
    let outcome = child.arg(std::env::current_exe().unwrap()).env(FOLDER, folder.path()).output().unwrap();
    assert!(outcome.status.success(), "{}", String::from_utf8_lossy(&outcome.stdout));
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

/// Fills the file system with one file, up to `bytes`.
fn leave_room_for(bytes: u64, ballast: &Path) {
    let mut file = fs::File::create(ballast).unwrap();
    while std::io::Write::write_all(&mut file, &[0; 4096]).is_ok() {}
    let length = file.metadata().unwrap().len();
    file.set_len(length - bytes).unwrap();
}

/// A real full disk, where the system lets us mount a small one; elsewhere the test above has to do.
#[test]
fn a_full_file_system_keeps_the_run_that_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(folder.path()).output();
    if !mounted.is_ok_and(|outcome| outcome.status.success()) {
        eprintln!("not allowed to mount a file system");
        return;
    }
    let outcome = std::panic::catch_unwind(|| {
        let plan = plan("sample", 5000, 7);
        let former = write(&plan, &trace(&plan), folder.path(), &reproduce()).unwrap();
        leave_room_for(100_000, &folder.path().join("ballast"));
        fill(folder.path());
        assert!(read(&former).is_ok());
        assert_eq!(names(folder.path()), ["ballast", former.file_name().unwrap().to_str().unwrap()]);
    });
    assert!(Command::new("umount").arg(folder.path()).status().unwrap().success());
    outcome.unwrap();
}

#[test]
fn drawing_a_run_anew_gives_the_same_page_from_its_tables() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan("sample", 2000, 7);
    let directory = write(&plan, &trace(&plan), folder.path(), &reproduce()).unwrap();
    let before = fs::read_to_string(directory.join("report.html")).unwrap();
    fs::remove_dir_all(directory.join("plots")).unwrap();
    fs::write(directory.join("report.html"), "spoilt").unwrap();
    let page = hypermesh_reports::rundir::render(&directory).unwrap();
    assert_eq!(fs::read_to_string(page).unwrap(), before);
    assert!(directory.join("plots/map.svg").exists());
    assert!(names(&directory).iter().all(|name| !name.starts_with('.')));
}

#[test]
fn what_is_no_run_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(read(&folder.path().join("nowhere")), Err(ReadError::NoDirectory(_))));
    assert!(matches!(read(folder.path()), Err(ReadError::NotARun(_))));
}

#[test]
fn a_damaged_run_names_the_damaged_file() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan("sample", 500, 7);
    let directory = write(&plan, &trace(&plan), folder.path(), &reproduce()).unwrap();
    for file in ["run.json", "metrics.parquet", "histograms.parquet", "broadcasts.parquet", "infection.parquet", "windows.parquet"] {
        let path = directory.join(file);
        let whole = fs::read(&path).unwrap();
        for damaged in [&whole[..whole.len() / 2], &whole[..0], b"PAR1 and then nothing PAR1"] {
            fs::write(&path, damaged).unwrap();
            let error = read(&directory).unwrap_err();
            assert!(matches!(error, ReadError::Damaged { .. }), "{error}");
            assert!(error.to_string().contains(file), "{error}");
        }
        fs::remove_file(&path).unwrap();
        assert!(read(&directory).is_err());
        fs::write(&path, &whole).unwrap();
    }
    assert!(read(&directory).is_ok());
}

#[test]
fn a_newer_form_is_refused_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan("sample", 100, 7);
    let directory = write(&plan, &trace(&plan), folder.path(), &reproduce()).unwrap();
    let text = fs::read_to_string(directory.join("run.json")).unwrap();
    fs::write(directory.join("run.json"), text.replacen("\"format\": 1", "\"format\": 99", 1)).unwrap();
    let error = read(&directory).unwrap_err();
    assert!(error.to_string().contains("newer hypermesh"), "{error}");
}

fn two_runs(folder: &Path) -> (PathBuf, PathBuf) {
    let one = |name: &str, seed| {
        let plan = plan(name, 100, seed);
        write(&plan, &trace(&plan), folder, &reproduce()).unwrap()
    };
    let first = one("first", 1);
    std::thread::sleep(std::time::Duration::from_millis(20));
    (first, one("second", 2))
}

#[test]
fn runs_are_found_by_latest_prefix_digest_and_path() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = two_runs(folder.path());
    let found = |selector: &str| find(folder.path(), selector).unwrap();
    assert_eq!(found("latest"), second);
    assert_eq!(found("fir"), first);
    assert_eq!(found("second-s2"), second);
    let digest = read(&first).unwrap().manifest.digest;
    assert_eq!(found(&digest[..8]), first);
    assert_eq!(found(first.to_str().unwrap()), first);
    assert_eq!(found(first.join("report.html").to_str().unwrap()).canonicalize().unwrap(), first.canonicalize().unwrap());
}

#[test]
fn a_selector_that_fits_no_run_or_several_says_so() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(find(folder.path(), "latest"), Err(ReadError::NoSuchRun { .. })));
    two_runs(folder.path());
    let third = plan("first", 100, 3);
    write(&third, &trace(&third), folder.path(), &reproduce()).unwrap();
    match find(folder.path(), "first") {
        Err(ReadError::Ambiguous { names, .. }) => assert_eq!(names.len(), 2),
        other => panic!("{other:?}"),
    }
    assert!(matches!(find(folder.path(), "fourth"), Err(ReadError::NoSuchRun { .. })));
    fs::create_dir(folder.path().join(".first-s1-00000000.partial-1")).unwrap();
    assert!(matches!(find(folder.path(), "first-s1-0000"), Err(ReadError::NoSuchRun { .. })));
}
