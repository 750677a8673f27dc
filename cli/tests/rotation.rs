//! Certificates that live for seconds, under load: no request fails. Then one is taken back while its holder goes on asking, and it is measured how long it
//! is still accepted. `HYPERMESH_ROTATE_SECONDS=60` makes it longer.
#![cfg(all(unix, feature = "real"))]

mod net;

use net::{Network, commands, files, plant, same};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

#[test]
fn certificates_rotate_under_load_and_no_request_fails() {
    let guide = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/first-cdn.md")).expect("the guide is there");
    let seconds = std::env::var("HYPERMESH_ROTATE_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(6);
    let mut network = Network::empty();
    plant(&network.path("tree"), 5);
    for (name, text) in files(&guide) {
        network.write(&name, &text);
    }
    for command in commands(&guide) {
        match command.as_str() {
            command if command.contains("certs init") => network.typed(&format!("{command} --life 6s")),
            command if command.contains("certs keep") => network.typed("hypermesh certs keep certs --life 6s --every 500ms &"),
            command if command.contains(" node ") => network.typed(command),
            _ => continue,
        };
    }
    network.typed("hypermesh put tree apps/demo --version 1 --as me --to \"[::1]:7100\"");
    let (begun, mut count) = (Instant::now(), 0);
    while begun.elapsed() < Duration::from_secs(seconds) {
        let port = 7102 + count % 2;
        network.typed(&format!("hypermesh get apps/demo -o out --from \"[::1]:{port}\""));
        assert!(same(&network.path("tree"), &network.path("out")), "what came is what was stored");
        fs::remove_dir_all(network.path("out")).expect("it can be removed");
        count += 1;
    }
    let page = network.http("/metrics", 9102);
    let rotations =
        page.lines().find_map(|line| line.strip_prefix("stoq_certificate_rotations_total ")).and_then(|text| text.parse::<u64>().ok());
    assert!(rotations.is_some_and(|rotations| rotations >= 1), "{page}");
    println!("{count} requests, {rotations:?} rotations at an edge");
    taken_back(&mut network);
}

/// The certificate of a client is taken back while it asks again and again, on a new connection each time. Nodes look at the list four times a second; the
/// bound that is promised, `certs.revocation-bound`, is a minute.
fn taken_back(network: &mut Network) {
    let ask = "hypermesh stat apps/demo --patience 0 --from \"[::1]:7102\"";
    assert!(network.succeeds(ask), "it is accepted before");
    network.typed("hypermesh certs revoke certs client");
    let revoked = Instant::now();
    let (mut accepted, mut refused) = (Duration::ZERO, Vec::new());
    while refused.len() < 3 {
        assert!(revoked.elapsed() < Duration::from_secs(60), "it is refused within the bound");
        if network.succeeds(ask) {
            accepted = revoked.elapsed();
            refused.clear();
        } else {
            refused.push(revoked.elapsed());
        }
    }
    println!("after the revocation: last acceptance {accepted:.3?}, first refusal {:.3?}, bound 60 s", refused[0]);
    assert!(network.succeeds(&format!("{ask} --as me")), "others are served");
}
