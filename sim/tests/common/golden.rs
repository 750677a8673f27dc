//! Digests that every machine and every build has to give, in a file that a review can read. `UPDATE_GOLDEN=1` writes what a run gave instead.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

/// Tests of one binary run side by side; one of them at a time may have the file.
static FILE: Mutex<()> = Mutex::new(());

fn path() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "golden", "digests.txt"].iter().collect()
}

fn known() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(path()).unwrap_or_default();
    let line = |line: &str| line.split_once(' ').map(|(name, digest)| (name.to_owned(), digest.trim().to_owned()));
    text.lines().filter_map(line).collect()
}

/// Panics unless `digest` is what is written under `name`.
pub(crate) fn hold(name: &str, digest: &str) {
    let _alone = FILE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut known = known();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        known.insert(name.to_owned(), digest.to_owned());
        let text: String = known.iter().map(|(name, digest)| format!("{name} {digest}\n")).collect();
        std::fs::write(path(), text).expect("the golden file can be written");
        return;
    }
    let written = known.get(name).unwrap_or_else(|| panic!("no digest is written for {name}; run once with UPDATE_GOLDEN=1"));
    assert_eq!(written, digest, "{name} gives another digest than the one that is written; if that is meant, run with UPDATE_GOLDEN=1");
}
