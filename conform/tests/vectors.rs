//! The files of test vectors, the specification that made them, and core: all three say the same.

use hypermesh_conform::registry::Registry;
use hypermesh_conform::vectors::{self, FAMILIES, Outcome, Vector};
use hypermesh_conform::{FOLDER, root};
use std::collections::BTreeSet;
use std::path::Path;

fn registry() -> Registry {
    Registry::load(&root().join(FOLDER).join("registry")).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

fn loaded() -> Vec<Vector> {
    let (vectors, faults) = vectors::load(&vectors::folder(&root()));
    assert!(faults.is_empty(), "{faults:#?}");
    vectors
}

#[test]
fn every_vector_file_says_what_core_does() {
    match vectors::check(&root(), &registry()) {
        Ok(counts) => assert_eq!(counts.len(), FAMILIES.len(), "{counts:?}"),
        Err(faults) => panic!("{}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

#[test]
fn the_folder_has_nothing_but_vectors() {
    let known: BTreeSet<String> = loaded().into_iter().map(|vector| vector.id).collect();
    let folder = vectors::folder(&root());
    for family in std::fs::read_dir(&folder).expect("the folder is there").map(|entry| entry.expect("it can be read").path()) {
        for path in std::fs::read_dir(&family).expect("a family is a folder").map(|entry| entry.expect("it can be read").path()) {
            let id = path.strip_prefix(&folder).expect("it is below").with_extension("").display().to_string();
            assert!(known.contains(&id), "{} belongs to no vector", path.display());
        }
    }
}

#[test]
fn a_changed_vector_is_found() {
    let registry = registry();
    let mut found = BTreeSet::new();
    for vector in loaded() {
        // One digit of the outcome, one letter of the error: whatever the family, it is noticed.
        let mut changed = vector.clone();
        changed.outcome = match &vector.outcome {
            Outcome::Error(name) => Outcome::Error(format!("{name}s")),
            Outcome::Output(value) => {
                let mut value = value.clone();
                assert!(spoil(&mut value), "{} has nothing to change", vector.id);
                Outcome::Output(value)
            }
        };
        assert!(vectors::judge(&changed, &registry).is_some(), "{} was changed and nobody noticed", vector.id);
        found.insert(vector.family().expect("it has a family").to_owned());
    }
    assert_eq!(found.len(), FAMILIES.len());
}

/// Changes the first number, truth or letter that there is.
fn spoil(value: &mut serde_json::Value) -> bool {
    use serde_json::Value;
    match value {
        Value::Null => false,
        Value::Bool(truth) => {
            *truth ^= true;
            true
        }
        Value::Number(number) => {
            *number = number.as_u64().map_or_else(|| 7.into(), |number| (number ^ 1).into());
            true
        }
        Value::String(text) => {
            let first = if text.starts_with('0') { "1" } else { "0" };
            text.replace_range(..text.chars().next().map_or(0, char::len_utf8), first);
            true
        }
        Value::Array(items) => {
            if !items.first_mut().is_some_and(spoil) {
                items.push(1.into());
            }
            true
        }
        Value::Object(members) => members.values_mut().any(spoil),
    }
}

#[test]
fn a_changed_octet_of_an_input_is_found() {
    let registry = registry();
    let sound = |vector: &Vector| vector.octets.is_some() && matches!(vector.outcome, Outcome::Output(_));
    let with_files: Vec<Vector> = loaded().into_iter().filter(sound).collect();
    assert!(with_files.len() >= 4);
    for mut vector in with_files {
        // The first octet is the type of a frame, or the head of a manifest.
        vector.octets.as_mut().expect("it has a file")[0] ^= 1;
        assert!(vectors::judge(&vector, &registry).is_some(), "an octet of {} was changed and nobody noticed", vector.file());
    }
}

#[test]
fn a_vector_never_changes_but_in_a_later_revision() {
    let folder = tempfile::tempdir().expect("a folder");
    let all = vectors::write(folder.path()).expect("an empty folder takes every vector");
    assert!(all > 0);
    assert_eq!(vectors::write(folder.path()), Ok(0), "nothing is written twice");
    let path = folder.path().join("varint/shortest-25.json");
    let text = std::fs::read_to_string(&path).expect("it was written");
    std::fs::write(&path, text.replace("37", "38")).expect("it can be written");
    let faults = vectors::write(folder.path()).expect_err("another outcome of the same revision");
    assert!(faults.len() == 1 && faults[0].what.contains("never changes"), "{faults:?}");
    assert!(read(&path).contains("38"), "what is there stays as it is");
    std::fs::write(&path, text.replace("37", "38").replace("\"revision\": 1", "\"revision\": 0")).expect("it can be written");
    assert_eq!(vectors::write(folder.path()), Ok(1));
    assert_eq!(read(&path), text);
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("it can be read")
}
