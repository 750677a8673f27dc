//! A short soak: the load finds nothing wrong, and everything that can be counted is back afterwards. `HYPERMESH_SOAK_MINUTES=30` makes it long enough to
//! judge memory too.
#![cfg(all(unix, feature = "real"))]

use serde_json::Value;
use std::process::{Command, Stdio};

#[test]
fn after_load_and_faults_nothing_is_left_behind() {
    let minutes = std::env::var("HYPERMESH_SOAK_MINUTES").unwrap_or_else(|_| "0.1".to_owned());
    let mut command = Command::new(env!("CARGO_BIN_EXE_hypermesh"));
    command.args(["bench", "soak", "--minutes", &minutes, "--rate", "20", "--kill-every", "3", "--every", "1", "--format", "json"]);
    let done = command.stdin(Stdio::null()).output().expect("the command starts");
    let text = String::from_utf8_lossy(&done.stdout);
    let report: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&done.stderr)));
    assert_eq!(report["wrong"], serde_json::json!([]), "nothing came that must not come");
    assert!(done.status.success(), "{report:#}");
    for what in ["objects_read_whole", "ranges_read", "objects_stored", "handshakes_left_half_open", "connections_that_never_spoke"] {
        assert!(report["done"][what].as_u64().is_some_and(|times| times > 0), "{what}: {}", report["done"]);
    }
    assert!(report["kills"].as_u64().is_some_and(|kills| kills > 0));
}
