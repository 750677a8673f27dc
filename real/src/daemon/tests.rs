//! What a node's file may say, and how a wrong one is told.

use super::{Role, Settings, run};
use std::path::Path;

const EDGE: &str = r#"
role: edge
listen: "[::1]:7103"
certificates: {ca: certs/ca.pem, chain: certs/edge.pem, key: certs/edge.key, revoked: certs/revoked.stoq}
store: {folder: edge, quota: 1GiB}
upstreams:
  - {address: "[::1]:7102", name: regional-1, role: regional}
set: {session.requests: 64, quic.gso: yes}
"#;

fn read(text: &str) -> Result<Settings, String> {
    Settings::read(text, "edge.yaml", Path::new("/deploy")).map_err(|error| error.to_string())
}

#[test]
fn a_file_tells_all_and_its_paths_are_relative_to_it() {
    let settings = read(EDGE).expect("the file is good");
    assert_eq!((settings.role, settings.quota()), (Role::Edge, Ok(1 << 30)));
    assert_eq!(settings.certificates.chain, Path::new("/deploy/certs/edge.pem"));
    assert_eq!(settings.upstreams[0].name, "regional-1");
    assert_eq!(settings.values().expect("they fit").get(hypermesh_core::stoq::preset::Key::SessionRequests), 64);
}

#[test]
fn a_wrong_file_is_told_with_its_place_and_an_example() {
    for (right, wrong, says) in [
        ("role: edge", "role: ege", "ege"),
        ("listen: \"[::1]:7103\"", "listen: \"127.0.0.1:7103\"", "[::1]:7100"),
        ("quota: 1GiB", "quota: 1 elephant", "store.quota"),
        ("session.requests: 64", "session.request: 64", "no value of the name session.request"),
        ("store:", "stores:", "stores"),
        ("role: edge", "role: origin", "nobody above it"),
    ] {
        let told = read(&EDGE.replace(right, wrong)).expect_err(wrong);
        assert!(told.contains(says) && told.contains("edge.yaml"), "{wrong}: {told}");
    }
}

#[test]
fn a_cache_records_purges_only_if_it_has_a_store_to_record_them_in() {
    let records = |text: &str| {
        let settings = read(text).expect("the file is good");
        let (config, _) = run::node(&settings, &settings.values().expect("they fit"));
        config.cache.expect("an edge has a cache").durable_purges
    };
    let bare = EDGE.replace("store: {folder: edge, quota: 1GiB}\n", "");
    assert_eq!((records(EDGE), records(&bare)), (true, false));
}
