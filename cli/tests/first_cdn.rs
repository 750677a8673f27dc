//! `docs/guide/first-cdn.md`, done: its files and commands, in their order, on ports that are free.
#![cfg(all(unix, feature = "real"))]

mod net;

use net::{Network, commands, files, plant, same};
use std::fs;
use std::path::Path;

#[test]
fn the_guide_does_what_it_says() {
    let guide = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/first-cdn.md")).expect("the guide is there");
    let mut network = Network::empty();
    let tree = network.path("tree");
    plant(&tree, 1);
    for (name, text) in files(&guide) {
        network.write(&name, &text);
    }
    let mut told = Vec::new();
    for command in commands(&guide) {
        if command.contains("--version 2") {
            assert!(same(&tree, &network.path("fetched-1")), "the first version came as it was");
            fs::write(tree.join("changed"), "another file").expect("a file");
        }
        told.push(network.typed(&command));
    }
    assert!(same(&tree, &network.path("fetched-2")), "the second version came as it was");
    assert_eq!(fs::metadata(network.path("head")).expect("a part came").len(), 1000);
    assert!(told.iter().any(|text| text.contains("stored durably")), "{told:?}");
    assert!(told.last().is_some_and(|text| text.contains("purged up to version 1")), "{told:?}");
    // Whoever is taken back is refused: here at the next handshake, and before it the list is read within a second.
    network.typed("hypermesh certs revoke certs client");
    network.until("a revoked client is refused", |network| !network.succeeds("hypermesh ping --patience 0 --to \"[::1]:7102\""));
    assert!(network.succeeds("hypermesh ping --as me --to \"[::1]:7102\""), "others are not concerned");
    let page = network.http("/metrics", 9102);
    assert!(page.contains("stoq_served_total{level=\"upstream\"}") && network.http("/health", 9102).ends_with("ok\n"), "{page}");
    assert_eq!(network.leave("origin.yaml"), Some(0), "SIGTERM lets a node leave in good order");
}
