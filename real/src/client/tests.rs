//! Folders as objects, and what a client leaves behind.

use super::tree::{self, Entry, Kind};
use super::{Client, Contact, Source};
use crate::driver::Supply;
use crate::pki::Authority;
use hypermesh_core::base::Span;
use hypermesh_core::stoq::chunk::Profile;
use hypermesh_core::stoq::preset::Effective;
use hypermesh_core::stoq::session::Roles;
use std::fs;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::Duration;

/// A small folder with everything that a folder can have.
pub(crate) fn plant(root: &Path) {
    fs::create_dir_all(root.join("src/empty")).expect("folders");
    fs::write(root.join("src/main.rs"), "fn main() {}\n".repeat(3_000)).expect("a file");
    fs::write(root.join("src-x"), "sorts before src/").expect("a file");
    fs::write(root.join("run.sh"), "#!/bin/sh\n").expect("a file");
    fs::write(root.join("none"), "").expect("a file");
    fs::set_permissions(root.join("run.sh"), fs::Permissions::from_mode(0o755)).expect("a mode");
    fs::set_permissions(root.join("src"), fs::Permissions::from_mode(0o750)).expect("a mode");
    symlink("../run.sh", root.join("src/link")).expect("a link");
}

#[test]
fn a_folder_comes_back_as_it_was_with_its_modes_and_links() {
    let place = tempfile::tempdir().expect("a folder");
    let (from, to) = (place.path().join("from"), place.path().join("to"));
    plant(&from);
    let entries = tree::scan(&from).expect("it can be read");
    let mut object = Vec::new();
    tree::pack(&from, &entries, |piece| object.extend_from_slice(piece)).expect("it can be packed");
    let mut reader = object.as_slice();
    let index = tree::read_header(&mut reader).expect("it is sound").expect("it is a folder");
    assert_eq!(index, entries);
    tree::restore(&index, &mut reader, &to).expect("it can be restored");
    assert_eq!(tree::scan(&to).expect("it can be read"), entries);
    assert_eq!(fs::read(to.join("src/main.rs")).ok(), fs::read(from.join("src/main.rs")).ok());
    assert!(tree::read_header(&mut b"#!/bin/sh\nno folder at all\n".as_slice()).expect("it can be read").is_none());
}

#[test]
fn an_index_that_leads_out_of_its_folder_is_refused() {
    let entry = |path: &str, kind| Entry { path: path.to_owned(), mode: 0o644, kind };
    let refused = |entries: &[Entry]| tree::read_header(&mut tree::header(entries).as_slice()).is_err();
    assert!(!refused(&[entry("a", Kind::Folder), entry("a/b", Kind::File(0))]));
    for path in ["../a", "/a", "a/../b", "", "a//b", "."] {
        assert!(refused(&[entry("a", Kind::Folder), entry(path, Kind::File(0))]), "{path}");
    }
    assert!(refused(&[entry("a", Kind::Link("/etc".to_owned())), entry("a/b", Kind::File(0))]), "through a link");
    assert!(refused(&[entry("b", Kind::File(0)), entry("a", Kind::File(0))]), "out of order");
}

#[test]
fn every_content_of_an_offered_folder_can_be_handed_over() {
    let place = tempfile::tempdir().expect("a folder");
    plant(place.path());
    let source = Source::read(place.path(), Profile::Small).expect("it can be read");
    assert!(source.unique_chunks() > 1 && source.unique_bytes <= source.root.len);
    for (id, len) in source.ids() {
        assert_eq!(source.supply(id).expect("it is there").len(), len as usize);
    }
    fs::write(place.path().join("src/main.rs"), "other".repeat(7_800)).expect("a file");
    assert!(source.ids().any(|(id, _)| source.supply(id).is_err()), "what changed is not handed over");
}

#[tokio::test]
async fn a_client_that_left_leaves_no_task_behind() {
    let place = tempfile::tempdir().expect("a folder");
    let mut authority = Authority::create(place.path()).expect("an authority");
    authority.issue_to_files("client", Roles::CLIENT, Span::secs(3600)).expect("a certificate");
    let contact = Contact {
        server: SocketAddrV6::new(Ipv6Addr::LOCALHOST, 9, 0, 0),
        server_name: None,
        certificates: place.path().to_owned(),
        name: "client".to_owned(),
        values: Effective::new(None),
        patience: Duration::ZERO,
    };
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let client = Client::start(&contact).expect("a client");
    assert!(tasks() > before);
    client.leave().await;
    // Whatever ends does so by itself from here on.
    while tasks() > before {
        tokio::task::yield_now().await;
    }
}
